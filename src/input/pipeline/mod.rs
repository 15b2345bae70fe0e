//! Pipelines: workflows of GitHub, Forgejo and Gitea, GitLab, Woodpecker. What a job runs on its machine is text of the host;
//! what it runs in a container is a container that the runner starts. Several runs of one pipeline may overlap. Uses
//! `template_text`, `shell` and `script`'s entries.
//!
//! ```text
//! job_texts, job_order           jobs -> texts for the shell, containers -> command lines;  which of them run in turn
//! local_actions, machines        steps that other files of the repository hold;  where jobs run
//! workflow, gitlab, woodpecker   what each form says of its jobs
//! ```

mod gitlab;
mod job_order;
mod job_texts;
mod local_actions;
mod machines;
#[cfg(test)]
mod tests;
mod woodpecker;
mod workflow;

use std::path::Path;

use job_texts::{DIRECTORIES, PipelineReader};

use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::text::{FileId, Syntax};

/// A form of pipelines.
#[derive(Debug)]
pub(super) struct PipelineKind {
    name: &'static str,
    is_of_form: fn(&CandidateFile<'_>) -> bool,
    read: fn(&mut PipelineReader<'_>, &Path),
}

/// Workflows of GitHub, Forgejo and Gitea.
pub(super) static WORKFLOW: PipelineKind = PipelineKind {
    name: "workflow",
    is_of_form: |file| is_yaml(file) && DIRECTORIES.iter().any(|at| at.ends_with("workflows") && file.is_in(at)),
    read: |reader, directory| workflow::read_workflow(reader, directory.ends_with(".github/workflows")),
};

/// Pipelines of GitLab.
pub(super) static GITLAB: PipelineKind = PipelineKind {
    name: "gitlab",
    is_of_form: |file| file.name().ends_with(".gitlab-ci.yml") || file.name().ends_with(".gitlab-ci.yaml"),
    read: |reader, _| gitlab::read_pipeline(reader),
};

/// Pipelines of Woodpecker.
pub(super) static WOODPECKER: PipelineKind = PipelineKind {
    name: "woodpecker",
    is_of_form: |file| {
        let is_named = matches!(file.name(), ".woodpecker.yml" | ".woodpecker.yaml");
        is_named || is_yaml(file) && file.is_in(".woodpecker")
    },
    read: |reader, _| woodpecker::read_pipeline(reader),
};

/// Whether parts of a pipeline are in other files of the repository.
fn names_other_files(text: &str) -> bool {
    let names = |line: &str| line.contains("uses:") && line.contains("./") || line.starts_with("include:");
    text.lines().any(names)
}

fn is_yaml(file: &CandidateFile<'_>) -> bool {
    matches!(file.ending(), Some("yml" | "yaml"))
}

impl InputKind for PipelineKind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        (self.is_of_form)(file)
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        let text = file.beginning();
        self.looks_like(file) && (self.is_of_interest(text) || names_other_files(text))
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        match (self.is_of_interest(text), context.names_program(text)) {
            (true, true) => UnreadWeight::Counts,
            (true, false) => UnreadWeight::Named,
            (false, _) if context.names_state(text) => UnreadWeight::Named,
            (false, _) => UnreadWeight::Nothing,
        }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for PipelineKind {
    fn syntax(&self) -> Syntax {
        Syntax::Yaml
    }

    /// What a runner's containers mount is written without the name of an engine.
    fn is_of_interest(&self, text: &str) -> bool {
        names_engine(text) || text.contains("volumes:") || text.contains("options:")
    }

    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let mut reader = PipelineReader::new(file, directory, repository);
        (self.read)(&mut reader, directory);
        reader.read
    }
}
