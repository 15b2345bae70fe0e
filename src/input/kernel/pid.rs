//! One process's directory in /proc, held open: once open, it never speaks of a later process of the same number.
//! What its files say is told from their bytes alone. Uses `model`, procfs and rustix.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use procfs::FromBufRead;
use procfs::prelude::FromRead;
use procfs::process::{Stat, Status};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::root::{Inode, NoRoot, Root, inode, stat_at};
use super::text::shown;
use crate::model::Identity;

/// The host's own mount table, and what the kernel says of itself, are read no further than this.
pub(super) const MOST_BYTES: u64 = 64 << 20;
/// A container's mount table is read no further than this: some ten thousand mounts.
pub(super) const MOST_MOUNTS: u64 = 4 << 20;
/// A process's words and variables, which are memory of its own, are read no further than this.
pub(super) const MOST_WORDS: u64 = 4 << 20;
/// So are its other files.
const MOST_FACTS: u64 = 256 << 10;
/// `CAP_DAC_OVERRIDE` (capabilities(7)).
const OVERRIDES: u64 = 1 << 1;
/// `PF_KTHREAD` (the kernel's `include/linux/sched.h`).
const KERNEL_THREAD: u32 = 0x0020_0000;

/// A /proc, this machine's or one that is mounted elsewhere.
#[derive(Debug)]
pub(super) struct Proc {
    directory: OwnedFd,
}

/// A process's directory.
#[derive(Debug)]
pub(super) struct Pid {
    directory: OwnedFd,
    pub(super) number: i32,
}

/// What `stat` says of a process (proc_pid_stat(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The parent's number.
    pub parent: i32,
    /// The controlling terminal, 0 for none.
    pub terminal: i32,
    /// When it started, in ticks since the machine did.
    pub started: u64,
    /// Whether it runs a program: it is neither a thread of the kernel's nor a zombie.
    pub alive: bool,
}

impl Proc {
    pub(super) fn open(path: &Path) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { directory: rustix::fs::open(path, flags, Mode::empty())? })
    }

    pub(super) fn pid(&self, number: i32) -> Result<Pid, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(&self.directory, number.to_string(), flags, Mode::empty())?;
        Ok(Pid { directory, number })
    }

    /// The numbers of all processes that can be seen, in order.
    pub(super) fn numbers(&self) -> Result<Vec<i32>, Errno> {
        let mut numbers: Vec<i32> =
            names(self.directory.as_fd(), ".")?.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// When the machine started, in seconds since 1970 (`btime` of proc_stat(5)).
    pub(super) fn boot_time(&self) -> Option<i64> {
        let bytes = read(self.directory.as_fd(), "stat", MOST_BYTES).ok()?;
        shown(&bytes).lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
    }
}

impl Pid {
    /// The bytes of one of its files, or the first `most` of them.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, Errno> {
        read(self.directory.as_fd(), name, most)
    }

    /// The text of one of its links.
    pub(super) fn link(&self, name: &str) -> Result<Vec<u8>, Errno> {
        Ok(rustix::fs::readlinkat(&self.directory, name, Vec::new())?.into_bytes())
    }

    /// The names in one of its directories.
    pub(super) fn names(&self, name: &str) -> Result<Vec<String>, Errno> {
        names(self.directory.as_fd(), name)
    }

    /// Device and inode of what one of its links leads to, which is not opened.
    pub(super) fn inode(&self, name: &str) -> Result<Inode, Errno> {
        stat_at(self.directory.as_fd(), name, AtFlags::empty()).map(|stat| inode(&stat))
    }

    pub(super) fn facts(&self) -> Result<Facts, Errno> {
        facts(&self.read("stat", MOST_FACTS)?).ok_or(Errno::INVAL)
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        identity(&self.read("status", MOST_FACTS).ok()?)
    }

    pub(super) fn cgroup(&self) -> Result<String, Errno> {
        Ok(shown(&self.read("cgroup", MOST_FACTS)?).into_owned())
    }

    pub(super) fn root(&self) -> Result<Root, NoRoot> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::openat(&self.directory, "root", flags, Mode::empty()).map_err(NoRoot::Unopened)?;
        Root::of(top)
    }
}

/// Whether the kernel says that there is no such process (any more).
pub(super) fn is_gone(errno: Errno) -> bool {
    // A zombie has no mounts and no root, and its files say that the argument is wrong.
    matches!(errno, Errno::NOENT | Errno::SRCH | Errno::INVAL)
}

fn read(directory: BorrowedFd<'_>, name: &str, most: u64) -> Result<Vec<u8>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, name, flags, Mode::empty())?);
    let mut bytes = Vec::new();
    match file.take(most).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
    }
}

fn names(directory: BorrowedFd<'_>, name: &str) -> Result<Vec<String>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    let mut found = Vec::new();
    for entry in rustix::fs::Dir::new(open)? {
        found.push(shown(entry?.file_name().to_bytes()).into_owned());
    }
    Ok(found)
}

/// What a `stat` file says.
pub fn facts(bytes: &[u8]) -> Option<Facts> {
    // A process may call itself anything, brackets too; procfs slices by them.
    let open = bytes.iter().position(|byte| *byte == b'(')?;
    let close = bytes.iter().rposition(|byte| *byte == b')')?;
    let number = bytes.get(..open)?.trim_ascii();
    let rest = shown(bytes.get(close.checked_add(1)?..)?.trim_ascii()).into_owned();
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    if open > close || !numbered || !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let stat = Stat::from_read(format!("{} (x) {rest}", shown(number)).as_bytes()).ok()?;
    Some(Facts {
        parent: stat.ppid,
        terminal: stat.tty_nr,
        started: stat.starttime,
        alive: !matches!(stat.state, 'Z' | 'X' | 'x') && stat.flags & KERNEL_THREAD == 0,
    })
}

/// Who a `status` file says a process is.
pub fn identity(bytes: &[u8]) -> Option<Identity> {
    let status = Status::from_buf_read(shown(bytes).as_bytes()).ok()?;
    let overrides = status.capeff & OVERRIDES != 0;
    Some(Identity { uid: status.fuid, gid: status.fgid, groups: status.groups, overrides })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "1234 (cl) au)de) S 1 1234 1234 34816 1234 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 100 200 \
        18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn a_name_with_brackets_hides_nothing() {
        let facts = facts(STAT.as_bytes()).unwrap();
        assert_eq!(facts, Facts { parent: 1, terminal: 34816, started: 987_654, alive: true });
    }

    #[test]
    fn zombies_and_the_kernels_threads_run_nothing() {
        let zombie = STAT.replace(" S ", " Z ");
        assert!(!facts(zombie.as_bytes()).unwrap().alive);
        let thread = STAT.replace("4194560", &(4_194_560 + KERNEL_THREAD).to_string());
        assert!(!facts(thread.as_bytes()).unwrap().alive);
    }

    #[test]
    fn what_is_no_stat_says_nothing() {
        for bytes in [&b""[..], b"(", b")(", b"1 (", b"1 )( S", b"()", b"1 (x)", b"1 (x) ", b"1 (x) \xff", b"(x) S 1 1"]
        {
            assert_eq!(facts(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn this_process_is_who_it_is() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let own = proc.pid(i32::try_from(std::process::id()).unwrap()).unwrap();
        let identity = own.identity().unwrap();
        assert_eq!(identity.uid, rustix::process::geteuid().as_raw());
        let facts = own.facts().unwrap();
        assert!(facts.alive && facts.started > 0);
        assert!(proc.numbers().unwrap().contains(&own.number));
        assert!(proc.boot_time().unwrap() > 1_000_000_000);
        assert_eq!(
            own.inode("root").unwrap(),
            own.root()
                .map(|root| root.follow("/"))
                .map(|top| match top.end {
                    super::super::root::PathEnd::There(there) => there.inode,
                    other => panic!("{other:?}"),
                })
                .unwrap()
        );
    }
}
