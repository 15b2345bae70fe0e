//! Files that were read more than once, as one: a Dockerfile is, for each image that is built from it. Uses `text` alone.

use std::collections::HashMap;

use crate::text::{FileId, Sources, Span};

/// For each file that was read again, the number that it had first.
#[derive(Debug, Default)]
pub(super) struct SameFiles(HashMap<FileId, FileId>);

impl SameFiles {
    /// Of all that was read so far.
    pub(super) fn of(sources: &Sources) -> Self {
        let all = sources.all_written();
        let mut first: HashMap<&str, (FileId, &str)> = HashMap::new();
        let mut same = HashMap::new();
        // What stands in another file has that file's name, and is none that people can open.
        for (id, file) in &all {
            let (known, text) = *first.entry(file.name()).or_insert((*id, file.text()));
            if known != *id && text == file.text() {
                same.insert(*id, known);
            }
        }
        Self(same)
    }

    /// A place by the file's first number.
    pub(super) fn place(&self, span: Span) -> Span {
        Span { file: self.0.get(&span.file).copied().unwrap_or(span.file), ..span }
    }
}
