//! `run-parts`, which runs the programs of a directory one after the other. Options and the rule of names are from the manual
//! of Debian's. Uses `interpreter` and `file_system`.

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::skip_options;
use crate::input::shell::file_system::Lookup;
use crate::model::join;

/// Options that take a value.
const LONG: [&str; 3] = ["--arg", "--umask", "--regex"];

impl Interpreter<'_> {
    /// Runs what a directory has in it; `None` where these words do not ask for that.
    pub(super) fn run_parts(&mut self, words: &[ShellWord], state: &ShellState) -> Option<ExitStates> {
        let path = words.first().filter(|first| first.is_fixed())?.raw();
        if path.rsplit('/').next() != Some("run-parts") {
            return None;
        }
        let from = skip_options(words, "au", &LONG);
        let (options, operands) = words.split_at(from.min(words.len()));
        // Some take the directory first.
        let directory = operands.first()?;
        let only_lists = |word: &ShellWord| matches!(word.raw().as_str(), "--test" | "--list" | "-t" | "-l");
        if words.iter().any(only_lists) {
            return Some(ExitStates::either_way(state.clone()));
        }
        let Some(path) = self.absolute_path(&directory.text, state).filter(|_| !directory.unclear) else {
            self.note_unseen("`run-parts` runs the files of a directory that is not known");
            return Some(ExitStates::either_way(state.clone()));
        };
        let rule = NameRule::of_options(options);
        let names = self.context.file_system.files_in(&path, &|name| rule.fits(name));
        if names.is_empty()
            && let Lookup::Unseen(why) = self.context.file_system.open(&join(&path, "any"))
            && self.context.file_system.is_searched()
            && !self.context.file_system.has_known_base()
            && !why.is_empty()
        {
            self.note_unseen(format!("`run-parts` runs the files of `{path}`, which were not read"));
        }
        let arguments: Vec<ShellWord> = arguments(options);
        for name in names {
            let mut command = vec![ShellWord::plain(&join(&path, &name))];
            command.extend(arguments.iter().cloned());
            let child = state.child_process(true);
            self.in_child_process(state, child, |interpreter, child| interpreter.start_program(&command, child));
        }
        Some(ExitStates::either_way(state.clone()))
    }
}

/// What each of the programs is called with: `--arg=VALUE`, `-a VALUE`.
fn arguments(options: &[ShellWord]) -> Vec<ShellWord> {
    let values = options.iter().enumerate().filter_map(|(at, word)| {
        let raw = word.raw();
        if matches!(raw.as_str(), "-a" | "--arg") {
            return options.get(at + 1).cloned();
        }
        let value = raw.strip_prefix("--arg=")?;
        let from = word.text.0.len().saturating_sub(value.chars().count());
        Some(ShellWord { text: word.text.part(from, word.text.0.len()), ..word.clone() })
    });
    values.collect()
}

/// Which names of files are run.
enum NameRule {
    /// Letters, digits, `_` and `-` alone.
    Usual,
    /// What this ends in.
    Ending(String),
    /// Any that may be meant.
    Any,
}

impl NameRule {
    fn of_options(options: &[ShellWord]) -> Self {
        let raw = options.iter().map(ShellWord::raw).collect::<Vec<_>>();
        let apart = raw.iter().position(|option| option == "--regex").and_then(|at| raw.get(at + 1).cloned());
        let joined = raw.iter().find_map(|option| option.strip_prefix("--regex=").map(str::to_owned));
        match apart.or(joined) {
            None if raw.iter().any(|option| option == "--lsbsysinit") => Self::Any,
            None => Self::Usual,
            Some(pattern) => match pattern.rsplit_once("\\.") {
                Some((_, ending)) => match ending.strip_suffix('$') {
                    Some(ending) if ending.chars().all(char::is_alphanumeric) => Self::Ending(format!(".{ending}")),
                    _ => Self::Any,
                },
                None => Self::Any,
            },
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Usual => name.chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-')),
            Self::Ending(ending) => name.ends_with(ending.as_str()),
            Self::Any => !name.starts_with('.'),
        }
    }
}
