//! What a container runs: the commands that were seen, the file locks that they are under, and the conditions that they
//! depend on. May use `text` and `model::container`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Container, Content, EnvValue, RunningVersion, TakenVariables, Unseen, Word};
use crate::text::Span;

/// How much of what a container runs was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// Every command that can start is in [`Script::invocations`].
    Whole,
    /// The words were read, but they are arguments to the image's own entrypoint, which was not. By convention it runs
    /// them; it may do more before.
    Arguments,
    /// Something leads into what was not read or not understood, or nothing was given.
    #[default]
    Partial,
}

/// What a container's entrypoint and command were seen to run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Script {
    /// Each simple command, in order.
    pub invocations: Vec<Invocation>,
    /// Whether that is all.
    pub sight: Sight,
    /// Why not, for a person; `None` where it is all.
    pub unseen: Option<String>,
    /// Where what was not seen is named, if a file names it.
    #[serde(skip)]
    pub unseen_span: Option<Span>,
    /// Whether a text could not be read as shell, which is the first that `unseen` tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub misread: bool,
    /// Why texts were not read whole, and where they are: one is no shell, or there is too much of it. Empty where each
    /// was.
    #[serde(skip)]
    pub unread: Vec<Unseen>,
    /// What else was not seen than `unseen` tells, in order.
    #[serde(skip)]
    pub more_unseen: Vec<Unseen>,
    /// The texts that describe services and that it writes into files, in order.
    #[serde(skip)]
    pub written: Vec<WrittenServices>,
    /// Where the functions are named, and the texts of aliases begin, that the script itself calls.
    #[serde(skip)]
    pub called_by_name: BTreeSet<Span>,
    /// Whether all that was not seen is run by invocations that say so, each under an exclusive lock.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub covered: bool,
    /// Whether a command runs without the container's environment (`env -i`, `su -`): each says so for itself too.
    pub without_environment: bool,
}

/// A text that describes services and that a script writes into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenServices {
    /// The file's path, absolute; `None` where it is not known.
    pub path: Option<String>,
    /// The path as the script has it, by which two texts are of one file.
    pub file: String,
    /// The file for a sentence: "the file `compose.yaml`", or "a file".
    pub told: String,
    /// The text: `${NAME}` in it is Compose's to replace. `None` where its lines are not those of the script.
    pub text: Option<String>,
    /// Where its first line is written.
    pub span: Span,
    /// Variables in it of which the script knows no value, and where each of them is put in, as `up.sh:3`.
    pub unknown: Vec<(String, String)>,
    /// Whether a loop writes it.
    pub is_in_loop: bool,
    /// Whether it goes behind what the file has already.
    pub appends: bool,
    /// How many of the script's commands ran before it.
    pub commands_before: usize,
}

/// One simple command and the file locks held while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Invocation {
    /// The words. What the shell would expand is left in them, as `$NAME`, `${NAME}` or `$(...)`.
    pub argv: Vec<Word>,
    /// Variables set for this command or exported before it, by name. One that is unset is empty.
    /// `HOME` is `$(echo ~NAME)` after a change of user by name: that user's home.
    pub env: BTreeMap<String, Word>,
    /// How much of the container's environment reaches it beside these.
    #[serde(default, skip_serializing_if = "Inherits::is_all")]
    pub inherits: Inherits,
    /// Variables of the container's environment that reach it although others do not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub keeps: BTreeSet<String>,
    /// Variables of the container's environment that its script took away before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<TakenVariables>,
    /// The locks held, outermost first.
    pub locks: Vec<FileLock>,
    /// Whether it runs only under a condition.
    pub conditional: bool,
    /// Of its conditions those that ask one variable of the environment, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// The directory that it runs in, where that is another than the container's working directory; it may have variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Word>,
    /// The values that a variable of a loop has in turn, where its words name it.
    #[serde(skip)]
    pub choices: BTreeMap<String, Vec<Word>>,
    /// The file that its input comes from; `None` where that is no file or not clear.
    #[serde(skip)]
    pub input: Option<Word>,
    /// The file that its output goes to; `None` where that is no file or not clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Word>,
    /// Where it is written, as `path:line` in a running container, whose files are no sources here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The sides of branches on which it runs, each with the number of the branch.
    #[serde(skip)]
    pub branches: Vec<(usize, bool)>,
    /// Whether it runs beside what follows it, or as often as a loop goes round.
    #[serde(skip)]
    pub aside: bool,
    /// Whether it may run more than its words name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hides: bool,
    /// How it is known.
    pub witness: Witness,
    /// Of a running process the version by its own file; `None` where it is whatever is installed.
    #[serde(skip)]
    pub running_version: Option<RunningVersion>,
    /// Where its first word is written: never more, since other words may be secrets.
    #[serde(skip)]
    pub span: Span,
}

impl Invocation {
    /// Its words but for what it is given to do: its program, and its options where these count.
    pub fn deciding_words(&self, with_options: bool) -> impl Iterator<Item = &Word> {
        let is_deciding = move |(at, word): &(usize, &Word)| *at == 0 || with_options && word.starts_with('-');
        self.argv.iter().enumerate().filter(is_deciding).map(|(_, word)| word)
    }

    /// The words in one line.
    pub fn command_line(&self) -> String {
        self.argv.iter().map(|word| &**word).collect::<Vec<_>>().join(" ")
    }

    /// Whether a variable of the container's environment reaches it, where it has none of its own by that name.
    pub fn reach_of(&self, name: &str) -> Reach {
        let taken = || self.taken.iter().filter(|taken| taken.names.may_mean(name));
        match self.inherits {
            _ if taken().any(|taken| taken.is_certain) => Reach::No,
            Inherits::Nothing if !self.keeps.contains(name) => Reach::No,
            Inherits::ByPolicy if !self.keeps.contains(name) => Reach::Perhaps,
            _ if taken().next().is_some() => Reach::Perhaps,
            Inherits::All | Inherits::Nothing | Inherits::ByPolicy => Reach::Yes,
        }
    }
}

/// Whether a variable of a container's environment reaches a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That is not known.
    Perhaps,
}

/// How much of the environment of its container a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inherits {
    /// All of it.
    #[default]
    All,
    /// Nothing (`env -i`, `su -`).
    Nothing,
    /// What a policy lets through that was not read (`sudo`, `doas`).
    ByPolicy,
}

impl Inherits {
    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field itself in")]
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// How a call is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// Words that were read.
    #[default]
    Words,
    /// A process that runs, with every lock that it is under.
    Process,
    /// A process that runs, of whose locks nothing could be read.
    ProcessAlone,
}

/// An `flock` on a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLock {
    /// The file, as the shell's word; below the directory of a `cd` before it.
    pub path: Word,
    /// Whether it is exclusive (`flock -s` is not).
    pub exclusive: bool,
    /// How long it waits.
    pub wait: Wait,
    /// Whether the command runs although the lock was not got (`flock 9 || true`).
    pub failure_ignored: bool,
    /// Whether it was not even asked for on some way to the command that does not depend on one variable's value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub perhaps: bool,
    /// The variable whose value decides whether the lock is taken at all.
    pub condition: Option<String>,
    /// What is asked of that variable.
    pub test: Option<Test>,
    /// Where the word `flock` is written.
    #[serde(skip)]
    pub span: Span,
    /// Whether `path` is the host's own: the lock is held around the command that starts the container.
    #[serde(default, skip_serializing_if = "is_false")]
    pub outside: bool,
    /// Where the descriptor that it locks was opened, where that is apart from it (`exec 9>file`).
    #[serde(skip)]
    pub opened: Option<Span>,
}

// The signature is serde's.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field itself in")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A condition that depends on a variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Condition {
    /// The variable.
    pub variable: String,
    /// What is asked of it.
    pub test: Test,
}

impl Condition {
    /// The opposite condition.
    #[must_use]
    pub fn opposite(&self) -> Self {
        Self { variable: self.variable.clone(), test: self.test.opposite() }
    }

    /// When it holds, as a clause.
    pub fn phrase(&self) -> String {
        let is = match &self.test.asks {
            Asks::NotEmpty | Asks::Is(_) | Asks::OneOf(_) | Asks::Unclear => "is set",
            Asks::Empty | Asks::IsNot(_) | Asks::NoneOf(_) => "is not set",
        };
        format!("{} {is}", self.variable)
    }

    /// Whether it holds by what a container's environment sets; `None` where that is not known. An image may set what
    /// its container does not.
    pub fn holds(&self, container: &Container) -> Option<bool> {
        let set = container.env.get(&self.variable).map(|variable| &variable.value);
        let value = match set {
            Some(EnvValue::Set(value)) => &**value,
            // The engine tells the whole environment of a running one.
            None if container.is_running() => return self.test.holds(None),
            Some(EnvValue::Inherited) | None => return None,
        };
        if !value.is_symbolic() {
            return self.test.holds(Some(&value.text));
        }
        match (value.content(), &self.test.asks) {
            (Content::Filled, Asks::NotEmpty) => Some(true),
            (Content::Filled, Asks::Empty) => Some(false),
            _ => None,
        }
    }
}

/// A question to a variable of the environment. It is answered by [`Test::holds`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Test {
    /// What stands for the variable where it is not set or empty (`${NAME:-default}`).
    pub default: Option<String>,
    /// What is asked.
    pub asks: Asks,
}

/// What is asked of a variable's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// Whether it is not empty.
    NotEmpty,
    /// Whether it is empty.
    Empty,
    /// Whether it is this.
    Is(String),
    /// Whether it is anything but this.
    IsNot(String),
    /// Whether it is one of these.
    OneOf(Vec<String>),
    /// Whether it is none of these.
    NoneOf(Vec<String>),
    /// Something that was not understood.
    Unclear,
}

impl Test {
    /// The answer for a variable's value, `None` being a variable that is not set; no answer where the question was
    /// not understood.
    pub fn holds(&self, value: Option<&str>) -> Option<bool> {
        let value = value.filter(|value| !value.is_empty()).or(self.default.as_deref()).unwrap_or("");
        match &self.asks {
            Asks::NotEmpty => Some(!value.is_empty()),
            Asks::Empty => Some(value.is_empty()),
            Asks::Is(other) => Some(value == other),
            Asks::IsNot(other) => Some(value != other),
            Asks::OneOf(others) => Some(others.iter().any(|other| other == value)),
            Asks::NoneOf(others) => Some(others.iter().all(|other| other != value)),
            Asks::Unclear => None,
        }
    }

    /// The opposite question.
    #[must_use]
    pub fn opposite(&self) -> Self {
        let asks = match &self.asks {
            Asks::NotEmpty => Asks::Empty,
            Asks::Empty => Asks::NotEmpty,
            Asks::Is(other) => Asks::IsNot(other.clone()),
            Asks::IsNot(other) => Asks::Is(other.clone()),
            Asks::OneOf(others) => Asks::NoneOf(others.clone()),
            Asks::NoneOf(others) => Asks::OneOf(others.clone()),
            Asks::Unclear => Asks::Unclear,
        };
        Self { default: self.default.clone(), asks }
    }
}

/// How long `flock` waits for the lock (util-linux, flock(1)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// As long as it takes.
    Forever,
    /// Seconds (`-w`).
    Seconds(f64),
    /// Not at all (`-n`).
    No,
    /// A wait that could not be read, such as one in a variable.
    Unknown,
}

impl Eq for Wait {}
