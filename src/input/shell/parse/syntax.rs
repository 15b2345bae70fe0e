//! The shell's statements and words, as far as they matter here: plain data.
//! May use `text` and `model`.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::model::Parameter;
use crate::text::{FileId, TracedText};

/// Statements one after the other.
pub(crate) type Block = Vec<BlockItem>;

/// A statement of a block.
#[derive(Debug)]
pub(crate) struct BlockItem {
    pub(crate) stmt: Statement,
    /// Whether `&` follows it.
    pub(crate) background: bool,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Statement {
    Simple(SimpleCommand),
    /// `export`, `local`, `readonly`, `declare`.
    Declare {
        keyword: String,
        items: Vec<DeclareItem>,
    },
    Unset(Vec<UnexpandedWord>),
    /// `a && b || c`.
    List {
        first: Box<Statement>,
        rest: Vec<(ListOperator, Statement)>,
    },
    Pipeline(Vec<Statement>),
    Not(Box<Statement>),
    Group(Block),
    Subshell(Block),
    If {
        arms: Vec<(Block, Block)>,
        otherwise: Block,
    },
    While {
        until: bool,
        condition: Block,
        body: Rc<Block>,
    },
    For {
        variable: Option<String>,
        words: Vec<UnexpandedWord>,
        body: Rc<Block>,
    },
    Case {
        subject: UnexpandedWord,
        arms: Vec<CaseArm>,
    },
    Function {
        name: String,
        body: Rc<FunctionBody>,
    },
    Test(TestExpr),
    Redirected {
        body: Box<Statement>,
        redirects: Vec<Redirect>,
    },
    /// What is no shell.
    Unread,
}

/// What a function does.
#[derive(Debug)]
pub(crate) struct FunctionBody {
    pub(crate) statement: Statement,
    /// Where the function's name is written, as the byte of a file.
    pub(crate) named_at: Option<(FileId, u32)>,
}

/// The operator between two statements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListOperator {
    And,
    Or,
}

/// A command with its words, or assignments alone.
#[derive(Debug, Default)]
pub(crate) struct SimpleCommand {
    pub(crate) assigns: Vec<Assignment>,
    pub(crate) words: Vec<UnexpandedWord>,
    pub(crate) redirects: Vec<Redirect>,
}

/// An operand of `export` and its kin.
#[derive(Debug)]
pub(crate) enum DeclareItem {
    Assign(Assignment),
    Word(UnexpandedWord),
}

/// `NAME=value`, `NAME+=value`, `NAME=(a b)`.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub(crate) name: String,
    pub(crate) append: bool,
    /// What stands between the brackets, where it sets one element of an array.
    pub(crate) element: Option<String>,
    pub(crate) value: AssignedValue,
}

/// What is assigned.
#[derive(Debug)]
pub(crate) enum AssignedValue {
    Word(UnexpandedWord),
    List(Vec<UnexpandedWord>),
}

/// One branch of a `case`.
#[derive(Debug)]
pub(crate) struct CaseArm {
    pub(crate) patterns: Vec<UnexpandedWord>,
    pub(crate) body: Block,
    /// Whether it goes on into the next (`;&`, `;;&`).
    pub(crate) falls: bool,
}

/// The expression in `[ ]` or `[[ ]]`.
#[derive(Debug)]
pub(crate) enum TestExpr {
    Unary(String, UnexpandedWord),
    Binary(UnexpandedWord, String, UnexpandedWord),
    Bare(UnexpandedWord),
    Not(Box<TestExpr>),
    /// `(( ))`, as it is written between the brackets, with the commands substituted in it.
    Arithmetic(String, Vec<Block>),
    /// Anything else, with the commands substituted in it.
    Other(Vec<Block>),
}

/// A redirection.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) target: RedirectTarget,
    pub(crate) action: RedirectAction,
    /// Whether it writes behind what the file has.
    pub(crate) appends: bool,
}

/// What is redirected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RedirectTarget {
    Number(u32),
    /// `{name}>file`.
    Named(String),
}

/// What a redirection does.
#[derive(Debug)]
pub(crate) enum RedirectAction {
    Open(UnexpandedWord),
    /// `9>&8`: the word is the descriptor.
    Copy(UnexpandedWord),
    Close,
    /// A here-document or here-string.
    Data(Rc<HereDocument>),
}

/// The text of a here-document or here-string, as a word that is not split. It is read after the command that it
/// belongs to.
#[derive(Debug, Default)]
pub(crate) struct HereDocument(OnceCell<UnexpandedWord>);

impl HereDocument {
    pub(crate) fn of_word(word: UnexpandedWord) -> Self {
        Self(OnceCell::from(word))
    }

    /// Gives it the text that was found for it.
    pub(crate) fn set(&self, word: UnexpandedWord) {
        // Each is read once.
        let _ = self.0.set(word);
    }

    /// The text; `None` where the script ends before it.
    pub(crate) fn word(&self) -> Option<&UnexpandedWord> {
        self.0.get()
    }
}

/// A word before expansion.
#[derive(Debug, Default)]
pub(crate) struct UnexpandedWord {
    pub(crate) parts: Vec<WordPart>,
    /// The word as it is written.
    pub(crate) source: TracedText,
    /// Of an element of an array, as `[subscript]=word` is one: what stands in the brackets.
    pub(crate) subscript: Option<String>,
}

/// A piece of a word.
#[derive(Debug)]
pub(crate) enum WordPart {
    Text {
        text: TracedText,
        /// Whether it begins with a tilde without quotes.
        tilde: bool,
    },
    Param {
        param: Parameter,
        raw: TracedText,
        quoted: bool,
        /// Commands substituted inside.
        blocks: Vec<Block>,
    },
    /// `$( )`, `$(( ))`, `<( )`: known only when it runs.
    Computed { raw: TracedText, blocks: Vec<Block> },
}
