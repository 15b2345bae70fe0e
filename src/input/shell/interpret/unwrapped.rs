//! What a program that runs another one runs, and how its own options are skipped.
//! Uses `shell_startup`, `shell_word` and `variable_value`.

use super::shell_startup::Startup;
use super::shell_word::ShellWord;
use super::variable_value::VariableValue;
use crate::model::Inherits;
use crate::text::TracedText;

/// What a command runs.
pub(super) enum Unwrapped {
    /// Nothing at all.
    Nothing,
    /// A program of its own.
    Program,
    /// A program that runs another.
    Inner(WrappedCommand),
    /// A shell with a text.
    Shell(ShellCall),
    /// A shell with a file, which is in the place of the text.
    File(ShellCall),
    /// A shell that reads its input.
    Input(ShellCall),
    /// flock(1).
    Flock,
}

/// What a wrapper runs.
#[derive(Default)]
pub(super) struct WrappedCommand {
    pub(super) words: Vec<ShellWord>,
    /// A text for a shell instead of words.
    pub(super) shell: Option<ShellCall>,
    pub(super) env: Vec<(String, VariableValue)>,
    /// Files whose variables it is given, or commands that print such: `$(grep -v '^#' prod.env)`.
    pub(super) variable_files: Vec<TracedText>,
    pub(super) directory: Option<TracedText>,
    /// Why something about it cannot be seen.
    pub(super) hides: Option<String>,
    /// Who runs it, where that changes.
    pub(super) user: Option<UserChange>,
    /// What of the environment reaches it.
    pub(super) inherits: Inherits,
    /// The names of variables that reach it all the same.
    pub(super) keeps: Vec<String>,
    /// After how many seconds it is ended.
    pub(super) time_limit: Option<f64>,
    /// Whether it is ended after some time, known or not.
    pub(super) is_cut_short: bool,
    /// Whether it is started without the descriptors from 3 on.
    pub(super) closes: bool,
}

/// A change of the user.
pub(super) struct UserChange {
    /// By name or number, perhaps with a group after a colon.
    pub(super) user: TracedText,
    /// Whether HOME becomes that user's home.
    pub(super) sets_home: bool,
}

/// A shell's text, arguments and options.
pub(super) struct ShellCall {
    pub(super) text: ShellWord,
    /// `$0` and on.
    pub(super) args: Vec<ShellWord>,
    pub(super) bash: bool,
    pub(super) errexit: bool,
    pub(super) allexport: bool,
    pub(super) pipefail: bool,
    /// What decides which files it reads first.
    pub(super) startup: Startup,
}

impl ShellCall {
    /// Reads a shell's name and options, as the first line of a script has them.
    pub(super) fn options(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        self.bash = words.next() == Some("bash");
        let letters: String = words.filter(|word| word.starts_with('-') && !word.starts_with("--")).collect();
        (self.errexit, self.allexport) = (letters.contains('e'), letters.contains('a'));
        self.startup.is_login = letters.contains('l') || line.split_whitespace().any(|word| word == "--login");
        self.startup.is_other = line.starts_with("zsh");
    }

    /// A text without options.
    pub(super) fn plain(text: ShellWord) -> Self {
        Self {
            text,
            args: vec![ShellWord::plain("sh")],
            bash: false,
            errexit: false,
            allexport: false,
            pipefail: false,
            startup: Startup::default(),
        }
    }
}

/// The number of the first word after the options, which start at the second word.
pub(super) fn skip_options(words: &[ShellWord], short: &str, long: &[&str]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.raw();
        if text == "--" {
            return at + 1;
        }
        if text == "-" || !text.starts_with('-') {
            break;
        }
        at += 1 + usize::from(takes_next_word(&text, short, long));
    }
    at
}

/// Whether an option's value is the next word.
pub(super) fn takes_next_word(text: &str, short: &str, long: &[&str]) -> bool {
    // Some programs have long options with one dash.
    if text.starts_with("--") || long.contains(&text) {
        return long.contains(&text);
    }
    let letters = text.get(1..).unwrap_or("");
    letters
        .find(|letter| short.contains(letter))
        .is_some_and(|at| letters.get(at..).is_some_and(|rest| rest.chars().count() == 1))
}

/// Whether a program may run the lines of its input.
pub(super) fn is_repeater(name: &str) -> bool {
    matches!(name, "parallel" | "env_parallel")
}

/// Whether a name is a shell's.
pub(in crate::input) fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "mksh")
}
