//! Starts a program: looks through what only wraps it, takes the locks of `flock`, and notes what runs.
//! Uses `walk`, `wrapper`, `flock`, `program` and `state`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::doubt::{Doubt, Piece};
use super::flock::{self, Flock, Runs};
use super::follow::{Followed, Missed};
use super::glyph::Word;
use super::outcome::{Last, Outcome};
use super::program;
use super::state::{Descriptor, Held, OpenFile, State, Value};
use super::walk::Walker;
use super::wrapper::{self, Inner, ShellCall, Unwrapped};
use crate::model::{Condition, FileLock, Invocation, Witness};
use crate::text::Span;

impl Walker<'_> {
    /// Runs a program with these words in a process whose state this is.
    pub(super) fn launch(&mut self, words: &[Word], state: State) -> Outcome {
        self.deeper(state, |walker, state| walker.launch_here(words, state))
    }

    fn launch_here(&mut self, words: &[Word], state: State) -> Outcome {
        let unwrapped = wrapper::unwrap(words);
        let open = words.iter().position(|word| word.doubt != Doubt::Sure);
        if open.is_some_and(|open| open < own_words(&unwrapped, words)) {
            return self.either(words, &state);
        }
        match unwrapped {
            Unwrapped::Nothing => Outcome::either(state),
            Unwrapped::Program => self.program(words, state),
            Unwrapped::File(call) => match self.shell_file(call, words, state) {
                Followed::Ran(outcome) => outcome,
                Followed::Not(state, why) => self.note_program(words, state, why),
            },
            Unwrapped::Inner(inner) => self.inner(inner, state),
            Unwrapped::Shell(call) => self.shell(&call, &state),
            Unwrapped::Flock => self.flock(words, state),
        }
    }

    /// Words that may be missing decide what is run at all: with all of them, and without.
    fn either(&mut self, words: &[Word], state: &State) -> Outcome {
        let mut doubts = words.iter().map(|word| &word.doubt).filter(|doubt| **doubt != Doubt::Sure);
        let asks = match doubts.next() {
            Some(Doubt::When(name, test)) if doubts.all(|other| *other == Doubt::When(name.clone(), test.clone())) => {
                Some((name.clone(), test.clone()))
            }
            _ => None,
        };
        let [yes, no] = self.fact(asks);
        let way = |fact| {
            let mut state = State { conditional: true, ..state.clone() };
            state.learn(fact);
            state
        };
        let with: Vec<Word> = words.iter().map(|word| Word { doubt: Doubt::Sure, ..word.clone() }).collect();
        let without: Vec<Word> = words.iter().filter(|word| word.doubt == Doubt::Sure).cloned().collect();
        let outcome = self.launch(&with, way(yes));
        let other = self.launch(&without, way(no));
        let before = state.conditional;
        outcome.merge(other).map(|after| State { conditional: before, ..after })
    }

    fn inner(&mut self, inner: Inner, mut state: State) -> Outcome {
        self.dropped |= inner.drops;
        if let Some(reason) = inner.hides {
            self.miss(reason);
        }
        for (name, value) in inner.env {
            self.assign_value(&name, value, true, &mut state);
        }
        if inner.closes {
            Rc::make_mut(&mut state.fds).retain(|number, _| *number < 3);
        }
        if let Some(directory) = inner.directory {
            state.cwd = Rc::new(super::state::Directory::At(directory));
        }
        match inner.shell {
            Some(call) => self.shell(&call, &state),
            None => self.launch(&inner.words, state),
        }
    }

    /// Runs a program: a script file is gone through, any other is noted.
    fn program(&mut self, words: &[Word], state: State) -> Outcome {
        match self.script_file(words, state) {
            Followed::Ran(outcome) => outcome,
            Followed::Not(state, why) => self.note_program(words, state, why),
        }
    }

    /// Notes a program, and whether it is known to start nothing unseen; `why` says more of what was not seen.
    fn note_program(&mut self, words: &[Word], state: State, why: Option<Missed>) -> Outcome {
        let Some(first) = words.first() else { return Outcome::either(state) };
        self.begin(words, &state);
        let place = first.place(self.setting.sources).unwrap_or(self.here);
        let named = Span::at(place.file, place.start);
        let locks = self.held(&state);
        let hidden = self.hidden(words, &state, why);
        let hides = hidden.is_some();
        if let Some(missed) = hidden {
            let span = missed.span.unwrap_or(named);
            let sure = |lock: &FileLock| lock.exclusive && !lock.failure_ignored && lock.condition.is_none();
            if program::leaves(words) || !locks.iter().any(sure) {
                self.miss_at(missed.reason, Some(span));
            } else if !self.is_muted() {
                self.covered.get_or_insert((missed.reason, Some(span)));
            }
        }
        let mut env = BTreeMap::new();
        for (name, variable) in state.vars.iter().filter(|(_, variable)| variable.exported) {
            match &variable.value {
                Value::Text(text) => _ = env.insert(name.clone(), text.shown()),
                Value::Unset => _ = env.insert(name.clone(), String::new()),
                Value::List(_) | Value::Inherited => {}
                // It stands for a value that is not known.
                Value::Unclear | Value::Maybe(..) => _ = env.insert(name.clone(), format!("${{{name}}}")),
            }
        }
        let invocation = Invocation {
            // What may not be there says nothing of what the call is.
            argv: words.iter().filter(|word| word.doubt == Doubt::Sure).map(|word| word.text.shown()).collect(),
            env,
            locks,
            conditional: state.conditional,
            when: conditions(&state),
            output: self.output_file(&state),
            hides,
            at: None,
            witness: Witness::Words,
            span: place,
        };
        self.note(invocation);
        Outcome::either(state)
    }

    /// Why a program may run what its words do not name.
    fn hidden(&self, words: &[Word], state: &State, why: Option<Missed>) -> Option<Missed> {
        match (why, program::unseen(words)) {
            (Some(missed), unseen) if missed.is_script || unseen.is_some() => Some(missed),
            (_, Some(reason)) => Some(self.interpreted_file(words, state).unwrap_or_else(|| Missed::new(reason))),
            _ => program::may_run(words, (self.setting.programs)())
                .map(|(reason, word)| Missed { span: word.place(self.setting.sources), ..Missed::new(reason) }),
        }
    }

    /// The file that standard output goes to.
    fn output_file(&self, state: &State) -> Option<String> {
        let file = state.fds.get(&1).filter(|fd| fd.doubt == Doubt::Sure)?.file?;
        let file = self.files.get(file).filter(|file| !file.unclear)?;
        Some(file.path.shown()).filter(|path| !path.starts_with("/dev/"))
    }

    /// The locks that a process in this state runs under, outermost first.
    pub(super) fn held(&self, state: &State) -> Vec<FileLock> {
        let open = |file: &OpenFile| {
            let own = state.fds.values().find(|fd| fd.file == Some(*file));
            state.above.contains(file).then_some(Doubt::Sure).or_else(|| own.map(|fd| fd.doubt.clone()))
        };
        let mut locks = Vec::new();
        for (file, held) in state.locks.iter().filter(|(_, held)| held.got) {
            if open(file).is_none() {
                continue;
            }
            let (condition, test) = match &held.doubt {
                Doubt::When(name, test) => (Some(name.clone()), Some(test.clone())),
                _ => (None, None),
            };
            let opened = self.files.get(*file);
            let path = opened.map(|file| file.path.shown()).unwrap_or_default();
            let lock = FileLock {
                path,
                exclusive: held.exclusive,
                wait: held.wait,
                failure_ignored: held.ignored || held.doubt == Doubt::Perhaps,
                condition,
                test,
                span: held.span,
                outside: false,
                opened: opened.and_then(|file| file.opened),
            };
            locks.push((held.order, lock));
        }
        locks.sort_by_key(|(order, _)| *order);
        locks.into_iter().map(|(_, lock)| lock).collect()
    }

    /// Runs a shell's text in a new shell.
    fn shell(&mut self, call: &ShellCall, state: &State) -> Outcome {
        if call.text.unclear || call.text.doubt != Doubt::Sure {
            self.miss("a shell runs a text that is set in more than one way");
        }
        let here = self.here;
        self.here = call.text.place(self.setting.sources).map_or(here, |span| Span::at(span.file, span.start));
        let outcome = self
            .in_shell(call, state, |walker, inner| walker.text(&call.text.text, Last::ReplacesUnlessRedirected, inner));
        self.here = here;
        outcome
    }

    /// Runs something in a new shell.
    pub(super) fn in_shell(
        &mut self,
        call: &ShellCall,
        state: &State,
        run: impl FnOnce(&mut Self, State) -> Outcome,
    ) -> Outcome {
        let mut inner = state.clone();
        if state.vars.values().any(|variable| !variable.exported) {
            Rc::make_mut(&mut inner.vars).retain(|_, variable| variable.exported);
        }
        let handed = |name: &String| call.bash && state.handed.contains(name);
        if state.functions.keys().any(|name| !handed(name)) {
            Rc::make_mut(&mut inner.functions).retain(|name, _| handed(name));
        }
        inner.args = Some(Rc::new(call.args.iter().cloned().map(Piece::from).collect()));
        (inner.errexit, inner.allexport, inner.pipefail) = (call.errexit, call.allexport, call.pipefail);
        let conditions = std::mem::take(&mut self.conditions);
        let calls = std::mem::take(&mut self.calls);
        let bash = std::mem::replace(&mut self.bash, call.bash);
        let outcome = self.isolated(state, inner, run);
        self.calls = calls;
        self.bash = bash;
        self.conditions = conditions;
        outcome
    }

    fn flock(&mut self, words: &[Word], state: State) -> Outcome {
        let Some(flock) = flock::parse(words.get(1..).unwrap_or_default()) else {
            self.miss("an `flock` has an option that is not known");
            return Outcome::either(state);
        };
        let place = words.first().and_then(|word| word.place(self.setting.sources)).unwrap_or(self.here);
        let held = Held {
            order: self.site(),
            exclusive: flock.exclusive,
            wait: flock.wait,
            got: true,
            fresh: false,
            ignored: false,
            doubt: Doubt::Sure,
            span: place,
        };
        match &flock.runs {
            Runs::Nothing => Outcome::either(state),
            Runs::Descriptor(word) => self.lock_descriptor(word, flock.unlock, &held, state),
            Runs::Command(file, command) => {
                let (file, child) = self.lock_file(file, &flock, held, &state);
                let outcome = self.launch(command, child);
                after_command(outcome, &state, file)
            }
            Runs::Text(file, text) => {
                let (file, child) = self.lock_file(file, &flock, held, &state);
                let outcome = self.shell(&ShellCall::plain(text.clone()), &child);
                after_command(outcome, &state, file)
            }
        }
    }

    /// A child that runs while `flock` itself holds the file.
    fn lock_file(&mut self, word: &Word, flock: &Flock, held: Held, state: &State) -> (OpenFile, State) {
        let file = self.open(word, state);
        let mut child = state.clone();
        Rc::make_mut(&mut child.above).push(file);
        if !flock.closes {
            // What it runs has it open too, by a number that nothing else uses.
            let number = u32::MAX - u32::try_from(file).unwrap_or_default();
            Rc::make_mut(&mut child.fds).insert(number, Descriptor { file: Some(file), doubt: Doubt::Sure });
        }
        self.check_path(file);
        if !flock.unlock {
            Rc::make_mut(&mut child.locks).insert(file, held);
        }
        (file, child)
    }

    fn check_path(&mut self, file: OpenFile) {
        if self.files.get(file).is_some_and(|file| file.unclear) {
            self.miss("the path of a lock hangs on what is set in more than one way");
        }
    }

    fn lock_descriptor(&mut self, word: &Word, unlock: bool, held: &Held, state: State) -> Outcome {
        if !word.is_fixed() {
            self.miss(format!("`flock` is given a descriptor that is not known: `{}`", word.text.shown()));
            return Outcome::either(state);
        }
        let Some(descriptor) = word.raw().parse().ok().and_then(|number: u32| state.fds.get(&number).cloned()) else {
            // Nothing is open there: `flock` fails at once.
            return Outcome::either(state);
        };
        let Some(file) = descriptor.file else {
            self.miss("`flock` is given a descriptor that may be one of several files");
            return Outcome::either(state);
        };
        self.check_path(file);
        let mut ok = state;
        if unlock {
            Rc::make_mut(&mut ok.locks).remove(&file);
            return Outcome::either(ok);
        }
        let mut err = ok.clone();
        let got = Held { doubt: descriptor.doubt, ..held.clone() };
        Rc::make_mut(&mut err.locks).insert(file, Held { got: false, fresh: true, ..got.clone() });
        err.conditional = true;
        Rc::make_mut(&mut ok.locks).insert(file, got);
        Outcome { ok: Some(ok), err: Some(err), soft: None }
    }

    /// The words that a container starts with.
    pub(super) fn top(&mut self, words: &[Word]) {
        self.launch(words, State::new());
    }
}

/// How many words say what is run: a wrapper's own, or the program's name.
fn own_words(unwrapped: &Unwrapped, words: &[Word]) -> usize {
    let rest = match unwrapped {
        Unwrapped::Nothing | Unwrapped::Program => return 1,
        Unwrapped::Inner(Inner { shell: None, words, .. }) => words.len(),
        Unwrapped::Inner(_) => 0,
        Unwrapped::Shell(call) | Unwrapped::File(call) => call.args.len(),
        Unwrapped::Flock => match flock::parse(words.get(1..).unwrap_or_default()).map(|flock| flock.runs) {
            Some(Runs::Command(_, command)) => command.len(),
            _ => 0,
        },
    };
    words.len().saturating_sub(rest).max(1)
}

/// Of the conditions of a way those that ask one variable of the environment.
pub(super) fn conditions(state: &State) -> Vec<Condition> {
    let asked = state.facts.iter().filter_map(|fact| fact.asks.clone());
    asked.map(|(variable, test)| Condition { variable, test }).collect()
}

/// The caller after `flock` and what it ran ended.
fn after_command(outcome: Outcome, state: &State, file: OpenFile) -> Outcome {
    let mut outcome = outcome.map(|child| {
        let mut after = child;
        (after.above, after.fds) = (Rc::clone(&state.above), Rc::clone(&state.fds));
        Rc::make_mut(&mut after.locks).remove(&file);
        after
    });
    outcome.err = super::state::join(outcome.err, Some(state.clone()));
    outcome
}
