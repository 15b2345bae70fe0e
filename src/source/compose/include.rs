//! `include`: other projects whose resources are taken in, each from its own directory with its own variables
//! (Compose spec, "include"). May use `text` and `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::field::{value, values, wrong};
use super::project::Loading;
use super::{extends::without, merge, rebase};
use crate::model::{Diagnostic, Level, clean};
use crate::text::Span;
use crate::text::yaml::{Data, Entry, Node};

/// How deep includes may stand in each other, and how many files they may bring in.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 256;
/// What is taken in; anything else of an included file is its own.
const SECTIONS: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

impl Loading<'_> {
    /// The tree of a file with everything that it includes.
    pub(super) fn included(
        &mut self,
        root: &Rc<Node>,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Rc<Node> {
        let Some(include) = root.entry("include") else { return Rc::clone(root) };
        let mut tree = without(root, "include");
        let Some(items) = include.value.as_seq() else {
            self.diagnostics.push(wrong(&include.value, "a list of files"));
            return tree;
        };
        for item in items {
            if let Some(other) = self.one(item, directory, variables) {
                tree = self.take_in(&tree, &other, item.span);
            }
        }
        tree
    }

    fn one(&mut self, item: &Node, directory: &Path, variables: &BTreeMap<String, String>) -> Option<Rc<Node>> {
        let paths = item.get("path").map_or_else(|| value(item).into_iter().collect(), |node| values(node));
        let absolute = |path: &str| PathBuf::from(clean(&directory.join(path).display().to_string()));
        let files: Vec<PathBuf> = paths.iter().map(|path| absolute(&path.text)).collect();
        let Some(first) = files.first() else {
            self.diagnostics.push(wrong(item, "a file to include"));
            return None;
        };
        self.files += files.len();
        if self.including.len() >= MAX_DEPTH
            || self.files > MAX_FILES
            || files.iter().any(|file| self.including.contains(file))
        {
            let message = "files include each other in a circle, or too many; what this would bring in is not judged";
            self.diagnostics.push(Diagnostic::at(Level::Error, item.span, message));
            return None;
        }
        let own = item.get("project_directory").and_then(|node| value(node)).map(|path| absolute(&path.text));
        // Compose takes what is no directory for a file in one.
        let own = own.map(|own| if own.is_dir() { own } else { own.parent().unwrap_or(directory).to_owned() });
        let own = own.unwrap_or_else(|| first.parent().unwrap_or(directory).to_owned());
        let env_files: Vec<PathBuf> = item
            .get("env_file")
            .map(|node| values(node))
            .unwrap_or_default()
            .iter()
            .map(|path| absolute(&path.text))
            .collect();
        let variables = self.variables_of(&own.display().to_string(), &env_files, variables);
        let depth = self.including.len();
        self.including.extend(files.iter().cloned());
        let mut tree: Option<Rc<Node>> = None;
        for file in &files {
            let shown = file.strip_prefix(&self.context.cwd).unwrap_or(file).to_owned();
            for document in self.resolved(&shown, &own, &variables) {
                tree = Some(match tree {
                    Some(under) => merge::merge(&under, &document, &mut Vec::new()),
                    None => document,
                });
            }
        }
        self.including.truncate(depth);
        tree.map(|tree| rebase::project(&tree, &own.display().to_string()))
    }

    /// Puts the resources of another tree beside those of this one. A name that both define differently is refused by
    /// Compose; this one's stays.
    fn take_in(&mut self, tree: &Rc<Node>, other: &Rc<Node>, span: Span) -> Rc<Node> {
        let Data::Map(entries) = &tree.data else { return Rc::clone(tree) };
        let mut entries = entries.clone();
        for section in SECTIONS {
            let Some(theirs) = other.entry(section).filter(|entry| entry.value.as_map().is_some()) else { continue };
            match entries.iter_mut().find(|entry| entry.key == section) {
                None => entries.push(theirs.clone()),
                Some(ours) => {
                    let mut both = ours.value.as_map().unwrap_or_default().to_vec();
                    for entry in theirs.value.as_map().unwrap_or_default() {
                        match both.iter().find(|own| own.key == entry.key) {
                            None => both.push(entry.clone()),
                            Some(own) if same(&own.value, &entry.value) => {}
                            Some(_) => {
                                let message =
                                    format!("{section}.{} is defined differently in what this includes", entry.key);
                                self.diagnostics.push(Diagnostic::at(Level::Error, span, message));
                            }
                        }
                    }
                    *ours = Entry { value: Rc::new(Node::new(ours.value.span, Data::Map(both))), ..ours.clone() };
                }
            }
        }
        Rc::new(Node::new(tree.span, Data::Map(entries)))
    }
}

/// Whether two trees say the same, wherever they are written.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::Scalar(a), Data::Scalar(b)) => a.text == b.text,
        (Data::Seq(a), Data::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|entry| other.get(&entry.key).is_some_and(|value| same(&entry.value, value)))
        }
        _ => false,
    }
}
