//! Takes words apart at their variables. Uses the types of `super` alone.

use super::{Dialect, Escape, Operation, Placeholder, Segment, Template, TemplateError};

/// How deep templates may nest in each other's defaults.
const MAX_DEPTH: usize = 64;

impl<'t> Template<'t> {
    /// Takes a word apart.
    ///
    /// # Errors
    /// The word is none in this dialect, also where what is wrong is in a default that nobody needs.
    pub fn parse(word: &'t str, dialect: Dialect) -> Result<Self, TemplateError> {
        Parser { rest: word, dialect }.template(None, 0)
    }

    fn push_text(&mut self, text: &str) {
        match self.segments.last_mut() {
            Some(Segment::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.segments.push(Segment::Text(text.to_owned())),
        }
    }

    fn push_char(&mut self, ch: char) {
        self.push_text(ch.encode_utf8(&mut [0; 4]));
    }
}

struct Parser<'t> {
    rest: &'t str,
    dialect: Dialect,
}

impl<'t> Parser<'t> {
    fn peek_char(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next_char(&mut self) -> Option<char> {
        let ch = self.peek_char();
        self.take_bytes(ch.map_or(0, char::len_utf8));
        ch
    }

    fn take_bytes(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn template(&mut self, stop: Option<char>, depth: usize) -> Result<Template<'t>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::TooDeep);
        }
        let mut template = Template::default();
        loop {
            let plain = self.rest.find(|ch| matches!(ch, '$' | '\\' | '`' | '\'' | '"') || Some(ch) == stop);
            template.push_text(self.take_bytes(plain.unwrap_or(self.rest.len())));
            match self.peek_char() {
                None if stop.is_some() => return Err(TemplateError::Unclosed),
                None => return Ok(template),
                Some('$') => self.dollar(&mut template, depth)?,
                Some('\'') if self.dialect.quotes => self.single_quoted(&mut template)?,
                Some('"') if self.dialect.quotes => self.double_quoted(&mut template, depth)?,
                Some('`') if self.dialect.commands => {
                    let length =
                        self.rest.get(1..).and_then(|rest| rest.find('`')).map_or(self.rest.len(), |at| at + 2);
                    template.segments.push(Segment::Opaque(self.take_bytes(length)));
                }
                ch if ch == stop => {
                    self.next_char();
                    return Ok(template);
                }
                Some(ch) => self.escaped(ch, &mut template),
            }
        }
    }

    /// A character that may take the special meaning from the next.
    fn escaped(&mut self, ch: char, template: &mut Template<'t>) {
        self.next_char();
        let next = self.peek_char();
        let of_shell = ch == '\\' && matches!(next, Some('$' | '`' | '~'));
        let (escapes, kept) = match self.dialect.escape {
            Escape::None => (false, true),
            Escape::Any(escape) => (ch == escape, ch != escape),
            Escape::Shell => (of_shell, !of_shell),
            Escape::ShellKept => (of_shell, true),
        };
        if kept {
            template.push_char(ch);
        }
        if escapes && let Some(next) = self.next_char() {
            template.push_char(next);
        }
    }

    fn single_quoted(&mut self, template: &mut Template<'t>) -> Result<(), TemplateError> {
        self.next_char();
        let end = self.rest.find('\'').ok_or(TemplateError::UnclosedQuote)?;
        template.push_text(self.take_bytes(end));
        self.next_char();
        Ok(())
    }

    fn double_quoted(&mut self, template: &mut Template<'t>, depth: usize) -> Result<(), TemplateError> {
        self.next_char();
        loop {
            match self.peek_char().ok_or(TemplateError::UnclosedQuote)? {
                '"' => {
                    self.next_char();
                    return Ok(());
                }
                '$' => self.dollar(template, depth)?,
                ch => {
                    self.next_char();
                    let escapes = self.dialect.escape == Escape::Any(ch)
                        && self.peek_char().is_some_and(|next| matches!(next, '"' | '$') || next == ch);
                    let ch = if escapes { self.next_char() } else { Some(ch) };
                    template.push_text(ch.unwrap_or_default().encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// What begins with a dollar sign.
    fn dollar(&mut self, template: &mut Template<'t>, depth: usize) -> Result<(), TemplateError> {
        let start = self.rest;
        self.next_char();
        match self.peek_char() {
            Some('$') if self.dialect.double_dollar => {
                self.next_char();
                template.push_text("$");
            }
            Some('{') => {
                self.next_char();
                match self.braced(depth) {
                    Ok((name, operation)) => {
                        let written = start.get(..start.len() - self.rest.len()).unwrap_or_default();
                        template.segments.push(Segment::Variable(Placeholder { name, operation, written }));
                    }
                    Err(TemplateError::NoName | TemplateError::Unclosed) if self.dialect.operators.is_none() => {
                        self.rest = start;
                        let length = start.find('}').map_or(start.len(), |at| at + 1);
                        template.segments.push(Segment::Opaque(self.take_bytes(length)));
                    }
                    Err(error) => return Err(error),
                }
            }
            Some('(') if self.dialect.commands => {
                self.rest = start;
                let length = closing_bracket(start, '(', ')').map_or(start.len(), |at| at + 1);
                template.segments.push(Segment::Opaque(self.take_bytes(length)));
            }
            _ => match self.name() {
                "" => template.push_text("$"),
                name => {
                    let written = start.get(..1 + name.len()).unwrap_or_default();
                    template.segments.push(Segment::Variable(Placeholder { name, operation: None, written }));
                }
            },
        }
        Ok(())
    }

    fn name(&mut self) -> &'t str {
        let Dialect { special_names, name_char, .. } = self.dialect;
        let length = match self.peek_char() {
            Some(ch) if ch.is_ascii_digit() && !special_names => 0,
            Some(ch) if ch.is_ascii_digit() => {
                self.rest.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(self.rest.len())
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') if special_names => 1,
            _ => self.rest.find(|ch| !name_char(ch) && ch != '_').unwrap_or(self.rest.len()),
        };
        self.take_bytes(length)
    }

    /// What stands between braces: a name, and perhaps an operator with its word.
    fn braced(&mut self, depth: usize) -> Result<(&'t str, Option<Operation<'t>>), TemplateError> {
        let inside = self.rest;
        let name = self.name();
        if name.is_empty() {
            return Err(TemplateError::NoName);
        }
        let mut operator = self.next_char().ok_or(TemplateError::Unclosed)?;
        if operator == '}' {
            return Ok((name, None));
        }
        let strict = operator == ':';
        if strict {
            operator = self.next_char().ok_or(TemplateError::Unclosed)?;
        }
        if self.dialect.operators.is_some_and(|operators| !operators.contains(operator)) {
            return Err(TemplateError::BadOperator);
        }
        let before = self.rest;
        let (word, written) = if self.dialect.counts_braces {
            let end = counted_end(inside).ok_or(TemplateError::Unclosed)?;
            let written = self.take_bytes((end + before.len()).saturating_sub(inside.len()));
            self.next_char();
            (Parser { rest: written, dialect: self.dialect }.template(None, depth + 1)?, written)
        } else {
            let word = self.template(Some('}'), depth + 1)?;
            (word, before.get(..before.len() - self.rest.len() - 1).unwrap_or_default())
        };
        Ok((name, Some(Operation { strict, operator, word, written })))
    }
}

/// Where the bracket that closes the first one is.
fn closing_bracket(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    text.char_indices().find_map(|(at, ch)| {
        depth += usize::from(ch == open);
        if ch == close {
            depth = depth.saturating_sub(1);
            return (depth == 0).then_some(at);
        }
        None
    })
}

/// Where the brace is that ends a variable with an operator, as Compose finds it: the one that closes it, or else the
/// last of the line. What directly follows an opening brace is not looked at.
fn counted_end(inside: &str) -> Option<usize> {
    let line = inside.split('\n').next().unwrap_or("");
    let mut depth = 1usize;
    let mut bytes = line.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => {
                depth += 1;
                bytes.next();
            }
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    line.rfind('}')
}
