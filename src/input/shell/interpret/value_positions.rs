//! Finds where in a file each character of a Compose value is written, through YAML's quoting, folding and
//! indentation and Compose's doubled dollar signs. Uses `shell_word`, `text` and `model`.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::shell_word::ShellWord;
use crate::model::{Command, Value};
use crate::text::{FileId, SourceFile, Sources, Span, TracedChar, TracedText};

/// Bytes of a scalar that are searched.
const REACH: usize = 256 * 1024;

/// Characters that must be the same before a text counts as found again after a variable.
const SAME: usize = 8;
/// Positions that are tried for that.
const TRIES: usize = 4096;

/// A command's words as the shell's words would be, with their places.
pub(super) fn command_words(command: &Command, sources: &Sources) -> Vec<ShellWord> {
    let mut cursor = Cursor::default();
    let mut words = Vec::with_capacity(command.words.len());
    for (number, value) in command.words.iter().enumerate() {
        let Some(span) = value.span else {
            words.push(ShellWord {
                text: traced_value(value),
                span: Some(start_of(command.span)),
                ..ShellWord::default()
            });
            continue;
        };
        let near = |at: Option<usize>| at.and_then(|at| command.words.get(at)).and_then(|near| near.span);
        let shared = near(number.checked_sub(1)) == Some(span) || near(number.checked_add(1)) == Some(span);
        if cursor.span != Some(span) {
            cursor = Cursor { span: Some(span), ..Cursor::default() };
        }
        words.push(locate_word(value, span, shared, &mut cursor, sources));
    }
    words
}

/// The text of a scalar of YAML, each character with its place.
pub(in crate::input) fn traced_scalar(text: &str, span: Span, sources: &Sources) -> TracedText {
    let command = Command { words: vec![Value::known(text, Some(span))], span };
    let word = command_words(&command, sources).into_iter().next();
    word.map_or_else(|| TracedText::plain(text), |word| word.text)
}

/// How far the words that share one scalar have been found in it.
#[derive(Default)]
struct Cursor {
    at: usize,
    span: Option<Span>,
    brackets: Brackets,
}

/// Where each bracket of a scalar is closed, once that is asked for: many may be open at once.
#[derive(Default)]
struct Brackets(OnceCell<HashMap<usize, usize>>);

impl Brackets {
    /// Where the bracket at `open_at` is closed.
    fn end(&self, raw: &str, open_at: usize) -> Option<usize> {
        self.0.get_or_init(|| closed_brackets(raw)).get(&open_at).copied()
    }
}

fn closed_brackets(raw: &str) -> HashMap<usize, usize> {
    let mut closed = HashMap::new();
    let (mut braces, mut rounds) = (Vec::new(), Vec::new());
    for (at, ch) in raw.char_indices() {
        match ch {
            '{' => braces.push(at),
            '(' => rounds.push(at),
            '}' => closed.extend(braces.pop().map(|open| (open, at))),
            ')' => closed.extend(rounds.pop().map(|open| (open, at))),
            _ => {}
        }
    }
    closed
}

fn start_of(span: Span) -> Span {
    Span::at(span.file, span.start)
}

fn locate_word(value: &Value, span: Span, shared: bool, cursor: &mut Cursor, sources: &Sources) -> ShellWord {
    let file = sources.get(span.file);
    let raw = file.slice(span);
    let base = file.offset(span.start).unwrap_or(0);
    let mut text = traced_value(value);
    let own = raw == value.text || without_quotes(raw) == Some(value.text.as_str());
    let mut place = if own || !(shared || raw.contains([' ', '\n'])) { span } else { start_of(span) };
    if raw.len() <= REACH {
        let found = if shared || !own {
            find_positions(raw, cursor, &text)
        } else {
            Some(align_text(raw, quote_length(raw), &text, &cursor.brackets))
        };
        if let Some(places) = found {
            if let Some(last) = places.iter().rev().find_map(|place| *place) {
                cursor.at = last + raw.get(last..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            }
            set_positions(&mut text, &places, span.file, base);
            place = exact_span(&text, &file).unwrap_or(place);
        }
    }
    ShellWord { source: text.clone(), text, span: Some(place), ..ShellWord::default() }
}

/// A value's text; an unset variable in it is left to an outer layer: Compose itself.
fn traced_value(value: &Value) -> TracedText {
    let mut text = TracedText::plain(&value.text);
    let mut from = 0;
    for symbol in &value.symbols {
        let wanted: Vec<char> = format!("${{{}}}", symbol.name).chars().collect();
        let rest = text.0.get(from..).unwrap_or_default();
        let found = rest
            .windows(wanted.len())
            .position(|window| window.iter().map(|traced| traced.ch).eq(wanted.iter().copied()));
        let Some(at) = found else { continue };
        from += at;
        for traced in text.0.iter_mut().skip(from).take(wanted.len()) {
            traced.live = true;
        }
        from += wanted.len();
    }
    text
}

fn set_positions(text: &mut TracedText, places: &[Option<usize>], file: FileId, base: usize) {
    for (traced, place) in text.0.iter_mut().zip(places) {
        traced.at = place.and_then(|place| u32::try_from(base + place).ok()).map(|at| (file, at));
    }
}

fn exact_span(text: &TracedText, file: &SourceFile) -> Option<Span> {
    let (id, start, end) = text.byte_range()?;
    Some(Span { file: id, start: file.position(start as usize), end: file.position(end as usize) })
}

fn without_quotes(raw: &str) -> Option<&str> {
    let quote = raw.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
    raw.strip_prefix(quote)?.strip_suffix(quote)
}

fn quote_length(raw: &str) -> usize {
    usize::from(raw.starts_with(['"', '\'']))
}

/// The places of a text somewhere in `raw` from the cursor on: of the possible starts the one that goes furthest.
fn find_positions(raw: &str, cursor: &Cursor, text: &TracedText) -> Option<Vec<Option<usize>>> {
    let from = cursor.at;
    let mut starts = vec![from, quote_length(raw)];
    if let Some(line) = raw.find('\n').filter(|_| raw.starts_with(['|', '>'])) {
        starts.push(line + 1);
    }
    let rest = raw.get(from..)?;
    let mut before = ' ';
    for (at, ch) in rest.char_indices() {
        if !ch.is_whitespace() && (before.is_whitespace() || matches!(before, '"' | '\'' | '\\')) {
            starts.push(from + at);
            if starts.len() > 64 {
                break;
            }
        }
        before = ch;
    }
    let starts = starts.into_iter().filter(|start| *start >= from || from == 0);
    let aligned = starts.map(|start| align_text(raw, start, text, &cursor.brackets));
    let mut best: Option<Vec<Option<usize>>> = None;
    for places in aligned {
        if best.as_ref().is_none_or(|best| known_prefix(best) < known_prefix(&places)) {
            let whole = known_prefix(&places) == text.0.len();
            best = Some(places);
            if whole {
                break;
            }
        }
    }
    best
}

fn known_prefix(positions: &[Option<usize>]) -> usize {
    positions.iter().take_while(|position| position.is_some()).count()
}

/// Where each character of a text is in `raw` from `start` on; what Compose put in for a variable is nowhere.
fn align_text(raw: &str, start: usize, text: &TracedText, brackets: &Brackets) -> Vec<Option<usize>> {
    let mut places = vec![None; text.0.len()];
    let (mut at, mut number) = (start, 0);
    let mut tries = TRIES;
    while let Some(traced) = text.0.get(number) {
        let is_dollar = raw.get(at..).is_some_and(|rest| rest.starts_with("$$"));
        let variable = if is_dollar { None } else { after_variable(raw, at, brackets) };
        if let Some(after) = variable.filter(|_| traced.live && traced.ch == '$') {
            let rest = text.0.iter().skip(number);
            number += rest.take_while(|traced| traced.live && traced.ch != '}').count() + 1;
            at = after;
        } else if let Some(found) = next_char(raw, at, text, number, *traced) {
            if let Some(place) = places.get_mut(number) {
                *place = Some(found.0);
            }
            at = found.1;
            number += 1;
        } else {
            let Some(after) = variable else { break };
            let mut numbers = (number..text.0.len()).take(tries);
            let next = numbers.find(|from| stands_at(raw, after, &text.part(*from, text.0.len().min(from + SAME))));
            let Some(next) = next else { break };
            tries = tries.saturating_sub(next - number);
            (number, at) = (next, after);
        }
    }
    places
}

/// Whether all of a short text is at `at`.
fn stands_at(raw: &str, mut at: usize, text: &TracedText) -> bool {
    text.0.iter().enumerate().all(|(number, traced)| {
        let found = next_char(raw, at, text, number, *traced);
        at = found.map_or(at, |found| found.1);
        found.is_some()
    })
}

/// One character, with the indentation before it where it begins a line.
fn next_char(raw: &str, mut at: usize, text: &TracedText, number: usize, traced: TracedChar) -> Option<(usize, usize)> {
    let bytes = raw.as_bytes();
    let breaks = number.checked_sub(1).and_then(|before| text.0.get(before)).is_none_or(|before| before.ch == '\n');
    if breaks && at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\n') {
        let mut line = text.0.iter().skip(number).map(|traced| traced.ch);
        let own = line.find(|ch| !matches!(ch, ' ' | '\t'));
        while let Some(after) = skipped_line(raw, at).filter(|_| !matches!(own, Some('#' | '\n'))) {
            at = after;
        }
        let own = text.0.iter().skip(number).take_while(|traced| traced.ch == ' ').count();
        let written = bytes.iter().skip(at).take_while(|byte| **byte == b' ').count();
        at += written.saturating_sub(own);
    }
    next_in_line(raw, at, traced)
}

/// The end of the `$NAME` or `${NAME...}` that Compose or an outer shell replaces at `at`, or of an outer shell's
/// `$(...)`.
fn after_variable(raw: &str, at: usize, brackets: &Brackets) -> Option<usize> {
    let rest = raw.get(at..)?.strip_prefix('$')?;
    if rest.starts_with(['{', '(']) {
        return brackets.end(raw, at + 1).map(|end| end + 1);
    }
    let name = rest.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_').unwrap_or(rest.len());
    (name > 0).then_some(at + 1 + name)
}

/// Where a character is at or soon after `at`, and where the next one may be.
fn next_in_line(raw: &str, mut at: usize, traced: TracedChar) -> Option<(usize, usize)> {
    loop {
        let rest = raw.get(at..)?;
        let ch = rest.chars().next()?;
        if traced.ch == '$' && rest.starts_with("$$") {
            return Some((at, at + 2));
        }
        // The end of a line that a Dockerfile continues: blanks before it, a carriage return, a backquote that escapes.
        if traced.ch == '\n'
            && let Some(after) = line_end(rest)
        {
            return Some((at, at + after));
        }
        if traced.ch == '\\' && ch == '`' && line_end(rest.get(1..)?).is_some() {
            return Some((at, at + 1));
        }
        if ch == traced.ch {
            return Some((at, at + ch.len_utf8()));
        }
        let escape = match traced.ch {
            '\n' => "\\n",
            '\t' => "\\t",
            _ => "\\\"",
        };
        if rest.starts_with(escape) && traced.ch != '"' && traced.ch.is_whitespace() {
            return Some((at, at + 2));
        }
        if let Some(after) = skipped_line(raw, at) {
            at = after;
            continue;
        }
        let blanks = rest.len() - rest.trim_start().len();
        if blanks > 0 && traced.ch.is_whitespace() {
            return Some((at, at + blanks));
        }
        match ch {
            // A folded line, after a backslash or in a string that Compose splits.
            '"' | '\'' | '\\' => at += 1,
            '\n' | '\r' => at += blanks,
            _ => return None,
        }
    }
}

/// The length of blanks up to and with a line break.
fn line_end(rest: &str) -> Option<usize> {
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let after = rest.get(blanks..)?;
    let length = if after.starts_with("\r\n") { 2 } else { usize::from(after.starts_with('\n')) };
    (length > 0).then_some(blanks + length)
}

/// Where the next line begins, at an empty line or a comment among the continued lines of a Dockerfile. In YAML the text
/// has them too.
fn skipped_line(raw: &str, at: usize) -> Option<usize> {
    let before = raw.get(..at)?.trim_end_matches([' ', '\t']);
    let line = raw.get(at..).filter(|_| before.ends_with('\n'))?;
    let skipped = line.trim_start_matches([' ', '\t']).starts_with('#') || line_end(line).is_some();
    skipped.then(|| at + line.find('\n').map_or(line.len(), |length| length + 1))
}
