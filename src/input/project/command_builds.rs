//! The images that commands of the host build, by what these call them. Uses `docker_cli`.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::input::docker_cli::DockerCommand;
use crate::input::shell::ContainerStart;
use crate::model::{Build, EnvValue, EnvVar, Symbol, Value};

/// An image that a command builds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CommandBuild {
    pub(super) build: Build,
    pub(super) args: BTreeMap<String, EnvVar>,
}

/// The images that commands build.
#[derive(Debug, Default)]
pub struct CommandBuilds {
    pub(super) all: Vec<CommandBuild>,
    /// Their numbers, by what they are called.
    by_tag: HashMap<String, Vec<usize>>,
}

impl CommandBuilds {
    /// Takes in what commands build, where all that they build from is known.
    pub fn of_starts<'s>(starts: impl Iterator<Item = &'s ContainerStart>) -> Self {
        let mut builds = Self::default();
        let mut known = HashSet::new();
        for start in starts {
            let DockerCommand::Build(command) = &start.command else { continue };
            let Some(build) = &command.image else { continue };
            if !known.insert(start.span) {
                continue;
            }
            let at = builds.all.len();
            builds.all.push(CommandBuild { build: build.clone(), args: command.args.clone() });
            for tag in &command.tags {
                builds.by_tag.entry(untagged(&tag.text).to_owned()).or_default().push(at);
            }
        }
        builds
    }

    /// The number of the build that makes an image. Of several that differ it is the one of the same script; which of two
    /// others was made last is not known.
    pub(super) fn number_of(&self, image: &Value) -> Option<usize> {
        let file = image.span.map(|span| span.file);
        let is_of_file = |at: &usize| {
            let build = self.all.get(*at).map(|one| one.build.span.file);
            build.is_some() && build == file
        };
        let mut of_tag = self.by_tag.get(untagged(&image.text))?.clone();
        if of_tag.iter().any(is_of_file) || image.is_symbolic() {
            of_tag.retain(is_of_file);
        }
        // A parameter of one function is no other function's.
        let is_named = |symbol: &Symbol| symbol.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if image.is_symbolic() && !image.symbols.iter().all(is_named) {
            return None;
        }
        let mut of_tag = of_tag.into_iter();
        let first = of_tag.next()?;
        of_tag.all(|other| self.are_alike(first, other)).then_some(first)
    }

    fn are_alike(&self, one: usize, other: usize) -> bool {
        let files = |at: usize| {
            self.all.get(at).map(|CommandBuild { build, args }| {
                let text = |value: &Option<Value>| value.as_ref().map(|value| value.text.clone());
                let args = args.iter().map(|(name, variable)| (name.clone(), value_text(&variable.value)));
                let contexts = build.contexts.iter().map(|(name, value)| (name.clone(), value.text.clone()));
                let files = [&build.context, &build.dockerfile, &build.target].map(text);
                (files, args.collect::<Vec<_>>(), contexts.collect::<Vec<_>>())
            })
        };
        files(one) == files(other)
    }
}

/// What a variable is set to; `None` where it is taken from where the command runs.
fn value_text(value: &EnvValue) -> Option<String> {
    match value {
        EnvValue::Set(value) => Some(value.text.clone()),
        EnvValue::Inherited => None,
    }
}

/// An image's name without the tag that means no other, and without Podman's word for what no registry has.
pub(super) fn untagged(name: &str) -> &str {
    let name = name.strip_prefix("localhost/").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name)
}
