//! Procfiles: each line is a process that a runner (foreman, overmind, honcho, a platform) starts by a shell, and may start
//! any number of. Uses `script`'s entries and `shell`.

use std::path::Path;

use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ShellEntry};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::Unseen;
use crate::text::{FileId, Span, TracedText};

/// Files of Procfile's form.
#[derive(Debug)]
pub(super) struct ProcfileKind;

impl InputKind for ProcfileKind {
    fn name(&self) -> &'static str {
        "procfile"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        let rest = file.name().strip_prefix("Procfile");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && names_engine(file.beginning())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for ProcfileKind {
    fn read_entries(&self, file: FileId, _: &Path, repository: &Repository<'_>) -> EntryFile {
        let mut read = EntryFile::default();
        let source = repository.sources.get(file);
        let text = TracedText::of_file(file, repository.sources);
        for (number, line) in text.0.split(|traced| traced.ch == '\n').enumerate() {
            let is_name = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-');
            let name: String = line.iter().map(|traced| traced.ch).take_while(|ch| is_name(*ch)).collect();
            let first = line.iter().map(|traced| traced.ch).find(|ch| !ch.is_whitespace());
            if first.is_none_or(|first| first == '#') {
                continue;
            }
            let after = name.len();
            if name.is_empty() || line.get(after).is_none_or(|traced| traced.ch != ':') {
                let span = source.line_span(file, number + 1);
                read.faults
                    .push(Unseen { what: "this line names no process".to_owned(), span: Span::at(file, span.start) });
                continue;
            }
            let command = TracedText(line.get(after + 1..).unwrap_or_default().to_vec());
            let text = EntryText { text: command, shell: "sh".to_owned(), ..EntryText::default() };
            read.entries.push(ShellEntry {
                run: format!("{}#{name}", source.name()),
                name: format!("{name} in {}", source.name()),
                texts: vec![text],
                ..ShellEntry::default()
            });
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::entry_file_tests::read_text;

    #[test]
    fn each_line_is_a_process() {
        let read = read_text(&ProcfileKind, "Procfile", "# x\nweb: docker run x # y\n\nnight-job:  a && b\r\n");
        assert_eq!(read.entries, ["web: docker run x # y", "night-job: a && b"]);
        assert_eq!((read.faults, read.unread), (Vec::new(), Vec::<String>::new()));
    }

    #[test]
    fn line_that_names_no_process_is_told_with_its_place() {
        let read = read_text(&ProcfileKind, "Procfile", "web: docker run x\n docker run y\n");
        assert_eq!((read.entries.len(), read.faults), (1, vec!["2:1 this line names no process".to_owned()]));
    }
}
