//! Documents in Markdown: each block of shell commands is something that a person runs, one of the repository's pages at a
//! time. They are read where a person asks for it. Uses `script`'s entries and `shell`.
//!
//! ```text
//! blocks    text -> blocks of commands, in the lines of the file
//! prompts   lines of a block -> commands, without prompts and what was printed
//! ```

mod blocks;
mod prompts;

use std::path::Path;

use blocks::command_blocks;
use prompts::commands_of;

use super::outer_text::OuterText;
use super::project::{Repository, top};
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ShellEntry};
use super::start_words::{may_lead_to_start, names_engine};
use super::template_text::directory_text;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{PartOrder, RunPart};
use crate::text::{FileId, TracedText};

/// Blocks of one document that are read.
const MANY: usize = 1_000;
/// What a person takes one block of at a time: all documents of a repository.
const PAGES: &str = "documents";

/// Documents in Markdown.
#[derive(Debug)]
pub(super) struct DocumentKind;

impl InputKind for DocumentKind {
    fn name(&self) -> &'static str {
        "document"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        matches!(file.ending(), Some("md" | "markdown" | "mdx"))
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && names_engine(file.beginning()) && self.is_of_interest(file.beginning())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_on_request(&self) -> bool {
        true
    }

    fn is_named_if_ignored(&self) -> bool {
        false
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = script::load_entries(self, input, context, repository);
        // What it says of projects of Compose is said of those of its readers too, which are not here.
        piece.references.clear();
        piece
    }
}

impl HoldsEntries for DocumentKind {
    fn is_of_interest(&self, text: &str) -> bool {
        command_blocks(text)
            .any(|block| block.lines.iter().any(|line| names_engine(text.get(line.clone()).unwrap_or(""))))
    }

    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let source = repository.sources.get(file);
        let prelude = directory_of_reader(source.name(), directory);
        let mut read = EntryFile::default();
        for block in command_blocks(source.text()).take(MANY) {
            let commands = commands_of(&block, source.text(), file);
            if !may_lead_to_start(&commands.raw()) {
                continue;
            }
            let place = format!("{}:{}", source.name(), source.position(block.start).line);
            let mut text = prelude.clone();
            text.push(&commands);
            read.entries.push(ShellEntry {
                run: place.clone(),
                name: format!("the commands at {place}"),
                texts: vec![EntryText { text, shell: "bash".to_owned(), ..EntryText::default() }],
                part: Some(RunPart { of: PAGES.into(), order: PartOrder::OneAtATime }),
                is_kept_open: true,
                ..ShellEntry::default()
            });
        }
        read
    }
}

/// What leads to where a person runs the commands of a document: the directory of a README, and the repository's top for the
/// pages below it.
fn directory_of_reader(name: &str, directory: &Path) -> TracedText {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let at = if file.starts_with("readme") { directory } else { top(directory) };
    directory_text(&OuterText::plain(&at.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::entry_file_tests::read_text;

    #[test]
    fn blocks_of_shells_are_read_and_others_are_not() {
        let text = "# Use\n\n```sh\ndocker run a\n```\n\n* list\n\n  ~~~ {.bash}\n  docker run b\n  ~~~\n\n```yaml\nrun: docker run c\n```\n\
                    \n```\ndocker run d\n```\n\n> ```console\n> $ docker run e \\\n> >   f\n> printed docker run\n> ```\n";
        let read = read_text(&DocumentKind, "README.md", text);
        let told: Vec<&str> = read.entries.iter().map(|entry| entry.rsplit('\n').next().unwrap()).collect();
        assert_eq!(read.entries.len(), 3, "{:?}", read.entries);
        assert_eq!((told[0], told[1]), ("docker run a", "docker run b"));
        assert!(read.entries[2].contains("docker run e \\\n  f"), "{:?}", read.entries);
        assert_eq!((read.faults, read.unread), (Vec::new(), Vec::<String>::new()));
    }
}
