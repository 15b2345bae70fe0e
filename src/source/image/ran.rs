//! What a RUN does to a path: nothing, when no command of it names the path or all that do keep what a script does.
//! Uses `source::shell`, `operand` and `transfer`.

use super::Ran;
use super::find::Tree;
use super::operand::{Relation, Words};
use super::transfer;
use crate::model::{Invocation, parent_and_name, upward};
use crate::source::shell;
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

/// What a RUN does to a path.
pub(super) enum Effect {
    Nothing,
    /// It is removed or moved away.
    Gone,
    /// It becomes a symbolic link to this absolute path.
    Link(String),
    /// It becomes what stood at another path before.
    Moved(String),
    /// A directory above it becomes a link, and this is where it is then.
    Through(String),
    /// It may be changed.
    Unknown {
        why: String,
        span: Span,
    },
}

impl Ran {
    /// What it does to a clean absolute path.
    pub(super) fn effect(&self, path: &str, tree: &Tree, sources: &Sources) -> Effect {
        let text = self.text();
        if !mentions(&text, path) {
            return Effect::Nothing;
        }
        let words = Words::new(self, &text, tree);
        let unknown = |why: &str| Effect::Unknown { why: why.to_owned(), span: self.span };
        if self.script.as_ref().is_some_and(|script| script.text.contains(name(path))) {
            return unknown("a script that is run while the image is built names it");
        }
        let read = shell::read_commands(Some(&self.command), None, sources);
        let mut at = path.to_owned();
        for invocation in read.invocations.iter().rev() {
            match words.command(invocation, &at, tree, &text) {
                Effect::Nothing => {}
                Effect::Moved(from) => at = from,
                effect => return effect,
            }
        }
        // A redirection in the text may be the one that wrote what was then moved.
        for path in [path, &at] {
            if redirected(&text, |word| words.relate(word, path) >= Relation::Perhaps) {
                return unknown("a command writes to it while the image is built");
            }
        }
        if at == path { Effect::Nothing } else { Effect::Moved(at) }
    }

    /// All that it runs, as text.
    fn text(&self) -> String {
        let words = self.command.words.iter().chain(&self.script).map(|word| word.text.as_str());
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether it says that a path is a directory that it makes.
    pub(super) fn makes_directory(&self, path: &str) -> bool {
        let text = self.text();
        ["mkdir", "install -d", "useradd", "adduser"].iter().any(|maker| text.contains(maker)) && text.contains(path)
    }
}

fn name(path: &str) -> &str {
    parent_and_name(path).map_or(path, |(_, name)| name)
}

/// Whether a text may speak of a path at all: by a name on the way to it, or by what stands for any name.
fn mentions(text: &str, path: &str) -> bool {
    text.contains(['*', '?', '[', '$', '{']) || upward(path).any(|path| path != "/" && text.contains(name(path)))
}

impl Words<'_> {
    fn command(&self, invocation: &Invocation, path: &str, tree: &Tree, text: &str) -> Effect {
        let mut argv = invocation.argv.iter().map(|word| self.plain(word));
        let program = argv.next().unwrap_or_default().text;
        let program = program.rsplit('/').next().unwrap_or_default().to_owned();
        let arguments: Vec<_> = argv.collect();
        let unknown = |doing: &str| Effect::Unknown {
            why: format!("`{doing}`, which is run while the image is built, may change it"),
            span: invocation.span,
        };
        if KEEPERS.contains(&program.as_str()) {
            return Effect::Nothing;
        }
        let related = arguments.iter().map(|word| self.relate_word(word, path)).max().unwrap_or(Relation::Apart);
        // Whether it runs at all, other than as a link of a chain that ends the build where it breaks.
        let perhaps =
            invocation.conditional && ["||", "if ", "case ", "for ", "while ", "[ "].iter().any(|w| text.contains(w));
        match program.as_str() {
            "find" if arguments.iter().all(|word| word.text != "-delete") => Effect::Nothing,
            "git" if arguments.first().is_some_and(|word| word.text == "config") => Effect::Nothing,
            "sed" | "gsed" if related >= Relation::Perhaps => {
                let texts: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
                if keeps_script(&texts) { Effect::Nothing } else { unknown(&program) }
            }
            "rm" | "unlink" | "rmdir" if related == Relation::Apart => Effect::Nothing,
            "rm" | "unlink" | "rmdir" if related == Relation::Perhaps || perhaps => unknown(&program),
            "rm" | "unlink" | "rmdir" => Effect::Gone,
            "ln" | "cp" | "mv" | "install" => match transfer::effect(self, &program, &arguments, path, tree) {
                Some(Effect::Nothing) => Effect::Nothing,
                Some(effect) if !perhaps => effect,
                _ => unknown(&program),
            },
            _ if related >= Relation::Perhaps => unknown(shown(&program)),
            _ => Effect::Nothing,
        }
    }
}

/// A program's name for a message; what is no plain name may be anything.
fn shown(program: &str) -> &str {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "._-+".contains(ch);
    if program.len() <= 40 && program.chars().all(plain) { program } else { "a command" }
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
fn redirected(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    text.match_indices('>').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let rest = rest.trim_start_matches(['>', '|', '&']).trim_start_matches([' ', '\t', '\\', '\n']);
        let ends = |ch: char| ch.is_whitespace() || ";&|()<>".contains(ch);
        let word = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        let word: String = word.chars().filter(|ch| !matches!(ch, '"' | '\'')).collect();
        !word.is_empty() && holds(&word)
    })
}
