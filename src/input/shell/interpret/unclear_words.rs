//! What stands in a word for a value that is not known. Uses `interpreter`, `shell_state`, `value_identity` and `model`.

use super::alternatives::alternatives_of_text;
use super::chosen_words::has_other_unclear;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::value_identity::{self, Round, WrittenAt};
use super::variable_value::VariableValue;
use crate::input::shell::parse::syntax::{Block, BlockItem, Statement};
use crate::model::Parameter;
use crate::text::TracedText;

impl Interpreter<'_> {
    /// A variable that is set in more than one way, as what is the same wherever it holds the same. One of a loop stays:
    /// it is known by its name what that may hold.
    pub(super) fn unclear_value(&mut self, param: &Parameter, raw: &TracedText, state: &ShellState) -> TracedText {
        if param.name == "PWD" && param.op.is_empty() && state.cwd.is_unclear() {
            let place = raw.first_position(self.context.sources).unwrap_or(self.here);
            return self.unclear_directory(place);
        }
        let target = state.target_of(&param.name);
        let variable = state.vars.get(&target).filter(|_| !param.all);
        let Some(variable) = variable.filter(|_| !state.choices.contains_key(&param.name)) else { return raw.clone() };
        state.vars.note_identity(&target);
        let given = match &variable.value {
            VariableValue::Maybe(text, _) => value_identity::as_alternative(param, text),
            _ => None,
        };
        let param = given.as_ref().unwrap_or(param);
        let symbol = variable.identity.name_parameter(param, raw, !self.is_muted(), self.context.sources);
        if let (VariableValue::Either(either), true) = (&variable.value, param.op.is_empty()) {
            self.alternatives.insert(symbol.raw(), either.clone());
        }
        symbol
    }

    /// What is assigned by a text that is not known: one of several, where those are known that stand in it.
    pub(super) fn unclear_assigned(&self, text: &TracedText, state: &ShellState) -> VariableValue {
        let either = alternatives_of_text(text, &self.alternatives);
        let known = either.are_known() && !has_other_unclear(text, state);
        if known { VariableValue::Either(either) } else { VariableValue::Unclear }
    }

    /// The file or directory that `$(mktemp ...)` makes: another one each time.
    pub(super) fn made_file(&mut self, raw: &TracedText) -> Option<TracedText> {
        let text = raw.raw();
        let command = text.strip_prefix("$(").or_else(|| text.strip_prefix('`'))?;
        let place = WrittenAt::of_text(raw).filter(|_| command.trim_start().starts_with("mktemp"))?;
        let is_muted = self.is_muted();
        self.forbid_keeping();
        let times = self.made_files.entry(place).or_default();
        *times += usize::from(!is_muted);
        let times = *times;
        let name = value_identity::name_made_file(place, times, self.context.sources);
        if !is_muted {
            self.made_in.insert(name.raw(), self.round());
        }
        Some(name)
    }

    /// The id of the container that `$(docker run -d ...)` prints: another one each time. `starts` were made before it.
    pub(super) fn kept_container_id(
        &mut self,
        raw: &TracedText,
        blocks: &[Block],
        starts: usize,
    ) -> Option<TracedText> {
        let [block] = blocks else { return None };
        let place = WrittenAt::of_text(raw)?;
        let [start] = self.started.get_mut(starts..)? else { return None };
        let is_alone = matches!(block.as_slice(), [BlockItem { stmt: Statement::Simple(_), background: false }]);
        if !is_alone || !start.command.is_left_running() || start.command.is_perhaps_detached() {
            return None;
        }
        let id = value_identity::name_container(place, starts, self.context.sources);
        start.kept_id = Some(id.raw());
        self.forbid_keeping();
        Some(id)
    }

    /// Whether all that `mktemp` made for these words is made anew for each of their repetitions.
    pub(super) fn is_made_each_round<'w>(&self, words: impl IntoIterator<Item = &'w ShellWord>) -> bool {
        let here = self.round();
        let mut made = words.into_iter().flat_map(|word| value_identity::made_files_in(&word.raw())).peekable();
        here != Round::default() && made.peek().is_some() && made.all(|name| self.made_in.get(&name) == Some(&here))
    }

    fn round(&self) -> Round {
        Round { innermost_loop: self.loops.last().copied(), at_once: self.at_once }
    }
}
