//! What files show that are no shell scripts, of the programs that a command runs by them: code of other languages, recipes,
//! configurations, and what a build makes programs of. Uses `interpreter`, `file_system` and `script_files`.

use super::certainty::Certainty;
use super::inline_texts;
use super::interpreter::Interpreter;
use super::script_files::UnreadReason;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::input::shell::file_system::{Lookup, mentioned};
use crate::model::join;
use crate::text::{FileId, Span};

/// What a file of recipes shows.
pub(super) enum Recipes {
    /// There is none to be read, or it leads to others.
    Unread,
    /// It names no program that matters.
    NameNothing,
    /// It names one.
    Name(UnreadReason),
}

/// Programs that run recipes of a file, and the names that this has.
const RECIPES: [(&str, &[&str]); 3] = [
    ("make", &["GNUmakefile", "makefile", "Makefile"]),
    ("just", &["justfile", "Justfile", ".justfile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml"]),
];

impl Interpreter<'_> {
    /// Why a file of another language is not seen through, with the line where it names a program that matters.
    pub(super) fn unread_language(&self, path: &str, file: FileId, interpreter: &str) -> UnreadReason {
        let names = (self.context.programs)();
        let found = mentioned(file, self.context.sources, names)
            .or_else(|| self.context.file_system.mention(names, &self.read_files()));
        let reason = match found {
            Some(span) => format!("{}: `{path}` is run by `{interpreter}`", self.naming_reason(span)),
            None => format!("the script `{path}`, run by `{interpreter}`, was not read"),
        };
        // Where all that was put there was looked through, nothing in it names a program that matters.
        UnreadReason { reason, span: found, is_script: found.is_some() || !self.context.file_system.is_searched() }
    }

    fn naming_reason(&self, span: Span) -> String {
        let source = self.context.sources.get(span.file);
        let (name, line, word) = (source.name(), span.start.line, source.slice(span));
        format!("{name}:{line} names `{word}`, and what it does with it was not read")
    }

    /// The same for an interpreter and its words; nothing where no file of the repository is known to be behind them.
    pub(super) fn unread_argument(&self, words: &[ShellWord], state: &ShellState) -> Option<UnreadReason> {
        let name = words.first().filter(|word| word.is_fixed()).map(ShellWord::raw)?;
        let name = name.rsplit('/').next().unwrap_or(&name);
        let file = words.iter().skip(1).find(|word| !word.raw().starts_with('-'))?;
        let path = self.absolute_path(&file.text, state)?;
        if let Lookup::Text(file) = self.context.file_system.open(&path) {
            return Some(self.unread_language(&path, file, name));
        }
        let span = self.context.file_system.mention((self.context.programs)(), &self.read_files())?;
        let reason = format!("{}: it is put beside what `{name}` runs", self.naming_reason(span));
        Some(UnreadReason { reason, span: Some(span), is_script: true })
    }

    /// Whether an interpreter is given a file that was read and that starts nothing: neither it nor anything else that was put
    /// there names a program that matters.
    pub(super) fn runs_harmless_file(&self, words: &[ShellWord], state: &ShellState) -> bool {
        let Some((first, rest)) = words.split_first().filter(|(first, _)| first.is_fixed()) else { return false };
        let path = first.raw();
        let name = path.rsplit('/').next().unwrap_or_default();
        // Options that bring no other code.
        let is_plain = |word: &&ShellWord| matches!(word.raw().as_str(), "-u" | "-B" | "-O" | "-s" | "-E" | "-I");
        let files = self.context.file_system;
        let file = rest.iter().find(|word| !is_plain(word)).filter(|word| !word.raw().starts_with('-'));
        let Some(file) = file.filter(|file| !file.unclear && files.is_searched()) else { return false };
        let Some(path) = self.absolute_path(&file.text, state) else { return false };
        let Lookup::Text(file) = files.open(&path) else { return false };
        let names = (self.context.programs)();
        inline_texts::file_starts_nothing(name, self.context.sources.get(file).text())
            && mentioned(file, self.context.sources, names).is_none()
            && files.mention(names, &self.read_files()).is_none()
    }

    /// Whether the file that a program's name means names a program that matters.
    pub(super) fn finds_mention(&self, words: &[ShellWord], state: &ShellState) -> bool {
        let file = words.first().and_then(|word| self.program_file(word, state));
        let Some((_, Lookup::Text(file))) = file else { return false };
        mentioned(file, self.context.sources, (self.context.programs)()).is_some()
    }

    /// Why a program that a build makes may call one that matters: what it is made of names that.
    pub(super) fn unread_build(&self, words: &[ShellWord], state: &ShellState) -> Option<UnreadReason> {
        let word = words.first().filter(|word| !word.unclear && word.certainty == Certainty::Sure)?;
        let raw = word.raw();
        // The program itself is recorded as what it is, wherever it comes from.
        if self.is_named_program(&raw) {
            return None;
        }
        let paths: Vec<String> = if raw.contains('/') {
            self.absolute_path(&word.text, state).into_iter().collect()
        } else {
            self.searched_directories(state).iter().map(|directory| join(directory, &raw)).collect()
        };
        let (files, names) = (self.context.file_system, (self.context.programs)());
        let span = paths.iter().find_map(|path| files.mention_in_build(path, names))?;
        let reason = format!("{}: `{raw}` may be made of it", self.naming_reason(span));
        Some(UnreadReason { reason, span: Some(span), is_script: true })
    }

    /// What a file of recipes shows of a command of `make` and its kin.
    pub(super) fn seen_through_recipes(&self, words: &[ShellWord], state: &ShellState) -> Recipes {
        if let Some((name, file)) = self.configuration_file(words, state) {
            return self.seen_through_configuration(&name, file);
        }
        let Some((name, file)) = self.recipe_file(words, state) else { return Recipes::Unread };
        if let Some(span) = mentioned(file, self.context.sources, (self.context.programs)()) {
            let reason = format!("{}: it is what `{name}` runs", self.naming_reason(span));
            return Recipes::Name(UnreadReason { reason, span: Some(span), is_script: true });
        }
        let leads_on = self.context.sources.get(file).text().contains("include");
        if leads_on { Recipes::Unread } else { Recipes::NameNothing }
    }

    /// The file of recipes that a command reads, with the command's name.
    fn recipe_file(&self, words: &[ShellWord], state: &ShellState) -> Option<(String, FileId)> {
        let path = words.first().filter(|word| word.is_fixed()).map(ShellWord::raw)?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        let (_, files) = RECIPES.iter().find(|(program, _)| *program == name)?;
        let elsewhere = |word: &ShellWord| matches!(word.raw().as_str(), "-C" | "-f" | "-d" | "--directory" | "--file");
        let directory = self.current_directory(state).filter(|_| !words.iter().any(elsewhere))?;
        let opened = files.iter().map(|file| self.context.file_system.open(&join(&directory, file)));
        let file = opened.into_iter().find_map(|found| match found {
            Lookup::Text(file) => Some(file),
            _ => None,
        })?;
        Some((name.to_owned(), file))
    }

    /// The file with the commands that a supervisor, or a cron of its own, is told to run, with the program's name.
    fn configuration_file(&self, words: &[ShellWord], state: &ShellState) -> Option<(String, FileId)> {
        let path = words.first().filter(|word| word.is_fixed()).map(ShellWord::raw)?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        let rest = words.get(1..)?;
        let file = match name {
            "supervisord" => {
                let at = rest.iter().position(|word| matches!(word.raw().as_str(), "-c" | "--configuration"))?;
                rest.get(at + 1)?
            }
            "supercronic" => rest.last().filter(|word| !word.raw().starts_with('-'))?,
            _ => return None,
        };
        let path = self.absolute_path(&file.text, state).filter(|_| !file.unclear)?;
        match self.context.file_system.open(&path) {
            Lookup::Text(file) => Some((name.to_owned(), file)),
            _ => None,
        }
    }

    /// What such a file shows, with all that was put there and that its commands may run.
    fn seen_through_configuration(&self, name: &str, file: FileId) -> Recipes {
        let (files, names) = (self.context.file_system, (self.context.programs)());
        let found = mentioned(file, self.context.sources, names).or_else(|| files.mention(names, &self.read_files()));
        if let Some(span) = found {
            let reason = format!("{}: `{name}` runs what its file names", self.naming_reason(span));
            return Recipes::Name(UnreadReason { reason, span: Some(span), is_script: true });
        }
        let leads_on = self.context.sources.get(file).text().contains("[include]");
        if leads_on || !files.is_searched() { Recipes::Unread } else { Recipes::NameNothing }
    }
}
