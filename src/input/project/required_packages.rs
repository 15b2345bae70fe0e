//! Packages that commands install by a list of them: what `pip install -r FILE`, `npm ci` and their kin read where they run.
//! Uses `package_lists`, `package_list_text`, `planned_files`, `repository` and `source::dockerfile`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::package_list_text::read_list;
use super::package_lists::{ListKind, PackageList, lists_of};
use super::planned_files::{PlannedFiles, files_below};
use super::repository::Repository;
use crate::input::dockerfile::{BuildStep, CopyOrigin, CopySource, Image, PathContent, RunStep};
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::model::{Invocation, Unseen, Word, join, parent_and_name};

/// Lists within each other.
const NESTED_LISTS: usize = 4;
/// Lists that are read for one command.
const MOST_LISTS: usize = 100;
/// What stands for a project where `pyproject.toml` does not.
const PROJECT_FILES: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];

/// A command that installs packages by lists.
pub(super) struct ListedInstall {
    /// The command, with the packages of known programs in the lists as further words.
    pub(super) call: Invocation,
    /// The lists that it needs and that were not read.
    pub(super) unread: Vec<Unseen>,
}

/// A command of a build with what the lists name that it reads, where it reads any. It runs in the step of the image that
/// has this number.
pub(super) fn listed_by_build(
    call: &Invocation,
    ran: &RunStep,
    image: &Image,
    at: usize,
    repository: &Repository<'_>,
) -> Option<ListedInstall> {
    let lists = lists_of(call);
    if lists.is_empty() {
        return None;
    }
    // It reads what is there before it runs, and what is mounted meanwhile.
    let mut before = image.clone();
    before.steps.truncate(at);
    before.steps.extend(ran.binds.iter().map(|bind| Rc::new(BuildStep::Copy(bind.clone()))));
    let directory = ran.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    Some(ListReader::new(&ImageLists { image: &before, repository }, repository).read_all(call, directory, lists))
}

/// The same for a command that a container runs when it starts.
pub(super) fn listed_at_start(call: &Invocation, files: &PlannedFiles<'_>) -> Option<ListedInstall> {
    let lists = lists_of(call);
    if lists.is_empty() {
        return None;
    }
    let directory = files.container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    Some(ListReader::new(&StartLists { files }, files.repository).read_all(call, directory, lists))
}

/// Where lists are looked up.
trait ListFiles {
    /// The text at an absolute path, or why there is none, as a clause.
    fn open(&self, path: &str) -> Result<String, String>;

    /// The texts of all manifests that were put there.
    fn manifests(&self) -> Vec<String>;
}

/// The files of an image while it is built.
struct ImageLists<'a, 'b> {
    image: &'a Image,
    repository: &'a Repository<'b>,
}

impl ListFiles for ImageLists<'_, '_> {
    fn open(&self, path: &str) -> Result<String, String> {
        let sources = self.repository.sources;
        match self.image.find_file(path, sources) {
            PathContent::File(file) => text_of(self.repository.open_copied(&file), self.repository),
            PathContent::Text(text) => Ok(text.text),
            PathContent::Unknown { why, .. } => Err(why),
            PathContent::Link(_) => Err("it is a link".to_owned()),
            PathContent::Base | PathContent::Absent => Err("nothing in the Dockerfile puts it there".to_owned()),
        }
    }

    fn manifests(&self) -> Vec<String> {
        let copied = self.image.steps.iter().filter_map(|step| match step.as_ref() {
            BuildStep::Copy(copied) => Some(copied),
            BuildStep::Run(_) | BuildStep::Unread(_) => None,
        });
        let mut files = Vec::new();
        for copied in copied {
            let CopyOrigin::Context(Some(context)) = &copied.from else { continue };
            for source in &copied.sources {
                if let CopySource::Path(path) = source {
                    // Of a pattern all that is below the directory before it.
                    let fixed = path.text.split(['*', '?', '[', '$']).next().unwrap_or_default();
                    let directory = if fixed.len() < path.text.len() {
                        fixed.rsplit_once('/').map_or("", |(directory, _)| directory)
                    } else {
                        fixed
                    };
                    let directory = directory.trim_matches('/').trim_start_matches("./");
                    files_below(context.as_ref(), if directory == "." { "" } else { directory }, &mut files);
                }
            }
        }
        let manifests = files.iter().filter(|path| path.ends_with("package.json")).take(MOST_LISTS);
        manifests.filter_map(|path| text_of(self.repository.open_copied(path), self.repository).ok()).collect()
    }
}

/// The files of a container that starts.
struct StartLists<'a, 'b> {
    files: &'a PlannedFiles<'b>,
}

impl ListFiles for StartLists<'_, '_> {
    fn open(&self, path: &str) -> Result<String, String> {
        text_of(self.files.open(path), self.files.repository)
    }

    fn manifests(&self) -> Vec<String> {
        let own = self.files.own_files().iter().filter(|path| path.ends_with("package.json")).take(MOST_LISTS);
        let repository = self.files.repository;
        own.filter_map(|path| text_of(repository.open_copied(path), repository).ok()).collect()
    }
}

fn text_of(opened: Lookup, repository: &Repository<'_>) -> Result<String, String> {
    match opened {
        Lookup::Text(file) => Ok(repository.sources.get(file).text().to_owned()),
        Lookup::Passage(text) => Ok(text.text),
        Lookup::Binary => Err("it is no text".to_owned()),
        Lookup::Absent => Err("it is not there".to_owned()),
        Lookup::Unseen(why) => Err(why),
    }
}

/// Reads the lists of one command, each once.
struct ListReader<'a, 'b> {
    files: &'a dyn ListFiles,
    repository: &'a Repository<'b>,
    read: BTreeSet<String>,
    words: Vec<String>,
}

impl<'a, 'b> ListReader<'a, 'b> {
    fn new(files: &'a dyn ListFiles, repository: &'a Repository<'b>) -> Self {
        Self { files, repository, read: BTreeSet::new(), words: Vec::new() }
    }

    fn read_all(mut self, call: &Invocation, directory: &str, lists: Vec<PackageList>) -> ListedInstall {
        let moved = call.directory.as_ref().map(|moved| moved.known().map(|moved| join(directory, moved)));
        let mut unread = Vec::new();
        for list in lists {
            let given = Word::parse(&list.path);
            let known = match (&moved, given.known()) {
                (_, None) => Err("its path is not known".to_owned()),
                (Some(None), Some(path)) if !path.starts_with('/') => Err("where it is is not known".to_owned()),
                (Some(Some(moved)), Some(path)) => Ok(join(moved, path)),
                (_, Some(path)) => Ok(join(directory, path)),
            };
            let read = known.and_then(|path| self.read_list(list.kind, &path, NESTED_LISTS));
            if let Err(why) = read
                && list.needed
            {
                let name = list.path.rsplit('/').next().unwrap_or(&list.path);
                unread.push(Unseen { what: format!("{name} was not read: {why}"), span: call.span });
            }
        }
        let mut call = call.clone();
        call.argv.extend(self.words.iter().map(|word| Word::literal(word)));
        ListedInstall { call, unread }
    }

    /// Takes the packages of known programs out of a list; where it, or one that it needs, was not read, why.
    fn read_list(&mut self, kind: ListKind, path: &str, depth: usize) -> Result<(), String> {
        let Some(depth) = depth.checked_sub(1) else { return Err("there are too many lists within each other".into()) };
        let (directory, name) = parent_and_name(path).unwrap_or(("/", path));
        if kind == ListKind::Project {
            let mut read = Err(String::new());
            for name in PROJECT_FILES {
                let one = self.read_file(kind, directory, name, depth);
                read = if read.is_ok() { read } else { one };
            }
            return read;
        }
        self.read_file(kind, directory, name, depth)
    }

    fn read_file(&mut self, kind: ListKind, directory: &str, name: &str, depth: usize) -> Result<(), String> {
        let path = join(directory, name);
        if self.read.contains(&path) {
            return Ok(());
        }
        if self.read.len() >= MOST_LISTS {
            return Err("there are too many lists".to_owned());
        }
        self.read.insert(path.clone());
        let text = self.files.open(&path)?;
        let listed = read_list(kind, name, &text).ok_or("it is no such list")?;
        self.take(&listed.words);
        if listed.has_workspaces {
            let manifests = self.files.manifests();
            let lists = manifests.iter().filter_map(|text| read_list(kind, name, text));
            let words: Vec<String> = lists.flat_map(|list| list.words).collect();
            self.take(&words);
        }
        for (kind, list, needed) in listed.lists {
            let read = self.read_list(kind, &join(directory, &list), depth);
            if needed {
                read.map_err(|why| format!("it leads to {list}: {why}"))?;
            }
        }
        Ok(())
    }

    /// Keeps the packages that are, or bring, programs that are known.
    fn take(&mut self, words: &[String]) {
        let packages = &self.repository.programs.packages;
        let is_known = |word: &&String| {
            let plain = word.to_ascii_lowercase().replace('_', "-");
            packages.iter().any(|package| plain.starts_with(package.as_str()))
        };
        let known: Vec<String> = words.iter().filter(is_known).cloned().collect();
        self.words.extend(known);
    }
}
