//! YAML as a tree in which every key and value knows its place in the file.
//! Aliases are shared, merge keys are applied, tags are kept. Uses `text::source`, `text::scalar` and `text::shown_text` alone.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks};

use super::quote::quoted;
use super::scalar::{self, Kind};
use super::shown_text::ShownText;
use super::source::{FileId, Pos, SourceFile, Span, end, narrow};

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

/// Parses a whole stream, keeping the position of every node.
///
/// # Errors
/// The first thing that makes the stream unusable: a syntax error, a tree deeper or, with its aliases written
/// out, larger than `limits`, an alias inside its own anchor, a key that is not a scalar.
pub fn parse(file: FileId, text: &str, limits: Limits) -> Result<Stream, YamlError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        file,
        // A byte order mark is a character of the first line to an editor too.
        shift: u32::from(body.len() != text.len()),
        end: end(text),
        limits,
        slashes: slash_escapes(body),
        anchors: HashMap::new(),
        open: Vec::new(),
        stream: Stream::default(),
    };
    if let Some(line) =
        body.lines().position(|line| line.starts_with("%YAML") && line.get(5..).map(str::trim) != Some("1.1"))
    {
        let message = "a version of YAML that Compose does not read; leave the directive out, or say 1.1".to_owned();
        return Err(YamlError { message, span: Span::at(file, Pos { line: narrow(line + 1), column: 1 }) });
    }
    for event in Parser::new_from_str(body) {
        let (event, marks) = event.map_err(|error| {
            let mut pos = builder.pos(error.marker().line(), error.marker().col());
            // The parser counts some characters of a line with an error in it twice.
            let width = SourceFile::unnamed(text).line(pos.line).chars().count();
            pos.column = pos.column.min(narrow(width + 1));
            // Of what the parser says one sentence alone has something of the file in it.
            let said = if error.info().contains('`') { "unexpected character" } else { error.info() };
            YamlError { message: format!("not valid YAML: {said}"), span: Span::at(file, pos) }
        })?;
        builder.take(event, marks)?;
    }
    Ok(builder.stream)
}

struct Open {
    span: Span,
    tag: Option<String>,
    anchor: usize,
    children: Vec<Rc<Node>>,
    mapping: bool,
}

struct Builder {
    file: FileId,
    shift: u32,
    /// Where the text ends.
    end: Pos,
    limits: Limits,
    /// Where `\/` stands, in characters from the start.
    slashes: Vec<usize>,
    anchors: HashMap<usize, Rc<Node>>,
    open: Vec<Open>,
    stream: Stream,
}

/// The text of a `!!binary` value.
fn decoded(text: &str, span: Span) -> Result<String, YamlError> {
    let encoded: String = text.split_whitespace().collect();
    let bytes = data_encoding::BASE64.decode(encoded.as_bytes());
    let bytes =
        bytes.map_err(|_| YamlError { message: "a `!!binary` value is in base64, this is not".into(), span })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The kind of value that a tag of YAML's own names, but for text.
fn kind_of_tag(tag: &str) -> Option<&'static str> {
    // With its handle written out (`!!int`), or whole (`!<tag:yaml.org,2002:int>`).
    let written = ["tag:yaml.org,2002:!", "!tag:yaml.org,2002:", "tag:yaml.org,2002:", "!!"];
    let name = written.into_iter().find_map(|before| tag.strip_prefix(before))?;
    ["int", "float", "bool", "null", "timestamp"].into_iter().find(|kind| *kind == name)
}

/// Whether a text is what a tag of YAML's own says, as go-yaml decides it.
fn is_of_kind(text: &str, kind: &str) -> bool {
    match scalar::kind(text) {
        Kind::Int(_) => matches!(kind, "int" | "float"),
        Kind::Float(_) => kind == "float",
        Kind::Bool(_) => kind == "bool",
        Kind::Null => kind == "null",
        Kind::Time => kind == "timestamp",
        Kind::Text => false,
    }
}

/// Where a backslash that is not escaped itself stands before a slash, in characters from the start.
fn slash_escapes(text: &str) -> Vec<usize> {
    if !text.contains("\\/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut escaped = false;
    for (at, character) in text.chars().enumerate() {
        if escaped && character == '/' {
            found.push(at);
        }
        escaped = character == '\\' && !escaped;
    }
    found
}

/// How many keys of a mapping are compared one by one: to look up so few takes longer.
const FEW: usize = 16;

/// Where the keys of a mapping stand in it, where it has more than a few.
#[derive(Default)]
struct Places(HashMap<String, usize>);

impl Places {
    /// The place of a key among the entries so far, to which new ones are only added.
    fn find(&mut self, entries: &[Entry], key: &str) -> Option<usize> {
        if entries.len() <= FEW {
            return entries.iter().position(|entry| entry.key == key);
        }
        let new = entries.iter().enumerate().skip(self.0.len());
        self.0.extend(new.map(|(at, entry)| (entry.key.clone(), at)));
        self.0.get(key).copied()
    }
}

impl Builder {
    fn has_slash_escape(&self, marks: Marks) -> bool {
        let from = self.slashes.partition_point(|at| *at < marks.start.index());
        self.slashes.get(from).is_some_and(|at| *at < marks.end.index())
    }

    fn pos(&self, line: usize, col: usize) -> Pos {
        let line = narrow(line.max(1));
        let shift = if line == 1 { self.shift } else { 0 };
        // The parser puts what is not written on a line after the last one.
        Pos { line, column: narrow(col + 1) + shift }.min(self.end)
    }

    fn span(&self, marks: Marks) -> Span {
        let start = self.pos(marks.start.line(), marks.start.col());
        let end = self.pos(marks.end.line(), marks.end.col());
        Span { file: self.file, start, end }
    }

    fn take(&mut self, event: Event<'_>, marks: Marks) -> Result<(), YamlError> {
        let span = self.span(marks);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| tag.to_string());
                let kind = tag.as_deref().and_then(kind_of_tag);
                // Any other tag makes it text, also one that nobody knows.
                let plain = kind.is_some() || tag.is_none() && style == ScalarStyle::Plain;
                if let Some(kind) = kind.filter(|kind| !is_of_kind(&text, kind)) {
                    return Err(YamlError { message: format!("a value tagged `!!{kind}` is none"), span });
                }
                if style == ScalarStyle::DoubleQuoted && self.has_slash_escape(marks) {
                    let message = "not valid YAML: `\\/` is an escape of JSON alone; write `/`".to_owned();
                    return Err(YamlError { message, span });
                }
                let text = match tag.as_deref() {
                    Some(tag) if tag.ends_with("yaml.org,2002:!binary") || tag == "!!binary" => decoded(&text, span)?,
                    _ => text.into_owned(),
                };
                let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                let scalar = Scalar { text, plain, quoted, ..Scalar::default() };
                let mut node = Node::new(span, Data::Scalar(scalar));
                node.tag = tag;
                self.place(Rc::new(node), anchor);
                Ok(())
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let message = "an alias stands inside the anchor it refers to";
                self.place(node.ok_or_else(|| YamlError { message: message.into(), span })?, 0);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => self.enter(span, anchor, tag.map(|tag| tag.to_string()), false),
            Event::MappingStart(anchor, tag) => self.enter(span, anchor, tag.map(|tag| tag.to_string()), true),
            Event::SequenceEnd | Event::MappingEnd => self.leave(span),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn enter(&mut self, span: Span, anchor: usize, tag: Option<String>, mapping: bool) -> Result<(), YamlError> {
        if self.open.len() >= self.limits.depth {
            return Err(YamlError { message: format!("nested more than {} levels deep", self.limits.depth), span });
        }
        self.open.push(Open { span, tag, anchor, children: Vec::new(), mapping });
        Ok(())
    }

    fn leave(&mut self, end: Span) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span { end: end.end, ..open.span };
        let data = if open.mapping { Data::Map(self.mapping(&open.children)?) } else { Data::Seq(open.children) };
        let mut node = Node::new(span, data);
        node.tag = open.tag;
        if node.weight > self.limits.nodes {
            let message = format!("more than {} nodes once its aliases are written out", self.limits.nodes);
            return Err(YamlError { message, span });
        }
        self.place(Rc::new(node), open.anchor);
        Ok(())
    }

    fn place(&mut self, node: Rc<Node>, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.stream.documents.push(node),
        }
    }

    /// Pairs keys with values, applies `<<`, and notes keys that stand twice.
    fn mapping(&mut self, children: &[Rc<Node>]) -> Result<Vec<Entry>, YamlError> {
        let mut entries: Vec<Entry> = Vec::with_capacity(children.len() / 2);
        let mut places = Places::default();
        let mut merges = Vec::new();
        for pair in children.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let Some(scalar) = key.as_scalar() else {
                return Err(YamlError { message: format!("a key is {}, not a name", key.kind()), span: key.span });
            };
            if scalar.plain && scalar.text == "<<" {
                if !merges.is_empty() {
                    let message = "the key `<<` occurs twice in one mapping; give it a list".to_owned();
                    self.stream.duplicates.push(YamlError { message, span: key.span });
                }
                merges.push(Rc::clone(value));
                continue;
            }
            if scalar.kind() != Kind::Text {
                let message = format!("the key {} is no text to YAML; put it in quotes", quoted(&scalar.text));
                self.stream.typed_keys.push(YamlError { message, span: key.span });
            }
            let entry = Entry { key: scalar.text.clone(), key_span: key.span, value: Rc::clone(value) };
            match places.find(&entries, &entry.key).and_then(|at| entries.get_mut(at)) {
                Some(earlier) => {
                    let message = format!("the key {} occurs twice in one mapping", quoted(&entry.key));
                    self.stream.duplicates.push(YamlError { message, span: entry.key_span });
                    *earlier = entry;
                }
                None => entries.push(entry),
            }
        }
        if !merges.is_empty() {
            let mut known: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
            for merge in merges {
                self.merge(&merge, &mut entries, &mut known)?;
            }
        }
        Ok(entries)
    }

    fn merge(&self, from: &Node, into: &mut Vec<Entry>, known: &mut HashSet<String>) -> Result<(), YamlError> {
        let sources: Vec<&Node> = match &from.data {
            Data::Seq(items) => items.iter().map(Rc::as_ref).collect(),
            _ => vec![from],
        };
        for source in sources {
            let Some(entries) = source.as_map() else {
                let message = format!("`<<` needs a mapping or a list of mappings, not {}", source.kind());
                return Err(YamlError { message, span: source.span });
            };
            for entry in entries {
                if known.insert(entry.key.clone()) {
                    into.push(entry.clone());
                }
            }
        }
        if into.len() > self.limits.nodes {
            let message = format!("more than {} keys in one mapping", self.limits.nodes);
            return Err(YamlError { message, span: from.span });
        }
        Ok(())
    }
}

fn total(weights: impl Iterator<Item = usize>) -> usize {
    weights.fold(1, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Sources;

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
