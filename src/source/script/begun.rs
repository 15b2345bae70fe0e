//! Notes the containers that a text starts, with what is held and asked around each.
//! Uses `walk`, `start` and `state`.

use std::path::Path;

use super::doubt::Doubt;
use super::glyph::Word;
use super::outcome::Kind;
use super::start::{self, Start, Variable};
use super::state::{State, Value as Held};
use super::walk::Walker;
use crate::model::{Condition, FileLock, Value};
use crate::text::Span;

/// Starts that are kept of one container's scripts.
const MANY: usize = 400;

/// A command that starts containers.
#[derive(Debug, Clone)]
pub struct Started {
    /// What it starts.
    pub start: Start,
    /// Whether it is only on some ways that it is run.
    pub possible: bool,
    /// Of the conditions of those ways those that ask one variable of the environment.
    pub when: Vec<Condition>,
    /// Whether it is not waited for before the next one can be started.
    pub at_once: bool,
    /// The exclusive locks held around it, each with the absolute path of its file, where that is known.
    pub locks: Vec<(Option<String>, FileLock)>,
    /// The command's first word.
    pub span: Span,
}

impl Walker<'_> {
    /// Notes a command that starts a container.
    pub(super) fn begin(&mut self, words: &[Word], state: &State) {
        if self.is_muted() || self.started.len() >= MANY || !words.first().is_some_and(is_engine) {
            return;
        }
        let base = self.directory(state).map(|path| Value::known(path, None));
        let lookup = |name: &str| self.told(name, state);
        let setting = start::Setting { sources: self.setting.sources, here: self.here, base, lookup: &lookup };
        let Some(start) = start::read(words, &setting) else { return };
        let span = words.first().and_then(|first| first.place(self.setting.sources)).unwrap_or(self.here);
        let locks = self.held(state).into_iter().filter(|lock| lock.exclusive).map(|lock| {
            let open = state.locks.iter().find(|(_, held)| held.span == lock.span);
            let path = open.and_then(|(file, _)| self.files.get(*file)).map(|file| file.path.clone());
            (path.and_then(|path| self.absolute(&path, state)), lock)
        });
        let started = Started {
            start,
            possible: state.conditional || self.frames.iter().any(|frame| frame.kind == Kind::Loop),
            when: super::launch::conditions(state),
            at_once: self.background > 0,
            locks: locks.collect(),
            span,
        };
        self.started.push(started);
    }

    fn told(&self, name: &str, state: &State) -> Variable {
        let set = |text: String| Variable::Set(Value::known(text, None));
        match state.vars.get(name).map(|variable| &variable.value) {
            Some(Held::Text(text)) => self.resolve(text).map_or(Variable::Unknown, set),
            Some(Held::Unset) => Variable::Unset,
            None | Some(Held::Inherited) => (self.setting.lookup)(name).map_or(Variable::Unknown, set),
            Some(_) => Variable::Unknown,
        }
    }
}

fn is_engine(word: &Word) -> bool {
    let name = || Path::new(&word.raw()).file_name().map(|name| name.to_string_lossy().into_owned());
    let known = |name: String| {
        matches!(name.as_str(), "docker" | "podman" | "podman-remote" | "nerdctl" | "docker-compose" | "podman-compose")
    };
    word.doubt == Doubt::Sure && name().is_some_and(known)
}
