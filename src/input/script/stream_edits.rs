//! What `sed -i 's/a/b/'` makes of a text. Only expressions that replace plain text are understood. Uses `model`.

use crate::model::{Word, WordSegment};

/// A character of a word, or something that the shell puts in there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum EditPart {
    Char(char),
    /// What is put in, as it is written.
    Unknown(String),
}

/// One `s/a/b/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Substitution {
    /// What is looked for; `None` is any character.
    pattern: Vec<Option<char>>,
    /// What stands in its place: text, or what is not known of it.
    replacement: Result<String, String>,
    is_global: bool,
}

/// The substitutions of a `sed` that changes files in place; `None` where it does something else.
pub(super) fn substitutions_of_call(argv: &[Word]) -> Option<Vec<Substitution>> {
    let mut expressions: Vec<&Word> = Vec::new();
    let mut words = argv.iter().skip(1).peekable();
    let (mut extended, mut is_in_place) = (false, false);
    while let Some(word) = words.next_if(|word| word.starts_with('-')) {
        match &**word {
            "-e" | "--expression" => expressions.push(words.next()?),
            "-E" | "-r" | "--regexp-extended" => extended = true,
            // What GNU's takes for a suffix is an argument of BSD's, where it is empty.
            "-i" => {
                is_in_place = true;
                words.next_if(|next| next.is_empty());
            }
            option if option.starts_with("-i.") || option.starts_with("--in-place") => is_in_place = true,
            _ => return None,
        }
    }
    if expressions.is_empty() {
        expressions.push(words.next()?);
    }
    if !is_in_place {
        return None;
    }
    expressions.into_iter().map(|word| Substitution::parse(&parts_of(word), extended)).collect()
}

impl Substitution {
    fn parse(parts: &[EditPart], extended: bool) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        let (EditPart::Char(separator), rest) = rest.split_first()? else { return None };
        if *first != EditPart::Char('s') || separator.is_alphanumeric() || *separator == '\\' {
            return None;
        }
        let (pattern, rest) = until(rest, *separator)?;
        let (replacement, flags) = until(rest, *separator)?;
        let is_global = flags == [EditPart::Char('g')];
        if !is_global && !flags.is_empty() {
            return None;
        }
        let pattern = plain_pattern(pattern, *separator, extended)?;
        Some(Self { pattern, replacement: plain_replacement(replacement, *separator)?, is_global })
    }

    /// The text with this done to each of its lines, and the number of places; `unknown` names what stands for what is not
    /// known.
    pub(super) fn apply(&self, text: &str, mut unknown: impl FnMut(&str) -> String) -> (String, usize) {
        let mut whole = String::with_capacity(text.len());
        let mut places = 0;
        for line in text.split_inclusive('\n') {
            let chars: Vec<char> = line.chars().collect();
            let mut at = 0;
            let mut in_line = 0;
            while at < chars.len() {
                let is_here = (self.is_global || in_line == 0)
                    && chars.get(at..at + self.pattern.len()).is_some_and(|part| self.fits(part));
                if is_here {
                    match &self.replacement {
                        Ok(text) => whole.push_str(text),
                        Err(raw) => whole.push_str(&unknown(raw)),
                    }
                    at += self.pattern.len();
                    in_line += 1;
                } else {
                    whole.extend(chars.get(at));
                    at += 1;
                }
            }
            places += in_line;
        }
        (whole, places)
    }

    /// The same where it is not known whether it is done.
    pub(super) fn perhaps(self) -> Self {
        Self { replacement: Err(self.replacement.unwrap_or_else(|raw| raw)), ..self }
    }

    fn fits(&self, part: &[char]) -> bool {
        self.pattern.iter().zip(part).all(|(wanted, ch)| wanted.is_none_or(|wanted| wanted == *ch) && *ch != '\n')
    }
}

fn parts_of(word: &Word) -> Vec<EditPart> {
    if let Some(known) = word.known() {
        return known.chars().map(EditPart::Char).collect();
    }
    let mut parts = Vec::new();
    for segment in word.segments() {
        match segment {
            WordSegment::Text(text) => parts.extend(text.chars().map(EditPart::Char)),
            WordSegment::Expansion(raw) => parts.push(EditPart::Unknown(raw.clone())),
        }
    }
    parts
}

/// The parts up to a separator without a backslash before it, and those after it.
fn until(parts: &[EditPart], separator: char) -> Option<(&[EditPart], &[EditPart])> {
    let mut is_escaped = false;
    for (at, part) in parts.iter().enumerate() {
        if !is_escaped && *part == EditPart::Char(separator) {
            return Some((parts.get(..at)?, parts.get(at + 1..)?));
        }
        is_escaped = !is_escaped && *part == EditPart::Char('\\');
    }
    None
}

/// A pattern that stands for one text, but for characters that may be any.
fn plain_pattern(parts: &[EditPart], separator: char, extended: bool) -> Option<Vec<Option<char>>> {
    const SPECIAL: [char; 4] = ['*', '[', '^', '\\'];
    const EXTENDED: [char; 7] = ['+', '?', '(', ')', '{', '}', '|'];
    let mut pattern = Vec::with_capacity(parts.len());
    let mut at = parts.iter().enumerate();
    while let Some((number, part)) = at.next() {
        let EditPart::Char(ch) = part else { return None };
        let is_last = number + 1 == parts.len();
        match ch {
            '\\' => {
                let EditPart::Char(next) = at.next()?.1 else { return None };
                // With a backslash these mean what they mean in the other notation without one.
                let is_plain = *next == separator
                    || next.is_ascii_punctuation() && (extended || !EXTENDED.contains(next)) && !"<>'`".contains(*next);
                pattern.push(Some(is_plain.then_some(*next)?));
            }
            '.' => pattern.push(None),
            '$' if is_last || extended => return None,
            ch if SPECIAL.contains(ch) || extended && EXTENDED.contains(ch) => return None,
            ch => pattern.push(Some(*ch)),
        }
    }
    (!pattern.is_empty()).then_some(pattern)
}

/// What a replacement is; what is not known of it where the shell puts something in. `None` where it repeats what was found.
fn plain_replacement(parts: &[EditPart], separator: char) -> Option<Result<String, String>> {
    let mut text = String::new();
    let mut unknown: Option<&str> = None;
    let mut at = parts.iter();
    while let Some(part) = at.next() {
        match part {
            EditPart::Unknown(raw) => unknown = Some(raw),
            EditPart::Char('\\') => match at.next()? {
                EditPart::Char(next) if *next == separator || matches!(next, '&' | '\\' | '/' | '"' | '$') => {
                    text.push(*next);
                }
                _ => return None,
            },
            EditPart::Char('&') => return None,
            EditPart::Char(ch) => text.push(*ch),
        }
    }
    Some(unknown.map_or(Ok(text), |raw| Err(raw.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(script: &str, text: &str) -> Option<String> {
        let script = if script.contains("$N|") { Word::parse(script) } else { Word::literal(script) };
        let argv = [Word::literal("sed"), Word::literal("-i"), script, Word::literal("f")];
        let all = substitutions_of_call(&argv)?;
        let apply = |text: String, one: &Substitution| one.apply(&text, |raw| format!("<{raw}>")).0;
        Some(all.iter().fold(text.to_owned(), apply))
    }

    #[test]
    fn plain_text_is_replaced_as_sed_does() {
        for (script, text, wanted) in [
            ("s|A|b|", "A A\nxA\n", "b A\nxb\n"),
            ("s|A|b|g", "A A\n", "b b\n"),
            ("s/a\\.b/c\\/d/", "a.b axb", "c/d axb"),
            ("s/a.b/c/g", "a.b axb ab", "c c ab"),
            ("s|\\\\\\${N:-p}|$N|", "x/${N:-p}/y", "x/<$N>/y"),
            ("s|A||", "1A2", "12"),
        ] {
            assert_eq!(edited(script, text).as_deref(), Some(wanted), "{script}");
        }
    }

    #[test]
    fn what_is_no_plain_text_is_not_understood() {
        for script in ["/x/a\\ y", "s/a*/b/", "s/a/&b/", "s/\\(a\\)/b/", "s/a/b/2", "1d", "s/^a/b/", "y/a/b/"] {
            assert_eq!(edited(script, "a"), None, "{script}");
        }
    }
}
