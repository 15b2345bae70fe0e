//! Words with variables in them: one template type and one expander for all kinds of files, each of which is a [`Dialect`].
//! May use `model::value` and `text`.

use super::{Content, Value};
use crate::text::Span;
use crate::text::yaml::Symbol;

/// How deep templates may nest in each other's defaults.
const MAX_DEPTH: usize = 64;

/// How a kind of file writes variables.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// Whether `$$` is a dollar sign.
    pub double_dollar: bool,
    /// What takes the special meaning from the next character.
    pub escape: Escape,
    /// Whether quotes group and are removed.
    pub quotes: bool,
    /// Whether `$(command)` and backquotes are recognised.
    pub commands: bool,
    /// Whether `$1`, `$@` and the like are variables.
    pub special_names: bool,
    /// Which characters a name is made of, beside `_`.
    pub name_char: fn(char) -> bool,
    /// The operators after a name; `None` where any is taken and what cannot be read stays as it is written.
    pub operators: Option<&'static str>,
    /// Whether the brace that closes `${NAME:-word}` is found as Compose does, by counting braces.
    pub counts_braces: bool,
}

/// What takes the special meaning from the next character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Nothing.
    None,
    /// This character, before any other. It is removed.
    Any(char),
    /// A backslash before `$`, a backquote or `~`. It is removed.
    Shell,
    /// The same, and it is kept.
    ShellKept,
}

impl Dialect {
    /// Compose files and their `.env` files (Compose specification, "Interpolation").
    pub const COMPOSE: Self = Self {
        double_dollar: true,
        escape: Escape::None,
        quotes: false,
        commands: false,
        special_names: false,
        name_char: is_ascii_name,
        operators: Some("-+?"),
        counts_braces: true,
    };

    /// Words of a call as [`super::Invocation::argv`] has them.
    pub const SHELL_WORD: Self = Self {
        double_dollar: false,
        escape: Escape::Shell,
        commands: true,
        special_names: true,
        operators: None,
        counts_braces: false,
        ..Self::COMPOSE
    };

    /// An instruction of a Dockerfile (BuildKit, `shell/lex.go`); `quotes` as in everything but a here-document.
    pub fn dockerfile(escape: char, quotes: bool) -> Self {
        let name_char = char::is_alphanumeric;
        let escape = Escape::Any(escape);
        let operators = Some("-+?#%/");
        Self { escape, quotes, name_char, operators, double_dollar: false, commands: false, ..Self::SHELL_WORD }
    }
}

fn is_ascii_name(ch: char) -> bool {
    ch.is_ascii_alphanumeric()
}

/// A word, taken apart at its variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template<'t> {
    /// Its parts, in order.
    pub segments: Vec<Segment<'t>>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment<'t> {
    /// Text without special meaning.
    Text(String),
    /// A variable.
    Variable(Placeholder<'t>),
    /// A command's output, or an expansion that is not read: as it is written.
    Opaque(&'t str),
}

/// A variable in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// Its name.
    pub name: &'t str,
    /// What happens where it is set or not.
    pub operation: Option<Operation<'t>>,
    /// All of it, as it is written.
    pub written: &'t str,
}

/// An operator after a variable's name, with the word that it is applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation<'t> {
    /// Whether an empty value counts as none (`:` before the operator).
    pub strict: bool,
    /// `-`, `+`, `?` or another.
    pub operator: char,
    /// The word.
    pub word: Template<'t>,
    /// The word as it is written.
    pub written: &'t str,
}

/// Why a template cannot be read or expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// A `${` without its `}`.
    Unclosed,
    /// A quote without its end.
    UnclosedQuote,
    /// A `${` that begins no variable.
    NoName,
    /// An operator that the dialect does not know.
    BadOperator,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More text than the limit.
    TooLong,
    /// A variable that the template insists on.
    Required {
        /// Its name.
        name: String,
        /// What the template says of it, as it is written.
        reason: String,
    },
}

/// What a variable stands for.
#[derive(Debug, Clone, Copy)]
pub enum Binding<'a> {
    /// A text.
    Text(&'a str),
    /// A value that may have symbols in it.
    Value(&'a Value),
    /// It has no value.
    Unset,
    /// It may have a value or not.
    Unknown,
}

/// How a template is expanded.
#[derive(Clone, Copy)]
pub struct Expander<'a> {
    /// What a variable stands for.
    pub lookup: &'a dyn Fn(&str) -> Binding<'a>,
    /// What an unset variable without a default becomes.
    pub unset: UnsetVariable,
    /// Whether what is unknown stays as it is written, not as a symbol.
    pub keeps_unknown: bool,
    /// How long the text may become, in bytes.
    pub limit: usize,
}

/// What an unset variable without a default becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnsetVariable {
    /// Nothing; one that the template insists on is an error.
    Empty,
    /// Nothing; one that the template insists on is a symbol.
    EmptyUnlessRequired,
    /// A symbol.
    Symbol,
}

/// A template with its variables replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text, with `${NAME}` for each symbol.
    pub text: String,
    /// The variables that have no value, in order of appearance.
    pub symbols: Vec<Symbol>,
    /// The names of unset variables without a default.
    pub unset: Vec<String>,
}

impl<'t> Template<'t> {
    /// Takes a word apart.
    ///
    /// # Errors
    /// The word is none in this dialect, also where what is wrong is in a default that nobody needs.
    pub fn parse(word: &'t str, dialect: Dialect) -> Result<Self, TemplateError> {
        Parser { rest: word, dialect }.template(None, 0)
    }

    /// Replaces its variables.
    ///
    /// # Errors
    /// It becomes too long, or a required variable is missing.
    pub fn expand(&self, expander: Expander<'_>) -> Result<Expanded, TemplateError> {
        let mut expanded = Expanded::default();
        expanded.add_template(self, &expander)?;
        Ok(expanded)
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

impl Expanded {
    /// The same as the model has it.
    pub fn into_value(self, span: Option<Span>) -> Value {
        Value { text: self.text, symbols: self.symbols, span }
    }

    fn add_template(&mut self, template: &Template<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        for segment in &template.segments {
            match segment {
                Segment::Text(text) => self.text.push_str(text),
                Segment::Opaque(written) => self.text.push_str(written),
                Segment::Variable(placeholder) => self.add_variable(placeholder, expander)?,
            }
            if self.text.len() > expander.limit {
                return Err(TemplateError::TooLong);
            }
        }
        Ok(())
    }

    fn add_variable(&mut self, placeholder: &Placeholder<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        let name = placeholder.name;
        let binding = (expander.lookup)(name);
        let Some(operation) = &placeholder.operation else {
            match binding {
                Binding::Unset => self.add_unset(name, false, expander),
                Binding::Unknown => self.add_unknown(placeholder, expander)?,
                set => self.add_value(set),
            }
            return Ok(());
        };
        // A word that is not needed may be too long all the same, or insist on a variable.
        let mut word = Self::default();
        word.add_template(&operation.word, expander)?;
        let is_set = binding.is_set(operation.strict);
        match (operation.operator, is_set) {
            ('-', Some(false)) | ('+', Some(true)) => self.add_word(word),
            ('-' | '?', Some(true)) => self.add_value(binding),
            ('?', Some(false)) if expander.unset == UnsetVariable::Empty => {
                return Err(TemplateError::Required { name: name.to_owned(), reason: operation.written.to_owned() });
            }
            ('?', Some(false)) if expander.unset == UnsetVariable::Symbol => {
                self.add_unset(name, operation.strict, expander);
            }
            ('?', _) if !expander.keeps_unknown => self.add_symbol(name, operation.strict),
            ('+' | '#' | '%' | '/', Some(false)) => {}
            // What is cut off or replaced by a pattern is not worked out.
            _ => self.add_unknown(placeholder, expander)?,
        }
        Ok(())
    }

    fn add_value(&mut self, binding: Binding<'_>) {
        match binding {
            Binding::Text(text) => self.text.push_str(text),
            Binding::Value(value) => {
                self.text.push_str(&value.text);
                self.symbols.extend_from_slice(&value.symbols);
            }
            Binding::Unset | Binding::Unknown => {}
        }
    }

    fn add_unset(&mut self, name: &str, required: bool, expander: &Expander<'_>) {
        self.unset.push(name.to_owned());
        if expander.unset == UnsetVariable::Symbol {
            self.add_symbol(name, required);
        }
    }

    fn add_symbol(&mut self, name: &str, required: bool) {
        self.text.push_str(&format!("${{{name}}}"));
        self.symbols.push(Symbol { name: name.to_owned(), required });
    }

    fn add_unknown(&mut self, placeholder: &Placeholder<'_>, expander: &Expander<'_>) -> Result<(), TemplateError> {
        match &placeholder.operation {
            _ if !expander.keeps_unknown => self.add_symbol(placeholder.name, false),
            None => self.text.push_str(placeholder.written),
            Some(Operation { strict, operator, word, .. }) => {
                let colon = if *strict { ":" } else { "" };
                self.text.push_str(&format!("${{{}{colon}{operator}", placeholder.name));
                self.add_template(word, expander)?;
                self.text.push('}');
            }
        }
        Ok(())
    }

    fn add_word(&mut self, word: Self) {
        self.text.push_str(&word.text);
        self.symbols.extend(word.symbols);
        self.unset.extend(word.unset);
    }
}

impl Binding<'_> {
    /// Whether the variable counts as set; `None` where that is not known.
    fn is_set(self, strict: bool) -> Option<bool> {
        match self {
            Self::Unset => Some(false),
            Self::Unknown => None,
            Self::Text(text) => Some(!strict || !text.is_empty()),
            Self::Value(_) if !strict => Some(true),
            Self::Value(value) => match value.content() {
                Content::Empty => Some(false),
                Content::Filled => Some(true),
                Content::Unknown => None,
            },
        }
    }
}
