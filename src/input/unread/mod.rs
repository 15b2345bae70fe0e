//! Files that describe or start containers and are recognized only: they are named as not judged. May use `text` and
//! `model`.

mod recognize;

use self::recognize::{
    has_container_step, has_containers, is_development_container, is_framework, is_makefile, is_manifest, is_nomad_job,
    is_pipeline, is_systemd_unit, names_engine,
};
use super::project::Repository;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece};
use crate::model::{Diagnostic, Level};
use crate::text::{ReadError, Reader};

/// The most that is read of such a file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// A kind of file that is recognized and not read.
#[derive(Debug)]
pub(super) struct UnreadKind {
    /// What it is called in a report.
    name: &'static str,
    /// What a file of it is, for a sentence.
    phrase: &'static str,
    /// Whether a file is of it.
    is_of_kind: fn(&CandidateFile<'_>) -> bool,
    /// Whether a text of it describes or starts a container.
    has_container: fn(&str) -> bool,
}

/// Manifests of Kubernetes, and templates of them.
pub(super) static KUBERNETES: UnreadKind = UnreadKind {
    name: "kubernetes",
    phrase: "a Kubernetes manifest",
    is_of_kind: is_manifest,
    has_container: has_containers,
};

/// Job files of Nomad.
pub(super) static NOMAD: UnreadKind =
    UnreadKind { name: "nomad", phrase: "a Nomad job", is_of_kind: is_nomad_job, has_container: names_engine };

/// Descriptions of containers that people develop in.
pub(super) static DEVELOPMENT_CONTAINER: UnreadKind = UnreadKind {
    name: "devcontainer",
    phrase: "a devcontainer.json",
    is_of_kind: is_development_container,
    has_container: |_| true,
};

/// Services of systemd, and containers that it makes services of.
pub(super) static SYSTEMD: UnreadKind = UnreadKind {
    name: "systemd",
    phrase: "a systemd unit",
    is_of_kind: is_systemd_unit,
    has_container: |text| names_engine(text) || text.contains("[Container]"),
};

/// Makefiles.
pub(super) static MAKEFILE: UnreadKind =
    UnreadKind { name: "makefile", phrase: "a Makefile", is_of_kind: is_makefile, has_container: names_engine };

/// Pipelines of continuous integration.
pub(super) static PIPELINE: UnreadKind = UnreadKind {
    name: "pipeline",
    phrase: "a CI pipeline",
    is_of_kind: is_pipeline,
    has_container: |text| names_engine(text) || has_container_step(text),
};

/// Files of a framework whose `services` are none of Compose.
pub(super) static FRAMEWORK: UnreadKind = UnreadKind {
    name: "framework",
    phrase: "a framework's list of services",
    is_of_kind: is_framework,
    has_container: |_| false,
};

impl InputKind for UnreadKind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        (self.is_of_kind)(file)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        for file in &input.files {
            let path = repository.cwd.join(file);
            let shown = repository.shown(&path);
            if input.named {
                let message = format!("this is {}: not read yet", self.phrase);
                piece.layout.diagnostics.push(Diagnostic::about(Level::Gap, Some(shown.clone()), message));
            }
            let (has_container, names_program, reason) = match read_text(context.sources.reader(), &path) {
                Ok(text) => {
                    let names_program = context.names_program(&text);
                    ((self.has_container)(&text), names_program, format!("{} is not read yet", self.phrase))
                }
                // What cannot be looked at may be anything.
                Err(error) => (true, true, format!("{} cannot be read: {error}", self.phrase)),
            };
            if input.named || has_container || names_program {
                piece.add_not_judged(shown, self, reason, has_container && names_program);
            }
            piece.files.push(path);
        }
        piece
    }
}

fn read_text(reader: &Reader, path: &std::path::Path) -> Result<String, ReadError> {
    Ok(String::from_utf8_lossy(&reader.read(path, MAX_BYTES)?).into_owned())
}
