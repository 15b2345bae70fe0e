//! Files that describe or start containers and are recognized only, by their names and by what they begin with: they
//! are named as not judged. May use `text` and `model`.

use std::path::Path;

use super::candidate_file::is_yaml_key;
use super::project::Repository;
use super::start_words::{describes_services, starts_container};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight, compose, pipeline};
use crate::model::{Diagnostic, Level};
use crate::text::{ReadError, Reader};

/// The most that is read of such a file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// Endings of templates, by what fills them in: Jinja, Go, Ruby, Mustache, Handlebars, configure scripts.
const TEMPLATE_ENDINGS: [&str; 10] = ["j2", "jinja", "jinja2", "tmpl", "tpl", "gotmpl", "erb", "mustache", "hbs", "in"];
/// Files of pipelines that are not read.
const PIPELINES: [&str; 5] =
    [".drone.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "Jenkinsfile"];
/// Sections of units that podman makes services of.
const QUADLETS: [&str; 3] = ["[Container]", "[Kube]", "[Pod]"];
/// What a pipeline of any name has at its top, and no compose file.
const PIPELINE_KEYS: [&str; 4] = ["steps", "jobs", "pipeline", "stages"];

/// A kind of file that is recognized and not read.
#[derive(Debug)]
pub(super) struct UnreadKind {
    /// What it is called in a report.
    pub(super) name: &'static str,
    /// What a file of it is, for a sentence.
    pub(super) phrase: &'static str,
    /// Whether a file is of it.
    pub(super) is_of_kind: fn(&CandidateFile<'_>) -> bool,
    /// Whether a text of it describes or starts a container.
    pub(super) has_container: fn(&str) -> bool,
    /// What of it is named.
    pub(super) named: NamedWhere,
}

/// Which files of a kind are named as not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedWhere {
    /// Those that have to do with containers or with a known program.
    Either,
    /// Those that start a container, or name where a known program keeps its state: most of what such a kind does with a
    /// program is to install it.
    StartOrState,
    /// Those alone that start a container and name a known program: most files of such a kind are for something else.
    /// There is a clean answer without them unless they name where it keeps its state.
    Both,
}

/// Manifests of Kubernetes, and templates of them.
pub(super) static KUBERNETES: UnreadKind = UnreadKind {
    name: "kubernetes",
    phrase: "a Kubernetes manifest",
    is_of_kind: is_manifest,
    has_container: has_containers,
    named: NamedWhere::Either,
};

/// Descriptions of containers that people develop in, where no tool looks for one: those that are copied elsewhere.
pub(super) static DEVELOPMENT_CONTAINER_TEMPLATE: UnreadKind = UnreadKind {
    name: "devcontainer-template",
    phrase: "a devcontainer.json where no tool looks for one",
    is_of_kind: is_development_container,
    has_container: |_| true,
    named: NamedWhere::Either,
};

/// Containers that systemd makes services of.
pub(super) static QUADLET: UnreadKind = UnreadKind {
    name: "quadlet",
    phrase: "a quadlet",
    is_of_kind: is_quadlet,
    has_container: |text| QUADLETS.iter().any(|section| text.contains(section)),
    named: NamedWhere::Either,
};

/// Pipelines of continuous integration.
pub(super) static PIPELINE: UnreadKind = UnreadKind {
    name: "pipeline",
    phrase: "a CI pipeline",
    is_of_kind: is_pipeline,
    has_container: |text| has_start(text) || has_container_step(text),
    named: NamedWhere::StartOrState,
};

/// Files of a framework whose `services` are none of Compose.
pub(super) static FRAMEWORK: UnreadKind = UnreadKind {
    name: "framework",
    phrase: "a framework's list of services",
    is_of_kind: is_framework,
    has_container: |_| false,
    named: NamedWhere::Either,
};

/// Templates of other files: what they become is known to what fills them in.
pub(super) static TEMPLATE: UnreadKind = UnreadKind {
    name: "template",
    phrase: "a template",
    is_of_kind: |file| file.ending().is_some_and(|ending| TEMPLATE_ENDINGS.contains(&ending)),
    has_container: |text| describes_services(text) || starts_container(text),
    named: NamedWhere::Both,
};

impl InputKind for UnreadKind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        (self.is_of_kind)(file)
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        (self.is_of_kind)(file) && (self.named != NamedWhere::Both || (self.has_container)(file.beginning()))
    }

    fn is_named_if_ignored(&self) -> bool {
        // Programs that nobody tracks are packages and what a build made.
        self.named != NamedWhere::Both
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        let has_container = (self.has_container)(text);
        match self.named {
            NamedWhere::Both if has_container && context.names_state(text) => UnreadWeight::Counts,
            NamedWhere::Both if has_container && context.names_program(text) => UnreadWeight::Named,
            NamedWhere::Both => UnreadWeight::Nothing,
            NamedWhere::StartOrState if !has_container && !context.names_state(text) => UnreadWeight::Nothing,
            NamedWhere::Either | NamedWhere::StartOrState => match (has_container, context.names_program(text)) {
                (true, true) => UnreadWeight::Counts,
                (true, false) | (false, true) => UnreadWeight::Named,
                (false, false) => UnreadWeight::Nothing,
            },
        }
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece::default();
        for file in &input.files {
            let path = repository.cwd.join(file);
            let shown = repository.shown(&path);
            if input.is_typed() {
                let message = format!("this is {}: not read yet", self.phrase);
                piece.layout.diagnostics.push(Diagnostic::about(Level::Gap, Some(shown.clone()), message));
            }
            let (weight, reason) = match read_text(context.sources.reader(), &path) {
                Ok(text) => (self.weigh_text(&text, context), format!("{} is not read yet", self.phrase)),
                // What cannot be looked at may be anything.
                Err(error) => (UnreadWeight::Counts, format!("{} cannot be read: {error}", self.phrase)),
            };
            if input.is_typed() || weight != UnreadWeight::Nothing {
                piece.add_not_judged(shown, self, reason, weight == UnreadWeight::Counts);
            }
            piece.files.push(path);
        }
        piece
    }
}

fn read_text(reader: &Reader, path: &Path) -> Result<String, ReadError> {
    Ok(String::from_utf8_lossy(&reader.read_start(path, MAX_BYTES)?).into_owned())
}

fn is_manifest(file: &CandidateFile<'_>) -> bool {
    is_other_yaml(file) && file.has_top_key("apiVersion") && file.has_top_key("kind")
}

fn is_development_container(file: &CandidateFile<'_>) -> bool {
    // What describes a part of one, or what a build of it settled on, is none.
    const PARTS: [&str; 4] = ["-lock", "-feature", "-template", "-collection"];
    let Some(stem) = file.name().strip_suffix(".json").or_else(|| file.name().strip_suffix(".jsonc")) else {
        return false;
    };
    let kind = stem.trim_start_matches('.').strip_prefix("devcontainer");
    // `devcontainer.local.json`, `devcontainer-gpu.json`: copied to where a tool looks for it.
    kind.is_some_and(|kind| {
        kind.is_empty() || (kind.starts_with(['.', '-', '_']) && !PARTS.iter().any(|part| kind.starts_with(part)))
    })
}

fn is_quadlet(file: &CandidateFile<'_>) -> bool {
    let section = match file.ending() {
        Some("container") => "[Container]",
        Some("kube") => "[Kube]",
        Some("pod") => "[Pod]",
        _ => return false,
    };
    file.beginning().lines().any(|line| line.trim_end() == section)
}

fn is_pipeline(file: &CandidateFile<'_>) -> bool {
    if PIPELINES.contains(&file.name()) || (file.name() == "config.yml" && file.is_in(".circleci")) {
        return true;
    }
    is_other_yaml(file) && !is_read_pipeline(file) && PIPELINE_KEYS.iter().any(|key| file.has_top_key(key))
}

/// Whether a pipeline is of a form that is read, where it is of interest.
fn is_read_pipeline(file: &CandidateFile<'_>) -> bool {
    [&pipeline::WORKFLOW, &pipeline::GITLAB, &pipeline::WOODPECKER].iter().any(|kind| kind.looks_like(file))
}

fn is_framework(file: &CandidateFile<'_>) -> bool {
    let is_default = |line: &str| line.starts_with([' ', '\t']) && line.trim_start().starts_with("_defaults:");
    is_other_yaml(file) && file.has_top_key("services") && file.beginning().lines().any(is_default)
}

/// Whether a manifest has the template of a Pod, or names an image, as the workflows of Argo and the tasks of Tekton do.
fn has_containers(text: &str) -> bool {
    has_key(text, &["containers", "initContainers", "image"])
        || ["{image:", "{ image:", ", image:"].iter().any(|begin| text.contains(begin))
}

/// Whether a command of a Makefile or pipeline starts a container; what builds, pulls or pushes an image does not. The program
/// may be in a variable: `$(DOCKER) run`.
fn has_start(text: &str) -> bool {
    let text = text.to_ascii_lowercase().replace("\\\n", " ").replace('}', " ");
    starts_container(&text.replace("container_runtime", "docker").replace("container_engine", "docker"))
}

/// Whether something of a pipeline runs in a container that it names.
fn has_container_step(text: &str) -> bool {
    // The last ones are of Jenkins.
    has_key(text, &["image", "container", "services"])
        || ["docker {", "docker{", "dockerfile {", "dockerfile{"].iter().any(|block| text.contains(block))
}

/// Whether it is YAML, and none of Compose's by its name.
fn is_other_yaml(file: &CandidateFile<'_>) -> bool {
    matches!(file.ending(), Some("yaml" | "yml")) && !compose::is_default_name(file.name())
}

/// Whether one of these keys is anywhere in a YAML text.
fn has_key(text: &str, keys: &[&str]) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start().trim_start_matches("- ").trim_start();
        keys.iter().any(|key| is_yaml_key(line, key))
    })
}
