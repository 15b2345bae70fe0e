//! What a program is, where it keeps what, and which locks it takes: `rules/profiles/*.yaml`.
//! Uses `version` and `text::quoted`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::version::VersionRange;
use crate::text::quoted;

/// A program whose state directory containers may share.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its id in the JSON contract.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Names of its executable.
    pub commands: Vec<String>,
    /// Package names from which it can be run (`npx PACKAGE@VERSION`).
    #[serde(default)]
    pub packages: Vec<String>,
    /// Names under which package managers of a system have it.
    #[serde(default)]
    pub system_packages: Vec<String>,
    /// Parts of the addresses that its own installer is fetched from; a shell runs it with the version as its first
    /// argument.
    #[serde(default)]
    pub installers: Vec<String>,
    /// Last components of image names whose tag is the program's version.
    #[serde(default)]
    pub images: Vec<String>,
    /// Last components of the names of features (of devcontainer.json) that install it.
    #[serde(default)]
    pub features: Vec<String>,
    /// Build arguments that hold the version.
    #[serde(default)]
    pub build_args: Vec<String>,
    /// Directories whose files are the program, named by version.
    #[serde(default)]
    pub version_directories: Vec<String>,
    /// Packages of other languages that bring a copy of the program.
    #[serde(default)]
    pub bundled_by: Vec<Bundle>,
    /// Arguments with which it neither refreshes nor takes a lock.
    #[serde(default)]
    pub idle_arguments: Vec<String>,
    /// Words that a call begins with which neither refreshes nor takes a lock.
    #[serde(default)]
    pub idle_commands: Vec<String>,
    /// Words that a call begins with which does one piece of work and ends.
    #[serde(default)]
    pub batch_commands: Vec<String>,
    /// Arguments with which it does one piece of work and ends.
    #[serde(default)]
    pub batch_arguments: Vec<String>,
    /// Where its state is.
    pub state_directory: StateDirectory,
    /// The file that a refresh replaces, below the state directory.
    pub credentials: String,
    /// The entry of the keychain of macOS that takes the place of that file there.
    #[serde(default)]
    pub keychain_entry: Option<String>,
    /// The keys that lead to the refresh token in that file, where it is JSON: what tells two logins apart.
    #[serde(default)]
    pub refresh_token: Vec<String>,
    /// Files beside the state directory.
    #[serde(default)]
    pub side_files: Vec<SideFile>,
    /// The locks it takes around a refresh, in order.
    pub locks: Vec<Lock>,
    /// From this version every refresh takes a lock inside the state directory.
    pub settled_since: semver::Version,
    /// From this version it does not refresh what it cannot save.
    pub read_only_safe_since: semver::Version,
    /// The guard's usual path and wait.
    pub guard: GuardDefaults,
    /// What variables do to the refresh.
    #[serde(default)]
    pub environment: Vec<AuthVariable>,
    /// Variables whose values may be shown.
    #[serde(default)]
    pub public_variables: Vec<String>,
}

/// A package that brings a copy of the program and calls that one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Its name, as it is installed.
    pub package: String,
    /// Its name in the code that uses it.
    pub module: String,
    /// What code calls the path of the program that it has the package call in place of its own.
    #[serde(default)]
    pub path_option: Option<String>,
    /// The end of the path of the directory that the copy is in.
    pub directory: String,
    /// Files that tell its version, seen from that directory; the first that does counts.
    #[serde(default)]
    pub version_files: Vec<String>,
    /// Versions of the package and those of the program that they bring, as they were measured; both grow together.
    #[serde(default)]
    pub versions: BTreeMap<semver::Version, semver::Version>,
}

impl Bundle {
    /// The versions of the program that come with a package asked for like this (`NAME==1.2.3`, `NAME[extra]>=1.2,<2`,
    /// `NAME@1.2.3`): between two that were measured it may be either. `None` where it may be any.
    pub fn program_range(&self, word: &str) -> Option<VersionRange> {
        let asked = word.get(self.package.len()..)?.split(';').next()?;
        let asked = if asked.starts_with('[') { asked.split_once(']')?.1 } else { asked };
        let mut since: Option<semver::Version> = None;
        let mut exact = false;
        for clause in asked.split(',').map(str::trim) {
            let version = clause.trim_start_matches(['=', '>', '~', '^', '@', ' ']);
            let operator = clause.get(..clause.len() - version.len())?.trim();
            let is_any = version.ends_with(".*");
            let Some(version) = whole_version(version.trim_end_matches(".*")) else { continue };
            match operator {
                "==" | "===" | "@" if !is_any => exact = true,
                "==" | ">=" | "~=" | ">" | "^" | "~" | "@^" | "@~" | "@>=" => {}
                _ => continue,
            }
            since = since.max(Some(version));
        }
        let since = since?;
        let known = |(_, program): (_, &semver::Version)| program.clone();
        let oldest = self.versions.range(..=since.clone()).next_back().map(known)?;
        let newest = self.versions.range(since..).next().map(known).filter(|_| exact);
        Some(VersionRange { since: Some(oldest), until: newest })
    }

    /// Whether a word asks for the package, perhaps with a version (`NAME==1.2`, `NAME[extra]>=1`, `NAME@1.2`).
    pub fn is_named_by(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase().replace('_', "-");
        let rest = word.strip_prefix(self.package.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '<', '>', '~', '!', '[', '@', ' ', ';']))
    }
}

/// A version with the numbers that it leaves out.
fn whole_version(text: &str) -> Option<semver::Version> {
    let missing = 2_usize.checked_sub(text.matches('.').count())?;
    semver::Version::parse(&format!("{text}{}", ".0".repeat(missing))).ok()
}

/// Where a program keeps its state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateDirectory {
    /// The variable that moves it.
    pub variable: String,
    /// Its path below `$HOME` otherwise.
    pub default: String,
    /// The variable that moves the credentials and the locks beside them out of it.
    #[serde(default)]
    pub credentials: Option<CredentialsVariable>,
}

/// A variable that moves the credentials alone. Between the two versions they may be at either place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialsVariable {
    /// Its name.
    pub variable: String,
    /// The newest version that was seen not to heed it.
    pub ignored_until: semver::Version,
    /// The oldest that was seen to heed it.
    pub heeded_since: semver::Version,
}

impl CredentialsVariable {
    /// Whether a version heeds it; `None` where that is not known.
    pub fn is_heeded_by(&self, version: Option<&VersionRange>) -> Option<bool> {
        let range = version?;
        match () {
            () if range.since.as_ref().is_some_and(|since| *since >= self.heeded_since) => Some(true),
            () if range.until.as_ref().is_some_and(|until| *until <= self.ignored_until) => Some(false),
            () => None,
        }
    }
}

impl Lock {
    /// After how many seconds versions take over a lock that was left behind.
    pub fn stale_after(&self, versions: Option<&VersionRange>) -> u64 {
        let since = versions.and_then(|range| range.since.as_ref());
        let later = self.stale_later.as_ref().filter(|later| since.is_some_and(|since| *since >= later.since));
        later.map_or(self.stale_seconds, |later| later.seconds)
    }

    /// Its path for a state directory, and for the directory that the credentials are in.
    pub fn path_in(&self, state_dir: &str, credentials_dir: &str) -> String {
        self.path.replace("{state_dir}", state_dir).replace("{credentials_dir}", credentials_dir)
    }
}

/// A file that is beside the state directory unless the variable moves it inside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideFile {
    /// Its name.
    pub name: String,
    /// The name of its lock, beside it.
    pub lock: String,
}

/// A lock that the program takes by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Its id.
    pub id: String,
    /// How it is taken.
    pub kind: LockKind,
    /// Its path; `{state_dir}` stands for the resolved state directory, `{credentials_dir}` for where the credentials are.
    pub path: String,
    /// The versions that take it; any of the ranges.
    pub versions: Vec<VersionRange>,
    /// After how many seconds a lock left behind is taken over.
    pub stale_seconds: u64,
    /// The same from a version on, where it changed.
    #[serde(default)]
    pub stale_later: Option<LaterStaleness>,
}

/// After how many seconds a lock left behind is taken over, from a version on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterStaleness {
    /// The oldest version that was seen to do so.
    pub since: semver::Version,
    /// The seconds.
    pub seconds: u64,
}

/// How a lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockKind {
    /// By making a directory.
    Mkdir,
    /// By `flock(2)`.
    Flock,
}

/// The guard's usual path and wait.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardDefaults {
    /// Its name below the state directory.
    pub file: String,
    /// How long a call may last, in seconds.
    pub longest_call_seconds: u32,
}

/// What a variable does to the refresh of a mounted login.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthVariable {
    /// Its name.
    pub name: String,
    /// Whether the refresh goes on.
    pub refresh: Effect,
    /// From which version that is so; before, the refresh goes on.
    #[serde(default)]
    pub since: Option<semver::Version>,
    /// Whether it is on or off: on are `1`, `true` and `yes` in any case, and nothing else.
    #[serde(default)]
    pub switch: bool,
    /// Arguments that do the same for their call.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Which versions count a value of blanks alone as none; without it, it counts as set.
    #[serde(default)]
    pub blank: Option<BlankValue>,
}

/// What versions make of a variable that holds blanks alone. Between the two it may be either.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlankValue {
    /// The newest version that was seen to count it as set.
    pub set_until: semver::Version,
    /// The oldest that was seen to count it as not set.
    pub unset_since: semver::Version,
}

/// What a variable does to the refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The login is refreshed all the same.
    Continues,
    /// The login is left alone.
    Stops,
}

impl Profile {
    /// What is wrong with it that its type does not tell.
    pub(crate) fn mistakes(&self) -> impl Iterator<Item = String> {
        let means_nothing = |lock: &&Lock| {
            let below = ["{state_dir}", "{credentials_dir}"].iter().find_map(|start| lock.path.strip_prefix(*start));
            below.is_none_or(|below| below.contains('{'))
        };
        self.locks.iter().filter(means_nothing).map(|lock| {
            format!(
                "the path of the lock {} begins with {{state_dir}} or {{credentials_dir}} and names nothing else",
                quoted(&lock.id)
            )
        })
    }

    /// The locks that a version takes: those that every version of the range takes.
    /// A version that is not known counts as the oldest (`DESIGN.md`, section 1).
    pub fn locks_of(&self, version: Option<&VersionRange>) -> Vec<&Lock> {
        let oldest = VersionRange { since: None, until: Some(semver::Version::new(0, 0, 0)) };
        let version = version.unwrap_or(&oldest);
        let taken = |lock: &&Lock| lock.versions.iter().any(|range| range.contains(version));
        self.locks.iter().filter(taken).collect()
    }

    /// Whether the variable stops the refresh at this version; unknown counts as the oldest.
    pub fn stops_refresh(variable: &AuthVariable, version: Option<&VersionRange>) -> bool {
        let in_time = variable.since.as_ref().is_none_or(|since| known_since(version, since));
        variable.refresh == Effect::Stops && in_time
    }

    /// Whether a version that cannot write its state directory leaves the login alone.
    pub fn read_only_is_safe(&self, version: Option<&VersionRange>) -> bool {
        known_since(version, &self.read_only_safe_since)
    }

    /// The version that a word asks a system's package manager for (`NAME=1.2.3-1`, `NAME-1.2.3`), empty where it asks for
    /// none; `None` for another package.
    pub fn system_package_version<'a>(&self, word: &'a str) -> Option<&'a str> {
        let asked = self.system_packages.iter().find_map(|name| word.strip_prefix(name.as_str()))?;
        let version = asked.strip_prefix(['=', '-', '@']).unwrap_or(asked);
        let is_version =
            asked.is_empty() || asked.len() > version.len() && version.starts_with(|ch: char| ch.is_ascii_digit());
        let is_open = asked.starts_with(['=', '/', '~', '<', '>', '@']);
        let plain = version.split(['-', '+', '~']).next().unwrap_or_default();
        if is_version { Some(plain) } else { is_open.then_some("") }
    }

    /// Whether every refresh of this version takes a lock inside the state directory.
    pub fn is_settled(&self, version: Option<&VersionRange>) -> bool {
        known_since(version, &self.settled_since)
    }
}

fn known_since(version: Option<&VersionRange>, since: &semver::Version) -> bool {
    version.and_then(|range| range.since.as_ref()).is_some_and(|from| from >= since)
}
