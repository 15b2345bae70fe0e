//! The files of an image that the engine keeps as layers, looked up in its own store and put together as the container
//! would see them. Uses `exported` and `root`; with `render::html` a home of ring.
//!
//! The store is moby's (`layer/filestore.go`): `image/DRIVER/layerdb/sha256/CHAIN/cache-id` names the directory that a
//! layer's files are in. An engine that keeps its images with containerd has none of it: its layers come from its export.

use std::fmt::Write as _;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use super::exported::{ExportedLayer, SeenInLayer};
use super::program::Tree;
use super::root::{Head, PathEnd, Root, Unread};
use crate::model::{Entry, EntryKind, clean, is_whole, join, parent_and_name, upward};

/// No store's own file is larger.
const MOST_NAME: u64 = 256;
/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// The most layers that an image may have (moby, `layer/layer.go`).
const MOST_LAYERS: usize = 125;

/// The layers of one image, the uppermost first.
pub(super) struct Layers {
    layers: Vec<Layer>,
}

/// The files of one layer.
enum Layer {
    /// As the engine keeps them.
    Directory(Root),
    /// As it exports them.
    Exported(Arc<ExportedLayer>),
}

impl Layer {
    /// What it says of a path whose parents no link is among.
    fn seen(&self, path: &str) -> SeenInLayer {
        match self {
            Self::Directory(root) => seen(root, path),
            Self::Exported(layer) => layer.seen(path),
        }
    }

    fn read_head(&self, path: &str, most: u64) -> Result<Head, Unread> {
        match self {
            Self::Directory(root) => root.read_head(path, most),
            Self::Exported(layer) => layer.read_head(path, most),
        }
    }
}

/// Where a store is, and how it keeps files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store<'a> {
    /// `DockerRootDir`.
    pub(super) directory: &'a str,
    /// The storage driver.
    pub(super) driver: &'a str,
}

impl Layers {
    /// The layers of an image by their digests (`RootFS.Layers`), where all of them are found.
    pub(super) fn open(host: &Root, store: Store<'_>, digests: &[String]) -> Option<Self> {
        let Store { directory, driver } = store;
        if digests.is_empty() || digests.len() > MOST_LAYERS {
            return None;
        }
        // Under the others a layer has all that is below it.
        let (below, whole) = match driver {
            "overlay2" | "fuse-overlayfs" => ("/diff", false),
            "vfs" => ("", true),
            _ => return None,
        };
        let files = if driver == "vfs" { format!("{directory}/vfs/dir") } else { format!("{directory}/{driver}") };
        let mut layers = Vec::new();
        for chain in chains(digests) {
            let name = format!("{directory}/image/{driver}/layerdb/sha256/{chain}/cache-id");
            let name = String::from_utf8(host.read_file(&name, MOST_NAME).ok()?).ok()?;
            let is_name =
                |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let name = Some(name.trim()).filter(|name| is_name(name))?;
            layers.push(Layer::Directory(host.below(&format!("{files}/{name}{below}"))?));
        }
        layers.reverse();
        if whole {
            layers.truncate(1);
        }
        Some(Self { layers })
    }

    /// Those of an export, the lowest first.
    pub(super) fn of_export(layers: Vec<Arc<ExportedLayer>>) -> Self {
        Self { layers: layers.into_iter().rev().map(Layer::Exported).collect() }
    }

    /// Directories as layers, the uppermost first, for tests.
    #[cfg(test)]
    pub(super) fn of_directories(folder: &std::path::Path, names: &[&str]) -> Self {
        let open = |name: &&str| std::fs::File::open(folder.join(name)).ok();
        let root = |name: &&str| Root::of(open(name)?.into()).ok().map(Layer::Directory);
        Self { layers: names.iter().filter_map(root).collect() }
    }

    /// What stands at a path without links before its end, and in which layer.
    fn topmost(&self, path: &str) -> Result<(&Layer, SeenInLayer), NotThere> {
        for layer in &self.layers {
            match layer.seen(path) {
                SeenInLayer::Nothing => {}
                SeenInLayer::Removed => return Err(NotThere::Absent),
                // What a lower layer has may not be what is seen.
                SeenInLayer::Failed => return Err(NotThere::Failed),
                seen => return Ok((layer, seen)),
            }
        }
        Err(NotThere::Absent)
    }

    /// The path after all links on it, and the layer that has its end.
    fn walk(&self, path: &str) -> Result<(&Layer, String, Entry), NotThere> {
        let mut path = clean(path);
        for _ in 0..MOST_LINKS {
            let (layer, seen) = self.step(&path)?;
            match seen {
                WalkStep::There(entry) => return Ok((layer, path, entry)),
                WalkStep::Through(real) => path = real,
            }
        }
        Err(NotThere::Absent)
    }

    fn step(&self, path: &str) -> Result<(&Layer, WalkStep), NotThere> {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        let mut found = Err(NotThere::Absent);
        for end in ends {
            let (name, rest) = path.split_at_checked(end).ok_or(NotThere::Failed)?;
            let (layer, seen) = self.topmost(name)?;
            match seen {
                SeenInLayer::Link(text) => {
                    let (parent, _) = parent_and_name(name).ok_or(NotThere::Failed)?;
                    let target = join(&join(parent, &text), &format!("./{}", rest.trim_start_matches('/')));
                    return Ok((layer, WalkStep::Through(target)));
                }
                SeenInLayer::Entry(entry) => found = Ok((layer, WalkStep::There(entry))),
                SeenInLayer::Nothing | SeenInLayer::Removed => return Err(NotThere::Absent),
                SeenInLayer::Failed => return Err(NotThere::Failed),
            }
        }
        found
    }

    /// The first bytes of a regular file, at most `most`.
    pub(super) fn read_head(&self, path: &str, most: u64) -> Result<Head, Unread> {
        let found = if is_whole(path) { self.walk(path) } else { Err(NotThere::Absent) };
        match found {
            Ok((layer, path, _)) => layer.read_head(&path, most),
            Err(NotThere::Absent) => Err(Unread::Absent),
            Err(NotThere::Failed) => Err(Unread::Failed),
        }
    }
}

/// Why a path comes to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotThere {
    /// Nothing is there.
    Absent,
    /// It could not be followed.
    Failed,
}

/// What a walk comes to.
enum WalkStep {
    There(Entry),
    /// Along a link: the whole path from there.
    Through(String),
}

fn seen(layer: &Root, path: &str) -> SeenInLayer {
    if let Some(text) = layer.link_at(path) {
        return SeenInLayer::Link(text);
    }
    match layer.follow(path).end {
        // A device in the place of a name takes it away (kernel, filesystems/overlayfs, "whiteouts and opaque directories").
        PathEnd::There(there) if there.entry.kind == EntryKind::Other => return SeenInLayer::Removed,
        PathEnd::There(there) => return SeenInLayer::Entry(there.entry),
        PathEnd::Denied | PathEnd::Failed(_) => return SeenInLayer::Failed,
        PathEnd::Absent | PathEnd::Loop | PathEnd::OwnLink => {}
    }
    let removed = upward(path).any(|above| {
        let Some((parent, name)) = parent_and_name(above) else { return false };
        let other = |end: PathEnd| matches!(end, PathEnd::There(there) if there.entry.kind == EntryKind::Other);
        // Where devices cannot be made, a name does the same (OCI image specification, "Whiteouts"), for all of a
        // directory or for one of it.
        let named = |mark: &str| matches!(layer.follow(&join(parent, mark)).end, PathEnd::There(_));
        let hidden = named(".wh..wh..opq") || layer.is_opaque(parent);
        other(layer.follow(above).end) || named(&format!(".wh.{name}")) || hidden
    });
    if removed { SeenInLayer::Removed } else { SeenInLayer::Nothing }
}

impl Tree for Layers {
    fn at(&self, path: &str) -> Option<(String, Entry)> {
        let (_, path, entry) = is_whole(path).then(|| self.walk(path).ok()).flatten()?;
        Some((path, entry))
    }

    fn read(&self, path: &str, most: u64) -> Option<Vec<u8>> {
        self.read_head(path, most).ok().filter(|head| head.is_whole).map(|head| head.bytes)
    }
}

/// The names of layers by all that is below them, the lowest first (OCI image specification, "Layer ChainID").
fn chains(digests: &[String]) -> Vec<String> {
    let mut chains: Vec<String> = Vec::with_capacity(digests.len());
    for own in digests {
        let next = match chains.last() {
            None => own.trim_start_matches("sha256:").to_owned(),
            Some(below) => hex(&format!("sha256:{below} {own}")),
        };
        chains.push(next);
    }
    chains
}

fn hex(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether files with the names of whiteouts can be made in a directory: an overlay may keep such names to itself, as the
/// one does that a container's `/tmp` is on.
#[cfg(test)]
#[expect(clippy::print_stdout, reason = "what a test says of itself")]
pub(super) fn takes_whiteouts(directory: &std::path::Path) -> bool {
    let taken = std::fs::write(directory.join(".wh.probe"), "");
    if let Err(error) = &taken {
        println!("skipped: {} takes no names of whiteouts: {error}", directory.display());
    }
    taken.is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;

    fn put(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn layers_are_one_tree() {
        let folder = tempfile::tempdir().unwrap();
        if !takes_whiteouts(folder.path()) {
            return;
        }
        let of = |layer: &str, path: &str, text: &str| put(&folder.path().join(layer), path, text);
        of("low", "usr/lib/pkg/package.json", "old");
        of("low", "etc/passwd", "root");
        of("low", "gone/file", "x");
        of("low", "emptied/file", "x");
        of("top", "usr/lib/pkg/package.json", "new");
        of("top", ".wh.gone", "");
        of("top", "emptied/.wh..wh..opq", "");
        of("top", "bin/keep", "");
        symlink("../usr/lib/pkg/package.json", folder.path().join("top/bin/tool")).unwrap();
        symlink("/usr/lib", folder.path().join("low/lib")).unwrap();
        let layers = Layers::of_directories(folder.path(), &["top", "low"]);
        let read = |path: &str| layers.read(path, 100).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(read("/usr/lib/pkg/package.json").as_deref(), Some("new"));
        assert_eq!(read("/etc/passwd").as_deref(), Some("root"));
        assert_eq!(read("/bin/tool").as_deref(), Some("new"));
        assert_eq!(read("/lib/pkg/package.json").as_deref(), Some("new"));
        assert_eq!((read("/gone/file"), read("/emptied/file"), read("/none")), (None, None, None));
        assert_eq!(layers.at("/bin/tool").unwrap().0, "/usr/lib/pkg/package.json");
        // No link leads out of a layer to this machine's files.
        symlink("/etc/hostname", folder.path().join("top/out")).unwrap();
        assert_eq!(Layers::of_directories(folder.path(), &["top"]).read("/out", 100), None);
    }

    #[test]
    fn a_layer_is_called_by_all_below_it() {
        let digests = ["sha256:aa", "sha256:bb"].map(str::to_owned);
        let chains = chains(&digests);
        assert_eq!(chains[0], "aa");
        // printf 'sha256:aa sha256:bb' | sha256sum
        assert_eq!(chains[1], "b68ad689d6d1ec110ea1c13617437ad6f3766d4b3b309f6a603a222e07a0164f");
    }
}
