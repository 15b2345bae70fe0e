//! `extends`: a service put over another, of the same file or of another one (Compose spec, "extends").
//! May use `text` and `model`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use super::extended_file::ExtendedFile;
use super::frame::Frame;
use super::include::remote_kind;
use super::project::Loading;
use super::resets::Resets;
use super::tree::{as_text, is_symbolic, values};
use super::{Refusal, merge, paths};
use crate::model::{Level, Unseen, clean};
use crate::text::yaml::{Entry, Node};
use crate::text::{Span, quoted};

/// How long a chain of services may be.
const MAX_CHAIN: usize = 256;

/// The services of a file on their way, and those that are done.
struct File<'a> {
    base: &'a ExtendedFile,
    done: HashMap<String, Rc<Node>>,
}

impl Loading<'_> {
    /// The tree of a document with every `extends` in it followed.
    pub(super) fn extended(&mut self, root: &Rc<Node>, resets: &Resets, path: PathBuf, frame: &Frame) -> Rc<Node> {
        let services = root.get("services").and_then(|services| services.as_map()).unwrap_or_default();
        if !services.iter().any(|service| service.value.get("extends").is_some()) {
            return Rc::clone(root);
        }
        let base = ExtendedFile::new(Rc::clone(root), resets.clone(), path);
        let mut file = File { base: &base, done: HashMap::new() };
        values(root, |section| match section.key.as_str() {
            "services" => values(&section.value, |entry| self.service(&mut file, entry, frame, &mut Vec::new())),
            _ => Rc::clone(&section.value),
        })
    }

    fn service(
        &mut self,
        file: &mut File<'_>,
        entry: &Entry,
        frame: &Frame,
        chain: &mut Vec<(PathBuf, String)>,
    ) -> Rc<Node> {
        let Some(extends) = entry.value.entry("extends") else { return Rc::clone(&entry.value) };
        if let Some(done) = file.done.get(&entry.key) {
            return Rc::clone(done);
        }
        let here = (file.base.path.clone(), entry.key.clone());
        if chain.contains(&here) || chain.len() > MAX_CHAIN {
            let message = format!("{} extends itself in a circle", quoted(&entry.key));
            self.refuse(Refusal::new(extends.key_span, message).then("what it would bring in is not judged"));
            return super::tree::without(&entry.value, "extends");
        }
        chain.push(here);
        let base = self.base_of(file, extends, frame, chain);
        if let (None, Some((_, first))) = (&base, chain.first()) {
            let what = "what it extends was not read".to_owned();
            self.unseen.entry(first.clone()).or_default().push(Unseen { what, span: extends.key_span });
        }
        chain.pop();
        let service = match base {
            Some(base) => {
                let base = file.base.resets.apply_to_service(&entry.key, &base);
                let mut told = Vec::new();
                let merged = merge::service(&base, &entry.value, &mut told);
                self.refuse_all(told);
                merged
            }
            None => super::tree::without(&entry.value, "extends"),
        };
        file.done.insert(entry.key.clone(), Rc::clone(&service));
        service
    }

    fn base_of(
        &mut self,
        file: &mut File<'_>,
        extends: &Entry,
        frame: &Frame,
        chain: &mut Vec<(PathBuf, String)>,
    ) -> Option<Rc<Node>> {
        let name = extends.value.get("service").unwrap_or(&extends.value);
        let Some(name) = as_text(name).map(str::to_owned) else {
            self.refuse(Refusal::new(extends.key_span, "`extends` names no service"));
            return None;
        };
        let other = extends.value.get("file");
        if let Some(other) = other.filter(|other| is_symbolic(other)) {
            let message = "which file this extends depends on a variable that is not set";
            self.refuse(
                Refusal::new(other.span, message).at_most(Level::Gap).then("what it would bring in is not judged"),
            );
            return None;
        }
        let Some((other, node)) = other.and_then(|node| Some((as_text(node)?, node))) else {
            return self.named(file, &name, extends.key_span, frame, chain);
        };
        if let Some(kind) = remote_kind(other) {
            let message = format!("this extends a service of {kind}, which is not fetched");
            self.refuse(
                Refusal::new(node.span, message).at_most(Level::Gap).then("what it would bring in is not judged"),
            );
            return None;
        }
        self.show_file(&frame.absolute(other), node);
        let base = self.base(other, frame, extends.key_span)?;
        let mut from = File { base: &base, done: HashMap::new() };
        self.named(&mut from, &name, extends.key_span, frame, chain)
    }

    fn named(
        &mut self,
        file: &mut File<'_>,
        name: &str,
        span: Span,
        frame: &Frame,
        chain: &mut Vec<(PathBuf, String)>,
    ) -> Option<Rc<Node>> {
        let base = file.base;
        let Some(entry) = base.service(name) else {
            let message = format!("there is no service {} in {} to extend", quoted(name), self.shown(&base.path));
            self.refuse(Refusal::new(span, message));
            return None;
        };
        if entry.value.is_null() {
            return None;
        }
        Some(self.service(file, entry, frame, chain))
    }

    /// Another file in long form, with its paths as they are from here; each is read once.
    fn base(&mut self, file: &str, frame: &Frame, span: Span) -> Option<Rc<ExtendedFile>> {
        let path = frame.absolute(file);
        let key = (path.clone(), frame.id);
        if let Some(known) = self.bases.get(&key) {
            return known.clone();
        }
        let base = self.read_base(path, frame, span).map(Rc::new);
        self.bases.insert(key, base.clone());
        base
    }

    fn read_base(&mut self, path: PathBuf, frame: &Frame, span: Span) -> Option<ExtendedFile> {
        let before = self.diagnostics.len();
        let documents = self.documents(&path, frame, Some(span));
        let mut all = Resets::default();
        let mut root: Option<Rc<Node>> = None;
        for (document, resets) in documents {
            root = Some(self.merged(root, &document, &resets, false));
            all = resets;
        }
        if root.is_none() && self.diagnostics.len() == before {
            self.refuse(Refusal::new(span, format!("{}, which this extends, is empty", self.shown(&path))));
        }
        let directory = frame.directory_of(&clean(&path.display().to_string()), self.sources.reader());
        let mut told = Vec::new();
        let base =
            paths::Base { directory: &directory, home: self.home.as_deref(), shows_values: self.context.shows_values };
        let root = paths::resolve(&root?, &base, &mut told);
        self.refuse_all(told);
        Some(ExtendedFile::new(root, all, path))
    }
}
