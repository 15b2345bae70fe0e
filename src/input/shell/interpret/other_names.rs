//! Programs that matter under other names: links to them, and copies, that a build or a script makes.
//! Uses `interpreter`, `shell_state`, `searched_directories` and `file_system`.

use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::limits;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::model::join;

/// Programs that give a file another name.
const NAMING: [&str; 5] = ["cp", "install", "link", "ln", "mv"];

impl Interpreter<'_> {
    /// The words with the program's own name for the one that it is called by, where that is another.
    pub(super) fn by_own_name(&mut self, words: &[ShellWord], state: &ShellState) -> Option<Vec<ShellWord>> {
        let (first, rest) = words.split_first()?;
        let program = self.program_meant(first, state)?;
        Some(std::iter::once(first.with_text(&program)).chain(rest.iter().cloned()).collect())
    }

    /// The program that matters and that a word of another name means.
    fn program_meant(&mut self, word: &ShellWord, state: &ShellState) -> Option<String> {
        let raw = word.raw();
        if word.unclear || word.certainty != Certainty::Sure || raw.is_empty() || self.is_named_program(&raw) {
            return None;
        }
        let paths: Vec<String> = if raw.contains('/') {
            self.absolute_path(&word.text, state).into_iter().collect()
        } else if word.is_fixed() {
            self.searched_directories(state).iter().map(|directory| join(directory, &raw)).collect()
        } else {
            return None;
        };
        if let Some(program) = paths.iter().find_map(|path| self.own_names.get(path)).cloned() {
            self.forbid_keeping();
            return Some(program);
        }
        let (files, names) = (self.context.file_system, (self.context.programs)());
        paths.iter().find_map(|path| files.program_behind(path, names))
    }

    /// Notes the other names that a command gives to a program that matters.
    pub(super) fn note_other_names(&mut self, words: &[ShellWord], state: &ShellState) {
        let Some((first, rest)) = words.split_first() else { return };
        let name = first.raw();
        if name == "hash" {
            return self.note_hashed_name(rest, state);
        }
        if !NAMING.contains(&name.rsplit('/').next().unwrap_or_default()) || self.own_names.len() >= limits::CHOICES {
            return;
        }
        let operands: Vec<&ShellWord> = rest.iter().filter(|word| !word.raw().starts_with('-')).collect();
        let Some((target, sources)) = operands.split_last() else { return };
        let Some(target) = self.absolute_path(&target.text, state) else { return };
        for source in sources {
            let raw = source.raw();
            let raw = raw.trim_end_matches('/');
            let program =
                if self.is_named_program(raw) { Some(raw.to_owned()) } else { self.program_meant(source, state) };
            let Some(program) = program else { continue };
            self.forbid_keeping();
            let last = raw.rsplit('/').next().unwrap_or(raw);
            // The target may be a directory.
            for path in [target.clone(), join(&target, last)] {
                if !self.is_named_program(&path) {
                    self.own_names.insert(path, program.clone());
                }
            }
        }
    }

    /// `hash -p PATH NAME`: the shell runs PATH where NAME is called.
    fn note_hashed_name(&mut self, words: &[ShellWord], state: &ShellState) {
        let [option, source, name] = words else { return };
        let raw = source.raw();
        let program = match self.program_meant(source, state) {
            _ if option.raw() != "-p" || name.raw().contains('/') => None,
            None if self.is_named_program(&raw) => Some(raw),
            meant => meant,
        };
        let first = self.searched_directories(state).into_iter().next();
        if let (Some(program), Some(directory)) = (program, first) {
            self.forbid_keeping();
            self.own_names.insert(join(&directory, &name.raw()), program);
        }
    }

    /// Whether a word is the name or path of a program that matters.
    pub(super) fn is_named_program(&self, word: &str) -> bool {
        let name = word.rsplit('/').next().unwrap_or(word);
        (self.context.programs)().iter().any(|program| program == name)
    }
}
