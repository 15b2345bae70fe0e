//! What a process sees: its mount namespace, its root in it, and whose users it has. Uses `pid` and the model.

use super::mountinfo;
use super::pid::{MOST_MOUNTS, Pid, is_gone};
use super::root::Inode;
use crate::input::capture::tree;

/// A mount namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct MountNamespace(Vec<u8>);

impl MountNamespace {
    /// That of a process. Where its link may not be read, it is told by the mount that is the root, which the kernel
    /// numbers once.
    pub(super) fn of(pid: &Pid) -> Option<Self> {
        match pid.link("ns/mnt") {
            Ok(link) => Some(Self(link)),
            Err(errno) if is_gone(errno) => None,
            Err(_) => {
                let table = mountinfo::parse(&pid.read("mountinfo", MOST_MOUNTS).ok()?);
                Some(Self(format!("root mount {}", tree::root(&table.mounts)?.id).into_bytes()))
            }
        }
    }
}

/// What a process sees. A part that may not be looked at is none, and is no different from any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct ProcessSight {
    pub(super) namespace: Option<MountNamespace>,
    pub(super) root: Option<RootDirectory>,
    pub(super) users: Option<Vec<u8>>,
}

/// The root directory of a process: what the kernel calls it in the namespace, and which directory it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RootDirectory {
    pub(super) path: Vec<u8>,
    pub(super) inode: Inode,
}

impl ProcessSight {
    pub(super) fn of(pid: &Pid) -> Self {
        let root = pid.link("root").ok().zip(pid.inode("root").ok());
        Self {
            namespace: MountNamespace::of(pid),
            root: root.map(|(path, inode)| RootDirectory { path, inode }),
            users: pid.link("ns/user").ok(),
        }
    }

    /// Whether two processes see the same, as far as that is known.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        same(self.namespace.as_ref(), other.namespace.as_ref())
            && same(self.root.as_ref(), other.root.as_ref())
            && same(self.users.as_ref(), other.users.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sights_differ_where_a_known_part_does() {
        let root = |path: &str, number| RootDirectory { path: path.into(), inode: ((8, 1), number) };
        let whole = ProcessSight {
            namespace: Some(MountNamespace(b"mnt:[1]".to_vec())),
            root: Some(root("/", 2)),
            users: Some(b"user:[1]".to_vec()),
        };
        assert!(whole.agrees(&whole) && whole.agrees(&ProcessSight::default()));
        let other = |change: fn(&mut ProcessSight)| {
            let mut other = whole.clone();
            change(&mut other);
            other
        };
        for change in [
            |sight: &mut ProcessSight| sight.namespace = Some(MountNamespace(b"mnt:[2]".to_vec())),
            |sight: &mut ProcessSight| sight.root.as_mut().unwrap().path = b"/jail".to_vec(),
            |sight: &mut ProcessSight| sight.root.as_mut().unwrap().inode.1 = 3,
            |sight: &mut ProcessSight| sight.users = Some(b"user:[2]".to_vec()),
        ] {
            assert!(!whole.agrees(&other(change)));
        }
        assert!(whole.agrees(&other(|sight| sight.users = None)));
    }
}
