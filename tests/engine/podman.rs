//! Podman with directories of its own, of root or of a user who is not: a service on a socket, and containers.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Engine, must, output};

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    Root,
    /// One with no further users to map, whose containers have one user alone.
    Nobody,
}

/// The number of that user (Debian's base-passwd), and of the group.
const NOBODY: u32 = 65_534;
/// The state directory in its containers.
const STATE: &str = "/home/agent/.claude";

pub(crate) struct Podman {
    folder: PathBuf,
    user: User,
    service: Child,
    _kept: tempfile::TempDir,
}

impl Podman {
    /// Starts the service, and waits until it answers.
    pub(crate) fn start(engine: &Engine, user: User) -> Self {
        // Podman takes no directory of a long name.
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().to_owned();
        let files = folder.join("files");
        must("cp", &["-a", engine.folder.join("image").to_str().unwrap(), files.to_str().unwrap()]);
        for name in ["root", "run", "tmp", "home", "runtime", "files/proc", "files/dev", "files/sys"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::create_dir_all(files.join(&STATE[1..])).unwrap();
        fs::set_permissions(folder.join("runtime"), fs::Permissions::from_mode(0o700)).unwrap();
        if user == User::Nobody {
            must("chown", &["-R", &format!("{NOBODY}:{NOBODY}"), folder.to_str().unwrap()]);
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut command = command(&folder, user);
        command.args(["system", "service", "--time", "0", &address(&folder)]);
        let service = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let podman = Self { folder, user, service, _kept: kept };
        let deadline = Instant::now() + Duration::from_secs(120);
        while !Path::new(&podman.socket()).exists() {
            assert!(Instant::now() < deadline, "Podman does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        podman
    }

    /// A container with the files of the tests' image that runs the program.
    pub(crate) fn run(&self, _: &Engine, name: &str, source: &Path) {
        let volume = format!("{}:{STATE}", source.display());
        let mut command = command(&self.folder, self.user);
        command.args(["run", "--detach", "--name", name, "--network", "none", "--volume", &volume]);
        // Where the machine allows no more, Podman's own limits are refused.
        command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--env", "HOME=/home/agent"]);
        command.args(["--label", "overlock.role=batch", "--label", "overlock.version=2.1.98", "--rootfs"]);
        command.args([self.folder.join("files").to_str().unwrap(), "/usr/local/bin/claude", "-p", "hello"]);
        output(&mut command).unwrap_or_else(|error| panic!("{:?}: {error}", self.user));
    }

    /// What a command of it prints.
    pub(crate) fn output(&self, arguments: &[&str]) -> String {
        output(command(&self.folder, self.user).args(arguments)).unwrap()
    }

    pub(crate) fn socket(&self) -> String {
        address(&self.folder).trim_start_matches("unix://").to_owned()
    }

    pub(crate) fn address(&self) -> String {
        address(&self.folder)
    }
}

fn address(folder: &Path) -> String {
    format!("unix://{}", folder.join("runtime/podman.sock").display())
}

fn command(folder: &Path, user: User) -> Command {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut command = match user {
        User::Root => Command::new("podman"),
        User::Nobody => {
            let mut command = Command::new("setpriv");
            let number = NOBODY.to_string();
            command.args(["--reuid", &number, "--regid", &number, "--clear-groups", "podman"]);
            command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
            command.env("HOME", at("home")).env("XDG_RUNTIME_DIR", at("runtime"));
            command.current_dir(folder);
            command
        }
    };
    command.args(["--root", &at("root"), "--runroot", &at("run"), "--tmpdir", &at("tmp")]);
    command.args(["--cgroup-manager", "cgroupfs", "--storage-driver", "vfs", "--events-backend", "none"]);
    command
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = output(command(&self.folder, self.user).args(["rm", "--all", "--force", "--time", "0"]));
        let _ = self.service.kill();
        let _ = self.service.wait();
    }
}
