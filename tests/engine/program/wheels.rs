//! The versions of the program, as packages of Python bring them: fetched once, kept in `target/`, never committed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::super::output;

/// Packages, and the version of the program in each, as they were measured.
const PACKAGES: &[(&str, &str)] = &[
    ("0.1.19", "2.1.1"),
    ("0.1.73", "2.1.128"),
    ("0.1.76", "2.1.132"),
    ("0.1.81", "2.1.139"),
    ("0.2.82", "2.1.142"),
    ("0.2.149", "2.1.252"),
    ("0.2.189", "2.1.332"),
];

/// One at a time.
static FETCHING: Mutex<()> = Mutex::new(());

/// The program of a version.
pub(super) fn program(version: &str) -> Result<PathBuf, String> {
    let (package, _) = PACKAGES
        .iter()
        .find(|(_, program)| *program == version)
        .ok_or_else(|| format!("no package is known to bring {version}"))?;
    let file = installed(package)?.join("claude_agent_sdk/_bundled/claude");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// The files of a package and of all that it needs, for `pip` to install from.
pub(super) fn files(version: &str) -> Result<PathBuf, String> {
    kept(&format!("{version}-files"), |folder| {
        let mut pip = pip(&["download"]);
        pip.arg("--dest").arg(folder).arg(format!("claude-agent-sdk=={version}"));
        pip
    })
}

/// A package alone, as `pip` installs it.
fn installed(version: &str) -> Result<PathBuf, String> {
    kept(version, |folder| {
        let mut pip = pip(&["install", "--no-compile", "--no-deps"]);
        pip.arg("--target").arg(folder).arg(format!("claude-agent-sdk=={version}"));
        pip
    })
}

fn pip(words: &[&str]) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip"]).args(words).args(["--quiet", "--no-cache-dir", "--only-binary", ":all:"]);
    pip
}

/// What a command puts into a folder, unless an earlier run had it do so.
fn kept(name: &str, command: impl Fn(&Path) -> Command) -> Result<PathBuf, String> {
    let _one = FETCHING.lock().unwrap();
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program");
    let folder = all.join(name);
    if folder.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&all).map_err(|error| error.to_string())?;
    let fresh = tempfile::tempdir_in(&all).map_err(|error| error.to_string())?;
    output(&mut command(fresh.path())).map_err(|why| format!("its package is not to be had: {why}"))?;
    fs::rename(fresh.keep(), &folder).map_err(|error| error.to_string())?;
    Ok(folder)
}
