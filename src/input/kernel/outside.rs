//! The host itself: programs that run on it outside any container, their locks, and the files they use.
//! Uses `model` and `source::capture`.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{Host, Seen, still};
use super::files::Files;
use super::locks::LockReader;
use super::places::value;
use super::process::FoundProcess;
use super::running_version::{KernelView, note_versions};
use crate::model::{KernelFacts, ProcessFacts, join};
use crate::rules::Profile;

/// Looks at the processes that were found outside containers, at the state directories that they use, and at further
/// paths of the host. The mounts are not filled in.
pub(super) fn see(host: &Host, found: Vec<FoundProcess>, paths: &[String], compare: bool) -> Seen {
    let mut kernel = KernelFacts { processes: with_locks_and_versions(host, found), ..KernelFacts::default() };
    let mut seen = Seen::default();
    if let Some(root) = &host.root {
        let processes = kernel.processes.clone();
        let mut files = Files::new(root, &mut kernel);
        for (profile, process) in of_profiles(host, &processes) {
            let homes: BTreeSet<String> = own(process, "HOME").into_iter().collect();
            let moved = own(process, &profile.state_directory.variable);
            let usual = homes.iter().map(|home| join(home, &profile.state_directory.default));
            for state in moved.into_iter().chain(usual).collect::<BTreeSet<String>>() {
                let names = files.state(profile, &state, &homes);
                if !compare {
                    continue;
                }
                match files.login(profile, &state) {
                    Ok(login) => seen.logins.extend(names.into_iter().filter_map(|name| Some((name, login.clone()?)))),
                    Err(gap) => seen.gaps.push(gap),
                }
            }
        }
        let held = processes.iter().filter_map(|process| process.locks.as_ref()).flatten();
        for path in held.map(|lock| &lock.path).chain(paths) {
            files.note(path);
        }
        seen.gaps.extend(files.gaps());
        kernel.followed = true;
    }
    seen.kernel = Some(kernel);
    seen
}

fn of_profiles<'a>(
    host: &'a Host,
    processes: &'a [ProcessFacts],
) -> impl Iterator<Item = (&'a Profile, &'a ProcessFacts)> {
    processes.iter().filter_map(|process| {
        let profile = host.profiles.iter().find(|profile| profile.id == process.program)?;
        Some((profile, process))
    })
}

/// An absolute path in a variable of a process's own environment.
fn own(process: &ProcessFacts, name: &str) -> Option<String> {
    let env: &BTreeMap<_, _> = process.env.as_ref()?;
    value(env.get(name)?).filter(|path| path.starts_with('/')).map(|path| join("/", path))
}

fn with_locks_and_versions(host: &Host, found: Vec<FoundProcess>) -> Vec<ProcessFacts> {
    let mut reader = LockReader::new(&host.proc);
    let mut processes = Vec::new();
    for mut found in found {
        found.process.locks = reader.under(found.process.pid, |pid| pid.number > 1);
        if still(&host.proc, &found) {
            processes.push(found.process);
        }
    }
    let view = KernelView { proc: &host.proc, boot: host.boot, profiles: &host.profiles };
    note_versions(&mut processes, view, &[]);
    processes
}
