//! Ways that part and meet again: conditions, lists, branches, loops. May use the rest of `source::script`.

use tree_sitter::Node;

use super::shell::{Held, Shell};
use super::walk::{Branches, Text, both};
use super::{MAX_DEPTH, Reader};
use crate::model::Wait;

impl Reader {
    /// Both ways on from a statement that is asked whether it succeeds.
    pub(super) fn condition(&mut self, node: Node<'_>, text: &Text<'_>, shell: Shell, depth: usize) -> Branches {
        if depth > MAX_DEPTH {
            self.unseen("its shell text is nested too deep or too long to follow");
            return Branches { yes: shell.clone(), no: shell, variable: None };
        }
        match node.kind() {
            "command" => self.command(node, text, shell, depth),
            "redirected_statement" => self.redirected(node, text, shell, depth),
            "negated_command" => {
                let Some(inner) = node.named_child(0) else { return both(shell) };
                let Branches { yes, no, .. } = self.condition(inner, text, shell, depth + 1);
                Branches { yes: no, no: yes, variable: None }
            }
            "test_command" => {
                self.substitutions(node, text, &shell, depth);
                let variable = tested(text.source.get(node.byte_range()).unwrap_or(""));
                Branches { variable, ..both(shell) }
            }
            "list" => self.list(node, text, shell, depth),
            _ => {
                let mut after = Shell { errexit: false, ..shell.clone() };
                self.statement(node, text, &mut after, depth + 1);
                after.errexit = shell.errexit;
                both(after)
            }
        }
    }

    /// `a && b`, `a || b`: `set -e` does not apply to all but the last.
    pub(super) fn list(&mut self, node: Node<'_>, text: &Text<'_>, shell: Shell, depth: usize) -> Branches {
        let (Some(left), Some(right)) =
            (node.named_child(0), node.named_child(node.named_child_count().saturating_sub(1)))
        else {
            return both(shell);
        };
        let or = (0..node.child_count()).filter_map(|at| node.child(at)).any(|child| child.kind() == "||");
        let first = self.condition(left, text, shell, depth + 1);
        let (through, around) = if or { (first.no, first.yes) } else { (first.yes, first.no) };
        let was = through.conditional;
        let second = self.condition(right, text, Shell { conditional: true, ..through }, depth + 1);
        let settle = |shell: Shell| Shell { conditional: was, ..shell };
        let (yes, no) = (settle(second.yes), settle(second.no));
        if or {
            let yes = self.meet(yes, around, None);
            Branches { yes, no, variable: None }
        } else {
            // What follows the list goes on both where the test failed and where it did not.
            let variable = first.variable;
            let mut around = around;
            // A failed test on the left of `&&` never ends the shell.
            around.errexit = false;
            let errexit = yes.errexit;
            let no = self.meet(no, around, None);
            Branches { yes, no: Shell { errexit: errexit && no.errexit, ..no }, variable }
        }
    }

    pub(super) fn conditional(&mut self, node: Node<'_>, text: &Text<'_>, shell: Shell, depth: usize) -> Shell {
        let Some(asked) = node.child_by_field_name("condition") else { return shell };
        let was = shell.conditional;
        let Branches { yes, no, variable } = self.condition(asked, text, shell, depth + 1);
        let mut taken = Shell { conditional: true, ..yes };
        let mut other = Shell { conditional: true, ..no };
        let mut seen_then = false;
        let mut rest: Option<Node<'_>> = None;
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "then" => seen_then = true,
                "elif_clause" | "else_clause" => {
                    rest = Some(child);
                    break;
                }
                _ if seen_then && child.is_named() && !taken.dead => self.statement(child, text, &mut taken, depth + 1),
                _ => {}
            }
        }
        match rest {
            Some(clause) if clause.kind() == "elif_clause" => {
                // The clauses after it are its siblings; each is followed as a way of its own.
                let mut met = other.clone();
                let mut cursor = node.walk();
                for clause in node.named_children(&mut cursor).filter(|child| child.kind().ends_with("_clause")) {
                    let mut way = other.clone();
                    self.statements(clause, text, &mut way, depth + 1);
                    met = self.meet(way, met, None);
                }
                other = met;
            }
            Some(clause) => self.statements(clause, text, &mut other, depth + 1),
            None => {}
        }
        let met = self.meet(taken, other, variable.as_deref());
        Shell { conditional: was, ..met }
    }

    pub(super) fn looped(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        let Some(asked) = node.child_by_field_name("condition") else { return };
        let until = node.child(0).is_some_and(|word| word.kind() == "until");
        let was = shell.conditional;
        let Branches { yes, no, .. } = self.condition(asked, text, shell.clone(), depth + 1);
        let (inside, beyond) = if until { (no, yes) } else { (yes, no) };
        if let Some(body) = node.child_by_field_name("body") {
            let mut inner = Shell { conditional: true, ..inside };
            self.statement(body, text, &mut inner, depth + 1);
        }
        *shell = Shell { conditional: was, ..beyond };
        // A lock that the loop waited for has been got by whoever leaves it.
        let waited = |held: &mut Held| held.lock.wait = Wait::Forever;
        shell.held.iter_mut().filter(|held| held.lock.wait == Wait::No).for_each(waited);
    }

    pub(super) fn case(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        let was = shell.clone();
        let mut met = was.clone();
        self.each(node, |reader, child| {
            if child.kind() == "case_item" {
                let mut way = Shell { conditional: true, ..was.clone() };
                reader.statements(child, text, &mut way, depth + 1);
                met = reader.meet(Shell { conditional: was.conditional, ..way }, met.clone(), None);
            } else {
                reader.substitutions(child, text, &was, depth);
            }
        });
        *shell = met;
    }
}

/// The variable that a test asks to be set: `[ -n "$X" ]`, `[ "$X" ]`, `[ "$X" = 1 ]` and the like.
pub(super) fn tested(raw: &str) -> Option<String> {
    let inner = raw.trim_start_matches("test ").trim_matches(['[', ']', ' ', ';']);
    let words: Vec<&str> = inner.split_whitespace().collect();
    let ([one] | ["-n", one] | [one, "=" | "==", "1" | "true" | "yes" | "\"1\"" | "\"true\"" | "\"yes\""]) =
        words.as_slice()
    else {
        return None;
    };
    let name = one.trim_matches('"').strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
    let name = name.split_once(":-").map_or(name, |(name, _)| name);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| name.to_owned())
}
