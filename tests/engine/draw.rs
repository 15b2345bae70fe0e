//! Draws layouts at random, so that both answers are frequent for each lock: sources that are shared and not, parents
//! that are shared and not.

use super::disk::Disk;
use super::layout::{Event, Guard, Happening, Layout, Member, Mount, Shape, Spot, Tree, Via, Volume, What};
use crate::oracle::dice::Dice;

impl Layout {
    /// A layout that is the same for the same numbers.
    pub(crate) fn of(seed: u64, case: u64) -> Self {
        let mut draw = Draw {
            dice: Dice::of(seed, case),
            volumes: Vec::new(),
            trees: Vec::new(),
            parents: 0,
            strays: 0,
            odd: false,
        };
        draw.layout(seed, case)
    }
}

struct Draw {
    dice: Dice,
    trees: Vec<Tree>,
    volumes: Vec<Volume>,
    /// How many of ten containers mount a directory above the state directory.
    parents: usize,
    /// How many of ten guards are not the one that the layout has chosen.
    strays: usize,
    /// Whether there may be what no compose file can show.
    odd: bool,
}

/// Where guards are.
#[derive(Debug, Clone, Copy)]
enum Style {
    Session,
    Deep,
    BesideState,
    Directory,
    File,
    Private,
}

const STYLES: &[Style] =
    &[Style::Session, Style::Session, Style::Deep, Style::BesideState, Style::Directory, Style::File, Style::Private];

const HOMES: &[&str] = &["/home/agent", "/home/agent", "/root", "/home/node", "/srv/my home"];

impl Draw {
    fn layout(&mut self, seed: u64, case: u64) -> Layout {
        self.parents = self.dice.pick(&[2, 5, 9]);
        self.strays = self.dice.pick(&[0, 3]);
        self.odd = self.dice.once_in(2);
        self.trees = (0..self.dice.pick(&[1, 1, 2])).map(|_| self.tree()).collect();
        let style = self.dice.pick(STYLES);
        let mut members: Vec<Member> = Vec::new();
        for index in 0..self.dice.between(2, 5) {
            let member = if index > 0 && self.dice.once_in(8) {
                self.heir(index, &mut members)
            } else {
                let style = if self.dice.below(10) < self.strays { self.dice.pick(STYLES) } else { style };
                self.member(style)
            };
            members.push(member);
        }
        let event = self.event(&members);
        Layout { seed, case, trees: self.trees.clone(), volumes: self.volumes.clone(), members, event }
    }

    fn tree(&mut self) -> Tree {
        let shape = match self.dice.below(12) {
            0 if self.odd => Shape::Relative,
            1 if self.odd => Shape::Absolute,
            2 => Shape::Mounted,
            _ => Shape::Plain,
        };
        Tree { disk: self.dice.pick(&Disk::ALL), shape, open: !self.dice.once_in(4) }
    }

    fn event(&mut self, members: &[Member]) -> Option<Event> {
        let plain: Vec<usize> = (0..self.trees.len()).filter(|at| self.trees[*at].shape == Shape::Plain).collect();
        if plain.is_empty() || !self.odd || !self.dice.once_in(3) {
            return None;
        }
        let tree = self.dice.pick(&plain);
        let disguised = |volume: &Volume| matches!(volume, Volume::Disguise(other, _) if *other == tree);
        // What names the old directory once and for all could not start after it is gone.
        let fixed = self.volumes.iter().any(disguised) || members.iter().any(|member| member.from.is_some());
        let kinds = [Happening::Recreated, Happening::Replaced, Happening::Renamed];
        Some(Event {
            tree,
            spot: self.dice.pick(&[Spot::State, Spot::State, Spot::Home]),
            kind: self.dice.pick(if fixed { &kinds[..2] } else { &kinds }),
            before: self.dice.between(1, members.len() - 1),
        })
    }

    /// A container with the mounts of an earlier one.
    fn heir(&mut self, index: usize, members: &mut [Member]) -> Member {
        let other = self.dice.below(index);
        // Engine 20.10 cannot hand on a tmpfs that was asked for as a mount: it takes it for a volume.
        members[other].mounts.iter_mut().filter(|mount| mount.what == What::Tmpfs).for_each(|mount| mount.long = false);
        let mut member = Member { from: Some((other, self.dice.once_in(4))), ..members[other].clone() };
        member.mounts.clear();
        if self.dice.once_in(3) {
            self.mount(&mut member, "/tmp", What::Tmpfs);
        }
        member
    }

    fn member(&mut self, style: Style) -> Member {
        let home = self.dice.pick(HOMES).to_owned();
        let user = home == "/home/agent" && self.dice.once_in(4);
        let (mounts, links, guard) = (Vec::new(), Vec::new(), Guard::Name);
        let mut member = Member { home, config: None, mounts, links, read_only: false, user, from: None, guard };
        let tree = if self.dice.below(4) > 0 { 0 } else { self.dice.below(self.trees.len()) };
        if self.trees[tree].shape == Shape::Absolute || self.dice.below(10) < self.parents {
            self.parent(&mut member, tree);
        } else {
            self.state(&mut member, tree);
        }
        self.extras(&mut member);
        self.guard(&mut member, tree, style);
        // A link that leads nowhere is made to lead somewhere first, which must be possible.
        let absolute = self.trees[tree].shape == Shape::Absolute;
        member.user &= !absolute;
        member.read_only = member.links.is_empty() && !absolute && self.dice.once_in(12);
        self.protect(&mut member);
        member
    }

    /// A directory above the state directory.
    fn parent(&mut self, member: &mut Member, tree: usize) {
        let home = member.home.clone();
        match self.dice.below(9) {
            0 | 1 => {
                member.config = Some("/data/home/.claude".to_owned());
                let base = self.host(tree, Spot::Base);
                self.mount(member, "/data", base);
            }
            2 => {
                member.config = Some("/login/.claude".to_owned());
                let source = self.host(tree, Spot::Home);
                self.mount(member, "/login", source);
            }
            3 if self.odd => {
                (member.home, member.user) = ("/home/me".to_owned(), false);
                member.links.push(("/login".to_owned(), "/home/me".to_owned()));
                let source = self.host(tree, Spot::Home);
                self.mount(member, "/login", source);
            }
            4 => {
                let volume = self.volume(Volume::Disguise(tree, Spot::Home));
                self.mount(member, &home, volume);
            }
            5 => {
                let volume = self.named();
                self.mount(member, &home, volume);
            }
            _ => {
                let source = self.host(tree, Spot::Home);
                self.mount(member, &home, source);
            }
        }
        // Another login over the one in the shared home.
        if self.dice.once_in(8) {
            let other = self.dice.below(self.trees.len());
            let state = member.state();
            if self.trees.iter().all(|tree| matches!(tree.shape, Shape::Plain)) {
                let source = self.host(other, Spot::State);
                self.mount(member, &state, source);
            }
        }
    }

    /// The state directory itself, or nothing that is shared.
    fn state(&mut self, member: &mut Member, tree: usize) {
        let state = member.state();
        let source = self.host(tree, Spot::State);
        match self.dice.below(16) {
            0 => {
                let home = member.home.clone();
                self.mount(member, &home, What::Tmpfs);
                self.mount(member, &state, source);
            }
            1 | 2 => {
                let volume = self.named();
                self.mount(member, &state, volume);
            }
            3 => {
                let volume = self.volume(Volume::Disguise(tree, Spot::State));
                self.mount(member, &state, volume);
            }
            4 => self.mount(member, &state, What::Anonymous),
            5 => self.mount(member, &state, What::Tmpfs),
            6 => {
                let source = self.host(tree, Spot::Deep);
                self.mount(member, &state, source);
            }
            7 => {
                let source = self.host(tree, Spot::File);
                self.mount(member, &format!("{state}/.credentials.json"), source);
            }
            8 if self.odd => {
                member.user = false;
                member.links.push(("/data/claude".to_owned(), state));
                self.mount(member, "/data/claude", source);
            }
            9 | 10 => {
                member.config = Some("/claude".to_owned());
                self.mount(member, "/claude", source);
            }
            11 => {}
            _ => self.mount(member, &state, source),
        }
    }

    /// What else lies in the state directory.
    fn extras(&mut self, member: &mut Member) {
        let tree = self.dice.below(self.trees.len());
        // Below a link in the shared tree nothing can be mounted by that name, and a volume may have no such directory.
        let links = self.trees.iter().any(|tree| matches!(tree.shape, Shape::Relative | Shape::Absolute));
        if links || !member.links.is_empty() {
            return;
        }
        let state = member.state();
        if self.dice.once_in(10) {
            self.mount(member, &format!("{state}/deep"), What::Tmpfs);
        } else if self.dice.once_in(12) {
            let source = self.host(tree, Spot::Deep);
            self.mount(member, &format!("{state}/deep"), source);
        }
        if self.dice.once_in(12) {
            let source = self.host(tree, Spot::File);
            self.mount(member, &format!("{state}/.credentials.json"), source);
        }
    }

    fn guard(&mut self, member: &mut Member, tree: usize, style: Style) {
        let state = member.state();
        let beside = state.rsplit_once('/').map_or("", |(parent, _)| parent);
        member.guard = match style {
            Style::Session => match self.dice.below(4) {
                0 => Guard::Name,
                1 => Guard::Yes,
                _ => Guard::Path(format!("{state}/session.lock")),
            },
            Style::Deep => Guard::Path(format!("{state}/deep/session.lock")),
            Style::BesideState => Guard::Path(format!("{beside}/guard.lock")),
            Style::Directory => {
                let source = self.host(tree, Spot::GuardDirectory);
                self.mount(member, "/guard", source);
                Guard::Path("/guard/session.lock".to_owned())
            }
            Style::File => {
                let source = self.host(tree, Spot::GuardFile);
                self.mount(member, "/run/guard.lock", source);
                Guard::Path("/run/guard.lock".to_owned())
            }
            Style::Private => Guard::Path("/tmp/guard.lock".to_owned()),
        };
    }

    fn host(&mut self, tree: usize, spot: Spot) -> What {
        let via = match self.dice.below(10) {
            0 if self.odd && matches!(spot, Spot::State | Spot::Home) => Via::Link,
            1 if self.odd => Via::Alias,
            _ => Via::Direct,
        };
        What::Host(tree, spot, via)
    }

    /// A volume that an earlier container may have too; sometimes by the directory in which the engine keeps it.
    fn named(&mut self) -> What {
        let What::Volume(volume) = self.volume(Volume::Named) else { return What::Anonymous };
        match self.dice.below(10) {
            0 | 1 => What::VolumeData(volume),
            2 => What::Subpath(volume),
            _ => What::Volume(volume),
        }
    }

    fn volume(&mut self, wanted: Volume) -> What {
        let known: Vec<usize> = (0..self.volumes.len()).filter(|at| self.volumes[*at] == wanted).collect();
        if !known.is_empty() && !self.dice.once_in(4) {
            return What::Volume(self.dice.pick(&known));
        }
        self.volumes.push(wanted);
        What::Volume(self.volumes.len() - 1)
    }

    fn mount(&mut self, member: &mut Member, target: &str, what: What) {
        let known = member.mounts.iter().any(|mount| mount.target == target);
        if !known {
            let long = self.dice.once_in(2) || matches!(what, What::Subpath(_));
            member.mounts.push(Mount { target: target.to_owned(), what, read_only: false, long });
        }
    }

    /// Makes some mounts read-only, where the engine need not make a mount point in them.
    fn protect(&mut self, member: &mut Member) {
        for at in 0..member.mounts.len() {
            let above = format!("{}/", member.mounts[at].target);
            let holds = member.mounts.iter().any(|mount| mount.target.starts_with(&above));
            // An anonymous volume that cannot be written is refused: it could only be empty.
            let writable = holds || member.mounts[at].what == What::Anonymous;
            if !writable && self.dice.once_in(10) {
                member.mounts[at].read_only = true;
            }
        }
    }
}
