//! The containers that a round of a loop leaves running, and the commands that end them in the same round: on every way
//! from the one to the next round, or there is one more at once. And the ids that are kept in files.
//! Uses `interpreter`, `shell_state`, `timeline` and `docker_cli`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::exit_states::{ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::start_record::ContainerStart;
use super::value_identity::{WrittenAt, name_container};
use crate::input::docker_cli::{DockerCommand, DockerStop};
use crate::input::shell::parse::syntax::{Block, RedirectAction, RedirectTarget, SimpleCommand, Statement};
use crate::model::{Value, is_variable_name};
use crate::text::TracedText;

/// The option that names the file for a container's id.
const ID_FILE: &str = "--cidfile";
/// Variables of the shell that have another value each time.
const CHANGING: [&str; 6] = ["EPOCHREALTIME", "EPOCHSECONDS", "LINENO", "RANDOM", "SECONDS", "SRANDOM"];

impl Interpreter<'_> {
    /// Follows what the command that was recorded last starts or ends; gives the number of a start that goes on from here.
    pub(super) fn follow_containers(&mut self, words: &[ShellWord], state: &mut ShellState) -> Option<usize> {
        let number = self.started.len().checked_sub(1)?;
        let command = &self.started.get(number)?.command;
        if let DockerCommand::Stop(stop) = command {
            let stop = stop.clone();
            if let Some(notes) = self.call_notes.last_mut() {
                notes.ends_containers = true;
            }
            self.end_running(&stop, number, state);
            return None;
        }
        if command.is_start() {
            self.keep_running_here(state);
        }
        let is_one = matches!(command_of(self, number)?, DockerCommand::Run(_) | DockerCommand::ComposeRun(_));
        let command = command_of(self, number)?;
        let goes_on = is_one && command.is_left_running() && !command.is_perhaps_detached() && self.at_once == 0;
        if !goes_on {
            return None;
        }
        let file = id_file(words);
        if let Some((file, place)) = &file {
            self.forbid_keeping();
            let id = name_container(*place, number, self.context.sources).raw();
            if let Some(start) = self.started.get_mut(number) {
                (start.id_file, start.kept_id) = (Some(file.clone()), Some(id));
            }
        }
        let is_followed = file.is_some() || self.started.get(number)?.in_loop;
        if is_followed {
            Rc::make_mut(&mut state.running).insert(number);
        }
        is_followed.then_some(number)
    }

    /// Notes that something is started here: what was ended on other ways only runs beside it.
    pub(super) fn keep_running_here(&mut self, state: &ShellState) {
        self.keep_running(state.running.iter(), true);
    }

    /// Ends what a command names of the containers that run.
    fn end_running(&mut self, stop: &DockerStop, by: usize, state: &mut ShellState) {
        let is_meant = |number: &usize| self.started.get(*number).is_some_and(|start| is_ended_by(start, stop));
        let ended: Vec<usize> = state.running.iter().copied().filter(is_meant).collect();
        // Of what is started once, the whole script says whether it is ended.
        let in_loop = |number: &&usize| self.started.get(**number).is_some_and(|start| start.in_loop);
        for number in ended.iter().filter(in_loop) {
            self.timeline.end_start(*number, by);
        }
        if !ended.is_empty() {
            Rc::make_mut(&mut state.running).retain(|number| !ended.contains(number));
        }
    }

    /// Notes that containers run on at a point, of which those may be followed no further that were ended elsewhere.
    fn keep_running<'n>(&mut self, running: impl Iterator<Item = &'n usize>, only_ended: bool) {
        for number in running {
            self.timeline.keep_start(*number, only_ended);
        }
    }

    /// Notes what runs on that a process started which ends, where it ended that on other ways. What ran before it is the
    /// affair of the process around it. A script's own process ends with the script.
    pub(super) fn keep_running_of(&mut self, exits: &ExitStates, before: &BTreeSet<usize>) {
        if self.frames.is_empty() {
            return;
        }
        for state in exits.ok.iter().chain(&exits.err).chain(&exits.soft) {
            self.keep_running(state.running.difference(before), true);
        }
    }

    /// Notes which containers a substituted command started and did not where it failed; `before` ran all the time.
    pub(super) fn note_not_made(&mut self, exits: &ExitStates, before: &ShellState) {
        self.not_made.clear();
        let Some(ok) = &exits.ok else { return };
        let failed: Vec<&ShellState> = exits.err.iter().chain(&exits.soft).collect();
        let is_made = |number: &usize| failed.is_empty() || failed.iter().any(|state| state.running.contains(number));
        let started = ok.running.difference(&before.running).copied();
        self.not_made = started.filter(|number| !is_made(number)).collect();
    }

    /// The ways out of assignments, with the status of the command that is substituted last.
    pub(super) fn exits_of_substitution(&self, state: ShellState) -> ExitStates {
        let mut exits = ExitStates::either_way(state);
        if let Some(failed) = exits.err.as_mut().filter(|failed| !failed.running.is_disjoint(&self.not_made)) {
            Rc::make_mut(&mut failed.running).retain(|number| !self.not_made.contains(number));
        }
        exits
    }

    /// Notes what a round of a loop leaves running that was not there before: the next round finds it, and so does what
    /// follows the loop. Ways out of the script are followed no further.
    pub(super) fn keep_running_after(&mut self, outs: Vec<&ShellState>, before: &BTreeSet<usize>) {
        if self.is_muted() {
            return;
        }
        let within = self.frames.iter().rev().take_while(|frame| frame.kind != FrameKind::Process);
        let left = within.flat_map(|frame| {
            let ExitStates { ok, err, soft } = &frame.ends;
            ok.iter().chain(err).chain(soft).chain(&frame.again)
        });
        let running = outs.into_iter().chain(left).flat_map(|state| state.running.difference(before).copied());
        let running: BTreeSet<usize> = running.collect();
        self.keep_running(running.iter(), false);
    }

    /// What `$(cat FILE)` and `$(< FILE)` print of a file that holds the id of a container which runs.
    pub(super) fn container_id_in_file(&mut self, blocks: &[Block], state: &ShellState) -> Option<TracedText> {
        let [block] = blocks else { return None };
        let [only] = block.as_slice() else { return None };
        let Statement::Simple(simple) = &only.stmt else { return None };
        if state.running.is_empty() {
            return None;
        }
        let file = self.file_that_is_printed(simple, state)?;
        let written =
            |number: &&usize| self.started.get(**number).is_some_and(|start| start.id_file.as_ref() == Some(&file));
        let mut all = state.running.iter().filter(written);
        let number = all.next().filter(|_| all.next().is_none())?;
        self.started.get(*number)?.kept_id.as_deref().map(TracedText::live)
    }

    fn file_that_is_printed(&mut self, simple: &SimpleCommand, state: &ShellState) -> Option<String> {
        let state = &mut state.clone();
        let read = self.without_recording(|interpreter| match (simple.words.as_slice(), simple.redirects.as_slice()) {
            ([], [redirect]) if redirect.target == RedirectTarget::Number(0) => match &redirect.action {
                RedirectAction::Open(word) => vec![interpreter.expand_one(word, state)],
                _ => Vec::new(),
            },
            (words, []) => interpreter.expand_all(words, state),
            _ => Vec::new(),
        });
        match read.as_slice() {
            [cat, file] if cat.raw() == "cat" => Some(file.raw()),
            [file] if simple.words.is_empty() => Some(file.raw()),
            _ => None,
        }
    }
}

fn command_of<'i>(interpreter: &'i Interpreter<'_>, number: usize) -> Option<&'i DockerCommand> {
    interpreter.started.get(number).map(|start| &start.command)
}

/// Whether a command ends what a start left running.
fn is_ended_by(start: &ContainerStart, stop: &DockerStop) -> bool {
    let command = &start.command;
    let name = match command {
        DockerCommand::Run(run) => run.name.as_ref(),
        DockerCommand::ComposeRun(run) => run.name.as_ref(),
        _ => None,
    };
    let name = name.filter(|name| is_same_in_round(name) && !command.perhaps().is_some_and(|perhaps| perhaps.name));
    let is_named = stop.names.iter().any(|value| {
        let is_name = name.is_some_and(|name| name.text == value.text);
        is_name || start.kept_id.as_ref() == Some(&value.text)
    });
    let waits_for_nothing = stop.only_waits && command.may_start_again();
    is_named && stop.project.is_none() && stop.name_scope == command.name_scope() && !waits_for_nothing
}

/// Whether a name is the same wherever its words stand in one round: what is not known of it are variables, and not what a
/// command prints or the shell makes anew.
fn is_same_in_round(name: &Value) -> bool {
    name.symbols.iter().all(|symbol| {
        let variable = symbol.name.split(" at ").next().unwrap_or_default();
        is_variable_name(variable) && !CHANGING.contains(&variable)
    })
}

/// The file for the id of what a command starts, as its words name it, and where the command is written.
fn id_file(words: &[ShellWord]) -> Option<(String, WrittenAt)> {
    let place = WrittenAt::of_text(&words.first()?.source)?;
    let at = words.iter().position(|word| word.raw().starts_with(ID_FILE))?;
    let word = words.get(at)?.raw();
    let file = match word.strip_prefix(ID_FILE)?.strip_prefix('=') {
        Some(file) => file.to_owned(),
        None if word == ID_FILE => words.get(at + 1)?.raw(),
        None => return None,
    };
    Some((file, place))
}

impl ShellState {
    /// Forgets what ran in `before` and no longer does in `after`, which ran beside this.
    pub(super) fn forget_ended(&mut self, before: &Self, after: &Self) {
        if Rc::ptr_eq(&before.running, &after.running) || before.running.is_subset(&after.running) {
            return;
        }
        let ended: BTreeSet<usize> = before.running.difference(&after.running).copied().collect();
        Rc::make_mut(&mut self.running).retain(|number| !ended.contains(number));
    }
}
