//! A Taskfile as tasks and variables, with the files that it includes. Uses `text::yaml` and `shell::file_system`.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::input::shell::file_system::Lookup;
use crate::model::{Unseen, join};
use crate::text::yaml::{self, Entry, Limits, Node};
use crate::text::{FileId, Sources, Span};

/// Files within each other, and files of one Taskfile.
const NESTED_FILES: usize = 10;
const FILES: usize = 64;
/// Tasks of all files of one Taskfile.
const TASKS: usize = 5_000;
/// The names of a file that a directory stands for.
pub(super) const NAMES: [&str; 8] = [
    "Taskfile.yml",
    "taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "taskfile.dist.yml",
    "Taskfile.dist.yaml",
    "taskfile.dist.yaml",
];
/// What a task may say.
#[rustfmt::skip]
const TASK_KEYS: [&str; 31] = [
    "aliases", "cmd", "cmds", "deps", "desc", "dir", "dotenv", "env", "failfast", "for", "generates", "if", "ignore_error", "interactive",
    "internal", "label", "method", "platforms", "preconditions", "prefix", "prompt", "requires", "run", "set", "shopt", "short",
    "silent", "sources", "status", "summary", "vars",
];

/// What a Taskfile says.
#[derive(Debug, Default)]
pub(super) struct Taskfile {
    pub(super) files: Vec<TaskScopeFile>,
    pub(super) tasks: Vec<Task>,
    pub(super) included: Vec<FileId>,
    pub(super) faults: Vec<Unseen>,
    pub(super) unread: Vec<Unseen>,
    pub(super) unseen: Vec<Unseen>,
}

/// One of its files, and what includes it.
#[derive(Debug)]
pub(super) struct TaskScopeFile {
    /// The file that includes it, by its number.
    pub(super) outer: Option<usize>,
    /// What stands before the names of its tasks.
    pub(super) namespace: String,
    pub(super) directory: String,
    /// The directory that its tasks run in, where what includes it says so.
    pub(super) runs_in: Option<Rc<Node>>,
    pub(super) given_variables: Option<Rc<Node>>,
    pub(super) variables: Option<Rc<Node>>,
    pub(super) environment: Option<Rc<Node>>,
    /// The files of variables that it names (`dotenv`), of those that are there.
    pub(super) variable_files: Vec<FileId>,
    /// The options of the shell.
    pub(super) set: Option<Rc<Node>>,
    /// Whether its tasks are there for others alone.
    is_internal: bool,
}

/// A task.
#[derive(Debug)]
pub(super) struct Task {
    /// Its name, with that of its file before it.
    pub(super) name: String,
    pub(super) file: usize,
    pub(super) node: Rc<Node>,
    /// The files of variables that it names itself.
    pub(super) variable_files: Vec<FileId>,
    pub(super) is_internal: bool,
}

/// Where a Taskfile is read.
pub(super) struct TaskPlace<'a> {
    pub(super) sources: &'a Sources,
    pub(super) directory: &'a str,
    /// The file at a path.
    pub(super) open: &'a dyn Fn(&str) -> Lookup,
}

impl Taskfile {
    /// Reads a file, with those that it includes.
    pub(super) fn read(file: FileId, place: &TaskPlace<'_>) -> Self {
        let mut read = Self::default();
        let scope = TaskScopeFile {
            outer: None,
            namespace: String::new(),
            directory: place.directory.to_owned(),
            runs_in: None,
            given_variables: None,
            variables: None,
            environment: None,
            variable_files: Vec::new(),
            set: None,
            is_internal: false,
        };
        read.read_file(file, scope, place, 0);
        read
    }

    fn note_fault(&mut self, what: &str, span: Span) {
        self.faults.push(Unseen { what: what.to_owned(), span: Span::at(span.file, span.start) });
    }

    fn read_file(&mut self, file: FileId, scope: TaskScopeFile, place: &TaskPlace<'_>, depth: usize) {
        let source = place.sources.get(file);
        let stream = match yaml::parse(file, source.text(), Limits::default()) {
            Ok(stream) => stream,
            Err(error) => return self.faults.push(Unseen { what: error.message, span: error.span }),
        };
        let Some(root) = stream.documents.first().filter(|root| !root.is_null()).cloned() else { return };
        if root.as_map().is_none() {
            return self.note_fault("a Taskfile is a mapping", root.span);
        }
        let number = self.files.len();
        let part = |key: &str| root.get(key).filter(|node| !node.is_null()).cloned();
        let scope = TaskScopeFile {
            variables: part("vars"),
            environment: part("env"),
            set: part("set"),
            variable_files: variable_files(&root, &scope.directory, place),
            ..scope
        };
        let (namespace, is_internal) = (scope.namespace.clone(), scope.is_internal);
        let directory = scope.directory.clone();
        self.files.push(scope);
        for (key, node) in [("tasks", part("tasks")), ("includes", part("includes"))] {
            if let Some(node) = node.filter(|node| node.as_map().is_none()) {
                self.note_fault(&format!("`{key}` of a Taskfile is a mapping"), node.span);
            }
        }
        let tasks = part("tasks");
        for entry in tasks.as_ref().and_then(|tasks| tasks.as_map()).unwrap_or_default() {
            if self.tasks.len() >= TASKS {
                return self.note_fault("it has more tasks than are read", entry.key_span);
            }
            self.add_task(entry, number, &namespace, is_internal);
            if let Some(task) = self.tasks.last_mut() {
                task.variable_files = variable_files(&entry.value, &directory, place);
            }
        }
        let includes = part("includes");
        for entry in includes.as_ref().and_then(|includes| includes.as_map()).unwrap_or_default() {
            self.include(entry, number, &directory, place, depth);
        }
    }

    fn add_task(&mut self, entry: &Entry, file: usize, namespace: &str, is_internal: bool) {
        let node = &entry.value;
        if let Some(keys) = node.as_map() {
            let known: BTreeSet<&str> = TASK_KEYS.into_iter().collect();
            if let Some(other) = keys.iter().find(|key| !known.contains(key.key.as_str())) {
                let what = "a task says something that is not known".to_owned();
                self.unread.push(Unseen { what, span: other.key_span });
            }
        }
        let is_on = |key: &str| node.get(key).and_then(|node| node.as_scalar()).is_some_and(|one| one.text == "true");
        self.tasks.push(Task {
            name: format!("{namespace}{}", entry.key),
            file,
            node: Rc::clone(node),
            variable_files: Vec::new(),
            is_internal: is_internal || is_on("internal"),
        });
    }

    fn include(&mut self, entry: &Entry, outer: usize, directory: &str, place: &TaskPlace<'_>, depth: usize) {
        let span = entry.key_span;
        let node = &entry.value;
        let text = |key: &str| node.get(key).and_then(|node| node.as_scalar()).map(|scalar| scalar.text.as_str());
        let is_on = |key: &str| text(key) == Some("true");
        let path = node.as_scalar().map(|scalar| scalar.text.as_str()).or_else(|| text("taskfile"));
        let Some(path) = path.filter(|path| !path.contains("{{") && !path.contains("://")) else {
            let what = "a file that it includes was not read".to_owned();
            return self.unseen.push(Unseen { what, span });
        };
        if depth >= NESTED_FILES || self.files.len() >= FILES {
            return self.note_fault("it includes more files than are read, or one that includes itself", span);
        }
        let path = join(directory, path);
        let candidates = std::iter::once(path.clone()).chain(NAMES.iter().map(|name| join(&path, name)));
        let opened = candidates.map(|path| ((place.open)(&path), path));
        let found = opened.into_iter().find_map(|(opened, path)| match opened {
            Lookup::Text(file) => Some((file, path)),
            _ => None,
        });
        let Some((file, path)) = found else {
            if !is_on("optional") {
                let what = "a file that it includes was not read".to_owned();
                self.unseen.push(Unseen { what, span });
            }
            return;
        };
        let outer_namespace = self.files.get(outer).map(|file| file.namespace.clone()).unwrap_or_default();
        let scope = TaskScopeFile {
            outer: Some(outer),
            namespace: if is_on("flatten") { outer_namespace } else { format!("{outer_namespace}{}:", entry.key) },
            directory: path.rsplit_once('/').map_or("/", |(directory, _)| directory).to_owned(),
            runs_in: node.get("dir").cloned(),
            given_variables: node.get("vars").cloned(),
            variables: None,
            environment: None,
            variable_files: Vec::new(),
            set: None,
            is_internal: is_on("internal"),
        };
        self.included.push(file);
        self.read_file(file, scope, place, depth + 1);
    }
}

/// The files that `dotenv` of a Taskfile or a task names, of those that are there.
fn variable_files(node: &Node, directory: &str, place: &TaskPlace<'_>) -> Vec<FileId> {
    let listed = node.get("dotenv").and_then(|files| files.as_seq()).unwrap_or_default();
    let names = listed.iter().filter_map(|file| Some(file.as_scalar()?.text.as_str()));
    let opened = names.map(|name| (place.open)(&join(directory, name)));
    opened
        .filter_map(|opened| match opened {
            Lookup::Text(file) => Some(file),
            _ => None,
        })
        .collect()
}
