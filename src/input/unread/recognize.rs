//! How files of many kinds are told by their names and by what they begin with. Uses `candidate_file`.

use crate::input::script;
use crate::input::{CandidateFile, compose};

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

pub(super) fn is_manifest(file: &CandidateFile<'_>) -> bool {
    is_other_yaml(file) && has_top_key(file.beginning(), "apiVersion") && has_top_key(file.beginning(), "kind")
}

pub(super) fn is_nomad_job(file: &CandidateFile<'_>) -> bool {
    let is_block = |line: &str| line.strip_prefix("job").is_some_and(|rest| rest.starts_with([' ', '\t', '"']));
    match file.ending() {
        Some("nomad") => true,
        Some("hcl") => file.beginning().lines().any(|line| is_block(line) && line.trim_end().ends_with('{')),
        _ => false,
    }
}

pub(super) fn is_development_container(file: &CandidateFile<'_>) -> bool {
    matches!(file.name(), "devcontainer.json" | ".devcontainer.json")
}

pub(super) fn is_systemd_unit(file: &CandidateFile<'_>) -> bool {
    let section = match file.ending() {
        Some("service") => "[Service]",
        Some("container") => "[Container]",
        _ => return false,
    };
    file.beginning().lines().any(|line| line.trim_end() == section)
}

pub(super) fn is_makefile(file: &CandidateFile<'_>) -> bool {
    matches!(file.name(), "Makefile" | "makefile" | "GNUmakefile") || file.ending() == Some("mk")
}

pub(super) fn is_pipeline(file: &CandidateFile<'_>) -> bool {
    if PIPELINES.contains(&file.name()) || (file.name() == "config.yml" && file.is_in(".circleci")) {
        return true;
    }
    is_other_yaml(file)
        && (WORKFLOWS.iter().any(|directory| file.is_in(directory))
            || PIPELINE_KEYS.iter().any(|key| has_top_key(file.beginning(), key)))
}

pub(super) fn is_framework(file: &CandidateFile<'_>) -> bool {
    let is_default = |line: &str| line.starts_with([' ', '\t']) && line.trim_start().starts_with("_defaults:");
    is_other_yaml(file) && has_top_key(file.beginning(), "services") && file.beginning().lines().any(is_default)
}

pub(super) fn names_engine(text: &str) -> bool {
    script::names_engine(text.as_bytes())
}

/// Whether a manifest has the template of a Pod.
pub(super) fn has_containers(text: &str) -> bool {
    has_key(text, &["containers", "initContainers"])
}

/// Whether something of a pipeline runs in a container that it names.
pub(super) fn has_container_step(text: &str) -> bool {
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
