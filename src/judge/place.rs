//! Where a path really lives: the filesystem and the path inside it, by the mounts of the container.
//! May use `model`, `ruleset` and `finding`.

use std::borrow::Cow;

use super::files::{Link, follow};
use crate::finding::PlaceName;
use crate::model::{Container, Mount, MountSource, join, split_below};
use crate::ruleset::Filesystems;

/// A filesystem and a path inside it. Two containers share a path when its places are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) filesystem: Filesystem,
    pub(crate) path: String,
}

/// What a path can live on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Filesystem {
    /// The host's, as one tree.
    Host,
    /// A named volume, by the engine's name.
    Volume(String),
    /// What a volume's driver mounts from elsewhere: type, device and options.
    Device(String),
    /// A tmpfs of one container, by its index.
    Tmpfs(usize),
    /// An anonymous volume of one container.
    Anonymous(usize),
    /// The writable layer of one container, or content that only it sees.
    Layer(usize),
    /// Text with a variable in it that is not set: equal text is the same place, other text perhaps.
    Unresolved,
}

impl Place {
    /// Whether only one container can reach it.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.filesystem, Filesystem::Tmpfs(_) | Filesystem::Anonymous(_) | Filesystem::Layer(_))
    }

    /// Whether it hangs on a variable that is not set.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.filesystem == Filesystem::Unresolved
    }

    /// The place of something below or beside: the same filesystem, another path.
    pub(crate) fn with_path(&self, path: String) -> Self {
        Self { filesystem: self.filesystem.clone(), path }
    }

    /// A place that others may reach as a variable could spell it: a path of the host, or a volume's name with a path
    /// below. An unresolved place is spelled with its variable.
    pub(crate) fn spelled(&self) -> Option<Cow<'_, str>> {
        match &self.filesystem {
            Filesystem::Host | Filesystem::Unresolved => Some(Cow::Borrowed(&self.path)),
            Filesystem::Volume(name) | Filesystem::Device(name) => Some(Cow::Owned(format!("{name}{}", self.path))),
            _ => None,
        }
    }

    /// Whether an unresolved place could be this one: nothing before its first variable says otherwise.
    pub(crate) fn could_be(&self, unresolved: &Self) -> bool {
        let known = unresolved.path.split("${").next().unwrap_or("");
        self.is_unresolved() || self.spelled().is_some_and(|spelled| spelled.starts_with(known))
    }

    /// The place in words of the JSON contract, and as part of a sentence.
    pub(crate) fn name(&self) -> PlaceName {
        let within = |name: &str| if self.path == "/" { name.to_owned() } else { format!("{name} at {}", self.path) };
        let (kind, filesystem, text) = match &self.filesystem {
            Filesystem::Host => ("host", None, self.path.clone()),
            Filesystem::Volume(name) => ("volume", Some(name.clone()), within(&format!("volume {name}"))),
            Filesystem::Device(name) => ("device", Some(name.clone()), within(name)),
            Filesystem::Tmpfs(_) => ("tmpfs", None, "a tmpfs of its own".to_owned()),
            Filesystem::Anonymous(_) => {
                let name = "an anonymous volume";
                ("private", Some(name.to_owned()), format!("{name} of its own"))
            }
            Filesystem::Layer(_) => ("private", None, "its private layer".to_owned()),
            Filesystem::Unresolved => ("unresolved", None, self.path.clone()),
        };
        PlaceName { kind, filesystem, path: self.path.clone(), text }
    }
}

/// Where a path of a container lands, and through which mount.
#[derive(Debug, Clone)]
pub(crate) struct Landing<'a> {
    pub(crate) place: Place,
    pub(crate) mount: Option<&'a Mount>,
}

impl Landing<'_> {
    /// Whether nothing can be written there.
    pub(crate) fn is_read_only(&self, container: &Container) -> bool {
        self.mount.map_or(container.read_only, |mount| mount.read_only)
    }
}

/// Looks paths of one container up in its mounts.
pub(crate) struct Mounts<'a> {
    index: usize,
    all: &'a [Mount],
    filesystems: &'a Filesystems,
    links: Vec<Link>,
}

impl<'a> Mounts<'a> {
    pub(crate) fn new(index: usize, container: &'a Container, filesystems: &'a Filesystems) -> Self {
        Self { index, all: &container.mounts, filesystems, links: Vec::new() }
    }

    /// The same with links followed that the container's own commands make.
    pub(crate) fn through(self, links: Vec<Link>) -> Self {
        Self { links, ..self }
    }

    /// The path after the links on it.
    pub(crate) fn real(&self, path: &str) -> String {
        follow(path, &self.links)
    }

    /// The mount with the longest target that holds the path decides; without one it is the container's own layer.
    pub(crate) fn land(&self, path: &str) -> Landing<'a> {
        let path = &self.real(path);
        let holding = self.all.iter().filter_map(|mount| Some((mount, split_below(path, &mount.target.text)?)));
        match holding.max_by_key(|(mount, _)| mount.target.text.len()) {
            Some((mount, rest)) => Landing { place: self.place_on(mount, path, rest), mount: Some(mount) },
            None => Landing { place: own(Filesystem::Layer(self.index), path), mount: None },
        }
    }

    /// What a mount puts at its target.
    pub(crate) fn root_of(&self, mount: &Mount) -> Place {
        self.place_on(mount, &mount.target.text, "")
    }

    fn place_on(&self, mount: &Mount, path: &str, rest: &str) -> Place {
        let below = [mount.subpath.as_deref().unwrap_or(""), rest];
        let below = below.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        match &mount.source {
            MountSource::Host(source) | MountSource::Unresolved(source) if is_open(&source.text, &below) => {
                unresolved(&source.text, &below)
            }
            MountSource::Host(source) | MountSource::Unresolved(source) => {
                self.host(&join(&source.text, &format!("./{below}")))
            }
            MountSource::Volume(name) if is_open(&name.text, &below) => unresolved(&name.text, &below),
            MountSource::Volume(name) => named(Filesystem::Volume(name.text.clone()), &below),
            MountSource::Device { fstype, device, options } => {
                let name = device_name(fstype, &device.text, options);
                if is_open(&name, &below) { unresolved(&name, &below) } else { named(Filesystem::Device(name), &below) }
            }
            MountSource::Anonymous => own(Filesystem::Anonymous(self.index), path),
            MountSource::Tmpfs => own(Filesystem::Tmpfs(self.index), path),
            MountSource::Injected => own(Filesystem::Layer(self.index), path),
            MountSource::Unlisted { filesystem, path } => {
                let below = if path == "/" { below } else { format!("{path}/{below}") };
                named(Filesystem::Device(filesystem.clone()), &below)
            }
        }
    }

    /// A host path; one inside the engine's own volume directory is the volume.
    fn host(&self, path: &str) -> Place {
        for directory in &self.filesystems.volume_directories {
            let Some((name, rest)) = split_below(path, directory).and_then(|below| below.split_once('/')) else {
                continue;
            };
            if let Some(rest) = split_below(&format!("/{rest}"), "/_data") {
                return named(Filesystem::Volume(name.to_owned()), rest);
            }
        }
        Place { filesystem: Filesystem::Host, path: path.to_owned() }
    }
}

fn named(filesystem: Filesystem, below: &str) -> Place {
    Place { filesystem, path: join("/", &format!("./{below}")) }
}

/// Whether a variable that is not set decides where a source, or a path below it, is.
fn is_open(source: &str, below: &str) -> bool {
    source.contains("${") || below.contains("${")
}

fn unresolved(source: &str, below: &str) -> Place {
    let path = if below.is_empty() { source.to_owned() } else { format!("{source}/{below}") };
    Place { filesystem: Filesystem::Unresolved, path }
}

/// What tells one mounted filesystem from another: options such as `ro` or `vers=4` make no other place of it.
fn device_name(fstype: &str, device: &str, options: &str) -> String {
    let telling =
        |option: &&str| ["addr=", "subvol=", "subvolid=", "upperdir="].iter().any(|name| option.starts_with(name));
    let mut telling: Vec<&str> = options.split(',').filter(telling).collect();
    telling.sort_unstable();
    if telling.is_empty() { format!("{fstype} {device}") } else { format!("{fstype} {device} ({})", telling.join(",")) }
}

/// A place that is named by the container's own path.
fn own(filesystem: Filesystem, path: &str) -> Place {
    Place { filesystem, path: path.to_owned() }
}
