//! Where a path really lives: the filesystem and the path inside it, by the mounts of the container.
//! May use `model`, `rules` and `finding`.

use std::borrow::Cow;

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::PlaceName;
use crate::model::{Container, HostTree, Link, Mount, MountSource, clean, export_of, join, split_below, upward};
use crate::rules::Filesystems;
use crate::text::ShownText;

/// A filesystem and a path inside it. Two containers share a path when its places are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The host whose filesystem it is, where that is not the one that all is judged for and the filesystem is no network's.
    pub(crate) host: Option<Arc<str>>,
    pub(crate) filesystem: Filesystem,
    pub(crate) path: String,
    /// What is shown of the path of a place of the host, or else of the filesystem's name.
    pub(crate) shown: ShownText,
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
    /// What a server exports, with the whole path there, whatever part of it is mounted.
    Export {
        /// Its type, and the options that tell it from others.
        kind: String,
        /// The server, by its address where that is known.
        server: String,
    },
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

    /// Whether it depends on a variable that is not set.
    pub(crate) fn is_unresolved(&self) -> bool {
        self.filesystem == Filesystem::Unresolved
    }

    /// Whether something is true of one of the variables, or substituted commands, that it is spelled with.
    pub(crate) fn names_any(&self, is_so: impl Fn(&str) -> bool) -> bool {
        let Some(spelled) = self.spelled().filter(|spelled| spelled.contains("${")) else { return false };
        // Each name behind a dollar, also in what is substituted: `${$(basename "$file" .md)}` hangs on `file`.
        spelled.split('$').skip(1).any(|part| {
            let part = part.trim_start_matches(['{', '(']).trim_start();
            let end = part.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(part.len());
            is_so(part.get(..end).unwrap_or(""))
        })
    }

    /// Whether all of some symbols are part of what it is spelled with, so that it is another place where one of them is.
    pub(crate) fn hangs_on(&self, symbols: &[String]) -> bool {
        let Some(spelled) = self.spelled().filter(|_| !symbols.is_empty()) else { return false };
        symbols.iter().all(|symbol| spelled.contains(&format!("${{{symbol}}}")))
    }

    /// Whether it is in a directory that `mktemp` makes: another one each time, and never one that was there before.
    pub(crate) fn is_new_each_time(&self) -> bool {
        self.names_any(|name| name == "mktemp")
    }

    /// The place of something below or beside: the same filesystem, another path.
    pub(crate) fn with_path(&self, path: String) -> Self {
        Self { path, ..self.clone() }
    }

    /// The same place with what is shown of it.
    pub(crate) fn shown_as(self, shown: &ShownText) -> Self {
        Self { shown: shown.clone(), ..self }
    }

    /// A place that others may reach as a variable could spell it: a path of the host, or a volume's name with a path
    /// below. An unresolved place is spelled with its variable.
    pub(crate) fn spelled(&self) -> Option<Cow<'_, str>> {
        match &self.filesystem {
            Filesystem::Host | Filesystem::Unresolved => Some(Cow::Borrowed(&self.path)),
            Filesystem::Volume(name) | Filesystem::Device(name) => Some(Cow::Owned(format!("{name}{}", self.path))),
            Filesystem::Export { kind, server } => {
                Some(Cow::Owned(format!("{kind} {}", export_text(kind, server, &self.path))))
            }
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
        let path = match &self.filesystem {
            Filesystem::Export { kind, server } => return self.name_of_export(kind, server),
            Filesystem::Host => self.shown.path(&self.path).into_owned(),
            Filesystem::Unresolved => {
                let path = plain_substitutions(&self.shown.path(&self.path));
                // The container's number is nothing that a person or the next run knows.
                let below = path.strip_prefix(UNSEEN_MOUNTS).and_then(|rest| rest.split_once('}'));
                below.map(|(_, below)| format!("{HIDDEN_MOUNTS}{below}")).unwrap_or(path)
            }
            _ => self.path.clone(),
        };
        let within = |name: &str| if path == "/" { name.to_owned() } else { format!("{name} at {path}") };
        let named = |name: &String| Some(self.shown.word(name).into_owned());
        let (kind, mut filesystem, mut text) = match &self.filesystem {
            Filesystem::Host => ("host", None, path.clone()),
            Filesystem::Volume(name) => ("volume", named(name), within(&format!("volume {}", self.shown.word(name)))),
            Filesystem::Device(name) => ("device", named(name), within(&self.shown.word(name))),
            Filesystem::Export { .. } => ("device", None, String::new()),
            Filesystem::Tmpfs(_) => ("tmpfs", None, "a tmpfs of its own".to_owned()),
            Filesystem::Anonymous(_) => {
                let name = "an anonymous volume";
                ("private", Some(name.to_owned()), format!("{name} of its own"))
            }
            Filesystem::Layer(_) if is_of_variable(&path) => ("unresolved", None, path.clone()),
            Filesystem::Layer(_) => ("private", None, "its private layer".to_owned()),
            Filesystem::Unresolved if self.is_new_each_time() => ("unresolved", None, NEW_DIRECTORY.to_owned()),
            Filesystem::Unresolved if path.starts_with(HIDDEN_MOUNTS) => ("unresolved", None, NOT_SEEN.to_owned()),
            Filesystem::Unresolved => ("unresolved", None, path.clone()),
        };
        if let Some(host) = self.host.as_ref().filter(|_| !self.is_private()) {
            filesystem = Some(filesystem.map_or_else(|| host.to_string(), |name| format!("{host} {name}")));
            text = format!("{host}:{text}");
        }
        PlaceName { kind, filesystem, path, text }
    }

    /// A place of a server. What a variable tells of it is shown as that variable.
    fn name_of_export(&self, kind: &str, server: &str) -> PlaceName {
        // A server's name is no path.
        let shown = self.shown.word(&export_text(kind, server, &self.path)).into_owned();
        let parts = export_of(&shown).map(|(server, path)| (server.to_owned(), path.to_owned()));
        let (server, path) = parts.unwrap_or_else(|| (shown.clone(), "/".to_owned()));
        PlaceName {
            kind: "device",
            filesystem: Some(format!("{kind} {server}")),
            path,
            text: format!("{kind} {shown}"),
        }
    }
}

/// An export as people write it.
fn export_text(kind: &str, server: &str, path: &str) -> String {
    if kind.starts_with("cifs") { format!("//{server}{path}") } else { format!("{server}:{path}") }
}

/// What a directory that `mktemp` makes is called.
const NEW_DIRECTORY: &str = "a new directory each time (mktemp)";

/// What the place of a path begins with in a container whose mounts were not all seen.
pub(crate) const UNSEEN_MOUNTS: &str = "${mounts of container ";
/// The same as it is told.
const HIDDEN_MOUNTS: &str = "${mounts that were not seen}";
/// What such a place is called.
const NOT_SEEN: &str = "a mount that was not seen";

/// Whether a path in a container is a variable's value: which of the mounts it leads into, if any, is not known.
pub(crate) fn is_of_variable(path: &str) -> bool {
    path.trim_start_matches('/').starts_with("${")
}

/// A text with `$(…)` for what a command prints, which is kept as the variable `${$(…)}`.
fn plain_substitutions(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${$(") {
        plain.push_str(before);
        let mut depth = 1_usize;
        let end = after.char_indices().find(|(_, letter)| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some((at, _)) = end.filter(|(at, _)| after.get(at + 1..).is_some_and(|rest| rest.starts_with('}'))) else {
            plain.push_str("${$(");
            rest = after;
            continue;
        };
        plain.push_str(&format!("$({})", after.get(..at).unwrap_or("")));
        rest = after.get(at + 2..).unwrap_or("");
    }
    plain.push_str(rest);
    plain
}

/// Where a path of a container lands, and through which mount.
#[derive(Debug, Clone)]
pub(crate) struct MountedPath<'a> {
    pub(crate) place: Place,
    pub(crate) mount: Option<&'a Mount>,
    /// The same as the kernel knows it: the superblock and the path in it.
    pub(crate) inner: Option<(String, String)>,
}

impl MountedPath<'_> {
    /// A path of the host itself.
    pub(crate) fn on_host(path: &str) -> Self {
        Self { place: own_place(Filesystem::Host, path), mount: None, inner: None }
    }

    /// Whether nothing can be written there.
    pub(crate) fn is_read_only(&self, container: &Container) -> bool {
        self.mount.map_or(container.read_only, |mount| mount.read_only)
    }
}

/// Looks paths of one container up in its mounts.
pub(crate) struct MountLookup<'a> {
    index: usize,
    by_target: HashMap<&'a str, &'a Mount>,
    host: Option<Arc<str>>,
    /// What the host calls what is mounted.
    tree: Option<&'a HostTree>,
    /// Whether it is planned, so that sources are paths of the host and no mounts of its own.
    is_planned: bool,
    /// Whether only the engine's list tells what it mounts.
    is_uninspected: bool,
    /// Where the engine keeps volumes, where it was asked.
    volume_directory: Option<&'a str>,
    filesystems: &'a Filesystems,
    links: Vec<Link>,
    /// Whether what is on no mount that is known may be on one that is not.
    has_unseen: bool,
}

impl<'a> MountLookup<'a> {
    pub(crate) fn new(index: usize, container: &'a Container, filesystems: &'a Filesystems) -> Self {
        let live = container.live.as_ref();
        Self {
            index,
            by_target: container.mounts.iter().map(|mount| (mount.target.text.as_str(), mount)).collect(),
            host: container.other_host().map(Arc::from),
            tree: live.map(|live| &*live.tree),
            is_planned: live.is_some_and(|live| live.is_planned),
            is_uninspected: live.is_some_and(|live| live.is_uninspected()),
            volume_directory: live.and_then(|live| live.volume_directory.as_deref()),
            filesystems,
            links: container.shown().links.clone(),
            has_unseen: false,
        }
    }

    /// The same as if its engine were that of the host that all is judged for.
    pub(crate) fn on_this_host(self) -> Self {
        Self { host: None, ..self }
    }

    /// The same where there may be mounts that were not seen.
    pub(crate) fn with_unseen(mut self, has_unseen: bool) -> Self {
        self.has_unseen = has_unseen;
        self
    }

    /// The same with links followed that the container's own commands make.
    pub(crate) fn through(mut self, links: Vec<Link>) -> Self {
        self.links.extend(links);
        self
    }

    /// The path after the links on it.
    pub(crate) fn real(&self, path: &str) -> String {
        follow_links(path, &self.links)
    }

    /// The mount with the longest target that holds the path decides; without one it is the container's own layer.
    pub(crate) fn land(&self, path: &str) -> MountedPath<'a> {
        self.land_without_links(&self.real(path))
    }

    /// The same for a path that has no link on it.
    pub(crate) fn land_without_links(&self, path: &str) -> MountedPath<'a> {
        match self.holding(path) {
            Some((mount, rest)) => {
                let inner = self.inner(mount, rest);
                MountedPath { place: self.place_on(mount, path, rest), mount: Some(mount), inner }
            }
            None => {
                let place = if self.has_unseen {
                    // It may be any place, and is the same as itself alone.
                    own_place(Filesystem::Unresolved, &format!("{UNSEEN_MOUNTS}{}}}{path}", self.index + 1))
                } else {
                    own_place(Filesystem::Layer(self.index), path)
                };
                MountedPath { place, mount: None, inner: None }
            }
        }
    }

    /// The mount that a path is on, and the rest of the path below its target: found from the path upwards, so that it
    /// takes as long as the path has components, however many mounts there are.
    fn holding<'p>(&self, path: &'p str) -> Option<(&'a Mount, &'p str)> {
        let (target, mount) = upward(path).find_map(|target| Some((target, *self.by_target.get(target)?)))?;
        Some((mount, split_below(path, target)?))
    }

    /// What a mount puts at its target.
    pub(crate) fn root_of(&self, mount: &Mount) -> Place {
        self.place_on(mount, &mount.target.text, "")
    }

    fn place_on(&self, mount: &Mount, path: &str, rest: &str) -> Place {
        let place = self.unnamed_place_on(mount, path, rest);
        // A network's export is the same from every host, and a disk is a host's own.
        let network = match &mount.source {
            MountSource::Device { fstype, device, .. } => self.is_shared(fstype, &device.text),
            _ => false,
        };
        Place { host: self.host.clone().filter(|_| !network), ..place }
    }

    /// Whether a device is the same one from every host: its type says so, or it is not known to be local and names a
    /// server.
    fn is_shared(&self, fstype: &str, device: &str) -> bool {
        self.filesystems.is_network(fstype) || (!self.filesystems.is_local(fstype) && export_of(device).is_some())
    }

    /// The superblock that a path below a mount's target is on, and the path in it; `None` where the kernel did not
    /// show it, or its root is no longer anywhere.
    pub(crate) fn inner(&self, mount: &Mount, rest: &str) -> Option<(String, String)> {
        self.tree.filter(|_| !self.is_planned)?;
        let kernel = mount.kernel.as_ref()?;
        let (root, deleted) = kernel.root();
        (!deleted).then(|| (kernel.device.clone(), join(root, &format!("./{rest}"))))
    }

    fn unnamed_place_on(&self, mount: &Mount, path: &str, rest: &str) -> Place {
        // Which name a place has is asked of the whole path: of two mounts that lead to it, one may begin above and one
        // below what covers it on the host.
        if let (MountSource::Host(_) | MountSource::Unlisted { .. }, Some((device, inner))) =
            (&mount.source, self.inner(mount, rest))
        {
            let named_so = self.tree.and_then(|tree| tree.name(&device, &inner));
            let name = mount.kernel.as_ref().map_or_else(String::new, |kernel| kernel.filesystem());
            let unlisted = || place_below(Filesystem::Device(name), &inner);
            return named_so.map_or_else(unlisted, |path| self.host(&path));
        }
        let below = [mount.subpath.as_deref().unwrap_or(""), rest];
        let below = below.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        match &mount.source {
            MountSource::Host(source) | MountSource::Unresolved(source) if is_open(&source.text, &below) => {
                unresolved_place(&source.text, &below).shown_as(&source.shown)
            }
            MountSource::Host(source) if is_on_drive(&source.text) => {
                let path = drive_path(&source.text);
                let path = if below.is_empty() { path } else { format!("{path}/{}", below.to_lowercase()) };
                own_place(Filesystem::Host, &path)
            }
            MountSource::Host(source) | MountSource::Unresolved(source) => {
                let path = join(&source.text, &format!("./{below}"));
                // Of a planned one the path counts: what the host mounts below its source comes with it. So it does where
                // nothing but the path is known.
                let by_path = self.is_planned || (self.is_uninspected && mount.kernel.is_none());
                let known = self.tree.filter(|_| by_path);
                let place = self.host(&known.map_or(path.clone(), |tree| tree.canonical(&path)));
                if place.filesystem == Filesystem::Host { place.shown_as(&source.shown) } else { place }
            }
            MountSource::Volume(name) if is_open(&name.text, &below) => {
                unresolved_place(&name.text, &below).shown_as(&name.shown)
            }
            MountSource::Volume(name) => {
                place_below(Filesystem::Volume(name.text.clone()), &below).shown_as(&name.shown)
            }
            MountSource::Device { fstype, device, options } => {
                let name = device_name(fstype, &device.text, options);
                let shown = device.shown.becomes(&name, |form| device_name(fstype, form, options));
                if is_open(&name, &below) {
                    return unresolved_place(&name, &below).shown_as(&shown);
                }
                match export_of(&device.text).filter(|_| self.is_shared(fstype, &device.text)) {
                    Some((server, path)) => {
                        let kind = if options.is_empty() { fstype.clone() } else { format!("{fstype} ({options})") };
                        // Windows tells no names apart by their case.
                        let path = join(path, &format!("./{below}"));
                        let path = if fstype == "cifs" { path.to_lowercase() } else { path };
                        own_place(Filesystem::Export { kind, server: server.to_owned() }, &path).shown_as(&device.shown)
                    }
                    None => place_below(Filesystem::Device(name), &below).shown_as(&shown),
                }
            }
            MountSource::Anonymous => own_place(Filesystem::Anonymous(self.index), path),
            MountSource::Tmpfs => own_place(Filesystem::Tmpfs(self.index), path),
            MountSource::Injected => own_place(Filesystem::Layer(self.index), path),
            MountSource::Unlisted { filesystem, path } => {
                let below = if path == "/" { below } else { format!("{path}/{below}") };
                place_below(Filesystem::Device(filesystem.clone()), &below)
            }
        }
    }

    /// A host path; one inside the engine's own volume directory is the volume.
    fn host(&self, path: &str) -> Place {
        let usual = self.filesystems.volume_directories.iter().map(String::as_str);
        for directory in self.volume_directory.into_iter().chain(usual) {
            let Some((name, rest)) = split_below(path, directory).and_then(|below| below.split_once('/')) else {
                continue;
            };
            if let Some(rest) = split_below(&format!("/{rest}"), "/_data") {
                return place_below(Filesystem::Volume(name.to_owned()), rest);
            }
        }
        own_place(Filesystem::Host, path)
    }
}

/// Whether a path begins with a drive, as paths of Windows do.
fn is_on_drive(path: &str) -> bool {
    path.starts_with(|first: char| first.is_ascii_alphabetic()) && path.get(1..2) == Some(":")
}

/// A path of Windows in the one spelling that all of it have here: to Windows `\\` is `/`, and case tells no names apart.
fn drive_path(path: &str) -> String {
    let (drive, rest) = path.split_at_checked(2).unwrap_or((path, ""));
    format!("{}{}", drive.to_uppercase(), clean(&format!("/{}", rest.replace('\\', "/").to_lowercase())))
}

fn place_below(filesystem: Filesystem, below: &str) -> Place {
    own_place(filesystem, &join("/", &format!("./{below}")))
}

/// Whether a variable that is not set decides where a source, or a path below it, is.
fn is_open(source: &str, below: &str) -> bool {
    source.contains("${") || below.contains("${")
}

fn unresolved_place(source: &str, below: &str) -> Place {
    let path = if below.is_empty() { source.to_owned() } else { format!("{source}/{below}") };
    own_place(Filesystem::Unresolved, &path)
}

fn device_name(fstype: &str, device: &str, options: &str) -> String {
    if options.is_empty() { format!("{fstype} {device}") } else { format!("{fstype} {device} ({options})") }
}

/// A place that is named by the container's own path.
pub(crate) fn own_place(filesystem: Filesystem, path: &str) -> Place {
    Place { host: None, filesystem, path: path.to_owned(), shown: ShownText::default() }
}

/// The path after every link on it has been followed, as far as the container's own commands make them.
fn follow_links(path: &str, links: &[Link]) -> String {
    let mut path = path.to_owned();
    // As many steps as the kernel takes before it calls it a circle (path_resolution(7)).
    for _ in 0..40 {
        let through = links.iter().find_map(|link| Some((link, split_below(&path, &link.name)?)));
        let Some((link, rest)) = through else { break };
        path = join(&link.target, &format!("./{rest}"));
    }
    path
}
