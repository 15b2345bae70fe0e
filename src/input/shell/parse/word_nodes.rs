//! The grammar's word nodes: quotes removed, parameters and substitutions kept apart.
//! Uses `syntax`, `text` and `model`.

use crate::model::Parameter;
use std::ops::ControlFlow;

use tree_sitter::Node;

use super::syntax::{Block, UnexpandedWord, WordPart};
use super::{SyntaxBuilder, child_nodes, visit_nodes};
use crate::text::{TracedChar, TracedText};

impl SyntaxBuilder<'_> {
    pub(crate) fn read_word(&mut self, node: Node<'_>) -> UnexpandedWord {
        let mut parts = Vec::new();
        self.one_level_down(|builder| builder.read_parts(node, false, &mut parts));
        enliven_tilde(&mut parts);
        UnexpandedWord { parts, source: self.node_traced(node) }
    }

    /// The commands substituted anywhere below a node.
    pub(crate) fn read_substitutions(&mut self, node: Node<'_>) -> Vec<Block> {
        let mut found = Vec::new();
        let _: Option<()> = visit_nodes(node, |below| {
            let is = matches!(below.kind(), "command_substitution" | "process_substitution");
            if is {
                found.push(below);
            }
            ControlFlow::Continue(!is)
        });
        found.into_iter().filter_map(|inner| self.one_level_down(|builder| builder.read_block_below(inner))).collect()
    }

    /// A node's text. Within quotes the grammar counts the blanks before an expansion in with it.
    fn node_traced(&self, node: Node<'_>) -> TracedText {
        self.source.text_between(self.node_start(node), node.end_byte())
    }

    fn node_start(&self, node: Node<'_>) -> usize {
        let text = self.source.node_text(node);
        node.start_byte() + text.len() - text.trim_start().len()
    }

    fn read_parts(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<WordPart>) {
        match node.kind() {
            "command_name" | "concatenation" => {
                let inner = child_nodes(node);
                if inner.is_empty() {
                    return self.read_literal(node, parts);
                }
                for (child, _) in inner {
                    self.one_level_down(|builder| builder.read_parts(child, quoted, parts));
                }
            }
            "string" => self.read_string(node, parts),
            "translated_string" => {
                for (child, _) in child_nodes(node).into_iter().filter(|(child, _)| child.is_named()) {
                    self.one_level_down(|builder| builder.read_parts(child, quoted, parts));
                }
            }
            "raw_string" => {
                parts.push(WordPart::Text { text: without_quotes(&self.node_traced(node), 1), tilde: false });
            }
            "ansi_c_string" => parts.push(WordPart::Text {
                text: unescape_ansi(&without_quotes(&self.node_traced(node), 2)),
                tilde: false,
            }),
            "simple_expansion" | "expansion" => self.read_parameter(node, quoted, parts),
            "command_substitution" | "process_substitution" | "arithmetic_expansion" => {
                let raw = self.node_traced(node);
                let blocks = if is_foreign(&raw) { Vec::new() } else { self.read_substitutions(node) };
                parts.push(WordPart::Computed { raw: raw.enlivened(), blocks });
            }
            _ => self.read_literal(node, parts),
        }
    }

    fn read_literal(&mut self, node: Node<'_>, parts: &mut Vec<WordPart>) {
        let text = self.node_traced(node);
        let tilde = text.0.first().is_some_and(|first| first.ch == '~');
        let text = remove_backslashes(&text, None);
        parts.push(WordPart::Text { text, tilde });
    }

    fn read_string(&mut self, node: Node<'_>, parts: &mut Vec<WordPart>) {
        let mut at = self.node_start(node) + 1;
        let end = node.end_byte().saturating_sub(1);
        for (child, _) in child_nodes(node).into_iter().filter(|(child, _)| is_expansion(child.kind())) {
            parts.push(self.quoted_text(at, self.node_start(child)));
            self.one_level_down(|builder| builder.read_parts(child, true, parts));
            at = child.end_byte();
        }
        parts.push(self.quoted_text(at, end));
    }

    /// The text of a here-document; `plain` where nothing in it is expanded.
    pub(crate) fn read_document(&mut self, node: Node<'_>, plain: bool) -> UnexpandedWord {
        let source = self.source.text_between(node.start_byte(), node.end_byte());
        if plain {
            return UnexpandedWord { parts: vec![WordPart::Text { text: source.clone(), tilde: false }], source };
        }
        let mut parts = Vec::new();
        let mut at = node.start_byte();
        for (child, _) in child_nodes(node).into_iter().filter(|(child, _)| is_expansion(child.kind())) {
            parts.push(self.document_text(at, self.node_start(child)));
            self.one_level_down(|builder| builder.read_parts(child, true, &mut parts));
            at = child.end_byte();
        }
        parts.push(self.document_text(at, node.end_byte()));
        UnexpandedWord { parts, source }
    }

    fn document_text(&self, start: usize, end: usize) -> WordPart {
        let text = remove_backslashes(&self.source.text_between(start, end.max(start)), Some("\\$`"));
        WordPart::Text { text, tilde: false }
    }

    fn quoted_text(&self, start: usize, end: usize) -> WordPart {
        let text = remove_backslashes(&self.source.text_between(start, end.max(start)), Some("\"\\$`"));
        WordPart::Text { text, tilde: false }
    }

    fn read_parameter(&mut self, node: Node<'_>, quoted: bool, parts: &mut Vec<WordPart>) {
        let text = self.node_traced(node);
        let foreign = is_foreign(&text);
        let blocks = if foreign { Vec::new() } else { self.read_substitutions(node) };
        let part = match Parameter::parse(&text.raw()) {
            Some(param) if !foreign => WordPart::Param { param, raw: text.enlivened(), quoted, blocks },
            _ => WordPart::Computed { raw: text.enlivened(), blocks },
        };
        parts.push(part);
    }
}

fn is_expansion(kind: &str) -> bool {
    matches!(kind, "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion")
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
fn without_quotes(text: &TracedText, open: usize) -> TracedText {
    text.part(open, text.0.len().saturating_sub(1).max(open))
}

/// Removes backslashes: all, or within double quotes only those before one of `special`.
fn remove_backslashes(text: &TracedText, special: Option<&str>) -> TracedText {
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
fn unescape_ansi(text: &TracedText) -> TracedText {
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
