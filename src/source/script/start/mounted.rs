//! All mounts of a container together: which stand, and which the engine refuses. Uses `volume`, `mount` and `option`.

use std::collections::{HashMap, HashSet};

use super::option::Parsed;
use super::program::Family;
use super::{Setting, mount, volume};
use crate::model::{Mount, MountSource, Unseen, Value};
use crate::text::Span;

/// A mount as an option gives it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) mount: Mount,
    /// Whether it is a target alone, which yields to any other mount there.
    pub(super) plain: bool,
    /// Whether it is there on some ways only.
    pub(super) perhaps: bool,
    /// What of it is not known.
    pub(super) doubt: Option<String>,
}

/// Why an option gives no mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The command line or the engine refuses it.
    Refused(String),
    /// It was not understood.
    Unseen(String),
}

/// The mounts of a command.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    pub(super) all: Vec<Mount>,
    /// The places of those that are there on some ways only.
    pub(super) perhaps: Vec<usize>,
    pub(super) unseen: Vec<Unseen>,
    pub(super) refused: Vec<Unseen>,
}

/// The mounts of all options, in the order in which they are given.
pub(super) fn mounts(parsed: &Parsed<'_>, family: Family, setting: &Setting<'_>) -> Mounts {
    let mut all = Mounts::default();
    let mut found: Vec<Found> = Vec::new();
    let mut known = HashSet::new();
    for given in &parsed.given {
        let one = match given.name {
            // The same text is the same volume.
            "volume" | "volumes" if !known.insert(given.value.value(None).text) => continue,
            "volume" | "volumes" => volume::volume(given, family, setting),
            "tmpfs" => volume::tmpfs(given),
            "mount" => mount::mount(given, family, setting),
            "use-api-socket" if given.on() == Some(true) => socket(given.span),
            _ => continue,
        };
        let mut miss = |what: String| all.unseen.push(Unseen { what, span: given.span });
        match one {
            Ok(one) => {
                one.doubt.clone().into_iter().for_each(miss);
                found.push(Found { perhaps: given.perhaps, ..one });
            }
            Err(Problem::Unseen(what)) => miss(what),
            Err(Problem::Refused(what)) => all.refused.push(Unseen { what, span: given.span }),
        }
    }
    all.settle(found);
    all
}

/// `--use-api-socket`: the engine's own socket.
fn socket(span: Span) -> Result<Found, Problem> {
    let path = "/var/run/docker.sock";
    volume::mount(&super::phrase::Phrase::plain(path), MountSource::Host(Value::known(path, None)), span)
}

impl Mounts {
    /// Keeps each target once.
    fn settle(&mut self, found: Vec<Found>) {
        let sure: HashSet<String> =
            found.iter().filter(|one| !one.plain && !one.perhaps).map(|one| one.mount.target.text.clone()).collect();
        let mut at: HashMap<String, usize> = HashMap::new();
        for one in found {
            let target = one.mount.target.text.clone();
            if one.plain && sure.contains(&target) {
                continue;
            }
            let earlier = at.get(&target).copied();
            let Some(earlier) = earlier.filter(|earlier| !self.perhaps.contains(earlier) && !one.perhaps) else {
                if earlier.is_some() {
                    let what = "which of several mounts is at one target hangs on what runs before".to_owned();
                    self.unseen.push(Unseen { what, span: one.mount.span });
                }
                at.insert(target, self.all.len());
                if one.perhaps {
                    self.perhaps.push(self.all.len());
                }
                self.all.push(one.mount);
                continue;
            };
            let tmpfs = |mount: &Mount| mount.source == MountSource::Tmpfs;
            match self.all.get_mut(earlier) {
                // Of two `--tmpfs` of one target the last one stands.
                Some(before) if tmpfs(before) && tmpfs(&one.mount) => *before = one.mount,
                Some(_) if one.plain => {}
                _ => {
                    let what = "two mounts have one target".to_owned();
                    self.refused.push(Unseen { what, span: one.mount.span });
                }
            }
        }
    }
}
