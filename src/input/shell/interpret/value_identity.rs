//! Tells the values of variables apart that are not known. Uses `model` and `text`.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::model::Parameter;
use crate::text::{FileId, Sources, TracedChar, TracedText};

/// Characters of a text that is told with its variable.
const ALTERNATIVE: usize = 64;

/// Where something is written: the byte of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WrittenAt {
    file: FileId,
    byte: u32,
}

impl WrittenAt {
    /// Where a text begins, if that is known.
    pub(super) fn of_text(text: &TracedText) -> Option<Self> {
        let (file, byte) = text.0.first()?.at?;
        Some(Self { file, byte })
    }

    /// The file's own name and the line.
    fn short_text(self, sources: &Sources) -> String {
        short_place(self.file, sources.get(self.file).position(self.byte as usize).line, sources)
    }
}

/// A line of a file by the file's own name, as it may stand in a symbol.
pub(super) fn short_place(file: FileId, line: u32, sources: &Sources) -> String {
    let source = sources.get(file);
    let name = source.name().rsplit('/').next().unwrap_or_default();
    let name: String = name.chars().map(|ch| if is_plain(ch) { ch } else { '_' }).collect();
    format!("{name}:{line}")
}

/// What repeats a point of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Round {
    /// The loop around it, by its number.
    pub(super) innermost_loop: Option<usize>,
    /// How many programs start it several times at once.
    pub(super) at_once: usize,
}

/// What two uses of a variable have in common where nothing sets it between them: whatever it holds, it is the same.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueIdentity(Rc<OnceCell<WrittenAt>>);

impl PartialEq for ValueIdentity {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl ValueIdentity {
    /// One of a value of its own that was used first there.
    pub(super) fn used_at(first: Option<WrittenAt>) -> Self {
        Self(Rc::new(first.map_or_else(OnceCell::new, OnceCell::from)))
    }

    /// What it is told from others by, while it is kept.
    pub(super) fn key(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    pub(super) fn first_use(&self) -> Option<WrittenAt> {
        self.0.get().copied()
    }

    /// A parameter, as it is written, as what holds this value: all uses of the value become equal words, and no use of
    /// another one does. It is named by where it is used first; a use that does not count is not kept as that.
    pub(super) fn name_parameter(
        &self,
        parameter: &Parameter,
        written: &TracedText,
        counts: bool,
        sources: &Sources,
    ) -> TracedText {
        let Some(here) = WrittenAt::of_text(written) else { return written.clone() };
        let first = match self.0.get() {
            Some(first) => *first,
            None if counts => *self.0.get_or_init(|| here),
            None => here,
        };
        let Parameter { name, op, rest, .. } = parameter;
        let then = if op.is_empty() { String::new() } else { format!(" {op}{rest}") };
        symbol_at(&format!("${{{name} at {}{then}}}", first.short_text(sources)), here)
    }
}

/// What a variable was given, by what tells that value from others, and the variables in it with the values they had.
#[derive(Debug)]
pub(super) struct UnclearParts {
    pub(super) value: ValueIdentity,
    pub(super) parts: Vec<(String, ValueIdentity)>,
}

/// What the name of a file begins with that `mktemp` makes.
const MADE_FILE: &str = "${mktemp at ";

/// A file that `mktemp` makes, by where that is written and how often that was reached.
pub(super) fn name_made_file(place: WrittenAt, times: usize, sources: &Sources) -> TracedText {
    let again = if times > 1 { format!(" again {times}") } else { String::new() };
    symbol_at(&format!("{MADE_FILE}{}{again}}}", place.short_text(sources)), place)
}

/// The id of a container, by where its start is written and how many starts were before it.
pub(super) fn name_container(place: WrittenAt, starts: usize, sources: &Sources) -> TracedText {
    symbol_at(&format!("${{container at {} after {starts}}}", place.short_text(sources)), place)
}

/// The names of the files that `mktemp` makes in a text.
pub(super) fn made_files_in(text: &str) -> Vec<String> {
    let names = text.match_indices(MADE_FILE).filter_map(|(at, _)| {
        let name = text.get(at..)?;
        name.get(..=name.find('}')?).map(str::to_owned)
    });
    names.collect()
}

/// A text that stays as it is, written at a place.
fn symbol_at(text: &str, place: WrittenAt) -> TracedText {
    let mut text = TracedText::live(text);
    if let Some(first) = text.0.first_mut() {
        first.at = Some((place.file, place.byte));
    }
    text
}

/// A variable that holds a text or nothing, as modes of a volume are, in its other spelling: `${NAME:+text}`.
pub(super) fn as_alternative(parameter: &Parameter, text: &TracedText) -> Option<Parameter> {
    let is_told = |one: &TracedChar| !one.live && (is_plain(one.ch) || ":,=/".contains(one.ch));
    let fits = parameter.op.is_empty() && text.0.len() <= ALTERNATIVE && text.0.iter().all(is_told);
    fits.then(|| Parameter { op: ":+".to_owned(), rest: text.raw(), ..parameter.clone() })
}

fn is_plain(ch: char) -> bool {
    ch.is_alphanumeric() || "._-".contains(ch)
}
