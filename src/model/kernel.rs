//! What the kernel shows of a container, or of the host: its mounts, its processes, what stands at its paths.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Entry, Identity, Installed, KernelMount, Link};

/// What the kernel shows of one container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KernelFacts {
    /// Its mount table, in the kernel's order.
    pub mounts: Vec<KernelMount>,
    /// For a mount whose root is deleted, the inode of that root, by mount id: what tells two deleted ones apart.
    pub inodes: BTreeMap<i32, u64>,
    /// For a mount of the engine's, where its source leads on the host now, by mount point; see [`SourceNow`].
    pub sources: BTreeMap<String, SourceNow>,
    /// Whether paths could be followed in it.
    pub followed: bool,
    /// The paths that were followed, so that no link is on any of them but those in `links`.
    pub paths: Vec<String>,
    /// Links on those.
    pub links: Vec<Link>,
    /// What stands at them, by the path after all links.
    pub entries: BTreeMap<String, Entry>,
    /// Processes of a known program in it.
    pub processes: Vec<ProcessFacts>,
    /// Programs installed in it.
    pub installed: Vec<Installed>,
    /// Who its first process runs as.
    pub identity: Option<Identity>,
    /// That user's home, by the process's environment or the container's `/etc/passwd`.
    pub home: Option<String>,
    /// Which login is in which state directory; only where asked for.
    pub logins: BTreeMap<String, u32>,
}

/// What is shown where nobody could look.
pub(super) static NOTHING_SHOWN: KernelFacts = KernelFacts {
    mounts: Vec::new(),
    inodes: BTreeMap::new(),
    sources: BTreeMap::new(),
    followed: false,
    paths: Vec::new(),
    links: Vec::new(),
    entries: BTreeMap::new(),
    processes: Vec::new(),
    installed: Vec::new(),
    identity: None,
    home: None,
    logins: BTreeMap::new(),
};

impl KernelFacts {
    /// Who calls a program: as whom it runs now, else as whom the first process does.
    pub fn caller(&self) -> Option<&Identity> {
        self.processes.iter().find_map(|process| process.identity.as_ref()).or(self.identity.as_ref())
    }
}

/// Where a bind's source on the host leads now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceNow {
    /// To the directory that is mounted.
    Same,
    /// Nowhere: it was removed or renamed.
    Gone,
    /// To another file or directory than the one that is mounted.
    Other,
}

/// A process of a known program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProcessFacts {
    /// The profile's id.
    pub program: String,
    /// Its pid in the engine's pid namespace.
    pub pid: i32,
    /// Its words; all but the program's name, options and paths are taken out before they are written.
    pub words: Vec<String>,
    /// The variables of its own environment that a profile names; `None` where it could not be read.
    pub env: Option<BTreeMap<String, KeptValue>>,
    /// Locks held by it or by an ancestor in its container, its own first; `None` where they could not be read.
    pub locks: Option<Vec<HeldLock>>,
    /// Who it runs as.
    pub identity: Option<Identity>,
    /// Its controlling terminal's device number, 0 for none (proc_pid_stat(5), field 7).
    pub terminal: i32,
    /// The version, where the file that it runs tells.
    pub version: Option<String>,
    /// Why the installed programs do not tell its version either, as a clause; `None` where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_unknown: Option<String>,
}

impl ProcessFacts {
    /// What the file that it runs says of its version; `None` where it is whatever is installed.
    pub fn running_version(&self) -> Option<RunningVersion> {
        match (&self.version, &self.version_unknown) {
            (Some(version), _) => Some(RunningVersion::Known { process: self.pid, version: version.clone() }),
            (None, Some(why)) => Some(RunningVersion::Unknown { process: self.pid, why: why.clone() }),
            (None, None) => None,
        }
    }
}

/// The version of the program that a process runs, by the file that it was started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunningVersion {
    /// That file tells it.
    Known {
        /// The process's number.
        process: i32,
        /// The version.
        version: String,
    },
    /// That file is none that tells it, and what is installed now says nothing of it.
    Unknown {
        /// The process's number.
        process: i32,
        /// Why, as a clause.
        why: String,
    },
}

/// An `flock` that a process is under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLock {
    /// The file, as its process sees it.
    pub path: String,
    /// Whether it is exclusive.
    pub exclusive: bool,
    /// Whether the file at that path is still the one that is locked.
    pub current: bool,
    /// The process that holds it.
    pub holder: i32,
}

/// An environment variable's value, as far as it may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeptValue {
    /// The value itself: only of variables that a profile marks as not secret.
    Public(String),
    /// It is set to an empty text.
    Empty,
    /// It is set to something that is not kept.
    #[serde(with = "hidden")]
    Secret(String),
}

/// Keeps a secret out of files: it is written as nothing and read back as nothing.
mod hidden {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    // The signature is serde's.
    #[allow(clippy::ptr_arg, reason = "serde hands the field itself in")]
    pub(super) fn serialize<S: Serializer>(_: &String, to: S) -> Result<S::Ok, S::Error> {
        ().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        <()>::deserialize(from).map(|()| String::new())
    }
}
