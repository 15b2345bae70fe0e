//! Where a mount is written, in the file as it stands, and whether it may be changed there. May use `text`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::Edit;
use crate::text::yaml::{self, Entry, Limits, Node};
use crate::text::{FileId, Pos, SourceFile, Sources, Span};

/// Why a mount that is not found in its service cannot be changed.
const ELSEWHERE: &str = "the mount is not written in the service itself, but comes from elsewhere (an anchor, `extends`, \
                         `volumes_from` or a secret)";

/// Why what stands in a text within another file is not changed.
const IN_ANOTHER_FILE: &str = "it is in a text that a script writes into a file: change it there";

/// Files as YAML, each parsed once.
#[derive(Default)]
pub(super) struct YamlFiles(RefCell<HashMap<FileId, ParsedYaml>>);

/// The documents of a file, or why there are none.
type ParsedYaml = Result<Vec<Rc<Node>>, String>;

impl YamlFiles {
    fn documents(&self, id: FileId, sources: &Sources) -> ParsedYaml {
        let mut known = self.0.borrow_mut();
        let parsed = known.entry(id).or_insert_with(|| {
            let stream = yaml::parse(id, sources.get(id).text(), Limits::default());
            stream.map(|stream| stream.documents).map_err(|error| error.message)
        });
        parsed.clone()
    }
}

/// A service's mount in the file that holds it.
pub(super) struct MountSite {
    pub(super) file: Arc<SourceFile>,
    documents: Vec<Rc<Node>>,
    /// The document that it is in.
    pub(super) document: Rc<Node>,
    /// The service's name.
    pub(super) service: String,
    /// The item of its `volumes`.
    pub(super) item: Rc<Node>,
    /// Whether a change is meant for all who use the item, through an anchor or `extends`.
    for_all: bool,
}

/// The file of a place, where that is one by itself.
///
/// # Errors
/// It is a text within another file, or none.
fn written_file(span: Span, sources: &Sources) -> Result<Arc<SourceFile>, String> {
    let file = sources.get(span.file);
    if file.syntax().is_some() { Ok(file) } else { Err(IN_ANOTHER_FILE.to_owned()) }
}

/// Text that is written as it is meant, so that a part of it can be replaced where it stands.
pub(super) struct EditableText {
    pub(super) text: String,
    quote: Option<char>,
    /// Where it is, without its quotes.
    pub(super) span: Span,
}

impl MountSite {
    /// Finds the mount that is written at a place, as an item of a service's own.
    ///
    /// # Errors
    /// Why it cannot be changed there, as a clause.
    pub(super) fn find_mount(span: Span, service: &str, files: &YamlFiles, sources: &Sources) -> Result<Self, String> {
        let file = written_file(span, sources)?;
        let documents = files.documents(span.file, sources)?;
        let (document, item) = documents
            .iter()
            .find_map(|document| Some((Rc::clone(document), own_item(document, service, span)?)))
            .ok_or(ELSEWHERE)?;
        let site = Self { file, documents, document, service: service.to_owned(), item, for_all: false };
        site.check_own(&site.item)?;
        if sources.all().iter().any(|(id, file)| is_extended(*id, file, &site.service, files, sources)) {
            return Err(format!("another service extends `{}` and would change with it", site.service));
        }
        Ok(site)
    }

    /// Finds the mount that is written at a place, for a change that all who use it want.
    ///
    /// # Errors
    /// Why it cannot be changed there, as a clause.
    pub(super) fn find_common_mount(
        span: Span,
        service: &str,
        files: &YamlFiles,
        sources: &Sources,
    ) -> Result<Self, String> {
        let file = written_file(span, sources)?;
        let documents = files.documents(span.file, sources)?;
        let found = documents.iter().find_map(|one| Some((Rc::clone(one), find_item(one, span)?)));
        let (document, item) = found.ok_or(ELSEWHERE)?;
        Ok(Self { file, documents, document, service: service.to_owned(), item, for_all: true })
    }

    /// Whether a node of the mount is written in it, and for it alone: not brought in by an alias or a merge key, nor
    /// brought somewhere else by one.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check_own(&self, node: &Node) -> Result<(), String> {
        let uses = || self.documents.iter().map(|document| count_uses(document, node.span)).sum::<usize>();
        if contains_span(self.item.span, node.span) && (self.for_all || uses() == 1) {
            return Ok(());
        }
        Err("it is written once for several places, by an anchor".to_owned())
    }

    /// A scalar as a text that can be edited.
    ///
    /// # Errors
    /// Why it cannot, as a clause.
    pub(super) fn literal_text(&self, node: &Node) -> Result<EditableText, String> {
        let scalar = node.as_scalar().ok_or("the mount is not written as Compose wants it")?;
        // The span may reach over blanks to a comment, so what is written is looked for from its start on.
        let mut span = node.span;
        let line = self.file.line(span.start.line);
        let skip =
            line.char_indices().nth(span.start.column.saturating_sub(1) as usize).map_or(line.len(), |(at, _)| at);
        let rest = line.get(skip..).unwrap_or("");
        let quote = rest.chars().next().filter(|_| scalar.quoted);
        let inner = quote.map_or(Some(rest), |quote| rest.strip_prefix(quote));
        let after = inner.and_then(|inner| inner.strip_prefix(scalar.text.as_str()));
        let after = quote.map_or(after, |quote| after.and_then(|after| after.strip_prefix(quote)));
        let ends = after.is_some_and(|after| {
            quote.is_some() || after.trim_start().is_empty() || after.starts_with([' ', '\t', ',', '}', ']'])
        });
        if !ends || scalar.text.is_empty() {
            return Err("a part of it is written with escapes or over several lines".to_owned());
        }
        let quotes = u32::from(quote.is_some());
        span.start.column += quotes;
        span.end = span.start;
        span.end.column += u32::try_from(scalar.text.chars().count()).unwrap_or(u32::MAX);
        Ok(EditableText { text: scalar.text.clone(), quote, span })
    }

    /// How lines end at a place of the file.
    pub(super) fn line_end(&self) -> &'static str {
        if self.file.text().contains("\r\n") { "\r\n" } else { "\n" }
    }
}

impl EditableText {
    /// Replaces a range of bytes of the text.
    pub(super) fn replace(&self, range: std::ops::Range<usize>, text: impl Into<String>) -> Edit {
        let (start, end) = (self.position_of(range.start), self.position_of(range.end));
        Edit { span: Span { start, end, ..self.span }, text: text.into() }
    }

    fn position_of(&self, byte: usize) -> Pos {
        let before = self.text.get(..byte).map_or(0, |before| before.chars().count());
        let column = self.span.start.column.saturating_add(u32::try_from(before).unwrap_or(u32::MAX));
        Pos { column, ..self.span.start }
    }

    /// The text as it is written.
    pub(super) fn as_written(&self) -> String {
        let quote = self.quote.map(String::from).unwrap_or_default();
        format!("{quote}{}{quote}", self.text)
    }

    /// The position after all that is written.
    pub(super) fn end(&self) -> Pos {
        Pos { column: self.span.end.column + u32::from(self.quote.is_some()), ..self.span.end }
    }

    /// Replaces the whole text.
    pub(super) fn replace_all(&self, text: impl Into<String>) -> Edit {
        self.replace(0..self.text.len(), text)
    }
}

/// Whether one part of a file lies within another one.
pub(super) fn contains_span(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

fn own_item(document: &Node, service: &str, span: Span) -> Option<Rc<Node>> {
    let service = document.get("services")?.entry(service)?;
    let volumes = service.value.entry("volumes")?;
    let item = volumes.value.as_seq()?.iter().find(|item| item.span == span)?;
    // What an alias or a merge key brings in is written somewhere else.
    let whole = Span { start: service.key_span.start, ..service.value.span };
    let own = contains_span(whole, volumes.key_span)
        && contains_span(whole, volumes.value.span)
        && contains_span(volumes.value.span, span);
    own.then(|| Rc::clone(item))
}

/// The item of a list that is written at a place.
fn find_item(node: &Node, span: Span) -> Option<Rc<Node>> {
    match (node.as_seq(), node.as_map()) {
        (Some(items), _) => {
            items.iter().find_map(|item| if item.span == span { Some(Rc::clone(item)) } else { find_item(item, span) })
        }
        (_, Some(entries)) => entries.iter().find_map(|entry| find_item(&entry.value, span)),
        _ => None,
    }
}

/// How often what is written at a place is reached: an alias and a merge key are further ways to it.
fn count_uses(node: &Node, span: Span) -> usize {
    let below = match (node.as_seq(), node.as_map()) {
        (Some(items), _) => items.iter().map(|item| count_uses(item, span)).sum(),
        (_, Some(entries)) => entries.iter().map(|entry| count_uses(&entry.value, span)).sum(),
        _ => 0,
    };
    below + usize::from(node.span == span)
}

/// Whether a service of a file extends one of this name, in whichever file that is.
fn is_extended(id: FileId, file: &SourceFile, service: &str, files: &YamlFiles, sources: &Sources) -> bool {
    if !file.text().contains("extends") {
        return false;
    }
    files.documents(id, sources).unwrap_or_default().iter().any(|document| {
        let services = document.get("services").and_then(|services| services.as_map());
        services.unwrap_or_default().iter().any(|entry| extends_service(entry, service))
    })
}

/// Whether a service extends one of this name.
fn extends_service(entry: &Entry, service: &str) -> bool {
    let extends = entry.value.get("extends");
    let name = extends.and_then(|extends| extends.get("service").or(Some(extends)).and_then(|node| node.as_scalar()));
    name.is_some_and(|name| name.text == service)
}
