//! Paths of a planned container, followed through its mounts on the host: what a link says is meant in the container.
//! Uses `model` alone.

use std::collections::{BTreeMap, BTreeSet};

use super::files::said;
use super::root::{PathEnd, Root};
use crate::model::{Container, Entry, Link, join, split_below};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// How many paths are followed of one container.
const MOST_PATHS: usize = 2_000;

/// Where a mount begins on the host.
pub(super) struct SourceBase {
    pub(super) path: String,
    /// What the engine would make there, where nothing is.
    pub(super) made: Option<Entry>,
}

/// A walk through what a planned container mounts.
pub(super) struct PlannedPaths<'a> {
    root: &'a Root,
    container: &'a Container,
    /// Where each mount begins on the host, by its target.
    bases: &'a BTreeMap<String, SourceBase>,
    seen: BTreeSet<String>,
    links: Vec<Link>,
    entries: BTreeMap<String, Entry>,
    /// What could not be followed, as clauses.
    failed: Vec<String>,
}

impl<'a> PlannedPaths<'a> {
    pub(super) fn new(root: &'a Root, container: &'a Container, bases: &'a BTreeMap<String, SourceBase>) -> Self {
        let (seen, links, entries) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        Self { root, container, bases, seen, links, entries, failed: Vec::new() }
    }

    /// Follows a path, and notes what it finds. What is not on a mount of the host cannot be looked at.
    pub(super) fn note(&mut self, path: &str) {
        let mut at = join("/", path);
        for _ in 0..MOST_LINKS {
            if self.seen.len() >= MOST_PATHS {
                self.failed.push(format!("only {MOST_PATHS} of its paths were followed, and not {at}"));
                return;
            }
            if !self.seen.insert(at.clone()) {
                return;
            }
            let Some((mount, rest)) = self.container.mount_holding(&at) else { return };
            let target = mount.target.text.clone();
            let Some(base) = self.bases.get(&target) else { return };
            if let Some(made) = &base.made {
                if rest.is_empty() {
                    self.entries.insert(at, made.clone());
                }
                return;
            }
            let on_host = join(&base.path, &format!("./{rest}"));
            let followed = self.root.follow(&on_host);
            if let Some(first) = followed.links.first() {
                // Only what is below the mount is the container's to follow.
                let Some(below) = split_below(&first.name, &base.path) else { return };
                let name = join(&target, &format!("./{below}"));
                let Some(text) = self.root.link_at(&first.name) else { return };
                let parent = name.rsplit_once('/').map_or("/", |(parent, _)| parent);
                let link = Link { target: join(if parent.is_empty() { "/" } else { parent }, &text), name };
                let Some(rest) = split_below(&at, &link.name) else { return };
                at = join(&link.target, &format!("./{rest}"));
                if !self.links.contains(&link) {
                    self.links.push(link);
                }
                continue;
            }
            let why = match followed.end {
                PathEnd::There(there) => {
                    self.entries.insert(at, there.entry);
                    return;
                }
                PathEnd::Absent | PathEnd::Loop | PathEnd::OwnLink => return,
                PathEnd::Denied => "permission denied".to_owned(),
                PathEnd::Failed(errno) => said(errno),
            };
            self.failed.push(format!("{on_host}, which is {at} in it, could not be looked at: {why}"));
            return;
        }
    }

    /// The links, what stands at the paths, and what could not be followed.
    pub(super) fn done(self) -> (Vec<Link>, BTreeMap<String, Entry>, Vec<String>) {
        (self.links, self.entries, self.failed)
    }
}
