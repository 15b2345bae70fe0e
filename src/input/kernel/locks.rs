//! The file locks that a process runs under: its own and its ancestors', as their `fdinfo` shows them. `/proc/locks`
//! would name the process that took a lock, which may be gone. Uses `source::capture`, procfs and rustix.

use std::collections::HashMap;

use procfs::{FromBufRead, LockKind, LockType, Locks};
use rustix::io::Errno;

use super::pid::{MOST_WORDS, Pid, Proc, is_gone};
use super::root::{Inode, PathEnd, Root};
use super::sight::ProcessSight;
use super::text::{lines, shown};
use crate::model::{HeldLock, join};

/// The most ancestors that are looked at.
const MOST_ANCESTORS: usize = 256;

/// Reads locks, those of one process once.
pub(super) struct LockReader<'a> {
    proc: &'a Proc,
    known: HashMap<i32, Option<Vec<OpenLock>>>,
}

/// A lock, and the file that it is on.
#[derive(Debug, Clone)]
struct OpenLock {
    lock: HeldLock,
    inode: Inode,
}

impl<'a> LockReader<'a> {
    pub(super) fn new(proc: &'a Proc) -> Self {
        Self { proc, known: HashMap::new() }
    }

    /// The locks that a process is under, its own first; `None` where one of those in question may not be looked at.
    /// Ancestors count as long as they are `inside` the container.
    pub(super) fn under(&mut self, number: i32, inside: impl Fn(&Pid) -> bool) -> Option<Vec<HeldLock>> {
        let mut all: Vec<HeldLock> = Vec::new();
        let mut next = number;
        let mut judged = None;
        for step in 0..MOST_ANCESTORS {
            // ProcessFacts 1 is no ancestor in a sense that matters: of the host's own processes it is that of all.
            let pid = self.proc.pid(next).ok().filter(|pid| step == 0 || inside(pid));
            let Some(pid) = pid else { break };
            let sight = ProcessSight::of(&pid);
            let (own, root) = &*judged.get_or_insert_with(|| (sight.clone(), pid.root().ok()));
            let sees_same = own.agrees(&sight);
            for OpenLock { lock, inode } in self.of(&pid)? {
                // What an ancestor with another root calls so is this file only where the path leads to it here too.
                let is_same_file = || root.as_ref().is_some_and(|root| leads_to(root, &lock.path, inode));
                if !sees_same && !is_same_file() {
                    continue;
                }
                // A descriptor that was inherited shows in both: one lock.
                if all.iter().all(|known| HeldLock { holder: known.holder, ..lock.clone() } != *known) {
                    all.push(lock);
                }
            }
            match pid.facts() {
                Ok(facts) if facts.parent > 0 => next = facts.parent,
                _ => break,
            }
        }
        Some(all)
    }

    fn of(&mut self, pid: &Pid) -> Option<Vec<OpenLock>> {
        if let Some(known) = self.known.get(&pid.number) {
            return known.clone();
        }
        let found = match own(pid) {
            Ok(found) => Some(found),
            Err(errno) if is_gone(errno) => Some(Vec::new()),
            Err(_) => None,
        };
        self.known.insert(pid.number, found.clone());
        found
    }
}

/// The locks on a process's own descriptors.
fn own(pid: &Pid) -> Result<Vec<OpenLock>, Errno> {
    let mut names: Vec<(u32, String)> =
        pid.names("fd")?.into_iter().filter_map(|name| Some((name.parse().ok()?, name))).collect();
    names.sort_unstable();
    let mut root = None;
    let mut found = Vec::new();
    for (_, name) in names {
        // A descriptor may be closed meanwhile; sockets and pipes have no path and no such lock.
        let Some(target) = kept(pid.link(&format!("fd/{name}")))?.filter(|target| target.starts_with(b"/")) else {
            continue;
        };
        let Some(info) = kept(pid.read(&format!("fdinfo/{name}"), MOST_WORDS))? else { continue };
        for exclusive in held(&info) {
            let Some(open) = kept(pid.inode(&format!("fd/{name}")))? else { continue };
            let root = match &mut root {
                Some(root) => root,
                none => none.insert(Below::of(pid)?),
            };
            let (path, current) = root.place(&shown(&target), open);
            let lock = HeldLock { path, exclusive, current, holder: pid.number };
            found.push(OpenLock { lock, inode: open });
        }
    }
    Ok(found)
}

/// What was read, or nothing where that is gone.
fn kept<T>(read: Result<T, Errno>) -> Result<Option<T>, Errno> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(errno) if is_gone(errno) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// A process's root, and what the kernel writes before each of its paths where that is not the mounts' own root.
struct Below {
    root: Root,
    prefix: String,
}

impl Below {
    fn of(pid: &Pid) -> Result<Self, Errno> {
        let prefix = shown(&pid.link("root")?).trim_end_matches('/').to_owned();
        let root = pid.root().map_err(|error| match error {
            super::root::NoRoot::Unopened(errno) => errno,
            super::root::NoRoot::Unconfined => Errno::NOSYS,
        })?;
        Ok(Self { root, prefix })
    }

    /// The path of an open file as its process sees it, and whether that file is still what the path leads to.
    fn place(&self, target: &str, open: Inode) -> (String, bool) {
        let inside = target.strip_prefix(&self.prefix).filter(|rest| rest.starts_with('/')).unwrap_or(target);
        if leads_to(&self.root, inside, open) {
            return (join("/", inside), true);
        }
        // The kernel says so of a file that has no name any more; it may be one's name too.
        (join("/", inside.strip_suffix(" (deleted)").unwrap_or(inside)), false)
    }
}

/// Whether a path leads to a file.
fn leads_to(root: &Root, path: &str, file: Inode) -> bool {
    matches!(root.follow(path).end, PathEnd::There(there) if there.inode == file)
}

/// Of an `fdinfo` file, each `flock` on the descriptor: whether it is exclusive.
pub fn held(bytes: &[u8]) -> Vec<bool> {
    let lock = |line: &[u8]| {
        let text = shown(line);
        let text = text.strip_prefix("lock:")?.trim();
        // An arrow marks one that waits for the lock.
        let parsed = Locks::from_buf_read(text.as_bytes()).ok().filter(|_| !text.contains("->"))?;
        let lock = parsed.0.into_iter().next().filter(|lock| lock.lock_type == LockType::FLock)?;
        Some(matches!(lock.kind, LockKind::Write))
    };
    lines(bytes).filter_map(|(_, line)| lock(line)).collect()
}

#[cfg(test)]
mod tests;
