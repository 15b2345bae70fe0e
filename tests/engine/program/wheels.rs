//! The versions of the program, as packages of Python bring them: fetched once, kept in `target/`, never committed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

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

/// Stands for the version of the newest package.
const NEWEST: &str = "newest";
static FETCHED_NEWEST: OnceLock<Result<String, String>> = OnceLock::new();

/// One at a time.
static FETCHING: Mutex<()> = Mutex::new(());

/// The versions of the program that are measured, oldest first.
pub(super) fn versions() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().map(|(_, program)| *program)
}

/// The newest package that there is, fetched anew by each run: the version of the program in it.
pub(super) fn newest() -> Result<&'static str, String> {
    let fetch = || {
        let _ = fs::remove_dir_all(all_kept().join(NEWEST));
        let told = installed(NEWEST)?.join("claude_agent_sdk/_cli_version.py");
        let text = fs::read_to_string(&told).map_err(|error| format!("{}: {error}", told.display()))?;
        let version = text.split('"').find(|part| part.starts_with(|first: char| first.is_ascii_digit()));
        version.map(str::to_owned).ok_or_else(|| format!("no version in {text}"))
    };
    FETCHED_NEWEST.get_or_init(fetch).as_deref().map_err(Clone::clone)
}

/// The program of a version.
pub(super) fn program(version: &str) -> Result<PathBuf, String> {
    let is_newest = FETCHED_NEWEST.get().is_some_and(|newest| newest.as_deref() == Ok(version));
    let known = PACKAGES.iter().find(|(_, program)| *program == version).map(|(package, _)| *package);
    let package = known.or(is_newest.then_some(NEWEST));
    let package = package.ok_or_else(|| format!("no package is known to bring {version}"))?;
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
        let asked = if version == NEWEST { String::new() } else { format!("=={version}") };
        pip.arg("--target").arg(folder).arg(format!("claude-agent-sdk{asked}"));
        pip
    })
}

/// Where all of it is kept.
fn all_kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("program")
}

fn pip(words: &[&str]) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip"]).args(words).args(["--quiet", "--no-cache-dir", "--only-binary", ":all:"]);
    pip
}

/// What a command puts into a folder, unless an earlier run had it do so.
fn kept(name: &str, command: impl Fn(&Path) -> Command) -> Result<PathBuf, String> {
    let _one = FETCHING.lock().unwrap();
    let all = all_kept();
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
