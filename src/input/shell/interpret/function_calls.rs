//! What a function's body calls, without running it. Uses `parse`.

use std::collections::BTreeSet;
use std::path::Path;

use super::container_starts::STARTING;
use super::lists::literal_text;
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::{
    AssignedValue, Assignment, Block, DeclareItem, RedirectAction, SimpleCommand, Statement, TestExpr, UnexpandedWord,
    WordPart,
};

/// How deep statements are looked into.
const DEPTH: usize = 60;

/// What is called in a statement, as far as words that are written out say.
#[derive(Debug, Default)]
pub(super) struct CalledNames {
    /// The first words of its commands.
    pub(super) commands: BTreeSet<String>,
    /// Whether it may start a container, run a script or whatever is in a variable.
    pub(super) may_start: bool,
    depth: usize,
}

impl CalledNames {
    pub(super) fn of_statement(stmt: &Statement) -> Self {
        let mut called = Self::default();
        called.add_statement(stmt);
        called
    }

    fn add_block(&mut self, block: &Block) {
        for item in block {
            self.add_statement(&item.stmt);
        }
    }

    fn add_statement(&mut self, stmt: &Statement) {
        if self.depth >= DEPTH {
            self.may_start = true;
            return;
        }
        self.depth += 1;
        self.add_parts(stmt);
        self.depth -= 1;
    }

    fn add_parts(&mut self, stmt: &Statement) {
        match stmt {
            Statement::Simple(simple) => self.add_command(simple),
            Statement::Declare { items, .. } => {
                for item in items {
                    match item {
                        DeclareItem::Assign(assign) => self.add_assignment(assign),
                        DeclareItem::Word(word) => self.add_word(word),
                    }
                }
            }
            Statement::Unset(words) => self.add_words(words),
            Statement::List { first, rest } => {
                self.add_statement(first);
                for (_, stmt) in rest {
                    self.add_statement(stmt);
                }
            }
            Statement::Pipeline(parts) => parts.iter().for_each(|part| self.add_statement(part)),
            Statement::Not(inner) => self.add_statement(inner),
            Statement::Group(block) | Statement::Subshell(block) => self.add_block(block),
            Statement::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.add_block(condition);
                    self.add_block(body);
                }
                self.add_block(otherwise);
            }
            Statement::While { condition, body, .. } => {
                self.add_block(condition);
                self.add_block(body);
            }
            Statement::For { words, body, .. } => {
                self.add_words(words);
                self.add_block(body);
            }
            Statement::Case { subject, arms } => {
                self.add_word(subject);
                for arm in arms {
                    self.add_block(&arm.body);
                }
            }
            Statement::Function { body, .. } => self.add_statement(&body.statement),
            Statement::Test(test) => self.add_test(test),
            Statement::Redirected { body, redirects } => {
                for redirect in redirects {
                    self.add_redirect(&redirect.action);
                }
                self.add_statement(body);
            }
            Statement::Unread => self.may_start = true,
        }
    }

    fn add_command(&mut self, simple: &SimpleCommand) {
        simple.assigns.iter().for_each(|assign| self.add_assignment(assign));
        simple.redirects.iter().for_each(|redirect| self.add_redirect(&redirect.action));
        self.add_words(&simple.words);
        self.may_start |= simple.words.windows(2).any(is_variable_started);
        let Some(first) = simple.words.first() else { return };
        match literal_text(first) {
            Some(name) => {
                let shell = matches!(name.as_str(), "eval" | "source" | "." | "bash" | "sh" | "env" | "exec" | "sudo");
                self.may_start |=
                    shell || name.contains('/') || Path::new(&name).extension().is_some_and(|ending| ending == "sh");
                self.commands.insert(name);
            }
            // What the caller gives to be run is the caller's.
            None => self.may_start |= !first.parts.iter().all(is_argument),
        }
    }

    fn add_words(&mut self, words: &[UnexpandedWord]) {
        for word in words {
            self.add_word(word);
        }
    }

    fn add_word(&mut self, word: &UnexpandedWord) {
        if let Some(text) = literal_text(word) {
            let mut parts = text.split(|ch: char| !(ch.is_alphanumeric() || matches!(ch, '-' | '_')));
            let starts = |part: &str| STARTING.contains(&part) && text.contains('$');
            self.may_start |= parts.any(|part| is_engine_program(part.trim_start_matches('-')) || starts(part));
            // A name that is handed on is called by what it is handed to: `run_with_lock launch`.
            if !text.is_empty() && !text.contains(' ') {
                self.commands.insert(text);
            }
        }
        self.add_substitutions(word);
    }

    fn add_substitutions(&mut self, word: &UnexpandedWord) {
        for part in &word.parts {
            if let WordPart::Param { blocks, .. } | WordPart::Computed { blocks, .. } = part {
                for block in blocks {
                    self.add_block(block);
                }
            }
        }
    }

    fn add_assignment(&mut self, assign: &Assignment) {
        match &assign.value {
            AssignedValue::Word(word) => self.add_word(word),
            AssignedValue::List(words) => self.add_words(words),
        }
    }

    fn add_redirect(&mut self, action: &RedirectAction) {
        match action {
            RedirectAction::Open(word) | RedirectAction::Copy(word) => self.add_word(word),
            RedirectAction::Data(document) => {
                if let Some(word) = document.word() {
                    self.add_substitutions(word);
                }
            }
            RedirectAction::Close => {}
        }
    }

    fn add_test(&mut self, test: &TestExpr) {
        match test {
            TestExpr::Unary(_, word) | TestExpr::Bare(word) => self.add_word(word),
            TestExpr::Binary(left, _, right) => {
                self.add_word(left);
                self.add_word(right);
            }
            TestExpr::Not(inner) => self.add_test(inner),
            TestExpr::Arithmetic(_, blocks) | TestExpr::Other(blocks) => {
                for block in blocks {
                    self.add_block(block);
                }
            }
        }
    }
}

/// Whether two words may be an engine in a variable and what it is to do: `retry $ENGINE run`; or the first a whole command.
fn is_variable_started(words: &[UnexpandedWord]) -> bool {
    let [engine, command] = words else { return false };
    let whole = engine.source.raw().contains("[@]");
    literal_text(engine).is_none()
        && (whole || literal_text(command).is_some_and(|command| STARTING.contains(&command.as_str())))
}

/// Whether a part of a word is an argument of the function, whole.
fn is_argument(part: &WordPart) -> bool {
    match part {
        WordPart::Param { param, .. } => {
            let positional = param.name.starts_with(|ch: char| ch.is_ascii_digit() || matches!(ch, '@' | '*'));
            positional && param.is_value()
        }
        WordPart::Text { text, .. } => text.is_empty(),
        WordPart::Computed { .. } => false,
    }
}
