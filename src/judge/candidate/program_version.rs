//! Which version of the program a container runs, and from where that is known.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::bundled_copy::bundled_version;
use super::calls::{Contradiction, ProgramCalls, VERSION_LABEL, find_declaration, is_command, run_package_version};
use super::installations::{
    installed_at_start, installed_by_commands, installed_in_image, installing_feature, last_installation,
};
use super::known_version::{KnownVersion, PinnedVersion, pinned_version};
use super::program_file::{called_path, is_off_path, mount_found_first, other_file, placed_found_first};
use crate::finding::Evidence;
use crate::model::{
    Container, EnvValue, Invocation, Mount, MountSource, RunningVersion, Sight, operands, parent_and_name,
    program_name, split_below,
};
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

/// The version: of each call the package or file that it names, else what is in the container; then the label. Several
/// are a range.
pub(crate) fn read_version(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> VersionFact {
    let mut fact = VersionFact::default();
    let seen = match version_of_calls(container, profile, calls) {
        KnownVersion::Pinned(pin) => Some(pin),
        KnownVersion::Open(span) => {
            fact.unpinned = Some(span);
            None
        }
        KnownVersion::Replaced(evidence) => {
            fact.evidence.push(evidence);
            None
        }
        KnownVersion::Unseen => None,
    };
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
        (Some(PinnedVersion { range: seen, evidence }), Some((declared, _))) if !declared.overlaps(&seen) => {
            let evidence_of_seen = evidence.first().cloned();
            fact.contradiction = evidence_of_seen.map(|evidence| Contradiction { label: VERSION_LABEL, evidence });
            (fact.range, fact.evidence) = (Some(seen), evidence);
        }
        (Some(PinnedVersion { range, evidence }), _) => (fact.range, fact.evidence) = (Some(range), evidence),
        (None, Some((range, evidence))) => (fact.range, fact.evidence) = (Some(range), vec![evidence]),
        (None, None) => {}
    }
    fact
}

/// The versions that the calls run: as old as the oldest, and not known where one is not.
fn version_of_calls(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> KnownVersion {
    // What was not seen may call the copy that a package brings, or what a container that runs has beside it.
    let is_whole = container.script.sight != Sight::Partial && !calls.live.is_empty();
    let mut joined: Option<PinnedVersion> = None;
    if let Some(bundled) = bundled_version(container, profile).filter(|_| !is_whole) {
        match bundled {
            KnownVersion::Pinned(pin) => joined = Some(pin),
            open => return open,
        }
    }
    let is_bundled = joined.is_some();
    let mut plain = calls.live.is_empty();
    for call in &calls.live {
        let pin = match running_version(call, profile).or_else(|| version_of_call(container, profile, call)) {
            Some(KnownVersion::Pinned(pin)) => pin,
            Some(open) => return open,
            None => {
                plain = true;
                continue;
            }
        };
        joined = Some(pin.around_all(joined));
    }
    let in_container = || version_in_container(container, profile, calls, !is_whole);
    let Some(joined) = joined else { return in_container() };
    let is_open = !is_whole && container.is_running();
    if !plain && !is_open {
        return KnownVersion::Pinned(joined);
    }
    match in_container() {
        KnownVersion::Pinned(installed) => KnownVersion::Pinned(joined.around(installed)),
        // Nothing else is known to be there that could be called.
        KnownVersion::Unseen if is_bundled && calls.live.is_empty() => KnownVersion::Pinned(joined),
        KnownVersion::Unseen if !plain && container.shown().installed.iter().all(|one| one.program != profile.id) => {
            KnownVersion::Pinned(joined)
        }
        other => other,
    }
}

/// The version that a process runs, by its own file; `None` where that is whatever is installed, and for words.
fn running_version(call: &Invocation, profile: &Profile) -> Option<KnownVersion> {
    let name = &profile.name;
    let (process, why) = match call.running_version.as_ref()? {
        RunningVersion::Known { process, version } => match VersionRange::parse(version) {
            Some(range) => {
                let text = format!("process {process} is {name} {range}");
                return Some(KnownVersion::Pinned(PinnedVersion::seen(range, text, Some(call.span))));
            }
            None => (process, "what its file tells is none"),
        },
        RunningVersion::Unknown { process, why } => (process, why.as_str()),
    };
    let text = format!("the version of {name} that process {process} runs is not known: {why}");
    Some(KnownVersion::Replaced(Evidence::seen(text, Some(call.span))))
}

/// The version of the package or file that a call names by itself; `None` where it runs what is installed.
fn version_of_call(container: &Container, profile: &Profile, call: &Invocation) -> Option<KnownVersion> {
    let program = call.argv.first()?;
    if let Some((directory, name)) = parent_and_name(program) {
        let is_in = |known: &String| directory.ends_with(known.as_str());
        if profile.version_directories.iter().any(is_in) {
            let pin = pinned_version(name, "the file that it runs", Some(call.span));
            return Some(pin.map_or(KnownVersion::Open(call.span), KnownVersion::Pinned));
        }
        let bundled = profile.bundled_by.iter().any(|bundle| directory.ends_with(&bundle.directory));
        if bundled {
            return Some(KnownVersion::Open(call.span));
        }
    }
    if is_command(program, profile) {
        return other_file(container, profile, call).map(KnownVersion::Replaced);
    }
    let version = call.argv.iter().skip(1).find_map(|word| run_package_version(word, profile))?;
    let pin = pinned_version(version, "the package it runs", Some(call.span));
    Some(pin.map_or(KnownVersion::Open(call.span), KnownVersion::Pinned))
}

/// The version that a container has: its own files, what is mounted over them, the image's tag, its build, an argument of
/// that; and what it installs itself.
fn version_in_container(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    counts_bundled: bool,
) -> KnownVersion {
    if let Some(pin) = installed_version(container, profile, counts_bundled) {
        return KnownVersion::Pinned(pin);
    }
    match version_of_binary(container, profile, calls, counts_bundled) {
        KnownVersion::Unseen => {}
        known => return known,
    }
    if let Some(evidence) = unknown_placed_file(container, profile, calls, counts_bundled) {
        return KnownVersion::Replaced(evidence);
    }
    let known = match version_of_image(container, profile) {
        Some(pin) => KnownVersion::Pinned(pin),
        None => match version_of_build(container, profile, calls) {
            KnownVersion::Unseen => match version_of_feature(container, profile) {
                KnownVersion::Unseen => {
                    build_argument(container, profile).map_or(KnownVersion::Unseen, KnownVersion::Pinned)
                }
                known => known,
            },
            known => known,
        },
    };
    with_own_installs(container, profile, known)
}

/// The version that such a feature installs: the newest, where its options say no other.
fn version_of_feature(container: &Container, profile: &Profile) -> KnownVersion {
    let Some(feature) = installing_feature(container, profile) else { return KnownVersion::Unseen };
    let version = feature.version.as_ref().filter(|version| !version.is_symbolic());
    let pin = version.and_then(|version| pinned_version(&version.text, "the feature", Some(feature.span)));
    pin.map_or(KnownVersion::Open(feature.span), KnownVersion::Pinned)
}

/// What is known of a version, where the container installs others itself: any of them may be the one that runs.
fn with_own_installs(container: &Container, profile: &Profile, known: KnownVersion) -> KnownVersion {
    let mut known = known;
    for (call, version) in installed_at_start(container, profile) {
        let pin = pinned_version(&version, "what it installs when it starts", Some(call.span));
        known = match (pin, known) {
            (None, _) => return KnownVersion::Open(call.span),
            (Some(pin), KnownVersion::Pinned(before)) => KnownVersion::Pinned(before.around(pin)),
            (Some(pin), KnownVersion::Unseen) if !call.conditional => KnownVersion::Pinned(pin),
            (Some(_), known) => known,
        };
    }
    known
}

/// The version of the program as it is installed, by its own files. Several are a range: any may be called. A copy that a
/// package brings is called by that package alone.
fn installed_version(container: &Container, profile: &Profile, counts_bundled: bool) -> Option<PinnedVersion> {
    let is_bundled =
        |path: &str| profile.bundled_by.iter().any(|bundle| path.contains(&format!("{}/", bundle.directory)));
    let own = container.shown().installed.iter().filter(|installed| installed.program == profile.id);
    let mut found: Option<PinnedVersion> = None;
    for installed in own.filter(|installed| counts_bundled || !is_bundled(&installed.path)) {
        // One that does not tell its version may be any.
        let version = VersionRange::parse(installed.version.as_ref()?)?;
        found = Some(match found {
            None => {
                let text = format!("{} is {} {version}", installed.path, profile.name);
                PinnedVersion::seen(version, text, installed.span)
            }
            Some(found) => PinnedVersion { range: found.range.around(version), ..found },
        });
    }
    found
}

/// Directories that a mount may cover together with the files that a program is made of.
const PROGRAM_DIRECTORIES: [&str; 4] = ["/usr/local", "/usr/local/lib/node_modules", "/usr/lib/node_modules", "/opt"];

/// The program that is mounted: by its name where that is a version, else any. Only a mount counts that a call comes to
/// before what the image has; `is_open` says that there may be more calls.
fn version_of_binary(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    is_open: bool,
) -> KnownVersion {
    let by_path: Vec<String> = calls.live.iter().filter_map(|call| called_path(container, call)).collect();
    let by_name = calls.live.iter().filter(|call| called_path(container, call).is_none()).map(|call| Some(*call));
    let unseen = (is_open || calls.live.is_empty()).then_some(None);
    let by_name: Vec<Option<&Invocation>> = by_name.chain(unseen).collect();
    let first: Vec<&Mount> = by_name.iter().filter_map(|call| mount_found_first(container, profile, *call)).collect();
    let in_system = |path: &String| path.starts_with("/usr/");
    let mut found = KnownVersion::Unseen;
    for mount in &container.mounts {
        let target = &mount.target.text;
        let is_program = target.rsplit('/').next().is_some_and(|name| profile.commands.iter().any(|own| own == name));
        let is_found = first.iter().any(|one| std::ptr::eq(*one, mount))
            || by_path.iter().any(|path| split_below(path, target).is_some())
            || !by_name.is_empty() && is_program && is_off_path(container, profile, mount);
        if let (true, true, MountSource::Host(source)) = (is_found, is_program, &mount.source)
            && let Some((directory, name)) = parent_and_name(&source.text)
            && profile.version_directories.iter().any(|known| directory.ends_with(known.as_str()))
            && let Some(pin) = pinned_version(name, "the mounted program", Some(mount.span))
        {
            return KnownVersion::Pinned(pin);
        }
        let is_run = !by_name.is_empty() || by_path.iter().any(in_system);
        if is_found || is_run && covers_program(container, profile, mount) {
            let text =
                format!("{} may be run from the mount at {target}: which version that is is not known", profile.name);
            found = KnownVersion::Replaced(Evidence::seen(text, Some(mount.span)));
        }
    }
    found
}

/// What says that the program is a file which the build puts there and of which nothing is known.
fn unknown_placed_file(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    is_open: bool,
) -> Option<Evidence> {
    let paths: Vec<String> = calls.live.iter().filter_map(|call| called_path(container, call)).collect();
    let by_name = calls.live.iter().filter(|call| called_path(container, call).is_none()).map(|call| Some(*call));
    let unseen = (is_open || calls.live.is_empty()).then_some(None);
    let by_name: Vec<Option<&Invocation>> = by_name.chain(unseen).collect();
    let placed = placed_found_first(container, profile, &by_name, &paths)?;
    let text = format!("the version of {} at {} is not known: {}", profile.name, placed.path, placed.why);
    Some(Evidence::seen(text, Some(placed.span)))
}

/// Whether a mount hides the files of what the image's build installed.
fn covers_program(container: &Container, profile: &Profile, mount: &Mount) -> bool {
    let target = &mount.target.text;
    let is_directory = PROGRAM_DIRECTORIES.contains(&target.as_str())
        || profile.version_directories.iter().any(|directory| target.ends_with(directory.as_str()))
        || profile.packages.iter().any(|package| target.ends_with(&format!("/node_modules/{package}")));
    is_directory && last_installation(container, profile).is_some()
}

/// The versions that were installed while the image was built, and those that other builds of it install: any of them may be
/// the one that runs.
fn version_of_build(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> KnownVersion {
    let mut joined = linked_version(container, profile);
    // A name means the program of the base before that of a directory, where the base may have one.
    let is_named = calls.live.iter().any(|call| called_path(container, call).is_none());
    let counts_local = container.has_root_base || !is_named;
    let installed = installed_in_image(container, profile);
    for installed in installed.into_iter().filter(|one| counts_local || one.is_global()) {
        let span = installed.call.span;
        let setup = container.workplace.as_ref().map_or(0, |workplace| workplace.setup_installs);
        let first_of_setup = container.installs.len().saturating_sub(setup);
        let is_setup = installed.place.is_some_and(|place| place.command >= first_of_setup);
        let what = if is_setup { "the command that installs it" } else { "its Dockerfile" };
        let Some(pin) = pinned_version(&installed.version, what, Some(span)) else {
            return KnownVersion::Open(span);
        };
        joined = Some(pin.around_all(joined));
    }
    for build in &container.other_builds {
        for installed in installed_by_commands(&build.installs, profile) {
            let Some(pin) = pinned_version(&installed.version, "another build of its image", Some(build.span)) else {
                return KnownVersion::Open(build.span);
            };
            joined = Some(pin.around_all(joined));
        }
    }
    joined.map_or(KnownVersion::Unseen, KnownVersion::Pinned)
}

/// The version that the last link to the program leads to, where the build makes it to a file that is named by its version.
fn linked_version(container: &Container, profile: &Profile) -> Option<PinnedVersion> {
    let links = container.installs.iter().rev().filter(|call| program_name(call) == "ln");
    let leads_to = |call: &Invocation| {
        let [target, link] = operands(call)[..] else { return None };
        let (directory, version) = parent_and_name(target)?;
        let is_version = profile.version_directories.iter().any(|known| directory.ends_with(known.as_str()));
        let (_, name) = parent_and_name(link)?;
        let is_program = profile.commands.iter().any(|command| command == name);
        (is_version && is_program)
            .then(|| pinned_version(version, "the link that its Dockerfile makes", Some(call.span)))?
    };
    links.into_iter().find_map(leads_to)
}

fn version_of_image(container: &Container, profile: &Profile) -> Option<PinnedVersion> {
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

fn build_argument(container: &Container, profile: &Profile) -> Option<PinnedVersion> {
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
