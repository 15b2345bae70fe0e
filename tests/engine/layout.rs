//! A container layout as plain data: what lies on the host, what each container mounts of it, what happens after some
//! of them have started.

use std::path::{Path, PathBuf};

use super::disk::{Disk, Disks};

/// A layout. Case N of seed S is the same on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) seed: u64,
    pub(crate) case: u64,
    pub(crate) trees: Vec<Tree>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) members: Vec<Member>,
    pub(crate) event: Option<Event>,
}

/// A folder of the host with a home in it, and a state directory in that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tree {
    pub(crate) disk: Disk,
    pub(crate) shape: Shape,
    /// Whether everybody may write in it.
    pub(crate) open: bool,
}

/// What the state directory of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A directory.
    Plain,
    /// A link to a directory beside it.
    Relative,
    /// A link to `/data/claude`, which leads somewhere in a container only.
    Absolute,
    /// A mount point of the host.
    Mounted,
}

/// A place in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// The tree itself.
    Base,
    Home,
    State,
    /// A directory in the state directory.
    Deep,
    /// The credentials.
    File,
    GuardDirectory,
    GuardFile,
}

/// How a host path is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Direct,
    /// Through a link on the host.
    Link,
    /// By another mount of the same filesystem.
    Alias,
}

/// A volume with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    Named,
    /// Its options bind a directory of the host.
    Disguise(usize, Spot),
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Host(usize, Spot, Via),
    Volume(usize),
    /// A directory of a volume, where the engine can mount one.
    Subpath(usize),
    /// The directory in which the engine keeps a volume, as a bind.
    VolumeData(usize),
    Anonymous,
    Tmpfs,
}

#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) target: String,
    pub(crate) what: What,
    pub(crate) read_only: bool,
    /// Whether the long syntax is used for it.
    pub(crate) long: bool,
}

/// How a container's guard is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Guard {
    Path(String),
    /// `session.lock`, in the state directory.
    Name,
    /// `yes`, which means the same.
    Yes,
}

/// A container.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) home: String,
    pub(crate) config: Option<String>,
    pub(crate) mounts: Vec<Mount>,
    /// Links made inside before anything is measured: target, link.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) read_only: bool,
    /// Whether it runs as a user that is not root.
    pub(crate) user: bool,
    /// An earlier container whose mounts it takes over, and whether read-only.
    pub(crate) from: Option<(usize, bool)>,
    pub(crate) guard: Guard,
}

/// What happens on the host between the starts of two containers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) tree: usize,
    /// The directory it happens to: the home or the state directory.
    pub(crate) spot: Spot,
    pub(crate) kind: Happening,
    /// The first container that starts after it.
    pub(crate) before: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// Deleted, and made anew.
    Recreated,
    /// Renamed; later containers mount it by its new name.
    Renamed,
    /// Renamed, and another one made with the old name.
    Replaced,
}

/// Why a compose file cannot show how a container really is. Of such a container only the kernel's prediction is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Where a link on the host leads is known on that host alone.
    HostLink,
    /// That two host paths are one directory, by a bind or a subvolume mounted twice, is known to the host's kernel alone.
    HostAlias,
    /// A link that a running container has made is in no file.
    ContainerLink,
    /// A link in a mounted directory, the same.
    TreeLink,
    /// The host has a mount below the directory. A bind of the engine's takes it along, and who mounts the same path sees
    /// the same; a volume whose options say `bind` leaves it out and shows the directory under it.
    HostMount,
    /// The directory was deleted, renamed or replaced after the start: the file names what is there now.
    Event,
}

impl Member {
    pub(crate) fn state(&self) -> String {
        self.config.clone().unwrap_or_else(|| format!("{}/.claude", self.home))
    }

    pub(crate) fn guard(&self) -> String {
        match &self.guard {
            Guard::Path(path) => path.clone(),
            Guard::Name | Guard::Yes => format!("{}/session.lock", self.state()),
        }
    }

    pub(crate) fn guard_label(&self) -> &str {
        match &self.guard {
            Guard::Path(path) => path,
            Guard::Name => "session.lock",
            Guard::Yes => "yes",
        }
    }
}

/// The directory in a volume that can be mounted by itself.
pub(crate) const SUBPATH: &str = "part";

impl Layout {
    /// The same for an engine that cannot mount a directory of a volume: there it is the volume.
    pub(crate) fn without_subpaths(mut self) -> Self {
        for mount in self.members.iter_mut().flat_map(|member| &mut member.mounts) {
            if let What::Subpath(volume) = mount.what {
                mount.what = What::Volume(volume);
            }
        }
        self
    }

    /// Whether a container started before the event.
    pub(crate) fn is_early(&self, member: usize) -> bool {
        self.event.is_some_and(|event| member < event.before)
    }

    /// The name of a directory in a tree once the event has happened, for who mounts it by name.
    fn name(&self, tree: usize, spot: Spot, late: bool) -> &'static str {
        let renamed = |event: &Event| event.tree == tree && event.spot == spot && event.kind == Happening::Renamed;
        match (spot, late && self.event.as_ref().is_some_and(renamed)) {
            (Spot::Home, false) => "home",
            (Spot::Home, true) => "home-moved",
            (_, false) => ".claude",
            (_, true) => ".claude-moved",
        }
    }

    /// A place in a tree below its own folder.
    pub(crate) fn below(&self, tree: usize, spot: Spot, via: Via, late: bool) -> PathBuf {
        let home = if via == Via::Link { "home-link" } else { self.name(tree, Spot::Home, late) };
        let state = Path::new(home).join(self.name(tree, Spot::State, late));
        match spot {
            Spot::Base => PathBuf::new(),
            Spot::Home => home.into(),
            Spot::State if via == Via::Link => "state-link".into(),
            Spot::State => state,
            Spot::Deep => state.join("deep"),
            Spot::File => state.join(".credentials.json"),
            Spot::GuardDirectory => "guard".into(),
            Spot::GuardFile => "guard/session.lock".into(),
        }
    }

    /// A place in a tree, as a host path. `name` is the layout's folder on each filesystem.
    pub(crate) fn path(&self, disks: &Disks, name: &str, tree: usize, spot: Spot, via: Via, late: bool) -> PathBuf {
        let disk = self.trees[tree].disk;
        let root = if via == Via::Alias { disks.alias(disk) } else { disks.path(disk) };
        let base = root.join(name).join(format!("tree{tree}"));
        if spot == Spot::Base { base } else { base.join(self.below(tree, spot, via, late)) }
    }

    /// All that a container mounts, what it takes over included.
    pub(crate) fn mounts(&self, member: usize) -> Vec<&Mount> {
        let own = &self.members[member];
        let over = own.from.map(|(other, _)| self.mounts(other)).unwrap_or_default();
        over.into_iter().chain(&own.mounts).collect()
    }

    /// The place in a tree that a mount leads to.
    fn spot(&self, what: What) -> Option<(usize, Spot, Via)> {
        match what {
            What::Host(tree, spot, via) => Some((tree, spot, via)),
            What::Volume(volume) => match self.volumes[volume] {
                Volume::Disguise(tree, spot) => Some((tree, spot, Via::Direct)),
                Volume::Named => None,
            },
            _ => None,
        }
    }

    /// Whether a container started before the event, with a mount of the tree it happened to; or with a volume that such a
    /// one keeps mounted, since the engine mounts a volume once.
    fn has_seen_event(&self, member: usize) -> bool {
        let Some(event) = self.event else { return false };
        let touched = |what: What| self.spot(what).is_some_and(|(tree, ..)| tree == event.tree);
        let kept = |what: What| {
            let early = (0..event.before).flat_map(|early| self.mounts(early));
            matches!(what, What::Volume(_)) && early.into_iter().any(|mount| mount.what == what)
        };
        let from_early = self.members[member].from.is_some_and(|(other, _)| self.has_seen_event(other));
        let own = self.mounts(member);
        from_early || own.iter().any(|mount| touched(mount.what) && (self.is_early(member) || kept(mount.what)))
    }

    /// What a compose file cannot show of a container.
    pub(crate) fn hidden(&self, member: usize) -> Vec<Hidden> {
        let spots: Vec<_> = self.mounts(member).iter().filter_map(|mount| self.spot(mount.what)).collect();
        let via = |wanted: Via| spots.iter().any(|(_, _, via)| *via == wanted);
        let linked = |(tree, spot, _): &(usize, Spot, Via)| {
            let guard = matches!(spot, Spot::GuardDirectory | Spot::GuardFile);
            !guard && matches!(self.trees[*tree].shape, Shape::Relative | Shape::Absolute)
        };
        let bare = |mount: &&Mount| match mount.what {
            What::Volume(volume) => matches!(self.volumes[volume], Volume::Disguise(tree, Spot::Home)
                if self.trees[tree].shape == Shape::Mounted),
            _ => false,
        };
        [
            (Hidden::HostMount, self.mounts(member).iter().any(bare)),
            (Hidden::HostLink, via(Via::Link)),
            (Hidden::HostAlias, via(Via::Alias)),
            (Hidden::ContainerLink, !self.members[member].links.is_empty()),
            (Hidden::TreeLink, spots.iter().any(linked)),
            (Hidden::Event, self.has_seen_event(member)),
        ]
        .into_iter()
        .filter_map(|(hidden, so)| so.then_some(hidden))
        .collect()
    }
}
