//! What a shell started in the background and has not waited for, and the locks that it is under only because that shell
//! holds them meanwhile (`flock 9; program 9>&- & wait`). Uses `interpreter`, `shell_state` and `left_calls`.

use std::rc::Rc;

use super::builtins::is_builtin;
use super::interpreter::Interpreter;
use super::left_calls::LeftCalls;
use super::limits;
use super::shell_state::{OpenFileId, ShellState};
use crate::model::{FileLock, program_name};

impl Interpreter<'_> {
    /// Notes that what was found since `first` goes on beside the shell, where that shell holds a lock.
    pub(super) fn leave_running(&mut self, process: usize, first: usize, state: &mut ShellState) {
        let calls = first..self.found.len();
        let files: Vec<OpenFileId> = state.locks.keys().copied().filter(|file| state.has_open(*file)).collect();
        if calls.is_empty() || files.is_empty() {
            return;
        }
        self.forbid_keeping();
        if state.left.len() >= limits::LEFT_RUNNING {
            self.note_unseen("more is started in the background under a lock than was followed");
        } else {
            Rc::make_mut(&mut state.left).push(LeftCalls { process, calls, files: Rc::new(files) });
        }
    }

    /// These processes have ended while the shell was in this state: what it still holds it held all the time.
    pub(super) fn end_left(&mut self, ended: &[usize], state: &mut ShellState) {
        if !state.left.iter().any(|left| ended.contains(&left.process)) {
            return;
        }
        let (over, left): (Vec<LeftCalls>, Vec<LeftCalls>) =
            state.left.iter().cloned().partition(|left| ended.contains(&left.process));
        state.left = Rc::new(left);
        for over in &over {
            self.hold_around(over, state);
        }
    }

    /// The container ends with its first shell, and all that runs in it too: what that still does in the foreground keeps
    /// the lock. Where it does nothing more, the text is meant for a shell that others outlive.
    pub(super) fn end_all_left(&mut self, state: &ShellState) {
        let goes_on = |left: &&LeftCalls| {
            let after = self.found.get(left.calls.end..).unwrap_or_default();
            let is_disowned = after.iter().any(|call| program_name(call) == "disown");
            !is_disowned && after.iter().any(|call| !is_builtin(program_name(call)))
        };
        let kept: Vec<LeftCalls> = state.left.iter().filter(goes_on).cloned().collect();
        for left in &kept {
            self.hold_around(left, state);
        }
    }

    /// Adds the locks of a shell to calls that end before it lets go of them.
    fn hold_around(&mut self, left: &LeftCalls, state: &ShellState) {
        let held: Vec<(OpenFileId, FileLock)> = self.held_files(state);
        let kept: Vec<(OpenFileId, FileLock)> =
            held.into_iter().filter(|(file, _)| left.files.contains(file)).collect();
        for at in left.calls.clone() {
            let let_go = &self.let_go;
            let Some(call) = self.found.get_mut(at) else { continue };
            let missing =
                kept.iter().filter(|(file, lock)| !call.locks.contains(lock) && !let_go.contains(&(at, *file)));
            let missing: Vec<FileLock> = missing.map(|(_, lock)| lock.clone()).collect();
            call.locks.splice(0..0, missing);
        }
    }

    /// A lock is let go while calls run beside that are under it: whoever has the file open shares it.
    pub(super) fn let_go_of(&mut self, file: OpenFileId, state: &ShellState) {
        if state.left.is_empty() {
            return;
        }
        let held: Vec<FileLock> =
            self.held_files(state).into_iter().filter(|(held, _)| *held == file).map(|(_, lock)| lock).collect();
        for at in state.left.iter().flat_map(|left| left.calls.clone()) {
            self.let_go.insert((at, file));
            if let Some(call) = self.found.get_mut(at) {
                call.locks.retain(|lock| held.iter().all(|held| held.span != lock.span || held.path != lock.path));
            }
        }
    }
}

impl ShellState {
    /// The same with what another way has left running too.
    pub(super) fn with_left(mut self, other: Option<&Self>) -> Self {
        let Some(other) = other.filter(|other| !Rc::ptr_eq(&self.left, &other.left)) else { return self };
        let more: Vec<LeftCalls> = other.left.iter().filter(|one| !self.left.contains(one)).cloned().collect();
        if !more.is_empty() {
            Rc::make_mut(&mut self.left).extend(more);
        }
        self
    }
}
