//! What is kept of a command that starts containers.
//! May use `model`, `text` and `docker_cli`.

use crate::input::docker_cli::DockerCommand;
use crate::model::{Condition, FileLock, Invocation, Moment};
use crate::text::Span;

/// A command that starts containers.
#[derive(Debug, Clone)]
pub struct ContainerStart {
    /// What it starts.
    pub command: DockerCommand,
    /// What it starts in each of the ways in which its words may be chosen, where variables of them are one of several
    /// texts; none where there is nothing to choose.
    pub alternatives: Vec<DockerCommand>,
    /// Whether it runs on some ways through the script only.
    pub possible: bool,
    /// Of the conditions of those ways those that ask one variable of the environment.
    pub when: Vec<Condition>,
    /// Whether the next one can be started before this one ends: in a loop that does not wait, by `xargs -P`.
    pub repeats: bool,
    /// Whether what `mktemp` made for it is made anew for each of those.
    pub is_made_each_round: bool,
    /// Whether it is in a loop.
    pub in_loop: bool,
    /// When it is, in the run of its script.
    pub moment: Moment,
    /// The variables that are another for each of its repetitions.
    pub varying: Vec<String>,
    /// Whether what runs it never runs twice at once.
    pub is_single: bool,
    /// What it is in that nobody in its script calls; none where the script itself leads to it.
    pub ways_in: Vec<WayIn>,
    /// What stands for the id that it prints, where its script keeps that alone.
    pub kept_id: Option<String>,
    /// The file that its id is written to, as the command names it.
    pub id_file: Option<String>,
    /// Whether its script surely ends it.
    pub is_ended: bool,
    /// The exclusive locks held around it.
    pub locks: Vec<StartLock>,
    /// The calls whose output it may read, nearest first: those before it in its line, or one that prints the file that its
    /// input comes from. None where what it starts has no input.
    pub fed: Vec<Invocation>,
    /// The command's first word.
    pub span: Span,
}

/// What others than a script itself may call of it: a function, an alias, or a text that it writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WayIn {
    /// Its number among those of the script, each of which somebody may call while another one runs; 0 where one call of the
    /// script takes one of them.
    pub run: usize,
    /// Where the function is named in each of its definitions, or the text of the alias begins; none of a written text.
    pub defined_at: Vec<Span>,
}

/// A lock held around a start.
#[derive(Debug, Clone)]
pub struct StartLock {
    /// The absolute path of its file, where that is known.
    pub path: Option<String>,
    /// The lock.
    pub lock: FileLock,
}

/// Which lock is held around which start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LockedStart {
    /// The lock, by its place in the order of locking.
    pub(super) lock: usize,
    /// The start, by its index among all.
    pub(super) start: StartNumber,
}

/// A start, by its index among all; or one more of it that was not gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StartNumber {
    Gone(usize),
    Repeated(usize),
}

/// A lock around a start.
#[derive(Debug, Clone, Copy)]
pub(super) struct LockAround {
    pub(super) span: Span,
    /// Whether another start can be made while this one runs under the same lock.
    pub(super) beside: bool,
}
