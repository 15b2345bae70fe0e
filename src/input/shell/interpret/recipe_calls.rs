//! `make NAME`, `just NAME`, `task NAME`: the recipes that a command names are run as the file has them. Uses `interpreter`,
//! `entry_runs`, `file_start` and `recipes`.

use std::rc::Rc;

use super::certainty::Certainty;
use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::limits;
use super::shell_state::{ShellState, WorkingDirectory};
use super::shell_word::ShellWord;
use super::unknown_arguments::UnknownArguments;
use super::unwrapped::takes_next_word;
use crate::input::shell::{RecipeCall, RecipeSource};
use crate::model::{is_variable_name, join};
use crate::text::TracedText;

/// A program that runs recipes, and its options.
struct RecipeRunner {
    name: &'static str,
    /// What else it is called.
    alias: Option<&'static str>,
    /// Options that name a directory, and a file.
    directory: &'static [&'static str],
    file: &'static [&'static str],
    /// Further options with a value, by their letters and by their names.
    letters: &'static str,
    valued: &'static [&'static str],
    /// Options with which it runs something else than the recipe, or nothing.
    others: &'static [&'static str],
}

const RUNNERS: [RecipeRunner; 3] = [
    RecipeRunner {
        name: "make",
        alias: Some("gmake"),
        directory: &["-C", "--directory"],
        file: &["-f", "--file", "--makefile"],
        letters: "IoWEC",
        valued: &["--include-dir", "--old-file", "--assume-old", "--what-if", "--new-file", "--assume-new", "--eval"],
        others: &[
            "-n",
            "--just-print",
            "--dry-run",
            "--recon",
            "-q",
            "--question",
            "-t",
            "--touch",
            "-v",
            "--version",
            "-h",
        ],
    },
    RecipeRunner {
        name: "just",
        alias: None,
        directory: &["-d", "--working-directory"],
        file: &["-f", "--justfile"],
        letters: "",
        valued: &["--color", "--shell", "--shell-arg", "--chooser", "--dotenv-filename", "--dotenv-path"],
        others: &[
            "-n",
            "--dry-run",
            "-l",
            "--list",
            "--summary",
            "--show",
            "-s",
            "--set",
            "--choose",
            "--evaluate",
            "--dump",
            "--fmt",
            "--init",
            "--edit",
            "-e",
            "-c",
            "--command",
            "-g",
            "--global-justfile",
            "-V",
            "--version",
            "-h",
            "--help",
        ],
    },
    RecipeRunner {
        name: "task",
        alias: None,
        directory: &["-d", "--dir"],
        file: &["-t", "--taskfile"],
        letters: "oCI",
        valued: &["--output", "--concurrency", "--interval"],
        others: &[
            "-n",
            "--dry",
            "-l",
            "--list",
            "-a",
            "--list-all",
            "--summary",
            "--status",
            "-i",
            "--init",
            "-g",
            "--global",
            "--version",
            "-h",
            "--help",
        ],
    },
];

impl Interpreter<'_> {
    /// Runs the recipes that a command names; `None` where they are not known.
    pub(super) fn run_recipes(&mut self, words: &[ShellWord], state: &ShellState) -> Option<ExitStates> {
        let runner = runner_of(words)?;
        let (source, call) = self.recipe_call(runner, words, state)?;
        self.recipe_calls += 1;
        let file = match self.recipe_files.get(&source) {
            Some(known) => known.clone(),
            None if self.recipe_files.len() >= limits::RECIPE_FILES => None,
            None => {
                let read = (self.context.recipes)(&source, &self.context);
                self.recipe_files.insert(source, read.clone());
                read
            }
        }?;
        if self.recipe_calls > limits::RECIPE_CALLS {
            return None;
        }
        let texts = file.find_texts(&call, &self.context)?;
        let mut inner = state.clone();
        let outer = inner.cwd.clone();
        inner.cwd = Rc::new(WorkingDirectory::At(TracedText::plain(file.directory())));
        let caller = self.context.sources.get(self.here.file).name().to_owned();
        let rest = UnknownArguments::of(&format!("{} in {caller}", runner.name));
        for text in &texts {
            let exits = self.run_entry_text(text, &rest, false, &inner);
            let next = if text.ignores_failure || text.is_conditional { exits.joined() } else { exits.ok };
            let conditional = state.conditional;
            inner = ShellState { conditional, ..next? };
        }
        inner.cwd = outer;
        Some(ExitStates::either_way(inner))
    }

    /// What a command asks for, and of which file.
    fn recipe_call(
        &self,
        runner: &RecipeRunner,
        words: &[ShellWord],
        state: &ShellState,
    ) -> Option<(RecipeSource, RecipeCall)> {
        let mut source = RecipeSource {
            program: runner.name.to_owned(),
            directory: self.current_directory(state)?,
            file: None,
            text: None,
            variables: Vec::new(),
        };
        let mut call = RecipeCall::default();
        let mut at = 1;
        while let Some(word) = words.get(at) {
            at += 1;
            if word.rest.is_some() || word.certainty != Certainty::Sure {
                return None;
            }
            let raw = word.raw();
            // What a loop puts into a value or an argument is another one each time; which recipe it is has to be known.
            let is_value = set_variable(word).is_some() || runner.name == "just" && !call.words.is_empty();
            if word.unclear && !is_value {
                return None;
            }
            if raw == "--" && runner.name != "make" {
                call.handed_on = words.get(at..)?.iter().map(|word| word.text.clone()).collect();
                break;
            }
            if raw.starts_with('-') && raw.len() > 1 && (call.words.is_empty() || runner.name != "just") {
                if !word.is_fixed() || runner.others.iter().any(|other| is_option(&raw, other)) {
                    return None;
                }
                let next = words.get(at).filter(|next| next.is_fixed()).map(ShellWord::raw);
                if let Some(jobs) = jobs_of(&raw).filter(|_| runner.name == "make") {
                    let is_next = jobs.is_empty() && next.as_deref().is_some_and(is_number);
                    let jobs = if is_next { next.as_deref().unwrap_or_default() } else { jobs };
                    call.at_once = jobs != "1";
                    at += usize::from(is_next);
                    continue;
                }
                if let Some((value, is_next)) = option_value(&raw, runner.directory, next.as_deref()) {
                    source.directory = join(&source.directory, &value);
                    at += usize::from(is_next);
                } else if let Some((value, is_next)) = option_value(&raw, runner.file, next.as_deref()) {
                    source.file = Some(join(&source.directory, &value)).filter(|_| source.file.is_none());
                    source.file.as_ref()?;
                    at += usize::from(is_next);
                } else {
                    at += usize::from(takes_next_word(&raw, runner.letters, runner.valued));
                }
                continue;
            }
            match set_variable(word).filter(|_| runner.name != "just" || call.words.is_empty()) {
                Some(variable) => source.variables.push(variable),
                None => call.words.push(word.text.clone()),
            }
        }
        Some((source, call))
    }
}

fn runner_of(words: &[ShellWord]) -> Option<&'static RecipeRunner> {
    let path = words.first().filter(|first| first.is_fixed())?.raw();
    let name = path.rsplit('/').next()?;
    RUNNERS.iter().find(|runner| runner.name == name || runner.alias == Some(name))
}

/// Whether a word has an option, alone or among other letters: `-sn`.
fn is_option(word: &str, option: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    match option.strip_prefix('-').filter(|letter| letter.len() == 1) {
        Some(letter) => letters
            .is_some_and(|letters| letters.chars().all(|ch| ch.is_ascii_alphabetic()) && letters.contains(letter)),
        None => word.split('=').next() == Some(option),
    }
}

/// How many jobs of make run at once, as its option has it: an empty text where there is no end.
fn jobs_of(word: &str) -> Option<&str> {
    let jobs = word.strip_prefix("--jobs").map(|rest| rest.trim_start_matches('='));
    jobs.or_else(|| word.strip_prefix("-j")).filter(|jobs| jobs.is_empty() || is_number(jobs))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|ch| ch.is_ascii_digit())
}

/// The value that a word gives one of some options, and whether it is the next word.
fn option_value(word: &str, options: &[&str], next: Option<&str>) -> Option<(String, bool)> {
    options.iter().find_map(|option| {
        if word == *option {
            return Some((next?.to_owned(), true));
        }
        let rest = word.strip_prefix(option)?;
        let value = if option.starts_with("--") { rest.strip_prefix('=')? } else { rest };
        Some((value.to_owned(), false))
    })
}

/// `NAME=value`, among the words of a command.
fn set_variable(word: &ShellWord) -> Option<(String, TracedText)> {
    let raw = word.raw();
    let (name, _) = raw.split_once('=')?;
    let name = name.trim_end_matches(':');
    let at = raw.split_once('=').map(|(before, _)| before.chars().count() + 1)?;
    is_variable_name(name).then(|| (name.to_owned(), word.text.part(at, word.text.0.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_from_names() {
        assert_eq!(option_value("-Cx", &["-C", "--directory"], None), Some(("x".to_owned(), false)));
        assert_eq!(option_value("--directory=x", &["-C", "--directory"], None), Some(("x".to_owned(), false)));
        assert_eq!(option_value("-C", &["-C"], Some("y")), Some(("y".to_owned(), true)));
        assert_eq!(option_value("-k", &["-C"], Some("y")), None);
        assert!(is_option("-sn", "-n") && !is_option("-s", "-n") && is_option("--dry-run", "--dry-run"));
        let word = ShellWord::plain("LOGIN=/srv/a=b");
        assert_eq!(
            set_variable(&word).map(|(name, value)| (name, value.raw())),
            Some(("LOGIN".into(), "/srv/a=b".into()))
        );
        assert!(set_variable(&ShellWord::plain("agent")).is_none());
    }
}
