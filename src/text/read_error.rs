//! Why a file is not read, as a clause that tells a person what to do, without a byte of the file.
//! Uses nothing else of this crate.

use std::io;

/// Why a file or directory is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("No such file or directory; check the path")]
    Absent,
    /// It is not below a directory that may be read, after all links.
    #[error("it is outside {around}; give it as a PATH to read it")]
    Outside {
        /// What may be read, such as `this repository (/srv/app is its top)`.
        around: String,
    },
    /// A directory, a pipe, a device or a socket.
    #[error("it is {0}, and only regular files are read")]
    NotRegular(&'static str),
    /// More bytes than a file of its kind has.
    #[error("it is larger than {}, which no file of its kind is", size(*limit))]
    TooLarge {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// More entries than are looked at.
    #[error("it has more than {limit} entries, which is more than are looked at")]
    TooMany {
        /// The most that are looked at.
        limit: usize,
    },
    /// A file of proc, sysfs, devpts or another filesystem that the kernel answers itself.
    #[error("it is on a filesystem of the kernel, such as proc or sysfs, of which nothing is read")]
    KernelFile,
    /// The system does not let this process read it.
    #[error("Permission denied; check its permissions")]
    Denied,
    /// It is not UTF-8.
    #[error("it is not UTF-8; save it as UTF-8")]
    NotUtf8 {
        /// How many bytes before the first that is not.
        at: usize,
    },
    /// Anything else that the system says.
    #[error("{0}")]
    Failed(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Failed(error.to_string()),
        }
    }
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, in a listing; everywhere else links are followed.
    Link,
    /// A pipe, a device, a socket.
    Other,
}
