//! Which version of a program each process runs: that of the file it was started from, which need not be the one that is
//! installed now. Uses `model`, `rules` and the files of the container.

use super::clock::is_later;
use super::pid::{Pid, Proc};
use super::process::{RUNTIMES, SHELLS, file_name, is_command, is_in_package, without_mark};
use super::program::{manifest_of, program_of};
use super::root::{PathEnd, Root};
use super::text::shown;
use crate::model::{Installed, ProcessFacts, join, split_below};
use crate::rules::Profile;

/// Why nothing that is installed tells the version of a process.
const REPLACED: &str = "the file that it was started from was removed or replaced since";

/// What of the host a look at processes takes.
#[derive(Clone, Copy)]
pub(super) struct KernelView<'a> {
    pub(super) proc: &'a Proc,
    /// When the machine started, in seconds since 1970.
    pub(super) boot: Option<i64>,
    pub(super) profiles: &'a [Profile],
}

/// Notes the version of each process that has not told it already.
/// `installed` are the programs of the container that they are in.
pub(super) fn note_versions(processes: &mut [ProcessFacts], kernel: KernelView<'_>, installed: &[Installed]) {
    for process in processes.iter_mut().filter(|process| process.version.is_none()) {
        let Some(profile) = kernel.profiles.iter().find(|profile| profile.id == process.program) else { continue };
        let Ok(pid) = kernel.proc.pid(process.pid) else { continue };
        // One that runs with mounts of its own is in its container all the same.
        let Ok(root) = pid.root() else { continue };
        let look = VersionLook { pid: &pid, boot: kernel.boot, root: &root, profile, installed };
        match look.version(&process.words) {
            Some(Ok(version)) => process.version = Some(version),
            Some(Err(why)) => process.version_unknown = Some(why),
            None => {}
        }
    }
}

struct VersionLook<'a> {
    pid: &'a Pid,
    boot: Option<i64>,
    root: &'a Root,
    profile: &'a Profile,
    installed: &'a [Installed],
}

impl VersionLook<'_> {
    /// Its version, or why that is not known; `None` where it is whatever is installed, or its file may not be looked at.
    fn version(&self, words: &[String]) -> Option<Result<String, String>> {
        let exe = self.inside(&self.pid.link("exe").ok()?);
        let path = without_mark(&exe);
        if !is_command(self.profile, path) && !is_in_package(self.profile, path) {
            let name = file_name(path);
            let is_runtime = RUNTIMES.iter().any(|runtime| name.starts_with(runtime));
            return match () {
                () if is_runtime => self.version_of_script(words),
                // Whatever runs a wrapper is none itself: what that starts is a process of its own.
                () if SHELLS.contains(&name) || self.script_in(words).is_some() => None,
                () => Some(Err(REPLACED.to_owned())),
            };
        }
        let own = self.pid.inode("exe").ok()?;
        match self.root.follow(path).end {
            PathEnd::There(there) if there.inode == own => self.version_of_file(path),
            PathEnd::There(_) | PathEnd::Absent => Some(Err(REPLACED.to_owned())),
            // What cannot be looked at says nothing.
            _ => None,
        }
    }

    /// A path as the process names it: the kernel begins at the root of its mounts.
    fn inside(&self, path: &[u8]) -> String {
        let (path, root) = (shown(path), self.pid.link("root").unwrap_or_default());
        let below = split_below(&path, &shown(&root)).map(|below| join("/", below));
        below.unwrap_or_else(|| path.into_owned())
    }

    /// The version of what a runtime was given to run, as far as its words still say.
    fn version_of_script(&self, words: &[String]) -> Option<Result<String, String>> {
        let Some(script) = self.script_in(words) else { return self.version_of_title() };
        let directory = self.inside(&self.pid.link("cwd").ok()?);
        let followed = self.root.follow(&join(&directory, script));
        match followed.end {
            PathEnd::There(_) => {}
            PathEnd::Absent => return Some(Err(REPLACED.to_owned())),
            _ => return None,
        }
        // A runtime reads the whole package once, so that one put there later is not what runs.
        let manifest = manifest_of(self.profile, &followed.real)?;
        if self.is_put_later(&manifest) { Some(Err(REPLACED.to_owned())) } else { self.version_of_file(&followed.real) }
    }

    /// The version of what a runtime runs that has written a title over its words.
    fn version_of_title(&self) -> Option<Result<String, String>> {
        let own = self.installed.iter().filter(|installed| installed.program == self.profile.id);
        let mut packages = own.map(|installed| format!("{}/package.json", installed.path));
        packages.any(|manifest| self.is_put_later(&manifest)).then(|| Err(REPLACED.to_owned()))
    }

    /// The word that names the program's script.
    fn script_in<'b>(&self, words: &'b [String]) -> Option<&'b String> {
        words.iter().skip(1).find(|word| is_command(self.profile, word) || is_in_package(self.profile, word))
    }

    /// Whether a file was put where it is since the process started.
    fn is_put_later(&self, path: &str) -> bool {
        let PathEnd::There(there) = self.root.follow(path).end else { return false };
        let started = self.pid.facts().map(|facts| facts.started);
        let (Ok(started), Some(boot)) = (started, self.boot) else { return false };
        is_later(there.changed, started, boot)
    }

    fn version_of_file(&self, file: &str) -> Option<Result<String, String>> {
        let program = program_of(self.root, self.profile, file);
        match program.version {
            Some(version) => Some(Ok(version)),
            // Whatever tells the version of what is installed tells it of this too.
            None if self.installed.iter().any(|installed| installed.path == program.path) => None,
            None => Some(Err(format!("nothing beside {file}, which it runs, tells the version"))),
        }
    }
}
