//! The files of one container: paths followed and noted, sources of its mounts compared with what is mounted.
//! Uses `model`, `rules` and `source::capture`.

use std::collections::{BTreeMap, BTreeSet};

use rustix::io::Errno;

use super::login::{Login, MOST_CREDENTIALS, login};
use super::places::{around, beside};
use super::root::{Followed, Inode, PathEnd, Root, Unread};
use crate::model::{EngineMount, KernelFacts, KernelMount, SourceNow, join};
use crate::rules::Profile;

/// How many paths are followed in one container.
const MOST_PATHS: usize = 2_000;
/// How many of those that could not be followed are named.
const MOST_NAMED: usize = 10;

/// What is noted while paths are followed in one container.
pub(super) struct Files<'a> {
    root: &'a Root,
    real: BTreeMap<String, String>,
    kernel: &'a mut KernelFacts,
    /// Paths that were not followed to their end, with the reason.
    failed: Vec<String>,
    /// Whether there were too many.
    cut: bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(root: &'a Root, kernel: &'a mut KernelFacts) -> Self {
        Self { root, real: BTreeMap::new(), kernel, failed: Vec::new(), cut: false }
    }

    /// Follows a path and notes what it finds; the path after all links, as far as it could be followed.
    pub(super) fn note(&mut self, path: &str) -> String {
        if let Some(real) = self.real.get(path) {
            return real.clone();
        }
        if self.real.len() >= MOST_PATHS {
            self.cut = true;
            return path.to_owned();
        }
        let followed = self.root.follow(path);
        let real = followed.real.clone();
        self.real.insert(path.to_owned(), real.clone());
        self.keep(path, followed);
        real
    }

    fn keep(&mut self, path: &str, followed: Followed) {
        for link in followed.links {
            if !self.kernel.links.contains(&link) {
                self.kernel.links.push(link);
            }
        }
        let reason = match followed.end {
            PathEnd::There(there) => {
                self.kernel.entries.insert(followed.real, there.entry);
                None
            }
            PathEnd::Absent => None,
            PathEnd::Denied => Some("permission denied".to_owned()),
            PathEnd::Loop => Some("its links lead in a circle".to_owned()),
            PathEnd::OwnLink => Some("it leads through a link of /proc".to_owned()),
            PathEnd::Failed(errno) => Some(said(errno)),
        };
        match reason {
            None => self.kernel.paths.push(path.to_owned()),
            Some(reason) => self.failed.push(format!("{path} ({reason})")),
        }
    }

    /// Notes a state directory and all that the program keeps in and beside it; the paths that name it.
    pub(super) fn state(&mut self, profile: &Profile, path: &str, homes: &BTreeSet<String>) -> BTreeSet<String> {
        let names = BTreeSet::from([path.to_owned(), self.note(path)]);
        for file in names.iter().flat_map(|name| around(profile, name)) {
            self.note(&file);
        }
        for file in homes.iter().flat_map(|home| beside(profile, home)) {
            self.note(&file);
        }
        names
    }

    /// The login in a state directory.
    ///
    /// # Errors
    /// Why it could not be read, as a clause.
    pub(super) fn login(&self, profile: &Profile, state: &str) -> Result<Option<Login>, String> {
        let path = join(state, &profile.credentials);
        match self.root.read_file(&path, MOST_CREDENTIALS) {
            Ok(bytes) => Ok(login(&bytes, profile)),
            Err(Unread::Absent) => Ok(None),
            Err(Unread::Unfit | Unread::TooLarge) => {
                Err(format!("{path} was not compared: it is no regular file of a usual size"))
            }
            Err(Unread::Failed) => Err(format!("{path} was not compared: it could not be read")),
        }
    }

    /// For each of the engine's mounts, whether its source on the host still leads to what is mounted.
    pub(super) fn sources(
        &mut self,
        host: &Root,
        mounts: &[EngineMount],
        table: &[KernelMount],
        seen: &[&KernelMount],
    ) {
        for mount in mounts.iter().filter(|mount| ["bind", "volume"].contains(&mount.kind.as_str())) {
            let target = self.note(&join("/", &mount.target));
            // Where something else is mounted over it, what stands there says nothing of the source.
            let only = table.iter().filter(|other| other.mount_point == target).count() == 1;
            if mount.source.is_empty() || !only || seen.iter().all(|other| other.mount_point != target) {
                continue;
            }
            let Some(mounted) = inode_at(self.root, &target) else { continue };
            let now = match host.follow(&mount.source).end {
                PathEnd::There(there) if there.inode == mounted => SourceNow::Same,
                PathEnd::There(_) => SourceNow::Other,
                PathEnd::Absent => SourceNow::Gone,
                PathEnd::Denied | PathEnd::Loop | PathEnd::OwnLink | PathEnd::Failed(_) => {
                    self.failed.push(format!("{} on the host", mount.source));
                    continue;
                }
            };
            self.kernel.sources.insert(target, now);
        }
    }

    /// The inodes of roots that are deleted: what tells two of them apart.
    pub(super) fn deleted(&mut self, seen: &[&KernelMount]) {
        for mount in seen.iter().filter(|mount| mount.root().1) {
            if let Some((_, inode)) = inode_at(self.root, &mount.mount_point) {
                self.kernel.inodes.insert(mount.id, inode);
            }
        }
    }

    /// What could not be followed, as clauses.
    pub(super) fn gaps(mut self) -> Vec<String> {
        let mut gaps = Vec::new();
        let more = self.failed.len().saturating_sub(MOST_NAMED);
        self.failed.truncate(MOST_NAMED);
        if !self.failed.is_empty() {
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            gaps.push(format!("these paths could not be followed: {}{rest}", self.failed.join(", ")));
        }
        if self.cut {
            gaps.push(format!("only {MOST_PATHS} of its paths were followed: its environments name too many"));
        }
        gaps
    }
}

fn inode_at(root: &Root, path: &str) -> Option<Inode> {
    match root.follow(path).end {
        PathEnd::There(there) => Some(there.inode),
        _ => None,
    }
}

/// What the system says of an error, without its number.
pub(super) fn said(errno: Errno) -> String {
    let text = std::io::Error::from(errno).to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
