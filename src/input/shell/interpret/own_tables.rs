//! Tables for cron that the commands of a container write, before they start it. Uses `interpreter`, `own_table` and
//! `shell_state`.

use super::certainty::Certainty;
use super::interpreter::Interpreter;
use super::limits;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use crate::text::TracedText;

impl Interpreter<'_> {
    /// Keeps what a command writes into a file that cron may be given; `None` where that is not known.
    pub(super) fn keep_own_table(
        &mut self,
        text: Option<&TracedText>,
        file: &ShellWord,
        appends: bool,
        state: &ShellState,
    ) {
        let path = self.absolute_path(&file.text, state).filter(|_| !file.unclear);
        let Some(path) = path.filter(|path| path.contains("cron")) else { return };
        self.forbid_keeping();
        let text = text.map(|text| {
            // The shell that writes it puts its own HOME into it.
            let mut word = ShellWord::of_text(text.clone());
            self.put_in_home(&mut word, state);
            word.text
        });
        let is_known = |text: &TracedText| {
            let live: String = text.0.iter().filter(|traced| traced.live).map(|traced| traced.ch).collect();
            text.0.len() <= limits::WORD_CHARS && !live.contains("HOME") && !live.contains('~')
        };
        let table = self.own_tables.entry(path).or_default();
        let Some(text) = text.filter(is_known).filter(|_| table.texts.len() < limits::CHOICES) else {
            table.is_unknown = true;
            return;
        };
        if appends && !table.texts.is_empty() {
            table.texts.iter_mut().for_each(|before| before.push(&text));
            table.is_unknown |= table.texts.iter().any(|text| text.0.len() > limits::WORD_CHARS);
        } else {
            table.texts.push(text);
        }
    }
}

/// The lines that `echo` or `printf` prints; `None` where these are not known.
pub(super) fn printed_lines(words: &[ShellWord]) -> Option<TracedText> {
    if words.iter().any(|word| word.unclear || word.certainty != Certainty::Sure || word.rest.is_some()) {
        return None;
    }
    let (name, rest) = words.split_first()?;
    match name.raw().as_str() {
        "echo" => {
            let is_option = |word: &&ShellWord| matches!(word.raw().as_str(), "-n" | "-e" | "-ne" | "-en" | "-E");
            let options: Vec<String> = rest.iter().take_while(is_option).map(ShellWord::raw).collect();
            let mut text = TracedText::default();
            for (number, word) in rest.iter().skip(options.len()).enumerate() {
                text.push(&TracedText::plain(if number > 0 { " " } else { "" }));
                text.push(&word.text);
            }
            if !options.iter().any(|option| option.contains('n')) {
                text.push(&TracedText::plain("\n"));
            }
            // Some shells read these without being told.
            if text.raw().contains('\\') { without_escapes(&text) } else { Some(text) }
        }
        "printf" => {
            let (format, operands) = rest.split_first().filter(|(format, _)| !format.raw().starts_with('-'))?;
            let format = without_escapes(&format.text)?;
            let count = format.raw().matches('%').count();
            if count == 0 {
                return Some(format);
            }
            if format.raw().matches("%s").count() != count
                || !operands.len().is_multiple_of(count)
                || operands.is_empty()
            {
                return None;
            }
            let mut text = TracedText::default();
            for round in operands.chunks(count) {
                text.push(&filled_in(&format, round));
            }
            Some(text)
        }
        _ => None,
    }
}

/// A format with operands for each `%s`.
fn filled_in(format: &TracedText, operands: &[ShellWord]) -> TracedText {
    let mut text = TracedText::default();
    let mut operands = operands.iter();
    let mut chars = format.0.iter().peekable();
    while let Some(traced) = chars.next() {
        if traced.ch == '%' && chars.next_if(|next| next.ch == 's').is_some() {
            operands.next().iter().for_each(|word| text.push(&word.text));
        } else {
            text.0.push(*traced);
        }
    }
    text
}

/// A text with the ends of lines and the tabs that it names; `None` where it names other characters.
fn without_escapes(text: &TracedText) -> Option<TracedText> {
    let mut all = TracedText::default();
    let mut chars = text.0.iter();
    while let Some(traced) = chars.next() {
        if traced.ch != '\\' || traced.live {
            all.0.push(*traced);
            continue;
        }
        let mut named = *chars.next()?;
        named.ch = match named.ch {
            'n' => '\n',
            't' => '\t',
            '\\' => '\\',
            _ => return None,
        };
        all.0.push(named);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_that_are_printed() {
        let lines = |words: &[&str]| {
            let words: Vec<ShellWord> = words.iter().map(|word| ShellWord::plain(word)).collect();
            printed_lines(&words).map(|text| text.raw())
        };
        assert_eq!(lines(&["echo", "a", "b"]).as_deref(), Some("a b\n"));
        assert_eq!(lines(&["echo", "-n", "a"]).as_deref(), Some("a"));
        assert_eq!(lines(&["echo", "-e", "a\\nb"]).as_deref(), Some("a\nb\n"));
        assert_eq!(lines(&["printf", "a\\n"]).as_deref(), Some("a\n"));
        assert_eq!(lines(&["printf", "%s\\n", "a", "b"]).as_deref(), Some("a\nb\n"));
        assert_eq!(lines(&["printf", "%s %s\\n", "a"]), None);
        assert_eq!(lines(&["printf", "%d\\n", "1"]), None);
        assert_eq!(lines(&["echo", "a\\0b"]), None);
    }
}
