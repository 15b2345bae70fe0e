//! JSON with comments and trailing commas, as a tree in which every key and value knows its place in the file: the tree of
//! `text::yaml`, of which JSON needs a part. Uses the other files of `text`.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Range as Bytes;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::source::{FileId, Pos, Span};
use super::traced::{TracedChar, TracedText};
use super::yaml::{Data, Entry, Node, Scalar};

/// Why a file is no JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// What is wrong, without a value of the file in it.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// What readers of such files accept beside JSON: comments and trailing commas, and nothing of JSON5.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Parses a text; nothing but blanks and comments is null.
///
/// # Errors
/// The first thing that makes it no JSON; the parser bounds how deep it nests.
pub fn parse(file: FileId, text: &str) -> Result<Rc<Node>, JsonError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let builder = JsonBuilder { file, positions: positions_of(text), skipped: text.len() - body.len() };
    let parsed = parse_to_ast(body, &CollectOptions::default(), &OPTIONS);
    let parsed = parsed.map_err(|error| {
        let span = builder.span(error.range());
        // Of what the parser says nothing is a part of the file.
        let said = error.kind().to_string();
        let mut letters = said.chars();
        let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
        JsonError {
            message: format!("not valid JSON: {first}{}", letters.as_str()),
            span: Span { end: span.start, ..span },
        }
    })?;
    let null = || Node::new(Span::file_start(file), Data::Scalar(Scalar { plain: true, ..Scalar::default() }));
    Ok(parsed.value.map_or_else(|| Rc::new(null()), |value| builder.node(&value)))
}

/// The comments of a text, each in bytes, from its first slash on. Of a text that is no JSON there are none.
pub fn json_comments(text: &str) -> Vec<Range<usize>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    let collect = CollectOptions { comments: CommentCollectionStrategy::Separate, tokens: false };
    let comments = parse_to_ast(body, &collect, &OPTIONS).ok().and_then(|parsed| parsed.comments).unwrap_or_default();
    let mut found: Vec<(usize, usize)> = comments
        .values()
        .flat_map(|list| list.iter())
        .map(|comment| match comment {
            jsonc_parser::ast::Comment::Line(line) => (line.range.start, line.range.end),
            jsonc_parser::ast::Comment::Block(block) => (block.range.start, block.range.end),
        })
        .collect();
    // Each is kept under what is before it and what is after it.
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(start, end)| start + skipped..end + skipped).collect()
}

/// The text of a string, with the place of every character: `raw` is what is written between its quotes, from a byte of
/// the file on.
pub(crate) fn traced_string(raw: &str, file: FileId, from: usize) -> TracedText {
    let mut traced = Vec::with_capacity(raw.len());
    let mut letters = raw.char_indices();
    // The first half of a character that is written in two escapes.
    let mut half: Option<(u32, usize)> = None;
    while let Some((at, letter)) = letters.next() {
        let ch = match letter {
            '\\' => match letters.next().map(|(_, escaped)| escaped) {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('u') => {
                    let digits: String = letters.by_ref().take(4).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&digits, 16).unwrap_or(0xfffd);
                    match (half.take(), code) {
                        (Some((high, start)), 0xdc00..=0xdfff) => {
                            let code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
                            traced.push(traced_at(char::from_u32(code).unwrap_or('\u{fffd}'), file, from + start));
                            continue;
                        }
                        (_, 0xd800..=0xdbff) => {
                            half = Some((code, at));
                            continue;
                        }
                        _ => char::from_u32(code).unwrap_or('\u{fffd}'),
                    }
                }
                Some(escaped) => escaped,
                None => break,
            },
            letter => letter,
        };
        half = None;
        traced.push(traced_at(ch, file, from + at));
    }
    TracedText(traced)
}

fn traced_at(ch: char, file: FileId, at: usize) -> TracedChar {
    TracedChar { ch, at: u32::try_from(at).ok().map(|at| (file, at)), live: false }
}

/// The position of every byte of a text, and of its end: a tree asks for many, and a text may be one line.
pub(crate) fn positions_of(text: &str) -> Vec<Pos> {
    let mut positions = Vec::with_capacity(text.len() + 1);
    let (mut line, mut column) = (1, 1);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        positions.extend(std::iter::repeat_n(Pos { line, column }, letter.len_utf8()));
        // A carriage return alone ends a line too.
        if letter == '\n' || letter == '\r' && letters.peek() != Some(&'\n') {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    positions.push(Pos { line, column });
    positions
}

struct JsonBuilder {
    file: FileId,
    positions: Vec<Pos>,
    /// Bytes before the parsed text.
    skipped: usize,
}

impl JsonBuilder {
    fn span(&self, bytes: Bytes) -> Span {
        let end = self.positions.last().copied().unwrap_or_default();
        let position = |byte: usize| self.positions.get(byte + self.skipped).copied().unwrap_or(end);
        Span { file: self.file, start: position(bytes.start), end: position(bytes.end) }
    }

    fn scalar(&self, bytes: Bytes, text: &str, quoted: bool) -> Node {
        let scalar = Scalar { text: text.to_owned(), plain: !quoted, quoted, ..Scalar::default() };
        Node::new(self.span(bytes), Data::Scalar(scalar))
    }

    fn node(&self, value: &Value<'_>) -> Rc<Node> {
        Rc::new(match value {
            Value::StringLit(text) => self.scalar(text.range, &text.value, true),
            Value::NumberLit(number) => self.scalar(number.range, number.value, false),
            Value::BooleanLit(on) => self.scalar(on.range, if on.value { "true" } else { "false" }, false),
            Value::NullKeyword(null) => self.scalar(null.range, "null", false),
            Value::Array(array) => {
                let items = array.elements.iter().map(|item| self.node(item)).collect();
                Node::new(self.span(array.range), Data::Seq(items))
            }
            Value::Object(object) => {
                let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
                let mut known: HashMap<String, usize> = HashMap::new();
                for property in &object.properties {
                    let (key, bytes) = match &property.name {
                        ObjectPropName::String(name) => (name.value.to_string(), name.range),
                        ObjectPropName::Word(name) => (name.value.to_owned(), name.range),
                    };
                    let value = self.node(&property.value);
                    let entry = Entry { key: key.clone(), key_span: self.span(bytes), value };
                    // Of a key that is written twice the last one counts.
                    match known.get(&key).and_then(|at| entries.get_mut(*at)) {
                        Some(earlier) => *earlier = entry,
                        None => {
                            known.insert(key, entries.len());
                            entries.push(entry);
                        }
                    }
                }
                Node::new(self.span(object.range), Data::Map(entries))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Sources;

    fn load(text: &str) -> Result<Rc<Node>, JsonError> {
        parse(FileId::default(), text)
    }

    /// The message, line and column of what is wrong.
    fn mistake(text: &str) -> (String, u32, u32) {
        let error = load(text).unwrap_err();
        (error.message, error.span.start.line, error.span.start.column)
    }

    #[test]
    fn keys_and_values_are_where_they_are_written() {
        let text = "\u{feff}// é\r\n{\r\n  \"ä\": \"é x\", /* b */ \"b\": [1, true, null,],\r}\n";
        let sources = Sources::default();
        let file = sources.add("x", text);
        let root = parse(file, text).unwrap();
        let source = sources.get(file);
        let at = |span: Span| source.slice(span).to_owned();
        let entries = root.as_map().unwrap();
        assert_eq!(at(root.span).chars().next(), Some('{'));
        assert_eq!((at(entries[0].key_span), at(entries[0].value.span)), ("\"ä\"".to_owned(), "\"é x\"".to_owned()));
        let items = entries[1].value.as_seq().unwrap();
        assert_eq!(items.iter().map(|item| at(item.span)).collect::<Vec<_>>(), ["1", "true", "null"]);
        assert!(items[2].is_null() && !entries[0].value.is_null());
        for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
            assert_eq!(positions_of(text)[byte], source.position(byte), "{byte}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_nothing_of_the_file() {
        assert_eq!(mistake("{\n  \"a\": sk-secret\n}").1, 2);
        assert!(!mistake("{\n  \"a\": sk-secret\n}").0.contains("secret"));
        assert_eq!(mistake("{\"a\": 'b'}").2, 7);
        for text in ["{", "[", "{\"a\"}", "{\"a\": 1 \"b\": 2}", "{a: 1}", "{} {}", "\"a", "/* a", "[0x1]", "{,}"] {
            assert!(mistake(text).0.starts_with("not valid JSON: "), "{text}");
        }
        assert!(load("// nothing\n").unwrap().is_null());
        assert!(load("").unwrap().is_null());
    }

    #[test]
    fn deep_and_long_texts_end() {
        for open in ["[", "{\"a\":", "[{\"a\":["] {
            assert!(load(&open.repeat(100_000)).is_err());
        }
        let many = format!("[{}]", "\"é\",".repeat(50_000));
        assert_eq!(load(&many).unwrap().as_seq().unwrap().len(), 50_000);
    }

    #[test]
    fn last_of_two_values_counts() {
        assert_eq!(load("{\"a\": 1, \"b\": 2, \"a\": 3}").unwrap().get("a").unwrap().as_scalar().unwrap().text, "3");
    }

    #[test]
    fn string_has_the_place_of_every_character() {
        for written in [r"a b", r#"a \"b\" \\ \/ \n\t"#, r"\u00e9\ud83d\ude00x", "é\\u0041é"] {
            let text = format!("[\"{written}\"]");
            let sources = Sources::default();
            let file = sources.add("x", text.as_str());
            let root = parse(file, &text).unwrap();
            let wanted = &root.as_seq().unwrap()[0].as_scalar().unwrap().text;
            let traced = traced_string(written, file, 2);
            assert_eq!(&traced.raw(), wanted, "{written}");
            assert!(traced.0.iter().all(|one| text.is_char_boundary(one.at.unwrap().1 as usize)), "{written}");
            let last = traced.0.last().unwrap();
            assert!(text[last.at.unwrap().1 as usize..].starts_with(['b', '\\', 'x', 'é']), "{written}");
        }
    }

    #[test]
    fn comments_are_found_outside_of_strings() {
        let text = "// one\n{ \"a\": \"// no\", // two\n  /* three\n */ \"b\": [ // four\n ] } // five";
        let found: Vec<&str> = json_comments(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["// one", "// two", "/* three\n */", "// four", "// five"]);
        assert!(json_comments("{ // a").is_empty());
    }
}
