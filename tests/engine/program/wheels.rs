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
    let file = fetched(package, false)?.join("claude_agent_sdk/_bundled/claude");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// A package with all that it needs, as a directory of packages.
pub(super) fn package(version: &str) -> Result<PathBuf, String> {
    fetched(version, true)
}

/// What `pip` makes of a package, alone or with what it needs.
fn fetched(version: &str, is_whole: bool) -> Result<PathBuf, String> {
    let _one = FETCHING.lock().unwrap();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program");
    let folder = kept.join(format!("{version}{}", if is_whole { "-whole" } else { "" }));
    if folder.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&kept).map_err(|error| error.to_string())?;
    let fresh = tempfile::tempdir_in(&kept).map_err(|error| error.to_string())?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--only-binary", ":all:", "--no-compile"]);
    pip.args((!is_whole).then_some("--no-deps")).arg("--target").arg(fresh.path());
    output(pip.arg(format!("claude-agent-sdk=={version}"))).map_err(|why| format!("its package is not to be had: {why}"))?;
    fs::rename(fresh.keep(), &folder).map_err(|error| error.to_string())?;
    Ok(folder)
}
