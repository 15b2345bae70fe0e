//! The grammar's word nodes: quotes taken off, parameters and substitutions kept apart.
//! Uses `traced` and `syntax`.

use crate::model::Parameter;
use std::ops::ControlFlow;

use tree_sitter::Node;

use super::syntax::{Block, UnexpandedWord, WordPart};
use super::{SyntaxBuilder, children, visit};
use crate::text::{TracedChar, TracedText};

impl SyntaxBuilder<'_> {
    pub(crate) fn word(&mut self, node: Node<'_>) -> UnexpandedWord {
        let mut parts = Vec::new();
        self.deeper(|builder| builder.parts(node, false, &mut parts));
        enliven_tilde(&mut parts);
        UnexpandedWord { parts, source: self.text(node) }
    }

    /// The commands substituted anywhere below a node.
    pub(crate) fn substituted(&mut self, node: Node<'_>) -> Vec<Block> {
        let mut found = Vec::new();
        let _: Option<()> = visit(node, |below| {
            let is = matches!(below.kind(), "command_substitution" | "process_substitution");
            if is {
                found.push(below);
            }
            ControlFlow::Continue(!is)
        });
        found.into_iter().filter_map(|inner| self.deeper(|builder| builder.block_of(inner))).collect()
    }

    /// A node's text. Within quotes the grammar counts the blanks before an expansion in with it.
    fn text(&self, node: Node<'_>) -> TracedText {
        self.source.cut(self.start(node), node.end_byte())
    }

    fn start(&self, node: Node<'_>) -> usize {
        let text = self.source.str(node);
        node.start_byte() + text.len() - text.trim_start().len()
    }

    fn parts(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<WordPart>) {
        match node.kind() {
            "command_name" | "concatenation" => {
                let inner = children(node);
                if inner.is_empty() {
                    return self.literal(node, parts);
                }
                for (child, _) in inner {
                    self.deeper(|builder| builder.parts(child, quoted, parts));
                }
            }
            "string" => self.string(node, parts),
            "translated_string" => {
                for (child, _) in children(node).into_iter().filter(|(child, _)| child.is_named()) {
                    self.deeper(|builder| builder.parts(child, quoted, parts));
                }
            }
            "raw_string" => parts.push(WordPart::Text { text: inner(&self.text(node), 1), tilde: false }),
            "ansi_c_string" => parts.push(WordPart::Text { text: ansi(&inner(&self.text(node), 2)), tilde: false }),
            "simple_expansion" | "expansion" => self.param(node, quoted, parts),
            "command_substitution" | "process_substitution" | "arithmetic_expansion" => {
                let raw = self.text(node);
                let blocks = if is_foreign(&raw) { Vec::new() } else { self.substituted(node) };
                parts.push(WordPart::Computed { raw: raw.enlivened(), blocks });
            }
            _ => self.literal(node, parts),
        }
    }

    fn literal(&mut self, node: Node<'_>, parts: &mut Vec<WordPart>) {
        let text = self.text(node);
        let tilde = text.0.first().is_some_and(|first| first.ch == '~');
        let text = unescape(&text, None);
        parts.push(WordPart::Text { text, tilde });
    }

    fn string(&mut self, node: Node<'_>, parts: &mut Vec<WordPart>) {
        let mut at = self.start(node) + 1;
        let end = node.end_byte().saturating_sub(1);
        let expands = |kind: &str| {
            matches!(kind, "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion")
        };
        for (child, _) in children(node).into_iter().filter(|(child, _)| expands(child.kind())) {
            parts.push(self.between_quotes(at, self.start(child)));
            self.deeper(|builder| builder.parts(child, true, parts));
            at = child.end_byte();
        }
        parts.push(self.between_quotes(at, end));
    }

    fn between_quotes(&self, start: usize, end: usize) -> WordPart {
        let text = unescape(&self.source.cut(start, end.max(start)), Some("\"\\$`"));
        WordPart::Text { text, tilde: false }
    }

    fn param(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<WordPart>) {
        let text = self.text(node);
        let foreign = is_foreign(&text);
        let blocks = if foreign { Vec::new() } else { self.substituted(node) };
        let part = match Parameter::parse(&text.raw()) {
            Some(param) if !foreign => WordPart::Param { param, raw: text.enlivened(), quoted, blocks },
            _ => WordPart::Computed { raw: text.enlivened(), blocks },
        };
        parts.push(part);
    }
}

/// Whether an outer layer replaces this before this shell sees it.
fn is_foreign(raw: &TracedText) -> bool {
    raw.0.first().is_some_and(|first| first.live)
}

/// A leading tilde that is not quoted is the shell's.
fn enliven_tilde(parts: &mut [WordPart]) {
    if let Some(WordPart::Text { text, tilde: tilde @ true }) = parts.first_mut() {
        let end = text.0.iter().position(|traced| traced.ch == '/').unwrap_or(text.0.len());
        for traced in text.0.iter_mut().take(end) {
            traced.live = true;
        }
        *tilde = false;
    }
}

/// The text without `open` characters at its start and one at its end.
fn inner(text: &TracedText, open: usize) -> TracedText {
    text.part(open, text.0.len().saturating_sub(1).max(open))
}

/// Takes backslashes off: all, or within double quotes only those before one of `special`.
fn unescape(text: &TracedText, special: Option<&str>) -> TracedText {
    let mut traced_chars = text.0.iter().copied().peekable();
    let mut out = Vec::with_capacity(text.0.len());
    while let Some(traced) = traced_chars.next() {
        let next = traced_chars.peek().copied();
        match (traced.ch, next) {
            ('\\', Some(TracedChar { ch: '\n', .. })) => {
                traced_chars.next();
            }
            ('\\', Some(next)) if special.is_none_or(|special| special.contains(next.ch)) => {
                traced_chars.next();
                out.push(next);
            }
            _ => out.push(traced),
        }
    }
    TracedText(out)
}

/// The escapes of `$'…'` that stand for one character; any other keeps its backslash.
fn ansi(text: &TracedText) -> TracedText {
    let mut traced_chars = text.0.iter().copied().peekable();
    let mut out = Vec::with_capacity(text.0.len());
    while let Some(traced) = traced_chars.next() {
        let meant = match (traced.ch, traced_chars.peek().map(|next| next.ch)) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('r')) => '\r',
            ('\\', Some(same @ ('\\' | '\'' | '"' | '?'))) => same,
            _ => {
                out.push(traced);
                continue;
            }
        };
        traced_chars.next();
        out.push(TracedChar { ch: meant, ..traced });
    }
    TracedText(out)
}
