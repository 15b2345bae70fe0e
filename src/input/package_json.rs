//! The scripts of package.json: each is something that others call by its name, from the directory of the file. Uses
//! `package_manifest`, `script`'s entries and `shell`.

use std::path::Path;

use super::package_manifest::PackageManifest;
use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ShellEntry};
use super::start_words::{may_lead_to_start, names_engine};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::Unseen;
use crate::text::{FileId, Span, Syntax};

/// Scripts of one file that are read.
const MANY: usize = 1_000;

/// Files of npm, yarn, pnpm and bun.
#[derive(Debug)]
pub(super) struct PackageJsonKind;

impl InputKind for PackageJsonKind {
    fn name(&self) -> &'static str {
        "package.json"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        file.name() == "package.json"
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && file.beginning().contains("\"scripts\"") && names_engine(file.beginning())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn is_run_by_commands(&self) -> bool {
        true
    }

    /// What nobody tracks are packages.
    fn is_named_if_ignored(&self) -> bool {
        false
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for PackageJsonKind {
    fn syntax(&self) -> Syntax {
        Syntax::Json
    }

    fn read_entries(&self, file: FileId, _: &Path, repository: &Repository<'_>) -> EntryFile {
        let mut read = EntryFile::default();
        let source = repository.sources.get(file);
        let manifest = match PackageManifest::read(file, source.text()) {
            Ok(manifest) => manifest,
            Err(error) => {
                read.faults.push(Unseen { what: error.message, span: error.span });
                return read;
            }
        };
        let told = manifest.scripts().filter(|script| may_lead_to_start(script.command));
        for script in told.take(MANY) {
            // A shell of its own for each of them, the next one only where that ends well.
            let texts = manifest.run(script.name).map(|part| EntryText {
                text: part.traced(&source),
                shell: "sh".to_owned(),
                ..EntryText::default()
            });
            read.entries.push(ShellEntry {
                run: format!("{}#{}", source.name(), script.name),
                name: format!("npm run {} in {}", script.name, source.name()),
                texts: texts.collect(),
                ..ShellEntry::default()
            });
        }
        if manifest.scripts().count() > MANY {
            let what = format!("of its scripts no more than {MANY} were read");
            read.unread.push(Unseen { what, span: Span::file_start(file) });
        }
        read
    }
}
