//! `include`: other projects whose resources are taken in, each from its own directory with its own variables
//! (Compose spec, "include"). May use `text` and `model`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::frame::Frame;
use super::project::Loading;
use super::tree::{as_text, is_symbolic, mapping, same, with, without};
use super::{NOT_JUDGED, Refusal};
use crate::model::{Level, clean, join};
use crate::text::yaml::Node;
use crate::text::{EntryKind, ReadError, quoted_path};

/// How deep includes may stand in each other, and how many files they may bring in.
const MAX_DEPTH: usize = 100;
const MAX_FILES: usize = 1000;
/// What is taken in; anything else of an included file is its own.
const SECTIONS: [&str; 6] = ["services", "volumes", "networks", "secrets", "configs", "models"];

impl Loading<'_> {
    /// The tree of a document with everything that it includes. `including` are the files that lead here.
    pub(super) fn included(&mut self, root: &Rc<Node>, frame: &Frame, including: &[PathBuf]) -> Rc<Node> {
        let Some(include) = root.entry("include") else { return Rc::clone(root) };
        let mut tree = without(root, "include");
        let Some(items) = include.value.as_seq() else {
            if !include.value.is_null() {
                let message = format!("`include` is a list of files, this is {}", include.value.kind());
                self.refuse(Refusal::new(include.value.span, message));
            }
            return tree;
        };
        for item in items {
            if let Some(other) = self.one(item, frame, including) {
                tree = self.take_in(&tree, &other, item);
            }
        }
        tree
    }

    fn one(&mut self, item: &Rc<Node>, frame: &Frame, including: &[PathBuf]) -> Option<Rc<Node>> {
        let path = item.get("path").unwrap_or(item);
        if path.as_seq().unwrap_or(std::slice::from_ref(path)).iter().any(|path| is_symbolic(path)) {
            let message = "which file this includes depends on a variable that is not set";
            self.refuse(
                Refusal::new(path.span, message).at_most(Level::Gap).then("what it would bring in is not judged"),
            );
            return None;
        }
        let paths = texts(path);
        let Some(first) = paths.first() else {
            self.refuse(Refusal::new(item.span, "expected a file to include").then(NOT_JUDGED));
            return None;
        };
        if let Some(kind) = paths.iter().find_map(|path| remote_kind(path)) {
            let message = format!("this includes {kind}, which is not fetched");
            self.refuse(
                Refusal::new(path.span, message).at_most(Level::Gap).then("what it would bring in is not judged"),
            );
            return None;
        }
        let files: Vec<PathBuf> = paths.iter().map(|path| frame.absolute(path)).collect();
        for (file, node) in files.iter().zip(path.as_seq().unwrap_or(std::slice::from_ref(path))) {
            self.show_file(file, node);
        }
        self.files += files.len();
        let circle = files.first().is_some_and(|first| including.contains(first));
        if circle || including.len() >= MAX_DEPTH || self.files > MAX_FILES {
            let message = "files include each other in a circle, or too many";
            self.refuse(Refusal::new(item.span, message).then("what this would bring in is not judged"));
            return None;
        }
        let own = item.get("project_directory").and_then(|node| as_text(node)).filter(|own| !own.is_empty());
        let (working, loader) = match own {
            None => {
                let path = frame.absolute(first);
                let parent = path.parent().map_or_else(String::new, |parent| parent.display().to_string());
                (frame.directory_of(&path.display().to_string(), self.sources.reader()), parent)
            }
            Some(own) if own.starts_with('/') => (own.to_owned(), own.to_owned()),
            Some(own) => (frame.directory_of(own, self.sources.reader()), join(&frame.working, own)),
        };
        let loader = clean(&self.context.cwd.join(loader).display().to_string());
        let env_files = self.included_env_files(item, frame)?;
        // Nothing switches the `.env` of an included project off.
        let beside = Path::new(&loader).join(".env");
        let env_files =
            if env_files.is_empty() && self.sources.reader().has_input(&beside) { vec![beside] } else { env_files };
        let variables = self.variables_of(&env_files, &frame.variables);
        self.frames += 1;
        let child = Frame { working, loader, variables, id: self.frames };
        self.model(&files, &child, including, Some(path.span))
    }

    fn included_env_files(&mut self, item: &Rc<Node>, frame: &Frame) -> Option<Vec<PathBuf>> {
        let mut files = Vec::new();
        let named = item.get("env_file");
        let nodes = named.map(|named| named.as_seq().unwrap_or(std::slice::from_ref(named))).unwrap_or_default();
        for file in nodes.iter().filter_map(|node| Some((as_text(node)?, &**node))) {
            let path = self.context.cwd.join(join(&frame.working, file.0));
            self.show_file(&path, file.1);
            let kind = self.sources.reader().kind(&path);
            if kind != Ok(EntryKind::File) {
                let why = match kind {
                    Err(ReadError::Absent) => "is not here".to_owned(),
                    Err(error) => format!("is not read: {error}"),
                    Ok(_) => "is not read: it is no regular file".to_owned(),
                };
                let message = format!("the env_file {} of this include {why}", self.shown(&path));
                self.refuse(Refusal::new(item.span, message));
                return None;
            }
            files.push(path);
        }
        Some(files)
    }

    /// Puts the resources of another tree beside those of this one. A name that both define differently is refused by
    /// Compose; this one's stays.
    fn take_in(&mut self, tree: &Rc<Node>, other: &Rc<Node>, item: &Node) -> Rc<Node> {
        let mut tree = Rc::clone(tree);
        for section in SECTIONS {
            let Some(theirs) = other.entry(section) else { continue };
            let Some(entries) = theirs.value.as_map() else { continue };
            let Some(ours) = tree.get(section).cloned() else {
                tree = with(&tree, section, Rc::clone(&theirs.value));
                continue;
            };
            // What is no mapping is refused when the whole is looked at.
            let Some(mut both) = ours.as_map().map(<[_]>::to_vec) else { continue };
            let known: HashMap<&str, &Rc<Node>> =
                ours.as_map().unwrap_or_default().iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
            for resource in entries {
                match known.get(resource.key.as_str()) {
                    None => both.push(resource.clone()),
                    Some(own) if same(own, &resource.value) => {}
                    Some(_) => {
                        let message = format!(
                            "{} is defined differently in what this includes",
                            quoted_path([section, &resource.key], ".")
                        );
                        self.refuse(Refusal::new(item.span, message));
                    }
                }
            }
            tree = with(&tree, section, mapping(ours.span, both));
        }
        tree
    }
}

/// What of another host a path names, which Compose fetches first; `None` for a file.
pub(super) fn remote_kind(path: &str) -> Option<&'static str> {
    let is = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    match () {
        () if is(&["oci://"]) => Some("an artifact of a registry (oci://)"),
        () if is(&["https://", "http://", "git://", "ssh://", "git@", "github.com/"]) => Some("a git repository"),
        () => None,
    }
}

/// A text, or a list of them.
fn texts(node: &Node) -> Vec<String> {
    match node.as_seq() {
        Some(items) => items.iter().filter_map(|item| as_text(item)).map(str::to_owned).collect(),
        None => as_text(node).map(str::to_owned).into_iter().collect(),
    }
}
