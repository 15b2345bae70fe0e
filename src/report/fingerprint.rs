//! What a hit is recognised by from one run to the next. May use `finding`, `model`, `text` and `report::names`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::names::Names;
use crate::finding::{Breach, MountText, Participant, Report};
use crate::model::{Diagnostic, split_below};
use crate::text::{FileId, Sources};

/// What tells a participant of a login from every other: the login's key, the project and the service. It holds no
/// home directory, no name of a checkout, no line number, and nothing of the other participants. What is written here is
/// kept in baselines: it must not change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct HitIdentity {
    login: String,
    /// The project: of planned containers the directory that describes them, since the name may be the checkout's.
    project: String,
    service: String,
}

impl HitIdentity {
    /// The identities of all participants, in their order. A script's starts are told apart by the names that they give,
    /// or else by their order in the file.
    pub(super) fn of_participants<'a>(all: &'a [Participant], names: &Names, sources: &Sources) -> Vec<Self> {
        let starts = number_starts(all, names, sources);
        let mut named_files: HashMap<FileId, bool> = HashMap::new();
        let mut keys: HashMap<(FileId, &str, Option<&str>), String> = HashMap::new();
        let mut project = |one: &'a Participant| {
            let of_all = keys.entry((one.span.file, one.origin, one.project.as_deref()));
            of_all.or_insert_with(|| project_key(one, &mut named_files, names, sources)).clone()
        };
        let identity = |(at, one): (usize, &'a Participant)| Self {
            login: format!("{} {}", one.program, login_key(one, names, sources)),
            project: project(one),
            service: starts.get(&at).cloned().unwrap_or_else(|| one.service.clone()),
        };
        let mut identities: Vec<Self> = all.iter().enumerate().map(identity).collect();
        // Two projects of one directory have names of their own.
        let mut projects: HashMap<Self, BTreeSet<&str>> = HashMap::new();
        for (identity, one) in identities.iter().zip(all) {
            projects.entry(identity.clone()).or_default().insert(one.project.as_deref().unwrap_or(""));
        }
        let ambiguous: HashSet<Self> =
            projects.into_iter().filter(|(_, names)| names.len() > 1).map(|(identity, _)| identity).collect();
        // Each of them, so that none takes the place of another that goes.
        for (identity, one) in identities.iter_mut().zip(all) {
            if ambiguous.contains(identity) {
                identity.project.push_str(&format!(" {}", one.project.as_deref().unwrap_or("")));
            }
        }
        identities
    }

    /// The identity of a container that uses no login itself.
    pub(super) fn of_breach(breach: &Breach) -> Self {
        let project = breach.project.clone().unwrap_or_default();
        Self { login: String::new(), project, service: breach.service.clone() }
    }

    /// What a hit of a family is recognised by.
    pub(super) fn fingerprint(&self, family: &str) -> String {
        joined(&["hit", family, &self.login, &self.project, &self.service])
    }
}

/// What a participant's project is called from one run to the next.
///
/// `named_files` keeps which files name their project: each is read once, however many services it has.
fn project_key(one: &Participant, named_files: &mut HashMap<FileId, bool>, names: &Names, sources: &Sources) -> String {
    let file = sources.get(one.span.file);
    match one.origin {
        // The file is part of the service.
        "script" => String::new(),
        "compose" | "devcontainer" if !file.name().is_empty() => {
            let kept = names.kept(file.name());
            let directory = kept.rsplit_once('/').map_or("", |(directory, _)| directory);
            // A name that somebody wrote is the project's; what Compose makes of a directory's name is the checkout's.
            let names_project = || file.text().lines().any(|line| line.starts_with("name:"));
            let is_written = *named_files.entry(one.span.file).or_insert_with(names_project);
            let own_name = one.project.as_deref().map(|name| name.split_once(" (").map_or(name, |(name, _)| name));
            match own_name.filter(|name| is_written || !is_name_of_directory(name, &names.absolute(file.name()))) {
                Some(name) => format!("{directory} {name}"),
                None => directory.to_owned(),
            }
        }
        _ => one.project.clone().unwrap_or_default(),
    }
}

/// Whether a project's name is what Compose makes of the directory of a file.
fn is_name_of_directory(name: &str, file: &str) -> bool {
    let directory = file.rsplit('/').nth(1).unwrap_or("").to_lowercase();
    let kept = |ch: &char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || matches!(ch, '_' | '-');
    let made: String = directory.chars().filter(kept).collect();
    made.trim_start_matches(['_', '-']) == name
}

/// For each start of a script, by its index: the file with the name that it gives, or with its number among those of the
/// file that give none.
fn number_starts(all: &[Participant], names: &Names, sources: &Sources) -> BTreeMap<usize, String> {
    let mut starts: Vec<(String, u32, usize)> = Vec::new();
    for (at, one) in all.iter().enumerate().filter(|(_, one)| one.origin == "script") {
        let file = sources.get(one.span.file);
        starts.push((names.kept(file.name()), one.span.start.line, at));
    }
    starts.sort();
    let mut counts: HashMap<String, usize> = HashMap::new();
    // All ways to one start are one.
    let mut known: HashMap<(String, &str), String> = HashMap::new();
    let mut keys = BTreeMap::new();
    for (file, _, at) in starts {
        let Some(one) = all.get(at) else { continue };
        let key = known.entry((file.clone(), &one.label)).or_insert_with(|| {
            let own_name = one.name_of_start.as_ref().map(|name| format!("{file} --name {name}"));
            let base = own_name.unwrap_or(file);
            let count = counts.entry(base.clone()).or_default();
            *count += 1;
            if *count > 1 { format!("{base} #{count}") } else { base }
        });
        keys.insert(at, key.clone());
    }
    keys
}

/// The source of the mount that brings a login, as it is written: a path relative to the root, or a volume's key; and
/// where the login is below the mount.
fn login_key(one: &Participant, names: &Names, sources: &Sources) -> String {
    let written = one.mount.as_ref().and_then(|mount| {
        let source = written_source(mount, names, sources)?;
        let below = split_below(&one.state_dir, &mount.target).unwrap_or("");
        Some(if below.is_empty() { source } else { format!("{source} {below}") })
    });
    // What only a container itself can reach is named by the container.
    written.unwrap_or_else(|| match one.place.kind {
        "private" | "tmpfs" => one.state_dir.clone(),
        _ => format!("{} {}", one.place.filesystem.as_deref().unwrap_or(""), names.kept(&one.place.path)),
    })
}

/// A mount's source as a file writes it; `None` where the engine or the kernel told it.
fn written_source(mount: &MountText, names: &Names, sources: &Sources) -> Option<String> {
    let file = sources.get(mount.span.file);
    if file.teller(mount.span.start.line).is_some() || file.name().is_empty() {
        return None;
    }
    let text = file.slice(mount.span).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_matches(['"', '\'']);
    // In the short syntax the source stands before the target.
    let source = text.split_once(&format!(":{}", mount.target)).map_or(text, |(source, _)| source);
    let is_relative = source.starts_with("./") || source.starts_with("../") || source == ".";
    Some(match file.name().rsplit_once('/') {
        Some((directory, _)) if is_relative => names.kept(&format!("{directory}/{source}")),
        None if is_relative => names.kept(source),
        _ => source.to_owned(),
    })
}

/// What each diagnostic is recognised by, for formats that want it of all they tell: of the file and the message, never
/// of a line number; equals are numbered.
pub fn diagnostic_fingerprints(report: &Report, sources: &Sources) -> Vec<String> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let print = |diagnostic: &Diagnostic| {
        let file = diagnostic.span.map(|span| sources.get(span.file).name().to_owned());
        let file = file.or_else(|| diagnostic.file.clone()).unwrap_or_default();
        let of = |number: &str| joined(&["diagnostic", &file, &diagnostic.message, number]);
        let number = known.entry(of("")).or_default();
        *number += 1;
        of(&number.to_string())
    };
    report.diagnostics.iter().map(print).collect()
}

/// What something else that a report tells is recognised by.
pub fn text_fingerprint(kind: &str, text: &str) -> String {
    joined(&[kind, text])
}

/// A digest of parts, each with its length.
fn joined(parts: &[&str]) -> String {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part.as_bytes());
    }
    format!("{:032x}", hasher.finish128().as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_whatever_they_hold() {
        let of = |login: &str, project: &str, service: &str| {
            let [login, project, service] = [login, project, service].map(str::to_owned);
            HitIdentity { login, project, service }.fingerprint("exclusion")
        };
        // Written down: a baseline of an earlier release is compared with it.
        assert_eq!(of("./state", "p", "agents"), "784a3c920cf0d5ee695247aad4f73708");
        assert_ne!(of("./state", "p", "agents"), of("./state", "pa", "gents"));
        assert_ne!(of("./state", "p", "agents"), of("./stat", "p", "agents"));
        assert_eq!(of("", "", "").len(), 32);
    }
}
