//! Where a mount is written, in the file as it stands, and whether it may be changed there. May use `text`.

use std::rc::Rc;
use std::sync::Arc;

use super::Edit;
use crate::text::yaml::{self, Entry, Limits, Node};
use crate::text::{Pos, SourceFile, Sources, Span};

/// Why a mount that is not found in its service cannot be changed.
const ELSEWHERE: &str = "the mount is not written in the service itself, but comes from elsewhere (an anchor, `extends`, \
                         `volumes_from` or a secret)";

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
    pub(super) fn find_mount(span: Span, service: &str, sources: &Sources) -> Result<Self, String> {
        let file = sources.get(span.file);
        let stream = yaml::parse(span.file, file.text(), Limits::default()).map_err(|error| error.message)?;
        let (document, item) = stream
            .documents
            .iter()
            .find_map(|document| Some((Rc::clone(document), own_item(document, service, span)?)))
            .ok_or(ELSEWHERE)?;
        let site = Self { file, documents: stream.documents, document, service: service.to_owned(), item };
        site.check_own(&site.item)?;
        if sources.all().iter().any(|(_, file)| is_extended(file, service)) {
            return Err(format!("another service extends `{service}` and would change with it"));
        }
        Ok(site)
    }

    /// Whether a node of the mount is written in it, and for it alone: not brought in by an alias or a merge key, nor
    /// brought somewhere else by one.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check_own(&self, node: &Node) -> Result<(), String> {
        let uses: usize = self.documents.iter().map(|document| count_uses(document, node.span)).sum();
        if contains_span(self.item.span, node.span) && uses == 1 {
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
fn is_extended(file: &SourceFile, service: &str) -> bool {
    if !file.text().contains("extends") {
        return false;
    }
    let stream = yaml::parse(crate::text::FileId::default(), file.text(), Limits::default()).unwrap_or_default();
    stream.documents.iter().any(|document| {
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
