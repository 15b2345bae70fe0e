//! A YAML tree that is written in many ways. How a piece is written depends on the piece and a salt, not on what was
//! written before it: what remains of a project that is cut down still looks as it did.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A piece of a compose file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// A string, quoted where it has to be and often where not.
    Text(String),
    /// Written as it stands: a number, a boolean, null, an alias.
    Raw(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// A tag or an anchor, and what it is put on.
    With(String, Box<Node>),
}

pub(crate) fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

pub(crate) fn raw(text: impl Into<String>) -> Node {
    Node::Raw(text.into())
}

pub(crate) fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

pub(crate) fn with(prefix: &str, node: Node) -> Node {
    Node::With(prefix.to_owned(), Box::new(node))
}

impl Node {
    /// The entries of a map, to change them.
    pub(crate) fn entries(&mut self) -> &mut Vec<(String, Node)> {
        match self {
            Self::Map(entries) => entries,
            Self::With(_, node) => node.entries(),
            other => panic!("no map: {other:?}"),
        }
    }

    /// The value at a key, an empty map where there is none.
    pub(crate) fn at(&mut self, key: &str) -> &mut Node {
        let entries = self.entries();
        let place = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            entries.push((key.to_owned(), Self::Map(Vec::new())));
            entries.len() - 1
        });
        &mut entries[place].1
    }

    /// Puts a value in the place of the one at a key.
    pub(crate) fn set(&mut self, key: &str, value: Node) {
        *self.at(key) = value;
    }
}

/// Writes documents.
pub(crate) fn write(documents: &[Node], salt: u64) -> String {
    let writer = Writer { salt };
    let documents: Vec<String> = documents.iter().map(|document| writer.document(document)).collect();
    let start = if writer.choice("start", 12) == 0 { "# first\n---\n" } else { "" };
    let text = start.to_owned() + &documents.join("---\n");
    if writer.choice("line ends", 30) == 0 { text.replace('\n', "\r\n") } else { text }
}

struct Writer {
    salt: u64,
}

impl Writer {
    fn document(&self, document: &Node) -> String {
        match document {
            Node::Map(entries) => self.entries(entries, 0),
            other => format!("{}\n", self.flow(other)),
        }
    }

    /// What is chosen for a piece, one of so many.
    fn choice(&self, what: impl Hash, of: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.salt, what).hash(&mut hasher);
        hasher.finish() % of
    }

    fn entries(&self, entries: &[(String, Node)], indent: usize) -> String {
        let pad = " ".repeat(indent);
        entries.iter().map(|(key, value)| format!("{pad}{}:{}", self.key(key), self.block(value, indent))).collect()
    }

    /// A value after a colon, with the line's end.
    fn block(&self, node: &Node, indent: usize) -> String {
        match node {
            Node::Map(entries) if entries.is_empty() => " {}\n".to_owned(),
            Node::List(items) if items.is_empty() => " []\n".to_owned(),
            Node::Map(_) | Node::List(_) if indent > 2 && self.choice(node, 3) == 0 => {
                format!(" {}\n", self.flow(node))
            }
            Node::Map(entries) => format!("\n{}", self.entries(entries, indent + 2)),
            Node::List(items) => {
                // Items may stand as deep as their key.
                let indent = indent + if self.choice(("dash", items), 3) == 0 { 0 } else { 2 };
                let items: String = items.iter().map(|item| self.item(item, indent)).collect();
                format!("\n{items}")
            }
            Node::With(prefix, node) => format!(" {prefix}{}", self.block(node, indent)),
            Node::Text(text) if text.contains('\n') && self.literal(text) => literal(text, indent + 2),
            Node::Text(text) if folds(text) && self.choice(("folded", text), 8) == 0 => {
                let pad = " ".repeat(indent + 2);
                format!(" >-\n{pad}{}\n", text.replace(' ', &format!("\n{pad}")))
            }
            Node::Text(text) => {
                let comment = if self.choice(("comment", text), 16) == 0 { "  # a note: 'so" } else { "" };
                format!(" {}{comment}\n", self.scalar(text, false))
            }
            Node::Raw(text) => format!(" {text}\n"),
        }
    }

    fn item(&self, item: &Node, indent: usize) -> String {
        let pad = " ".repeat(indent);
        match item {
            Node::Map(entries) if !entries.is_empty() && self.choice(entries, 2) == 0 => {
                let lines = self.entries(entries, indent + 2);
                format!("{pad}- {}", &lines[indent + 2..])
            }
            Node::Map(_) | Node::List(_) => format!("{pad}- {}\n", self.flow(item)),
            other => format!("{pad}-{}", self.block(other, indent)),
        }
    }

    fn flow(&self, node: &Node) -> String {
        match node {
            Node::Text(text) => self.scalar(text, true),
            Node::Raw(text) => if text.is_empty() { "null" } else { text }.to_owned(),
            Node::With(prefix, node) => format!("{prefix} {}", self.flow(node)),
            Node::List(items) => {
                format!("[{}]", items.iter().map(|item| self.flow(item)).collect::<Vec<_>>().join(", "))
            }
            Node::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{}: {}", self.key(key), self.flow(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// A key, most of them plain.
    fn key(&self, key: &str) -> String {
        if plain(key, true) && self.choice(("key", key), 16) > 0 { key.to_owned() } else { self.scalar(key, true) }
    }

    /// A string; the merge key is one only without quotes.
    fn scalar(&self, text: &str, flow: bool) -> String {
        let single = !text.contains(['\n', '\t']);
        match self.choice(("quote", text), 4) {
            _ if text == "<<" => text.to_owned(),
            0 | 1 if plain(text, flow) => text.to_owned(),
            2 if single => format!("'{}'", text.replace('\'', "''")),
            _ => double(text),
        }
    }

    /// A block scalar keeps what it is given only if no line is blank at an end.
    fn literal(&self, text: &str) -> bool {
        let awkward = text.lines().any(|line| line.is_empty() || line.starts_with([' ', '\t']));
        !awkward && self.choice(("literal", text), 2) == 0
    }
}

/// Whether a text may be broken at each blank.
fn folds(text: &str) -> bool {
    text.contains(' ') && !text.contains(['\n', '\t']) && text.split(' ').all(|word| !word.is_empty())
}

fn double(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{text}\"")
}

fn literal(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let keep = if text.ends_with('\n') { "" } else { "-" };
    let lines: String = text.lines().map(|line| format!("{pad}{line}\n")).collect();
    format!(" |{keep}\n{lines}")
}

/// Words that are no strings without quotes, in one YAML or another.
const NO_STRINGS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Whether a text is the same string without quotes.
fn plain(text: &str, flow: bool) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || "/$_é".contains(c))
        || text.starts_with("./")
        || text.starts_with("~/");
    let allowed = if flow { "_./-:$~+=%@é" } else { "_./-:$~+=%@é{}?,'\"!&*[]\\# " };
    starts
        && text.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(c))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && !NO_STRINGS.contains(&text.to_lowercase().as_str())
}
