//! The text of a script file, and what its first line says it is run by.
//! May use `text`.

use super::unwrapped::is_shell;
use crate::text::{FileId, TracedText};

/// A script's text.
pub(super) struct ScriptText {
    /// The file that it is, or is part of.
    pub(super) file: FileId,
    pub(super) text: TracedText,
}

impl ScriptText {
    pub(super) fn first_line(&self) -> String {
        self.text.0.iter().map(|traced| traced.ch).take_while(|ch| *ch != '\n').collect()
    }

    /// Identifies the text.
    pub(super) fn key(&self) -> (FileId, u32) {
        let at = self.text.0.iter().find_map(|traced| traced.at);
        at.unwrap_or((self.file, 0))
    }
}

/// What a file says it is run by.
pub(super) enum Shebang {
    /// A shell, with these options.
    Shell(String),
    /// Another program.
    Other(String),
}

impl Shebang {
    pub(super) fn of(text: &str) -> Self {
        let first = text.lines().next().unwrap_or("").trim_start_matches('\u{feff}').trim_end();
        // Without a line of its own a shell runs it.
        let Some(line) = first.strip_prefix("#!") else { return Self::Shell("sh".to_owned()) };
        let mut words = line.split_whitespace().peekable();
        let mut name = program_name(words.next());
        if name == "env" {
            while words.peek().is_some_and(|word| word.starts_with('-') || word.contains('=')) {
                words.next();
            }
            name = program_name(words.next());
        }
        // The one hands the container's variables on, the other is many programs by their names.
        if matches!(name, "with-contenv" | "busybox" | "toybox") {
            name = program_name(words.next());
        }
        let options: Vec<&str> = words.collect();
        if is_shell(name) { Self::Shell(format!("{name} {}", options.join(" "))) } else { Self::Other(name.to_owned()) }
    }
}

fn program_name(word: Option<&str>) -> &str {
    word.and_then(|word| word.rsplit('/').next()).unwrap_or("sh")
}
