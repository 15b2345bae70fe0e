//! The shell's statements and words, as far as they matter here: plain data, made by `grammar`.
//! Uses `glyph` alone.

use std::rc::Rc;

use super::glyph::Text;

/// Statements one after the other.
pub(super) type Block = Vec<Item>;

/// A statement of a block.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) stmt: Stmt,
    /// Whether `&` follows it.
    pub(super) background: bool,
}

/// A statement.
#[derive(Debug)]
pub(super) enum Stmt {
    Simple(Simple),
    /// `export`, `local`, `readonly`, `declare`.
    Declare {
        keyword: String,
        items: Vec<Declared>,
    },
    Unset(Vec<Word>),
    /// `a && b || c`.
    List {
        first: Box<Stmt>,
        rest: Vec<(Link, Stmt)>,
    },
    Pipeline(Vec<Stmt>),
    Not(Box<Stmt>),
    Group(Block),
    Subshell(Block),
    If {
        arms: Vec<(Block, Block)>,
        otherwise: Block,
    },
    While {
        until: bool,
        condition: Block,
        body: Block,
    },
    For {
        variable: Option<String>,
        words: Vec<Word>,
        body: Block,
    },
    Case {
        subject: Word,
        arms: Vec<Arm>,
    },
    Function {
        name: String,
        body: Rc<Stmt>,
    },
    Test(Test),
    Redirected {
        body: Box<Stmt>,
        redirects: Vec<Redirect>,
    },
    /// What the grammar could not make sense of.
    Unread,
}

/// How two statements of a list hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    And,
    Or,
}

/// A command with its words, or assignments alone.
#[derive(Debug, Default)]
pub(super) struct Simple {
    pub(super) assigns: Vec<Assign>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// An operand of `export` and its kin.
#[derive(Debug)]
pub(super) enum Declared {
    Assign(Assign),
    Word(Word),
}

/// `NAME=value`, `NAME+=value`, `NAME=(a b)`.
#[derive(Debug)]
pub(super) struct Assign {
    pub(super) name: String,
    pub(super) append: bool,
    /// Whether it sets one element of an array.
    pub(super) element: bool,
    pub(super) value: Assigned,
}

/// What is assigned.
#[derive(Debug)]
pub(super) enum Assigned {
    Word(Word),
    List(Vec<Word>),
}

/// One branch of a `case`.
#[derive(Debug)]
pub(super) struct Arm {
    pub(super) patterns: Vec<Word>,
    pub(super) body: Block,
    /// Whether it goes on into the next (`;&`, `;;&`).
    pub(super) falls: bool,
}

/// What stands in `[ ]` or `[[ ]]`.
#[derive(Debug)]
pub(super) enum Test {
    Unary(String, Word),
    Binary(Word, String, Word),
    Bare(Word),
    Not(Box<Test>),
    /// Anything else, with the commands substituted in it.
    Other(Vec<Block>),
}

/// A redirection.
#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) target: Target,
    pub(super) action: Action,
}

/// What is redirected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Number(u32),
    /// `{name}>file`.
    Named(String),
}

/// What a redirection does.
#[derive(Debug)]
pub(super) enum Action {
    Open(Word),
    /// `9>&8`: the word is the descriptor.
    Copy(Word),
    Close,
    /// A here-document or here-string, with the commands substituted in it.
    Data(Vec<Block>),
}

/// A word before expansion.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    /// The word as it is written.
    pub(super) source: Text,
}

/// A piece of a word.
#[derive(Debug)]
pub(super) enum Part {
    Text {
        text: Text,
        /// Whether it begins with a tilde without quotes.
        tilde: bool,
    },
    Param {
        param: Param,
        raw: Text,
        quoted: bool,
        /// Commands substituted inside.
        blocks: Vec<Block>,
    },
    /// `$( )`, `$(( ))`, `<( )`: known only when it runs.
    Computed { raw: Text, blocks: Vec<Block> },
}

/// Operators of more than one character come first.
const OPERATORS: [&str; 8] = [":-", ":=", ":?", ":+", "-", "=", "?", "+"];

/// A parameter expansion, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Param {
    pub(super) name: String,
    /// Whether all elements are meant (`[@]`, `[*]`).
    pub(super) all: bool,
    /// `:-`, `-`, `:=`, `:+`, `#`, ... or nothing.
    pub(super) op: String,
    /// What stands after the operator.
    pub(super) rest: String,
}

impl Param {
    /// Takes `$NAME` or `${NAME op rest}` apart; `None` where it is anything else.
    pub(super) fn parse(raw: &str) -> Option<Self> {
        let body = raw.strip_prefix('$')?;
        let Some(inner) = body.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) else {
            let (name, rest) = split_name(body)?;
            return rest.is_empty().then(|| Self { name: name.to_owned(), ..Self::default() });
        };
        if inner.len() > 1 && inner.starts_with(['#', '!']) {
            return None;
        }
        let (name, mut rest) = split_name(inner)?;
        let all = ["[@]", "[*]"].iter().any(|suffix| rest.starts_with(suffix));
        if all {
            rest = rest.get(3..).unwrap_or("");
        }
        // The first element of a list is what its name alone means.
        rest = rest.strip_prefix("[0]").unwrap_or(rest);
        if rest.starts_with('[') {
            return None;
        }
        let known = OPERATORS.iter().find(|op| rest.starts_with(**op));
        let op = known.copied().unwrap_or_else(|| rest.get(..1).unwrap_or(""));
        let tail = rest.strip_prefix(op).unwrap_or("");
        Some(Self { name: name.to_owned(), all, op: op.to_owned(), rest: tail.to_owned() })
    }

    /// Whether the value is used as it is, but for a default.
    pub(super) fn is_value(&self) -> bool {
        matches!(self.op.as_str(), "" | ":-" | "-" | ":=" | "=" | ":?" | "?")
    }
}

fn split_name(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let end = if first.is_ascii_alphabetic() || first == '_' {
        text.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(text.len())
    } else if first.is_ascii_digit() {
        text.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(text.len())
    } else if "@*#?!$-".contains(first) {
        1
    } else {
        return None;
    };
    text.split_at_checked(end)
}
