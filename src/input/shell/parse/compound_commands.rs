//! Compound commands and functions.
//! Uses `cursor`, `statement_lists`, `shell_words`, `redirections` and `syntax`.

use std::rc::Rc;

use super::cursor::{Parsed, ShellParser};
use super::shell_words::WordMode;
use super::statement_lists::CLOSING_WORDS;
use super::syntax::{Block, BlockItem, CaseArm, FunctionBody, Statement, TestExpr, UnexpandedWord, WordPart};
use crate::model::Parameter;
use crate::text::TracedText;

impl ShellParser<'_> {
    /// One command with its redirections.
    pub(super) fn read_command(&mut self) -> Parsed<Statement> {
        self.skip_blanks();
        let start = self.at;
        if CLOSING_WORDS.iter().any(|word| self.is_at_word(word)) {
            return Err(self.error());
        }
        let Some(body) = self.read_compound(start)? else { return self.read_simple_command() };
        if matches!(body, Statement::Function { .. }) {
            return Ok(body);
        }
        let redirects = self.read_redirects()?;
        Ok(if redirects.is_empty() { body } else { Statement::Redirected { body: Box::new(body), redirects } })
    }

    /// What begins with a reserved word or a bracket; `None` for any other command.
    fn read_compound(&mut self, start: usize) -> Parsed<Option<Statement>> {
        let read: fn(&mut Self, usize) -> Parsed<Statement> = match self.peek() {
            Some('(') if self.is_at("((") => Self::read_double_bracket,
            Some('(') => Self::read_subshell,
            Some('{') if self.take_word("{") => Self::read_group,
            Some('[') if self.take_word("[[") => Self::read_test_command,
            Some('i') if self.take_word("if") => Self::read_if,
            Some('w') if self.take_word("while") => Self::read_while,
            Some('u') if self.take_word("until") => Self::read_until,
            Some('f') if self.take_word("for") => Self::read_for,
            Some('s') if self.take_word("select") => Self::read_for,
            Some('c') if self.take_word("case") => Self::read_case,
            Some('c') if self.is_at_word("coproc") => return self.read_coproc(),
            Some('f') if self.take_word("function") => Self::read_named_function,
            _ => return Ok(None),
        };
        self.one_level_down(|parser| read(parser, start)).map(Some)
    }

    fn read_double_bracket(&mut self, start: usize) -> Parsed<Statement> {
        match self.read_arithmetic(2)? {
            Some(blocks) => {
                let text = self.text_between(start + 2, self.at.saturating_sub(2)).raw();
                Ok(Statement::Test(TestExpr::Arithmetic(text, blocks)))
            }
            None => self.read_subshell(start),
        }
    }

    fn read_subshell(&mut self, start: usize) -> Parsed<Statement> {
        self.advance(1);
        let block = self.read_list(&[")"])?;
        self.close(")", start);
        Ok(Statement::Subshell(block))
    }

    fn read_group(&mut self, start: usize) -> Parsed<Statement> {
        let block = self.read_list(&["}"])?;
        self.close("}", start);
        Ok(Statement::Group(block))
    }

    /// Takes what ends a construct. Where it is missing, what was read of the construct may still run.
    fn close(&mut self, closer: &str, start: usize) {
        self.skip_newlines();
        let found = if closer == ")" { self.take(")") } else { self.take_word(closer) };
        if !found {
            self.note_problem(if self.peek().is_none() { start } else { self.at });
        }
    }

    fn read_if(&mut self, start: usize) -> Parsed<Statement> {
        let mut arms = Vec::new();
        let mut otherwise = Block::new();
        loop {
            let condition = self.read_list(&["then"])?;
            self.close("then", start);
            arms.push((condition, self.read_list(&["elif", "else", "fi"])?));
            if self.take_word("elif") {
                continue;
            }
            if self.take_word("else") {
                otherwise = self.read_list(&["fi"])?;
            }
            self.close("fi", start);
            return Ok(Statement::If { arms, otherwise });
        }
    }

    fn read_while(&mut self, start: usize) -> Parsed<Statement> {
        let condition = self.read_list(&["do"])?;
        let body = self.read_loop_body(start)?;
        Ok(Statement::While { until: false, condition, body })
    }

    fn read_until(&mut self, start: usize) -> Parsed<Statement> {
        let condition = self.read_list(&["do"])?;
        let body = self.read_loop_body(start)?;
        Ok(Statement::While { until: true, condition, body })
    }

    /// `do … done`, or in a `for` also braces.
    fn read_loop_body(&mut self, start: usize) -> Parsed<Rc<Block>> {
        self.skip_newlines();
        if self.take_word("{") {
            let body = self.read_list(&["}"])?;
            self.close("}", start);
            return Ok(Rc::new(body));
        }
        self.close("do", start);
        let body = self.read_list(&["done"])?;
        self.close("done", start);
        Ok(Rc::new(body))
    }

    fn read_for(&mut self, start: usize) -> Parsed<Statement> {
        self.skip_blanks();
        if self.is_at("((") {
            return self.read_counting_for(start);
        }
        let name_start = self.at;
        let length = self.name_length(0);
        if length == 0 {
            return Err(self.error());
        }
        self.advance(length);
        let name = self.text_from(name_start);
        self.skip_newlines();
        let words = if self.take_word("in") {
            let words = self.read_words()?;
            self.skip_blanks();
            self.take(";");
            words
        } else {
            self.take(";");
            vec![all_arguments(&name)]
        };
        let body = self.read_loop_body(start)?;
        Ok(Statement::For { variable: Some(name.raw()), words, body })
    }

    /// `for ((a; b; c))`.
    fn read_counting_for(&mut self, start: usize) -> Parsed<Statement> {
        let Some(blocks) = self.read_arithmetic(2)? else { return Err(self.error()) };
        self.skip_blanks();
        self.take(";");
        let body = self.read_loop_body(start)?;
        let repeat = Statement::For { variable: None, words: Vec::new(), body };
        if blocks.is_empty() {
            return Ok(repeat);
        }
        let items = [Statement::Test(TestExpr::Other(blocks)), repeat];
        Ok(Statement::Group(items.map(|stmt| BlockItem { stmt, background: false }).into()))
    }

    fn read_words(&mut self) -> Parsed<Vec<UnexpandedWord>> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.read_word(WordMode::Plain)? {
                Some(word) => words.push(word),
                None => return Ok(words),
            }
        }
    }

    fn read_case(&mut self, start: usize) -> Parsed<Statement> {
        self.skip_blanks();
        let subject = self.read_word(WordMode::Plain)?.ok_or_else(|| self.error())?;
        self.skip_newlines();
        if !self.take_word("in") {
            return Err(self.error());
        }
        let mut arms = Vec::new();
        loop {
            self.skip_newlines();
            if self.take_word("esac") {
                break;
            }
            if self.peek().is_none() {
                self.note_problem(start);
                break;
            }
            arms.push(self.read_case_arm()?);
        }
        Ok(Statement::Case { subject, arms })
    }

    fn read_case_arm(&mut self) -> Parsed<CaseArm> {
        self.take("(");
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            patterns.push(self.read_word(WordMode::Pattern)?.ok_or_else(|| self.error())?);
            self.skip_blanks();
            if !self.take("|") {
                break;
            }
        }
        if !self.take(")") {
            return Err(self.error());
        }
        let body = self.read_list(&[";;", "esac"])?;
        let falls = self.is_at(";;&") || self.is_at(";&");
        let _ = self.take(";;&") || self.take(";;") || self.take(";&");
        Ok(CaseArm { patterns, body, falls })
    }

    /// `coproc { …; }`: it runs beside what follows. A simple command with that word is read as it is.
    fn read_coproc(&mut self) -> Parsed<Option<Statement>> {
        let mark = self.mark();
        self.take_word("coproc");
        self.skip_blanks();
        let name = self.name_length(0);
        for skipped in [0, name] {
            let before = self.mark();
            self.advance(skipped);
            self.skip_blanks();
            if matches!(self.peek(), Some('{' | '(')) {
                let start = self.at;
                if let Some(stmt) = self.read_compound(start)? {
                    return Ok(Some(Statement::Group(vec![BlockItem { stmt, background: true }])));
                }
            }
            self.go_back(&before);
        }
        self.go_back(&mark);
        Ok(None)
    }

    /// `function NAME`, perhaps with brackets.
    fn read_named_function(&mut self, _start: usize) -> Parsed<Statement> {
        self.skip_blanks();
        let name = self.read_word(WordMode::Plain)?.ok_or_else(|| self.error())?;
        self.skip_blanks();
        if self.take("(") {
            self.skip_blanks();
            if !self.take(")") {
                return Err(self.error());
            }
        }
        self.read_function_body(name.source.raw(), &name)
    }

    /// What follows a function's name and brackets.
    pub(super) fn read_function_body(&mut self, name: String, written: &UnexpandedWord) -> Parsed<Statement> {
        self.skip_newlines();
        let statement = self.one_level_down(Self::read_command)?;
        let named_at = written.source.0.first().and_then(|first| first.at);
        Ok(Statement::Function { name, body: Rc::new(FunctionBody { statement, named_at }) })
    }
}

/// `"$@"`, over which a `for` without a list goes.
fn all_arguments(name: &TracedText) -> UnexpandedWord {
    let part =
        WordPart::Param { param: Parameter::named("@"), raw: TracedText::live("$@"), quoted: true, blocks: Vec::new() };
    UnexpandedWord { parts: vec![part], source: name.clone(), subscript: None }
}
