//! Features whose files are in the repository: what they add to the container, and what they install in it. Uses
//! `description`.

use std::path::{Path, PathBuf};

use super::description::Description;
use crate::input::docker_cli::Argument;
use crate::input::project::Repository;
use crate::input::script;
use crate::model::{Command, Feature, Invocation, Unseen, clean};
use crate::text::{Span, Syntax, json};

/// The file that says what a feature adds, and the one that installs it.
const FILES: [&str; 2] = ["devcontainer-feature.json", "install.sh"];
/// Features that are read.
const MANY: usize = 50;

/// What all features of the repository add.
#[derive(Default)]
pub(super) struct FeatureParts {
    /// Options of the command line that starts the container.
    pub(super) options: Vec<Argument>,
    /// Commands that set it up.
    pub(super) setup: Vec<Command>,
    /// What their installers run.
    pub(super) installs: Vec<Invocation>,
    /// The mounts whose sources are named after the project.
    pub(super) own_mounts: Vec<Span>,
    /// Those that could not be read.
    pub(super) unseen: Vec<Unseen>,
    /// The files that were read, as a person would write them.
    pub(super) files: Vec<String>,
}

/// Reads the features that are named by a path.
pub(super) fn read_local_features(
    features: &[Feature],
    given: &Description<'_>,
    repository: &Repository<'_>,
) -> FeatureParts {
    let mut parts = FeatureParts::default();
    for feature in features.iter().filter(|feature| feature.name.starts_with('.')).take(MANY) {
        let directory = PathBuf::from(clean(&given.directory.join(&feature.name).display().to_string()));
        if parts.add_feature(&directory, given, repository).is_none() {
            let what = "what a feature of this repository adds was not read".to_owned();
            parts.unseen.push(Unseen { what, span: feature.span });
        }
    }
    parts
}

impl FeatureParts {
    /// Adds one; `None` where it cannot be read whole.
    fn add_feature(&mut self, directory: &Path, given: &Description<'_>, repository: &Repository<'_>) -> Option<()> {
        let [description, installer] = FILES.map(|name| directory.join(name));
        let text = super::read_text(given.sources.reader(), &description).ok()?;
        let shown = repository.shown(&description);
        let file = given.sources.add_written(shown.as_str(), text.as_str(), Syntax::Json);
        let root = json::parse(file, &text).ok().filter(|root| root.as_map().is_some())?;
        self.files.push(shown);
        let mut own = Description {
            root: &root,
            source: given.sources.get(file),
            file,
            sources: given.sources,
            directory: directory.to_owned(),
            variables: given.variables,
            faults: Vec::new(),
            own_mounts: Vec::new(),
            has_own_name: false,
        };
        self.options.extend(own.container_options());
        self.own_mounts.append(&mut own.own_mounts);
        self.setup.extend(own.setup());
        let script = script::run_file_on_host(&installer, repository)?;
        self.installs.extend(script.invocations);
        own.faults.is_empty().then_some(())
    }
}
