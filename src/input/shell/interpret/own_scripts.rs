//! Scripts that the commands of a container write, and run afterwards.
//! Uses `interpreter`, `shell_state`, `searched_directories` and `script_text`.

use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::limits;
use super::script_text::ScriptText;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::model::join;
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Keeps the text of a script that a container's own commands write, and may run afterwards.
    pub(super) fn keep_own_script(&mut self, text: &TracedText, file: &ShellWord, appends: bool, state: &ShellState) {
        let Some(path) = self.absolute_path(&file.text, state).filter(|_| !file.unclear) else { return };
        self.forbid_keeping();
        let whole = self.own_scripts.entry(path).or_default();
        if !appends {
            *whole = TracedText::default();
        }
        if whole.0.len() + text.0.len() <= limits::WORD_CHARS {
            whole.push(text);
        }
    }

    /// The text of a script that was written before, by its path.
    pub(super) fn own_script(&mut self, path: &str) -> Option<ScriptText> {
        let text = self.own_scripts.get(path)?.clone();
        let (file, _) = text.0.iter().find_map(|traced| traced.at)?;
        self.forbid_keeping();
        Some(ScriptText { file, text })
    }

    /// The script that was written before and that a program's name or path means.
    pub(super) fn own_script_named(&mut self, word: &ShellWord, state: &ShellState) -> Option<(String, ScriptText)> {
        if self.own_scripts.is_empty() || word.unclear || word.certainty != Certainty::Sure {
            return None;
        }
        let raw = word.raw();
        let paths = if raw.contains('/') {
            self.absolute_path(&word.text, state).into_iter().collect()
        } else {
            self.searched_directories(state).iter().map(|directory| join(directory, &raw)).collect::<Vec<_>>()
        };
        paths.into_iter().find_map(|path| Some((path.clone(), self.own_script(&path)?)))
    }
}
