//! The command line of util-linux's flock(1).
//! Uses `shell_word` and `model`.

use super::shell_word::ShellWord;
use crate::model::Wait;

/// A command line of `flock`.
#[derive(Debug)]
pub(super) struct FlockCommand<'w> {
    pub(super) exclusive: bool,
    pub(super) unlock: bool,
    pub(super) wait: Wait,
    /// Whether the file is closed for what runs under it.
    pub(super) closes: bool,
    pub(super) runs: FlockAction<'w>,
}

/// What it locks, and what runs under it.
#[derive(Debug)]
pub(super) enum FlockAction<'w> {
    /// A descriptor of the calling shell.
    Descriptor(&'w ShellWord),
    /// A file, for a command.
    Command(&'w ShellWord, &'w [ShellWord]),
    /// A file, for a text (`-c`).
    Text(&'w ShellWord, &'w ShellWord),
    /// Nothing: wrong usage, or `--help`.
    Nothing,
}

const SHARED: [&str; 2] = ["-s", "--shared"];
const EXCLUSIVE: [&str; 3] = ["-x", "-e", "--exclusive"];
const NO_WAIT: [&str; 4] = ["-n", "--nb", "--nonblock", "--nonblocking"];
const VALUED: [&str; 4] = ["-w", "-E", "--wait", "--timeout"];

/// Reads the words after `flock`; `None` where an option is not known.
pub(super) fn parse_flock(words: &[ShellWord]) -> Option<FlockCommand<'_>> {
    let mut flock =
        FlockCommand { exclusive: true, unlock: false, wait: Wait::Forever, closes: false, runs: FlockAction::Nothing };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.raw();
        if !word.is_fixed() || !text.starts_with('-') || text == "-" {
            break;
        }
        at += 1;
        if text == "--" {
            break;
        }
        let next = words.get(at);
        let used =
            if text.starts_with("--") { flock.take_long(&text, next)? } else { flock.take_short(&text, next)? };
        at += usize::from(used);
    }
    flock.runs = read_action(words.get(at..).unwrap_or_default());
    Some(flock)
}

fn read_action(rest: &[ShellWord]) -> FlockAction<'_> {
    match rest {
        [] => FlockAction::Nothing,
        [descriptor] => FlockAction::Descriptor(descriptor),
        [file, dash, rest @ ..] if matches!(dash.raw().as_str(), "-c" | "--command") => match rest {
            [text] => FlockAction::Text(file, text),
            _ => FlockAction::Nothing,
        },
        [file, command @ ..] => FlockAction::Command(file, command),
    }
}

impl FlockCommand<'_> {
    /// Reads a long option; returns whether it used the next word.
    fn take_long(&mut self, text: &str, next: Option<&ShellWord>) -> Option<bool> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if self.take_switch(name) {
            return Some(false);
        }
        let takes = VALUED.contains(&name) || name == "--conflict-exit-code";
        if takes {
            let own = value.map(ShellWord::plain);
            if name != "--conflict-exit-code" {
                self.wait_for(own.as_ref().or(next));
            }
            return Some(own.is_none());
        }
        matches!(name, "--no-fork" | "--verbose").then_some(false)
    }

    /// Reads a cluster of short options.
    fn take_short(&mut self, text: &str, next: Option<&ShellWord>) -> Option<bool> {
        for (at, ch) in text.char_indices().skip(1) {
            let name = format!("-{ch}");
            if self.take_switch(&name) || "Fv".contains(ch) {
                continue;
            }
            if !VALUED.contains(&name.as_str()) {
                return None;
            }
            let rest = text.get(at + 1..).unwrap_or("");
            let own = (!rest.is_empty()).then(|| ShellWord::plain(rest));
            if ch == 'w' {
                self.wait_for(own.as_ref().or(next));
            }
            return Some(own.is_none());
        }
        Some(false)
    }

    fn take_switch(&mut self, name: &str) -> bool {
        if SHARED.contains(&name) {
            self.exclusive = false;
        } else if EXCLUSIVE.contains(&name) {
            self.exclusive = true;
        } else if NO_WAIT.contains(&name) {
            self.wait = Wait::No;
        } else if matches!(name, "-u" | "--unlock") {
            self.unlock = true;
        } else if matches!(name, "-o" | "--close") {
            self.closes = true;
        } else {
            return false;
        }
        true
    }

    fn wait_for(&mut self, word: Option<&ShellWord>) {
        if self.wait == Wait::No {
            return;
        }
        let seconds = word.filter(|word| word.is_fixed()).and_then(|word| word.raw().parse::<f64>().ok());
        self.wait = match seconds {
            Some(0.0) => Wait::No,
            Some(seconds) if seconds.is_finite() && seconds > 0.0 => Wait::Seconds(seconds),
            _ => Wait::Unknown,
        };
    }
}
