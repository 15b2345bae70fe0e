//! The one walk below a directory: every directory with what it holds, and what git's ignore files leave out marked.
//! Links to directories are not followed; `.git` is left out, and so are the packages that a package manager put there,
//! unless git tracks them. May use `text` and `git`.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::git::{GitError, TrackedFiles};
use crate::text::{EntryKind, ReadError, Reader, repository_top};

/// The largest ignore file that is read, in bytes.
const MAX_IGNORE_FILE: u64 = 256 * 1024;
/// The most patterns that are used, of all ignore files together.
const MAX_PATTERNS: usize = 20_000;
/// How often patterns with several `*` are tried: each is compared with a path in many ways.
const MAX_TRIED: usize = 3_000_000;
/// The most entries that are looked at, in all directories together.
const MAX_ENTRIES: usize = 1_000_000;
/// How many of these may be in directories that ignore files leave out; beyond, only what git tracks is looked for.
const MAX_IGNORED_ENTRIES: usize = 50_000;
/// The most repositories that git is asked about.
const MAX_REPOSITORIES: usize = 100;
const IGNORE_FILE: &str = ".gitignore";
/// Where package managers put what others wrote.
const PACKAGES: &str = "node_modules";

/// A directory tree.
#[derive(Debug, Default)]
pub struct Tree {
    /// Its directories, each above those below it.
    pub directories: Vec<Directory>,
    /// Directories that were not read, and why.
    pub unread: Vec<(PathBuf, ReadError)>,
    /// Ignore files that leave nothing out, since they were not read, and why.
    pub unread_ignores: Vec<(PathBuf, ReadError)>,
    /// Directories that ignore files leave out and that were not looked through, since they are too large.
    pub unsearched: Vec<PathBuf>,
}

/// One directory.
#[derive(Debug)]
pub struct Directory {
    /// Its path, below the one that the walk began at.
    pub path: PathBuf,
    /// What it holds, sorted by name.
    pub entries: Vec<WalkedEntry>,
    repository: Option<Rc<AskedRepository>>,
}

/// One entry of a directory.
#[derive(Debug)]
pub struct WalkedEntry {
    /// Its name.
    pub name: std::ffi::OsString,
    /// What it is, links not followed.
    pub kind: EntryKind,
    /// Whether an ignore file leaves it out, by its name or with a directory that it is in. Git may track it all the same.
    pub is_ignored: bool,
}

impl Directory {
    /// Whether an entry has a name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.binary_search_by(|entry| entry.name.as_os_str().cmp(name.as_ref())).is_ok()
    }

    /// Why an entry is left out: an ignore file says so, and git does not track it. `None` where it is not.
    pub fn reason_left_out(&self, entry: &WalkedEntry) -> Option<String> {
        if !entry.is_ignored {
            return None;
        }
        let Some(repository) = &self.repository else {
            return Some("an ignore file leaves it out, and it is in no repository that could track it".to_owned());
        };
        match repository.is_tracked(&self.path.join(&entry.name)) {
            Ok(true) => None,
            Ok(false) => Some("git ignores it, and does not track it".to_owned()),
            Err(error) => Some(format!("git ignores it, and whether git tracks it is not known: {error}")),
        }
    }
}

/// A repository, which is asked what it tracks where something depends on it, and then once.
#[derive(Debug)]
struct AskedRepository {
    /// A directory in it, without links.
    directory: PathBuf,
    began: Rc<WalkedPath>,
    tracked: OnceCell<Result<TrackedFiles, GitError>>,
}

/// Where a walk began, and what it asks.
#[derive(Debug)]
struct WalkedPath {
    given: PathBuf,
    /// The same without links.
    real: PathBuf,
    reader: Reader,
    environment: BTreeMap<String, String>,
}

impl AskedRepository {
    fn new(directory: PathBuf, began: &Rc<WalkedPath>) -> Rc<Self> {
        Rc::new(Self { directory, began: Rc::clone(began), tracked: OnceCell::new() })
    }

    /// Whether it tracks what is at a path of the walk.
    fn is_tracked(&self, path: &Path) -> Result<bool, &GitError> {
        match self.began.reader.is_in_revision(path) {
            Some(is_there) => Ok(is_there),
            None => Ok(self.tracked()?.has(&self.began.real_path(path))),
        }
    }

    /// Whether it tracks anything below a directory of the walk. Where git does not tell, nothing is.
    fn has_tracked_below(&self, directory: &Path) -> bool {
        match self.began.reader.is_in_revision(directory) {
            Some(is_there) => is_there,
            None => self.tracked().is_ok_and(|files| files.has_below(&self.began.real_path(directory))),
        }
    }

    fn tracked(&self) -> Result<&TrackedFiles, &GitError> {
        let listed = self.tracked.get_or_init(|| TrackedFiles::list(&self.directory, &self.began.environment));
        listed.as_ref()
    }
}

impl WalkedPath {
    fn real_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.given).map_or_else(|_| path.to_owned(), |below| self.real.join(below))
    }
}

/// A walk on its way.
struct TreeWalk<'a> {
    reader: &'a Reader,
    began: Rc<WalkedPath>,
    budget: WalkBudget,
    /// The directories that are still to be read, the next one last.
    open: Vec<OpenDirectory>,
}

/// A directory that is still to be read.
struct OpenDirectory {
    path: PathBuf,
    ignores: Option<Rc<Ignores>>,
    repository: Option<Rc<AskedRepository>>,
    is_ignored: bool,
}

/// What the names in a directory say of ignore files.
#[derive(Clone, Copy)]
struct DirectoryMarks {
    /// Whether a repository begins there.
    is_top: bool,
    has_ignore_file: bool,
}

/// Ignore files of one directory, over those of the directories above it.
struct Ignores {
    own: Gitignore,
    /// How many of its patterns have several `*`.
    costly: usize,
    above: Option<Rc<Ignores>>,
}

/// What a walk may still cost.
struct WalkBudget {
    patterns: usize,
    tries: usize,
    entries: usize,
    ignored_entries: usize,
    repositories: usize,
}

impl Ignores {
    /// Whether the nearest pattern that says anything of a path leaves it out; nothing does once `tries` are used up.
    fn leave_out(mut at: Option<&Rc<Self>>, path: &Path, is_directory: bool, tries: &mut usize) -> bool {
        while let Some(ignores) = at {
            *tries = tries.saturating_sub(ignores.costly);
            if *tries == 0 {
                return false;
            }
            match ignores.own.matched(path, is_directory) {
                ignore::Match::None => at = ignores.above.as_ref(),
                found => return found.is_ignore(),
            }
        }
        false
    }
}

impl Tree {
    /// Walks a directory, whether or not it is a git checkout. Git is found by the PATH of the environment.
    pub fn below(directory: &Path, reader: &Reader, environment: &BTreeMap<String, String>) -> Self {
        let mut tree = Self::default();
        let mut budget = WalkBudget {
            patterns: MAX_PATTERNS,
            tries: MAX_TRIED,
            entries: MAX_ENTRIES,
            ignored_entries: MAX_IGNORED_ENTRIES,
            repositories: MAX_REPOSITORIES,
        };
        let ignores = tree.ignores_above(directory, reader, &mut budget);
        let real = reader.real_path(directory).unwrap_or_else(|_| directory.to_owned());
        let began = Rc::new(WalkedPath {
            given: directory.to_owned(),
            real,
            reader: reader.clone(),
            environment: environment.clone(),
        });
        let repository = repository_top(&began.real).map(|top| AskedRepository::new(top.to_owned(), &began));
        let first = OpenDirectory { path: directory.to_owned(), ignores, repository, is_ignored: false };
        let mut walk = TreeWalk { reader, began, budget, open: vec![first] };
        while let Some(directory) = walk.open.pop() {
            tree.walk_one(directory, &mut walk);
        }
        if walk.budget.tries == 0 {
            let why = "the patterns with several `*` are too many for this directory; from here on none is used";
            tree.unread_ignores.push((directory.join(IGNORE_FILE), ReadError::Failed(why.to_owned())));
        }
        tree
    }

    /// Reads one directory, and adds those in it to what is still to be read.
    fn walk_one(&mut self, directory: OpenDirectory, walk: &mut TreeWalk<'_>) {
        let OpenDirectory { path, ignores, mut repository, is_ignored } = directory;
        let has_tracked = || repository.as_ref().is_some_and(|repository| repository.has_tracked_below(&path));
        if path.file_name().is_some_and(|name| name == PACKAGES) && !has_tracked() {
            return;
        }
        if is_ignored && walk.budget.ignored_entries == 0 && !has_tracked() {
            self.unsearched.push(path);
            return;
        }
        let listed = match walk.reader.list(&path, walk.budget.entries) {
            Ok(listed) => listed,
            Err(error) => {
                self.unread.push((path, error));
                return;
            }
        };
        let budget = &mut walk.budget;
        budget.entries -= listed.len();
        budget.ignored_entries = budget.ignored_entries.saturating_sub(if is_ignored { listed.len() } else { 0 });
        let has = |name: &str| listed.binary_search_by(|entry| entry.name.as_os_str().cmp(name.as_ref())).is_ok();
        let marks = DirectoryMarks { is_top: has(".git"), has_ignore_file: has(IGNORE_FILE) };
        // Of a directory that is left out, the repository around it says what it tracks, whatever lies in there.
        if marks.is_top && !is_ignored && !self.directories.is_empty() && budget.repositories > 0 {
            budget.repositories -= 1;
            repository = Some(AskedRepository::new(walk.began.real_path(&path), &walk.began));
        }
        let ignores = if is_ignored { None } else { self.ignores_of(&path, ignores, marks, walk.reader, budget) };
        let mut entries = Vec::with_capacity(listed.len());
        let first = walk.open.len();
        for entry in listed {
            let at = path.join(&entry.name);
            let is_directory = entry.kind == EntryKind::Directory;
            let is_ignored = is_ignored || Ignores::leave_out(ignores.as_ref(), &at, is_directory, &mut budget.tries);
            if is_directory && entry.name != ".git" {
                let (ignores, repository) = (ignores.clone(), repository.clone());
                walk.open.push(OpenDirectory { path: at, ignores, repository, is_ignored });
            }
            entries.push(WalkedEntry { name: entry.name, kind: entry.kind, is_ignored });
        }
        // The first is taken next.
        if let Some(found) = walk.open.get_mut(first..) {
            found.reverse();
        }
        self.directories.push(Directory { path, entries, repository });
    }

    /// The ignore files of the directories above one, up to the top of its repository.
    fn ignores_above(&mut self, directory: &Path, reader: &Reader, budget: &mut WalkBudget) -> Option<Rc<Ignores>> {
        let real = reader.real_path(directory).ok()?;
        let top = repository_top(&real)?;
        let mut directories: Vec<&Path> = real.ancestors().skip(1).take_while(|above| above.starts_with(top)).collect();
        directories.reverse();
        let mut ignores = None;
        for above in directories {
            // Patterns are told from where the walk begins, whatever links lead there.
            let holds = |name: &str| reader.kind(&above.join(name)) != Err(ReadError::Absent);
            let marks = DirectoryMarks { is_top: above == top, has_ignore_file: holds(IGNORE_FILE) };
            ignores = self.ignores_of(above, ignores, marks, reader, budget);
        }
        if real == directory { ignores } else { None }
    }

    /// The ignore files that hold in a directory. Where a repository begins, those above it do not.
    fn ignores_of(
        &mut self,
        directory: &Path,
        above: Option<Rc<Ignores>>,
        marks: DirectoryMarks,
        reader: &Reader,
        budget: &mut WalkBudget,
    ) -> Option<Rc<Ignores>> {
        let mut ignores = above;
        if marks.is_top {
            ignores = self.ignores_in(directory, Path::new(".git/info/exclude"), None, reader, budget);
        }
        if !marks.has_ignore_file {
            return ignores;
        }
        self.ignores_in(directory, Path::new(IGNORE_FILE), ignores, reader, budget)
    }

    fn ignores_in(
        &mut self,
        directory: &Path,
        name: &Path,
        above: Option<Rc<Ignores>>,
        reader: &Reader,
        budget: &mut WalkBudget,
    ) -> Option<Rc<Ignores>> {
        let path = directory.join(name);
        let built = reader.read(&path, MAX_IGNORE_FILE).and_then(|text| {
            let text = String::from_utf8_lossy(&text);
            let lines = text.trim_start_matches('\u{feff}').lines();
            let patterns = || lines.clone().filter(|line| !line.is_empty() && !line.starts_with('#'));
            let too_many = || ReadError::Failed("its patterns are more than can be used".to_owned());
            budget.patterns = budget.patterns.checked_sub(patterns().count()).ok_or_else(too_many)?;
            let mut builder = GitignoreBuilder::new(directory);
            for line in patterns() {
                // As to git, a pattern that means nothing leaves nothing out.
                let _ = builder.add_line(None, line);
            }
            Ok((builder.build().map_err(|_| too_many())?, patterns().filter(|line| is_costly(line)).count()))
        });
        match built {
            Ok((own, _)) if own.is_empty() => above,
            Ok((own, costly)) => Some(Rc::new(Ignores { own, costly, above })),
            Err(ReadError::Absent) => above,
            Err(error) => {
                self.unread_ignores.push((path, error));
                above
            }
        }
    }
}

/// Whether a pattern has several `*` besides those that stand for whole directories.
fn is_costly(pattern: &str) -> bool {
    let parts = pattern.split('/').filter(|part| !matches!(*part, "*" | "**"));
    parts.map(|part| part.matches('*').count()).sum::<usize>() > 1
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::input::git::tests::test_repository::write_files;

    fn walked(directory: &Path) -> (Tree, Vec<String>) {
        let directory = directory.canonicalize().unwrap();
        let tree = Tree::below(&directory, &Reader::default().with_directory(&directory), &BTreeMap::new());
        let files = |one: &Directory| {
            let entries = one.entries.iter().filter(|entry| !entry.is_ignored && entry.kind != EntryKind::Directory);
            let path = one.path.strip_prefix(&directory).unwrap().to_owned();
            entries.map(|entry| path.join(&entry.name).display().to_string()).collect::<Vec<_>>()
        };
        let found = tree.directories.iter().flat_map(files).collect();
        (tree, found)
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), files);
        folder
    }

    #[test]
    fn ignore_files_hold_below_them_and_the_nearest_decides() {
        let folder = tree(&[
            (".git/info/exclude", "excluded\nkept\n"),
            (".git/x", ""),
            (".gitignore", "\u{feff}*.log\n!kept\n/build\n[\n"),
            (".ignore", "plain\n"),
            ("plain", ""),
            ("excluded", ""),
            ("kept", ""),
            ("a.log", ""),
            ("build/x", ""),
            ("sub/build/x", ""),
            ("sub/.gitignore", "!b.log\nonly/\n"),
            ("sub/a.log", ""),
            ("sub/b.log", ""),
            ("sub/only/x", ""),
            ("nested/.git/x", ""),
            ("nested/c.log", ""),
        ]);
        symlink("sub", folder.path().join("link")).unwrap();
        let (tree, found) = walked(folder.path());
        let expected = [
            ".gitignore",
            ".ignore",
            "kept",
            "link",
            "plain",
            "nested/c.log",
            "sub/.gitignore",
            "sub/b.log",
            "sub/build/x",
        ];
        assert_eq!(found, expected);
        assert!(tree.unread.is_empty() && tree.unread_ignores.is_empty());
        let (_, below) = walked(&folder.path().join("sub"));
        assert_eq!(below, [".gitignore", "b.log", "build/x"], "those above hold too");
    }

    #[test]
    fn ignore_file_that_is_no_file_leaves_nothing_out_and_is_told() {
        let folder = tree(&[("a", ""), ("sub/b", "")]);
        assert!(std::process::Command::new("mkfifo").arg(folder.path().join(".gitignore")).status().unwrap().success());
        symlink("/dev/zero", folder.path().join("sub/.gitignore")).unwrap();
        let (tree, found) = walked(folder.path());
        assert_eq!(found, [".gitignore", "a", "sub/.gitignore", "sub/b"]);
        let told: Vec<String> = tree.unread_ignores.iter().map(|(_, error)| error.to_string()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("a pipe") && told[1].contains("outside"), "{told:?}");
    }
}
