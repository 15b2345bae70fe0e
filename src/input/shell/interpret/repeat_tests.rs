//! Whatever a script does, it does the same where calls that were gone through are given again: random scripts, each read
//! in both ways. `OVERLOCK_REPEATS` says how many, `OVERLOCK_REPEATS_SEED` which.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::interpreter::Interpreter;
use super::shell_word::ShellWord;
use super::{ContainerStart, finish};
use crate::input::shell::ExecContext;
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::model::{Condition, Invocation, Script, Timing};
use crate::text::{FileId, Sources, Span};

struct Files(BTreeMap<String, FileId>);

impl FileSystem for Files {
    fn open(&self, path: &str) -> Lookup {
        self.0.get(path).map_or(Lookup::Absent, |file| Lookup::Text(*file))
    }
}

/// A file that scripts source, and one that they run.
const LIBRARY: &str = "shared() { claude -p \"$V\"; W=$1; }\n[ -z \"$E\" ] || V=lib\ndeclare L=lib\n";
const PART: &str = "#!/bin/bash\nflock /l/part claude -p \"$V\" \"$1\"\ndocker run -v \"/srv/$V:/x\" part:1\nexit $R\n";

/// What is read of a script.
#[derive(Debug, PartialEq, Default)]
struct Reading {
    /// The programs in order, each with whether a call on another side of its branches is under a lock.
    calls: Vec<String>,
    starts: BTreeSet<String>,
    /// The starts that run beside each other.
    beside: BTreeSet<(String, String)>,
    unseen: BTreeSet<String>,
    first_unseen: Option<String>,
    /// The same in lines, which is not lost where starts are not told apart either.
    lines: BTreeSet<String>,
}

/// What it took to read a script.
struct Effort {
    steps: usize,
    /// Whether one code was called from so many starts that not all of them are told apart.
    is_wide: bool,
}

/// Reads a script, as the host or a container runs it; `None` where it is too much to be followed.
fn read(text: &str, on_host: bool, again: bool) -> Option<(Reading, Effort)> {
    let sources = Sources::default();
    let each = [("/w/gen.sh", text), ("/w/lib.sh", LIBRARY), ("/w/part.sh", PART)];
    let files = Files(each.iter().map(|(path, text)| ((*path).to_owned(), sources.add(*path, *text))).collect());
    let context = ExecContext { file_system: &files, directory: Some("/w"), ..ExecContext::unknown(&sources) };
    let span = Span::file_start(*files.0.get("/w/gen.sh")?);
    let mut interpreter = Interpreter::new(context, span);
    // Beside a lock every call is gone through.
    interpreter.beside_locks = usize::from(!again);
    if on_host {
        interpreter.run_as_program("/w/gen.sh", span);
    } else {
        interpreter.run_words(&[ShellWord::plain("bash"), ShellWord::plain("/w/gen.sh")]);
    }
    let effort = Effort { steps: interpreter.steps(), is_wide: interpreter.has_wide_calls };
    let (script, starts) = finish(interpreter, false, "gen.sh", None);
    let is_cut = script.unread.iter().any(|unread| unread.what.contains("too") || unread.what.contains("more"));
    (!is_cut).then(|| (Reading::of(&script, &starts), effort))
}

impl Reading {
    fn of(script: &Script, starts: &[ContainerStart]) -> Self {
        let locked = || script.invocations.iter().filter(|call| !call.locks.is_empty());
        let sides: BTreeSet<(usize, bool)> = locked().flat_map(|call| call.branches.iter().copied()).collect();
        let opposites: Vec<Condition> = locked().flat_map(|call| call.when.iter().map(Condition::opposite)).collect();
        let is_opposed = |call: &Invocation| {
            call.branches.iter().any(|(site, side)| sides.contains(&(*site, !side)))
                || call.when.iter().any(|condition| opposites.contains(condition))
        };
        let shown = |call: &Invocation| {
            let opposed = call.locks.is_empty() && is_opposed(call);
            let call = Invocation { branches: Vec::new(), when: distinct(&call.when), ..call.clone() };
            format!("{} {opposed} {call:?}", call.command_line())
        };
        // The first reason may be told again of another call.
        let more = script.more_unseen.iter().chain(&script.unread).map(|unseen| unseen.what.clone());
        let mut reading = Self {
            calls: script.invocations.iter().map(shown).collect(),
            unseen: more.chain(script.unseen.clone()).collect(),
            first_unseen: script.unseen.clone(),
            ..Self::default()
        };
        let keys: Vec<String> = starts.iter().map(key_of_start).collect();
        let timings: Vec<Timing> =
            starts.iter().map(|start| Timing { moments: vec![start.moment.clone()], ..Timing::default() }).collect();
        for (at, key) in keys.iter().enumerate() {
            if starts[at].repeats {
                reading.beside.insert((key.clone(), key.clone()));
            }
            for (other, other_key) in keys.iter().enumerate().skip(at + 1) {
                if !timings[at].excludes(&timings[other]) {
                    reading.beside.insert((key.min(other_key).clone(), key.max(other_key).clone()));
                }
            }
        }
        let line = |key: &String| key.split(' ').nth(1).unwrap_or_default().to_owned();
        let calls =
            script.invocations.iter().map(|call| format!("call {} {}", call.span.start.line, call.locks.is_empty()));
        let beside = reading.beside.iter().map(|(one, other)| format!("beside {} {}", line(one), line(other)));
        let notes = reading.unseen.iter().map(|note| format!("note {note}"));
        reading.lines = calls.chain(keys.iter().map(line)).chain(beside).chain(notes).collect();
        reading.starts = keys.into_iter().collect();
        reading
    }
}

/// Conditions, each once: one that was asked before need not be kept.
fn distinct(conditions: &[Condition]) -> Vec<Condition> {
    let mut all: Vec<Condition> = Vec::new();
    for condition in conditions {
        if !all.contains(condition) {
            all.push(condition.clone());
        }
    }
    all
}

/// All that is known of a start but when it is.
fn key_of_start(start: &ContainerStart) -> String {
    let ContainerStart { command, possible, when, in_loop, varying, ways_in, locks, span, .. } = start;
    let (command, when) = (format!("{command:?}"), distinct(when));
    let is_named = |name: &&String| command.contains(&format!("${name}")) || command.contains(&format!("${{{name}"));
    let varying: BTreeSet<&String> = varying.iter().filter(is_named).collect();
    let way_in = !ways_in.is_empty();
    format!("line {} {possible} {when:?} {in_loop} {varying:?} {way_in} {locks:?} {command}", span.start.line)
}

/// How the two ways of reading a script differ, and whether anything was given again.
fn compare(text: &str, on_host: bool) -> Option<(Option<String>, bool)> {
    let ((again, effort), (each, whole)) = (read(text, on_host, true)?, read(text, on_host, false)?);
    let fits = if effort.is_wide { each.lines.is_subset(&again.lines) } else { again == each };
    Some(((!fits).then(|| difference(&again, &each)), effort.steps < whole.steps))
}

fn differs(text: &str, on_host: bool) -> Option<String> {
    compare(text, on_host)?.0
}

/// The script without lines that the difference does not need.
fn cut_down(text: &str, on_host: bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut length = lines.len() / 2;
    while length > 0 {
        let mut at = 0;
        while at < lines.len() {
            let fewer = [lines.get(..at), lines.get((at + length).min(lines.len())..)].into_iter().flatten();
            let fewer: Vec<&str> = fewer.flatten().copied().collect();
            if differs(&fewer.join("\n"), on_host).is_some() {
                lines = fewer;
            } else {
                at += length;
            }
        }
        length /= 2;
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_is_given_again_is_what_is_gone_through() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (count, seed) = (number("OVERLOCK_REPEATS", 400), number("OVERLOCK_REPEATS_SEED", 1));
    let mut wrong = Vec::new();
    let mut given_again = 0;
    for number in 0..count {
        let text = RandomText::new(seed.wrapping_mul(1_000_003).wrapping_add(number)).text;
        for on_host in [true, false] {
            let Some((difference, is_given)) = compare(&text, on_host) else { continue };
            given_again += u64::from(is_given);
            if difference.is_some() {
                wrong.push((number, on_host, text.clone()));
            }
        }
    }
    let few = wrong.iter().take(8).map(|(number, on_host, text)| {
        let text = cut_down(text, *on_host);
        let how = differs(&text, *on_host).unwrap_or_default();
        format!("{number} of seed {seed}, host {on_host}:\n{text}{how}")
    });
    let few: Vec<String> = few.collect();
    assert!(few.is_empty(), "{} of {count}:\n{}", wrong.len(), few.join("\n"));
    assert!(2 * given_again > count, "calls are given again in {given_again} readings of {count} scripts");
}

fn difference(again: &Reading, each: &Reading) -> String {
    let mut text = String::new();
    let calls = again.calls.iter().zip(&each.calls).find(|(one, other)| one != other);
    if again.calls != each.calls {
        writeln!(text, "calls {} and {}", again.calls.len(), each.calls.len()).unwrap();
    }
    if let Some((one, other)) = calls {
        let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count().saturating_sub(30);
        let part = |text: &str| text.bytes().skip(same).take(160).map(char::from).collect::<String>();
        writeln!(text, "{}\n  given {}\n  each  {}", &one[..40.min(one.len())], part(one), part(other)).unwrap();
    }
    for (what, one, other) in [
        ("lost start", &each.starts, &again.starts),
        ("start too many", &again.starts, &each.starts),
        ("lost note", &each.unseen, &again.unseen),
        ("note too many", &again.unseen, &each.unseen),
        ("lost line", &each.lines, &again.lines),
    ] {
        one.difference(other).take(1).for_each(|start| writeln!(text, "{what}: {start}").unwrap());
    }
    for (what, one, other) in
        [("lost overlap", &each.beside, &again.beside), ("overlap too many", &again.beside, &each.beside)]
    {
        for (start, another) in one.difference(other).take(1) {
            writeln!(text, "{what}: {} {}", &start[..60.min(start.len())], &another[..60.min(another.len())]).unwrap();
        }
    }
    if again.first_unseen != each.first_unseen {
        writeln!(text, "unseen {:?} {:?}", again.first_unseen, each.first_unseen).unwrap();
    }
    text
}

/// A text of functions that call each other and of calls of them, with much between that a call may hang on.
struct RandomText {
    text: String,
    functions: usize,
    state: u64,
    depth: usize,
}

/// What may stand between calls, each with what it may change.
const PLAIN: [&str; 48] = [
    "V=a",
    "V=a",
    "V=b",
    "V=\"$1\"",
    "V=$RANDOM",
    "V=$(date)",
    "unset V",
    "export V",
    "export V=c",
    "V+=d",
    "read -r V",
    "W=$V",
    "local V=e",
    "local L",
    "export -n V",
    "set -- x \"$@\"",
    "shift",
    "set -e",
    "set +e",
    "cd sub",
    "cd ..",
    "cd /tmp",
    "exec 9>/l/one",
    "flock 9",
    "flock -u 9",
    "exec 9>&-",
    "wait",
    "wait $!",
    "P=$!",
    "wait $P",
    "sleep 5 &",
    "[ -n \"$E\" ] || return 0",
    "[ \"$V\" = a ] || exit 1",
    "[ -z \"$1\" ] || return 1",
    "false",
    ". ./lib.sh",
    "./part.sh",
    "bash ./part.sh x &",
    "T=$(mktemp -d)",
    "alias a='claude -p'; shopt -s expand_aliases",
    "useradd -m -d /h/u u",
    "su u -c 'claude -p go'",
    "a \"$V\"",
    "trap 'claude -p end' EXIT",
    "C=$(docker run -d -v /srv/c:/x agents:1 claude -p go)",
    "docker wait \"$C\"",
    "docker run -d --name one -v /srv/d:/x agents:1 claude -p go",
    "docker wait one",
];

impl RandomText {
    fn new(seed: u64) -> Self {
        let mut made = Self { text: "#!/bin/bash\n".to_owned(), functions: 0, state: seed, depth: 0 };
        for _ in 0..=made.below(3) {
            made.function();
        }
        for _ in 0..3 + made.below(6) {
            made.statement();
            if made.below(12) == 0 {
                made.function();
            }
        }
        made
    }

    /// The next random number (splitmix64).
    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn line(&mut self, text: &str) {
        writeln!(self.text, "{}{text}", "  ".repeat(self.depth)).unwrap();
    }

    /// A new function, or another body of one that there is.
    fn function(&mut self) {
        let again = self.functions > 0 && self.below(4) == 0;
        let number = if again { self.below(self.functions) } else { self.functions };
        self.line(&format!("f{number}() {{"));
        self.block();
        self.line("}");
        self.functions = self.functions.max(number + 1);
    }

    fn block(&mut self) {
        self.depth += 1;
        for _ in 0..=self.below(3) {
            self.statement();
        }
        self.depth -= 1;
    }

    fn compound(&mut self, opening: &str, closing: &str) {
        self.line(opening);
        self.block();
        self.line(closing);
    }

    /// A call of a function, or a program where there is none.
    fn call(&mut self) -> String {
        if self.functions == 0 {
            return "tool \"$V\"".to_owned();
        }
        let number = self.below(self.functions);
        let arguments = ["", "", " x", " \"$1\"", " \"$V\"", " \"$@\""];
        format!("f{number}{}", arguments[self.below(arguments.len())])
    }

    /// A start of a container.
    fn start(&mut self) -> String {
        let mount = ["/srv/one", "/srv/$V", "/srv/$1", "$T", "$PWD/sub"];
        let detached = ["", "", " -d"][self.below(3)];
        format!("docker run --rm{detached} -v \"{}:/x\" agents:1 claude -p go", mount[self.below(mount.len())])
    }

    fn statement(&mut self) {
        if self.depth > 2 {
            return self.line(PLAIN[0]);
        }
        match self.below(30) {
            0..=6 => {
                let at = self.below(PLAIN.len());
                self.line(PLAIN[at]);
            }
            7 | 8 => self.line("claude -p \"$V\""),
            9 => {
                let (start, behind) = (self.start(), ["", "", " &", " || true"][self.below(4)]);
                self.line(&format!("{start}{behind}"));
            }
            10 => self.compound("if [ \"$V\" = a ]; then", "fi"),
            11 => self.compound("if [ -n \"$E\" ]; then", "fi"),
            12 => {
                self.line("if [ \"$1\" = x ]; then");
                self.block();
                self.compound("else", "fi");
            }
            13 => self.compound("for V in a \"$1\"; do", "done"),
            14 => self.compound("while read -r W; do", "done"),
            15 => self.compound("(", ")"),
            16 => self.compound("( flock 8", ") 8>/l/two"),
            17 => self.compound("{", "} &"),
            18 => {
                let leave = ["break", "continue"][self.below(2)];
                self.line("for x in 1 2; do");
                self.block();
                self.line(&format!("  [ -z \"$E\" ] || {leave}"));
                self.line("done");
            }
            _ => {
                let (one, other) = (self.call(), self.call());
                let calls = [
                    one.clone(),
                    format!("{one}; {other}"),
                    format!("{one}; {one}"),
                    format!("{one} & {other}; wait"),
                    format!("{one} &"),
                    format!("{one} || {other}"),
                    format!("V=$({one})"),
                    format!("{one} | cat"),
                    format!("({one}; {one})"),
                    format!("flock /l/three bash -c 'claude -p \"$V\"'; {one}"),
                    format!("export -f f0; bash -c 'f0'; {one}"),
                    format!("V=z {one}"),
                    format!("{one} 9>/l/one"),
                    format!("eval '{one}'"),
                ];
                let at = self.below(calls.len());
                self.line(&calls[at]);
            }
        }
    }
}
