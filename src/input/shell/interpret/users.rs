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

    /// Replaces HOME in a word, and with it what else is known, by what it is before it changes; where HOME is not known, the
    /// word is not clear, and has a variable in its place that nothing sets.
    pub(super) fn put_in_home(&self, word: &mut ShellWord, state: &ShellState) {
        if word.text.is_fixed() || !word.text.raw().contains("HOME") && !word.text.raw().starts_with('~') {
            return;
        }
        let is_told = |name: &str| state.inherits == Inherits::All && (name == "HOME" || !self.context.hides);
        let known = |name: &str| (self.context.environment)(name).filter(|_| is_told(name));
        let mut text = TracedText::default();
        let mut at = 0;
        while at < word.text.0.len() {
            let Some((name, end)) = variable_at(&word.text, at) else {
                // What a command prints is the command's.
                let end = if begins_command(&word.text, at) { word.text.0.len() } else { at + 1 };
                text.push(&word.text.part(at, end));
                at = end;
                continue;
            };
            match known(&name) {
                Some(value) => text.push(&TracedText::plain(&value)),
                None if name == "HOME" => {
                    word.unclear = true;
                    text.push(&TracedText::live(HOME_BEFORE));
                }
                None => text.push(&word.text.part(at, end)),
            }
            at = end;
        }
        word.unclear |= text.0.iter().any(|traced| traced.live) && text.raw().contains("${HOME");
        word.text = text;
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

/// What stands for a home that is not known, where another one is HOME now.
const HOME_BEFORE: &str = "$HOME_BEFORE";

/// The variable that a shell replaces at a place of a text, without an operation, and where it ends. A tilde is the home.
fn variable_at(text: &TracedText, at: usize) -> Option<(String, usize)> {
    let live = |at: usize| text.0.get(at).filter(|traced| traced.live).map(|traced| traced.ch);
    let is_of_name = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
    if live(at)? == '~' && at == 0 {
        return text.0.get(1).is_none_or(|next| next.ch == '/').then(|| ("HOME".to_owned(), 1));
    }
    let start = match (live(at)?, live(at + 1)?) {
        ('$', '{') => at + 2,
        ('$', _) => at + 1,
        _ => return None,
    };
    let name: String = (start..).map_while(live).take_while(|ch| is_of_name(*ch)).collect();
    let end = start + name.len();
    if name.is_empty() || name.starts_with(|ch: char| ch.is_ascii_digit()) {
        return None;
    }
    match start - at {
        2 => (live(end)? == '}').then_some((name, end + 1)),
        _ => Some((name, end)),
    }
}

/// Whether the output of a command begins at a place of a text.
fn begins_command(text: &TracedText, at: usize) -> bool {
    let live = |at: usize| text.0.get(at).filter(|traced| traced.live).map(|traced| traced.ch);
    live(at) == Some('`') || live(at) == Some('$') && live(at + 1) == Some('(')
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
