//! `extends`: a service put over another, of the same file or of another one (Compose spec, "extends").
//! May use `text` and `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::field::value;
use super::project::Loading;
use super::{merge, rebase};
use crate::model::{Diagnostic, Level, clean};
use crate::text::Span;
use crate::text::yaml::{Data, Entry, Node};

/// How long a chain of services may be.
const MAX_CHAIN: usize = 64;

/// A file that services are taken from.
struct File<'a> {
    root: &'a Rc<Node>,
    /// Absolute and clean.
    path: &'a Path,
}

impl Loading<'_> {
    /// The tree of a file with every `extends` in it followed.
    pub(super) fn extended(&mut self, root: &Rc<Node>, path: &Path, variables: &BTreeMap<String, String>) -> Rc<Node> {
        let services = root.get("services").and_then(|services| services.as_map()).unwrap_or_default();
        if !services.iter().any(|service| service.value.get("extends").is_some()) {
            return Rc::clone(root);
        }
        let file = File { root, path };
        let resolved: Vec<Entry> = services
            .iter()
            .map(|entry| {
                let value = self.service(&file, entry, variables, &mut Vec::new());
                Entry { value, ..entry.clone() }
            })
            .collect();
        let Data::Map(entries) = &root.data else { return Rc::clone(root) };
        let entries = entries.iter().map(|entry| {
            let is_services = entry.key == "services";
            let services = || Rc::new(Node::new(entry.value.span, Data::Map(resolved.clone())));
            Entry { value: if is_services { services() } else { Rc::clone(&entry.value) }, ..entry.clone() }
        });
        Rc::new(Node::new(root.span, Data::Map(entries.collect())))
    }

    fn service(
        &mut self,
        file: &File<'_>,
        entry: &Entry,
        variables: &BTreeMap<String, String>,
        chain: &mut Vec<(PathBuf, String)>,
    ) -> Rc<Node> {
        let Some(extends) = entry.value.entry("extends") else { return Rc::clone(&entry.value) };
        let own = without(&entry.value, "extends");
        let here = (file.path.to_owned(), entry.key.clone());
        let told = |message: String| Diagnostic::at(Level::Error, extends.key_span, message);
        if chain.contains(&here) || chain.len() > MAX_CHAIN {
            let message = format!("`{}` extends itself in a circle; what it would bring in is not judged", entry.key);
            self.diagnostics.push(told(message));
            return own;
        }
        let name = value(&extends.value).or_else(|| extends.value.get("service").and_then(|node| value(node)));
        let Some(name) = name else {
            self.diagnostics.push(told("`extends` names no service".to_owned()));
            return own;
        };
        chain.push(here);
        let other = extends.value.get("file").and_then(|node| value(node));
        let base = match other {
            None => self.base(file, &name.text, extends.key_span, variables, chain),
            Some(other) => {
                let directory = file.path.parent().unwrap_or(Path::new("/"));
                let path = PathBuf::from(clean(&directory.join(&other.text).display().to_string()));
                let root = self.file_of(&path, extends.key_span, variables);
                let base = root.and_then(|root| {
                    let from = File { root: &root, path: &path };
                    self.base(&from, &name.text, extends.key_span, variables, chain)
                });
                let directory = path.parent().unwrap_or(Path::new("/")).display().to_string();
                base.map(|base| rebase::service(&base, &directory))
            }
        };
        chain.pop();
        match base {
            Some(base) => merge::merge(&base, &own, &mut vec!["services".to_owned(), entry.key.clone()]),
            None => own,
        }
    }

    fn base(
        &mut self,
        file: &File<'_>,
        name: &str,
        span: Span,
        variables: &BTreeMap<String, String>,
        chain: &mut Vec<(PathBuf, String)>,
    ) -> Option<Rc<Node>> {
        let found = file.root.get("services").and_then(|services| services.entry(name));
        if found.is_none() {
            let file = file.path.strip_prefix(&self.context.cwd).unwrap_or(file.path).display();
            let message = format!("there is no service `{name}` in {file} to extend");
            self.diagnostics.push(Diagnostic::at(Level::Error, span, message));
        }
        Some(self.service(file, found?, variables, chain))
    }

    /// The documents of another file as one tree; each file is read once.
    fn file_of(&mut self, path: &Path, span: Span, variables: &BTreeMap<String, String>) -> Option<Rc<Node>> {
        if let Some(known) = self.bases.get(path) {
            return known.clone();
        }
        let shown = path.strip_prefix(&self.context.cwd).unwrap_or(path).to_owned();
        let before = self.diagnostics.len();
        let documents = self.documents(&shown, variables);
        if documents.is_empty() && self.diagnostics.len() == before {
            self.diagnostics.push(Diagnostic::at(Level::Error, span, "the file that this extends is empty"));
        }
        let merged = documents.into_iter().reduce(|under, over| merge::merge(&under, &over, &mut Vec::new()));
        self.bases.insert(path.to_owned(), merged.clone());
        merged
    }
}

/// A mapping without one of its keys.
pub(super) fn without(node: &Rc<Node>, key: &str) -> Rc<Node> {
    let Data::Map(entries) = &node.data else { return Rc::clone(node) };
    let kept = entries.iter().filter(|entry| entry.key != key).cloned();
    Rc::new(Node::new(node.span, Data::Map(kept.collect())))
}
