//! An instruction's words: flags, name and value, blank-separated words, JSON arrays, and the here-documents a line names.
//! Uses `source_chars`.

use super::source_chars::{SourceChar, text_of, trim_blanks};

/// A leading `--name[=value]`.
pub(super) struct InstructionFlag<'a> {
    pub(super) name: String,
    pub(super) value: &'a [SourceChar],
}

/// A word of a JSON array.
pub(super) struct JsonWord<'a> {
    pub(super) text: String,
    /// As it is written, with its quotes.
    pub(super) written: &'a [SourceChar],
}

/// The flags before an instruction's arguments, and the arguments.
pub(super) fn split_flags(mut rest: &[SourceChar], escape: char) -> (Vec<InstructionFlag<'_>>, &[SourceChar]) {
    let mut found = Vec::new();
    while let [('-', _), ('-', _), ..] = rest {
        let Some(word) = split_words(rest, escape).into_iter().next() else { break };
        let equals = word.iter().position(|(ch, _)| *ch == '=');
        let name = word.get(2..equals.unwrap_or(word.len())).unwrap_or_default();
        let value = equals.and_then(|at| word.get(at + 1..)).unwrap_or_default();
        rest = trim_blanks(rest.get(word.len()..).unwrap_or_default());
        if name.is_empty() {
            break;
        }
        found.push(InstructionFlag { name: text_of(name), value });
    }
    (found, rest)
}

/// Words separated by blanks, quotes or not.
pub(super) fn split_blanks(rest: &[SourceChar]) -> Vec<&[SourceChar]> {
    rest.split(|(ch, _)| ch.is_whitespace()).filter(|word| !word.is_empty()).collect()
}

/// Words separated by blanks outside quotes; the quotes stay in them.
pub(super) fn split_words(rest: &[SourceChar], escape: char) -> Vec<&[SourceChar]> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut at) = (None, None, 0);
    while let Some(&(ch, _)) = rest.get(at) {
        match (quote, ch) {
            (None, ch) if ch.is_whitespace() => {
                words.extend(start.take().and_then(|start: usize| rest.get(start..at)));
                at += 1;
                continue;
            }
            (None, '"' | '\'') => quote = Some(ch),
            (Some(open), ch) if open == ch => quote = None,
            _ => {}
        }
        start.get_or_insert(at);
        at += if ch == escape && quote != Some('\'') { 2 } else { 1 };
    }
    words.extend(start.and_then(|start| rest.get(start..)));
    words
}

/// Names with their values, as `ENV` and `LABEL` have them: `a=1 b="2 3"`, or the old form `a 1`. Words that are neither
/// are given back as such.
pub(super) fn split_pairs(rest: &[SourceChar], escape: char) -> Vec<(&[SourceChar], Option<&[SourceChar]>)> {
    let words = split_words(rest, escape);
    if words.first().is_some_and(|first| first.iter().all(|(ch, _)| *ch != '=')) {
        let length = rest.iter().take_while(|(ch, _)| !ch.is_whitespace()).count();
        let value = trim_blanks(rest.get(length..).unwrap_or_default());
        let name = rest.get(..length).unwrap_or_default();
        return vec![(name, (!value.is_empty()).then_some(value))];
    }
    words.into_iter().map(split_pair).collect()
}

/// One word as a name and, where it has one, a value.
pub(super) fn split_pair(word: &[SourceChar]) -> (&[SourceChar], Option<&[SourceChar]>) {
    let equals = word.iter().position(|(ch, _)| *ch == '=');
    let name = word.get(..equals.unwrap_or(word.len())).unwrap_or_default();
    (name, equals.and_then(|at| word.get(at + 1..)))
}

/// A JSON array of strings; `None` for anything else, which is then a shell's text or plain words.
pub(super) fn json_words(rest: &[SourceChar]) -> Option<Vec<JsonWord<'_>>> {
    let at = |at: usize| rest.get(at).map(|(ch, _)| *ch);
    let blank = |mut from: usize| {
        while at(from).is_some_and(char::is_whitespace) {
            from += 1;
        }
        from
    };
    let mut next = blank(0);
    if at(next) != Some('[') {
        return None;
    }
    next = blank(next + 1);
    let mut words = Vec::new();
    if at(next) == Some(']') {
        return (blank(next + 1) == rest.len()).then_some(words);
    }
    loop {
        let (text, end) = json_string(rest, next)?;
        words.push(JsonWord { text, written: rest.get(next..end)? });
        next = blank(end);
        match at(next)? {
            ',' => next = blank(next + 1),
            ']' => return (blank(next + 1) == rest.len()).then_some(words),
            _ => return None,
        }
    }
}

/// The JSON string that begins at `at`, and where it ends.
fn json_string(rest: &[SourceChar], mut at: usize) -> Option<(String, usize)> {
    let mut next = || {
        let ch = rest.get(at).map(|(ch, _)| *ch);
        at += 1;
        ch
    };
    if next()? != '"' {
        return None;
    }
    let mut units: Vec<u16> = Vec::new();
    loop {
        let ch = match next()? {
            '"' => break,
            '\\' => match next()? {
                ch @ ('"' | '\\' | '/') => ch,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let mut unit = 0;
                    for _ in 0..4 {
                        unit = unit * 16 + next()?.to_digit(16)?;
                    }
                    units.push(u16::try_from(unit).ok()?);
                    continue;
                }
                _ => return None,
            },
            ch if ch < ' ' => return None,
            ch => ch,
        };
        units.extend_from_slice(ch.encode_utf16(&mut [0; 2]));
    }
    Some((String::from_utf16_lossy(&units), at))
}

/// The here-documents that a command names, in order: the name, whether variables in it are replaced, and whether
/// leading tabs are taken away.
pub(super) fn heredoc_names(rest: &[SourceChar]) -> Vec<(String, bool, bool)> {
    let mut found = Vec::new();
    let (mut at, mut begins) = (0, true);
    while let Some(&(ch, _)) = rest.get(at) {
        match ch {
            '\\' => at += 2,
            '"' | '\'' => at = past_quote(rest, at),
            '<' if begins && rest.get(at + 1).is_some_and(|(ch, _)| *ch == '<') => {
                let (heredoc, end) = heredoc_name(rest, at + 2);
                found.extend(heredoc);
                at = end;
            }
            // A descriptor may stand before it.
            ch => {
                begins = ch.is_whitespace() || (begins && ch.is_ascii_digit());
                at += 1;
                continue;
            }
        }
        begins = false;
    }
    found
}

fn past_quote(rest: &[SourceChar], at: usize) -> usize {
    let quote = rest.get(at).map(|(ch, _)| *ch);
    let mut end = at + 1;
    while let Some(&(ch, _)) = rest.get(end) {
        end += if ch == '\\' && quote == Some('"') { 2 } else { 1 };
        if Some(ch) == quote {
            break;
        }
    }
    end
}

fn heredoc_name(rest: &[SourceChar], mut at: usize) -> (Option<(String, bool, bool)>, usize) {
    let chomp = rest.get(at).is_some_and(|(ch, _)| *ch == '-');
    at += usize::from(chomp);
    while rest.get(at).is_some_and(|(ch, _)| ch.is_whitespace()) {
        at += 1;
    }
    let (mut name, mut quote, mut expand) = (String::new(), None, true);
    while let Some(&(ch, _)) = rest.get(at) {
        match (quote, ch) {
            (None, ch) if ch.is_whitespace() => break,
            (None, '"' | '\'') => (quote, expand) = (Some(ch), false),
            (Some(open), ch) if open == ch => quote = None,
            (None, '\\') => {
                at += 1;
                name.extend(rest.get(at).map(|(ch, _)| *ch));
            }
            _ => name.push(ch),
        }
        at += 1;
    }
    ((!name.is_empty() && !name.contains('<')).then_some((name, expand, chomp)), at)
}
