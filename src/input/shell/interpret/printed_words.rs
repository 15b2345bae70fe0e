//! What a substituted command prints by `echo` and `printf`, followed through the functions that it calls.
//! Uses `interpreter`, `shell_state` and `split_words`.

use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::limits;
use super::list_item::ListItem;
use super::print_record::{PrintedWords, redirects_output};
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::split_words::SplitWords;
use crate::input::shell::parse::syntax::{Redirect, RedirectAction, RedirectTarget, SimpleCommand};
use crate::text::TracedText;

/// Programs that print nothing where they succeed.
const SILENT: [&str; 24] = [
    "", ":", "true", "false", "[", "[[", "test", "alias", "cd", "chmod", "chown", "cp", "exit", "export", "kill", "ln",
    "mkdir", "mv", "return", "rm", "set", "shift", "sleep", "touch",
];

impl Interpreter<'_> {
    /// Runs something and gives what it prints, with `unknown` for what is not known of it; `None` where nothing is.
    pub(super) fn with_printed<T>(
        &mut self,
        unknown: &TracedText,
        run: impl FnOnce(&mut Self) -> T,
    ) -> (T, Option<SplitWords>) {
        self.printed.push(PrintedWords::default());
        let result = run(self);
        let printed = self.printed.pop().unwrap_or_default();
        let mut words = printed.words;
        if words.items.len() > limits::WORDS || (printed.is_unknown && words.items.is_empty()) {
            return (result, None);
        }
        // `$(id -g || echo 999)`: one word, whichever of the commands prints it.
        let is_default = |item: &ListItem| item.certainty != Certainty::Sure && !item.text.raw().starts_with('-');
        if printed.is_unknown && matches!(words.items.as_slice(), [only] if is_default(only)) {
            return (result, None);
        }
        if printed.is_unknown {
            words.end_word();
            words.append(SplitWords::of_unclear(&unknown.clone().enlivened()));
        }
        // The shell removes the ends of lines at the end.
        words.open_end();
        (result, Some(words))
    }

    /// Runs something whose output another program or a file gets.
    pub(super) fn with_output_aside<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.printed.len();
        if let Some(printed) = self.printed.last_mut() {
            printed.aside += 1;
        }
        let result = run(self);
        if let Some(printed) = self.printed.get_mut(depth.wrapping_sub(1)) {
            printed.aside = printed.aside.saturating_sub(1);
        }
        result
    }

    /// Notes what a command prints that is no function.
    pub(super) fn note_printed(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &ShellState) {
        if self.printed.last().is_none_or(|printed| printed.aside > 0) {
            return;
        }
        if let Some(output) = simple.redirects.iter().position(redirects_output) {
            // What is said as an error may be what is read: `3>&1 1>&2 2>&3`, `2>&1 >/dev/null`.
            let is_read = |(at, redirect): (usize, &Redirect)| match &redirect.action {
                RedirectAction::Copy(number) if redirect.target == RedirectTarget::Number(2) => {
                    let number = number.source.raw();
                    at < output || !matches!(number.as_str(), "1" | "2" | "-")
                }
                _ => false,
            };
            let is_unknown = simple.redirects.iter().enumerate().any(is_read);
            if let Some(printed) = self.printed.last_mut() {
                printed.is_unknown |= is_unknown;
            }
            return;
        }
        let name = words.first().map(ShellWord::raw).unwrap_or_default();
        if SILENT.contains(&name.as_str()) {
            return;
        }
        let document = if name == "cat" && words.len() == 1 { self.printed_document(simple, state) } else { None };
        let Some(printed) = self.printed.last_mut() else { return };
        let Some(mut text) = document.or_else(|| printed_text(&name, words)) else {
            printed.is_unknown = true;
            return;
        };
        if printed.words.items.len() > limits::WORDS {
            return;
        }
        if state.conditional {
            text = text.only_where(&Certainty::Perhaps);
        }
        printed.words.append(text);
    }

    /// Notes that a redirection without a command prints a file, where it is all that is substituted: `$(<file)`.
    pub(super) fn note_printed_file(&mut self, simple: &SimpleCommand) {
        let is_input = |redirect: &Redirect| {
            redirect.target == RedirectTarget::Number(0) && matches!(redirect.action, RedirectAction::Open(_))
        };
        let prints = simple.assigns.is_empty() && simple.redirects.iter().any(is_input);
        if let Some(printed) = self.printed.last_mut().filter(|printed| prints && printed.aside == 0) {
            printed.is_unknown = true;
        }
    }

    /// The here-document that `cat` prints.
    fn printed_document(&mut self, simple: &SimpleCommand, state: &ShellState) -> Option<SplitWords> {
        let is_input = |redirect: &&Redirect| matches!(redirect.target, RedirectTarget::Number(0));
        let RedirectAction::Data(document) = &simple.redirects.iter().rfind(is_input)?.action else { return None };
        // What is substituted in it ran when it was made.
        let text = document.word()?;
        let word = self.without_recording(|interpreter| interpreter.expand_one(text, &mut state.clone()));
        Some(printed_word(&word))
    }
}

/// What `printf` prints by a format of texts, which is gone through again until all operands are used; `None` where
/// there is more in it, or an operand is not surely one word.
fn printed_by_format(format: &str, operands: &[ShellWord]) -> Option<SplitWords> {
    let parts: Vec<&str> = format.split("%s").collect();
    if parts.iter().any(|part| part.contains(['%', '\\'])) {
        return None;
    }
    let rounds = if parts.len() == 1 { 1 } else { operands.len().div_ceil(parts.len() - 1).max(1) };
    let mut all = SplitWords::default();
    let mut left = operands.iter();
    for _ in 0..rounds {
        for (number, part) in parts.iter().enumerate() {
            if number > 0
                && let Some(word) = left.next()
            {
                all.append(printed_word(word));
            }
            append_text(&mut all, part);
        }
    }
    Some(all)
}

/// Adds a fixed text, whose blanks end words.
fn append_text(all: &mut SplitWords, text: &str) {
    if !text.is_empty() {
        all.append(SplitWords::of_text(&TracedText::plain(text)));
    }
}

fn printed_word(word: &ShellWord) -> SplitWords {
    let piece = if word.unclear { SplitWords::of_unclear(&word.text) } else { SplitWords::of_text(&word.text) };
    piece.only_where(&word.certainty)
}

/// What `echo` and `printf` print; `None` for all else.
fn printed_text(name: &str, words: &[ShellWord]) -> Option<SplitWords> {
    let operands = match name {
        "echo" => {
            let options = words.iter().skip(1).take_while(|word| matches!(word.raw().as_str(), "-n" | "-e" | "-ne"));
            words.get(1 + options.count()..)
        }
        "printf" => {
            let ends_options = words.get(1).is_some_and(|first| first.is_fixed() && first.raw() == "--");
            let (format, operands) = words.get(1 + usize::from(ends_options)..)?.split_first()?;
            let is_option = |format: &str| !ends_options && format.starts_with('-');
            let format = Some(format).filter(|format| format.is_fixed() && !is_option(&format.raw()))?.raw();
            let format = format.replace("\\n", " ").replace("\\t", " ").replace("\\0", " ");
            return printed_by_format(&format, operands);
        }
        _ => None,
    }?;
    let mut all = SplitWords::default();
    for word in operands {
        all.append(printed_word(word));
        all.end_word();
    }
    all.end_word();
    Some(all)
}
