//! `.env` files in Compose's syntax (Compose docs, "Env file syntax"). Pure. Uses `compose::interpolate` alone.

use std::collections::BTreeMap;

use super::interpolate::{Variables, expand};

/// A line that is no assignment, by its number from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine(pub(super) usize);

/// Variables of the file so far, and those around it, which win.
struct Scope<'a> {
    own: &'a BTreeMap<String, String>,
    outer: &'a BTreeMap<String, String>,
}

impl Variables for Scope<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.outer.get(name).or_else(|| self.own.get(name)).map(String::as_str)
    }
}

impl Scope<'_> {
    /// The text with its variables replaced; one that is not set is nothing here.
    fn expand(&self, text: &str) -> String {
        let Ok((mut expanded, symbols)) = expand(text, self) else { return text.to_owned() };
        for symbol in symbols {
            expanded = expanded.replacen(&format!("${{{}}}", symbol.name), "", 1);
        }
        expanded
    }
}

/// Reads assignments: quotes, escapes in double quotes, `export`, comments, values over several lines, expansion.
/// A name alone is skipped: it stands for what is set around the file.
pub(super) fn parse(text: &str, outer: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, BadLine> {
    let mut own = BTreeMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut rest = text.as_str();
    let mut line = 1;
    while !rest.is_empty() {
        let (current, mut after) = rest.split_once('\n').unwrap_or((rest, ""));
        let assignment = current.trim_start();
        let assignment = assignment.strip_prefix("export ").unwrap_or(assignment).trim_start();
        let begun = line;
        line += 1;
        if assignment.is_empty() || assignment.starts_with('#') {
            rest = after;
            continue;
        }
        let end = assignment.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '-' | '[' | ']'));
        let (name, tail) = assignment.split_at(end.unwrap_or(assignment.len()));
        let tail = tail.trim_start();
        if name.is_empty() || !(tail.is_empty() || tail.starts_with(['=', ':', '#'])) {
            return Err(BadLine(begun));
        }
        if tail.is_empty() || tail.starts_with('#') {
            rest = after;
            continue;
        }
        let value = tail.get(1..).unwrap_or("").trim_start_matches([' ', '\t']);
        let scope = Scope { own: &own, outer };
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let from = value.get(1..).unwrap_or("");
                // A quoted value may go on over line ends.
                let start = text.len() - rest.len() + current.len() - from.len();
                let body = text.get(start..).unwrap_or("");
                let length = closing(body, quote).ok_or(BadLine(begun))?;
                let quoted = body.get(..length).unwrap_or("");
                line += quoted.matches('\n').count();
                let behind = body.get(length + 1..).unwrap_or("");
                let (tail, next) = behind.split_once('\n').unwrap_or((behind, ""));
                if !(tail.trim().is_empty() || tail.trim_start().starts_with('#')) {
                    return Err(BadLine(begun));
                }
                after = next;
                if quote == '"' { scope.expand(&unescape(quoted)) } else { quoted.to_owned() }
            }
            _ => {
                let end = value.find(" #").unwrap_or(value.len());
                scope.expand(value.get(..end).unwrap_or("").trim_end())
            }
        };
        own.insert(name.to_owned(), value);
        rest = after;
    }
    Ok(own)
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BTreeMap<String, String> {
        parse(text, &BTreeMap::from([("OUTER".to_owned(), "outer".to_owned())])).unwrap()
    }

    #[test]
    fn the_syntax_of_env_files() {
        let of = |text: &str, name: &str| read(text).get(name).cloned();
        assert_eq!(of("A=b # c", "A").as_deref(), Some("b"));
        assert_eq!(of("A=b#c", "A").as_deref(), Some("b#c"));
        assert_eq!(of("export A='x $y'", "A").as_deref(), Some("x $y"));
        assert_eq!(of("A=\"x\\n$OUTER\"", "A").as_deref(), Some("x\nouter"));
        assert_eq!(of("A=1\nB=${A}2", "B").as_deref(), Some("12"));
        assert_eq!(of("A=\"l1\nl2\"\nB=3", "A").as_deref(), Some("l1\nl2"));
        assert_eq!(of("A=\"l1\nl2\"\nB=3", "B").as_deref(), Some("3"));
        assert_eq!(of("A: b", "A").as_deref(), Some("b"));
        assert_eq!(of("# A=1\n\nA", "A"), None);
        assert_eq!(of("A=${U:-d}", "A").as_deref(), Some("d"));
        assert_eq!(parse("ok=1\n=x", &BTreeMap::new()), Err(BadLine(2)));
        assert_eq!(parse("a='x' y", &BTreeMap::new()), Err(BadLine(1)));
        assert_eq!(parse("a=\"x", &BTreeMap::new()), Err(BadLine(1)));
    }
}
