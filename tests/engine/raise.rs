//! A layout made real: its folders on the host, its volumes, its containers in order. All goes away with the value.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::layout::{Happening, Layout, Mount, SUBPATH, Shape, Spot, Tree, Via, Volume, What};
use super::{Engine, Probe, Start, docker, must, sweep};

/// A layout that runs.
pub(crate) struct Raised<'a> {
    engine: &'a Engine,
    pub(crate) layout: Layout,
    /// Its folder's name on each filesystem.
    folder: String,
    /// The volumes' names.
    pub(crate) volumes: Vec<String>,
    /// Where the engine keeps volumes.
    volume_directory: String,
    pub(crate) probes: Vec<Probe>,
    mounted: Vec<PathBuf>,
}

impl<'a> Raised<'a> {
    /// Starts a layout: all containers before the event, then it happens, then the others.
    pub(crate) fn new(engine: &'a Engine, layout: &Layout) -> Result<Self, String> {
        let mut raised = Self {
            engine,
            layout: if engine.mounts_subpaths { layout.clone() } else { layout.clone().without_subpaths() },
            folder: engine.name("layout"),
            volumes: Vec::new(),
            volume_directory: engine.volume_directory(),
            probes: Vec::new(),
            mounted: Vec::new(),
        };
        raised.build().map_err(|error| format!("its folders cannot be made: {error}"))?;
        raised.create_volumes()?;
        for member in 0..layout.members.len() {
            if raised.layout.event.is_some_and(|event| event.before == member) {
                raised.all_ready()?;
                raised.happen().map_err(|error| format!("the event cannot happen: {error}"))?;
            }
            if let Some((other, _)) = layout.members[member].from {
                raised.probes[other].ready()?;
            }
            raised.probes.push(engine.launch(&raised.start(member)));
        }
        raised.all_ready()?;
        raised.settle();
        Ok(raised)
    }

    fn all_ready(&mut self) -> Result<(), String> {
        self.probes.iter_mut().try_for_each(Probe::ready)
    }

    /// The containers' names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.probes.iter().map(|probe| probe.name.clone()).collect()
    }

    /// A host path, as a container that starts early or late names it.
    pub(crate) fn path(&self, tree: usize, spot: Spot, via: Via, late: bool) -> PathBuf {
        self.layout.path(self.engine.disks(), &self.folder, tree, spot, via, late)
    }

    fn build(&mut self) -> io::Result<()> {
        for at in 0..self.layout.trees.len() {
            let tree = self.layout.trees[at];
            let base = self.path(at, Spot::Base, Via::Direct, false);
            let state = base.join("home/.claude");
            fs::create_dir_all(base.join("home"))?;
            fs::create_dir(base.join("guard"))?;
            fs::write(base.join("guard/session.lock"), "")?;
            match tree.shape {
                Shape::Plain => fill(&state)?,
                Shape::Relative => {
                    fill(&base.join("home/store"))?;
                    symlink("store", &state)?;
                }
                Shape::Absolute => symlink("/data/claude", &state)?,
                Shape::Mounted => {
                    fill(&base.join("kept"))?;
                    // What lies under the mount is seen by way of another mount of the filesystem.
                    fill(&state)?;
                    must("mount", &["--bind", base.join("kept").to_str().unwrap(), state.to_str().unwrap()]);
                    self.mounted.push(state);
                }
            }
            self.link(at, false)?;
            permit(&base, tree)?;
        }
        Ok(())
    }

    /// The links of a tree, to what has the names now.
    fn link(&self, tree: usize, late: bool) -> io::Result<()> {
        for (spot, link) in [(Spot::Home, "home-link"), (Spot::State, "state-link")] {
            let link = self.path(tree, Spot::Base, Via::Direct, late).join(link);
            if link.is_symlink() {
                fs::remove_file(&link)?;
            }
            symlink(self.layout.below(tree, spot, Via::Direct, late), link)?;
        }
        Ok(())
    }

    fn create_volumes(&mut self) -> Result<(), String> {
        let label = format!("{}={}", sweep::LABEL, self.engine.run);
        for volume in self.layout.volumes.clone() {
            let name = self.engine.name("volume");
            let mut arguments = vec!["volume".to_owned(), "create".to_owned(), "--label".to_owned(), label.clone()];
            for (key, value) in self.driver_options(volume) {
                arguments.extend(["--opt".to_owned(), format!("{key}={value}")]);
            }
            arguments.push(name.clone());
            docker(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
            if volume == Volume::Named && self.engine.mounts_subpaths {
                let part = Path::new(&self.volume_directory).join(&name).join("_data").join(SUBPATH);
                fs::create_dir(part).map_err(|error| format!("the volume's directory cannot be made: {error}"))?;
            }
            self.volumes.push(name);
        }
        Ok(())
    }

    /// What the driver of a volume is told.
    pub(crate) fn driver_options(&self, volume: Volume) -> Vec<(&'static str, String)> {
        match volume {
            Volume::Named => Vec::new(),
            Volume::Disguise(tree, spot) => {
                let device = self.path(tree, spot, Via::Direct, false).display().to_string();
                vec![("type", "none".to_owned()), ("o", "bind".to_owned()), ("device", device)]
            }
        }
    }

    /// What a mount's source is called; nothing where it has no name.
    pub(crate) fn source(&self, mount: &Mount, late: bool) -> Option<String> {
        match mount.what {
            What::Host(tree, spot, via) => Some(self.path(tree, spot, via, late).display().to_string()),
            What::Volume(volume) | What::Subpath(volume) => Some(self.volumes[volume].clone()),
            What::VolumeData(volume) => Some(format!("{}/{}/_data", self.volume_directory, self.volumes[volume])),
            What::Anonymous | What::Tmpfs => None,
        }
    }

    fn start(&self, index: usize) -> Start {
        let member = &self.layout.members[index];
        let mut start = Start::participant(&self.engine.name("member"))
            .env("HOME", &member.home)
            .label("overlock.guard", member.guard_label());
        if let Some(config) = &member.config {
            start = start.env("CLAUDE_CONFIG_DIR", config);
        }
        if let Some((other, read_only)) = member.from {
            let name = &self.probes[other].name;
            let mode = if read_only { ":ro" } else { "" };
            start = start.option("--volumes-from", &format!("{name}{mode}"));
        }
        if member.user {
            start = start.option("--user", "1000:1000");
        }
        if member.read_only {
            start.options.push("--read-only".to_owned());
        }
        for mount in &member.mounts {
            let (name, value) = self.mount_option(mount, !self.layout.is_early(index));
            start = start.option(name, &value);
        }
        start
    }

    fn mount_option(&self, mount: &Mount, late: bool) -> (&'static str, String) {
        let target = &mount.target;
        let source = self.source(mount, late);
        let mode = if mount.read_only { ":ro" } else { "" };
        let kind = match mount.what {
            What::Host(..) | What::VolumeData(_) => "bind",
            What::Volume(_) | What::Subpath(_) | What::Anonymous => "volume",
            What::Tmpfs => "tmpfs",
        };
        match source {
            Some(source) if !mount.long => ("--volume", format!("{source}:{target}{mode}")),
            None if !mount.long && mount.what == What::Tmpfs => ("--tmpfs", format!("{target}{mode}")),
            None if !mount.long && !mount.read_only => ("--volume", target.clone()),
            source => {
                let source = source.map(|source| format!(",source={source}")).unwrap_or_default();
                let mode = if mount.read_only { ",readonly" } else { "" };
                let part = match mount.what {
                    What::Subpath(_) => format!(",volume-subpath={SUBPATH}"),
                    _ => String::new(),
                };
                ("--mount", format!("type={kind}{source},target={target}{part}{mode}"))
            }
        }
    }

    fn happen(&self) -> io::Result<()> {
        let Some(event) = self.layout.event else { return Ok(()) };
        let tree = self.layout.trees[event.tree];
        let old = self.path(event.tree, event.spot, Via::Direct, false);
        match event.kind {
            Happening::Recreated => fs::remove_dir_all(&old)?,
            Happening::Renamed | Happening::Replaced => {
                let mut moved = old.clone().into_os_string();
                moved.push("-moved");
                fs::rename(&old, moved)?;
            }
        }
        if event.kind != Happening::Renamed {
            let state = if event.spot == Spot::Home { old.join(".claude") } else { old.clone() };
            fill(&state)?;
            permit(&old, tree)?;
        }
        self.link(event.tree, true)
    }

    /// What the containers do before anything is measured: links, and the state directory where it is missing. The
    /// program would make it too; where it cannot, no lock can be made either.
    fn settle(&mut self) {
        for (member, probe) in self.layout.members.iter().zip(&mut self.probes) {
            for (target, link) in &member.links {
                // An heir of the mounts has them too, perhaps in a mount that is shared.
                let _ = probe.ask(&["symlink", target, link]);
            }
            if self.layout.trees.iter().any(|tree| tree.shape == Shape::Absolute) {
                let _ = probe.ask(&["mkdir-all", "/data/claude"]);
            }
            let _ = probe.ask(&["mkdir-all", &member.state()]);
        }
    }
}

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.probes.iter_mut().for_each(Probe::dismiss);
        self.probes.clear();
        for volume in &self.volumes {
            let _ = docker(&["volume", "rm", "--force", volume]);
        }
        for mounted in &self.mounted {
            must("umount", &["--lazy", mounted.to_str().unwrap()]);
        }
        for at in 0..self.layout.trees.len() {
            let base = self.path(at, Spot::Base, Via::Direct, false);
            let _ = fs::remove_dir_all(base.parent().unwrap_or(&base));
        }
    }
}

/// A state directory with what a program and other mounts may look for in it.
fn fill(state: &Path) -> io::Result<()> {
    fs::create_dir_all(state.join("deep/deep"))?;
    for directory in ["", "deep", "deep/deep"] {
        fs::write(state.join(directory).join(".credentials.json"), "{}")?;
    }
    Ok(())
}

/// Lets everybody write in a tree, or root alone.
fn permit(path: &Path, tree: Tree) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Ok(());
    }
    let mode = match (found.is_dir(), tree.open) {
        (true, true) => 0o777,
        (true, false) => 0o755,
        (false, true) => 0o666,
        (false, false) => 0o644,
    };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            permit(&entry?.path(), tree)?;
        }
    }
    Ok(())
}
