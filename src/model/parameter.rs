//! A parameter expansion of the shell, `${NAME:-default}`, taken apart.
//! May use `text` and `word`.

use super::word::Word;
use crate::text::TracedText;

/// Operators of more than one character come first.
const OPERATORS: [&str; 8] = [":-", ":=", ":?", ":+", "-", "=", "?", "+"];

/// What the content of a file is called in what stands for it.
const CONTENT: &str = "content";

/// What stands in a word for the content of a file, by its path. It is no secret: it is shown as it is.
pub(crate) fn content_of_file(path: &str) -> String {
    let path: String = path.chars().filter(|ch| !matches!(ch, '{' | '}' | '"' | '\'' | '\\' | '`')).collect();
    format!("${{{CONTENT} of {path}}}")
}

/// Whether a symbol stands for the content of a file.
pub(crate) fn is_content(symbol: &str) -> bool {
    symbol.starts_with("content of ")
}

/// The files whose contents stand in a text.
pub(crate) fn files_of_contents(text: &str) -> impl Iterator<Item = &str> {
    let opened = text.split("${content of ").skip(1);
    opened.filter_map(|rest| Some(rest.split_once('}')?.0)).filter(|path| !path.is_empty())
}

/// A parameter expansion, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// Whether all elements are meant (`[@]`, `[*]`).
    pub(crate) all: bool,
    /// `:-`, `-`, `:=`, `:+`, `#`, ... or nothing.
    pub(crate) op: String,
    /// The text after the operator.
    pub(crate) rest: String,
}

/// Whether a name may be that of a variable which a shell can give to what it runs.
pub(crate) fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

impl Parameter {
    /// A variable's value as it is.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The text after the operator without its quotes, as a word in which variables are replaced.
    pub(crate) fn default_word(&self) -> Word {
        let mut text = String::with_capacity(self.rest.len());
        let mut chars = self.rest.chars();
        while let Some(ch) = chars.next() {
            match ch {
                '"' | '\'' => {}
                '\\' => text.extend(chars.next()),
                _ => text.push(ch),
            }
        }
        Word::of_traced(&TracedText::live(&text))
    }

    /// Parses `$NAME` or `${NAME op rest}`; `None` where it is anything else.
    pub(crate) fn parse(raw: &str) -> Option<Self> {
        let body = raw.strip_prefix('$')?;
        let Some(inner) = body.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) else {
            let (name, rest) = split_name(body)?;
            return rest.is_empty().then(|| Self { name: name.to_owned(), ..Self::default() });
        };
        if inner.len() > 1 && inner.starts_with(['#', '!']) {
            return None;
        }
        let (name, mut rest) = split_name(inner)?;
        let all = ["[@]", "[*]"].iter().any(|suffix| rest.starts_with(suffix));
        if all {
            rest = rest.get(3..).unwrap_or("");
        }
        // The first element of a list is what its name alone means.
        rest = rest.strip_prefix("[0]").unwrap_or(rest);
        if rest.starts_with('[') {
            return None;
        }
        let known = OPERATORS.iter().find(|op| rest.starts_with(**op));
        let op = known.copied().unwrap_or_else(|| rest.get(..1).unwrap_or(""));
        let tail = rest.strip_prefix(op).unwrap_or("");
        Some(Self { name: name.to_owned(), all, op: op.to_owned(), rest: tail.to_owned() })
    }

    /// Whether it was named by which of its variable's values it is (`${NAME at FILE:LINE}`), which no shell reads.
    pub(crate) fn says_which_value(&self) -> bool {
        self.op == " "
    }

    /// The file whose content it stands for (`${content of PATH}`), which no shell reads.
    pub(crate) fn file_of_content(&self) -> Option<&str> {
        self.rest.strip_prefix("of ").filter(|_| self.name == CONTENT && self.says_which_value())
    }

    /// Whether the value is used as it is, but for a default.
    pub(crate) fn is_value(&self) -> bool {
        matches!(self.op.as_str(), "" | ":-" | "-" | ":=" | "=" | ":?" | "?")
    }
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let end = if first.is_ascii_alphabetic() || first == '_' {
        text.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(text.len())
    } else if first.is_ascii_digit() {
        text.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(text.len())
    } else if "@*#?!$-".contains(first) {
        1
    } else {
        return None;
    };
    text.split_at_checked(end)
}
