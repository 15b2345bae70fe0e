//! Commands that programs take from variables of their environment: the editors and kin of `git`, and of programs that open a
//! text. Uses `interpreter` and `shell_state`.

use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::ShellCall;
use super::variable_value::VariableValue;
use crate::input::shell::file_system::find_program;

/// Variables whose texts `git` gives to a shell.
const TEXTS_FOR_GIT: [&str; 8] = [
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "EDITOR",
    "VISUAL",
    "GIT_PAGER",
    "GIT_ASKPASS",
    "GIT_SSH_COMMAND",
    "GIT_EXTERNAL_DIFF",
];

/// Variables whose texts programs that open a text run.
const TEXTS_FOR_OTHERS: [&str; 2] = ["EDITOR", "VISUAL"];
/// Such programs.
const OPENING: [&str; 4] = ["crontab", "visudo", "vipw", "sensible-editor"];

impl Interpreter<'_> {
    /// Runs the texts that variables of its environment give a program to run, where these name a program that matters.
    pub(super) fn run_texts_of_environment(&mut self, words: &[ShellWord], state: &ShellState) {
        let path = words.first().filter(|first| first.is_fixed()).map(ShellWord::raw).unwrap_or_default();
        let names: &[&str] = match path.rsplit('/').next() {
            Some("git") => &TEXTS_FOR_GIT,
            Some(name) if OPENING.contains(&name) => &TEXTS_FOR_OTHERS,
            _ => return,
        };
        let given = state.vars.given().filter(|(name, _)| names.contains(&name.as_str()));
        let texts = given.filter_map(|(_, variable)| match &variable.value {
            VariableValue::Text(text) => Some(text.clone()),
            _ => None,
        });
        let names_program =
            |text: &str| (self.context.programs)().iter().any(|name| find_program(text, name).is_some());
        let texts: Vec<_> = texts.filter(|text| names_program(&text.raw())).collect();
        for text in texts {
            let text = ShellWord::of_text(text);
            let child = state.child_process(true);
            self.run_shell_text(&ShellCall::plain(text), &child);
        }
    }
}
