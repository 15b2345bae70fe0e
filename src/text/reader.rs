//! The one reader of files that are not ours: regular, bounded, and below a directory that a person named, unless the
//! person typed the file's own path. Uses `read_error`, `confined` and `revision_tree` alone.

mod at_revision;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Cursor, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::confined::{self, Content, Directory, OpenError};
use super::read_error::{EntryKind, ReadError};
use super::revision_tree::RevisionTree;
use at_revision::{LastLink, Reached, ReachedEntry};

/// Reads files within its roots. Nothing that stands in a file adds a root.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    roots: Vec<Arc<ReadableRoot>>,
    typed: Vec<Arc<Typed>>,
    reach: ReaderReach,
    /// The texts that some files would hold, by their real paths.
    planned: BTreeMap<PathBuf, String>,
    /// What is read as it was.
    revisions: Vec<Arc<RevisionTree>>,
}

/// How far a reader goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ReaderReach {
    /// As far as its roots.
    #[default]
    Roots,
    /// As far as the process may, as Compose does on its own host.
    Host,
}

/// A directory below which everything may be read.
#[derive(Debug)]
struct ReadableRoot {
    /// Its path without links.
    real: PathBuf,
    is_repository: bool,
    directory: Directory,
}

/// A file that a person typed.
#[derive(Debug)]
struct Typed {
    path: PathBuf,
    /// What came out of it, where it is a pipe or a device: that is read once.
    stream: OnceLock<Result<Vec<u8>, ReadError>>,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name.
    pub name: OsString,
    /// What it is, links not followed.
    pub kind: EntryKind,
}

/// The top of the git repository that a directory is in: the next directory upward that holds `.git`. Links are not
/// followed: give a real path where that matters.
pub fn repository_top(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|above| above.join(".git").exists())
}

impl Reader {
    /// A reader that also reads what is outside its roots, as Compose does on its host: regular files alone.
    #[must_use]
    pub fn of_host() -> Self {
        Self { reach: ReaderReach::Host, ..Self::default() }
    }

    /// The same, with other texts in the place of some files, by their real paths.
    #[must_use]
    pub fn with_planned(self, planned: BTreeMap<PathBuf, String>) -> Self {
        Self { planned, ..self }
    }

    /// The same, but what is below the top of one of these trees is read as it was at their revisions.
    #[must_use]
    pub fn at_revisions(self, revisions: Vec<Arc<RevisionTree>>) -> Self {
        Self { revisions, ..self }
    }

    /// The same, but what is outside its roots is not read.
    #[must_use]
    pub fn within_roots(&self) -> Self {
        Self { reach: ReaderReach::Roots, ..self.clone() }
    }

    /// Adds a path that a person named to look at, absolute. A directory becomes a root with the repository around it; a
    /// file may be read wherever it is, and its directory becomes a root in the same way.
    #[must_use]
    pub fn with_path(self, path: &Path) -> Self {
        if path.is_dir() {
            return self.with_directory(path);
        }
        let beside = path.parent().filter(|_| path.is_file()).map(Path::to_owned);
        let reader = self.with_typed(path);
        match beside {
            Some(directory) => reader.with_directory(&directory),
            None => reader,
        }
    }

    /// Adds a file that a person typed, absolute, and nothing beside it. It may be a pipe. Where it is in a repository it
    /// is no link out of that: who wrote the repository is not who typed the path.
    #[must_use]
    pub fn with_typed(mut self, path: &Path) -> Self {
        match left_repository(path) {
            Some(top) if self.reach == ReaderReach::Roots => self.add_root(&top),
            _ => self.typed.push(Arc::new(Typed { path: path.to_owned(), stream: OnceLock::new() })),
        }
        self
    }

    /// Adds a directory that a person named, absolute, with the repository around it.
    #[must_use]
    pub fn with_directory(mut self, path: &Path) -> Self {
        match (left_repository(path), path.canonicalize()) {
            (Some(top), _) => self.add_root(&top),
            (None, Ok(real)) => self.add_root(repository_top(&real).unwrap_or(&real)),
            // What is not there is told when it is looked at.
            (None, Err(_)) => {}
        }
        self
    }

    fn add_root(&mut self, real: &Path) {
        if self.roots.iter().any(|root| real.starts_with(&root.real)) {
            return;
        }
        if let Ok(directory) = Directory::open(real) {
            let is_repository = real.join(".git").exists();
            self.roots.push(Arc::new(ReadableRoot { real: real.to_owned(), is_repository, directory }));
        }
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// It is larger than `limit` bytes, or cannot or may not be read.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        if let Some(text) = self.planned(path) {
            return Ok(text.as_bytes().to_owned());
        }
        let content = self.content(path, limit.saturating_add(1))?;
        if content.size > limit || content.bytes.len() as u64 > limit {
            return Err(ReadError::TooLarge { limit });
        }
        Ok(content.bytes)
    }

    /// A file's text.
    ///
    /// # Errors
    /// As [`Reader::read`], or it is not UTF-8.
    pub fn read_text(&self, path: &Path, limit: u64) -> Result<String, ReadError> {
        String::from_utf8(self.read(path, limit)?)
            .map_err(|error| ReadError::NotUtf8 { at: error.utf8_error().valid_up_to() })
    }

    /// What is in a file that a person typed, or that is read on this host, as it is wanted. What is no regular file there
    /// comes whole, of at most `limit` bytes.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn stream(&self, path: &Path, limit: u64) -> Result<Box<dyn Read>, ReadError> {
        let is_free = self.reach == ReaderReach::Host || self.typed(path).is_some();
        if is_free && self.revisions.is_empty() && self.kind_on_disk(path)? == EntryKind::File {
            return Ok(Box::new(confined::file_anywhere(path)?));
        }
        Ok(Box::new(Cursor::new(self.read(path, limit)?)))
    }

    /// The first bytes of a file, as many as there are up to `most`.
    ///
    /// # Errors
    /// It cannot or may not be read.
    pub fn read_start(&self, path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
        if let Some(text) = self.planned(path) {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            return Ok(text.as_bytes().iter().take(most).copied().collect());
        }
        Ok(self.content(path, most)?.bytes)
    }

    /// What is at a path, after links.
    ///
    /// # Errors
    /// Nothing is there, or it may not be looked at.
    pub fn kind(&self, path: &Path) -> Result<EntryKind, ReadError> {
        match self.reach(path, LastLink::Followed) {
            None => self.kind_on_disk(path),
            Some(reached) => reached.and_then(|reached| match reached.found {
                ReachedEntry::OnDisk if reached.real == path => self.kind_on_disk(path),
                // What a link leads to is not what a person typed, even if they typed that too.
                ReachedEntry::OnDisk => self.own_kind_on_disk(&reached.real),
                found => Ok(found.kind()),
            }),
        }
    }

    /// What is at a path itself: links on the way are followed, one at its end is not.
    ///
    /// # Errors
    /// Nothing is there, or it may not be looked at.
    pub fn own_kind(&self, path: &Path) -> Result<EntryKind, ReadError> {
        match self.reach(path, LastLink::Itself) {
            None => self.own_kind_on_disk(path),
            Some(reached) => reached.and_then(|reached| match reached.found {
                ReachedEntry::OnDisk => self.own_kind_on_disk(&reached.real),
                found => Ok(found.kind()),
            }),
        }
    }

    /// Whether a regular file that may be read is at a path, after links.
    pub fn is_file(&self, path: &Path) -> bool {
        self.kind(path) == Ok(EntryKind::File)
    }

    /// Whether something that is no directory is at a path: a file, or a pipe or a link that leads outside, so that it is
    /// told when it is read.
    pub fn has_input(&self, path: &Path) -> bool {
        match self.kind(path) {
            Ok(kind) => kind != EntryKind::Directory,
            Err(ReadError::Outside { .. }) => self.own_kind(path) == Ok(EntryKind::Link),
            Err(_) => false,
        }
    }

    /// Whether a directory that may be read is at a path, after links.
    pub fn is_directory(&self, path: &Path) -> bool {
        self.kind(path) == Ok(EntryKind::Directory)
    }

    /// What a directory holds, sorted by name.
    ///
    /// # Errors
    /// It has more than `most` entries, or cannot or may not be read.
    pub fn list(&self, path: &Path, most: usize) -> Result<Vec<Listed>, ReadError> {
        let reached = self.reach(path, LastLink::Followed).transpose()?;
        let mut entries = match &reached {
            None => self.list_on_disk(path, most)?,
            Some(Reached { real, found }) => match found {
                ReachedEntry::Directory => self.list_revision(real, most)?,
                ReachedEntry::OnDisk => self.list_on_disk(real, most)?,
                ReachedEntry::Unread(why) => return Err(ReadError::Failed((*why).to_owned())),
                ReachedEntry::File(_) | ReachedEntry::Link(_) => return Err(ReadError::Absent),
            },
        };
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// A path without links.
    ///
    /// # Errors
    /// Nothing is there, or it may not be read.
    pub fn real_path(&self, path: &Path) -> Result<PathBuf, ReadError> {
        match self.reach(path, LastLink::Followed).transpose()? {
            None => self.real_path_on_disk(path),
            Some(Reached { real, found: ReachedEntry::OnDisk }) => {
                let real = self.real_path_on_disk(&real)?;
                let is_allowed = self.reach == ReaderReach::Host || self.is_inside(&real) || real == path;
                if is_allowed { Ok(real) } else { Err(self.outside(path)) }
            }
            Some(Reached { real, .. }) => Ok(real),
        }
    }

    /// The tops of the git repositories that it reads, without links.
    pub fn repositories(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().filter(|root| root.is_repository).map(|root| root.real.as_path())
    }

    /// Whether a revision has a path; `None` where it is read in no revision.
    pub fn is_in_revision(&self, path: &Path) -> Option<bool> {
        let reached = self.reach(path, LastLink::Itself)?;
        Some(reached.is_ok_and(|reached| !matches!(reached.found, ReachedEntry::OnDisk)))
    }

    /// Whether a path without links is below a root.
    pub fn is_inside(&self, real: &Path) -> bool {
        self.roots.iter().any(|root| real.starts_with(&root.real))
    }

    fn kind_on_disk(&self, path: &Path) -> Result<EntryKind, ReadError> {
        match self.reach {
            ReaderReach::Host => confined::kind_anywhere(path),
            ReaderReach::Roots if self.typed(path).is_some() => confined::kind_anywhere(path),
            ReaderReach::Roots => self.inside(path, |root, below, links| root.directory.kind(below, links)),
        }
    }

    fn own_kind_on_disk(&self, path: &Path) -> Result<EntryKind, ReadError> {
        match self.reach {
            ReaderReach::Host => confined::own_kind_anywhere(path),
            ReaderReach::Roots => {
                let direct = self.below_root(path).map(|(root, below)| root.directory.own_kind(below, true));
                let leaves = match direct {
                    Some(Ok(kind)) => return Ok(kind),
                    Some(Err(OpenError::System(error))) => return Err(error),
                    Some(Err(OpenError::Leaves)) => true,
                    None => false,
                };
                // The way there may lead around; what is at its end may be a link.
                let end = path.parent().zip(path.file_name());
                let end = end.and_then(|(above, name)| Some(above.canonicalize().ok()?.join(name)));
                let end = end.as_deref().unwrap_or(path);
                let kind = self.inside(end, |root, below, links| root.directory.own_kind(below, links));
                kind.map_err(|error| if leaves { self.outside(path) } else { error })
            }
        }
    }

    /// What a directory holds, in no order.
    fn list_on_disk(&self, path: &Path, most: usize) -> Result<Vec<Listed>, ReadError> {
        let found = match self.reach {
            ReaderReach::Host => confined::list_anywhere(path, most),
            ReaderReach::Roots => self.inside(path, |root, below, links| root.directory.list(below, links, most)),
        };
        Ok(found?.into_iter().map(|(name, kind)| Listed { name, kind }).collect())
    }

    fn real_path_on_disk(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let real = path.canonicalize().map_err(|error| match self.located(path) {
            None if self.reach == ReaderReach::Roots && self.typed(path).is_none() => self.outside(path),
            _ => error.into(),
        })?;
        if self.reach == ReaderReach::Host || self.typed(path).is_some() || self.is_inside(&real) {
            Ok(real)
        } else {
            Err(self.outside(path))
        }
    }

    fn planned(&self, path: &Path) -> Option<&str> {
        if self.planned.is_empty() {
            return None;
        }
        self.planned.get(&path.canonicalize().ok()?).map(String::as_str)
    }

    fn typed(&self, path: &Path) -> Option<&Typed> {
        self.typed.iter().map(Arc::as_ref).find(|typed| typed.path == path)
    }

    fn content(&self, path: &Path, most: u64) -> Result<Content, ReadError> {
        match self.reach(path, LastLink::Followed).transpose()? {
            None => self.content_on_disk(path, most),
            Some(Reached { real, found }) => match found {
                ReachedEntry::File(blob) => {
                    let start = blob.read_start(most)?;
                    Ok(Content { bytes: start.bytes, size: start.size })
                }
                ReachedEntry::OnDisk if real == path => self.content_on_disk(path, most),
                ReachedEntry::OnDisk => self.bounded_content(&real, most),
                ReachedEntry::Unread(why) => Err(ReadError::Failed(why.to_owned())),
                ReachedEntry::Directory | ReachedEntry::Link(_) => Err(ReadError::NotRegular("a directory")),
            },
        }
    }

    fn content_on_disk(&self, path: &Path, most: u64) -> Result<Content, ReadError> {
        match self.typed(path) {
            Some(typed) => typed.content(most),
            None => self.bounded_content(path, most),
        }
    }

    fn bounded_content(&self, path: &Path, most: u64) -> Result<Content, ReadError> {
        match self.reach {
            ReaderReach::Host => confined::content_anywhere(path, most),
            ReaderReach::Roots => self.inside(path, |root, below, links| root.directory.content(below, links, most)),
        }
    }

    /// Does something below a root. A link that leaves it and comes back, or into another root, as an absolute one does,
    /// is followed by its real path, on which no link may stand then.
    fn inside<T>(
        &self,
        path: &Path,
        act: impl Fn(&ReadableRoot, &Path, bool) -> Result<T, OpenError>,
    ) -> Result<T, ReadError> {
        let (root, below) = self.located(path).ok_or_else(|| self.outside(path))?;
        match act(root, &below, true) {
            Ok(done) => return Ok(done),
            Err(OpenError::System(error)) => return Err(error),
            Err(OpenError::Leaves) => {}
        }
        let real = path.canonicalize().map_err(|_| self.outside(path))?;
        let (root, below) = self.below_root(&real).ok_or_else(|| self.outside(path))?;
        match act(root, below, false) {
            Ok(done) => Ok(done),
            Err(OpenError::System(error)) => Err(error),
            Err(OpenError::Leaves) => Err(self.outside(path)),
        }
    }

    /// The root that a path is below and the way from there, links not followed. Of a path that is spelled otherwise
    /// the directories that are there are taken without links.
    fn located(&self, path: &Path) -> Option<(&ReadableRoot, PathBuf)> {
        if let Some((root, below)) = self.below_root(path) {
            return Some((root, below.to_owned()));
        }
        let path = std::path::absolute(path).ok()?;
        let (above, real) = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)))?;
        let (root, below) = self.below_root(&real)?;
        let rest = path.strip_prefix(above).ok()?;
        // Nothing joined to a path would end it with a slash.
        Some((root, if rest.as_os_str().is_empty() { below.to_owned() } else { below.join(rest) }))
    }

    fn below_root<'r, 'p>(&'r self, path: &'p Path) -> Option<(&'r ReadableRoot, &'p Path)> {
        self.roots.iter().find_map(|root| Some((root.as_ref(), path.strip_prefix(&root.real).ok()?)))
    }

    fn outside(&self, path: &Path) -> ReadError {
        let near = self.below_root(path).map(|(root, _)| root).or(self.roots.first().map(Arc::as_ref));
        let around = match near {
            Some(root) if root.is_repository => format!("this repository ({} is its top)", root.real.display()),
            Some(root) => format!("the directory {}", root.real.display()),
            None => "what was given to read".to_owned(),
        };
        ReadError::Outside { around }
    }
}

impl Typed {
    fn content(&self, most: u64) -> Result<Content, ReadError> {
        if confined::kind_anywhere(&self.path)? == EntryKind::File {
            return confined::content_typed(&self.path, most);
        }
        // Whoever asks first says how much that is: all want the whole file.
        let stream = self.stream.get_or_init(|| Ok(confined::content_typed(&self.path, most)?.bytes));
        let bytes = stream.clone()?;
        Ok(Content { size: bytes.len() as u64, bytes })
    }
}

/// The repository that a typed path is spelled in and that a link on it leads out of.
fn left_repository(path: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    // What is before the last `..` is where that leads; what is after it is spelled.
    let components: Vec<_> = path.components().collect();
    let up = components.iter().rposition(|component| *component == Component::ParentDir).map_or(0, |at| at + 1);
    let (before, after) = components.split_at_checked(up)?;
    let spelled = match before {
        [] => path.to_owned(),
        before => before.iter().collect::<PathBuf>().canonicalize().ok()?.join(after.iter().collect::<PathBuf>()),
    };
    let around = spelled.ancestors().skip(1).filter(|above| above.join(".git").exists());
    around.filter_map(|top| top.canonicalize().ok()).find(|top| !real.starts_with(top))
}

#[cfg(test)]
mod tests;
