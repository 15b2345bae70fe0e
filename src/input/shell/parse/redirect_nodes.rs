//! The grammar's redirection nodes.
//! Uses `syntax` and `word_nodes`.

use tree_sitter::Node;

use super::syntax::{HereDocument, Redirect, RedirectAction, RedirectTarget, UnexpandedWord};
use super::{ChildNode, SyntaxBuilder, child_nodes};

impl SyntaxBuilder<'_> {
    /// The redirections among `nodes`; words that the grammar takes for more targets go to `words`.
    pub(crate) fn read_redirects(&mut self, nodes: &[ChildNode<'_>], words: &mut Vec<UnexpandedWord>) -> Vec<Redirect> {
        let mut redirects = Vec::new();
        for (node, _) in nodes {
            match node.kind() {
                "file_redirect" => redirects.push(self.read_file_redirect(*node, words)),
                "herestring_redirect" | "heredoc_redirect" => {
                    let inner = child_nodes(*node);
                    let arguments = inner.iter().filter(|(_, field)| *field == "argument");
                    words.extend(arguments.map(|(word, _)| self.read_word(*word)).collect::<Vec<_>>());
                    redirects.extend(self.read_redirects(&inner, words));
                    // After a delimiter with a backslash nothing in the text is expanded.
                    let start = inner.iter().find(|(part, _)| part.kind() == "heredoc_start");
                    let before = start.and_then(|(start, _)| self.source.string.get(..start.start_byte()));
                    let plain = before.is_some_and(|before| before.ends_with('\\'));
                    let marked =
                        start.is_some_and(|(start, _)| self.source.node_text(*start).contains(['"', '\'', '\\']));
                    let body = inner.iter().find(|(part, _)| part.kind() == "heredoc_body");
                    let text = body.map(|(body, _)| self.read_document(*body, plain || marked)).unwrap_or_default();
                    let data = inner
                        .iter()
                        .filter(|_| !plain)
                        .filter(|(part, _)| node.kind() == "herestring_redirect" || part.kind() == "heredoc_body");
                    let blocks = data.flat_map(|(part, _)| self.read_substitutions(*part)).collect();
                    let action = RedirectAction::Data(HereDocument { blocks, text });
                    redirects.push(Redirect { target: RedirectTarget::Number(0), action });
                }
                _ => {}
            }
        }
        redirects
    }

    fn read_file_redirect(&mut self, node: Node<'_>, words: &mut Vec<UnexpandedWord>) -> Redirect {
        let nodes = child_nodes(node);
        let number = nodes.iter().find(|(_, field)| *field == "descriptor");
        let number = number.and_then(|(node, _)| self.source.node_text(*node).parse().ok());
        let operator = nodes.iter().find(|(node, field)| !node.is_named() && field.is_empty());
        let operator = operator.map_or("", |(node, _)| node.kind());
        let targets = nodes.iter().filter(|(_, field)| *field == "destination");
        let mut targets = targets.map(|(node, _)| self.read_word(*node)).collect::<Vec<_>>().into_iter();
        let action = match operator {
            ">&-" | "<&-" => RedirectAction::Close,
            ">&" | "<&" => match targets.next() {
                Some(word) if word.source.raw() == "-" => RedirectAction::Close,
                word => RedirectAction::Copy(word.unwrap_or_default()),
            },
            _ => RedirectAction::Open(targets.next().unwrap_or_default()),
        };
        words.extend(targets);
        let standard = u32::from(!operator.starts_with('<'));
        let target = match self.name_before(node) {
            Some(name) if number.is_none() => RedirectTarget::Named(name),
            _ => RedirectTarget::Number(number.unwrap_or(standard)),
        };
        Redirect { target, action }
    }

    /// The name in `{fd}>file`, which the grammar takes for an argument that happens to touch the redirection.
    fn name_before(&self, node: Node<'_>) -> Option<String> {
        let before = self.source.string.get(..node.start_byte())?;
        let (_, name) = before.strip_suffix('}')?.rsplit_once('{')?;
        let valid = name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        (valid && name.starts_with(|ch: char| !ch.is_ascii_digit())).then(|| name.to_owned())
    }
}
