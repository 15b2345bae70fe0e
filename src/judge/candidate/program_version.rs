//! Which version of the program a container runs, and from where that is known.
//! May use `model`, `rules`, `finding` and `judge::program`.

use super::calls::{Contradiction, ProgramCalls, VERSION_LABEL, find_declaration, is_command, package_version};
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
        Known::Pinned(pin) => Some(pin),
        Known::Open(span) => {
            fact.unpinned = Some(span);
            None
        }
        Known::Replaced(evidence) => {
            fact.evidence.push(evidence);
            None
        }
        Known::Unseen => None,
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

/// What is known of a version that runs.
enum Known {
    /// It is in this range, by what.
    Pinned(PinnedVersion),
    /// It may be any, decided here.
    Open(Span),
    /// A process runs a file that no longer tells it, as this says.
    Replaced(Evidence),
    /// Nothing tells it.
    Unseen,
}

/// A range, and from where it is known.
struct PinnedVersion {
    range: VersionRange,
    evidence: Vec<Evidence>,
}

/// The places that are shown of a range.
const MAX_EVIDENCE: usize = 4;

impl PinnedVersion {
    fn seen(range: VersionRange, text: String, span: Option<Span>) -> Self {
        Self { range, evidence: vec![Evidence::seen(text, span)] }
    }

    /// This range and another one in one; of what they are known by a few.
    fn around(mut self, other: Self) -> Self {
        let differs = self.range != other.range;
        let is_new = |one: &Evidence| self.evidence.iter().all(|known| known.text != one.text);
        let more: Vec<Evidence> = other.evidence.into_iter().filter(|one| differs && is_new(one)).collect();
        self.evidence.extend(more);
        self.evidence.truncate(MAX_EVIDENCE);
        Self { range: self.range.around(other.range), evidence: self.evidence }
    }

    /// The same around what was found before, if anything was.
    fn around_all(self, before: Option<Self>) -> Self {
        match before {
            Some(before) => before.around(self),
            None => self,
        }
    }
}

fn pinned_version(text: &str, what: &str, span: Option<Span>) -> Option<PinnedVersion> {
    let range = VersionRange::parse(text)?;
    let told = format!("{what} pins {range}");
    Some(PinnedVersion::seen(range, told, span))
}

/// The versions that the calls run: as old as the oldest, and not known where one is not.
fn version_of_calls(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>) -> Known {
    // What was not seen may call the copy that a package brings, or what a container that runs has beside it.
    let is_whole = container.script.sight != Sight::Partial && !calls.live.is_empty();
    let mut joined: Option<PinnedVersion> = None;
    if let Some(bundled) = bundled_version(container, profile).filter(|_| !is_whole) {
        match bundled {
            Known::Pinned(pin) => joined = Some(pin),
            open => return open,
        }
    }
    let is_bundled = joined.is_some();
    let mut plain = calls.live.is_empty();
    for call in &calls.live {
        let pin = match running_version(call, profile).or_else(|| version_of_call(container, profile, call)) {
            Some(Known::Pinned(pin)) => pin,
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
        return Known::Pinned(joined);
    }
    match in_container() {
        Known::Pinned(installed) => Known::Pinned(joined.around(installed)),
        // Nothing else is known to be there that could be called.
        Known::Unseen if is_bundled && calls.live.is_empty() => Known::Pinned(joined),
        Known::Unseen if !plain && container.shown().installed.iter().all(|one| one.program != profile.id) => {
            Known::Pinned(joined)
        }
        other => other,
    }
}

/// The version that a process runs, by its own file; `None` where that is whatever is installed, and for words.
fn running_version(call: &Invocation, profile: &Profile) -> Option<Known> {
    let name = &profile.name;
    let (process, why) = match call.running_version.as_ref()? {
        RunningVersion::Known { process, version } => match VersionRange::parse(version) {
            Some(range) => {
                let text = format!("process {process} is {name} {range}");
                return Some(Known::Pinned(PinnedVersion::seen(range, text, Some(call.span))));
            }
            None => (process, "what its file tells is none"),
        },
        RunningVersion::Unknown { process, why } => (process, why.as_str()),
    };
    let text = format!("the version of {name} that process {process} runs is not known: {why}");
    Some(Known::Replaced(Evidence::seen(text, Some(call.span))))
}

/// The version of the package or file that a call names by itself; `None` where it runs what is installed.
fn version_of_call(container: &Container, profile: &Profile, call: &Invocation) -> Option<Known> {
    let program = call.argv.first()?;
    if let Some((directory, name)) = parent_and_name(program) {
        let is_in = |known: &String| directory.ends_with(known.as_str());
        if profile.version_directories.iter().any(is_in) {
            let pin = pinned_version(name, "the file that it runs", Some(call.span));
            return Some(pin.map_or(Known::Open(call.span), Known::Pinned));
        }
        let bundled = profile.bundled_by.iter().any(|bundle| directory.ends_with(&bundle.directory));
        if bundled {
            return Some(Known::Open(call.span));
        }
    }
    if is_command(program, profile) {
        // Of a program that is mounted by itself the mount tells more.
        let mount = container.mount_holding(program).map(|(mount, _)| mount);
        let mount = mount.filter(|mount| !container.is_running() && mount.target.text != **program);
        return mount.map(|mount| Known::Open(mount.span));
    }
    let version = call.argv.iter().skip(1).find_map(|word| package_version(word, profile))?;
    let pin = pinned_version(version, "the package it runs", Some(call.span));
    Some(pin.map_or(Known::Open(call.span), Known::Pinned))
}

/// The version that a container has: its own files, what is mounted over them, the image's tag, its build, an argument of
/// that.
fn version_in_container(
    container: &Container,
    profile: &Profile,
    calls: &ProgramCalls<'_>,
    counts_bundled: bool,
) -> Known {
    if let Some(pin) = installed_version(container, profile, counts_bundled) {
        return Known::Pinned(pin);
    }
    match version_of_binary(container, profile, calls, counts_bundled) {
        Known::Unseen => {}
        known => return known,
    }
    if let Some(pin) = version_of_image(container, profile) {
        return Known::Pinned(pin);
    }
    match version_of_build(container, profile) {
        Known::Unseen => build_argument(container, profile).map_or(Known::Unseen, Known::Pinned),
        known => known,
    }
}

/// The version of the copy that a package brings which the image's build installs: by the version of the package, where that
/// is pinned. `None` where none is installed.
fn bundled_version(container: &Container, profile: &Profile) -> Option<Known> {
    let adds = |call: &&Invocation| call.argv.iter().any(|word| matches!(&**word, "install" | "i" | "add" | "sync"));
    let named = |call: &Invocation| {
        let mut words = call.argv.iter().skip(1);
        words.find_map(|word| {
            Some((profile.bundled_by.iter().find(|bundle| bundle.is_named_by(word))?, word.to_string()))
        })
    };
    let mut found: Option<Known> = None;
    for call in container.installs.iter().filter(adds) {
        let Some((bundle, word)) = named(call) else { continue };
        let pin = bundle.program_range(&word).map(|range| {
            let text = format!("its Dockerfile installs {word}, which brings {} {range}", profile.name);
            PinnedVersion::seen(range, text, Some(call.span))
        });
        // The last of them is there in the end, and another package's beside it.
        found = Some(match (pin, found) {
            (Some(pin), Some(Known::Pinned(before))) => Known::Pinned(before.around(pin)),
            (Some(pin), None) => Known::Pinned(pin),
            (Some(_), Some(open)) => open,
            (None, _) => Known::Open(call.span),
        });
    }
    found
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

/// Directories that a mount may cover together with the program in them.
const PROGRAM_DIRECTORIES: [&str; 6] =
    ["/usr/local", "/usr/local/bin", "/usr/bin", "/usr/local/lib/node_modules", "/usr/lib/node_modules", "/opt"];

/// The program that is mounted: by its name where that is a version, else any. Where all calls name other files, nothing
/// runs it; `is_open` says that there may be more calls.
fn version_of_binary(container: &Container, profile: &Profile, calls: &ProgramCalls<'_>, is_open: bool) -> Known {
    let programs = calls.live.iter().filter_map(|call| call.argv.first());
    let is_run = is_open
        || calls.live.is_empty()
        || programs.clone().any(|program| !program.starts_with('/') || program.contains('$'));
    let mut found = Known::Unseen;
    for mount in &container.mounts {
        let target = &mount.target.text;
        let is_program = target.rsplit('/').next().is_some_and(|name| profile.commands.iter().any(|own| own == name));
        if let (true, MountSource::Host(source)) = (is_program, &mount.source)
            && let Some((directory, name)) = parent_and_name(&source.text)
            && profile.version_directories.iter().any(|known| directory.ends_with(known.as_str()))
            && let Some(pin) = pinned_version(name, "the mounted program", Some(mount.span))
        {
            return Known::Pinned(pin);
        }
        let runs = is_run || programs.clone().any(|program| split_below(program, target).is_some());
        if !runs {
            continue;
        }
        if (is_program && is_program_file(mount)) || covers_program(container, profile, mount) {
            found = Known::Open(mount.span);
        }
    }
    found
}

fn is_program_file(mount: &Mount) -> bool {
    parent_and_name(&mount.target.text).is_some_and(|(directory, _)| directory.ends_with("/bin"))
}

/// Whether a mount hides what the image's build installed.
fn covers_program(container: &Container, profile: &Profile, mount: &Mount) -> bool {
    let target = &mount.target.text;
    let is_directory = PROGRAM_DIRECTORIES.contains(&target.as_str())
        || profile.version_directories.iter().any(|directory| target.ends_with(directory.as_str()))
        || profile.packages.iter().any(|package| target.ends_with(&format!("/node_modules/{package}")));
    is_directory && last_installation(container, profile).is_some()
}

/// The command of an image's build that decides which version is there: the last one that installs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Installation {
    /// The command, as an index in the container's `installs`.
    pub(crate) command: usize,
    /// The word that names the package, as an index in the command's words; `None` for the native installer.
    pub(crate) package: Option<usize>,
}

/// What was installed while the image was built, the last by each installer: each has a place of its own.
fn installations(container: &Container, profile: &Profile) -> Vec<Installation> {
    let mut found: Vec<(&str, Installation)> = Vec::new();
    let mut fetched = false;
    for (command, call) in container.installs.iter().enumerate() {
        let Some((program, words)) = call.argv.split_first() else { continue };
        let name = program.rsplit('/').next().unwrap_or(program);
        let package = words.iter().position(|word| package_version(word, profile).is_some()).map(|at| at + 1);
        let installer = match name {
            "npm" | "npx" => "npm",
            "bun" | "bunx" => "bun",
            "pnpm" | "yarn" | "volta" => name,
            // The native installer: a script that is fetched, and what it is given.
            "bash" | "sh" => "sh",
            _ => "",
        };
        let installs = if installer == "sh" { fetched } else { !installer.is_empty() && package.is_some() };
        fetched = profile.installers.iter().any(|installer| words.iter().any(|word| word.contains(installer.as_str())));
        let removed = words.iter().any(|word| matches!(&**word, "uninstall" | "remove" | "rm"));
        if installs {
            found.retain(|(known, _)| *known != installer);
            let package = package.filter(|_| installer != "sh");
            found.extend((!removed).then_some((installer, Installation { command, package })));
        }
    }
    found.into_iter().map(|(_, installation)| installation).collect()
}

/// The last of them.
pub(crate) fn last_installation(container: &Container, profile: &Profile) -> Option<Installation> {
    installations(container, profile).pop()
}

/// The versions that were installed while the image was built: any of them may be the one that runs.
fn version_of_build(container: &Container, profile: &Profile) -> Known {
    let mut joined = linked_version(container, profile);
    for installation in installations(container, profile) {
        let Some(call) = container.installs.get(installation.command) else { continue };
        let version = match installation.package {
            Some(at) => call.argv.get(at).and_then(|word| package_version(word, profile)),
            None => call.argv.iter().skip(1).find(|word| !word.starts_with('-')).map(|word| &**word),
        };
        let Some(pin) = pinned_version(version.unwrap_or(""), "its Dockerfile", Some(call.span)) else {
            return Known::Open(call.span);
        };
        joined = Some(pin.around_all(joined));
    }
    joined.map_or(Known::Unseen, Known::Pinned)
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
