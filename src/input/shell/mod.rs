//! Which commands a container runs, and which `flock` is held around each: shell text is parsed, then interpreted down
//! every branch and through the script files that it runs. May use `text`, `model` and `docker_cli`.
//!
//! ```text
//! file_system    the files of the place where a script runs
//! exec_context   those files, the directory and the environment, asked for through callbacks
//! entry          texts that stand in files of other kinds;  recipes: those that a command asks for by name
//! parse          text -> statements
//! interpret      statements -> commands with their locks, and the containers that are started
//! ```

mod entry;
mod exec_context;
pub mod file_system;
mod interpret;
mod parse;
mod recipes;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use self::entry::{EntryText, ShellEntry};
pub use self::exec_context::ExecContext;
pub(in crate::input) use self::interpret::assigned_variables;
pub use self::interpret::{ContainerStart, StartLock, WayIn, is_in_key, name_for, read_docker_line};
pub(super) use self::interpret::{is_shell, traced_scalar};
pub use self::recipes::{RecipeCall, RecipeFile, RecipeReader, RecipeSource, find_recipe_file, read_no_recipes};
use crate::model::{Command, Script};
use crate::text::{Sources, Span};

/// Reads what an entrypoint and a command run. `None` for the entrypoint means the image's own, which is not known.
///
/// A command without an entrypoint is read as if it were run itself. Bounded on any input: what is too large or too
/// deep is named in [`Script::unseen`].
pub fn read_commands(entrypoint: Option<&Command>, command: Option<&Command>, sources: &Sources) -> Script {
    run_commands(entrypoint, command, &ExecContext::unknown(sources)).0
}

/// The same, through the script files of the place where they run; and the containers that they start.
pub fn run_commands(
    entrypoint: Option<&Command>,
    command: Option<&Command>,
    context: &ExecContext<'_>,
) -> (Script, Vec<ContainerStart>) {
    interpret::run_commands(entrypoint, command, context)
}

/// Reads a script of the host as a program that others call, at an absolute path of the context's file system: its
/// arguments are unknown, and each function and alias that nobody in it calls is called too. Bounded as the others are.
pub fn run_program(path: &str, span: Span, context: &ExecContext<'_>) -> (Script, Vec<ContainerStart>) {
    interpret::run_program(path, span, context)
}

/// Reads the texts of a file of another kind, each entry as a program that others call: two of them may run at the same
/// time. Bounded as the others are, all entries together.
pub fn run_entries(entries: &[ShellEntry], span: Span, context: &ExecContext<'_>) -> (Script, Vec<ContainerStart>) {
    interpret::run_entries(entries, span, context)
}

/// The byte ranges of the comments of a script, each from its `#` on.
pub fn find_comments(text: &str) -> Vec<Range<usize>> {
    parse::find_comments(text)
}
