//! Reads shell text into statements; the one place that knows the grammar crate, and what it gets wrong.
//! May use `text` and `model`.

mod redirect_nodes;
mod reshape;
mod statement_nodes;
pub(crate) mod syntax;
mod word_nodes;

use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use self::syntax::Block;
use crate::text::TracedText;

/// Bytes of one text that are read.
const TEXT: usize = 256 * 1024;
/// Levels of statements and words within each other.
const DEPTH: usize = 48;
/// How often the grammar may ask whether to go on; it does so about every hundred steps.
const PATIENCE: usize = 40_000;

/// A text as statements.
pub(crate) struct ParsedText {
    pub(crate) block: Block,
    /// Why it is not all of it: from which line on, 0 for none, and a clause.
    pub(crate) problem: Option<(usize, &'static str)>,
}

/// Reads a text. Whatever could not be read is named in `problem`, never left out in silence.
pub(crate) fn parse_text(text: &TracedText) -> ParsedText {
    let source = TextIndex::new(text);
    if source.string.len() > TEXT {
        return ParsedText { block: Vec::new(), problem: Some((0, "is too long to be read")) };
    }
    let Some(tree) = parse_tree(&source.string) else {
        return ParsedText { block: Vec::new(), problem: Some((0, "is too intricate to be read")) };
    };
    let root = tree.root_node();
    let mut builder = SyntaxBuilder { source: &source, depth: 0, deep: false };
    let block = builder.read_block_below(root);
    let problem = if builder.deep {
        Some((0, "is nested too deep to be read"))
    } else {
        first_misread_line(root).map(|line| (line, "could not be read as shell"))
    };
    ParsedText { block, problem }
}

fn parse_tree(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    let patched = patch_text(text);
    let mut asked = 0;
    let mut patience = |_: &ParseState| {
        asked += 1;
        asked > PATIENCE
    };
    let options = ParseOptions::new().progress_callback(&mut patience);
    let mut chunk = |at: usize, _| patched.as_bytes().get(at..).unwrap_or_default();
    parser.parse_with_options(&mut chunk, None, Some(options))
}

/// The text with what the grammar does not know written so that it does, byte for byte; words are read from the
/// original text.
fn patch_text(text: &str) -> String {
    // `9<>file` opens a file as `9> file` does, `<<\EOF` begins what `<< EOF` does.
    let mut patched = text.replace("<>", "> ").replace("<<\\", "<< ").replace("<<-\\", "<<- ");
    // A `$` that ends a word before `)` is itself; `for x do` is `for x; do`.
    let mut at = 0;
    while let Some(found) = patched.get(at..).and_then(|rest| rest.find("$)")).map(|found| found + at) {
        if !patched.get(..found).is_some_and(|before| before.ends_with(['$', '\\'])) {
            patched.replace_range(found..=found, "_");
        }
        at = found + 1;
    }
    let mut at = 0;
    while let Some(found) = patched.get(at..).and_then(|rest| rest.find("for ")).map(|found| found + at) {
        at = found + 4;
        if let Some(blank) = without_list(&patched, found) {
            patched.replace_range(blank..=blank, ";");
        }
    }
    patched
}

/// The blank before `do` in a `for NAME do` at this byte.
fn without_list(text: &str, at: usize) -> Option<usize> {
    let blank = [' ', '\t'];
    let before = text.get(..at)?.trim_end_matches(blank);
    let begins = before.is_empty()
        || before.ends_with(['\n', ';', '&', '|', '(', '{'])
        || ["do", "then", "else"].iter().any(|word| before.ends_with(word));
    let rest = text.get(at + 4..)?.trim_start_matches(blank);
    let after = rest.trim_start_matches(|ch: char| ch.is_ascii_alphanumeric() || ch == '_');
    let end = after.trim_start_matches(blank).strip_prefix("do")?;
    let whole = end.is_empty() || end.starts_with(|ch: char| ch.is_ascii_whitespace());
    (begins && whole && after.len() < rest.len() && after.starts_with(blank)).then(|| text.len() - end.len() - 3)
}

/// The comments of a text, in bytes.
pub(crate) fn find_comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Some(tree) = (text.len() <= TEXT).then(|| parse_tree(text)).flatten() {
        visit_nodes(tree.root_node(), |node| {
            if node.kind() == "comment" {
                found.push(node.byte_range());
            }
            ControlFlow::<(), bool>::Continue(true)
        });
    }
    found
}

/// The line, from 1, of the first thing the grammar could not read.
fn first_misread_line(root: Node<'_>) -> Option<usize> {
    if !root.has_error() {
        return None;
    }
    let found = visit_nodes(root, |node| {
        if node.is_error() || node.is_missing() {
            return ControlFlow::Break(node.start_position().row + 1);
        }
        ControlFlow::Continue(node.has_error())
    });
    Some(found.unwrap_or(1))
}

/// Walks a tree without recursion; `look` says whether to go below a node.
fn visit_nodes<'t, T>(root: Node<'t>, mut look: impl FnMut(Node<'t>) -> ControlFlow<T, bool>) -> Option<T> {
    let mut cursor = root.walk();
    loop {
        let enter = match look(cursor.node()) {
            ControlFlow::Break(found) => return Some(found),
            ControlFlow::Continue(enter) => enter,
        };
        if enter && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

/// A text, with the character at each of its bytes.
struct TextIndex<'a> {
    text: &'a TracedText,
    string: String,
    at: Vec<usize>,
}

impl<'a> TextIndex<'a> {
    fn new(text: &'a TracedText) -> Self {
        let string = text.raw();
        let mut at = Vec::with_capacity(string.len() + 1);
        for (number, traced) in text.0.iter().enumerate() {
            at.resize(at.len() + traced.ch.len_utf8(), number);
        }
        at.push(text.0.len());
        Self { text, string, at }
    }

    /// The characters between two bytes.
    fn text_between(&self, start: usize, end: usize) -> TracedText {
        self.text.part(self.char_at(start), self.char_at(end))
    }

    /// The number of the character at a byte.
    fn char_at(&self, byte: usize) -> usize {
        self.at.get(byte).copied().unwrap_or(self.text.0.len())
    }

    fn node_text(&self, node: Node<'_>) -> &str {
        self.string.get(node.byte_range()).unwrap_or("")
    }
}

/// Turns the grammar's tree into statements.
struct SyntaxBuilder<'a> {
    source: &'a TextIndex<'a>,
    depth: usize,
    deep: bool,
}

impl SyntaxBuilder<'_> {
    /// Runs `below` one level down, or notes that this is too deep.
    fn one_level_down<T>(&mut self, below: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.deep = true;
            return None;
        }
        self.depth += 1;
        let result = below(self);
        self.depth -= 1;
        Some(result)
    }
}

/// A node with the name of its field.
type ChildNode<'t> = (Node<'t>, &'static str);

/// A node's children with the names of their fields.
fn child_nodes(node: Node<'_>) -> Vec<ChildNode<'_>> {
    let mut cursor = node.walk();
    let mut found = Vec::new();
    if cursor.goto_first_child() {
        loop {
            found.push((cursor.node(), cursor.field_name().unwrap_or("")));
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    found
}
