//! Reads shell text into statements: a parser of bash's grammar, and of what dash reads otherwise, that keeps positions
//! and goes on after what it does not understand. May use `text` and `model`.
//!
//! ```text
//! syntax            what is read
//! cursor            the characters, and how far reading has come
//! statement_lists   lists, pipelines, and where reading goes on after an error
//! compound_commands if, while, for, case, functions
//! simple_commands   words, assignments, declarations
//! test_expressions  `[[ ]]` and `[ ]`
//! shell_words       words and quotes;  `expansions`: what begins with `$` or a backquote
//! redirections      redirections;  `here_documents`: their texts
//! ```

mod compound_commands;
mod cursor;
mod expansions;
mod here_documents;
mod pending_document;
mod redirections;
mod shell_words;
mod simple_commands;
mod statement_lists;
pub(crate) mod syntax;
mod test_expressions;

#[cfg(test)]
mod tests;

use std::ops::Range;

use self::cursor::ShellParser;
use self::syntax::Block;
use crate::text::TracedText;

/// Bytes of one text that are read.
const TEXT: usize = 256 * 1024;

/// A text as statements.
pub(crate) struct ParsedText {
    pub(crate) block: Block,
    /// Why it is not all of it: from which line on, 0 for none, and a clause.
    pub(crate) problem: Option<(usize, &'static str)>,
}

/// Reads a text. Whatever could not be read is named in `problem`, never left out in silence.
pub(crate) fn parse_text(text: &TracedText) -> ParsedText {
    if is_too_long(text) {
        return ParsedText { block: Vec::new(), problem: Some((0, "is too long to be read")) };
    }
    let mut parser = ShellParser::new(&text.0);
    let block = parser.read_whole();
    let problem = match parser.problem() {
        _ if parser.stopped().is_some() => parser.stopped().map(|why| (0, why)),
        Some(at) => Some((line_at(text, at), "could not be read as shell")),
        None => None,
    };
    ParsedText { block, problem }
}

/// The comments of a text, in bytes.
pub(crate) fn find_comments(text: &str) -> Vec<Range<usize>> {
    let traced = TracedText::plain(text);
    if is_too_long(&traced) {
        return Vec::new();
    }
    let mut parser = ShellParser::new(&traced.0);
    let _ = parser.read_whole();
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let byte = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    let mut comments: Vec<Range<usize>> =
        parser.into_comments().into_iter().map(|range| byte(range.start)..byte(range.end)).collect();
    // A line that was read twice has its comment twice.
    comments.sort_by_key(|range| range.start);
    comments.dedup();
    comments
}

fn is_too_long(text: &TracedText) -> bool {
    text.0.len() > TEXT || text.0.iter().map(|traced| traced.ch.len_utf8()).sum::<usize>() > TEXT
}

/// The line, from 1, of a character.
fn line_at(text: &TracedText, at: usize) -> usize {
    1 + text.0.iter().take(at).filter(|traced| traced.ch == '\n').count()
}
