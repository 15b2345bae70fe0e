//! The frames that `exit`, `return`, `break` and `continue` leave, and processes of their own.
//! Uses `interpreter`, `exit_states` and `shell_state`.

use super::exit_states::{ControlFrame, ExitStates, FrameKind};
use super::interpreter::Interpreter;
use super::shell_state::{ShellState, join_states};

impl Interpreter<'_> {
    /// Hands ways out to the frame they lead to.
    pub(super) fn leave_frames(&mut self, kind: FrameKind, levels: usize, exits: ExitStates) {
        let mut left = levels.max(1);
        for frame in self.frames.iter_mut().rev() {
            let returns = kind == FrameKind::Function && matches!(frame.kind, FrameKind::Process | FrameKind::Sourced);
            let stops = frame.kind == kind || returns;
            left -= usize::from(stops);
            if left == 0 {
                let ends = std::mem::take(&mut frame.ends);
                frame.ends = ends.merge(exits);
                return;
            }
            if frame.kind == FrameKind::Process {
                return;
            }
        }
    }

    pub(super) fn in_frame(
        &mut self,
        kind: FrameKind,
        run: impl FnOnce(&mut Self) -> ExitStates,
    ) -> (ExitStates, ControlFrame) {
        self.frames.push(ControlFrame { kind, ends: ExitStates::default(), again: None, locals: Vec::new() });
        let exits = run(self);
        let frame = self.frames.pop();
        (exits, frame.unwrap_or(ControlFrame { kind, ends: ExitStates::default(), again: None, locals: Vec::new() }))
    }

    /// Runs something in a process of its own, which leaves nothing behind but locks on files that are open here too.
    pub(super) fn in_child_process(
        &mut self,
        parent: &ShellState,
        child: ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        let outer = self.timeline.enter_shell();
        let (exits, frame) = self.in_frame(FrameKind::Process, |interpreter| run(interpreter, child));
        self.timeline.leave_shell(outer);
        self.keep_running_of(&exits, &parent.running);
        self.keep_running_of(&frame.ends, &parent.running);
        let ExitStates { ok, err, soft } = exits.merge(frame.ends);
        let is_within = self.ways_in.is_some() || self.frames.iter().any(|frame| frame.kind == FrameKind::Process);
        if !is_within {
            [&ok, &err, &soft].into_iter().flatten().for_each(|state| self.end_all_left(state));
        }
        ExitStates { ok, err: join_states(err, soft), soft: None }.map_states(|child| parent.after_child(&child))
    }
}
