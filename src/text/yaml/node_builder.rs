//! The tree of a YAML text, made of what the parser reads one after the other. Uses `text::yaml`, `text::source`,
//! `text::scalar` and `text::quote`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks};

use super::written_end::WrittenEnds;
use super::{Data, Entry, Limits, Node, Scalar, Stream, YamlError};
use crate::text::quote::quoted;
use crate::text::scalar::{self, Kind};
use crate::text::source::{FileId, Pos, SourceFile, Span, end, narrow};

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
        ends: WrittenEnds::of(body),
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

struct Builder<'t> {
    file: FileId,
    shift: u32,
    /// Where the text ends.
    end: Pos,
    limits: Limits,
    /// Where `\/` stands, in characters from the start.
    slashes: Vec<usize>,
    ends: WrittenEnds<'t>,
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

impl Builder<'_> {
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

    fn span(&mut self, event: &Event<'_>, marks: Marks) -> Span {
        let start = self.pos(marks.start.line(), marks.start.col());
        // What is not written has no width.
        let quote = match event {
            Event::Scalar(_, ScalarStyle::DoubleQuoted, ..) => Some('"'),
            Event::Scalar(_, ScalarStyle::SingleQuoted, ..) => Some('\''),
            _ => None,
        };
        let written = if marks.start == marks.end { None } else { self.ends.find(&marks.start, quote) };
        let (line, column) = written.unwrap_or((marks.end.line(), marks.end.col()));
        let end = self.pos(line, column);
        Span { file: self.file, start, end }
    }

    fn take(&mut self, event: Event<'_>, marks: Marks) -> Result<(), YamlError> {
        let span = self.span(&event, marks);
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
