//! Where the last report is remembered: a file in a directory, and a lock beside it. Uses `text` and `report`.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::hash::Hasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use siphasher::sip::SipHasher13;

use super::configuration::absolute;
use super::{World, engines};
use crate::cli::Report;
use crate::input::engine;
use crate::report::{History, HistoryError};
use crate::text::writer::{self, Folder};

/// Where the engine of a host is, if nothing says otherwise.
const USUAL: &str = "unix:///var/run/docker.sock";
/// How often a lock is tried that another report holds.
const PAUSE: Duration = Duration::from_millis(50);
/// No file of ours is larger: a hundred thousand findings.
const MOST_BYTES: u64 = 64 << 20;

/// The state of one series of reports, held by this one.
pub(super) struct SeriesState {
    file: PathBuf,
    /// The directory that it is in; `None` where it is not there or not to be trusted.
    folder: Option<Folder>,
    /// Released when it is dropped, or when the process ends.
    _lock: Option<File>,
    /// Why it could not be locked, so that it is not written either.
    unusable: Option<String>,
}

impl SeriesState {
    /// Opens and locks it; waits for another report that is under way.
    ///
    /// # Errors
    /// No directory is known, or another report holds it for longer than this one may take.
    pub(super) fn open(arguments: &Report, world: &World) -> anyhow::Result<Self> {
        let directory = directory(arguments, world)?;
        let file = directory.join(format!("state{}.json", series(arguments, world)?));
        let path = file.with_extension("lock");
        // Where it cannot be locked it can still be read, and the report is worth more than its memory.
        let unusable = |path: &Path, error: &io::Error| {
            let (shown, why) = (path.display(), writer::failure(error));
            Some(format!("this report cannot be remembered in {shown}: {why}; or name another directory with --state"))
        };
        let folder = match Folder::make_trusted(&directory) {
            Ok(folder) => folder,
            Err(error) => return Ok(Self { file, folder: None, _lock: None, unusable: unusable(&directory, &error) }),
        };
        let lock = match folder.lock_file(name(&path)) {
            Ok(lock) => lock,
            Err(error) => {
                return Ok(Self { file, folder: Some(folder), _lock: None, unusable: unusable(&path, &error) });
            }
        };
        wait(&lock, &path, Duration::from_secs(arguments.sight.timeout))?;
        Ok(Self { file, folder: Some(folder), _lock: Some(lock), unusable: None })
    }

    /// What the last report kept; or what is the matter with it, and that all begins anew.
    pub(super) fn read(&self) -> (Option<History>, Option<String>) {
        let Some(folder) = &self.folder else { return (None, None) };
        let shown = self.file.display();
        let text = match folder.read(name(&self.file), MOST_BYTES).and_then(text) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (None, None),
            Err(error) => {
                return (None, Some(format!("what the last report kept cannot be read ({shown}: {error}); {ANEW}")));
            }
        };
        match History::parse(&text) {
            Ok(history) => (Some(history), None),
            Err(error) => {
                let aside = match &error {
                    HistoryError::OtherVersion(_) | HistoryError::Foreign(_) => self.put_aside(folder),
                    HistoryError::Torn(_) => String::new(),
                };
                (None, Some(format!("{shown} {error}; {ANEW}{aside}")))
            }
        }
    }

    /// Moves what cannot be used out of the way; the end of a sentence that says so.
    fn put_aside(&self, folder: &Folder) -> String {
        let aside = self.file.with_extension("json.old");
        match folder.rename(name(&self.file), name(&aside)) {
            Ok(()) => format!("; the old file is {} now", aside.display()),
            Err(_) => String::new(),
        }
    }

    /// Keeps what the next report is compared with: whole, or what was there stays.
    ///
    /// # Errors
    /// Why it could not be kept, and what that means.
    pub(super) fn write(&self, history: &History) -> Result<(), String> {
        if let Some(unusable) = &self.unusable {
            return Err(unusable.clone());
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.replace(name(&self.file), history.text().as_bytes()).map_err(|error| {
            let (shown, why) = (self.file.display(), writer::failure(&error));
            format!("this report cannot be remembered in {shown}: {why}; the next one is compared with an earlier one")
        })
    }
}

const ANEW: &str = "the comparison starts anew, and everything is told as new";

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The name of a file of ours.
fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

fn wait(lock: &File, path: &Path, most: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < most => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => bail!(
                "another report holds {} for more than {} s; wait for it, or end it",
                path.display(),
                most.as_secs()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
    }
}

/// The directory that is named, or the one that programs keep such things in (XDG Base Directory Specification).
fn directory(arguments: &Report, world: &World) -> anyhow::Result<PathBuf> {
    let variable = |name: &str| world.environment.get(name).filter(|path| path.starts_with('/')).map(PathBuf::from);
    let named = arguments.state.as_ref().map(|path| PathBuf::from(absolute(path, world)));
    let usual = || variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
    named
        .or_else(|| Some(usual()?.join("overlock")))
        .context("there is no place to remember the report in: set XDG_STATE_HOME or HOME, or name one with --state")
}

/// What tells the reports on one engine, or on one set of captures, from those on another: nothing for the engine of
/// this host at its usual place.
fn series(arguments: &Report, world: &World) -> anyhow::Result<String> {
    let sight = &arguments.sight;
    let named: Vec<String> = if sight.from.is_empty() {
        let addresses =
            engines::named_engines(sight, world).iter().map(engine::address).collect::<Result<Vec<_>, _>>()?;
        let own = sight.no_engine.then(|| "no engine".to_owned());
        addresses.into_iter().filter(|address| address != USUAL).chain(own).collect()
    } else {
        sight.from.iter().map(|path| absolute(path, world)).collect()
    };
    if named.is_empty() {
        return Ok(String::new());
    }
    let mut hasher = SipHasher13::new();
    for part in &named {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    Ok(format!("-{:016x}", hasher.finish()))
}
