//! The files of an image by the archive that its engine exports (`docker image save`), for an engine that does not keep them
//! as directories: names, links and the first bytes of each file, the bytes in a file that has no name. Two forms are known,
//! Docker's own and that of the OCI image specification ("image-layout"); both list layers in `manifest.json`. Uses
//! `archive` and `root`; with `program` a home of serde_json.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use tar::EntryType;

use super::archive::{Allowance, ArchiveMember, Packed, each_member, inner};
use super::root::{Head, Unread};
use crate::model::{Entry, EntryKind, join, parent_and_name, upward};
use crate::text::writer::unnamed_file;

/// So many bytes of a file are kept, which no script and no manifest has.
const MOST_OF_FILE: u64 = (1 << 20) + 1;
/// The same of the accounts.
const MOST_OF_ACCOUNTS: u64 = (4 << 20) + 1;
/// So many bytes of all files are kept; of the rest nothing is known.
const MOST_KEPT: u64 = 1 << 30;
/// So many names an image may have, and so many bytes in them.
const MOST_NAMES: usize = 4_000_000;
const MOST_NAME_BYTES: usize = 512 << 20;
/// So many texts of JSON an export may have, and so many bytes in each.
const MOST_TEXTS: usize = 1_000;
const MOST_TEXT: u64 = 16 << 20;
/// Links from one file of a layer to another that are followed.
const MOST_HARD_LINKS: usize = 8;

/// What one layer says of a path.
#[derive(Debug)]
pub(super) enum SeenInLayer {
    Entry(Entry),
    Link(String),
    /// It does not touch it.
    Nothing,
    /// It takes away what the layers below have there, or above it.
    Removed,
    /// It does not say.
    Failed,
}

/// One layer of an image.
#[derive(Debug)]
pub(super) struct ExportedLayer {
    nodes: HashMap<String, LayerNode>,
    kept: Arc<File>,
}

#[derive(Debug)]
enum LayerNode {
    Entry(Entry, Option<ContentPlace>),
    Link(String),
    /// Another name of a file.
    SameAs(String),
}

/// Where the first bytes of a file are.
#[derive(Debug, Clone, Copy)]
struct ContentPlace {
    at: u64,
    length: u64,
    is_whole: bool,
}

/// The bytes that are kept of all files.
struct KeptBytes {
    file: File,
    length: u64,
}

/// What one manifest says (`manifest.json` of `docker image save`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Manifest {
    config: String,
    layers: Vec<String>,
}

/// What of an image's configuration is wanted (OCI image specification, "Image Configuration").
#[derive(Deserialize)]
struct ImageConfiguration {
    rootfs: RootFiles,
}

#[derive(Deserialize)]
struct RootFiles {
    diff_ids: Vec<String>,
}

/// The layers of the image with these digests (`RootFS.Layers`) in an export, the lowest first.
///
/// # Errors
/// Why they cannot be told from it, as a clause.
pub(super) fn read_export(
    from: &mut dyn Read,
    digests: &[String],
    deadline: Instant,
) -> Result<Vec<Arc<ExportedLayer>>, String> {
    let file = unnamed_file().map_err(|error| format!("no file can be made for it: {error}"))?;
    let mut export = ImageExport {
        kept: KeptBytes { file, length: 0 },
        layers: HashMap::new(),
        texts: HashMap::new(),
        aliases: HashMap::new(),
        names: 0,
        name_bytes: 0,
        allowance: Allowance::until(deadline),
    };
    let read = each_member(from, &mut |member, content| export.take(member, content));
    read.map_err(|error| format!("its export cannot be read: {error}"))?;
    export.layers_of(digests)
}

struct ImageExport {
    kept: KeptBytes,
    /// The members that may be layers, or why they are none.
    layers: HashMap<String, Result<HashMap<String, LayerNode>, String>>,
    texts: HashMap<String, Vec<u8>>,
    /// Members that are links to others.
    aliases: HashMap<String, String>,
    names: usize,
    name_bytes: usize,
    allowance: Allowance,
}

impl ImageExport {
    fn take(&mut self, member: ArchiveMember, content: &mut dyn Read) -> io::Result<()> {
        match member.kind {
            EntryType::Symlink | EntryType::Link => {
                let above = parent_and_name(&member.path).map_or("/", |(above, _)| above);
                let base = if member.kind == EntryType::Link { "/" } else { above };
                self.aliases.insert(member.path.clone(), join(base, &member.link));
                return Ok(());
            }
            EntryType::Regular | EntryType::Continuous if member.size > 0 => {}
            _ => return Ok(()),
        }
        let Self { kept, texts, layers, names, name_bytes, allowance, .. } = self;
        match Packed::of(content, allowance)? {
            Packed::Json(text) => {
                let mut bytes = Vec::new();
                text.take(MOST_TEXT + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 <= MOST_TEXT && texts.len() < MOST_TEXTS {
                    texts.insert(member.path, bytes);
                }
            }
            Packed::Archive(mut archive) => {
                let mut nodes = HashMap::new();
                let read = each_member(&mut archive, &mut |one, content| {
                    *names += 1;
                    *name_bytes += one.path.len() + one.link.len();
                    if *names > MOST_NAMES || *name_bytes > MOST_NAME_BYTES {
                        return Err(io::Error::other("it has more files than any image that is read"));
                    }
                    add_node(&mut nodes, one, content, kept)
                });
                // What is no archive may be no layer either.
                layers.insert(member.path, read.map(|()| nodes).map_err(|error| error.to_string()));
            }
        }
        Ok(())
    }

    fn layers_of(mut self, digests: &[String]) -> Result<Vec<Arc<ExportedLayer>>, String> {
        let unusable = || "its export names no layers of it".to_owned();
        let manifests = self.texts.get("/manifest.json").ok_or_else(unusable)?;
        let manifests: Vec<Manifest> = serde_json::from_slice(manifests).map_err(|_| unusable())?;
        let is_of_image = |manifest: &&Manifest| {
            let text = inner(manifest.config.as_bytes()).ok().and_then(|path| self.texts.get(&path));
            let known: Option<ImageConfiguration> = text.and_then(|text| serde_json::from_slice(text).ok());
            known.is_some_and(|known| known.rootfs.diff_ids == digests) && manifest.layers.len() == digests.len()
        };
        let manifest = manifests.iter().find(is_of_image).ok_or_else(unusable)?;
        let kept = Arc::new(self.kept.file);
        let mut made: HashMap<String, Arc<ExportedLayer>> = HashMap::new();
        let mut layers = Vec::with_capacity(digests.len());
        for name in &manifest.layers {
            let mut path = inner(name.as_bytes()).map_err(|_| unusable())?;
            if !self.layers.contains_key(&path) && !made.contains_key(&path) {
                path = self.aliases.get(&path).cloned().ok_or_else(unusable)?;
            }
            if let Some(nodes) = self.layers.remove(&path) {
                let nodes = nodes.map_err(|why| format!("a layer in its export cannot be read: {why}"))?;
                made.insert(path.clone(), Arc::new(ExportedLayer { nodes, kept: Arc::clone(&kept) }));
            }
            layers.push(Arc::clone(made.get(&path).ok_or_else(unusable)?));
        }
        Ok(layers)
    }
}

fn add_node(
    nodes: &mut HashMap<String, LayerNode>,
    member: ArchiveMember,
    content: &mut dyn Read,
    kept: &mut KeptBytes,
) -> io::Result<()> {
    let entry =
        |kind| Entry { kind, uid: member.uid, gid: member.gid, mode: member.mode, modified: member.modified, age: 0 };
    let node = match member.kind {
        EntryType::Regular | EntryType::Continuous => {
            let most = match member.path.as_str() {
                "/etc/passwd" | "/etc/group" => MOST_OF_ACCOUNTS,
                _ => MOST_OF_FILE,
            };
            LayerNode::Entry(entry(EntryKind::File), kept.keep(content, most, member.size)?)
        }
        EntryType::Directory => LayerNode::Entry(entry(EntryKind::Directory), None),
        EntryType::Symlink => LayerNode::Link(member.link),
        EntryType::Link => LayerNode::SameAs(inner(member.link.as_bytes())?),
        // Of one with holes what is between them is not where it seems.
        EntryType::GNUSparse => LayerNode::Entry(entry(EntryKind::File), None),
        _ => LayerNode::Entry(entry(EntryKind::Other), None),
    };
    // Directories that hold something are there, whether the archive has them or not.
    for above in upward(&member.path).skip(1) {
        let made = || {
            let kind = EntryKind::Directory;
            LayerNode::Entry(Entry { kind, uid: 0, gid: 0, mode: 0o755, modified: 0, age: 0 }, None)
        };
        if nodes.contains_key(above) {
            break;
        }
        nodes.insert(above.to_owned(), made());
    }
    nodes.insert(member.path, node);
    Ok(())
}

impl KeptBytes {
    /// Keeps the first bytes of a file; `None` where there is no more room.
    fn keep(&mut self, content: &mut dyn Read, most: u64, size: u64) -> io::Result<Option<ContentPlace>> {
        if self.length.saturating_add(most.min(size)) > MOST_KEPT {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        content.take(most).read_to_end(&mut bytes)?;
        self.file.write_all(&bytes)?;
        let at = self.length;
        let length = bytes.len() as u64;
        self.length += length;
        Ok(Some(ContentPlace { at, length, is_whole: length == size }))
    }
}

impl ExportedLayer {
    /// What stands at a clean absolute path in this layer, where it is a file of several names by the first.
    fn node(&self, path: &str) -> Option<&LayerNode> {
        let mut node = self.nodes.get(path);
        for _ in 0..MOST_HARD_LINKS {
            match node {
                Some(LayerNode::SameAs(other)) => node = self.nodes.get(other),
                known => return known,
            }
        }
        None
    }

    /// What it says of a path. Marks of what it takes away are those of the OCI image specification ("Whiteouts").
    pub(super) fn seen(&self, path: &str) -> SeenInLayer {
        match (self.nodes.contains_key(path), self.node(path)) {
            (_, Some(LayerNode::Link(text))) => return SeenInLayer::Link(text.clone()),
            (_, Some(LayerNode::Entry(entry, _))) if entry.kind == EntryKind::Other => return SeenInLayer::Removed,
            (_, Some(LayerNode::Entry(entry, _))) => return SeenInLayer::Entry(entry.clone()),
            // A further name of a file that this layer does not have.
            (true, _) => return SeenInLayer::Failed,
            (false, _) => {}
        }
        let removed = upward(path).any(|above| {
            let Some((parent, name)) = parent_and_name(above) else { return false };
            let named = |mark: &str| self.nodes.contains_key(&join(parent, mark));
            let is_directory =
                |node: &LayerNode| matches!(node, LayerNode::Entry(one, _) if one.kind == EntryKind::Directory);
            named(".wh..wh..opq")
                || named(&format!(".wh.{name}"))
                || self.nodes.get(above).is_some_and(|node| !is_directory(node))
        });
        if removed { SeenInLayer::Removed } else { SeenInLayer::Nothing }
    }

    /// The first bytes of a regular file, at most `most` and one more.
    pub(super) fn read_head(&self, path: &str, most: u64) -> Result<Head, Unread> {
        let content = match self.node(path) {
            Some(LayerNode::Entry(entry, content)) if entry.kind == EntryKind::File => content.ok_or(Unread::Failed)?,
            Some(_) => return Err(Unread::Unfit),
            None => return Err(Unread::Absent),
        };
        let wanted = content.length.min(most.saturating_add(1));
        if wanted == content.length && !content.is_whole && wanted <= most {
            // More was asked for than is kept of any file.
            return Err(Unread::TooLarge);
        }
        let mut bytes = vec![0; usize::try_from(wanted).map_err(|_| Unread::Failed)?];
        self.kept.read_exact_at(&mut bytes, content.at).map_err(|_| Unread::Failed)?;
        Ok(Head { is_whole: content.is_whole && content.length <= most, bytes })
    }
}

#[cfg(test)]
mod tests;
