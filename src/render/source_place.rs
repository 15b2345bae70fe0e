//! Where a span is, for formats that want paths and lines. May use `text`.

use std::path::{Component, Path};

use super::Given;
use super::safe::safe;
use crate::text::{SourceFile, Sources, Span};

/// Where a span is.
pub(super) enum ShownPlace {
    /// In a file.
    File(FileRange),
    /// Told of a running container.
    Container {
        /// Its name.
        name: String,
        /// What was told.
        fact: String,
    },
    /// In what has no path, such as standard input; in words.
    Nowhere(String),
}

/// A range in a file; the end is the position after the last character.
pub(super) struct FileRange {
    /// From the directory that overlock ran in, where the file is below it; else from the root.
    pub(super) path: String,
    /// Whether the file is below that directory.
    pub(super) below: bool,
    pub(super) span: Span,
    /// The last line that has something of it: a block ends before the text of the line after it.
    pub(super) last_line: u32,
}

impl ShownPlace {
    pub(super) fn of(span: Span, given: &Given<'_>) -> Self {
        let file = given.sources.get(span.file);
        let name = file.name();
        if file.teller(span.start.line).is_some() {
            return Self::Container { name: name.to_owned(), fact: file.line(span.start.line).to_owned() };
        }
        match name {
            "" => Self::Nowhere(String::new()),
            name if name.starts_with("image ") => Self::Nowhere(format!("{name}, line {}", span.start.line)),
            "-" => Self::Nowhere(format!("standard input, line {}", span.start.line)),
            _ => {
                let (path, below) = path(name, given.directory);
                Self::File(FileRange { path, below, span, last_line: last_line(span, &file) })
            }
        }
    }

    /// One line for a person: `file:line:column`, or what was told of which container.
    pub(super) fn one_line(&self) -> String {
        match self {
            Self::File(spot) => {
                safe(&format!("{}:{}:{}", spot.path, spot.span.start.line, spot.span.start.column)).into()
            }
            Self::Container { name, fact } => safe(&format!("container {name}: {fact}")).into(),
            Self::Nowhere(words) => words.clone(),
        }
    }
}

fn last_line(span: Span, file: &SourceFile) -> u32 {
    let (first, last) = (span.start.line, span.end.line);
    let mut before = file.line(last).chars().take((span.end.column as usize).saturating_sub(1));
    if last > first && before.all(char::is_whitespace) { last - 1 } else { last.max(first) }
}

/// `file:line` of a place in a file; nothing for what the engine or the kernel told.
pub(super) fn file_line(span: Span, sources: &Sources) -> Option<String> {
    let file = sources.get(span.file);
    let told = file.teller(span.start.line).is_some() || file.name().is_empty();
    (!told).then(|| format!("{}:{}", file.label(), span.start.line))
}

/// A file's path from a directory, if the file is below it, and whether it is; else from the root. Without a look at the
/// disk: a link on the way stays one.
pub(super) fn path(name: &str, directory: &Path) -> (String, bool) {
    let mut parts: Vec<&str> = Vec::new();
    let full = directory.join(name);
    for component in full.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str().unwrap_or("\u{fffd}")),
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    let base = directory.components().filter_map(|component| match component {
        Component::Normal(part) => Some(part.to_str().unwrap_or("\u{fffd}")),
        _ => None,
    });
    let base: Vec<&str> = base.collect();
    match parts.strip_prefix(base.as_slice()) {
        Some(rest) if !rest.is_empty() => (rest.join("/"), true),
        _ => (format!("/{}", parts.join("/")), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_where_the_run_began() {
        let of = |name: &str| path(name, Path::new("/work/repo"));
        assert_eq!(of("compose.yaml"), ("compose.yaml".to_owned(), true));
        assert_eq!(of("./a/../b é/c.sh"), ("b é/c.sh".to_owned(), true));
        assert_eq!(of("/work/repo/x"), ("x".to_owned(), true));
        assert_eq!(of("../repo-two/x"), ("/work/repo-two/x".to_owned(), false));
        assert_eq!(of("/etc/x"), ("/etc/x".to_owned(), false));
        assert_eq!(of("../../../../x"), ("/x".to_owned(), false));
        assert_eq!(path("a:b", Path::new("/")), ("a:b".to_owned(), true));
    }
}
