//! Programs that run a command once for each of many arguments: `xargs` and GNU `parallel`. Their options are from their
//! manuals. Uses `interpreter`, `unwrapped` and `shell_word`.

use std::borrow::Cow;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, skip_options};
use crate::text::TracedText;

/// The name of what stands for one of the arguments.
pub(super) const REPEATED_ARGUMENT: &str = "argument";
/// The options of `parallel` that take the next word.
const PARALLEL_SHORT: &str = "jaIPNnLdsCES";
const PARALLEL_LONG: [&str; 14] = [
    "--jobs",
    "--max-procs",
    "--arg-file",
    "--colsep",
    "--delimiter",
    "--delay",
    "--joblog",
    "--results",
    "--retries",
    "--tmpdir",
    "--timeout",
    "--workdir",
    "--max-args",
    "--load",
];

/// How a command is repeated.
pub(super) struct Repetition {
    /// Whether the next one begins before this one ends.
    at_once: bool,
    /// What stands in its words for the argument.
    placeholder: Option<String>,
    /// The command, where it does not stand behind a wrapper that is looked through anyway.
    command: Option<Vec<ShellWord>>,
}

impl Repetition {
    /// The repetition that the words of a command are; `None` where they are none.
    pub(super) fn of_command(words: &[ShellWord]) -> Option<Self> {
        let first = words.first().filter(|first| first.is_fixed())?.raw();
        match first.rsplit('/').next()? {
            "xargs" => {
                let end = skip_options(words, "adEILnPs", &["--arg-file", "--delimiter", "--max-procs", "--max-args"]);
                let options = words.get(1..end).unwrap_or_default();
                let at_once = option_value(options, 'P', "--max-procs").is_some_and(|jobs| jobs != "1");
                let placeholder = option_value(options, 'I', "--replace");
                let placeholder = placeholder.map(|text| if text.is_empty() { "{}".to_owned() } else { text });
                Some(Self { at_once, placeholder, command: None })
            }
            "parallel" => {
                let end = skip_options(words, PARALLEL_SHORT, &PARALLEL_LONG);
                let options = words.get(1..end).unwrap_or_default();
                let jobs = option_value(options, 'j', "--jobs").or_else(|| option_value(options, 'P', "--max-procs"));
                let command = words.get(end..).unwrap_or_default().iter();
                let command = command.take_while(|word| !word.raw().starts_with(":::")).cloned().collect();
                let placeholder = Some("{}".to_owned());
                Some(Self { at_once: jobs.is_none_or(|jobs| jobs != "1"), placeholder, command: Some(command) })
            }
            _ => None,
        }
    }
}

/// The value of an option, in its own word or in the next one.
fn option_value(options: &[ShellWord], short: char, long: &str) -> Option<String> {
    let next = |at: usize| options.get(at + 1).map(ShellWord::raw).unwrap_or_default();
    options.iter().enumerate().find_map(|(at, word)| {
        let text = word.raw();
        if let Some(rest) = text.strip_prefix(long) {
            return Some(rest.strip_prefix('=').map_or_else(|| next(at), str::to_owned));
        }
        let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
        let (_, value) = letters.split_once(short)?;
        Some(if value.is_empty() { next(at) } else { value.to_owned() })
    })
}

impl Interpreter<'_> {
    pub(super) fn run_repeated(
        &mut self,
        repetition: Repetition,
        words: &[ShellWord],
        state: ShellState,
    ) -> ExitStates {
        self.at_once += usize::from(repetition.at_once);
        let before = std::mem::replace(&mut self.placeholder, repetition.placeholder);
        let exits = match repetition.command.as_deref() {
            None => self.start_once(words, state),
            // One word is a text for a shell.
            Some([text]) if text.raw().contains(' ') => self.run_shell_text(&ShellCall::plain(text.clone()), &state),
            Some([]) => ExitStates::either_way(state),
            Some(command) => self.start_program(command, state),
        };
        self.placeholder = before;
        self.at_once -= usize::from(repetition.at_once);
        exits
    }

    /// The words of a command with the argument of a repetition as what it is: another one each time.
    pub(super) fn with_placeholder<'w>(&self, words: &'w [ShellWord]) -> Cow<'w, [ShellWord]> {
        match &self.placeholder {
            Some(mark) if words.iter().any(|word| word.raw().contains(mark.as_str())) => {
                Cow::Owned(words.iter().map(|word| put_symbol(word, mark)).collect())
            }
            _ => Cow::Borrowed(words),
        }
    }
}

fn put_symbol(word: &ShellWord, mark: &str) -> ShellWord {
    let raw = word.raw();
    if mark.is_empty() || !raw.contains(mark) {
        return word.clone();
    }
    let symbol = TracedText::live(&format!("${{{REPEATED_ARGUMENT} of a repeated command}}"));
    let mut text = TracedText::default();
    let mut from = 0;
    for (at, _) in raw.match_indices(mark) {
        let [start, end] = [at, at + mark.len()].map(|bytes| raw.get(..bytes).map_or(0, |part| part.chars().count()));
        text.push(&word.text.part(from, start));
        text.push(&symbol);
        from = end;
    }
    text.push(&word.text.part(from, word.text.0.len()));
    ShellWord { text, ..word.clone() }
}
