//! Planned containers on the host that they would run on: where the sources of their mounts lead, what stands there,
//! and who could write it. Uses `model`, `rules` and `source::capture`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::container::Host;
use super::files::said;
use super::images::ImageFiles;
use super::layers::Layers;
use super::places::{StateClues, home_in};
use super::planned_paths::{PlannedPaths, SourceBase};
use super::pool::{self, Job};
use super::program::{Tree as _, installed};
use super::root::{Followed, PathEnd};
use super::text::shown;
use super::user::{self, Accounts};
use super::{Look, host};
use crate::input::capture::tree::visible;
use crate::input::capture::{Capture, EngineVolumes};
use crate::input::dockerfile::Stored;
use crate::model::{
    Container, Diagnostic, EnvValue, HostTree, Installed, KernelFacts, KernelMount, Level, Live, Mount, MountSource,
    USUAL_PATH, Unseen, Value, clean, is_root, is_whole, join, parent_and_name, split_below, upward,
};
use crate::rules::{Filesystems, Ruleset};

/// No `/etc/passwd` and no `/etc/group` is read further.
const MOST_ACCOUNTS: u64 = 4 << 20;

/// A planned container, and what is known already of the image that it runs.
pub struct Planned {
    /// The container.
    pub container: Container,
    /// The programs in its image, where a container of the same image could be looked at.
    pub installed: Vec<Installed>,
    /// The home of its user in that image.
    pub home: Option<String>,
    /// Its image, where the engine has it.
    pub image: Option<Arc<Stored>>,
    /// Whether the image is built anew, so that only the accounts of this one mean something.
    pub built: bool,
}

/// Until when to look, and at which /proc.
pub struct ResolveOptions {
    /// The /proc of the engine's host.
    pub proc: PathBuf,
    /// When all of it must have ended.
    pub deadline: Instant,
    /// The files of images, where they can be looked at.
    pub files: Option<Arc<ImageFiles>>,
}

/// Looks up, for each planned container, where its mounts would come from on this host. What was told of the host by
/// its engine and kernel is in `capture`. Gives the containers in their order, and what there is to say.
pub fn resolve_on_host(
    options: &ResolveOptions,
    rules: &Ruleset,
    capture: &Capture,
    planned: Vec<Planned>,
) -> (Vec<Container>, Vec<Diagnostic>) {
    let (mut own, mut gaps) = (None, Vec::new());
    let look = Look { proc: options.proc.clone(), ..Look::default() };
    let host = host(&look, &mut own, &mut gaps, &rules.profiles);
    let mut told: Vec<Diagnostic> = gaps.into_iter().map(|gap| Diagnostic::about(Level::Gap, None, gap)).collect();
    let (host, mounts) = match (host, own) {
        (Ok(host), Some(own)) if host.root.is_some() => (host, own.mounts),
        (host, _) => {
            let why = host.err().unwrap_or_else(|| "its files may not be looked at; run as root".to_owned());
            let message = format!("where the sources of planned mounts lead on this host was not looked at: {why}");
            told.push(Diagnostic::about(Level::Gap, None, message));
            return (planned.into_iter().map(|one| one.container).collect(), told);
        }
    };
    let site = Arc::new(PlannedHost::of(host, &mounts, options.files.clone(), capture, rules));
    let kept: Vec<Container> = planned.iter().map(|one| one.container.clone()).collect();
    let mut jobs: Vec<Job<(Container, Vec<Diagnostic>)>> = Vec::new();
    for one in planned {
        let site = Arc::clone(&site);
        jobs.push(Box::new(move || site.resolve(one)));
    }
    let answers = pool::run(jobs, options.deadline);
    let mut containers = Vec::with_capacity(kept.len());
    for (answer, mut container) in answers.into_iter().zip(kept) {
        if let Some((grounded, more)) = answer {
            containers.push(grounded);
            told.extend(more);
        } else {
            let what = "where its mounts lead on this host was not told within the time limit".to_owned();
            container.unseen.push(Unseen { what, span: container.span });
            containers.push(container);
        }
    }
    (containers, told)
}

/// The host, as far as planned containers depend on it.
struct PlannedHost {
    host: Host,
    tree: Arc<HostTree>,
    /// The mounts that a path of the host can be on.
    mounts: BTreeMap<String, KernelMount>,
    files: Option<Arc<ImageFiles>>,
    /// What the engine told.
    capture: Capture,
    filesystems: Filesystems,
}

impl PlannedHost {
    fn of(
        host: Host,
        mounts: &[KernelMount],
        files: Option<Arc<ImageFiles>>,
        capture: &Capture,
        rules: &Ruleset,
    ) -> Self {
        let seen = visible(mounts);
        let told = Capture {
            volume_directory: capture.volume_directory.clone(),
            volumes: capture.volumes.clone(),
            users: capture.users,
            taken_at: capture.taken_at,
            ..Capture::default()
        };
        Self {
            host,
            mounts: seen.iter().map(|mount| (mount.mount_point.clone(), (*mount).clone())).collect(),
            tree: Arc::new(HostTree::of(seen)),
            files,
            capture: told,
            filesystems: rules.filesystems.clone(),
        }
    }

    fn resolve(&self, planned: Planned) -> (Container, Vec<Diagnostic>) {
        let Planned { mut container, installed, home, image, built } = planned;
        let layers = self.files.as_ref().zip(image).and_then(|(files, image)| files.layers(&image));
        let accounts = layers.as_deref().and_then(accounts);
        let user = container.user.as_ref().map_or("", |user| user.text.as_str());
        let home = home.or_else(|| home_in(&accounts.as_ref()?.passwd, user));
        let mut told = Vec::new();
        // Where each mount begins on the host, and what the engine would make there.
        let mut bases: BTreeMap<String, SourceBase> = BTreeMap::new();
        let mut unseen = Vec::new();
        let volumes = self.volumes();
        for mount in &mut container.mounts {
            match self.place(mount, &volumes, &mut told) {
                Ok(Some(base)) => _ = bases.insert(mount.target.text.clone(), base),
                Ok(None) => {}
                Err(what) => unseen.push(Unseen { what, span: mount.span }),
            }
        }
        container.unseen.extend(unseen);
        let mut kernel = KernelFacts {
            identity: user::identity(&container, &self.capture, accounts.as_ref()),
            installed: match layers {
                Some(layers) if !built => self.installed(&layers, &container, home.as_deref()),
                _ => installed.into_iter().filter(|one| container.mount_holding(&one.path).is_none()).collect(),
            },
            ..KernelFacts::default()
        };
        if let Some(root) = &self.host.root {
            let mut inside = PlannedPaths::new(root, &container, &bases);
            for path in self.paths(&container, home) {
                inside.note(&path);
            }
            let (links, entries, failed) = inside.done();
            (kernel.links, kernel.entries) = (links, entries);
            for what in failed {
                container.unseen.push(Unseen { what, span: container.span });
            }
        }
        for entry in kernel.entries.values_mut() {
            entry.age = self.capture.taken_at.saturating_sub(entry.modified);
        }
        let untold = user::untold(&kernel, &container, &self.capture, accounts.as_ref());
        container.unseen.extend(untold.map(|what| Unseen { what, span: container.span }));
        user::opened(&mut kernel, &container, &self.capture, accounts.as_ref());
        let live = Live {
            is_planned: true,
            tree: Arc::clone(&self.tree),
            volume_directory: self.capture.volume_directory.clone(),
            kernel: Some(kernel),
            ..Live::default()
        };
        container.live = Some(Box::new(live));
        (container, told)
    }

    /// The programs in an image, but those that a mount of the container would cover.
    fn installed(&self, layers: &Layers, container: &Container, home: Option<&str>) -> Vec<Installed> {
        let path = container.env.get("PATH").and_then(|variable| match &variable.value {
            EnvValue::Set(value) if !value.is_symbolic() && !value.text.is_empty() => Some(value.text.as_str()),
            EnvValue::Set(_) | EnvValue::Inherited => None,
        });
        let homes = home.map(str::to_owned).into_iter().collect();
        let found = installed(layers, &self.host.profiles, path.unwrap_or(USUAL_PATH), &homes);
        let uncovered = found.into_iter().filter(|one| container.mount_holding(&one.path).is_none());
        uncovered.map(|one| Installed { path: format!("{} of its image", one.path), ..one }).collect()
    }

    /// Puts a mount where its source leads on this host; where that is, if it is a path of the host.
    ///
    /// # Errors
    /// Why it could not be followed, as a clause.
    fn place(
        &self,
        mount: &mut Mount,
        volumes: &EngineVolumes<'_>,
        told: &mut Vec<Diagnostic>,
    ) -> Result<Option<SourceBase>, String> {
        if self.place_volume(mount, volumes, told) {
            return Ok(self.in_own_volume(mount, told));
        }
        let MountSource::Host(source) = &mount.source else { return Ok(None) };
        if source.is_symbolic() || !is_whole(&source.text) {
            return Ok(None);
        }
        let source = source.clone();
        let Some(root) = &self.host.root else { return Ok(None) };
        let followed = root.follow(&source.text);
        if !followed.links.is_empty() {
            mount.link = Some(source.text.clone());
        }
        let made = match &followed.end {
            PathEnd::There(_) => None,
            PathEnd::Absent => {
                let absent = self.absent(&source.text, &followed, mount);
                let refused = absent.level == Level::Error;
                told.push(absent);
                if refused {
                    return Ok(None);
                }
                Some(user::made(&self.capture))
            }
            PathEnd::Denied => return Err(unfollowed(&source.text, "permission denied")),
            PathEnd::Loop => return Err(unfollowed(&source.text, "its links lead in a circle")),
            PathEnd::OwnLink => return Err(unfollowed(&source.text, "it leads through a link of /proc")),
            PathEnd::Failed(errno) => return Err(unfollowed(&source.text, &said(*errno))),
        };
        mount.source = MountSource::Host(Value { text: followed.real.clone(), ..source });
        let below = mount.subpath.as_deref().unwrap_or("");
        let path = join(&followed.real, &format!("./{below}"));
        self.show(mount, &path);
        Ok(Some(SourceBase { path, made }))
    }

    fn volumes(&self) -> EngineVolumes<'_> {
        EngineVolumes::new(&self.capture, self.mounts.values().collect(), Arc::clone(&self.tree), &self.filesystems)
    }

    /// Puts a volume where the engine has it, whatever the plan would make it from; whether it is one of the engine's own
    /// directories.
    fn place_volume(&self, mount: &mut Mount, volumes: &EngineVolumes<'_>, told: &mut Vec<Diagnostic>) -> bool {
        let name = mount.volume.take();
        if let Some(name) = name.as_deref().filter(|name| self.is_there(name)) {
            volumes.take_existing(mount, name, told);
        }
        let own = match &mount.source {
            MountSource::Volume(name) if !name.is_symbolic() => Some(name.text.clone()),
            _ => None,
        };
        if let Some(name) = &own {
            volumes.take_existing(mount, name, told);
        }
        let source = std::mem::replace(&mut mount.source, MountSource::Injected);
        mount.source = volumes.on_host(source, name.or(own).as_deref());
        matches!(&mount.source, MountSource::Volume(name) if !name.is_symbolic())
    }

    /// Whether the engine has a volume.
    fn is_there(&self, name: &str) -> bool {
        let directory = self.capture.volume_directory.as_deref().map(|directory| join(directory, &format!("./{name}")));
        let root = self.host.root.as_ref().zip(directory);
        root.is_some_and(|(root, path)| matches!(root.follow(&path).end, PathEnd::There(_)))
    }

    /// What [`Self::in_volume`] gives; warns of an external volume that the engine does not have.
    fn in_own_volume(&self, mount: &mut Mount, told: &mut Vec<Diagnostic>) -> Option<SourceBase> {
        let base = self.in_volume(mount);
        if let (None, true, MountSource::Volume(name)) = (&base, mount.must_exist, &mount.source) {
            let name = &name.text;
            let message = format!(
                "the external volume {name} is none of the engine's local volumes: unless another driver has it, Compose \
                 will refuse to start; make it with `docker volume create {name}`"
            );
            told.push(Diagnostic::at(Level::Warning, mount.span, message));
        }
        base
    }

    /// A volume of the engine's own, where it is there already.
    fn in_volume(&self, mount: &mut Mount) -> Option<SourceBase> {
        let (MountSource::Volume(name), Some(directory)) = (&mount.source, &self.capture.volume_directory) else {
            return None;
        };
        let below = mount.subpath.as_deref().unwrap_or("");
        let path = join(directory, &format!("./{}/_data/{below}", name.text));
        split_below(&path, directory)?;
        let Followed { real: path, end: PathEnd::There(_), .. } = self.host.root.as_ref()?.follow(&path) else {
            // One that is yet to be made takes its owner from what the image has at its target.
            return None;
        };
        self.show(mount, &path);
        Some(SourceBase { path, made: None })
    }

    /// Gives a mount what the kernel shows of the filesystem that it would come from.
    fn show(&self, mount: &mut Mount, path: &str) {
        let found = upward(path).find_map(|point| Some((point, self.mounts.get(point)?)));
        let Some((point, below)) = found else { return };
        let rest = split_below(path, point).unwrap_or("");
        let root = join(below.root().0, &format!("./{rest}"));
        // A bind keeps what the mount that it is of forbids.
        mount.read_only |= below.is_read_only();
        let mount_point = mount.target.text.clone();
        mount.kernel = Some(Box::new(KernelMount { root, mount_point, ..below.clone() }));
    }

    /// What is said of a source that is not there.
    fn absent(&self, source: &str, followed: &Followed, mount: &Mount) -> Diagnostic {
        let at = |level, message| Diagnostic::at(level, mount.span, message);
        let link = self.host.root.as_ref().is_some_and(|root| root.link_at(&itself(source, followed)).is_some());
        if link {
            let message = format!(
                "{source} is a link on this host that leads nowhere, to {}: the engine will refuse to start the \
                 container; make that directory, or mount another one",
                followed.real
            );
            return at(Level::Error, message);
        }
        if mount.must_exist {
            let message = format!(
                "{source} does not exist on this host, and the engine will refuse to start the container; make it, as \
                 the user who is to write it"
            );
            return at(Level::Error, message);
        }
        let message = format!(
            "{source} does not exist on this host: the engine will make it, an empty directory that belongs to root; \
             make it yourself, as the user who is to write it"
        );
        at(Level::Warning, message)
    }

    /// The paths of a container that matter to a program.
    fn paths(&self, container: &Container, home: Option<String>) -> Vec<String> {
        let point = |mount: &Mount| KernelMount {
            id: 0,
            parent: 0,
            device: String::new(),
            root: String::new(),
            mount_point: mount.target.text.clone(),
            fstype: String::new(),
            source: String::new(),
            options: Vec::new(),
            super_options: Vec::new(),
        };
        let points: Vec<KernelMount> = container.mounts.iter().map(point).collect();
        let mounts: Vec<&KernelMount> = points.iter().collect();
        let first = BTreeMap::new();
        let roots = container.user.as_ref().filter(|user| is_root(user)).map(|_| "/root".to_owned());
        let passwd = home.or(roots);
        let known = StateClues {
            container,
            calls: &container.script.invocations,
            first: &first,
            processes: &[],
            passwd,
            mounts: &mounts,
        };
        known.paths(&self.host.profiles)
    }
}

/// A path with the links on the way to it followed, and one that it is itself left as it is.
fn itself(source: &str, followed: &Followed) -> String {
    let source = clean(source);
    let last = followed.links.last().map(|link| link.name.clone());
    match (last, parent_and_name(&source)) {
        (Some(last), Some((_, name))) if last.ends_with(&format!("/{name}")) => last,
        _ => source,
    }
}

/// The accounts of an image; `None` where it has none, so that a name means nothing.
fn accounts(layers: &Layers) -> Option<Accounts> {
    let text = |path: &str| layers.read(path, MOST_ACCOUNTS).map(|bytes| shown(&bytes).into_owned());
    Some(Accounts { passwd: text("/etc/passwd")?, group: text("/etc/group").unwrap_or_default() })
}

fn unfollowed(source: &str, why: &str) -> String {
    format!("where {source} leads on this host could not be followed: {why}")
}
