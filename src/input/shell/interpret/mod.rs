//! Runs parsed shell text down every branch, and records each command with the locks held around it.
//! May use `text`, `model`, `docker_cli` and `shell::parse`.
//!
//! ```text
//! value_positions   a Compose value's characters, found in the file
//! interpreter       statements one after the other: `branches`, `lists`, `test_expr`, `simple_command`, `builtins`,
//!                   `assignment`, `associative_arrays`, `taken_names`, `redirection` are its larger
//!                   cases
//! shell_state       variables, descriptors and locks at one point, and how branches are joined; `exit_states`: the
//!                   states in which a statement ends, `control_frames`: what they leave; `variable_value`,
//!                   `shell_variables`: what a variable holds, and which are asked for; `certainty`: what happened on
//!                   some ways only
//! repeated_calls    functions and files that are called again from the same start are not gone through again: `saved_call`
//!                   is what they gave, `moved_states` and `repeated_records` give it again (`recorded_again` says how
//!                   often), `call_times` says what that adds to the timeline; `widened_calls`: those with ever new starts
//! word_expansion    words -> what they stand for; `command_substitution`, `printed_words`: what `$(...)` prints, `login_contents`: a
//!                   login; `split_words`: a text that is built up piece by piece; `script_defaults`: defaults that name other
//!                   variables; `unclear_words`, `value_identity`, `unclear_parts`: values that are not known; `alternatives`: those that
//!                   are one of several, `chosen_words`: what a command's words are then
//! script_files      from a word to the script file that it means, by `searched_directories` where it is a name;
//!                   `program_scripts`: those that stand for a program; `own_scripts`: those that were written before;
//!                   `variable_files`: those that set variables; `startup_files`: those that a shell reads first, by how it
//!                   is started (`shell_startup`)
//! exec              a program is started: `wrappers` and `user_wrappers` are looked through, locks taken
//!                   (`users`: what a change of the user does; `flock_command`, `flock_effects`), the program recorded;
//!                   `command_runners`, `git_commands`, `environment_texts`, `run_parts`, `terminal_programs`, `remote_hosts`, `package_scripts`, `recipe_calls`,
//!                   `inline_texts`: what others run for it;
//!                   `other_names`: programs under names that links give them; `hidden_programs`: what its words do not name;
//!                   `unread_code`: what files show of that which are no shell scripts
//! supervised_commands   what cron, supervisord, s6 and runit run by their files; `own_tables`: tables that were written before
//! container_starts  the commands that start containers, `engine_place`: where those stand whose engine is in a variable;
//!                   `project_inputs`: projects that these are given on their input;
//!                   timeline: in which order, and what still runs meanwhile;
//!                   `repeated_commands`: `xargs` and its kin;  `running_containers`: what a round of a loop ends
//! ways_in           what others than a script itself call of it: functions (`function_calls`), aliases, here-documents;
//!                   `arguments` and `unknown_arguments`: what they are called with;
//!                   `declared_functions`: functions that a shell is given as text;
//!                   `written_services`: texts with services that it writes; `handed_texts`: others that it hands on;
//!                   `written_variables`: files of variables that it makes, for Compose
//! entry_runs        the entries of a file of another kind, one after the other
//! ```

mod alternative_words;
mod alternatives;
mod arguments;
mod assignment;
mod associative_arrays;
mod branches;
mod builtins;
mod call_notes;
mod call_times;
mod certainty;
mod chosen_words;
mod command_runners;
mod command_substitution;
mod container_starts;
mod control_frames;
mod declared_functions;
mod demanded_variables;
mod engine_place;
mod entry_runs;
mod environment_texts;
mod eval_words;
mod exec;
mod exit_states;
mod file_start;
mod flock_command;
mod flock_effects;
mod function_calls;
mod git_commands;
mod handed_texts;
mod hidden_programs;
mod inline_texts;
mod interpreter;
mod left_calls;
mod left_running;
mod limits;
mod list_item;
mod lists;
mod login_contents;
mod moved_states;
mod other_names;
mod own_scripts;
mod own_table;
mod own_tables;
mod package_scripts;
mod print_record;
mod printed_words;
mod program_scripts;
mod project_inputs;
mod quote_cursor;
mod recipe_calls;
mod recipient;
mod recorded_again;
mod redirection;
mod remote_hosts;
#[cfg(test)]
mod repeat_tests;
mod repeated_calls;
mod repeated_commands;
mod repeated_records;
mod run_parts;
mod running_containers;
mod saved_call;
mod script_defaults;
mod script_files;
mod script_text;
mod searched_directories;
mod shell_startup;
mod shell_state;
mod shell_variables;
mod shell_word;
mod simple_command;
mod split_words;
mod start_record;
mod startup_files;
#[cfg(test)]
mod step_tests;
mod supervised_commands;
mod taken_names;
mod terminal_programs;
mod test_expr;
mod timeline;
mod unclear_parts;
mod unclear_words;
mod unknown_arguments;
mod unread_code;
mod unseen_notes;
mod unwrapped;
mod user_wrappers;
mod users;
mod value_identity;
mod value_positions;
mod variable_files;
mod variable_value;
mod way_in_state;
mod ways_in;
mod widened_calls;
mod word_expansion;
mod working_directory;
mod wrappers;
mod written_services;
mod written_variables;

pub use self::container_starts::read_docker_line;
use self::interpreter::Interpreter;
pub use self::start_record::{ContainerStart, StartLock, WayIn};
use self::timeline::StartMoment;
pub(in crate::input) use self::unwrapped::is_shell;
pub(in crate::input) use self::value_positions::traced_scalar;
pub(in crate::input) use self::variable_files::assigned_variables;
pub use self::written_services::{is_in_key, name_for};
use std::sync::Arc;

use super::{ExecContext, ShellEntry};
use crate::model::{Command, Inherits, Moment, Script, Sight};
use crate::text::{FileId, Span};

/// Runs an entrypoint with a command; without an entrypoint the command by itself.
pub(super) fn run_commands(
    entrypoint: Option<&Command>,
    command: Option<&Command>,
    context: &ExecContext<'_>,
) -> (Script, Vec<ContainerStart>) {
    let Some(first) = entrypoint.or(command) else {
        return (unread("the image's own command was not read"), Vec::new());
    };
    let commands = [entrypoint, command].into_iter().flatten();
    let words: Vec<_> = commands.flat_map(|command| value_positions::command_words(command, context.sources)).collect();
    if words.is_empty() {
        return (unread("neither entrypoint nor command has a word"), Vec::new());
    }
    let mut interpreter = Interpreter::new(*context, Span::at(first.span.file, first.span.start));
    interpreter.run_words(&words);
    finish(interpreter, entrypoint.is_none(), "", None)
}

/// Runs a script as a program that others call: what it is called with is not known, and its functions and aliases may
/// be called too.
pub(super) fn run_program(path: &str, span: Span, context: &ExecContext<'_>) -> (Script, Vec<ContainerStart>) {
    let mut interpreter = Interpreter::new(*context, span);
    interpreter.run_as_program(path, span);
    finish(interpreter, false, path, Some(span.file))
}

/// Runs the entries of a file of another kind: none of them knows of the others.
pub(super) fn run_entries(
    entries: &[ShellEntry],
    span: Span,
    context: &ExecContext<'_>,
) -> (Script, Vec<ContainerStart>) {
    let mut interpreter = Interpreter::new(*context, span);
    let runs = interpreter.run_entries(entries);
    let (script, mut started) = finish(interpreter, false, "", None);
    runs.name_moments(&mut started);
    (script, started)
}

/// What a run gives; `by_convention` where its words are arguments of what was not read. `program` is the script that was
/// run as a program.
fn finish(
    mut interpreter: Interpreter<'_>,
    by_convention: bool,
    run: &str,
    program: Option<FileId>,
) -> (Script, Vec<ContainerStart>) {
    interpreter.drop_shared_locks();
    let run: Arc<str> = run.into();
    for (number, start) in interpreter.started.iter_mut().enumerate() {
        // What one function starts that others call may run beside what another one does.
        let run_of_way = start.ways_in.first().map_or(0, |way_in| way_in.run);
        let run: Arc<str> = if run_of_way == 0 { Arc::clone(&run) } else { format!("{run} {run_of_way}").into() };
        let StartMoment { moment, repeats, is_ended } = interpreter.timeline.moment(number, &run);
        let is_of_program = program == Some(start.span.file);
        start.moment = Moment { is_of_program, ..moment };
        (start.repeats, start.is_ended) = (repeats, is_ended);
    }
    let covered = interpreter.unseen.is_none() && interpreter.covered.is_some();
    let (unseen, unseen_span) = match (interpreter.unseen, interpreter.covered) {
        (None, Some((reason, span))) => (Some(reason), span),
        (unseen, _) => (unseen, interpreter.unseen_span),
    };
    let (sight, unseen) = match unseen {
        Some(reason) => (Sight::Partial, Some(reason)),
        None if by_convention => (Sight::Arguments, Some("the image's own entrypoint was not read".to_owned())),
        None => (Sight::Whole, None),
    };
    let without_environment = interpreter.found.iter().any(|call| call.inherits != Inherits::All);
    let script = Script {
        without_environment,
        invocations: interpreter.found,
        sight,
        unseen,
        unseen_span,
        misread: interpreter.misread,
        unread: interpreter.unread,
        more_unseen: interpreter.more_unseen,
        written: interpreter.written,
        called_by_name: interpreter.ways_in.map(|ways_in| ways_in.called_by_script).unwrap_or_default(),
        covered,
    };
    (script, interpreter.started)
}

fn unread(reason: &str) -> Script {
    Script { unseen: Some(reason.to_owned()), ..Script::default() }
}
