//! The expressions in `[[ ]]` and `[ ]`.
//! Uses `cursor`, `shell_words` and `syntax`.

use super::cursor::{Parsed, ShellParser};
use super::shell_words::{WordMode, plain_text, take_blocks};
use super::syntax::{Block, Statement, TestExpr, UnexpandedWord};

impl ShellParser<'_> {
    /// What follows `[[`.
    pub(super) fn read_test_command(&mut self, start: usize) -> Parsed<Statement> {
        let test = self.read_test_alternatives()?;
        self.skip_newlines();
        if !self.take_word("]]") {
            return Err(if self.peek().is_none() { self.unclosed_at(start) } else { self.error() });
        }
        Ok(Statement::Test(test))
    }

    /// `a && b || c`: together nothing is known of them, but what they run.
    fn read_test_alternatives(&mut self) -> Parsed<TestExpr> {
        let mut tests = vec![self.read_single_test()?];
        loop {
            self.skip_newlines();
            if !(self.take("&&") || self.take("||")) {
                break;
            }
            tests.push(self.read_single_test()?);
        }
        if tests.len() == 1 {
            return Ok(tests.remove(0));
        }
        Ok(TestExpr::Other(tests.into_iter().flat_map(blocks_of_test).collect()))
    }

    fn read_single_test(&mut self) -> Parsed<TestExpr> {
        self.skip_newlines();
        if self.take_word("!") || (self.is_at("!(") && self.take("!")) {
            let inner = self.one_level_down(Self::read_single_test)?;
            return Ok(TestExpr::Not(Box::new(inner)));
        }
        if self.take("(") {
            let inner = self.one_level_down(Self::read_test_alternatives)?;
            self.skip_newlines();
            return if self.take(")") { Ok(inner) } else { Err(self.error()) };
        }
        let first = self.read_word(WordMode::Pattern)?.ok_or_else(|| self.error())?;
        self.skip_newlines();
        if let Some(operator) = self.take_binary_operator() {
            self.skip_blanks();
            let mode = if operator == "=~" { WordMode::Regex } else { WordMode::Pattern };
            let right = self.read_word(mode)?.ok_or_else(|| self.error())?;
            return Ok(TestExpr::Binary(first, operator.to_owned(), right));
        }
        let operator = plain_text(&first).filter(|text| is_unary(text));
        if let Some(operator) = operator.filter(|_| !self.is_at_word("]]") && !self.is_at_test_operator()) {
            let word = self.read_word(WordMode::Pattern)?.ok_or_else(|| self.error())?;
            return Ok(TestExpr::Unary(operator, word));
        }
        Ok(TestExpr::Bare(first))
    }

    fn is_at_test_operator(&self) -> bool {
        self.is_at("&&") || self.is_at("||") || self.is_at(")")
    }

    fn take_binary_operator(&mut self) -> Option<&'static str> {
        BINARY.into_iter().find(|operator| match *operator {
            "<" | ">" => !self.is_at("<(") && !self.is_at(">(") && self.take(operator),
            word => self.take_word(word),
        })
    }
}

const BINARY: [&str; 15] =
    ["==", "=~", "=", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "<", ">"];

fn is_unary(text: &str) -> bool {
    text.len() == 2 && text.starts_with('-') && text.ends_with(|ch: char| ch.is_ascii_alphabetic())
}

/// What `[` asks with these operands.
pub(super) fn test_of_words(mut words: Vec<UnexpandedWord>) -> TestExpr {
    let text = |at: usize| words.get(at).and_then(plain_text);
    if words.len() > 1 && words.len() < 5 && text(0).as_deref() == Some("!") {
        words.remove(0);
        return TestExpr::Not(Box::new(test_of_words(words)));
    }
    let operator = match words.len() {
        2 => text(0).filter(|text| is_unary(text)),
        3 => text(1),
        _ => None,
    };
    match operator {
        Some(operator) if words.len() == 2 => TestExpr::Unary(operator, words.remove(1)),
        Some(operator) => {
            let right = words.remove(2);
            TestExpr::Binary(words.remove(0), operator, right)
        }
        None if words.len() == 1 => TestExpr::Bare(words.remove(0)),
        None => TestExpr::Other(words.into_iter().flat_map(|word| take_blocks(word.parts)).collect()),
    }
}

fn blocks_of_test(test: TestExpr) -> Vec<Block> {
    match test {
        TestExpr::Unary(_, word) | TestExpr::Bare(word) => take_blocks(word.parts),
        TestExpr::Binary(left, _, right) => {
            let mut blocks = take_blocks(left.parts);
            blocks.extend(take_blocks(right.parts));
            blocks
        }
        TestExpr::Not(inner) => blocks_of_test(*inner),
        TestExpr::Arithmetic(_, blocks) | TestExpr::Other(blocks) => blocks,
    }
}
