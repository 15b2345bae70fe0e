//! Who gets what a part of a pipeline prints, where that is more than text to them.
//! Uses `hidden_programs`.

use super::hidden_programs::is_interpreter;

/// Programs that carry out what they are given on their input, or have it carried out later.
const TAKERS: [&str; 8] = ["crontab", "at", "batch", "newgrp", "osascript", "ssh", "screen", "pwsh"];
/// Who gets what a part of a pipeline prints.
#[derive(Debug, Clone)]
pub(super) enum Recipient {
    /// A program that carries it out.
    Program(String),
    /// A file that `tee` writes.
    File(String),
}

impl Recipient {
    /// Who gets what a command of these words reads; `None` where it is nobody that makes more of it than text.
    pub(super) fn of_words(mut names: impl Iterator<Item = String>) -> Option<Self> {
        while let Some(word) = names.next() {
            let name = word.rsplit('/').next().unwrap_or_default();
            if name == "tee" {
                return names.find(|file| !file.starts_with('-')).map(Self::File);
            }
            if is_taker(name) {
                return Some(Self::Program(name.to_owned()));
            }
        }
        None
    }
}

/// Whether a program carries out what it is given on its input.
pub(super) fn is_taker(name: &str) -> bool {
    TAKERS.contains(&name) || is_interpreter(name)
}
