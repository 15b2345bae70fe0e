//! Overlock beside a real engine and a real kernel. All tests of this module share one image, one folder and one run
//! id, and leave nothing behind.
//!
//! They need root (they mount filesystems and look into containers), a Docker engine on this host, and some of them
//! programs that not every machine has (`wanted`). Where one is missing a test says that it is skipped, and why; with
//! `OVERLOCK_REQUIRE_DOCKER` set that is a failure.

mod apart;
mod audit;
mod build;
mod churn;
mod compare;
mod compose_file;
mod container;
mod disk;
mod draw;
mod drawn_entrypoints;
mod entrypoint_text;
mod entrypoints;
mod exported;
mod findmnt;
mod ground_truth;
mod guard_proof;
mod image;
mod kernel_facts;
mod late;
mod layout;
mod not_root;
mod podman;
mod preflight;
mod private;
mod program;
mod raise;
mod report;
mod running_version;
mod several;
mod start;
mod start_facts;
mod strace;
mod swarm;
mod sweep;
mod truth;
mod turned;
mod unlisted;
mod volume_device;
pub(crate) mod wanted;
mod watch;

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

pub(crate) use container::{Probe, Start};
pub(crate) use sweep::say;

/// Makes a failure of every test that would be skipped.
const REQUIRE: &str = "OVERLOCK_REQUIRE_DOCKER";

/// The user that is not root in containers.
pub(crate) const USER: u32 = 1000;

/// What the tests of one run share.
pub(crate) struct Engine {
    /// The run's id, on everything it makes.
    pub(crate) run: String,
    /// The image of all containers.
    pub(crate) image: String,
    /// For everything on the host; removed at the end.
    pub(crate) folder: PathBuf,
    disks: OnceLock<disk::Disks>,
    next: AtomicU64,
    volumes: String,
    /// Whether it can mount a directory of a volume (API 1.45).
    pub(crate) mounts_subpaths: bool,
    /// Its standard input is open as long as this process lives.
    _clearing: Child,
}

/// The engine for a test, or nothing, which the test then returns on.
pub(crate) fn engine(test: &str) -> Option<&'static Engine> {
    engine_and(test, &[])
}

/// The same for a test that wants some programs.
pub(crate) fn engine_and(test: &str, wanted: &[wanted::Wanted]) -> Option<&'static Engine> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    let engine = ENGINE.get_or_init(Engine::new).as_ref().map_err(Clone::clone);
    match engine.and_then(|engine| wanted::missing(wanted).map_or(Ok(engine), Err)) {
        Ok(engine) => Some(engine),
        Err(why) => skip(test, &why),
    }
}

/// What was said already: some ask for each case.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says that a test is skipped, which is a failure where it is required.
pub(crate) fn skip<T>(test: &str, why: &str) -> Option<T> {
    assert!(env::var_os(REQUIRE).is_none(), "{test}: {why}, and {REQUIRE} is set");
    let line = format!("skipped, {test}: {why}");
    if SAID.lock().unwrap().insert(line.clone()) {
        say(&line);
    }
    None
}

impl Engine {
    fn new() -> Result<Self, String> {
        if fs::metadata("/proc/self").map_err(|error| format!("no /proc: {error}"))?.uid() != 0 {
            return Err("not run as root".to_owned());
        }
        let version = docker(&["version", "--format", "{{.Server.APIVersion}}"]);
        let version = version.map_err(|error| format!("no Docker engine: {error}"))?;
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        sweep::sweep();
        let volumes = format!("{}/volumes", docker(&["info", "--format", "{{.DockerRootDir}}"])?);
        let run = sweep::run_id();
        let folder = sweep::folder(&run);
        fs::create_dir(&folder).unwrap();
        // The run that is not root has to come through.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let clearing = sweep::clear_at_the_end(&run, &folder);
        let image = format!("{}:{run}", sweep::LABEL);
        import(&folder, &image);
        let (disks, next) = (OnceLock::new(), AtomicU64::new(0));
        let engine =
            Self { run, image, folder, disks, next, volumes, mounts_subpaths: minor >= Some(45), _clearing: clearing };
        let probe = engine.start(&Start::new(&engine.name("first")));
        let seen = Path::new("/proc").join(probe.pid().to_string()).join("mountinfo").exists();
        if seen { Ok(engine) } else { Err("the Docker engine runs on another host".to_owned()) }
    }

    /// A name that nothing else has, for a container or a volume.
    pub(crate) fn name(&self, stem: &str) -> String {
        let pid = self.run.split('-').next().unwrap_or_default();
        format!("overlock-{pid}-{}-{stem}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// A new folder of the host.
    pub(crate) fn directory(&self, stem: &str) -> PathBuf {
        let folder = self.folder.join(self.name(stem));
        fs::create_dir(&folder).unwrap();
        folder
    }

    /// Where the engine keeps its volumes.
    pub(crate) fn volume_directory(&self) -> String {
        self.volumes.clone()
    }

    /// Filesystems of several types, mounted on first use.
    pub(crate) fn disks(&self) -> &disk::Disks {
        self.disks.get_or_init(|| disk::Disks::mount(&self.folder))
    }
}

/// What a docker command prints, or what it says is wrong.
pub(crate) fn docker(arguments: &[&str]) -> Result<String, String> {
    output(Command::new("docker").args(arguments))
}

/// What a command prints, or what it says is wrong.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name} cannot be run: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(format!("{name}: {}", text(&output.stderr))) }
}

/// Runs a command that must succeed.
pub(crate) fn must(program: &str, arguments: &[&str]) -> String {
    let done = output(Command::new(program).args(arguments));
    done.unwrap_or_else(|error| panic!("{program} {}: {error}", arguments.join(" ")))
}

/// The probe, compiled once for each text it has.
fn probe() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/probe.rs");
    let mut hasher = DefaultHasher::new();
    fs::read(&source).unwrap().hash(&mut hasher);
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("probe-{:016x}", hasher.finish()));
    if !built.exists() {
        let fresh = built.with_extension(std::process::id().to_string());
        let flags = ["--edition", "2024", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-O"];
        let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
        let built_it = output(Command::new(rustc).args(flags).arg(&source).arg("-o").arg(&fresh));
        built_it.unwrap_or_else(|error| panic!("the probe does not compile: {error}"));
        fs::rename(&fresh, &built).unwrap();
    }
    built
}

/// How the image's archive is imported.
pub(crate) const ENTRYPOINT: &str = "ENTRYPOINT [\"/usr/local/bin/probe\"]";

/// Makes the image: the probe, also by the program's name, and homes.
fn import(folder: &Path, image: &str) {
    let root = folder.join("image");
    let binaries = root.join("usr/local/bin");
    for directory in ["usr/local/bin", "etc", "tmp", "root", "run", "home/agent", "home/node", "srv/my home"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    fs::copy(probe(), binaries.join("probe")).unwrap();
    fs::hard_link(binaries.join("probe"), binaries.join("claude")).unwrap();
    fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\nagent:x:1000:1000::/home/agent:/bin/sh\n").unwrap();
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    chown(root.join("home/agent"), Some(USER), Some(USER)).unwrap();
    let archive = folder.join("image.tar");
    must("tar", &["-C", root.to_str().unwrap(), "-cf", archive.to_str().unwrap(), "."]);
    must("docker", &["import", "--change", ENTRYPOINT, archive.to_str().unwrap(), image]);
}
