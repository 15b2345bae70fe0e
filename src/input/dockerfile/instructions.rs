//! A Dockerfile's text to instructions: directives, continued lines, comments and here-documents, each character with
//! its place. As BuildKit's `parser.go` has it, but a line that is no instruction is reported and skipped.
//! May use `text` and `source::shell`.

use std::ops::Range;

use super::arguments;
use super::source_chars::SourceChar;
use crate::input::shell;
use crate::text::FileId;

/// Instructions that are read of one file. No real one has a third of it.
const MAX_INSTRUCTIONS: usize = 1000;

/// What a file holds.
pub(super) struct ParsedFile {
    pub(super) instructions: Vec<Instruction>,
    /// What could not be read, and why, as a clause.
    pub(super) problems: Vec<(Range<usize>, String)>,
}

/// One instruction, its lines joined.
#[derive(Debug, Clone)]
pub(super) struct Instruction {
    pub(super) file: FileId,
    /// In capitals.
    pub(super) keyword: String,
    /// Its bytes, without its here-documents.
    pub(super) at: Range<usize>,
    /// What stands after the keyword, without blanks around it.
    pub(super) rest: Vec<SourceChar>,
    /// The characters of `rest` that begin a continued line.
    breaks: Vec<usize>,
    pub(super) heredocs: Vec<Heredoc>,
    /// `\`, or the backquote where a directive says so.
    pub(super) escape: char,
}

/// A here-document: its bytes, and how it is named.
#[derive(Debug, Clone)]
pub(super) struct Heredoc {
    pub(super) name: String,
    /// Whether variables in it are replaced: the name is not quoted.
    pub(super) expand: bool,
    /// Whether leading tabs are taken away (`<<-`).
    pub(super) chomp: bool,
    pub(super) body: Range<usize>,
    /// The end of the line that ends it.
    pub(super) end: usize,
}

struct TextLine<'a> {
    start: usize,
    /// Without its line break.
    text: &'a str,
    next: usize,
}

/// Reads a file's text.
pub(super) fn parse_instructions(file: FileId, text: &str) -> ParsedFile {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (escape, mut problems) = read_directives(text, bom);
    let mut instructions = Vec::new();
    let mut at = bom;
    while let Some(first) = line_at(text, at) {
        at = first.next;
        let trimmed = first.text.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if instructions.len() == MAX_INSTRUCTIONS {
            let why = format!("more than {MAX_INSTRUCTIONS} instructions; what follows was not read");
            problems.push((first.start..first.start + first.text.len(), why));
            break;
        }
        let Some(mut instruction) = join_lines(file, text, &first, escape, &mut at) else { continue };
        if may_hold_heredocs(&instruction) {
            at = take_heredocs(text, at, &mut instruction, &mut problems);
        }
        instructions.push(instruction);
    }
    ParsedFile { instructions, problems }
}

/// The comments of a file, each in bytes from its `#` on: lines that begin with one, and those of the shell in what it
/// is given.
pub fn comments(text: &str) -> Vec<Range<usize>> {
    let parsed = parse_instructions(FileId::default(), text);
    let (mut found, mut documents) = (Vec::new(), Vec::new());
    let mut of_shell = |range: &Range<usize>| {
        let inner = shell::find_comments(text.get(range.clone()).unwrap_or_default()).into_iter();
        found.extend(inner.map(|comment| comment.start + range.start..comment.end + range.start));
    };
    for instruction in &parsed.instructions {
        let (_, rest) = arguments::split_flags(&instruction.rest, instruction.escape);
        let runs = matches!(instruction.keyword.as_str(), "RUN" | "CMD" | "ENTRYPOINT" | "HEALTHCHECK");
        if runs && instruction.escape == '\\' && arguments::json_words(rest).is_none() {
            of_shell(&instruction.byte_range(rest));
        }
        for document in &instruction.heredocs {
            if instruction.keyword == "RUN" {
                of_shell(&document.body);
            }
            documents.push(document.body.clone());
        }
    }
    let mut at = 0;
    while let Some(next) = line_at(text, at) {
        let start = next.start + (next.text.len() - next.text.trim_start().len());
        let own = next.text.trim_start().starts_with('#') && !documents.iter().any(|body| body.contains(&start));
        found.extend(own.then(|| start..next.start + next.text.len()));
        at = next.next;
    }
    found.sort_by_key(|comment| comment.start);
    found.dedup_by_key(|comment| comment.start);
    found
}

fn line_at(text: &str, start: usize) -> Option<TextLine<'_>> {
    let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
    let length = rest.find('\n');
    let line = rest.get(..length.unwrap_or(rest.len()))?;
    let next = length.map_or(text.len(), |length| start + length + 1);
    Some(TextLine { start, text: line.strip_suffix('\r').unwrap_or(line), next })
}

/// The escape character. Directives stand before everything else; what is no directive ends them.
fn read_directives(text: &str, mut at: usize) -> (char, Vec<(Range<usize>, String)>) {
    let (mut escape, mut problems) = ('\\', Vec::new());
    while let Some(line) = line_at(text, at) {
        at = line.next;
        let Some((name, value)) = line.text.strip_prefix('#').and_then(|rest| rest.split_once('=')) else { break };
        match (name.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("escape", "`") => escape = '`',
            ("escape", "\\") | ("syntax" | "check", _) => {}
            ("escape", _) => {
                let why = "an escape character other than a backslash or a backquote, which no builder takes";
                problems.push((line.start..line.start + line.text.len(), why.to_owned()));
            }
            _ => break,
        }
    }
    (escape, problems)
}

/// The line's length without the escape at its end that continues it.
fn continued_length(line: &str, escape: char) -> Option<usize> {
    let rest = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!rest.ends_with(escape)).then_some(rest.len())
}

fn join_lines(file: FileId, text: &str, first: &TextLine, escape: char, at: &mut usize) -> Option<Instruction> {
    let (mut chars, mut breaks): (Vec<SourceChar>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut push = |line: &TextLine, length: usize| {
        let part = line.text.get(..length).unwrap_or_default();
        chars.extend(part.char_indices().map(|(offset, ch)| (ch, line.start + offset)));
        chars.len()
    };
    let mut open = continued_length(first.text, escape);
    let mut length = push(first, open.unwrap_or(first.text.len()));
    while open.is_some() {
        let Some(next) = line_at(text, *at) else { break };
        *at = next.next;
        let trimmed = next.text.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        breaks.push(length);
        open = continued_length(next.text, escape);
        length = push(&next, open.unwrap_or(next.text.len()));
    }
    split_keyword(file, &chars, &breaks, escape)
}

fn split_keyword(file: FileId, chars: &[SourceChar], breaks: &[usize], escape: char) -> Option<Instruction> {
    let start = chars.iter().position(|(ch, _)| !ch.is_whitespace())?;
    let end = chars.iter().rposition(|(ch, _)| !ch.is_whitespace())? + 1;
    let word = chars.get(start..end)?.iter().take_while(|(ch, _)| !ch.is_whitespace()).count();
    let after = chars.get(start + word..end)?;
    let from = start + word + after.iter().take_while(|(ch, _)| ch.is_whitespace()).count();
    let keyword = chars.get(start..start + word)?.iter().map(|(ch, _)| ch.to_ascii_uppercase()).collect();
    let last = chars.get(end - 1)?;
    Some(Instruction {
        file,
        keyword,
        at: chars.get(start)?.1..last.1 + last.0.len_utf8(),
        rest: chars.get(from..end)?.to_vec(),
        breaks: breaks.iter().filter(|at| **at > from && **at < end).map(|at| at - from).collect(),
        heredocs: Vec::new(),
        escape,
    })
}

impl Instruction {
    /// The instruction in an `ONBUILD`.
    pub(super) fn triggered(&self) -> Option<Self> {
        let inner = split_keyword(self.file, &self.rest, &self.breaks, self.escape)?;
        Some(Self { heredocs: self.heredocs.clone(), ..inner })
    }

    /// The bytes from a character of `rest` on.
    pub(super) fn byte_range(&self, chars: &[SourceChar]) -> Range<usize> {
        let end = chars.last().map_or(self.at.end, |(ch, at)| at + ch.len_utf8());
        chars.first().map_or(self.at.end, |(_, at)| *at)..end
    }

    /// What a shell is given from a character of `rest` on. A backslash continues the lines there too, so that each
    /// character can be found again in the file; only a word that goes on in the next line is joined.
    pub(super) fn shell_text(&self, from: usize) -> String {
        let mut text = String::new();
        let mut breaks = self.breaks.iter().skip_while(|at| **at <= from).peekable();
        let blank = |ch: Option<char>| ch.is_some_and(char::is_whitespace);
        for (number, (ch, _)) in self.rest.iter().enumerate().skip(from) {
            let breaks = breaks.next_if(|at| **at == number).is_some();
            if breaks && (blank(text.chars().next_back()) || blank(Some(*ch))) {
                text.push_str("\\\n");
            }
            text.push(*ch);
        }
        text
    }
}

fn may_hold_heredocs(instruction: &Instruction) -> bool {
    let inner = (instruction.keyword == "ONBUILD").then(|| instruction.triggered()).flatten();
    let holder = inner.as_ref().unwrap_or(instruction);
    let (_, rest) = arguments::split_flags(&holder.rest, holder.escape);
    matches!(holder.keyword.as_str(), "RUN" | "COPY" | "ADD") && arguments::json_words(rest).is_none()
}

/// Takes in the here-documents that the line names, and says where the next instruction may begin.
fn take_heredocs(
    text: &str,
    mut at: usize,
    instruction: &mut Instruction,
    problems: &mut Vec<(Range<usize>, String)>,
) -> usize {
    for (name, expand, chomp) in arguments::heredoc_names(&instruction.rest) {
        let start = at;
        let mut ahead = at;
        let mut found = None;
        while let Some(line) = line_at(text, ahead) {
            let shown = if chomp { line.text.trim_start_matches('\t') } else { line.text };
            ahead = line.next;
            if shown == name {
                found = Some((line.start, line.start + line.text.len()));
                break;
            }
        }
        let Some((stop, end)) = found else {
            let why = "a here-document that no line ends; it was taken for a part of the command";
            problems.push((instruction.at.clone(), why.to_owned()));
            return at;
        };
        instruction.heredocs.push(Heredoc { name, expand, chomp, body: start..stop, end });
        at = ahead;
    }
    at
}
