//! The grammar's word nodes: quotes taken off, parameters and substitutions kept apart.
//! Uses `glyph` and `syntax`.

use std::ops::ControlFlow;

use tree_sitter::Node;

use super::{Lower, children, visit};
use crate::source::script::glyph::{Glyph, Text};
use crate::source::script::syntax::{Block, Param, Part, Word};

impl Lower<'_> {
    pub(super) fn word(&mut self, node: Node<'_>) -> Word {
        let mut parts = Vec::new();
        self.deeper(|lower| lower.parts(node, false, &mut parts));
        enliven_tilde(&mut parts);
        Word { parts, source: self.text(node) }
    }

    /// The commands substituted anywhere below a node.
    pub(super) fn substituted(&mut self, node: Node<'_>) -> Vec<Block> {
        let mut found = Vec::new();
        let _: Option<()> = visit(node, |below| {
            let is = matches!(below.kind(), "command_substitution" | "process_substitution");
            if is {
                found.push(below);
            }
            ControlFlow::Continue(!is)
        });
        found.into_iter().filter_map(|inner| self.deeper(|lower| lower.block_of(inner))).collect()
    }

    /// A node's text. Within quotes the grammar counts the blanks before an expansion in with it.
    fn text(&self, node: Node<'_>) -> Text {
        self.source.cut(self.start(node), node.end_byte())
    }

    fn start(&self, node: Node<'_>) -> usize {
        let text = self.source.str(node);
        node.start_byte() + text.len() - text.trim_start().len()
    }

    fn parts(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<Part>) {
        match node.kind() {
            "command_name" | "concatenation" => {
                let inner = children(node);
                if inner.is_empty() {
                    return self.literal(node, parts);
                }
                for (child, _) in inner {
                    self.deeper(|lower| lower.parts(child, quoted, parts));
                }
            }
            "string" => self.string(node, parts),
            "translated_string" => {
                for (child, _) in children(node).into_iter().filter(|(child, _)| child.is_named()) {
                    self.deeper(|lower| lower.parts(child, quoted, parts));
                }
            }
            "raw_string" => parts.push(Part::Text { text: inner(&self.text(node), 1), tilde: false }),
            "ansi_c_string" => parts.push(Part::Text { text: ansi(&inner(&self.text(node), 2)), tilde: false }),
            "simple_expansion" | "expansion" => self.param(node, quoted, parts),
            "command_substitution" | "process_substitution" | "arithmetic_expansion" => {
                let raw = self.text(node);
                let blocks = if is_foreign(&raw) { Vec::new() } else { self.substituted(node) };
                parts.push(Part::Computed { raw: raw.enlivened(), blocks });
            }
            _ => self.literal(node, parts),
        }
    }

    fn literal(&mut self, node: Node<'_>, parts: &mut Vec<Part>) {
        let text = self.text(node);
        let tilde = text.0.first().is_some_and(|first| first.ch == '~');
        let text = unescape(&text, None);
        parts.push(Part::Text { text, tilde });
    }

    fn string(&mut self, node: Node<'_>, parts: &mut Vec<Part>) {
        let mut at = self.start(node) + 1;
        let end = node.end_byte().saturating_sub(1);
        let expands = |kind: &str| {
            matches!(kind, "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion")
        };
        for (child, _) in children(node).into_iter().filter(|(child, _)| expands(child.kind())) {
            parts.push(self.between_quotes(at, self.start(child)));
            self.deeper(|lower| lower.parts(child, true, parts));
            at = child.end_byte();
        }
        parts.push(self.between_quotes(at, end));
    }

    fn between_quotes(&self, start: usize, end: usize) -> Part {
        let text = unescape(&self.source.cut(start, end.max(start)), Some("\"\\$`"));
        Part::Text { text, tilde: false }
    }

    fn param(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<Part>) {
        let text = self.text(node);
        let foreign = is_foreign(&text);
        let blocks = if foreign { Vec::new() } else { self.substituted(node) };
        let part = match Param::parse(&text.raw()) {
            Some(param) if !foreign => Part::Param { param, raw: text.enlivened(), quoted, blocks },
            _ => Part::Computed { raw: text.enlivened(), blocks },
        };
        parts.push(part);
    }
}

/// Whether an outer layer replaces this before this shell sees it.
fn is_foreign(raw: &Text) -> bool {
    raw.0.first().is_some_and(|first| first.live)
}

/// A leading tilde that is not quoted is the shell's.
fn enliven_tilde(parts: &mut [Part]) {
    if let Some(Part::Text { text, tilde: tilde @ true }) = parts.first_mut() {
        let end = text.0.iter().position(|glyph| glyph.ch == '/').unwrap_or(text.0.len());
        for glyph in text.0.iter_mut().take(end) {
            glyph.live = true;
        }
        *tilde = false;
    }
}

/// The text without `open` characters at its start and one at its end.
fn inner(text: &Text, open: usize) -> Text {
    text.part(open, text.0.len().saturating_sub(1).max(open))
}

/// Takes backslashes off: all, or within double quotes only those before one of `special`.
fn unescape(text: &Text, special: Option<&str>) -> Text {
    let mut glyphs = text.0.iter().copied().peekable();
    let mut out = Vec::with_capacity(text.0.len());
    while let Some(glyph) = glyphs.next() {
        let next = glyphs.peek().copied();
        match (glyph.ch, next) {
            ('\\', Some(Glyph { ch: '\n', .. })) => {
                glyphs.next();
            }
            ('\\', Some(next)) if special.is_none_or(|special| special.contains(next.ch)) => {
                glyphs.next();
                out.push(next);
            }
            _ => out.push(glyph),
        }
    }
    Text(out)
}

/// The escapes of `$'…'` that stand for one character; any other keeps its backslash.
fn ansi(text: &Text) -> Text {
    let mut glyphs = text.0.iter().copied().peekable();
    let mut out = Vec::with_capacity(text.0.len());
    while let Some(glyph) = glyphs.next() {
        let meant = match (glyph.ch, glyphs.peek().map(|next| next.ch)) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('t')) => '\t',
            ('\\', Some('r')) => '\r',
            ('\\', Some(same @ ('\\' | '\'' | '"' | '?'))) => same,
            _ => {
                out.push(glyph);
                continue;
            }
        };
        glyphs.next();
        out.push(Glyph { ch: meant, ..glyph });
    }
    Text(out)
}
