//! Files that describe or start containers and are recognized only, by their names and by what they begin with: they
//! are named as not judged. May use `text` and `model`.

use std::path::Path;

use super::project::Repository;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, compose, script};
use crate::model::{Diagnostic, Level};
use crate::text::{ReadError, Reader};

/// The most that is read of such a file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Directories of pipelines.
const WORKFLOWS: [&str; 4] = [".github/workflows", ".forgejo/workflows", ".gitea/workflows", ".woodpecker"];
/// Files of pipelines.
const PIPELINES: [&str; 8] = [
    ".woodpecker.yml",
    ".woodpecker.yaml",
    ".gitlab-ci.yml",
    ".drone.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
];
/// What a pipeline of any name has at its top, and no compose file.
const PIPELINE_KEYS: [&str; 4] = ["steps", "jobs", "pipeline", "stages"];

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

fn read_text(reader: &Reader, path: &Path) -> Result<String, ReadError> {
    Ok(String::from_utf8_lossy(&reader.read(path, MAX_BYTES)?).into_owned())
}

fn is_manifest(file: &CandidateFile<'_>) -> bool {
    is_other_yaml(file) && has_top_key(file.beginning(), "apiVersion") && has_top_key(file.beginning(), "kind")
}

fn is_nomad_job(file: &CandidateFile<'_>) -> bool {
    let is_block = |line: &str| line.strip_prefix("job").is_some_and(|rest| rest.starts_with([' ', '\t', '"']));
    match file.ending() {
        Some("nomad") => true,
        Some("hcl") => file.beginning().lines().any(|line| is_block(line) && line.trim_end().ends_with('{')),
        _ => false,
    }
}

fn is_development_container(file: &CandidateFile<'_>) -> bool {
    matches!(file.name(), "devcontainer.json" | ".devcontainer.json")
}

fn is_systemd_unit(file: &CandidateFile<'_>) -> bool {
    let section = match file.ending() {
        Some("service") => "[Service]",
        Some("container") => "[Container]",
        _ => return false,
    };
    file.beginning().lines().any(|line| line.trim_end() == section)
}

fn is_makefile(file: &CandidateFile<'_>) -> bool {
    matches!(file.name(), "Makefile" | "makefile" | "GNUmakefile") || file.ending() == Some("mk")
}

fn is_pipeline(file: &CandidateFile<'_>) -> bool {
    if PIPELINES.contains(&file.name()) || (file.name() == "config.yml" && file.is_in(".circleci")) {
        return true;
    }
    is_other_yaml(file)
        && (WORKFLOWS.iter().any(|directory| file.is_in(directory))
            || PIPELINE_KEYS.iter().any(|key| has_top_key(file.beginning(), key)))
}

fn is_framework(file: &CandidateFile<'_>) -> bool {
    let is_default = |line: &str| line.starts_with([' ', '\t']) && line.trim_start().starts_with("_defaults:");
    is_other_yaml(file) && has_top_key(file.beginning(), "services") && file.beginning().lines().any(is_default)
}

fn names_engine(text: &str) -> bool {
    script::names_engine(text.as_bytes())
}

/// Whether a manifest has the template of a Pod.
fn has_containers(text: &str) -> bool {
    has_key(text, &["containers", "initContainers"])
}

/// Whether something of a pipeline runs in a container that it names.
fn has_container_step(text: &str) -> bool {
    has_key(text, &["image", "container", "services"])
}

/// Whether it is YAML, and none of Compose's by its name.
fn is_other_yaml(file: &CandidateFile<'_>) -> bool {
    matches!(file.ending(), Some("yaml" | "yml")) && !compose::is_default_name(file.name())
}

/// Whether a YAML text has a key at its top, in any of its documents.
fn has_top_key(text: &str, key: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().any(|line| is_key(line, key))
}

/// Whether one of these keys is anywhere in a YAML text.
fn has_key(text: &str, keys: &[&str]) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        keys.iter().any(|key| is_key(line, key))
    })
}

/// Whether a line begins with a key, in quotes or not.
fn is_key(line: &str, key: &str) -> bool {
    let rest = match line.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            line.strip_prefix(quote).and_then(|rest| rest.strip_prefix(key)?.strip_prefix(quote))
        }
        _ => line.strip_prefix(key),
    };
    rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
}
