//! Redirections: which open file each descriptor refers to.
//! Uses `interpreter`, `shell_state` and `parse`.

use std::rc::Rc;

use super::certainty::Certainty;
use super::exit_states::ExitStates;
use super::interpreter::{Interpreter, OpenedFile};
use super::shell_state::{Descriptor, OpenFileId, ShellState, WorkingDirectory, join_states};
use super::shell_word::ShellWord;
use super::variable_value::VariableValue;
use crate::input::shell::parse::syntax::{Redirect, RedirectAction, RedirectTarget};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Runs something with its descriptors redirected, and restores them.
    pub(super) fn with_redirects(
        &mut self,
        redirects: &[Redirect],
        mut state: ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        if redirects.is_empty() {
            return run(self, state);
        }
        let (fds, above) = (Rc::clone(&state.fds), Rc::clone(&state.above));
        let mut numbers = Vec::new();
        for redirect in redirects {
            if let RedirectTarget::Number(number) = redirect.target {
                numbers.push(number);
                if let Some(file) = fds.get(&number).and_then(|fd| fd.file) {
                    Rc::make_mut(&mut state.above).push(file);
                }
            }
            self.apply_redirect(redirect, &mut state);
        }
        let back = |mut state: ShellState| {
            for number in &numbers {
                let all = Rc::make_mut(&mut state.fds);
                match fds.get(number) {
                    Some(fd) => all.insert(*number, fd.clone()),
                    None => all.remove(number),
                };
            }
            state.above = Rc::clone(&above);
            state.drop_closed();
            state
        };
        let set_aside: Vec<_> = self.frames.iter_mut().map(|f| (std::mem::take(&mut f.ends), f.again.take())).collect();
        let exits = run(self, state).map_states(back);
        for (frame, (ends, again)) in self.frames.iter_mut().zip(set_aside) {
            frame.ends = ends.merge(std::mem::take(&mut frame.ends).map_states(back));
            frame.again = join_states(again, frame.again.take().map(back));
        }
        exits
    }

    pub(super) fn apply_redirect(&mut self, redirect: &Redirect, state: &mut ShellState) {
        let descriptor = match &redirect.action {
            RedirectAction::Data(_) => {
                self.run_here_document(&redirect.action, state);
                None
            }
            RedirectAction::Close => None,
            RedirectAction::Open(word) => {
                let word = self.expand_one(word, state);
                Some(Descriptor { file: Some(self.open_file(&word, state)), certainty: Certainty::Sure })
            }
            RedirectAction::Copy(word) => {
                let word = self.expand_one(word, state);
                self.copied_descriptor(&word, state)
            }
        };
        let number = match &redirect.target {
            RedirectTarget::Number(number) => Some(*number),
            RedirectTarget::Named(name) if descriptor.is_some() => {
                // As bash does: the first free one from 10 on.
                let free = (10..u32::MAX).find(|number| !state.fds.contains_key(number));
                if let Some(free) = free {
                    self.assign_value(name, VariableValue::Text(TracedText::plain(&free.to_string())), false, state);
                }
                free
            }
            RedirectTarget::Named(name) => match state.vars.value(name) {
                Some(VariableValue::Text(text)) => text.raw().parse().ok(),
                _ => None,
            },
        };
        let Some(number) = number else {
            self.note_unseen("a descriptor is redirected whose number is not known");
            return;
        };
        match descriptor {
            Some(descriptor) => {
                Rc::make_mut(&mut state.fds).insert(number, descriptor);
            }
            None if state.fds.contains_key(&number) => {
                Rc::make_mut(&mut state.fds).remove(&number);
            }
            None => {}
        }
    }

    fn copied_descriptor(&mut self, word: &ShellWord, state: &mut ShellState) -> Option<Descriptor> {
        let text = word.raw();
        let (number, moves) = match text.strip_suffix('-') {
            Some(number) => (number, true),
            None => (text.as_str(), false),
        };
        match number.parse::<u32>() {
            Ok(number) => {
                let descriptor = state.fds.get(&number).cloned();
                if moves && descriptor.is_some() {
                    Rc::make_mut(&mut state.fds).remove(&number);
                }
                descriptor
            }
            Err(_) if text == "-" => None,
            Err(_) if word.is_fixed() => {
                Some(Descriptor { file: Some(self.open_file(word, state)), certainty: Certainty::Sure })
            }
            Err(_) => Some(Descriptor { file: None, certainty: Certainty::Perhaps }),
        }
    }

    /// Opens a file.
    pub(super) fn open_file(&mut self, word: &ShellWord, state: &ShellState) -> OpenFileId {
        let absolute = word.text.0.first().is_some_and(|first| first.ch == '/' || first.live);
        let (path, unclear) = match state.cwd.as_ref() {
            WorkingDirectory::At(directory) if !absolute => {
                let mut path = directory.clone();
                path.push(&TracedText::plain("/"));
                path.push(&word.text);
                (path, false)
            }
            WorkingDirectory::Named(_) | WorkingDirectory::Unclear if !absolute => (word.text.clone(), true),
            _ => (word.text.clone(), false),
        };
        let opened = word.source_span(self.context.sources);
        self.files.push(OpenedFile {
            path,
            unclear: unclear || word.unclear || word.certainty != Certainty::Sure,
            opened,
        });
        self.files.len() - 1
    }
}
