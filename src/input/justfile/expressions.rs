//! Expressions of a justfile: strings, variables, commands, calls of functions, choices. Uses `cursor`.

use super::cursor::{JustCursor, JustFault};
use crate::text::{FileId, TracedChar, TracedText};

/// Expressions within each other.
const DEPTH: usize = 40;

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// A string; whether what a shell would put in is put in (`x"…"`).
    Text {
        text: TracedText,
        is_shell: bool,
    },
    Variable {
        name: String,
        at: Option<(FileId, u32)>,
    },
    /// What a command prints.
    Command {
        text: TracedText,
        at: Option<(FileId, u32)>,
    },
    Call {
        name: String,
        arguments: Vec<Expression>,
        at: Option<(FileId, u32)>,
    },
    Joined(Vec<Expression>),
    /// `if LEFT == RIGHT { THEN } else { OTHERWISE }`.
    Choice {
        left: Box<Expression>,
        operator: Comparison,
        right: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
        at: Option<(FileId, u32)>,
    },
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    /// By a pattern, which is not followed.
    Matches,
}

impl JustCursor<'_> {
    /// Reads an expression; `is_open`: whether it goes on behind a line break.
    pub(super) fn expression(&mut self, is_open: bool) -> Result<Expression, JustFault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.fault("this expression is nested too deeply to be read"));
        }
        let read = self.expression_here(is_open);
        self.depth -= 1;
        read
    }

    fn expression_here(&mut self, is_open: bool) -> Result<Expression, JustFault> {
        self.skip_blanks(is_open);
        if self.starts_with("if ") || self.starts_with("if\t") || self.starts_with("if(") {
            return self.choice();
        }
        let at = self.place();
        let mut first = if self.peek() == Some('/') { Expression::Joined(Vec::new()) } else { self.value(is_open)? };
        loop {
            self.skip_blanks(is_open);
            if self.take("+") {
                let second = self.expression(is_open)?;
                return Ok(Expression::Joined(vec![first, second]));
            }
            if self.take("/") {
                self.skip_blanks(is_open);
                let slash = TracedText(vec![TracedChar { ch: '/', at, live: false }]);
                let slash = Expression::Text { text: slash, is_shell: false };
                let second = self.expression(is_open)?;
                return Ok(Expression::Joined(vec![first, slash, second]));
            }
            let is_and = self.starts_with("&&");
            if !is_and && !self.starts_with("||") {
                return Ok(first);
            }
            self.take(if is_and { "&&" } else { "||" });
            let second = self.expression(is_open)?;
            let name = if is_and { "&&" } else { "||" };
            first = Expression::Call { name: name.to_owned(), arguments: vec![first, second], at };
        }
    }

    fn choice(&mut self) -> Result<Expression, JustFault> {
        let at = self.place();
        self.take("if");
        let left = Box::new(self.expression(true)?);
        self.skip_blanks(true);
        let operators = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("=~", Comparison::Matches),
            ("!~", Comparison::Matches),
        ];
        let found = operators.into_iter().find(|(text, _)| self.take(text));
        let Some((_, operator)) = found else { return Err(self.fault("this condition compares nothing")) };
        let right = Box::new(self.expression(true)?);
        let then = Box::new(self.braced()?);
        self.skip_blanks(true);
        if !self.take("else") {
            return Err(self.fault("this condition has no `else`"));
        }
        self.skip_blanks(true);
        let otherwise = Box::new(if self.starts_with("if") { self.expression(true)? } else { self.braced()? });
        Ok(Expression::Choice { left, operator, right, then, otherwise, at })
    }

    fn braced(&mut self) -> Result<Expression, JustFault> {
        self.skip_blanks(true);
        if !self.take("{") {
            return Err(self.fault("a `{` is missing here"));
        }
        let inner = self.expression(true)?;
        self.skip_blanks(true);
        if self.take("}") { Ok(inner) } else { Err(self.fault("a `}` is missing here")) }
    }

    /// A value by itself: what a parameter has for a default, and what a dependency is given.
    pub(super) fn value(&mut self, is_open: bool) -> Result<Expression, JustFault> {
        self.skip_blanks(is_open);
        let at = self.place();
        match self.peek() {
            Some('(') => {
                self.next();
                let inner = self.expression(true)?;
                self.skip_blanks(true);
                if self.take(")") { Ok(inner) } else { Err(self.fault("a `)` is missing here")) }
            }
            Some('`') => {
                let mark = if self.starts_with("```") { "```" } else { "`" };
                self.take(mark);
                let text = self.until(mark).ok_or(JustFault { what: "a backtick is not closed", at })?;
                Ok(Expression::Command { text, at })
            }
            Some('\'' | '"') => Ok(Expression::Text { text: self.string()?, is_shell: false }),
            Some('x') if self.starts_with("x'") || self.starts_with("x\"") => {
                self.next();
                Ok(Expression::Text { text: self.string()?, is_shell: true })
            }
            Some('f') if self.starts_with("f'") || self.starts_with("f\"") => {
                self.next();
                self.string()?;
                Ok(Expression::Call { name: "format".to_owned(), arguments: Vec::new(), at })
            }
            _ => {
                let name = self.name().ok_or_else(|| self.fault("an expression is missing here"))?;
                if self.take("(") { self.call(name, at) } else { Ok(Expression::Variable { name, at }) }
            }
        }
    }

    fn call(&mut self, name: String, at: Option<(FileId, u32)>) -> Result<Expression, JustFault> {
        let mut arguments = Vec::new();
        loop {
            self.skip_blanks(true);
            if self.take(")") {
                return Ok(Expression::Call { name, arguments, at });
            }
            arguments.push(self.expression(true)?);
            self.skip_blanks(true);
            // `assert(a == b, "…")`.
            for operator in ["==", "!=", "=~", "!~"] {
                if self.take(operator) {
                    self.expression(true)?;
                    self.skip_blanks(true);
                }
            }
            if !self.take(",") && !self.starts_with(")") {
                return Err(self.fault("a `)` is missing here"));
            }
        }
    }

    /// A string in quotes of any kind.
    pub(super) fn string(&mut self) -> Result<TracedText, JustFault> {
        let at = self.place();
        let is_raw = self.peek() == Some('\'');
        let marks = if is_raw { ["'''", "'"] } else { ["\"\"\"", "\""] };
        let unclosed = JustFault { what: "a string is not closed", at };
        let Some(mark) = marks.into_iter().find(|mark| self.take(mark)) else {
            return Err(self.fault("a string is missing here"));
        };
        let mut text = TracedText::default();
        while !self.take(mark) {
            let next = self.next().ok_or(unclosed)?;
            if is_raw || next.ch != '\\' {
                text.0.push(next);
                continue;
            }
            let escaped = self.next().ok_or(unclosed)?;
            match escaped.ch {
                'n' => text.0.push(TracedChar { ch: '\n', ..escaped }),
                't' => text.0.push(TracedChar { ch: '\t', ..escaped }),
                'r' => text.0.push(TracedChar { ch: '\r', ..escaped }),
                '\n' => {}
                _ => text.0.push(escaped),
            }
        }
        Ok(if mark.len() == 3 { without_indentation(&text) } else { text })
    }
}

/// A string of several lines without what all of them begin with.
fn without_indentation(text: &TracedText) -> TracedText {
    let mut lines: Vec<&[TracedChar]> = text.0.split(|traced| traced.ch == '\n').collect();
    let is_blank = |line: &[TracedChar]| line.iter().all(|traced| matches!(traced.ch, ' ' | '\t'));
    if lines.len() > 1 && lines.first().is_some_and(|line| line.is_empty()) {
        lines.remove(0);
    }
    let width = |line: &&[TracedChar]| line.iter().take_while(|traced| matches!(traced.ch, ' ' | '\t')).count();
    let common = lines.iter().filter(|line| !is_blank(line)).map(width).min().unwrap_or(0);
    let mut stripped = TracedText::default();
    for (number, line) in lines.into_iter().enumerate() {
        if number > 0 {
            stripped.0.push(TracedChar { ch: '\n', at: None, live: false });
        }
        stripped.0.extend(line.iter().skip(common.min(line.len())));
    }
    stripped
}
