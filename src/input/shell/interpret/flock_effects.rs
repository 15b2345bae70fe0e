//! The locks that `flock` takes and releases, and those that a process runs under.
//! Uses `interpreter`, `flock_command` and `shell_state`.

use std::rc::Rc;

use super::certainty::Certainty;
use super::exit_states::ExitStates;
use super::flock_command::{self, FlockAction, FlockCommand};
use super::interpreter::Interpreter;
use super::shell_state::{Descriptor, HeldLock, OpenFileId, ShellState, join_states, own_number};
use super::shell_word::ShellWord;
use super::unwrapped::ShellCall;
use crate::model::{FileLock, Wait, Word};

impl Interpreter<'_> {
    /// The locks that a process in this state runs under, outermost first.
    pub(super) fn held_locks(&self, state: &ShellState) -> Vec<FileLock> {
        self.held_files(state).into_iter().map(|(_, lock)| lock).collect()
    }

    /// The same, each with its open file.
    pub(super) fn held_files(&self, state: &ShellState) -> Vec<(OpenFileId, FileLock)> {
        let mut locks = Vec::new();
        for (file, held) in state.locks.iter().filter(|(file, held)| held.got && state.has_open(**file)) {
            let (condition, test) = match &held.certainty {
                Certainty::When(condition) => (Some(condition.variable.clone()), Some(condition.test.clone())),
                _ => (None, None),
            };
            let opened = self.files.get(*file);
            let path = opened.map(|file| Word::of_traced(&file.path)).unwrap_or_default();
            let lock = FileLock {
                path,
                exclusive: held.exclusive,
                wait: held.wait,
                failure_ignored: held.ignored,
                perhaps: held.certainty == Certainty::Perhaps,
                condition,
                test,
                span: held.span,
                outside: false,
                opened: opened.and_then(|file| file.opened),
            };
            locks.push((held.order, *file, lock));
        }
        locks.sort_by_key(|(order, ..)| *order);
        locks.into_iter().map(|(_, file, lock)| (file, lock)).collect()
    }

    pub(super) fn run_flock(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        let Some(flock) = flock_command::parse_flock(words.get(1..).unwrap_or_default()) else {
            self.note_unseen("an `flock` has an option that is not known");
            return ExitStates::either_way(state);
        };
        let place = words.first().and_then(|word| word.source_span(self.context.sources)).unwrap_or(self.here);
        let held = HeldLock {
            order: self.next_site(),
            exclusive: flock.exclusive,
            wait: flock.wait,
            got: true,
            fresh: false,
            ignored: false,
            certainty: Certainty::Sure,
            span: place,
        };
        match flock.runs {
            FlockAction::Nothing => ExitStates::either_way(state),
            FlockAction::Descriptor(word) => {
                // It is ended while it waits, and fails.
                let wait = match (held.wait, self.time_limit) {
                    (Wait::Forever, Some(limit)) => Wait::Seconds(limit),
                    (wait, _) => wait,
                };
                self.lock_descriptor(word, flock.unlock, &HeldLock { wait, ..held }, state)
            }
            FlockAction::Command(file, command) => {
                let (file, child) = self.lock_file(file, &flock, held, &state);
                let exits = self.start_program(command, child);
                after_command(exits, &state, file)
            }
            FlockAction::Text(file, text) => {
                let (file, child) = self.lock_file(file, &flock, held, &state);
                let exits = self.run_shell_text(&ShellCall::plain(text.clone()), &child);
                after_command(exits, &state, file)
            }
        }
    }

    /// A child that runs while `flock` itself holds the file.
    fn lock_file(
        &mut self,
        word: &ShellWord,
        flock: &FlockCommand<'_>,
        held: HeldLock,
        state: &ShellState,
    ) -> (OpenFileId, ShellState) {
        let file = self.open_file(word, state);
        let mut child = state.clone();
        Rc::make_mut(&mut child.above).push(file);
        if !flock.closes {
            // What it runs has it open too, by a number that nothing else uses.
            Rc::make_mut(&mut child.fds)
                .insert(own_number(file), Descriptor { file: Some(file), certainty: Certainty::Sure });
        }
        self.check_path(file);
        if !flock.unlock {
            Rc::make_mut(&mut child.locks).insert(file, held);
        }
        (file, child)
    }

    fn check_path(&mut self, file: OpenFileId) {
        if self.files.get(file).is_some_and(|file| file.unclear) {
            self.note_unseen("the path of a lock depends on what is set in more than one way");
        }
    }

    fn lock_descriptor(&mut self, word: &ShellWord, unlock: bool, held: &HeldLock, state: ShellState) -> ExitStates {
        if !word.is_fixed() {
            self.note_unseen(format!("`flock` is given a descriptor that is not known: `{}`", word.text.shown()));
            return ExitStates::either_way(state);
        }
        let Some(descriptor) = word.raw().parse().ok().and_then(|number: u32| state.fds.get(&number).cloned()) else {
            // Nothing is open there: `flock` fails at once.
            return ExitStates::either_way(state);
        };
        let Some(file) = descriptor.file else {
            self.note_unseen("`flock` is given a descriptor that may be one of several files");
            return ExitStates::either_way(state);
        };
        self.check_path(file);
        let mut ok = state;
        if unlock {
            self.let_go_of(file, &ok);
            Rc::make_mut(&mut ok.locks).remove(&file);
            return ExitStates::either_way(ok);
        }
        let mut err = ok.clone();
        let got = HeldLock { certainty: descriptor.certainty, ..held.clone() };
        Rc::make_mut(&mut err.locks).insert(file, HeldLock { got: false, fresh: true, ..got.clone() });
        err.conditional = true;
        Rc::make_mut(&mut ok.locks).insert(file, got);
        ExitStates { ok: Some(ok), err: Some(err), soft: None }
    }
}

/// The caller after `flock` and what it ran ended.
fn after_command(exits: ExitStates, state: &ShellState, file: OpenFileId) -> ExitStates {
    let mut exits = exits.map_states(|child| {
        let mut after = child;
        (after.above, after.fds) = (Rc::clone(&state.above), Rc::clone(&state.fds));
        Rc::make_mut(&mut after.locks).remove(&file);
        after
    });
    exits.err = join_states(exits.err, Some(state.clone()));
    exits
}
