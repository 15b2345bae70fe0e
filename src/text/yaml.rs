//! YAML as a tree in which every key and value knows its place in the file.
//! Aliases are shared, merge keys are applied, tags are kept. Uses `text::source`, `text::scalar`,
//! `text::shown_text` and `text::quote` alone.

mod node_builder;
mod written_end;

use std::rc::Rc;

use super::scalar::{self, Kind};
use super::shown_text::ShownText;
use super::source::Span;

pub use node_builder::parse;

/// What one file may cost. A compose file is far below each of these.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Levels of nesting.
    pub depth: usize,
    /// Nodes, each alias counted as all that it stands for.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, nodes: 1_000_000 }
    }
}

/// A node with its place. `span` is where it is written, also when it is reached by an alias.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it is written.
    pub span: Span,
    /// A tag such as `!reset`, with its handle.
    pub tag: Option<String>,
    /// What it is.
    pub data: Data,
    weight: usize,
}

/// The three kinds of node.
#[derive(Debug, Clone)]
pub enum Data {
    /// Text, with how it was written.
    Scalar(Scalar),
    /// A sequence.
    Seq(Vec<Rc<Node>>),
    /// A mapping, in the order of the file; keys are unique.
    Map(Vec<Entry>),
}

/// A scalar before any typing: YAML's schema is applied by whoever knows what is expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scalar {
    /// The text after YAML's own unescaping.
    pub text: String,
    /// Whether it may be a number, a boolean or null: written without quotes, or tagged as one.
    pub plain: bool,
    /// Whether it is written in quotes, so that its text begins a column later.
    pub quoted: bool,
    /// The variables in `text` that interpolation found no value for; `text` keeps `${NAME}` for each.
    pub symbols: Vec<Symbol>,
    /// What is shown of `text`, where interpolation put values in.
    pub shown: ShownText,
}

impl Scalar {
    /// What the scalar is by YAML's schema. What depends on a variable is text.
    pub fn kind(&self) -> Kind {
        if self.plain && self.symbols.is_empty() { scalar::kind(&self.text) } else { Kind::Text }
    }
}

/// A variable that is not set where the tool runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// The variable's name.
    pub name: String,
    /// Whether the source insists on a value that is not empty (`${NAME:?}`), so that it is known not to be empty
    /// wherever the container does start.
    pub required: bool,
}

/// One key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Rc<Node>,
}

/// Why a file is not a usable YAML stream, or what is odd about one that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// What is wrong, without a value of the file in it.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A parsed stream.
#[derive(Debug, Default)]
pub struct Stream {
    /// The documents, in order. Empty documents are null nodes.
    pub documents: Vec<Rc<Node>>,
    /// Keys written twice in one mapping. The tree holds the last value of each.
    pub duplicates: Vec<YamlError>,
    /// Keys that are no text but a number, a boolean, a date or null. The tree holds them as they are written.
    pub typed_keys: Vec<YamlError>,
}

impl Node {
    /// A node made by a program, not read from a file: it takes the place of what it was made from.
    pub fn new(span: Span, data: Data) -> Self {
        let weight = match &data {
            Data::Scalar(_) => 1,
            Data::Seq(items) => total(items.iter().map(|item| item.weight)),
            Data::Map(entries) => total(entries.iter().map(|entry| entry.value.weight)),
        };
        Self { span, tag: None, data, weight }
    }

    /// Text made by a program in the place of what it was made from.
    pub fn text(span: Span, text: impl Into<String>) -> Self {
        Self::new(span, Data::Scalar(Scalar { text: text.into(), ..Scalar::default() }))
    }

    /// Whether this is YAML's null: nothing, `~` or `null`, unquoted.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.kind() == Kind::Null)
    }

    /// The entries of a mapping.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a sequence.
    pub fn as_seq(&self) -> Option<&[Rc<Node>]> {
        match &self.data {
            Data::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, null included.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.data {
            Data::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The entry of a key in a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }

    /// The value of a key in a mapping.
    pub fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What a reader calls this kind of node.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Scalar(_) if self.is_null() => "null",
            Data::Scalar(_) => "a scalar",
            Data::Seq(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }
}

fn total(weights: impl Iterator<Item = usize>) -> usize {
    weights.fold(1, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Pos, SourceFile, Sources};

    fn load(text: &str) -> Result<Stream, YamlError> {
        let sources = Sources::default();
        parse(sources.add("x", text), text, Limits::default())
    }

    fn text_at(text: &str, span: Span) -> String {
        let sources = Sources::default();
        let file = sources.add("x", text);
        sources.get(file).slice(Span { file, ..span }).to_owned()
    }

    #[test]
    fn error_is_inside_the_text_whatever_its_line_holds() {
        let found = "%? Nob;amhot\u{61e}?pa\u{8}te\u{18c}\u{69e}7:,,,,,,,,hot\\/\u{18c}\u{69e}?pmhot\u{61e}'9\u{0};\n";
        for text in [found, "a: [\n"] {
            let error = load(text).unwrap_err();
            let file = SourceFile::unnamed(text);
            assert!(file.offset(error.span.start).is_some(), "{text:?}: {:?}", error.span);
        }
    }

    #[test]
    fn keys_and_values_are_where_they_are_written() {
        let text = "\u{feff}a: é\r\nb:\r\n  - \"x y\"\r\n  - {c: *no}\r\n".replace("*no", "1");
        let stream = load(&text).unwrap();
        let root = &stream.documents[0];
        assert_eq!(text_at(&text, root.entry("a").unwrap().key_span), "a");
        assert_eq!(text_at(&text, root.get("a").unwrap().span), "é");
        let items = root.get("b").unwrap().as_seq().unwrap();
        assert_eq!(text_at(&text, items[0].span), "\"x y\"");
        assert_eq!(text_at(&text, items[1].get("c").unwrap().span), "1");
    }

    #[test]
    fn blanks_and_comments_behind_a_value_are_no_part_of_it() {
        let text = "a: { b: \"x y\" , 'c' : [ 'it''s'  ]  } # \" ] }\nd: &d \"z\\\"\"   # secret\ne:\n  - \"two\n    lines\"  # two\n";
        let stream = load(text).unwrap();
        let root = &stream.documents[0];
        let a = root.get("a").unwrap();
        assert_eq!(text_at(text, a.span), "{ b: \"x y\" , 'c' : [ 'it''s'  ]  }");
        assert_eq!(text_at(text, a.get("b").unwrap().span), "\"x y\"");
        assert_eq!(text_at(text, a.entry("c").unwrap().key_span), "'c'");
        assert_eq!(text_at(text, a.get("c").unwrap().span), "[ 'it''s'  ]");
        assert_eq!(text_at(text, a.get("c").unwrap().as_seq().unwrap()[0].span), "'it''s'");
        assert!(text_at(text, root.get("d").unwrap().span).ends_with("\"z\\\"\""));
        assert_eq!(text_at(text, root.get("e").unwrap().as_seq().unwrap()[0].span), "\"two\n    lines\"");
    }

    #[test]
    fn merge_keys_fill_in_and_do_not_override() {
        let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\n";
        let stream = load(text).unwrap();
        let z = stream.documents[0].get("z").unwrap();
        let of = |key: &str| z.get(key).unwrap().as_scalar().unwrap().text.clone();
        assert_eq!((of("a"), of("b"), of("c")), ("9".into(), "2".into(), "4".into()));
        assert_eq!(text_at(text, z.get("c").unwrap().span), "4");
    }

    #[test]
    fn what_is_not_written_is_still_in_the_file() {
        for text in ["a: 1\rb: 2\nlong: [x, y]\n", "a: 1\n---", "a:", "a:\n", "- a\r-", "\u{feff}"] {
            let sources = Sources::default();
            let id = sources.add("x", text);
            let stream = parse(id, text, Limits::default());
            for document in stream.iter().flat_map(|stream| &stream.documents) {
                assert!(sources.get(id).offset(document.span.end).is_some(), "{text:?}: {:?}", document.span);
            }
        }
    }

    #[test]
    fn a_lone_carriage_return_ends_a_line() {
        let text = "a: 1\rb: xy\nc: z\n";
        let stream = load(text).unwrap();
        assert_eq!(text_at(text, stream.documents[0].get("b").unwrap().span), "xy");
        assert_eq!(text_at(text, stream.documents[0].get("c").unwrap().span), "z");
    }

    #[test]
    fn tags_are_kept() {
        let stream = load("a: !reset null\nb: !override [1]\n").unwrap();
        let root = &stream.documents[0];
        assert_eq!(root.get("a").unwrap().tag.as_deref(), Some("!reset"));
        assert_eq!(root.get("b").unwrap().tag.as_deref(), Some("!override"));
    }

    #[test]
    fn a_key_written_twice_is_noted_at_its_second_place() {
        let stream = load("a: 1\na: 2\n").unwrap();
        assert_eq!(stream.duplicates[0].span.start, Pos { line: 2, column: 1 });
        assert_eq!(stream.documents[0].get("a").unwrap().as_scalar().unwrap().text, "2");
    }

    #[test]
    fn hostile_streams_are_refused_and_not_followed() {
        assert!(load(&"[".repeat(10_000)).is_err());
        assert!(load(&"- ".repeat(10_000)).unwrap_err().message.contains("nested more than"));
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for n in 1..20 {
            let item = format!("*a{},", n - 1).repeat(10);
            bomb.push_str(&format!("a{n}: &a{n} [{item}]\n"));
        }
        assert!(load(&bomb).unwrap_err().message.contains("aliases"));
        assert!(load("a: &a [*a]\n").is_err());
        assert!(load("a: b\n\tc: d\n").is_err());
        assert!(load("? [x]\n: y\n").is_err());
    }
}
