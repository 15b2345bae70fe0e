//! Which version of the program a container runs, and from where that is known.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::calls::{Contradiction, ProgramCalls, VERSION_LABEL, find_declaration, package_version};
use crate::finding::Evidence;
use crate::model::{Container, EnvValue, Mount, MountSource, parent_and_name};
use crate::rules::{Profile, VersionRange};
use crate::text::Span;

/// What is known of the program's version.
#[derive(Default)]
pub(crate) struct VersionFact {
    pub(crate) range: Option<VersionRange>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) contradiction: Option<Contradiction>,
    pub(crate) unreadable: Option<Evidence>,
    /// Where it is installed without a version, so that it is whichever is the newest.
    pub(crate) unpinned: Option<Span>,
}

/// The version: a package or binary named with it, the image's tag, a build argument, then the label.
pub(crate) fn read_version(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> VersionFact {
    let mut fact = VersionFact::default();
    let seen = installed_version(container, profile)
        .or_else(|| package_version_of_calls(calls, profile))
        .or_else(|| version_of_binary(container, profile))
        .or_else(|| version_of_image(container, profile));
    let seen = seen.or_else(|| match versions_of_build(container, profile) {
        Built::With(pin) => Some(pin),
        Built::Unpinned(span) => {
            fact.unpinned = Some(span);
            None
        }
        Built::Unknown => build_argument(container, profile),
    });
    let declared = find_declaration(container, VERSION_LABEL).and_then(|declared| {
        let range = VersionRange::parse(declared.text());
        if range.is_none() {
            let text = format!("{} is no version such as 2.1.132 or >=2.1.132", declared.who());
            fact.unreadable = Some(Evidence::declared(text, Some(declared.span())));
        }
        let text = range.as_ref().map(|range| format!("{} says {range}", declared.who()))?;
        Some((range?, Evidence::declared(text, Some(declared.span()))))
    });
    match (seen, declared) {
        (Some((seen, evidence)), Some((declared, _))) if !declared.overlaps(&seen) => {
            fact.contradiction = Some(Contradiction { label: VERSION_LABEL, evidence: evidence.clone() });
            (fact.range, fact.evidence) = (Some(seen), vec![evidence]);
        }
        (Some((range, evidence)), _) | (None, Some((range, evidence))) => {
            (fact.range, fact.evidence) = (Some(range), vec![evidence]);
        }
        (None, None) => {}
    }
    fact
}

type Pin = (VersionRange, Evidence);

fn pinned_version(text: &str, what: &str, span: Option<Span>) -> Option<Pin> {
    let range = VersionRange::parse(text)?;
    let evidence = Evidence::seen(format!("{what} pins {range}"), span);
    Some((range, evidence))
}

/// The version of the program as it is installed and runs, by its own files. Several are a range: any may be called.
fn installed_version(container: &Container, profile: &Profile) -> Option<Pin> {
    let mut found: Option<Pin> = None;
    for installed in container.shown().installed.iter().filter(|installed| installed.program == profile.id) {
        // One that does not tell its version may be any.
        let version = VersionRange::parse(installed.version.as_ref()?)?;
        found = Some(match found {
            None => {
                let text = format!("{} is {} {version}", installed.path, profile.name);
                (version, Evidence::seen(text, installed.span))
            }
            Some((range, evidence)) => (range.around(version), evidence),
        });
    }
    found
}

fn package_version_of_calls(calls: &ProgramCalls<'_>, profile: &Profile) -> Option<Pin> {
    calls.live.iter().find_map(|call| {
        let version = call.argv.iter().find_map(|word| package_version(word, profile))?;
        pinned_version(version, "the package it runs", Some(call.span))
    })
}

fn version_of_binary(container: &Container, profile: &Profile) -> Option<Pin> {
    container.mounts.iter().find_map(|mount| {
        let target_is_program = profile.commands.iter().any(|name| mount.target.text.rsplit('/').next() == Some(name));
        let MountSource::Host(source) = &mount.source else { return None };
        let (directory, name) = parent_and_name(&source.text)?;
        let versioned = profile.version_directories.iter().any(|known| directory.ends_with(known.as_str()));
        (target_is_program && versioned)
            .then(|| pinned_version(name, "the mounted program", Some(mount.span)))
            .flatten()
    })
}

/// The command of an image's build that decides which version is there: the last one that installs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Installation {
    /// The command, as an index in the container's `installs`.
    pub(crate) command: usize,
    /// The word that names the package, as an index in the command's words; `None` for the native installer.
    pub(crate) package: Option<usize>,
}

/// What was installed while the image was built: the last one counts.
pub(crate) fn last_installation(container: &Container, profile: &Profile) -> Option<Installation> {
    let mut found = None;
    let mut fetched = false;
    for (command, call) in container.installs.iter().enumerate() {
        let Some((program, words)) = call.argv.split_first() else { continue };
        let name = program.rsplit('/').next().unwrap_or(program);
        let package = words.iter().position(|word| package_version(word, profile).is_some()).map(|at| at + 1);
        let installs = match name {
            "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" | "volta" => package.is_some(),
            // The native installer: a script that is fetched, and what it is given.
            "bash" | "sh" => fetched,
            _ => false,
        };
        fetched = profile.installers.iter().any(|installer| words.iter().any(|word| word.contains(installer.as_str())));
        let removed = words.iter().any(|word| matches!(&**word, "uninstall" | "remove" | "rm"));
        match installs {
            true if removed => found = None,
            true => {
                let package = package.filter(|_| !matches!(name, "bash" | "sh"));
                found = Some(Installation { command, package });
            }
            false => {}
        }
    }
    found
}

/// What was installed while the image was built.
enum Built {
    With(Pin),
    /// Without a version, so that it is whichever was the newest.
    Unpinned(Span),
    /// Nothing that was seen.
    Unknown,
}

/// The version that was installed while the image was built.
fn versions_of_build(container: &Container, profile: &Profile) -> Built {
    let Some(installation) = last_installation(container, profile) else { return Built::Unknown };
    let Some(call) = container.installs.get(installation.command) else { return Built::Unknown };
    let version = match installation.package {
        Some(at) => call.argv.get(at).and_then(|word| package_version(word, profile)),
        None => call.argv.iter().skip(1).find(|word| !word.starts_with('-')).map(|word| &**word),
    };
    match pinned_version(version.unwrap_or(""), "its Dockerfile", Some(call.span)) {
        Some(pin) => Built::With(pin),
        None => Built::Unpinned(call.span),
    }
}

/// Whether a mount puts the program's own binary into the container.
pub(crate) fn mounts_program(container: &Container, profile: &Profile) -> bool {
    let name = |mount: &Mount| mount.target.text.rsplit_once('/').map(|(at, name)| (at.to_owned(), name.to_owned()));
    container.mounts.iter().filter_map(name).any(|(at, name)| at.ends_with("/bin") && profile.commands.contains(&name))
}

fn version_of_image(container: &Container, profile: &Profile) -> Option<Pin> {
    let image = container.image.as_ref()?;
    let (name, tag) = split_image(&image.text)?;
    profile
        .images
        .iter()
        .any(|known| known == name)
        .then(|| pinned_version(tag, "the image's tag", image.span))
        .flatten()
}

/// Whether the image is named after the program.
pub(crate) fn is_program_image(container: &Container, profile: &Profile) -> bool {
    let name =
        container.image.as_ref().map(|image| split_image(&image.text).map_or(image.text.as_str(), |(name, _)| name));
    name.is_some_and(|name| profile.images.iter().any(|known| name.rsplit('/').next() == Some(known)))
}

/// The last component of an image's name and its tag.
fn split_image(image: &str) -> Option<(&str, &str)> {
    let image = image.split('@').next().unwrap_or(image);
    let (name, tag) = image.rsplit_once(':')?;
    (!tag.contains('/')).then(|| (name.rsplit('/').next().unwrap_or(name), tag))
}

fn build_argument(container: &Container, profile: &Profile) -> Option<Pin> {
    profile.build_args.iter().find_map(|name| {
        let argument = container.build_args.get(name)?;
        match &argument.value {
            EnvValue::Set(value) if !value.is_symbolic() => {
                pinned_version(&value.text, &format!("the build argument {name}"), Some(argument.span))
            }
            _ => None,
        }
    })
}
