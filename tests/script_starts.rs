//! Random scripts, each run by bash in every way that it can be called, with a program in docker's place that notes its
//! words. Whatever was started there is in the report. `OVERLOCK_SCRIPTS` says how many scripts, `OVERLOCK_SCRIPTS_SEED`
//! which; what fails is printed whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::overlock;

/// What stands in docker's place: it notes its words, and ends as it is told.
const STUB: &str = "#!/bin/sh\necho \"$*\" >> \"$STUB_LOG\"\nexit \"${STUB_STATUS:-0}\"\n";
const COMPOSE: &str = "services:\n  night:\n    image: agents:1\n    entrypoint: [claude, -p, go]\n    environment: \
     {HOME: /home/agent}\n    volumes: [\"/srv/night:/home/agent/.claude\"]\n";
/// Words that scripts ask for, and that they are called with.
const WORDS: [&str; 4] = ["alpha", "beta", "gamma", "--x"];
/// A library that scripts source.
const LIBRARY: &str = "retry() { \"$@\" || \"$@\" || true; }\nin_library() {\n  docker run --rm -e FILE=library -e LINE=3 -e \
     HOME=/home/agent -v \"/srv/$1:/tree\" -v /srv/login:/home/agent/.claude agents:1 claude -p go\n}\n";
/// How scripts write the engine's name.
const ENGINES: [&str; 4] = ["docker", "docker", "\"${DOCKER:-docker}\"", "$ENGINE"];
/// How many scripts are tried at once: much of the time goes to waiting for endless loops.
const AT_ONCE: u64 = 4;
/// The arguments of the calls.
const CALLS: [&[&str]; 7] =
    [&[], &["alpha"], &["beta"], &["gamma", "alpha"], &["--x", "beta"], &["alpha", "beta", "gamma"], &["-a", "beta"]];

#[test]
fn whatever_a_script_starts_is_in_the_report() {
    let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (count, seed) = (number("OVERLOCK_SCRIPTS", 40), number("OVERLOCK_SCRIPTS_SEED", 1));
    let each = |from: u64| {
        let mut started = 0;
        let mut wrong = Vec::new();
        for number in (from..count).step_by(usize::try_from(AT_ONCE).unwrap()) {
            let script = RandomScript::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
            let (starts, missing) = missing_starts(&script);
            started += starts;
            if !missing.is_empty() {
                wrong.push(format!("script {number} of seed {seed}: {missing:?} are missing\n{}", script.text));
            }
        }
        (started, wrong)
    };
    let (started, wrong) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|from| scope.spawn(move || each(from))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).fold(
            (0, Vec::new()),
            |(all, mut wrong), (some, more)| {
                wrong.extend(more);
                (all + some, wrong)
            },
        )
    });
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(started as u64 > count, "only {started} starts were seen in {count} scripts");
}

/// How many lines started something, and those of them that the report does not name.
fn missing_starts(script: &RandomScript) -> (usize, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let write = |name: &str, text: &str| {
        fs::write(path.join(name), text).unwrap();
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("gen.sh", &script.text);
    write("library.sh", LIBRARY);
    write("compose.yaml", COMPOSE);
    fs::create_dir(path.join("bin")).unwrap();
    write("bin/docker", STUB);
    let run = overlock(path, &["check", "compose.yaml", "gen.sh", "--format", "json"]);
    let report = run.json();
    let participants = report["participants"].as_array().unwrap();
    let named: BTreeSet<String> =
        participants.iter().filter_map(|one| Some(named_place(one["container"].as_str()?))).collect();
    for arguments in CALLS {
        call(path, &[&["./gen.sh"], arguments].concat(), "0");
        call(path, &[&["./gen.sh"], arguments].concat(), "1");
    }
    // A function that the script calls itself is called as it does.
    for function in (0..script.functions).filter(|function| !script.called.contains(function)) {
        for word in WORDS {
            let text = format!(". ./gen.sh alpha; f{function} {word}; do_{word} beta");
            call(path, &["-c", &text], "0");
        }
    }
    let log = fs::read_to_string(path.join("log")).unwrap_or_default();
    let places: BTreeSet<String> = log.lines().filter_map(started_place).collect();
    (places.len(), places.difference(&named).cloned().collect())
}

fn call(directory: &Path, words: &[&str], status: &str) {
    let search = format!("{}:/usr/bin:/bin", directory.join("bin").display());
    // A loop that a script makes endless ends after a second.
    let mut bash = Command::new("timeout");
    bash.args(["1", "bash"]).args(words).current_dir(directory).env_clear().env("PATH", search);
    bash.env("STUB_LOG", directory.join("log")).env("STUB_STATUS", status);
    bash.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
}

/// The place of a start by what the report calls it: `gen.sh:8`, or the name that it gives, which has its line in it, with
/// its file: `part-8-* (gen.sh)`.
fn named_place(container: &str) -> String {
    let (name, behind) = container.split_once(' ').unwrap_or((container, ""));
    let line =
        ["fixed-", "part-"].iter().find_map(|given| name.strip_prefix(given)).and_then(|rest| rest.split('-').next());
    let file = behind.trim_start_matches('(').split([':', ')']).next().unwrap_or_default();
    line.map_or_else(|| name.to_owned(), |line| format!("{file}:{line}"))
}

/// The place of a start, which its words name.
fn started_place(words: &str) -> Option<String> {
    let (before, rest) = words.split_once("LINE=")?;
    let file = if before.contains("FILE=library") { "library.sh" } else { "gen.sh" };
    Some(format!("{file}:{}", rest.split_whitespace().next()?))
}

/// A script, and how many functions it has.
struct RandomScript {
    text: String,
    functions: usize,
    called: BTreeSet<usize>,
    state: u64,
    depth: usize,
    in_function: bool,
}

impl RandomScript {
    fn new(seed: u64) -> Self {
        let mut script = Self {
            text: "#!/bin/bash\n".to_owned(),
            functions: 0,
            called: BTreeSet::new(),
            state: seed,
            depth: 0,
            in_function: false,
        };
        if script.chance(3) {
            script.line("set -eu");
        }
        script.line("ENGINE=docker");
        let library = if script.chance(2) { ". ./library.sh" } else { "source \"$(dirname \"$0\")/library.sh\"" };
        script.line(library);
        let functions = script.below(4);
        for number in 0..functions {
            script.line(&format!("f{number}() {{"));
            script.in_function = true;
            script.block(3);
            script.in_function = false;
            script.line("}");
            script.functions += 1;
        }
        if script.chance(3) {
            for word in ["alpha", "beta"] {
                script.line(&format!("do_{word}() {{"));
                script.block(2);
                script.line("}");
            }
            script.line("\"do_${1:-alpha}\" \"$@\" || true");
        }
        script.block(5);
        if script.functions > 0 && script.chance(4) {
            script.called.insert(0);
            script.line("f0 \"$@\"");
        }
        script
    }

    /// The next random number (splitmix64).
    fn index_below(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.index_below(WORDS.len())]
    }

    fn called_function(&mut self) -> usize {
        let number = self.index_below(self.functions);
        self.called.insert(number);
        number
    }

    fn line(&mut self, text: &str) {
        writeln!(self.text, "{}{text}", "  ".repeat(self.depth)).unwrap();
    }

    /// The line that the next one is.
    fn next_line(&self) -> usize {
        self.text.matches('\n').count() + 1
    }

    /// A start in a here-document, which ends at the margin.
    fn here_document(&mut self, before: &str) {
        let quoted = if self.chance(2) { "'END'" } else { "END" };
        self.line(&format!("{before} <<{quoted}"));
        self.start("", "");
        self.text.push_str("END\n");
    }

    /// A list of words that branches make longer.
    fn array_in_branches(&mut self) {
        let word = self.word();
        self.line("words=(docker run --rm)");
        let line = self.next_line() - 1;
        self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then words+=(-v \"/srv/$1:/tree\"); else words+=(-d); fi"));
        self.line("for x in \"$@\"; do words+=(-e \"X_$x=1\"); done");
        self.line(&format!("words+=(-e LINE={line} -e HOME=/home/agent -v /srv/login:/home/agent/.claude agents:1)"));
        self.line("\"${words[@]}\" claude -p \"${1:-go}\"");
    }

    /// A text of options that branches make longer.
    fn text_in_branches(&mut self) {
        let word = self.word();
        self.line("A=\"-e HOME=/home/agent -v /srv/login:/home/agent/.claude\"");
        self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then A=\"$A -v /srv/tree:/tree\"; else A=\"$A -d\"; fi"));
        self.line("[ $# -lt 2 ] || A=\"$A --network none\"");
        let line = self.next_line();
        let named = format!("--name fixed-{line} agents:1 claude");
        let rest = if self.chance(2) { "agents:1 claude -p go" } else { &named };
        self.line(&format!("docker run --rm -e LINE={line} $A {rest}"));
    }

    /// A start, with its own line in its words.
    fn start(&mut self, before: &str, after: &str) {
        let line = self.next_line();
        let mount = match self.below(4) {
            0 => "\"/srv/$1:/tree\"",
            1 => "\"/srv/${2:-tree}:/tree\"",
            2 => "\"$PWD:/tree\"",
            _ => "/srv/tree:/tree",
        };
        let name = match self.below(6) {
            0 => format!(" --name fixed-{line}"),
            1 => format!(" --name \"part-{line}-$1\""),
            _ => String::new(),
        };
        let detached = if self.chance(4) { " -d" } else { "" };
        let engine = ENGINES[self.index_below(ENGINES.len())];
        let text = format!(
            "{before}{engine} run --rm{detached}{name} -e LINE={line} -e HOME=/home/agent -v {mount} -v \
             /srv/login:/home/agent/.claude agents:1 claude -p go{after}"
        );
        self.line(&text);
    }

    fn block(&mut self, most: u64) {
        self.depth += 1;
        for _ in 0..=self.below(most) {
            self.statement();
        }
        self.depth -= 1;
    }

    fn compound(&mut self, opening: &str, closing: &str) {
        self.line(opening);
        self.block(2);
        self.line(closing);
    }

    fn statement(&mut self) {
        if self.depth > 4 {
            return self.start("", "");
        }
        let word = self.word();
        match self.below(50) {
            4 => self.start("", " &"),
            5 => self.start("", " || true"),
            6 => self.start("if ! ", "; then exit 3; fi"),
            7 => self.start("printf '%s\\n' a b | xargs -I{} ", ""),
            8 => self.start("(cd /tmp && ", ")"),
            9 => {
                self.line(&format!("if [ \"${{1:-}}\" = {word} ]; then"));
                self.block(2);
                self.line("else");
                self.block(2);
                self.line("fi");
            }
            10 => self.compound("if [ $# -gt 1 ]; then", "fi"),
            11 => {
                let ending = if self.in_function { "return 0" } else { "exit 0" };
                self.line(&format!("[ -n \"${{1:-}}\" ] || {ending}"));
            }
            12 | 13 => {
                let number = 1 + self.below(2);
                self.line(&format!("case \"${{{number}:-}}\" in"));
                for word in ["alpha", "beta|gamma", "-*", "*"].iter().skip(self.index_below(3)) {
                    self.line(&format!("{word})"));
                    self.block(2);
                    self.line(";;");
                }
                self.line("esac");
            }
            14 => self.compound("for x in a \"$@\"; do", "done"),
            15 => {
                self.line("while [ $# -gt 0 ]; do");
                self.line(&format!("  case \"$1\" in {word}) CHOSEN=\"${{2:-}}\" ;; esac"));
                self.block(1);
                self.line("  shift");
                self.line("done");
            }
            16 => {
                self.line("CHOSEN=\"${1:-none}\"");
                self.compound(&format!("if [[ $CHOSEN == {word}* ]]; then"), "fi");
            }
            17 if self.functions > 0 => {
                let number = self.called_function();
                let argument = if self.chance(2) { "\"$@\"" } else { word };
                self.line(&format!("f{number} {argument}"));
            }
            18 if self.functions > 0 => {
                let number = self.called_function();
                self.line(&format!("NUMBER={number}; \"f$NUMBER\" {word} || true"));
            }
            // Again and again, also from the functions below: what is called twice from one start is gone through once.
            46.. if self.functions > 0 => {
                let number = self.called_function();
                let other = self.called_function();
                let between = ["CHOSEN=$1", "shift || true", "wait", "cd /tmp", "export NUMBER=3"];
                let between = between[self.index_below(between.len())];
                let calls = [
                    format!("f{number} \"$@\"; f{number} \"$@\" || true"),
                    format!("f{number} {word}; {between}; f{number} {word}"),
                    format!("f{number} & f{other} \"$1\" || true; wait"),
                    format!("( f{number} {word}; f{other} {word} ) || f{number} {word}"),
                    format!("CHOSEN=$(f{number} {word}) f{other} | cat"),
                ];
                let call = self.index_below(calls.len());
                self.line(&calls[call]);
            }
            19 => self.line("shift || true"),
            20 if self.depth <= 1 => self.line(&format!("set -- {word} \"$@\"")),
            21 => {
                self.line("while read -r item; do");
                self.block(1);
                self.line(&format!("done <<< \"${{1:-}} {word}\""));
            }
            22 => {
                self.line("while getopts ab option; do");
                self.line("  case $option in a)");
                self.block(1);
                self.line("  ;; *) : ;; esac");
                self.line("done");
            }
            23 => {
                let line = self.next_line();
                self.line(&format!("docker compose run --rm -e LINE={line} night"));
            }
            24 => {
                self.line("words=(docker run --rm)");
                // It is where its first word is written.
                let line = self.text.matches('\n').count();
                self.line(&format!("words+=(-e LINE={line} -e HOME=/home/agent -v /srv/login:/home/agent/.claude)"));
                self.line("\"${words[@]}\" agents:1 claude -p \"${1:-go}\"");
            }
            25 | 26 => self.array_in_branches(),
            27 | 28 => self.text_in_branches(),
            29 => self.start("printf '%s\\n' a b | xargs -P 2 -I{} ", ""),
            30 => {
                self.start("", " & one=$!");
                self.block(1);
                self.line("wait \"$one\" || true");
            }
            31 => {
                self.start("", " &");
                self.line("wait || true");
            }
            32 => self.here_document("bash -s -- beta"),
            33 => {
                self.here_document("cat > made.sh");
                self.line("bash made.sh alpha || true");
            }
            34 => {
                let (line, project) = (self.next_line(), self.word().trim_start_matches('-'));
                // Only the last of them starts a container of its own.
                let does = match self.below(3) {
                    0 => "exec -T night claude -p go".to_owned(),
                    1 => "up -d night".to_owned(),
                    _ => format!("run --rm -e LINE={line} night"),
                };
                self.line(&format!("docker compose -f compose.yaml -p {project} {does}"));
            }
            35 => self.line(&format!("in_library {word}")),
            36 => self.start("retry ", ""),
            37 => self.start("out=$(", ") || true"),
            38 => self.start("sh -c '", "'"),
            39 => self.start("trap '", "' EXIT"),
            40 => self.start("eval '", "'"),
            41 => self.start("until ", "; do break; done"),
            42 => {
                self.line("while getopts a:b option; do");
                self.line("  case $option in a) CHOSEN=$OPTARG ;; b) set -- \"$@\" beta ;; esac");
                self.line("done");
                self.compound("if [ -n \"${CHOSEN:-}\" ]; then", "fi");
            }
            43 => {
                self.line("while [ $# -gt 0 ]; do");
                self.line("  case \"$1\" in");
                self.line(&format!("  {word}) CHOSEN=\"${{2:-}}\"; shift ;;"));
                self.line("  --x) X=1 ;;");
                self.line("  *) break ;;");
                self.line("  esac");
                self.line("  shift || break");
                self.line("done");
                self.compound("if [ \"${X:-0}\" = 1 ]; then", "fi");
            }
            44 => {
                let before = ["nice -n 5 ", "timeout 5 ", "env A=b ", "time ", "command ", "A=b "][self.index_below(6)];
                self.start(before, " 2>&1 | cat");
            }
            _ => self.start("", ""),
        }
    }
}
