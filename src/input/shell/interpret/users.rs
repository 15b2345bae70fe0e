//! What a change of the user does: HOME, the environment, and what asks who one is.
//! Uses `interpreter`, `shell_state` and `unwrapped`.

use std::rc::Rc;

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::UserChange;
use super::variable_value::VariableValue;
use crate::model::{HomeOfUser, Inherits, Word};
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Makes another user of the process.
    pub(super) fn change_user(&mut self, change: &UserChange, state: &mut ShellState) {
        let known = self.resolve_text(&change.user);
        let name = known.as_deref().map(|user| user.split(':').next().unwrap_or_default().to_owned());
        if change.sets_home {
            let home = name.as_deref().map_or(VariableValue::Unclear, |name| self.home_of_user(name));
            self.assign_value("HOME", home, true, state);
        }
        state.user = name.filter(|name| !name.is_empty()).map(Rc::from);
    }

    /// Notes the home that a command gives to a user: who becomes that user later has it.
    pub(super) fn note_home(&mut self, argv: &[Word], state: &ShellState) {
        let Some(HomeOfUser { name, home, .. }) = HomeOfUser::of_command(argv) else { return };
        let home =
            if state.conditional { VariableValue::Unclear } else { VariableValue::Text(TracedText::plain(&home)) };
        self.forbid_keeping();
        self.homes.insert(name, home);
    }

    fn home_of_user(&self, name: &str) -> VariableValue {
        if let Some(home) = self.homes.get(name) {
            return home.clone();
        }
        let known = match name {
            "root" | "0" => Some("/root".to_owned()),
            name => (self.context.home)(name),
        };
        // As a shell would have to ask: no text says it.
        let asked = || TracedText::live(&format!("$(echo ~{name})"));
        VariableValue::Text(known.map_or_else(asked, |home| TracedText::plain(&home)))
    }

    /// Takes variables away, but those that are kept.
    pub(super) fn limit_environment(inherits: Inherits, keeps: &[String], state: &mut ShellState) {
        if inherits == Inherits::All {
            return;
        }
        // What the shell does not set itself is what the container's environment says, if that was there so far.
        let before = Rc::clone(&state.keeps);
        let is_there = |name: &&String| {
            state.vars.get(name).is_none() && (state.inherits == Inherits::All || before.contains(*name))
        };
        state.keeps = Rc::new(keeps.iter().filter(is_there).cloned().collect());
        match inherits {
            Inherits::ByPolicy => state.vars.hide_all_but(keeps),
            Inherits::All | Inherits::Nothing => state.vars.keep_named(keeps),
        }
        if state.inherits != Inherits::Nothing {
            state.inherits = inherits;
        }
    }

    /// Replaces HOME in a word by what it is before it changes; where that is not known, the word is not clear.
    pub(super) fn put_in_home(&self, word: &mut ShellWord, state: &ShellState) {
        if word.text.is_fixed() || !word.text.raw().contains("HOME") && !word.text.raw().starts_with('~') {
            return;
        }
        match self.resolve_text(&word.text).filter(|_| state.inherits == Inherits::All) {
            Some(text) => word.text = TracedText::plain(&text),
            None => word.unclear = true,
        }
    }

    /// The user as a command of the shell prints it: the name, or for `number` the number. That of somebody other than root
    /// stays a question where it is not known.
    pub(super) fn user_text(number: bool, state: &ShellState) -> Option<TracedText> {
        let user = state.user.as_deref()?;
        let is_number = user.bytes().all(|byte| byte.is_ascii_digit());
        let is_root = matches!(user, "root" | "0");
        Some(match (number, is_root) {
            (true, true) => TracedText::plain("0"),
            (false, true) => TracedText::plain("root"),
            (number, false) if number == is_number => TracedText::plain(user),
            (true, false) => TracedText::live(&format!("{OTHER_USER}-u {user})")),
            (false, false) => TracedText::live(&format!("{OTHER_USER}-un {user})")),
        })
    }
}

/// How a question for a user begins that is known not to be root.
const OTHER_USER: &str = "$(id ";

/// Whether a word stands for a user other than root and another one for root.
pub(super) fn is_other_than_root(asked: &ShellWord, other: &str) -> bool {
    !asked.unclear
        && asked.text.is_live()
        && matches!(other, "0" | "root")
        && asked.raw().strip_prefix(OTHER_USER).is_some_and(|rest| rest.split(' ').count() == 2)
}
