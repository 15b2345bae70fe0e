//! Files of variables that a script writes, copies or links, and what Compose is given of those that it reads: `.env` beside
//! the project, or those of `--env-file`. Uses `interpreter`, `variable_files`, `docker_cli` and `model`.

use std::collections::BTreeMap;

use super::interpreter::Interpreter;
use super::limits;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::value_identity::short_place;
use super::variable_files::assigned_variables;
use crate::input::docker_cli::ComposeProject;
use crate::input::shell::file_system::Lookup;
use crate::model::{HandedVariables, PartialText, Value, VariableState, Word, clean, join};
use crate::text::TracedText;

/// Programs that make a file of another one, by their last operand.
const COPYING: [&str; 4] = ["cp", "install", "ln", "mv"];

/// How variables come into a file.
#[derive(Clone, Copy)]
struct Writing {
    /// Whether they go behind what the file has.
    appends: bool,
    /// Whether that is so on some ways only.
    is_conditional: bool,
}

impl Interpreter<'_> {
    /// Keeps the variables of a text that is written into a file for them.
    pub(super) fn keep_written_variables(
        &mut self,
        file: &ShellWord,
        text: &TracedText,
        appends: bool,
        state: &ShellState,
    ) {
        if let Some(path) = self.variable_file(file, state) {
            let writing = Writing { appends, is_conditional: state.conditional };
            self.add_written_variables(path, text, writing, state);
        }
    }

    /// Keeps the variables of a file that a command copies or links to another path.
    pub(super) fn keep_copied_variables(&mut self, words: &[ShellWord], state: &ShellState) {
        let Some((first, rest)) = words.split_first() else { return };
        let name = first.raw();
        let name = name.rsplit('/').next().unwrap_or_default();
        if !COPYING.contains(&name) || self.ways_in.is_none() || self.is_muted() {
            return;
        }
        let operands: Vec<&ShellWord> = rest.iter().filter(|word| !word.raw().starts_with('-')).collect();
        let [from, to] = operands.as_slice() else { return };
        let Some(mut path) = self.absolute_path(&to.text, state).filter(|_| !to.unclear) else { return };
        if to.raw().ends_with(['/', '.']) {
            path = join(&path, from.raw().rsplit('/').next().unwrap_or_default());
        }
        if !is_variable_file(&path) {
            return;
        }
        let known = self.absolute_path(&from.text, state).filter(|_| !from.unclear);
        let sources = known.map_or_else(|| self.files_meant(from, state), |path| vec![path]);
        let is_conditional = state.conditional || sources.len() > 1;
        for source in sources {
            let writing = Writing { appends: false, is_conditional };
            if let Some(variables) = self.written_variables.get(&source).cloned() {
                self.merge_written_variables(path.clone(), variables, writing);
            } else if let Lookup::Text(file) = self.context.file_system.open(&source) {
                let text = TracedText::of_file(file, self.context.sources);
                self.add_written_variables(path.clone(), &text, writing, state);
            }
        }
    }

    /// Gives a project the variables of the files that Compose reads for it and the script made; those of its environment go
    /// over them.
    pub(super) fn hand_written_variables(&mut self, project: &mut ComposeProject) {
        if self.written_variables.is_empty() {
            return;
        }
        self.forbid_keeping();
        let known = |value: &Value| (!value.is_symbolic()).then(|| clean(&value.text));
        let files: Vec<String> = if project.env_files.is_empty() {
            let beside_first = project.files.first().and_then(known).and_then(|file| {
                let (directory, _) = file.rsplit_once('/')?;
                Some(directory.to_owned())
            });
            let directory = project.directory.as_ref().and_then(known).or(beside_first);
            let runs_in = project.runs_in.as_ref().and_then(known);
            // The one where it runs is read too, and the one beside the project goes over it.
            runs_in.into_iter().chain(directory).map(|directory| join(&directory, ".env")).collect()
        } else {
            project.env_files.iter().filter_map(known).collect()
        };
        let mut all = HandedVariables::default();
        for variables in files.iter().filter_map(|file| self.written_variables.get(file)) {
            let own = variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            all = all.with(&own);
        }
        project.variables = all.with(&project.variables);
    }

    /// The path of a word, where it names a file of variables.
    fn variable_file(&self, file: &ShellWord, state: &ShellState) -> Option<String> {
        if self.ways_in.is_none() || self.is_muted() || file.unclear {
            return None;
        }
        self.absolute_path(&file.text, state).filter(|path| is_variable_file(path))
    }

    fn add_written_variables(&mut self, path: String, text: &TracedText, writing: Writing, state: &ShellState) {
        let mut variables: BTreeMap<String, Value> = BTreeMap::new();
        for (name, value) in assigned_variables(text) {
            let value = self.value_in_file(&name, &value, &variables, state);
            variables.insert(name, value);
        }
        self.merge_written_variables(path, variables, writing);
    }

    fn merge_written_variables(&mut self, path: String, variables: BTreeMap<String, Value>, writing: Writing) {
        let Writing { appends, is_conditional } = writing;
        let is_there = !matches!(self.context.file_system.open(&path), Lookup::Absent);
        // What is only made where it is not there is not made here.
        if is_conditional && !appends && is_there {
            return;
        }
        self.forbid_keeping();
        let (here, sources) = (self.here, self.context.sources);
        let file = self.written_variables.entry(path).or_default();
        if !appends && !is_conditional {
            file.clear();
        }
        for (name, value) in variables {
            let is_other = |known: &Value| is_conditional && known.text != value.text;
            let value = if file.get(&name).is_some_and(is_other) {
                // It is this one or the one before.
                let at = value.span.unwrap_or(here);
                HandedVariables::unknown_value(&name, &short_place(at.file, at.start.line, sources), value.symbols)
            } else {
                value
            };
            file.insert(name, value);
        }
    }

    /// What a line of such a file gives a variable: Compose puts values in as well, of the lines before too.
    fn value_in_file(
        &self,
        name: &str,
        text: &TracedText,
        before: &BTreeMap<String, Value>,
        state: &ShellState,
    ) -> Value {
        let is_replaced_later = text.0.iter().any(|traced| traced.ch == '$' && !traced.live);
        let word = if is_replaced_later { Word::parse(&text.raw()) } else { Word::of_traced(text) };
        let part = |other: &str| match before.get(other).filter(|_| is_replaced_later) {
            Some(value) => VariableState::Set(value.clone()),
            None => self.variable_of_file(other, state),
        };
        let value = PartialText::expand(&word, &part).to_value(text.first_position(self.context.sources));
        if !value.is_symbolic() {
            return value;
        }
        let place = text.first_position(self.context.sources).unwrap_or(self.here);
        let place = short_place(place.file, place.start.line, self.context.sources);
        HandedVariables::unknown_value(name, &place, value.symbols)
    }

    fn variable_of_file(&self, name: &str, state: &ShellState) -> VariableState {
        match self.settled_value(name, state, limits::NESTED_VALUES) {
            Some(value) => VariableState::Set(value),
            None if state.vars.get(name).is_some_and(|variable| !variable.value.is_as_before()) => {
                VariableState::Unknown
            }
            None => self.environment_state(name),
        }
    }
}

/// Whether a file is one of variables, by its name: `.env`, `prod.env`, `.env.local`.
fn is_variable_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['.', '-', '_']).any(|part| part == "env")
}
