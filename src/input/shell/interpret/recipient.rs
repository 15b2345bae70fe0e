//! Who gets what a part of a pipeline prints, where that is more than text to them.
//! Uses `hidden_programs` and `unwrapped`.

use super::hidden_programs::is_interpreter;
use super::unwrapped::is_repeater;

/// Programs that carry out what they are given on their input, or have it carried out later.
const TAKERS: [&str; 8] = ["crontab", "at", "batch", "newgrp", "osascript", "ssh", "screen", "pwsh"];
/// Who gets what a part of a pipeline prints.
#[derive(Debug, Clone)]
pub(super) enum Recipient {
    /// A program that carries it out.
    Program(String),
    /// A file that `tee` writes, and whether it goes behind what the file has.
    File { path: String, appends: bool },
}

impl Recipient {
    /// Who gets what a command of these words reads; `None` where it is nobody that makes more of it than text.
    pub(super) fn of_words(mut names: impl Iterator<Item = String>) -> Option<Self> {
        while let Some(word) = names.next() {
            let name = word.rsplit('/').next().unwrap_or_default();
            if name == "tee" {
                let mut appends = false;
                let mut is_file = |word: &String| {
                    appends |= matches!(word.as_str(), "-a" | "--append");
                    !word.starts_with('-')
                };
                let path = names.find(&mut is_file)?;
                return Some(Self::File { path, appends });
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
    TAKERS.contains(&name) || is_interpreter(name) || is_repeater(name)
}
