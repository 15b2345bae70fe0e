//! What a RUN does to a path: nothing where no command names the path, or all that do leave the file as it works.
//! Uses `source::shell`, `run_words` and `transfer`.

use std::rc::Rc;

use super::directories::ImageDirectories;
use super::effects::RunEffect;
use super::image::RunStep;
use super::run_words::{PathRelation, PlainCall, RunWords};
use super::transfer;
use crate::model::{Word, operands, parent_and_name, program_name, upward};
use crate::text::{Sources, Span};

/// Commands that leave what they name as it is, or change no more than its owner, mode or time.
#[rustfmt::skip]
const KEEPERS: &[&str] = &[
    "chmod", "chown", "chgrp", "chattr", "ls", "test", "[", "stat", "dos2unix", "cat", "head", "tail", "grep", "egrep",
    "fgrep", "file", "sha256sum", "sha512sum", "sha1sum", "md5sum", "echo", "printf", "mkdir", "touch", "setcap",
    "which", "command", "type", "wc", "diff", "cmp", "getfacl", "setfacl", "readlink", "realpath", "basename",
    "dirname", "du", "df", "useradd", "adduser", "usermod", "groupadd", "addgroup", "chsh", "true", "false", ":",
    "sh", "bash", "dash", "ash", "zsh", "ksh", "source", ".", "cd", "pushd", "popd", "export", "set", "id", "whoami",
    "awk", "sort", "uniq", "cut", "tr", "xxd", "od", "strings", "ldd", "tree", "sleep", "date", "env", "sync",
];

impl RunStep {
    /// What it does to a clean absolute path.
    pub(super) fn effect_on(&self, path: &str, directories: &ImageDirectories, sources: &Sources) -> RunEffect {
        let text = self.command_text();
        if !may_mention(text, path) {
            return RunEffect::Nothing;
        }
        let words = self.run_words(directories);
        if self.script.as_ref().is_some_and(|script| script.text.contains(file_name(path))) {
            return RunEffect::unknown("a script that is run while the image is built names it", self.span);
        }
        let calls = self.plain_calls(words, sources);
        let mut at = path.to_owned();
        for (call, invocation) in calls.iter().zip(self.invocations(sources)).rev() {
            // What it was before it is written is not asked.
            let output = invocation.output.as_ref().and_then(Word::known);
            if output.is_some_and(|output| words.relate(output, &at) == PathRelation::Same) {
                return RunEffect::unknown("a command writes to it while the image is built", self.span);
            }
            match words.command_effect(call, &at, directories) {
                RunEffect::Nothing => {}
                RunEffect::Moved(from) => at = from,
                effect => return effect,
            }
        }
        // A redirection in the text may be the one that wrote what was then moved.
        for path in [path, &at] {
            if redirects_to(text, |word| words.relate(word, path) >= PathRelation::Perhaps) {
                return RunEffect::unknown("a command writes to it while the image is built", self.span);
            }
        }
        if at == path { RunEffect::Nothing } else { RunEffect::Moved(at) }
    }

    /// The words of what the command at a place links, copies or moves, where it is one that does so with one file.
    pub(super) fn taken_by_command(&self, span: Span, sources: &Sources) -> Vec<String> {
        let calls = self.invocations(sources).iter().filter(|call| call.span == span);
        let taken = calls.filter_map(|call| {
            let operands = operands(call);
            let is_one = match program_name(call) {
                "cp" | "install" | "link" | "ln" | "mv" => operands.len() == 2,
                // `--install LINK NAME PATH PRIORITY`.
                "update-alternatives" | "alternatives" => operands.len() == 4,
                _ => false,
            };
            is_one.then_some(operands)
        });
        let last = |word: &&Word| {
            word.split_whitespace().next_back().map(|word| word.trim_end_matches([')', '`', '"']).to_owned())
        };
        taken.flatten().filter_map(|word| last(&word)).collect()
    }

    /// What its words mean.
    pub(super) fn run_words(&self, directories: &ImageDirectories) -> &RunWords {
        self.read.words.get_or_init(|| {
            let (text, directory) = (self.command_text(), self.working_dir.as_ref());
            Rc::new(RunWords::new(text, &self.env, directory, directories.is_scratch()))
        })
    }

    /// Its commands, in order.
    pub(super) fn plain_calls(&self, words: &RunWords, sources: &Sources) -> &[PlainCall] {
        let read = || self.invocations(sources).iter().map(|invocation| words.plain_call(invocation)).collect();
        self.read.calls.get_or_init(read)
    }
}

fn file_name(path: &str) -> &str {
    parent_and_name(path).map_or(path, |(_, name)| name)
}

/// Whether a text may mean a path at all: by a name on the way to it, or by a wildcard or variable.
pub(super) fn may_mention(text: &str, path: &str) -> bool {
    text.contains(['*', '?', '[', '$', '{']) || upward(path).any(|path| path != "/" && text.contains(file_name(path)))
}

impl RunWords {
    pub(super) fn command_effect(&self, call: &PlainCall, path: &str, directories: &ImageDirectories) -> RunEffect {
        let PlainCall { program, arguments, .. } = call;
        let unknown = |doing: &str| RunEffect::Unknown {
            why: format!("`{doing}`, which is run while the image is built, may change it"),
            span: call.span,
        };
        if KEEPERS.contains(&program.as_str()) {
            return RunEffect::Nothing;
        }
        let related = arguments.iter().map(|word| self.relate_word(word, path)).max().unwrap_or(PathRelation::Apart);
        // Whether it runs at all, other than as a link of a chain that ends the build where it breaks.
        let perhaps = || {
            let text = self.text();
            call.conditional && ["||", "if ", "case ", "for ", "while ", "[ "].iter().any(|w| text.contains(w))
        };
        match program.as_str() {
            "find" if arguments.iter().all(|word| word.text != "-delete") => RunEffect::Nothing,
            "git" if arguments.first().is_some_and(|word| word.text == "config") => RunEffect::Nothing,
            "sed" | "gsed" if related >= PathRelation::Perhaps => {
                let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
                if keeps_script(&texts) { RunEffect::Nothing } else { unknown(program) }
            }
            "rm" | "unlink" | "rmdir" if related == PathRelation::Apart => RunEffect::Nothing,
            "rm" | "unlink" | "rmdir" if related == PathRelation::Perhaps || perhaps() => unknown(program),
            "rm" | "unlink" | "rmdir" => RunEffect::Gone,
            "ln" | "cp" | "mv" | "install" => {
                match transfer::transfer_effect(self, program, arguments, path, directories) {
                    Some(RunEffect::Nothing) => RunEffect::Nothing,
                    Some(effect) if !perhaps() => effect,
                    _ => unknown(program),
                }
            }
            _ if related >= PathRelation::Perhaps => unknown(printable_name(program)),
            _ => RunEffect::Nothing,
        }
    }
}

/// A program's name for a message; what is no plain name may be anything.
fn printable_name(program: &str) -> &str {
    let plain = program.chars().all(|ch| ch.is_ascii_alphanumeric() || "._-+".contains(ch));
    if plain && program.len() <= 40 { program } else { "a command" }
}

/// Whether a `sed` writes nothing, or takes away no more than carriage returns.
fn keeps_script(arguments: &[&str]) -> bool {
    let in_place = |word: &&&str| {
        word.starts_with("--in-place") || (word.starts_with('-') && !word.starts_with("--") && word.contains('i'))
    };
    if !arguments.iter().any(|word| in_place(&word)) {
        return true;
    }
    let mut expressions = Vec::new();
    let mut words = arguments.iter();
    let mut first = None;
    while let Some(word) = words.next() {
        match *word {
            "-e" | "--expression" => expressions.extend(words.next().copied()),
            "-f" | "--file" => return false,
            word if word.starts_with("--expression=") => expressions.extend(word.strip_prefix("--expression=")),
            word if word.starts_with('-') && word.ends_with('e') && !word.starts_with("--") => {
                expressions.extend(words.next().copied());
            }
            word if word.starts_with('-') => {}
            word => first = first.or(Some(word)),
        }
    }
    if expressions.is_empty() {
        expressions.extend(first);
    }
    !expressions.is_empty() && expressions.iter().all(|expression| is_carriage_return(expression))
}

/// `s/\r$//` in its spellings.
fn is_carriage_return(expression: &str) -> bool {
    let Some(rest) = expression.trim().trim_end_matches(';').strip_prefix('s') else { return false };
    let Some(mark) = rest.chars().next() else { return false };
    let parts: Vec<&str> = rest.split(mark).skip(1).collect();
    let [pattern, replacement, flags] = parts.as_slice() else { return false };
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let pattern = pattern.trim_end_matches(['*', '+']);
    matches!(pattern, "\\r" | "\r" | "\\x0d" | "\\x0D" | "\\015")
        && replacement.is_empty()
        && matches!(*flags, "" | "g")
}

/// Whether a shell's text sends output to a word of which this holds.
fn redirects_to(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    text.match_indices('>').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.trim_start_matches(['>', '|', '&']).trim_start_matches([' ', '\t', '\\', '\n']);
        let ends = |ch: char| ch.is_whitespace() || ";&|()<>".contains(ch);
        let word = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        let word: String = word.chars().filter(|ch| !matches!(ch, '"' | '\'')).collect();
        !word.is_empty() && holds(&word)
    })
}
