//! An engine of a test's own, with directories of its own: what it is told concerns no other one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{ENTRYPOINT, Engine, must, output};

/// How long an engine may take that starts, or that starts a container, on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// What an engine of a swarm makes in the machine's network and leaves there.
const GATEWAY: &str = "docker_gwbridge";
/// How many engines there are, and whether the machine had the gateway before the first of them.
static RUNNING: Mutex<(usize, bool)> = Mutex::new((0, false));

pub(crate) struct PrivateEngine {
    folder: PathBuf,
    daemon: Child,
    /// Its network interface: an engine that is given none takes the bridge of the machine's own one away as it starts.
    bridge: String,
}

impl PrivateEngine {
    /// Starts it, with the image of all tests, and waits until it answers.
    pub(crate) fn start(engine: &Engine) -> Self {
        // The path of a socket must be short.
        let name = engine.name("d");
        let number = name.split('-').nth(2).unwrap();
        let folder = engine.folder.join(format!("d{number}"));
        let bridge = format!("ovl{:x}-{number}", std::process::id());
        must("ip", &["link", "add", &bridge, "type", "bridge"]);
        {
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            if running.0 == 0 {
                running.1 = Path::new("/sys/class/net").join(GATEWAY).exists();
            }
            running.0 += 1;
        }
        fs::create_dir(&folder).unwrap();
        let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        // The machine's own configuration is another engine's.
        fs::write(at("daemon.json"), "{}").unwrap();
        let log = File::create(at("log")).unwrap();
        // It ends with this test, however that ends.
        let daemon = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "dockerd", "--config-file", &at("daemon.json")])
            .args(["--data-root", &at("data"), "--exec-root", &at("exec"), "--pidfile", &at("pid")])
            .args(["--host", &format!("unix://{}", at("s")), "--bridge", &bridge, "--iptables=false"])
            .args(["--ip-masq=false", "--log-level", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let private = Self { folder, daemon, bridge };
        private.until("it answers", |private| private.docker(&["version"]).is_ok());
        let archive = engine.folder.join("image.tar");
        private.must(&["import", "--change", ENTRYPOINT, archive.to_str().unwrap(), &engine.image]);
        private
    }

    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.folder.join("s").display())
    }

    pub(crate) fn docker(&self, arguments: &[&str]) -> Result<String, String> {
        output(Command::new("docker").args(["--host", &self.address()]).args(arguments))
    }

    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let done = self.docker(arguments);
        done.unwrap_or_else(|error| panic!("{arguments:?}: {error}; the engine said: {}", self.log()))
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("level=info")).collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "not in time: {what}; the engine said: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn unmount(&self) {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        let mut own: Vec<&str> = points.filter(|point| Path::new(point).starts_with(&self.folder)).collect();
        // The last mounted first.
        own.reverse();
        for point in own {
            let _ = output(Command::new("umount").args(["-l", point]));
        }
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        let _ = self.docker(&["swarm", "leave", "--force"]);
        let left = self.docker(&["ps", "--all", "--quiet"]).unwrap_or_default();
        for container in left.lines() {
            let _ = self.docker(&["rm", "--force", "--volumes", container]);
        }
        let pid = self.daemon.id().to_string();
        let _ = output(Command::new("kill").args(["-TERM", &pid]));
        let deadline = Instant::now() + Duration::from_secs(60);
        while matches!(self.daemon.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.daemon.kill();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.unmount();
        let _ = output(Command::new("ip").args(["link", "delete", &self.bridge]));
        {
            let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            running.0 -= 1;
            if *running == (0, false) {
                let _ = output(Command::new("ip").args(["link", "delete", GATEWAY]));
            }
        }
        let removed = output(Command::new("rm").args(["-rf", "--one-file-system"]).arg(&self.folder));
        if !std::thread::panicking() {
            removed.unwrap();
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port(address: &str) -> u16 {
    std::net::TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port()
}

/// Addresses of this machine alone, which no other run uses: a swarm listens on fixed ports of its nodes' addresses.
pub(crate) fn own_address(node: u8) -> String {
    let pid = std::process::id();
    let (high, low) = ((pid >> 8) % 250 + 2, pid % 256);
    format!("127.{high}.{low}.{node}")
}

/// Writes a text into a new folder of the tests, and gives the folder.
pub(crate) fn folder_with(engine: &Engine, name: &str, text: &str) -> PathBuf {
    let folder = engine.directory("files");
    fs::write(folder.join(name), text).unwrap();
    must("chmod", &["755", folder.to_str().unwrap()]);
    folder
}
