//! The arguments of `flock` (util-linux, flock(1)). May use `model`.

use super::Word;
use crate::model::{FileLock, Wait};

/// What a call of `flock` does.
pub(super) struct Flock<'a> {
    pub(super) file: &'a Word,
    pub(super) exclusive: bool,
    pub(super) wait: Wait,
    pub(super) unlock: bool,
    /// What it runs under the lock.
    pub(super) run: Run<'a>,
}

/// What is run under a lock.
pub(super) enum Run<'a> {
    /// Nothing: the descriptor keeps the lock.
    Nothing,
    /// A command.
    Words(&'a [Word]),
    /// Shell text (`-c`).
    Text(&'a Word),
}

impl Flock<'_> {
    /// The lock as it is held while the command runs.
    pub(super) fn lock(&self, path: String, span: crate::text::Span) -> FileLock {
        FileLock { path, exclusive: self.exclusive, wait: self.wait, failure_ignored: false, condition: None, span }
    }
}

/// Reads the words after `flock`; `None` where they are not understood.
pub(super) fn parse(words: &[Word]) -> Option<Flock<'_>> {
    let mut options = Options { exclusive: true, wait: Wait::Forever, unlock: false };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if !text.starts_with('-') || text == "-" {
            break;
        }
        at += 1;
        if text == "--" {
            break;
        }
        if options.take(text, words.get(at))? {
            at += 1;
        }
    }
    let file = words.get(at)?;
    let rest = words.get(at + 1..).unwrap_or(&[]);
    let run = match rest {
        [] => Run::Nothing,
        [flag, text, ..] if flag.text == "-c" || flag.text == "--command" => Run::Text(text),
        rest => Run::Words(rest),
    };
    Some(Flock { file, exclusive: options.exclusive, wait: options.wait, unlock: options.unlock, run })
}

struct Options {
    exclusive: bool,
    wait: Wait,
    unlock: bool,
}

impl Options {
    /// Takes one option; tells whether it took the next word with it.
    fn take(&mut self, text: &str, next: Option<&Word>) -> Option<bool> {
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            return self.long(name, value, next);
        }
        for (at, letter) in text.strip_prefix('-')?.char_indices() {
            let attached = text.get(at + 2..).filter(|rest| !rest.is_empty());
            match letter {
                's' => self.exclusive = false,
                'x' | 'e' => self.exclusive = true,
                'n' => self.wait = Wait::No,
                'u' => self.unlock = true,
                'w' => {
                    self.wait = seconds(attached.or_else(|| next.map(|word| word.text.as_str()))?);
                    return Some(attached.is_none());
                }
                'E' => return Some(attached.is_none()),
                'F' | 'o' | 'v' => {}
                _ => return None,
            }
        }
        Some(false)
    }

    fn long(&mut self, name: &str, value: Option<&str>, next: Option<&Word>) -> Option<bool> {
        match name {
            "shared" => self.exclusive = false,
            "exclusive" => self.exclusive = true,
            "nonblock" | "nb" => self.wait = Wait::No,
            "unlock" => self.unlock = true,
            "wait" | "timeout" => {
                self.wait = seconds(value.or_else(|| next.map(|word| word.text.as_str()))?);
                return Some(value.is_none());
            }
            "conflict-exit-code" => return Some(value.is_none()),
            "close" | "no-fork" | "verbose" | "fcntl" => {}
            _ => return None,
        }
        Some(false)
    }
}

fn seconds(text: &str) -> Wait {
    text.parse().map_or(Wait::Unknown, Wait::Seconds)
}
