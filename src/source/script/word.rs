//! Words of shell text without their quotes, simple variables put in. May use the rest of `source::script`.

use tree_sitter::Node;

use super::shell::Shell;

/// A word as the shell would pass it on, as far as the text tells. What the shell would expand stays as `$NAME`.
pub(super) fn text(node: Node<'_>, source: &str, shell: &Shell) -> String {
    let mut out = String::new();
    piece(node, source, shell, &mut out);
    out
}

fn piece(node: Node<'_>, source: &str, shell: &Shell, out: &mut String) {
    let raw = source.get(node.byte_range()).unwrap_or("");
    match node.kind() {
        "raw_string" => out.push_str(raw.trim_matches('\'')),
        "ansi_c_string" => out.push_str(raw.trim_start_matches('$').trim_matches('\'')),
        "simple_expansion" => out.push_str(&expansion(raw, raw.trim_start_matches('$'), shell)),
        "expansion" => {
            let name = raw.trim_start_matches("${").trim_end_matches('}');
            out.push_str(&expansion(raw, name, shell));
        }
        "string" | "concatenation" | "command_name" | "translated_string" => inside(node, source, shell, out),
        "string_content" => out.push_str(&unescape(raw, |c| matches!(c, '$' | '`' | '"' | '\\' | '\n'))),
        "word" | "number" | "variable_name" | "file_descriptor" => out.push_str(&unescape(raw, |_| true)),
        _ => out.push_str(raw),
    }
}

/// The pieces of a compound word, with what stands between them (a string's blanks are no nodes).
fn inside(node: Node<'_>, source: &str, shell: &Shell, out: &mut String) {
    let quote = usize::from(node.kind() == "string");
    let mut at = node.start_byte() + quote;
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        let between = source.get(at..child.start_byte()).unwrap_or("");
        out.push_str(between);
        piece(child, source, shell, out);
        at = child.end_byte();
    }
    out.push_str(source.get(at..node.end_byte().saturating_sub(quote)).unwrap_or(""));
}

fn expansion(raw: &str, name: &str, shell: &Shell) -> String {
    shell.variables.get(name).cloned().unwrap_or_else(|| raw.to_owned())
}

fn unescape(text: &str, escapes: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(next) if character == '\\' && escapes(*next) => {
                out.extend(characters.next().filter(|next| *next != '\n'));
            }
            _ => out.push(character),
        }
    }
    out
}
