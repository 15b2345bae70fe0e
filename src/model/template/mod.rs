//! Words with variables in them: one template type and one expander for all kinds of files, each of which is a [`Dialect`].
//! May use `model::value` and `text`.

mod expander;
mod template_parser;
#[cfg(test)]
mod tests;

pub use expander::{Binding, Expanded, Expander, UnsetVariable};

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
    /// Templates nested too deeply in defaults.
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
