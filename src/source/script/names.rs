//! What shell text gives names to: variables, descriptors and the files behind them, options of the shell.
//! May use the rest of `source::script`.

use tree_sitter::Node;

use super::shell::Shell;
use super::walk::Text;
use super::{Reader, Word, word};

impl Reader {
    pub(super) fn assign(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        self.substitutions(node, text, shell, depth);
        let (name, value) = assignment(node, text, shell);
        if shell.env.contains_key(&name) {
            shell.env.insert(name.clone(), value.clone());
        }
        // A value that the shell makes at run time is not known; one with `$HOME` in it is as good as that.
        if value.contains("$(") || value.contains('`') || shell.conditional {
            shell.variables.remove(&name);
        } else {
            shell.variables.insert(name, value);
        }
    }

    pub(super) fn declare(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        let exports = text.source.get(node.byte_range()).is_some_and(|raw| raw.starts_with("export"));
        let unsets = node.kind() == "unset_command";
        self.each(node, |reader, child| match child.kind() {
            "variable_assignment" => {
                reader.assign(child, text, shell, depth);
                let (name, value) = assignment(child, text, shell);
                if exports {
                    shell.env.insert(name, value);
                }
            }
            "variable_name" | "word" => {
                let name = text.source.get(child.byte_range()).unwrap_or("").to_owned();
                if unsets {
                    shell.variables.remove(&name);
                    shell.env.insert(name, String::new());
                } else if let (true, Some(value)) = (exports, shell.variables.get(&name)) {
                    shell.env.insert(name, value.clone());
                }
            }
            _ => {}
        });
    }
}

pub(super) fn assignment(node: Node<'_>, text: &Text<'_>, shell: &Shell) -> (String, String) {
    let name = node.child_by_field_name("name").and_then(|name| text.source.get(name.byte_range())).unwrap_or("");
    let value =
        node.child_by_field_name("value").map_or_else(String::new, |value| word::text(value, text.source, shell));
    (name.to_owned(), value)
}

/// `set -e` and its like.
pub(super) fn options(words: &[Word], shell: &mut Shell) {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (on, letters) = match (word.text.strip_prefix('-'), word.text.strip_prefix('+')) {
            (Some(letters), _) => (true, letters),
            (_, Some(letters)) => (false, letters),
            _ => return,
        };
        let named = letters.ends_with('o') && words.next().is_some_and(|name| name.text == "errexit");
        if letters.contains('e') || named {
            shell.errexit = on;
        }
    }
}

/// A descriptor and the file it is opened on; none where it is closed or made a copy.
pub(super) type Redirect = (String, Option<String>);

pub(super) fn redirects(node: Node<'_>, text: &Text<'_>, shell: &Shell) -> Vec<Redirect> {
    let mut cursor = node.walk();
    let files = node.named_children(&mut cursor).filter(|child| child.kind() == "file_redirect");
    let redirect = |child: Node<'_>| {
        let raw = text.source.get(child.byte_range())?;
        let descriptor = child.child_by_field_name("descriptor").and_then(|at| text.source.get(at.byte_range()));
        let default = if raw.trim_start().starts_with('<') { "0" } else { "1" };
        let descriptor = descriptor.unwrap_or(default).trim_matches(['{', '}']).to_owned();
        let destination = child.child_by_field_name("destination").map(|to| word::text(to, text.source, shell));
        let copies = raw.contains(">&") || raw.contains("<&");
        Some((descriptor, destination.filter(|_| !copies)))
    };
    files.filter_map(redirect).collect()
}

pub(super) fn open(redirects: &[Redirect], shell: &mut Shell) {
    for (descriptor, path) in redirects {
        shell.open(descriptor, path.clone());
    }
}

pub(super) fn close(redirects: &[Redirect], shell: &mut Shell) {
    for (descriptor, _) in redirects {
        shell.open(descriptor, None);
    }
}
