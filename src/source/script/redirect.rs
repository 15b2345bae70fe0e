//! Redirections: which open file each descriptor refers to.
//! Uses `walk`, `state` and `syntax`.

use std::rc::Rc;

use super::doubt::Doubt;
use super::glyph::{Text, Word};
use super::outcome::Outcome;
use super::state::{Descriptor, Directory, OpenFile, State, Value, join};
use super::syntax::{Action, Redirect, Target};
use super::walk::{File, Walker};

impl Walker<'_> {
    /// Runs something with its descriptors redirected, and puts them back.
    pub(super) fn redirected(
        &mut self,
        redirects: &[Redirect],
        mut state: State,
        run: impl FnOnce(&mut Self, State) -> Outcome,
    ) -> Outcome {
        if redirects.is_empty() {
            return run(self, state);
        }
        let (fds, above) = (Rc::clone(&state.fds), Rc::clone(&state.above));
        let mut numbers = Vec::new();
        for redirect in redirects {
            if let Target::Number(number) = redirect.target {
                numbers.push(number);
                if let Some(file) = fds.get(&number).and_then(|fd| fd.file) {
                    Rc::make_mut(&mut state.above).push(file);
                }
            }
            self.redirect(redirect, &mut state);
        }
        let back = |mut state: State| {
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
        let outcome = run(self, state).map(back);
        for (frame, (ends, again)) in self.frames.iter_mut().zip(set_aside) {
            frame.ends = ends.merge(std::mem::take(&mut frame.ends).map(back));
            frame.again = join(again, frame.again.take().map(back));
        }
        outcome
    }

    pub(super) fn redirect(&mut self, redirect: &Redirect, state: &mut State) {
        let descriptor = match &redirect.action {
            Action::Data(_) => {
                self.data(&redirect.action, state);
                None
            }
            Action::Close => None,
            Action::Open(word) => {
                let word = self.expand_one(word, state);
                Some(Descriptor { file: Some(self.open(&word, state)), doubt: Doubt::Sure })
            }
            Action::Copy(word) => {
                let word = self.expand_one(word, state);
                self.copied(&word, state)
            }
        };
        let number = match &redirect.target {
            Target::Number(number) => Some(*number),
            Target::Named(name) if descriptor.is_some() => {
                // As bash does: the first free one from 10 on.
                let free = (10..u32::MAX).find(|number| !state.fds.contains_key(number));
                if let Some(free) = free {
                    self.assign_value(name, Value::Text(Text::plain(&free.to_string())), false, state);
                }
                free
            }
            Target::Named(name) => match state.vars.get(name).map(|var| &var.value) {
                Some(Value::Text(text)) => text.raw().parse().ok(),
                _ => None,
            },
        };
        let Some(number) = number else {
            self.miss("a descriptor is redirected whose number is not known");
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

    fn copied(&mut self, word: &Word, state: &mut State) -> Option<Descriptor> {
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
            Err(_) if word.is_fixed() => Some(Descriptor { file: Some(self.open(word, state)), doubt: Doubt::Sure }),
            Err(_) => Some(Descriptor { file: None, doubt: Doubt::Perhaps }),
        }
    }

    /// Opens a file.
    pub(super) fn open(&mut self, word: &Word, state: &State) -> OpenFile {
        let absolute = word.text.0.first().is_some_and(|first| first.ch == '/' || first.live);
        let (path, unclear) = match state.cwd.as_ref() {
            Directory::At(directory) if !absolute => {
                let mut path = directory.clone();
                path.push(&Text::plain("/"));
                path.push(&word.text);
                (path, false)
            }
            Directory::Unclear if !absolute => (word.text.clone(), true),
            _ => (word.text.clone(), false),
        };
        let opened = word.place(self.setting.sources);
        self.files.push(File { path, unclear: unclear || word.unclear || word.doubt != Doubt::Sure, opened });
        self.files.len() - 1
    }
}
