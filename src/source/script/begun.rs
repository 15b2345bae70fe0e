//! Notes the containers that a text starts, with what is held and asked around each.
//! Uses `walk`, `start` and `state`.

use std::path::Path;

use super::doubt::Doubt;
use super::glyph::{Text, Word};
use super::outcome::Kind;
use super::program;
use super::start::{self, Start, Variable};
use super::state::{State, Value as Held};
use super::walk::Walker;
use crate::model::{Condition, FileLock, Test, Value};
use crate::text::{ShownText, Span};

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

/// A lock around a start.
pub(super) struct Around {
    /// The lock, by its place in the order of locking.
    lock: usize,
    /// The start, by its place among all.
    start: usize,
    span: Span,
    /// Whether another start can be made while this one runs under the same lock.
    beside: bool,
}

impl Walker<'_> {
    /// Notes a command that starts a container.
    pub(super) fn begin(&mut self, words: &[Word], state: &State) {
        if self.is_muted() || self.started.len() >= MANY {
            return;
        }
        let Some((words, guessed)) = self.engine(words) else { return };
        let when = super::launch::conditions(state);
        if when.iter().any(|condition| self.holds(&condition.variable, &condition.test) == Some(false)) {
            return;
        }
        let words = &self.settled(&words);
        let base = self.directory(state).map(|path| Value::known(path, None));
        let lookup = |name: &str| self.told(name, state);
        let setting = start::Setting { sources: self.setting.sources, here: self.here, base, lookup: &lookup };
        let Some(start) = start::read(words, &setting) else { return };
        let span = words.first().and_then(|first| first.place(self.setting.sources)).unwrap_or(self.here);
        let mut locks = Vec::new();
        for lock in self.held(state).into_iter().filter(|lock| lock.exclusive) {
            let open = state.locks.iter().find(|(_, held)| held.span == lock.span);
            let before = |sites: &[usize]| open.is_some_and(|(_, held)| sites.iter().any(|site| *site > held.order));
            // Of those that are started one after the other and run at once, no one keeps the others out.
            let beside = before(&self.forks);
            if beside && before(&self.loops) {
                continue;
            }
            let start = self.started.len();
            self.around.extend(open.map(|(_, held)| Around { lock: held.order, start, span: held.span, beside }));
            let path = open.and_then(|(file, _)| self.files.get(*file)).map(|file| file.path.clone());
            locks.push((path.and_then(|path| self.absolute(&path, state)), lock));
        }
        let started = Started {
            start,
            possible: guessed || state.conditional || self.frames.iter().any(|frame| frame.kind == Kind::Loop),
            when,
            at_once: !self.forks.is_empty(),
            locks,
            span,
        };
        self.started.push(started);
    }

    /// Takes a lock away from those that run beside another start under it.
    pub(super) fn part(&mut self) {
        for around in self.around.iter().filter(|around| around.beside) {
            let other = self.around.iter().any(|other| other.lock == around.lock && other.start != around.start);
            if let Some(started) = self.started.get_mut(around.start).filter(|_| other) {
                started.locks.retain(|(_, lock)| lock.span != around.span);
            }
        }
    }

    /// The words, where they may be those of a program that starts containers, and whether that is only likely.
    fn engine(&self, words: &[Word]) -> Option<(Vec<Word>, bool)> {
        let (first, rest) = words.split_first()?;
        if is_engine(first) {
            return Some((words.to_vec(), false));
        }
        if first.is_fixed() {
            // `retry docker run …`, where what `retry` is was not seen.
            let at = rest.iter().position(is_engine).filter(|_| !program::reads(first) && first.raw() != "ssh")?;
            let (_, words) = words.split_at(at + 1);
            let starts = ["run", "create", "exec", "compose"];
            let says = words.get(1).is_some_and(|command| starts.contains(&command.raw().as_str()));
            return says.then(|| (words.to_vec(), true));
        }
        // `${DOCKER:-docker} run`, and `$DOCKER run -v …` whatever it holds.
        let plain = |name: &str| Word { text: Text::plain(name), unclear: false, ..first.clone() };
        let told = self.resolve(&first.text).filter(|_| !first.unclear).map(|name| plain(&name));
        let told = told.filter(is_engine);
        let says = |word: &Word, known: &[&str]| known.contains(&word.raw().as_str());
        let run = rest.first().is_some_and(|command| says(command, &["run", "create"]))
            && rest.iter().any(|word| says(word, &["--rm", "-v", "--volume", "--mount", "--entrypoint"]));
        let likely = || (first.doubt == Doubt::Sure && run).then(|| plain("docker"));
        let (name, guessed) = told.map(|name| (name, false)).or_else(|| Some((likely()?, true)))?;
        Some((std::iter::once(name).chain(rest.iter().cloned()).collect(), guessed))
    }

    /// Words without those that are not there by what the environment is known to say.
    fn settled(&self, words: &[Word]) -> Vec<Word> {
        let settle = |word: &Word| {
            let holds = match &word.doubt {
                Doubt::When(name, test) => self.holds(name, test),
                Doubt::Sure | Doubt::Perhaps => None,
            };
            match holds {
                Some(true) => Some(Word { doubt: Doubt::Sure, ..word.clone() }),
                Some(false) => None,
                None => Some(word.clone()),
            }
        };
        words.iter().filter_map(settle).collect()
    }

    /// What a question to the environment comes to, where the variable is known.
    fn holds(&self, name: &str, test: &Test) -> Option<bool> {
        (self.setting.lookup)(name).and_then(|value| test.holds(Some(&value)))
    }

    fn told(&self, name: &str, state: &State) -> Variable {
        let set = |(text, form): (String, String)| {
            let shown = ShownText::new(&*text, form.clone(), form);
            Variable::Set(Value { shown, ..Value::known(text, None) })
        };
        match state.vars.get(name).map(|variable| &variable.value) {
            Some(Held::Text(text)) => self.resolve_shown(text).map_or(Variable::Unknown, set),
            Some(Held::Unset) => Variable::Unset,
            None | Some(Held::Inherited) => self.look_up(name).map_or(Variable::Unknown, set),
            Some(_) => Variable::Unknown,
        }
    }
}

fn is_engine(word: &Word) -> bool {
    let name = || Path::new(&word.raw()).file_name().map(|name| name.to_string_lossy().into_owned());
    word.doubt == Doubt::Sure && name().is_some_and(|name| start::is_engine(&name))
}
