//! The locks that the program takes by itself: where they live, why one cannot be made, and one that was left behind.
//! May use `model`, `rules` and the earlier parts of `judge`.

use super::program_version::VersionFact;
use super::state_dir::StateDir;
use crate::judge::place::{MountLookup, MountedPath, Place};
use crate::model::{Container, EntryKind, is_root, parent_and_name};
use crate::rules::{Filesystems, Lock, LockKind, Profile};

/// A lock that the program takes by itself, in one container.
#[derive(Debug, Clone)]
pub(crate) struct OwnLock<'a> {
    pub(crate) lock: &'a Lock,
    pub(crate) path: String,
    pub(crate) place: Place,
    /// What keeps it from being created, where that is known.
    pub(crate) uncreatable: Option<Obstacle>,
    /// Whether something else than a directory stands in its place, which no version gets past.
    pub(crate) blocked: bool,
}

/// What keeps a lock from being created.
#[derive(Debug, Clone)]
pub(crate) struct Obstacle {
    /// What it is, a clause.
    pub(crate) why: String,
    /// What takes it away, in the imperative; `None` where the lock has to be elsewhere.
    pub(crate) way_out: Option<String>,
}

/// A lock of the program that stands although its time of staleness is over, or has yet to begin.
#[derive(Debug, Clone)]
pub(crate) struct LeftLock {
    pub(crate) path: String,
    /// Its age in seconds; negative where it is dated in the future.
    pub(crate) age: i64,
}

/// The locks that the program takes by itself at this version.
pub(crate) fn own_locks<'a>(
    container: &Container,
    profile: &'a Profile,
    filesystems: &Filesystems,
    state: &StateDir,
    mounts: &MountLookup<'a>,
    version: &VersionFact,
) -> Vec<OwnLock<'a>> {
    let taken = profile.locks_of(version.range.as_ref());
    let located = taken.into_iter().map(|lock| {
        // The program resolves the directory before it puts a lock beside it.
        let path = lock.path_in(&mounts.real(&state.main), &mounts.real(&state.path));
        let landing = mounts.land(&path);
        let blocked = is_blocked(container, &path);
        let uncreatable = find_obstacle(container, filesystems, lock, &path, &landing);
        OwnLock { lock, path, place: landing.place, uncreatable, blocked }
    });
    located.collect()
}

/// Why a lock cannot be made, where that is certain: a read-only filesystem, or root's directory and another user.
fn find_obstacle(
    container: &Container,
    filesystems: &Filesystems,
    lock: &Lock,
    path: &str,
    landing: &MountedPath<'_>,
) -> Option<Obstacle> {
    let (parent, _) = parent_and_name(path).filter(|_| lock.kind == LockKind::Mkdir)?;
    if is_blocked(container, path) {
        let why = "something that is no directory stands in its place, and breaks it for good".to_owned();
        return Some(Obstacle { why, way_out: Some(format!("remove {path}, which is no directory")) });
    }
    if landing.is_read_only(container) {
        let why = format!("{parent} is on a read-only filesystem");
        let way_out = Some(format!("make {parent} writable, with a tmpfs there for instance"));
        return Some(Obstacle { why, way_out });
    }
    let shown = container.shown();
    if shown.entries.contains_key(parent) {
        let closed = is_closed(container, parent);
        let uid = shown.identity.as_ref().map_or(0, |identity| identity.uid);
        let why = format!("{parent} cannot be written by uid {uid}");
        return closed.then(|| Obstacle { why, way_out: Some(format!("let uid {uid} write in {parent}")) });
    }
    let user = container.user.as_ref().filter(|user| !user.is_symbolic() && !is_root(user))?;
    let roots = landing.mount.is_none() && filesystems.root_owned.iter().any(|owned| owned == parent);
    let user = &user.text;
    roots.then(|| Obstacle { why: format!("{parent} belongs to root, and it runs as user {user}"), way_out: None })
}

/// Whether what stands at a lock's path is no directory.
fn is_blocked(container: &Container, path: &str) -> bool {
    let entry = container.shown().entries.get(path);
    entry.is_some_and(|entry| entry.kind != EntryKind::Directory)
}

/// Whether a directory is there and those who run the program cannot write it.
pub(crate) fn is_closed(container: &Container, directory: &str) -> bool {
    let shown = container.shown();
    let known = shown.entries.get(directory).zip(shown.identity.as_ref());
    known.is_some_and(|(entry, identity)| !identity.may_write(entry))
}

/// Whose a directory is that those who run the program cannot write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClosedDirectory {
    pub(crate) owner: u32,
    group: u32,
    mode: u32,
    /// As whom the program runs.
    pub(crate) user: u32,
}

impl ClosedDirectory {
    /// A directory that is there and that those who run the program cannot write.
    pub(crate) fn of(container: &Container, directory: &str) -> Option<Self> {
        let shown = is_closed(container, directory).then(|| container.shown())?;
        let (entry, identity) = shown.entries.get(directory).zip(shown.identity.as_ref())?;
        Some(Self { owner: entry.uid, group: entry.gid, mode: entry.mode, user: identity.uid })
    }

    /// Whose it is and as whom the program runs, a clause about it.
    pub(crate) fn told(self) -> String {
        let Self { owner, group, mode, user } = self;
        format!("belongs to uid {owner} and gid {group} with mode {mode:04o}, and it runs as uid {user}")
    }
}

/// A lock that was left behind: of those that its version takes, or of all where that is not known.
pub(crate) fn left_behind(
    container: &Container,
    profile: &Profile,
    state: &StateDir,
    mounts: &MountLookup<'_>,
    version: &VersionFact,
) -> Option<LeftLock> {
    let shown = container.shown();
    let all = || profile.locks.iter().collect();
    let taken = version.range.as_ref().map_or_else(all, |range| profile.locks_of(Some(range)));
    let mut left: Vec<LeftLock> = Vec::new();
    for lock in taken {
        let path = mounts.real(&lock.path_in(&mounts.real(&state.main), &mounts.real(&state.path)));
        let Some(entry) = shown.entries.get(&path).filter(|entry| entry.kind == EntryKind::Directory) else {
            continue;
        };
        let limit = i64::try_from(lock.stale_after(version.range.as_ref())).unwrap_or(i64::MAX);
        if entry.age > limit || entry.age < -limit {
            left.push(LeftLock { path, age: entry.age });
        }
    }
    // One dated in the future is the worse.
    left.into_iter().min_by_key(|lock| lock.age)
}
