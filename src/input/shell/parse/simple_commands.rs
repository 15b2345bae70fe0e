//! Simple commands: assignments, words and redirections; declarations, and functions by their brackets.
//! Uses `cursor`, `shell_words`, `redirections`, `test_expressions` and `syntax`.

use super::cursor::{Parsed, ShellParser};
use super::shell_words::{WordMode, plain_text};
use super::syntax::{AssignedValue, Assignment, DeclareItem, Redirect, SimpleCommand, Statement, UnexpandedWord};

/// Builtins whose operands may be assignments.
const DECLARING: [&str; 5] = ["export", "readonly", "local", "declare", "typeset"];

impl ShellParser<'_> {
    /// A command without a reserved word before it.
    pub(super) fn read_simple_command(&mut self) -> Parsed<Statement> {
        let mut simple = SimpleCommand::default();
        let start = self.at;
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.read_redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some(assign) = self.read_assignment()?
            {
                simple.assigns.push(assign);
                continue;
            }
            let Some(word) = self.read_word(WordMode::Plain)? else { break };
            let keyword = plain_text(&word).filter(|_| simple.words.is_empty());
            if let Some(keyword) = keyword {
                if simple.assigns.is_empty() && simple.redirects.is_empty() && self.take_function_brackets() {
                    return self.read_function_body(keyword, &word);
                }
                if DECLARING.contains(&keyword.as_str()) {
                    return self.read_declaration(keyword, simple.redirects);
                }
            }
            simple.words.push(word);
        }
        if self.at == start || (simple.words.is_empty() && simple.assigns.is_empty() && simple.redirects.is_empty()) {
            return Err(self.error());
        }
        Ok(as_statement(simple))
    }

    /// `()` after a name.
    fn take_function_brackets(&mut self) -> bool {
        let mark = self.mark();
        self.skip_blanks();
        if self.take("(") {
            self.skip_blanks();
            if self.take(")") {
                return true;
            }
        }
        self.go_back(&mark);
        false
    }

    fn read_declaration(&mut self, keyword: String, mut redirects: Vec<Redirect>) -> Parsed<Statement> {
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.read_redirect()? {
                redirects.push(redirect);
            } else if let Some(assign) = self.read_assignment()? {
                items.push(DeclareItem::Assign(assign));
            } else if let Some(word) = self.read_word(WordMode::Plain)? {
                items.push(DeclareItem::Word(word));
            } else {
                break;
            }
        }
        Ok(with_redirects(Statement::Declare { keyword, items }, redirects))
    }

    /// `NAME=…`, `NAME+=…`, `NAME[…]=…`, if one comes next.
    fn read_assignment(&mut self) -> Parsed<Option<Assignment>> {
        let length = self.name_length(0);
        if length == 0 {
            return Ok(None);
        }
        let mut ahead = length;
        let mut element = None;
        if self.peek_nth(ahead).is_some_and(|next| next.ch == '[') {
            let Some(subscript) = self.subscript_length(ahead) else { return Ok(None) };
            element = Some(self.text_between(self.at + ahead + 1, self.at + ahead + subscript - 1).raw());
            ahead += subscript;
        }
        let Some((append, sign)) = self.assignment_sign(ahead) else { return Ok(None) };
        let name = self.text_between(self.at, self.at + length).raw();
        self.advance(ahead + sign);
        let value = if self.peek() == Some('(') {
            AssignedValue::List(self.one_level_down(Self::read_array)?)
        } else {
            AssignedValue::Word(self.read_word(WordMode::Plain)?.unwrap_or_default())
        };
        Ok(Some(Assignment { name, append, element, value }))
    }

    /// Whether `=` or `+=` comes next: whether it appends, and how long it is.
    fn assignment_sign(&self, ahead: usize) -> Option<(bool, usize)> {
        let next = |more: usize| self.peek_nth(ahead + more).map(|next| next.ch);
        match (next(0), next(1)) {
            (Some('='), _) => Some((false, 1)),
            (Some('+'), Some('=')) => Some((true, 2)),
            _ => None,
        }
    }

    /// How long `[…]` is, which begins at `ahead`; it ends on its line.
    pub(super) fn subscript_length(&mut self, ahead: usize) -> Option<usize> {
        let (mut at, mut depth) = (ahead, 0_usize);
        let mut quote = None;
        loop {
            let ch = self.peek_nth(at)?.ch;
            at += 1;
            self.count_steps(1);
            match (ch, quote) {
                ('\n', _) => return None,
                ('\\', None | Some('"')) => at += 1,
                (_, Some(open)) if ch == open => quote = None,
                ('\'' | '"', None) => quote = Some(ch),
                ('[', None) => depth += 1,
                (']', None) if depth == 1 => return Some(at - ahead),
                (']', None) => depth -= 1,
                _ => {}
            }
        }
    }

    /// The elements of `(a b)`.
    fn read_array(&mut self) -> Parsed<Vec<UnexpandedWord>> {
        let start = self.at;
        self.advance(1);
        let mut words = Vec::new();
        loop {
            self.skip_newlines();
            if self.take(")") {
                return Ok(words);
            }
            if self.peek().is_none() {
                return Err(self.unclosed_at(start));
            }
            // `[key]=value`: the value is the element.
            let key = if self.peek() == Some('[') { self.subscript_length(0) } else { None };
            let keyed = key.and_then(|length| Some((length, length + self.assignment_sign(length)?.1)));
            let subscript = keyed.map(|(length, _)| self.text_between(self.at + 1, self.at + length - 1).raw());
            self.advance(keyed.map_or(0, |(_, whole)| whole));
            match self.read_word(WordMode::Plain)? {
                Some(word) => words.push(UnexpandedWord { subscript, ..word }),
                None if keyed.is_some() => words.push(UnexpandedWord { subscript, ..UnexpandedWord::default() }),
                None => return Err(self.error()),
            }
        }
    }
}

/// `unset` and `[` are commands of their own.
fn as_statement(simple: SimpleCommand) -> Statement {
    let name = simple.words.first().and_then(plain_text).filter(|_| simple.assigns.is_empty());
    match name.as_deref() {
        Some("unset") => with_redirects(Statement::Unset(simple.words.into_iter().skip(1).collect()), simple.redirects),
        Some("[") if simple.words.len() > 2 && simple.words.last().and_then(plain_text).as_deref() == Some("]") => {
            let last = simple.words.len() - 1;
            let operands = simple.words.into_iter().take(last).skip(1).collect();
            with_redirects(Statement::Test(super::test_expressions::test_of_words(operands)), simple.redirects)
        }
        _ => Statement::Simple(simple),
    }
}

fn with_redirects(body: Statement, redirects: Vec<Redirect>) -> Statement {
    if redirects.is_empty() { body } else { Statement::Redirected { body: Box::new(body), redirects } }
}
