//! Shell text, statement by statement, with the shell's state along every way through it.
//! May use the rest of `source::script`.

use tree_sitter::{Node, Parser};

use super::branch::tested;
use super::flock;
use super::names::{assignment, close, open, options, redirects};
use super::shell::Shell;
use super::spot::Spot;
use super::{MAX_DEPTH, MAX_TEXT, Reader, Word, word};

/// The text that is being followed.
pub(super) struct Text<'a> {
    pub(super) source: &'a str,
    pub(super) spot: &'a Spot,
    pub(super) root: Node<'a>,
}

/// Which way a condition went, and the variable that decides it, if it is one variable being set.
pub(super) struct Branches {
    pub(super) yes: Shell,
    pub(super) no: Shell,
    pub(super) variable: Option<String>,
}

impl Reader {
    /// Follows a script.
    pub(super) fn text(&mut self, script: &Word, shell: &mut Shell, depth: usize) {
        if script.unknown {
            self.unseen("the shell text hangs on a variable that is not set");
        }
        let mut parser = Parser::new();
        if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
            self.unseen("shell text could not be read");
            return;
        }
        if script.text.len() > MAX_TEXT {
            self.unseen("its shell text is too long to follow");
            return;
        }
        // The grammar does not know `<>`; a descriptor opened by `>>` is as good for a lock, and as many bytes.
        let readable = script.text.replace("<>", ">>");
        let Some(tree) = parser.parse(&readable, None) else {
            self.unseen("shell text could not be read");
            return;
        };
        if tree.root_node().has_error() {
            self.unseen("its shell text is not understood throughout");
        }
        let text = Text { source: &readable, spot: &script.spot, root: tree.root_node() };
        let outer = std::mem::take(&mut shell.functions);
        self.statements(text.root, &text, shell, depth);
        shell.functions = outer;
    }

    pub(super) fn statements(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            if shell.dead {
                return;
            }
            self.statement(child, text, shell, depth);
        }
    }

    pub(super) fn statement(&mut self, node: Node<'_>, text: &Text<'_>, shell: &mut Shell, depth: usize) {
        if depth > MAX_DEPTH {
            self.unseen("its shell text is nested too deep or too long to follow");
            return;
        }
        match node.kind() {
            "comment" | "heredoc_body" | "heredoc_end" => {}
            "command" => {
                let branches = self.command(node, text, shell.clone(), depth + 1);
                *shell = self.after(branches);
            }
            "list" | "negated_command" | "test_command" => {
                let branches = self.condition(node, text, shell.clone(), depth + 1);
                *shell = self.after(branches);
            }
            "subshell" => {
                let mut inner = shell.clone();
                self.statements(node, text, &mut inner, depth + 1);
            }
            "pipeline" => self.apart(node, text, shell, depth),
            "compound_statement" | "do_group" | "program" => self.statements(node, text, shell, depth + 1),
            "redirected_statement" => {
                let branches = self.redirected(node, text, shell.clone(), depth + 1);
                *shell = self.after(branches);
            }
            "if_statement" => *shell = self.conditional(node, text, shell.clone(), depth + 1),
            "while_statement" => self.looped(node, text, shell, depth + 1),
            "for_statement" | "c_style_for_statement" => {
                self.substitutions(node, text, shell, depth);
                if let Some(body) = node.child_by_field_name("body") {
                    let mut inner = Shell { conditional: true, ..shell.clone() };
                    self.statement(body, text, &mut inner, depth + 1);
                    *shell = self.meet(inner, shell.clone(), None);
                }
            }
            "case_statement" => self.case(node, text, shell, depth + 1),
            "function_definition" => {
                let name = node.child_by_field_name("name").and_then(|name| text.source.get(name.byte_range()));
                shell.functions.extend(name.map(|name| (name.to_owned(), node.byte_range())));
            }
            "variable_assignment" => self.assign(node, text, shell, depth),
            "variable_assignments" => self.each(node, |reader, child| reader.assign(child, text, shell, depth)),
            "declaration_command" | "unset_command" => self.declare(node, text, shell, depth),
            "ERROR" => self.unseen("its shell text is not understood throughout"),
            _ => self.substitutions(node, text, shell, depth),
        }
    }

    pub(super) fn each(&mut self, node: Node<'_>, mut visit: impl FnMut(&mut Self, Node<'_>)) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            visit(self, child);
        }
    }

    /// After a statement that stands alone: with `set -e` a failure ends the shell.
    fn after(&mut self, branches: Branches) -> Shell {
        let no = Shell { dead: branches.no.dead || branches.no.errexit, ..branches.no };
        self.meet(branches.yes, no, branches.variable.as_deref())
    }

    pub(super) fn meet(&mut self, yes: Shell, no: Shell, variable: Option<&str>) -> Shell {
        let (met, unclear) = yes.meet(no, variable);
        if unclear {
            self.unseen("whether it takes an flock hangs on a condition that is not understood");
        }
        met
    }

    /// Parts that each run in a shell of their own.
    fn apart(&mut self, node: Node<'_>, text: &Text<'_>, shell: &Shell, depth: usize) {
        self.each(node, |reader, child| reader.statement(child, text, &mut shell.clone(), depth + 1));
    }

    /// Commands in `$( )`, backticks and `<( )`, wherever they stand in a word.
    pub(super) fn substitutions(&mut self, node: Node<'_>, text: &Text<'_>, shell: &Shell, depth: usize) {
        if depth > MAX_DEPTH {
            self.unseen("its shell text is nested too deep or too long to follow");
            return;
        }
        self.each(node, |reader, child| match child.kind() {
            "command_substitution" | "process_substitution" => {
                reader.statements(child, text, &mut shell.clone(), depth + 1);
            }
            "word" | "raw_string" | "variable_name" | "comment" | "number" => {}
            "ERROR" => reader.unseen("its shell text is not understood throughout"),
            _ => reader.substitutions(child, text, shell, depth + 1),
        });
    }

    pub(super) fn command(&mut self, node: Node<'_>, text: &Text<'_>, shell: Shell, depth: usize) -> Branches {
        if !self.fuel(depth) {
            return both(shell);
        }
        self.substitutions(node, text, &shell, depth);
        let mut inner = shell.clone();
        let mut words = Vec::new();
        self.each(node, |_, child| match child.kind() {
            "variable_assignment" => {
                let (name, value) = assignment(child, text, &shell);
                inner.env.insert(name, value);
            }
            "file_redirect" | "herestring_redirect" | "heredoc_redirect" => {}
            _ => words.push(locate(child, text, &shell)),
        });
        let Some(first) = words.first() else { return both(shell) };
        let rest = words.get(1..).unwrap_or(&[]);
        match first.text.as_str() {
            "exit" => Branches { yes: dead(&shell), no: dead(&shell), variable: None },
            "return" => {
                match self.returns.last_mut() {
                    Some(returns) => returns.push(shell.clone()),
                    None => self.unseen("it returns from no function"),
                }
                Branches { yes: dead(&shell), no: dead(&shell), variable: None }
            }
            ":" | "true" | "echo" | "printf" | "cd" | "wait" | "shift" | "read" | "umask" | "ulimit" | "sleep"
            | "kill" | "mkdir" | "break" | "continue" | "local" | "hash" | "type" => {
                self.call(&words, &inner);
                both(shell)
            }
            "false" => Branches { yes: dead(&shell), no: shell, variable: None },
            "trap" => {
                self.unseen("what a `trap` runs was not read");
                both(shell)
            }
            "set" => {
                let mut set = shell;
                options(rest, &mut set);
                both(set)
            }
            "test" | "[" => {
                Branches { variable: tested(text.source.get(node.byte_range()).unwrap_or("")), ..both(shell) }
            }
            "exec" if !rest.is_empty() => {
                self.argv(&words, &mut inner, depth);
                Branches { yes: dead(&shell), no: dead(&shell), variable: None }
            }
            "exec" => both(shell),
            "flock" => match flock::parse(rest).filter(|flock| matches!(flock.run, flock::Run::Nothing)) {
                Some(flock) => {
                    let (yes, no) = self.take(first, &flock, shell);
                    Branches { yes, no, variable: None }
                }
                None => {
                    self.argv(&words, &mut inner, depth);
                    both(shell)
                }
            },
            name => match shell.functions.get(name).cloned() {
                Some(body) => both(self.function(&body, text, shell, depth)),
                None => {
                    self.argv(&words, &mut inner, depth);
                    both(shell)
                }
            },
        }
    }

    /// A function's body in the state of its caller; every `return` in it is one more way on.
    fn function(&mut self, body: &std::ops::Range<usize>, text: &Text<'_>, shell: Shell, depth: usize) -> Shell {
        let Some(definition) = text.root.descendant_for_byte_range(body.start, body.end) else { return shell };
        let Some(block) = definition.child_by_field_name("body").filter(|_| self.fuel(depth)) else { return shell };
        self.returns.push(Vec::new());
        let mut after = shell;
        let redirects = redirects(definition, text, &after);
        open(&redirects, &mut after);
        self.statement(block, text, &mut after, depth + 1);
        for returned in self.returns.pop().unwrap_or_default() {
            after = self.meet(after, returned, None);
        }
        close(&redirects, &mut after);
        after
    }

    /// `statement 9>FILE`: for `exec` the file stays open, for all else as long as the statement lasts.
    pub(super) fn redirected(&mut self, node: Node<'_>, text: &Text<'_>, shell: Shell, depth: usize) -> Branches {
        self.each(node, |reader, child| {
            if child.kind().ends_with("redirect") {
                reader.substitutions(child, text, &shell, depth);
            }
        });
        let mut redirects = redirects(node, text, &shell);
        let mut inside = shell.clone();
        open(&redirects, &mut inside);
        let Some(body) = node.child_by_field_name("body") else { return both(inside) };
        match text.source.get(body.byte_range()).unwrap_or("").trim().strip_prefix("exec") {
            Some("") => return both(inside),
            // `exec {fd}>FILE`: the grammar takes the name for a word.
            Some(name) if name.trim().starts_with('{') => {
                let name = name.trim().trim_matches(['{', '}']);
                for (_, path) in redirects {
                    inside.open(name, path);
                }
                return both(inside);
            }
            _ => {}
        }
        // Closed for one command, a descriptor is still open in the shell, which keeps the lock.
        redirects.retain(|(_, path)| path.is_some());
        let mut inside = shell;
        open(&redirects, &mut inside);
        // A subshell's or a simple command's locks end with it in any case; a block's end with its descriptor.
        let mut branches = self.condition(body, text, inside, depth + 1);
        close(&redirects, &mut branches.yes);
        close(&redirects, &mut branches.no);
        branches
    }
}

pub(super) fn both(shell: Shell) -> Branches {
    Branches { yes: shell.clone(), no: shell, variable: None }
}

pub(super) fn dead(shell: &Shell) -> Shell {
    Shell { dead: true, ..shell.clone() }
}

fn locate(node: Node<'_>, text: &Text<'_>, shell: &Shell) -> Word {
    let span = text.spot.locate(text.source, node.start_byte(), node.end_byte());
    let plain = word::text(node, text.source, shell);
    // Text in quotes is a script of its own only where it stands as it will run.
    let start = crate::text::Span { end: span.start, ..span };
    let inside = text.source.get(node.byte_range()).unwrap_or("");
    let quoted = inside.len() == plain.len() + 2 && !plain.contains('\n');
    let offset = node.start_byte() + 1;
    let spot = if quoted {
        Spot::Verbatim { start: text.spot.locate(text.source, offset, offset) }
    } else {
        Spot::Begins(start)
    };
    Word { text: plain, span, spot, unknown: false }
}
