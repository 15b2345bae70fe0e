//! Starts a program: looks through wrappers, runs script files and shells, and records every other program.
//! Uses `interpreter`, `wrappers`, `hidden_programs` and `shell_state`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::arguments::Arguments;
use super::certainty::Certainty;
use super::command_runners::is_waiting_script;
use super::declared_functions::{TextWithFunctions, take_functions};
use super::exit_states::{ExitStates, LastCommand};
use super::flock_command::{self, FlockAction};
use super::hidden_programs;
use super::inline_texts;
use super::interpreter::Interpreter;
use super::list_item::ListItem;
use super::package_scripts::command_of_package_manager;
use super::remote_hosts::remote_command;
use super::repeated_commands::{QueuedCommand, Repetition};
use super::script_files::{ScriptRun, UnreadReason};
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::terminal_programs::terminal_commands;
use super::unread_code::Recipes;
use super::unwrapped::{ShellCall, Unwrapped, WrappedCommand};
use super::variable_value::VariableValue;
use super::wrappers;
use crate::model::{FileLock, Inherits, Invocation, Parameter, Witness, Word};
use crate::text::Span;

impl Interpreter<'_> {
    /// Runs a program with these words in a process whose state this is.
    pub(super) fn start_program(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        self.one_level_down(state, |interpreter, state| interpreter.start_program_here(words, state))
    }

    fn start_program_here(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        if self.leaves_nothing(&state) {
            return ExitStates::either_way(state);
        }
        if let Some(repetition) = Repetition::of_command(words) {
            return self.run_repeated(repetition, words, state);
        }
        if let Some(queued) = QueuedCommand::of_command(words) {
            return self.run_queued(queued, &state);
        }
        self.start_once(words, state)
    }

    /// Runs a program with these words, once.
    pub(super) fn start_once(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        let unwrapped = match wrappers::unwrap_command(words) {
            // A file of that name that names a program that matters may do more than wait.
            _ if is_waiting_script(words) && self.finds_mention(words, &state) => Unwrapped::Program,
            unwrapped => unwrapped,
        };
        let open = words.iter().position(|word| word.certainty != Certainty::Sure);
        if open.is_some_and(|open| open < own_words(&unwrapped, words)) {
            return self.start_with_and_without(words, &state);
        }
        let deciding = match &unwrapped {
            Unwrapped::Program | Unwrapped::File(_) => own_words(&unwrapped, words),
            Unwrapped::Shell(call) => words.iter().position(|word| word.text == call.text.text).map_or(0, |at| at + 1),
            Unwrapped::Nothing | Unwrapped::Inner(_) | Unwrapped::Input(_) | Unwrapped::Flock => 0,
        };
        let (own, rest) = words.split_at(deciding.min(words.len()));
        if own.iter().any(|word| word.unclear) && self.engine_command(words).is_none() {
            let chosen = self.chosen_words(own, &state);
            if !chosen.is_empty() {
                return self.start_each(&chosen, rest, &state);
            }
        }
        match unwrapped {
            Unwrapped::Nothing => ExitStates::either_way(state),
            Unwrapped::Program => {
                if let Some(commands) = terminal_commands(words) {
                    return self.run_in_terminal(&commands, &state);
                }
                let remote = remote_command(words);
                if let Some(exits) = remote.and_then(|remote| self.run_remotely(remote, &state)) {
                    return exits;
                }
                if let Some(own) = self.package_program_words(words) {
                    return self.run_program(own, state);
                }
                if let Some(command) = command_of_package_manager(words) {
                    return self.start_program(command, state);
                }
                if let Some(exits) = self.run_parts(words, &state) {
                    return exits;
                }
                let named = self.run_package_script(words, &state).or_else(|| self.run_recipes(words, &state));
                match named {
                    Some(exits) => exits,
                    None => self.run_program(words, state),
                }
            }
            Unwrapped::File(call) => match self.run_shell_file(call, words, state) {
                ScriptRun::Ran(exits) => *exits,
                ScriptRun::Not(state, why) => self.record_program(words, state, why),
            },
            Unwrapped::Input(call) => self.run_shell_input(call, words, state),
            Unwrapped::Inner(inner) => {
                self.run_init_files(words, &state);
                self.start_wrapped(inner, state)
            }
            Unwrapped::Shell(call) => self.run_shell_text(&call, &state),
            Unwrapped::Flock => self.run_flock(words, state),
        }
    }

    /// Runs the command with the words that may be missing, and without them: they decide which program it is.
    fn start_with_and_without(&mut self, words: &[ShellWord], state: &ShellState) -> ExitStates {
        let mut doubts = words.iter().map(|word| &word.certainty).filter(|certainty| **certainty != Certainty::Sure);
        let asks = match doubts.next() {
            Some(one @ Certainty::When(condition)) if doubts.all(|other| other == one) => Some(Rc::clone(condition)),
            _ => None,
        };
        let [yes, no] = self.branch_facts(asks);
        let with: Vec<ShellWord> =
            words.iter().map(|word| ShellWord { certainty: Certainty::Sure, ..word.clone() }).collect();
        let without: Vec<ShellWord> = words.iter().filter(|word| word.certainty == Certainty::Sure).cloned().collect();
        let exits = self.start_program(&with, state.clone().on_condition().with_fact(yes));
        let other = self.start_program(&without, state.clone().on_condition().with_fact(no));
        let before = state.conditional;
        exits.merge(other).map_states(|after| ShellState { conditional: before, ..after })
    }

    /// Runs the command with each choice of the words that decide what it is.
    fn start_each(&mut self, chosen: &[Vec<ShellWord>], rest: &[ShellWord], state: &ShellState) -> ExitStates {
        let before = state.conditional;
        let mut exits = ExitStates::default();
        for own in chosen {
            let words = [own, rest].concat();
            exits = exits.merge(self.start_program(&words, state.clone().on_condition()));
        }
        exits.map_states(|after| ShellState { conditional: before, ..after })
    }

    fn start_wrapped(&mut self, mut inner: WrappedCommand, mut state: ShellState) -> ExitStates {
        if let Some(reason) = inner.hides.take() {
            self.note_unseen(reason);
        }
        let gives_home = inner.env.iter().any(|(name, _)| name == "HOME");
        if gives_home || inner.user.as_ref().is_some_and(|change| change.sets_home) {
            // The shell that wrote the words put the old HOME into them.
            inner.words.iter_mut().for_each(|word| self.put_in_home(word, &state));
            inner.shell.iter_mut().for_each(|call| self.put_in_home(&mut call.text, &state));
        }
        let handed_on = take_handed_on(&mut inner);
        inner.keeps.extend(handed_on);
        Self::limit_environment(inner.inherits, &inner.keeps, &mut state);
        if let Some(change) = &inner.user {
            self.change_user(change, &mut state);
        }
        for file in &inner.variable_files {
            self.take_variables_of(file, &mut state);
        }
        for (name, value) in inner.env {
            self.assign_value(&name, value, true, &mut state);
        }
        if inner.closes {
            Rc::make_mut(&mut state.fds).retain(|number, _| *number < 3);
        }
        if let Some(directory) = inner.directory {
            state.cwd = Rc::new(WorkingDirectory::At(directory));
        }
        let outer = self.time_limit;
        let is_flock = inner.words.first().is_some_and(|word| word.raw().rsplit('/').next() == Some("flock"));
        self.time_limit = inner.time_limit.filter(|_| is_flock);
        let is_engine = inner.words.first().is_some_and(ShellWord::is_engine);
        let outer_cut = std::mem::replace(&mut self.is_cut_short, inner.is_cut_short && is_engine);
        let exits = match inner.shell {
            Some(call) => self.run_shell_text(&call, &state),
            None => self.start_program(&inner.words, state),
        };
        (self.time_limit, self.is_cut_short) = (outer, outer_cut);
        exits
    }

    /// Runs a program: a script file is read, any other program is recorded.
    fn run_program(&mut self, words: &[ShellWord], state: ShellState) -> ExitStates {
        match self.run_script_file(words, state) {
            ScriptRun::Ran(exits) => *exits,
            ScriptRun::Not(state, why) => self.record_program(words, state, why),
        }
    }

    /// Records a program, and whether it may start something unseen; `why` explains what was not read.
    fn record_program(&mut self, words: &[ShellWord], mut state: ShellState, why: Option<UnreadReason>) -> ExitStates {
        let renamed = self.by_own_name(words, &state);
        let words = renamed.as_deref().unwrap_or(words);
        let Some(first) = words.first() else { return ExitStates::either_way(state) };
        self.note_other_names(words, &state);
        self.keep_copied_variables(words, &state);
        let started = self.record_start(words, &mut state);
        self.note_text_words(words);
        self.run_texts_of_environment(words, &state);
        if first.rest.is_some() {
            // What the caller gives to be run is the caller's.
            return ExitStates::either_way(state);
        }
        let place = self.place_of(words);
        let named = Span::at(place.file, place.start);
        let locks = self.held_locks(&state);
        // What a link leads to is the program, whatever its path looks like.
        let hidden = if renamed.is_some() { None } else { self.hidden_program(words, &state, why) };
        let hidden = hidden.filter(|_| !self.run_supervised(words, &state));
        let hides = hidden.is_some();
        if let Some(missed) = hidden {
            let span = missed.span.unwrap_or(named);
            if hidden_programs::outlives_caller(words) || !locks.iter().any(is_sure) {
                self.note_unseen_at(missed.reason, Some(span));
            } else if !self.is_muted() {
                self.covered.get_or_insert((missed.reason, Some(span)));
            }
        }
        let invocation = Invocation { hides, ..self.invocation(words, &state) };
        self.note_home(&invocation.argv, &state);
        self.record_call(invocation);
        let mut exits = ExitStates::either_way(state);
        // Where it fails there is none.
        if let (Some(started), Some(failed)) = (started, &mut exits.err) {
            Rc::make_mut(&mut failed.running).remove(&started);
        }
        exits
    }

    /// A program with these words, as it runs in this state.
    pub(super) fn invocation(&self, words: &[ShellWord], state: &ShellState) -> Invocation {
        let argv: Vec<Word> = words
            .iter()
            // A word that may be missing is not counted as part of the call.
            .filter(|word| word.certainty == Certainty::Sure)
            .map(|word| Word::of_traced(&word.text))
            .collect();
        let mut env = BTreeMap::new();
        for (name, given) in state.vars.given() {
            let value = match &given.value {
                VariableValue::Text(text) => Word::of_traced(text),
                VariableValue::Unset => Word::default(),
                VariableValue::List(_) | VariableValue::Inherited | VariableValue::NameOf(_) => continue,
                // The value is not known, nor whether there is one: it need not be what the environment had.
                VariableValue::Unclear
                | VariableValue::Either(_)
                | VariableValue::Words(_)
                | VariableValue::Maybe(..) => Word::unknown_variable(name),
            };
            env.insert(name.clone(), value);
        }
        Invocation {
            argv,
            env,
            inherits: state.inherits,
            keeps: state.keeps.as_ref().clone(),
            taken: state.taken.as_ref().clone(),
            locks: self.held_locks(state),
            conditional: state.conditional,
            when: state.conditions_of_a_call(),
            branches: state.facts.iter().map(|fact| (fact.site, fact.side)).collect(),
            directory: match state.cwd.as_ref() {
                WorkingDirectory::Initial => None,
                WorkingDirectory::At(directory) => Some(Word::of_traced(directory)),
                WorkingDirectory::Named(_) | WorkingDirectory::Unclear => Some(Word::parse("${PWD}")),
            },
            choices: named_choices(words, state),
            input: self.open_file_of(0, state),
            output: self.open_file_of(1, state),
            aside: !self.loops.is_empty() || !self.forks.is_empty(),
            hides: false,
            at: None,
            witness: Witness::Words,
            running_version: None,
            span: self.place_of(words),
        }
    }

    /// Where the first of a program's words is written.
    fn place_of(&self, words: &[ShellWord]) -> Span {
        words.first().and_then(|first| first.source_span(self.context.sources)).unwrap_or(self.here)
    }

    /// Why a program may run what its words do not name.
    fn hidden_program(
        &self,
        words: &[ShellWord],
        state: &ShellState,
        why: Option<UnreadReason>,
    ) -> Option<UnreadReason> {
        if hidden_programs::inline_text(words, self.input.as_ref())
            .is_some_and(|(interpreter, text)| inline_texts::starts_nothing(&interpreter, &text))
        {
            return None;
        }
        // What stands for the name later is followed there.
        if words.first().is_some_and(|word| word.raw() == "alias") && (self.expands_aliases || !self.bash) {
            return None;
        }
        if self.runs_harmless_file(words, state) {
            return None;
        }
        match self.seen_through_recipes(words, state) {
            Recipes::Unread => {}
            Recipes::NameNothing => return None,
            Recipes::Name(missed) => return Some(missed),
        }
        match (why, hidden_programs::hidden_by_name(words)) {
            (Some(missed), unseen) if missed.is_script || unseen.is_some() => Some(missed),
            (_, Some(reason)) => Some(self.unread_argument(words, state).unwrap_or_else(|| UnreadReason::new(reason))),
            _ => {
                let named = hidden_programs::may_run(words, (self.context.programs)());
                let named = named.map(|(reason, word)| UnreadReason {
                    span: word.source_span(self.context.sources),
                    ..UnreadReason::new(reason)
                });
                named.or_else(|| self.unread_build(words, state))
            }
        }
    }

    /// The file that a descriptor stands for.
    fn open_file_of(&self, descriptor: u32, state: &ShellState) -> Option<Word> {
        let file = state.fds.get(&descriptor).filter(|fd| fd.certainty == Certainty::Sure)?.file?;
        let file = self.files.get(file).filter(|file| !file.unclear)?;
        Some(Word::of_traced(&file.path)).filter(|path| !path.starts_with("/dev/"))
    }

    /// Runs a shell's text in a new shell.
    pub(super) fn run_shell_text(&mut self, call: &ShellCall, state: &ShellState) -> ExitStates {
        // What varies further back is an argument, or is told where it names a program.
        let begins_unclear = call.text.unclear && call.text.text.0.first().is_none_or(|first| first.live);
        if begins_unclear || call.text.certainty != Certainty::Sure {
            self.note_unseen("a shell runs a text that is set in more than one way");
        }
        let here = self.here;
        self.here = call.text.source_span(self.context.sources).map_or(here, |span| Span::at(span.file, span.start));
        let TextWithFunctions { text, functions } = take_functions(call.text.text_in_place(), state);
        let exits = self.in_new_shell(call, state, |interpreter, mut inner| {
            if !functions.is_empty() {
                Rc::make_mut(&mut inner.functions).extend(functions);
            }
            interpreter.run_text(&text, LastCommand::ReplacesUnlessRedirected, inner)
        });
        self.here = here;
        exits
    }

    /// Runs a shell that reads its input, where that is a here-document or a file that can be read.
    fn run_shell_input(&mut self, call: ShellCall, words: &[ShellWord], state: ShellState) -> ExitStates {
        if let Some(text) = self.input.take() {
            return self.run_shell_text(&ShellCall { text, ..call }, &state);
        }
        match self.text_of_input(&state) {
            Some(text) => self.run_shell_text(&ShellCall { text: ShellWord::of_text(text), ..call }, &state),
            None => self.run_program(words, state),
        }
    }

    /// Runs something in a new shell.
    pub(super) fn in_new_shell(
        &mut self,
        call: &ShellCall,
        state: &ShellState,
        run: impl FnOnce(&mut Self, ShellState) -> ExitStates,
    ) -> ExitStates {
        let mut inner = state.clone();
        inner.vars.keep_given();
        let handed = |name: &String| call.bash && state.handed.contains(name);
        if state.functions.keys().any(|name| !handed(name)) {
            Rc::make_mut(&mut inner.functions).retain(|name, _| handed(name));
        }
        inner.args = Some(Arguments::from_items(call.args.iter().cloned().map(ListItem::from)));
        (inner.errexit, inner.allexport, inner.pipefail) = (call.errexit, call.allexport, call.pipefail);
        let conditions = std::mem::take(&mut self.conditions);
        let calls = std::mem::take(&mut self.calls);
        let bash = std::mem::replace(&mut self.bash, call.bash);
        let exits = self.in_child_process(state, inner, |interpreter, inner| {
            let inner = interpreter.read_startup_files(&call.startup, call.bash, inner);
            run(interpreter, inner)
        });
        self.calls = calls;
        self.bash = bash;
        self.conditions = conditions;
        exits
    }

    /// The words that a container starts with.
    pub(super) fn run_words(&mut self, words: &[ShellWord]) {
        let user = self.context.user.map(Rc::from);
        self.start_program(words, ShellState { user, ..self.first_state() });
    }
}

/// Takes the variables that are only handed on (`env -i NAME="$NAME"`) out of those that are set; gives their names.
fn take_handed_on(inner: &mut WrappedCommand) -> Vec<String> {
    if inner.inherits == Inherits::All {
        return Vec::new();
    }
    let is_own = |(name, value): &(String, VariableValue)| match value {
        VariableValue::Text(text) if !text.is_fixed() => Parameter::parse(&text.raw())
            .is_some_and(|parameter| parameter.name == *name && matches!(parameter.op.as_str(), "" | ":?" | "?")),
        _ => false,
    };
    let (own, set): (Vec<_>, Vec<_>) = std::mem::take(&mut inner.env).into_iter().partition(is_own);
    inner.env = set;
    own.into_iter().map(|(name, _)| name).collect()
}

/// How many words say what is run: a wrapper's own, or the program's name.
fn own_words(unwrapped: &Unwrapped, words: &[ShellWord]) -> usize {
    let rest = match unwrapped {
        Unwrapped::Nothing | Unwrapped::Program => return 1,
        Unwrapped::Inner(WrappedCommand { shell: None, words, .. }) => words.len(),
        Unwrapped::Inner(_) => 0,
        Unwrapped::Shell(call) | Unwrapped::File(call) => call.args.len(),
        Unwrapped::Input(call) => call.args.len().saturating_sub(1),
        Unwrapped::Flock => {
            match flock_command::parse_flock(words.get(1..).unwrap_or_default()).map(|flock| flock.runs) {
                Some(FlockAction::Command(_, command)) => command.len(),
                _ => 0,
            }
        }
    };
    words.len().saturating_sub(rest).max(1)
}

/// The values of the variables of loops that words name.
fn named_choices(words: &[ShellWord], state: &ShellState) -> BTreeMap<String, Vec<Word>> {
    let texts: Vec<String> = words.iter().filter(|word| word.unclear).map(ShellWord::raw).collect();
    if texts.is_empty() {
        return BTreeMap::new();
    }
    state.vars.note_choices();
    let names = |name: &String| {
        texts.iter().any(|text| text.contains(&format!("${name}")) || text.contains(&format!("${{{name}}}")))
    };
    let chosen = state.choices.iter().filter(|(name, _)| names(name));
    chosen.map(|(name, texts)| (name.clone(), texts.iter().map(Word::of_traced).collect())).collect()
}

pub(super) fn is_sure(lock: &FileLock) -> bool {
    lock.exclusive && !lock.failure_ignored && !lock.perhaps && lock.condition.is_none()
}
