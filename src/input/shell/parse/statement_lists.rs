//! Lists and pipelines of statements, and where reading goes on after text that is no shell.
//! Uses `cursor`, `compound_commands`, `simple_commands` and `syntax`.

use super::cursor::{Parsed, ShellParser};
use super::syntax::{Block, BlockItem, ListOperator, SimpleCommand, Statement};

/// Words that end a list, each of some construct.
pub(super) const CLOSING_WORDS: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl ShellParser<'_> {
    /// All statements of the text; stray words that end nothing are passed over.
    pub(super) fn read_whole(&mut self) -> Block {
        let mut block = Block::new();
        loop {
            let start = self.at;
            let more = self.read_list(&[]);
            block.extend(more.unwrap_or_else(|error| {
                self.note_problem(error.at);
                self.recover(start);
                vec![unread_item()]
            }));
            if self.peek().is_none() {
                return block;
            }
            if self.at == start {
                self.advance(1);
            }
        }
    }

    /// Statements up to one of `closers`, which is not taken, or to the end of an outer list.
    pub(super) fn read_list(&mut self, closers: &'static [&'static str]) -> Parsed<Block> {
        self.closers.push(closers);
        let levels = self.closers.len();
        let mut block = Block::new();
        let result = loop {
            self.skip_newlines();
            if self.peek().is_none() || self.is_at_closer() {
                break Ok(block);
            }
            let start = self.at;
            let read = self.read_and_or();
            self.closers.truncate(levels);
            match read {
                Ok(stmt) => {
                    let background = self.take_separator();
                    let ended = background.is_some();
                    block.push(BlockItem { stmt, background: background == Some(true) });
                    if !ended {
                        self.note_problem(self.at);
                        block.push(unread_item());
                        self.recover(start);
                    }
                }
                Err(error) if error.unclosed && levels > 1 => break Err(error),
                Err(error) => {
                    self.note_problem(error.at);
                    block.push(unread_item());
                    self.recover(start);
                }
            }
        };
        self.closers.truncate(levels - 1);
        result
    }

    /// What separates two statements: whether it is `&`, or `None` where nothing does.
    fn take_separator(&mut self) -> Option<bool> {
        self.skip_blanks();
        match self.peek() {
            None | Some('\n') => Some(false),
            Some(_) if self.is_at_closer() => Some(false),
            Some('&') if self.peek_next() != Some('&') => {
                self.advance(1);
                Some(true)
            }
            Some(';') if self.peek_next() != Some(';') => {
                self.advance(1);
                Some(false)
            }
            _ => None,
        }
    }

    /// Whether something comes next that ends this list or one around it.
    fn is_at_closer(&self) -> bool {
        let at_one = |closer: &&str| match *closer {
            ")" => self.peek() == Some(')'),
            ";;" => self.is_at(";;") || self.is_at(";&"),
            word => self.is_at_word(word),
        };
        let candidate = match self.peek() {
            Some(')' | ';') => true,
            _ => CLOSING_WORDS.iter().any(|word| self.is_at_word(word)),
        };
        candidate && self.closers.iter().rev().any(|closers| closers.iter().any(at_one))
    }

    /// Goes on at the next statement after one that is no shell.
    fn recover(&mut self, start: usize) {
        if self.at <= start {
            self.at = start;
            self.advance(1);
        }
        let in_brackets = self.closers.last().is_some_and(|closers| closers.contains(&")"));
        while let Some(ch) = self.peek() {
            match ch {
                '\n' => break,
                ')' if in_brackets => break,
                ';' => {
                    while self.peek() == Some(';') {
                        self.advance(1);
                    }
                    break;
                }
                _ => self.advance(1),
            }
        }
    }

    /// `a && b || c`.
    fn read_and_or(&mut self) -> Parsed<Statement> {
        let first = self.read_pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let link = if self.take("&&") {
                ListOperator::And
            } else if self.take("||") {
                ListOperator::Or
            } else {
                break;
            };
            self.skip_newlines();
            rest.push((link, self.read_pipeline()?));
        }
        Ok(if rest.is_empty() { first } else { Statement::List { first: Box::new(first), rest } })
    }

    /// `! a | b`: the `!` is the whole pipeline's.
    fn read_pipeline(&mut self) -> Parsed<Statement> {
        self.skip_blanks();
        if self.take_word("!") || (self.is_at("!(") && self.take("!")) {
            let inner = self.one_level_down(|parser| {
                parser.skip_blanks();
                if parser.is_at_end_of_command() {
                    return Ok(Statement::Simple(SimpleCommand::default()));
                }
                parser.read_pipeline()
            })?;
            return Ok(Statement::Not(Box::new(inner)));
        }
        if self.take_word("time") {
            self.skip_blanks();
            if self.take_word("-p") {
                self.skip_blanks();
            }
            if self.is_at_end_of_command() {
                return Ok(Statement::Simple(SimpleCommand::default()));
            }
            return self.one_level_down(Self::read_pipeline);
        }
        let first = self.read_command()?;
        let mut parts = vec![first];
        loop {
            self.skip_blanks();
            if self.is_at("||") || !self.take("|") {
                break;
            }
            self.take("&");
            self.skip_newlines();
            parts.push(self.read_command()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Statement::Pipeline(parts) })
    }

    fn is_at_end_of_command(&self) -> bool {
        self.peek().is_none_or(|ch| matches!(ch, '\n' | ';' | '&' | '|' | ')'))
    }
}

fn unread_item() -> BlockItem {
    BlockItem { stmt: Statement::Unread, background: false }
}
