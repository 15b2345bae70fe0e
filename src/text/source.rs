//! The files that were read, and spans in them.
//! Uses `reader` alone, which reads them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::reader::Reader;

/// Names one file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(u32);

/// A position in a file: line and column, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pos {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters (Unicode scalar values), from 1.
    pub column: u32,
}

impl Pos {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl Default for Pos {
    fn default() -> Self {
        Self::START
    }
}

/// A half-open range of a file: `end` is the position after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first character.
    pub start: Pos,
    /// The position after the last character.
    pub end: Pos,
}

impl Span {
    /// The start of a file, for what concerns it as a whole.
    pub fn file_start(file: FileId) -> Self {
        Self { file, start: Pos::START, end: Pos::START }
    }

    /// A span of no width at a position.
    pub fn at(file: FileId, pos: Pos) -> Self {
        Self { file, start: pos, end: pos }
    }
}

/// Who told a line of what is known of a running container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The engine, asked about the container.
    Engine,
    /// The kernel, by its tables of mounts, locks and processes.
    Kernel,
}

/// By which rules a file that people write is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// YAML.
    Yaml,
    /// A shell script.
    Shell,
    /// A Dockerfile.
    Dockerfile,
    /// JSON with comments.
    Json,
    /// HCL.
    Hcl,
}

/// A file's name as it is shown to a person, and its text. Or what was told of a running container, a fact a line.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    /// Of a running container, who told each line; empty for a file.
    tellers: Vec<Teller>,
    /// The rules of its comments; `None` where nobody looks for any.
    syntax: Option<Syntax>,
}

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        let line_starts = line_starts(&text);
        Self { name, text, line_starts, tellers: Vec::new(), syntax: None }
    }

    /// A text that is only compared with another.
    pub fn unnamed(text: &str) -> Self {
        Self::new(String::new(), text.to_owned())
    }

    /// How many lines there are.
    pub fn line_count(&self) -> u32 {
        narrow(self.line_starts.len())
    }

    /// The name shown to a person: the path as it was given or found, `-` for standard input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name as a place to look at: a file's path, or which container or image it was told of. No container's name
    /// has a blank in it.
    pub fn label(&self) -> String {
        let whole = self.tellers.is_empty() || self.name.starts_with("image ");
        if whole { self.name.clone() } else { format!("container {}", self.name) }
    }

    /// Who told a line, from 1; `None` in a file.
    pub fn teller(&self, line: u32) -> Option<Teller> {
        self.tellers.get((line as usize).checked_sub(1)?).copied()
    }

    /// By which rules it is written, where it is a file of a repository that may hold comments.
    pub fn syntax(&self) -> Option<Syntax> {
        self.syntax
    }

    /// Whether it has this text, by these rules.
    fn is_same(&self, text: &str, syntax: Syntax) -> bool {
        self.syntax == Some(syntax) && self.text == text
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One line, from 1, without its line break. Empty where there is no such line.
    pub fn line(&self, line: u32) -> &str {
        let Some(at) = (line as usize).checked_sub(1) else { return "" };
        let Some(&start) = self.line_starts.get(at) else { return "" };
        let end = self.line_starts.get(at + 1).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The span of one line, from 1, of the file that has this name here.
    pub fn line_span(&self, file: FileId, line: usize) -> Span {
        let pos = |column| Pos { line: narrow(line), column: narrow(column) };
        Span { file, start: pos(1), end: pos(self.line(narrow(line)).chars().count() + 1) }
    }

    /// The text that a span covers, or nothing where the span does not fit this file.
    pub fn slice(&self, span: Span) -> &str {
        let range = self.offset(span.start).zip(self.offset(span.end));
        range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or("")
    }

    /// The byte offset of a position, or `None` past the end.
    pub fn offset(&self, pos: Pos) -> Option<usize> {
        let start = *self.line_starts.get((pos.line as usize).checked_sub(1)?)?;
        let skip = (pos.column as usize).checked_sub(1)?;
        let rest = self.text.get(start..)?;
        let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(skip)?;
        Some(start + within)
    }

    /// The position of a byte offset; the end of the text where it lies beyond.
    pub fn position(&self, offset: usize) -> Pos {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |text| text.chars().count());
        Pos { line: narrow(line), column: narrow(column + 1) }
    }
}

/// Every file read in one run, and the reader that reads them. It can be added to from several threads; a file never
/// changes.
#[derive(Debug, Default)]
pub struct Sources {
    files: Mutex<Vec<Arc<SourceFile>>>,
    /// The newest file of each name that was taken in as written by people, by the rules that it was taken in by.
    written: Mutex<HashMap<(String, Syntax), FileId>>,
    /// All of those, however many other texts there are.
    by_people: Mutex<Vec<FileId>>,
    reader: Arc<Reader>,
}

impl Sources {
    /// Files that this reader reads.
    pub fn reading(reader: Reader) -> Self {
        Self { reader: Arc::new(reader), ..Self::default() }
    }

    /// What reads every file that is not ours.
    pub fn reader(&self) -> &Arc<Reader> {
        &self.reader
    }

    /// Takes a file in and names it.
    pub fn add(&self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.keep(SourceFile::new(name.into(), text.into()))
    }

    /// Takes in a file of a repository, by whose rules its comments are known. One that is read twice is one file: who
    /// reads it elsewhere gives the same places in it.
    pub fn add_written(&self, name: impl Into<String>, text: impl Into<String>, syntax: Syntax) -> FileId {
        let (name, text) = (name.into(), text.into());
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.clone(), syntax);
        let known = written.get(&key).copied();
        if let Some(known) = known.filter(|known| self.get(*known).is_same(&text, syntax)) {
            return known;
        }
        let file = self.keep(SourceFile { syntax: Some(syntax), ..SourceFile::new(name, text) });
        written.insert(key, file);
        self.by_people.lock().unwrap_or_else(PoisonError::into_inner).push(file);
        file
    }

    /// Takes in what was told of a running container, a fact a line, and names it.
    pub fn add_told(&self, name: impl Into<String>, lines: Vec<(Teller, String)>) -> FileId {
        let (tellers, lines): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
        self.keep(SourceFile { tellers, ..SourceFile::new(name.into(), lines.join("\n")) })
    }

    fn keep(&self, file: SourceFile) -> FileId {
        let file = Arc::new(file);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.push(file);
        FileId(narrow(files.len() - 1))
    }

    /// Every file that was taken in so far, with its name here.
    pub fn all(&self) -> Vec<(FileId, Arc<SourceFile>)> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().enumerate().map(|(number, file)| (FileId(narrow(number)), Arc::clone(file))).collect()
    }

    /// Lets the text of a file go that nobody will be shown: its name stays, and who told each line.
    pub fn forget_text(&self, file: FileId) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.get_mut(file.0 as usize) {
            let SourceFile { tellers, syntax, .. } = &**known;
            let (tellers, syntax) = (tellers.clone(), *syntax);
            *known = Arc::new(SourceFile { tellers, syntax, ..SourceFile::new(known.name.clone(), String::new()) });
        }
    }

    /// Those of them that people write, by whose rules their comments are known.
    pub fn all_written(&self) -> Vec<(FileId, Arc<SourceFile>)> {
        let numbers = self.by_people.lock().unwrap_or_else(PoisonError::into_inner).clone();
        numbers.into_iter().map(|file| (file, self.get(file))).collect()
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets every file but the first so many: what was told of running containers is no more than one judgement's.
    /// Spans in the others mean nothing from then on.
    pub fn keep_first(&self, count: usize) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).truncate(count);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|_, file| (file.0 as usize) < count);
        self.by_people.lock().unwrap_or_else(PoisonError::into_inner).retain(|file| (file.0 as usize) < count);
    }

    /// The file of a name given out by [`Sources::add`]; an empty one for any other.
    pub fn get(&self, file: FileId) -> Arc<SourceFile> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(file.0 as usize).cloned().unwrap_or_else(|| Arc::new(SourceFile::new(String::new(), String::new())))
    }
}

/// Where each line of a text begins, in bytes.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    // A carriage return alone ends a line too, as it does to YAML.
    let ends = |at: usize, byte: u8| byte == b'\n' || byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    let ends = bytes.iter().enumerate().filter(|(at, byte)| ends(*at, **byte));
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

/// The position after the last character of a text.
pub(super) fn end(text: &str) -> Pos {
    let lines = line_starts(text);
    let last = text.get(lines.last().copied().unwrap_or_default()..).unwrap_or_default();
    Pos { line: narrow(lines.len()), column: narrow(last.chars().count() + 1) }
}

pub(crate) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_that_is_read_twice_is_one_unless_it_changed() {
        let sources = Sources::default();
        let first = sources.add_written("x", "a: 1", Syntax::Yaml);
        assert_eq!(sources.add_written("x", "a: 1", Syntax::Yaml), first);
        assert_ne!(sources.add_written("y", "a: 1", Syntax::Yaml), first);
        assert_ne!(sources.add_written("x", "a: 1", Syntax::Shell), first);
        let changed = sources.add_written("x", "a: 2", Syntax::Yaml);
        assert_ne!(changed, first);
        assert_eq!((sources.get(first).text(), sources.get(changed).text()), ("a: 1", "a: 2"));
        sources.keep_first(1);
        let again = sources.add_written("x", "a: 2", Syntax::Yaml);
        assert_eq!((sources.count(), sources.get(again).text()), (2, "a: 2"));
    }

    #[test]
    fn a_span_gives_its_text_also_after_wide_characters_and_crlf() {
        let sources = Sources::default();
        let id = sources.add("x", "a: é1\r\nb: ü2\r\n");
        let file = sources.get(id);
        let span = Span { file: id, start: Pos { line: 2, column: 4 }, end: Pos { line: 2, column: 6 } };
        assert_eq!(file.slice(span), "ü2");
        assert_eq!(file.line(2), "b: ü2");
        assert_eq!(file.line(9), "");
        let at = file.offset(span.start).unwrap();
        assert_eq!(file.position(at), span.start);
    }
}
