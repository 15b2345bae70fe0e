//! The one walk below a directory: every directory with what it holds, and what git's ignore files leave out marked.
//! Links to directories are not followed, `.git` is left out. May use `text`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::text::{EntryKind, ReadError, Reader, repository_top};

/// The largest ignore file that is read, in bytes.
const MAX_IGNORE_FILE: u64 = 256 * 1024;
/// The most patterns that are used, of all ignore files together.
const MAX_PATTERNS: usize = 20_000;
/// How often patterns with several `*` are tried: each is compared with a path in many ways.
const MAX_TRIED: usize = 3_000_000;
/// The most entries that are looked at, in all directories together.
const MAX_ENTRIES: usize = 1_000_000;
const IGNORE_FILE: &str = ".gitignore";

/// A directory tree.
#[derive(Debug, Default)]
pub struct Tree {
    /// The directories that nothing leaves out, each above those below it.
    pub directories: Vec<Directory>,
    /// Directories that were not read, and why.
    pub unread: Vec<(PathBuf, ReadError)>,
    /// Ignore files that leave nothing out, since they were not read, and why.
    pub unread_ignores: Vec<(PathBuf, ReadError)>,
}

/// One directory.
#[derive(Debug)]
pub struct Directory {
    /// Its path, below the one that the walk began at.
    pub path: PathBuf,
    /// What it holds, sorted by name.
    pub entries: Vec<Entry>,
}

/// One entry of a directory.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: std::ffi::OsString,
    /// What it is, links not followed.
    pub kind: EntryKind,
    /// Whether an ignore file leaves it out.
    pub is_ignored: bool,
}

impl Directory {
    /// Whether an entry has a name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.binary_search_by(|entry| entry.name.as_os_str().cmp(name.as_ref())).is_ok()
    }
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

/// What ignore files may still cost.
struct Budget {
    patterns: usize,
    tries: usize,
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
    /// Walks a directory, whether or not it is a git checkout.
    pub fn below(directory: &Path, reader: &Reader) -> Self {
        let mut tree = Self::default();
        let mut budget = Budget { patterns: MAX_PATTERNS, tries: MAX_TRIED };
        let above = tree.ignores_above(directory, reader, &mut budget);
        let mut open = vec![(directory.to_owned(), above)];
        let mut left = MAX_ENTRIES;
        while let Some((path, above)) = open.pop() {
            let listed = match reader.list(&path, left) {
                Ok(listed) => listed,
                Err(error) => {
                    tree.unread.push((path, error));
                    continue;
                }
            };
            left -= listed.len();
            let has = |name: &str| listed.binary_search_by(|entry| entry.name.as_os_str().cmp(name.as_ref())).is_ok();
            let marks = DirectoryMarks { is_top: has(".git"), has_ignore_file: has(IGNORE_FILE) };
            let ignores = tree.ignores_of(&path, above, marks, reader, &mut budget);
            let mut entries = Vec::with_capacity(listed.len());
            let first = open.len();
            for entry in listed {
                let at = path.join(&entry.name);
                let is_directory = entry.kind == EntryKind::Directory;
                let is_ignored = Ignores::leave_out(ignores.as_ref(), &at, is_directory, &mut budget.tries);
                if is_directory && !is_ignored && entry.name != ".git" {
                    open.push((at, ignores.clone()));
                }
                entries.push(Entry { name: entry.name, kind: entry.kind, is_ignored });
            }
            // The first is taken next.
            if let Some(found) = open.get_mut(first..) {
                found.reverse();
            }
            tree.directories.push(Directory { path, entries });
        }
        if budget.tries == 0 {
            let why = "the patterns with several `*` are too many for this directory; from here on none is used";
            tree.unread_ignores.push((directory.join(IGNORE_FILE), ReadError::Failed(why.to_owned())));
        }
        tree
    }

    /// The ignore files of the directories above one, up to the top of its repository.
    fn ignores_above(&mut self, directory: &Path, reader: &Reader, budget: &mut Budget) -> Option<Rc<Ignores>> {
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
        budget: &mut Budget,
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
        budget: &mut Budget,
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
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn walked(directory: &Path) -> (Tree, Vec<String>) {
        let directory = directory.canonicalize().unwrap();
        let tree = Tree::below(&directory, &Reader::default().with_directory(&directory));
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
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
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
