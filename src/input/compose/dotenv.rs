//! `.env` files in Compose's syntax (Compose docs, "Env file syntax"; what they leave open is as Docker Compose 2.40
//! has it). Pure. May use `model`.

use std::collections::BTreeMap;

use super::interpolate::Variables;
use crate::model::{Binding, Dialect, Expander, Template, TemplateError, UnsetVariable};

/// A line that cannot be read, by its number from 1, and why. No value of the file is in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) message: String,
}

/// How much text the values of one file may be, in bytes: each may be made of all before it, twice.
const MAX_TOTAL: usize = 8 * 1024 * 1024;

/// How long one value may become, in bytes. No kernel takes a variable of an eighth of it.
const MAX_VALUE: usize = 1024 * 1024;

/// Reads assignments into `own`: quotes, escapes in double quotes, `export`, comments, values over several lines,
/// expansion. A name alone takes its value from `outer`.
///
/// # Errors
/// The first line that Compose refuses; what stands before it has been read.
pub(super) fn parse(text: &str, own: &mut BTreeMap<String, String>, outer: &dyn Variables) -> Result<(), BadLine> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let mut total = 0;
    loop {
        rest = statement(rest);
        if rest.is_empty() {
            return Ok(());
        }
        let bad = |message: &str| BadLine {
            line: 1 + text.get(..text.len() - rest.len()).unwrap_or("").matches('\n').count(),
            message: message.to_owned(),
        };
        let (name, value, alone) = name(rest).map_err(bad)?;
        if name.contains(' ') {
            return Err(bad("the name of a variable has no blank in it"));
        }
        if alone {
            if let Some(value) = outer.get(name) {
                own.insert(name.to_owned(), value.to_owned());
            }
            rest = value;
            continue;
        }
        let raw = raw(value).map_err(bad)?;
        let text = if raw.expands {
            expand_value(&raw.text, own, outer).map_err(|error| bad(error_message(&error)))?
        } else {
            raw.text
        };
        total += text.len();
        if total > MAX_TOTAL {
            return Err(bad("more text than any file of variables has, once they are replaced"));
        }
        own.insert(name.to_owned(), text);
        rest = raw.rest;
    }
}

/// A value with its variables replaced: those of the file so far, under those around it.
fn expand_value(value: &str, own: &BTreeMap<String, String>, outer: &dyn Variables) -> Result<String, TemplateError> {
    let expander = Expander {
        lookup: &|name| match outer.get(name).or_else(|| own.get(name).map(String::as_str)) {
            Some(value) => Binding::Text(value),
            None => Binding::Unset,
        },
        unset: UnsetVariable::Empty,
        keeps_unknown: false,
        limit: MAX_VALUE,
    };
    Ok(Template::parse(value, Dialect::COMPOSE)?.expand(expander)?.text)
}

fn error_message(error: &TemplateError) -> &'static str {
    match error {
        TemplateError::TooLong => "too long a value once its variables are replaced",
        TemplateError::Required { .. } => "a variable that this value requires has no value",
        _ => "a `${` that begins no variable; put the value in single quotes",
    }
}

/// Where the next statement begins: past blanks and comments.
fn statement(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.find('\n').and_then(|end| rest.get(end..)).unwrap_or("").trim_start();
    }
    rest
}

fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// The name, what follows its separator, and whether the name stands alone on its line.
fn name(text: &str) -> Result<(&str, &str, bool), &'static str> {
    let text = match text.strip_prefix("export") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start_matches(is_blank),
        _ => text,
    };
    if text.is_empty() {
        return Err("`export` of nothing");
    }
    for (at, character) in text.char_indices() {
        match character {
            '=' | ':' | '\n' => {
                let name = text.get(..at).unwrap_or("").trim_end();
                let rest = text.get(at + 1..).unwrap_or("").trim_start_matches(is_blank);
                return Ok((name, rest, character == '\n'));
            }
            '_' | '.' | '-' | '[' | ']' => {}
            _ if is_blank(character) || character.is_alphanumeric() => {}
            _ => return Err("this line is no NAME=value: a name has letters, digits, `_`, `.` and `-`"),
        }
    }
    // To Compose the last line of a file without a line end and without a `=` is a value without a name.
    Ok(("", text, false))
}

/// A value as it is written.
struct RawValue<'a> {
    text: String,
    /// Whether variables in it are replaced.
    expands: bool,
    rest: &'a str,
}

fn raw(text: &str) -> Result<RawValue<'_>, &'static str> {
    let Some(quote) = text.chars().next().filter(|first| matches!(first, '"' | '\'')) else {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let value = line.split_once(" #").map_or(line, |(value, _)| value).trim_end();
        return Ok(RawValue { text: value.to_owned(), expands: true, rest });
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\\' if !escaped => escaped = true,
            _ if character == quote && !escaped => {
                let rest = text.get(at + 1..).unwrap_or("");
                let double = quote == '"';
                return Ok(RawValue { text: if double { unescaped(&value) } else { value }, expands: double, rest });
            }
            _ => {
                if escaped && character != quote {
                    value.push('\\');
                }
                escaped = false;
                value.push(character);
            }
        }
    }
    Err("a quote is opened and not closed")
}

/// The escapes of double quotes; `\$` becomes `$$`, which expansion makes a `$`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let letter = after.chars().next();
        let simple = match letter {
            Some('a') => Some("\u{7}"),
            Some('b') => Some("\u{8}"),
            Some('f') => Some("\u{c}"),
            Some('n') => Some("\n"),
            Some('r') => Some("\r"),
            Some('t') => Some("\t"),
            Some('v') => Some("\u{b}"),
            Some('"') => Some("\""),
            Some('\\') => Some("\\"),
            Some('$') => Some("$$"),
            _ => None,
        };
        rest = match (simple, letter) {
            (Some(simple), _) => {
                out.push_str(simple);
                after.get(1..).unwrap_or("")
            }
            (None, Some('0')) => {
                let digits = after.get(1..).unwrap_or("");
                let length = digits.bytes().take(3).take_while(u8::is_ascii_digit).count();
                let (digits, rest) = digits.split_at(length);
                let octal = u32::from_str_radix(digits, 8).ok().filter(|value| length == 3 && *value < 256);
                match octal.and_then(char::from_u32) {
                    Some(character) => out.push(character),
                    // What is no octal escape loses its zero in Compose.
                    None => out.push_str(&format!("\\{digits}")),
                }
                rest
            }
            _ => {
                out.push('\\');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// `format: raw` (docker CLI's env files): everything after the first `=` is the value.
///
/// # Errors
/// A line that Compose refuses.
pub(super) fn parse_raw(text: &str, own: &mut BTreeMap<String, String>, outer: &dyn Variables) -> Result<(), BadLine> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |message: &str| BadLine { line: at + 1, message: message.to_owned() };
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            return Err(bad("no name before the `=`"));
        }
        if name.contains(char::is_whitespace) {
            return Err(bad("the name of a variable has no blank in it"));
        }
        if let Some(value) = value.or_else(|| outer.get(name)) {
            own.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, String>, BadLine> {
        let outer = BTreeMap::from([("OUTER".to_owned(), "outer".to_owned())]);
        let mut own = BTreeMap::new();
        parse(text, &mut own, &outer).map(|()| own)
    }

    #[test]
    fn the_syntax_of_env_files() {
        let cases = [
            ("A=b # c", Some("b")),
            ("A=b#c", Some("b#c")),
            ("A= # c", Some("# c")),
            ("export A='x $y'", Some("x $y")),
            ("A=\"x\\n$OUTER\"", Some("x\nouter")),
            ("B=1\nA=${B}2", Some("12")),
            ("A=\"l1\nl2\"\nB=3", Some("l1\nl2")),
            ("A: b", Some("b")),
            ("# A=1\n\nA\n", None),
            ("A=${U:-d}", Some("d")),
            ("A='it\\'s'", Some("it's")),
            ("A='a\\nb'", Some("a\\nb")),
            ("A=\"\\0101\\\\\\$x\\q\"", Some("A\\$x\\q")),
            ("OUTER\nA=1", Some("1")),
            ("A = b  \r\n", Some("b")),
        ];
        for (text, wanted) in cases {
            assert_eq!(read(text).unwrap().get("A").map(String::as_str), wanted, "{text}");
        }
        assert_eq!(read("OUTER\n").unwrap().get("OUTER").map(String::as_str), Some("outer"));
        let line = |text: &str| read(text).map_err(|bad| bad.line);
        assert_eq!(line("ok=1\n a b=x"), Err(2));
        assert_eq!(line("ok=1\n\n@=x"), Err(3));
        assert_eq!(line("a=\"x\n\n"), Err(1));
        assert_eq!(line("a=${"), Err(1));
    }

    #[test]
    fn values_that_double_are_bounded() {
        let doubling: String = (0..64).map(|_| "A=x${A}${A}\n").collect();
        assert_eq!(read(&doubling).unwrap_err().line, 21);
        let many: String = (1..100_000).map(|n| format!("B{n}=${{A}}\n")).collect();
        let long = format!("A={}\n{many}", "x".repeat(1000));
        assert!(read(&long).unwrap_err().line > 1000);
    }

    #[test]
    fn raw_files_are_taken_as_they_are() {
        let mut own = BTreeMap::new();
        let outer = BTreeMap::from([("C".to_owned(), "c".to_owned())]);
        parse_raw("A='x' # y\n #no\nB=a=b \nC\nD\n", &mut own, &outer).unwrap();
        let pairs: Vec<_> = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "'x' # y"), ("B", "a=b "), ("C", "c")]);
        assert_eq!(parse_raw("A=1\nx y=2", &mut own, &outer).unwrap_err().line, 2);
    }
}
