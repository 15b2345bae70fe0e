//! Which version of a program is installed in a container, by its files; it is never run.
//! Uses `model`, `rules` and serde_json.

use std::collections::BTreeSet;

use super::process::{SHELLS, file_name, version_of};
use super::root::{PathEnd, Root};
use super::text::shown;
use crate::model::{Entry, EntryKind, Installed, join};
use crate::rules::{Bundle, Profile, VersionRange};

/// Where packages of npm lie that are installed for everybody.
const PREFIXES: [&str; 2] = ["/usr/local", "/usr"];
/// Where programs lie that a user installs for themselves, below the home.
const OWN_COMMANDS: &str = ".local/bin";
/// The second numbers of Python's versions that are looked for.
const PYTHON_MINORS: std::ops::RangeInclusive<u32> = 8..=16;
/// No `package.json` is larger.
const MOST_MANIFEST: u64 = 1 << 20;
/// No file that tells a version alone is larger.
const MOST_VERSION: u64 = 4 << 10;
/// No script that only leads to a program is larger.
const MOST_WRAPPER: u64 = 64 << 10;
/// How many directories of `PATH` are looked into.
const MOST_DIRECTORIES: usize = 64;

/// Files that programs are installed among: of a container, or of an image.
pub(super) trait Tree {
    /// What stands at an absolute path, and that path after all links.
    fn at(&self, path: &str) -> Option<(String, Entry)>;

    /// The bytes of a regular file of at most `most` bytes.
    fn read(&self, path: &str, most: u64) -> Option<Vec<u8>>;
}

impl Tree for Root {
    fn at(&self, path: &str) -> Option<(String, Entry)> {
        let followed = self.follow(path);
        match followed.end {
            PathEnd::There(there) => Some((followed.real, there.entry)),
            _ => None,
        }
    }

    fn read(&self, path: &str, most: u64) -> Option<Vec<u8>> {
        self.read_file(path, most).ok()
    }
}

/// The programs in a tree, each file once, those that `path` comes to first before others.
pub(super) fn installed(tree: &dyn Tree, profiles: &[Profile], path: &str, homes: &BTreeSet<String>) -> Vec<Installed> {
    let mut found: Vec<Installed> = Vec::new();
    for profile in profiles {
        let own = homes.iter().map(|home| join(home, OWN_COMMANDS));
        let directories = path.split(':').filter(|directory| directory.starts_with('/')).map(str::to_owned).chain(own);
        let mut add = |program: Option<Installed>| {
            if let Some(program) = program.filter(|program| found.iter().all(|known| known.path != program.path)) {
                found.push(program);
            }
        };
        for directory in directories.take(MOST_DIRECTORIES) {
            for command in &profile.commands {
                add(command_at(tree, profile, &join(&directory, command)));
            }
        }
        for prefix in PREFIXES {
            for package in &profile.packages {
                add(package_at(tree, profile, &format!("{prefix}/lib/node_modules/{package}")));
            }
        }
        for copy in bundled_copies(tree, profile, path, homes) {
            add(command_at(tree, profile, &copy));
        }
    }
    found
}

/// Where copies may be that packages of Python bring: beside each directory of commands, as environments are made, and
/// below the homes.
fn bundled_copies(tree: &dyn Tree, profile: &Profile, path: &str, homes: &BTreeSet<String>) -> Vec<String> {
    let bundles: Vec<_> =
        profile.bundled_by.iter().filter(|bundle| !bundle.directory.contains("/node_modules/")).collect();
    if bundles.is_empty() {
        return Vec::new();
    }
    let beside = path.split(':').filter_map(|directory| directory.strip_suffix("/bin")).map(|above| join(above, "lib"));
    let own = homes.iter().map(|home| join(home, ".local/lib"));
    let prefixes = PREFIXES.iter().map(|prefix| join(prefix, "lib"));
    let libraries: BTreeSet<String> =
        beside.take(MOST_DIRECTORIES).chain(own.take(MOST_DIRECTORIES)).chain(prefixes).collect();
    let minors = PYTHON_MINORS.map(|minor| format!("python3.{minor}"));
    let versions: Vec<String> = ["python3".to_owned()].into_iter().chain(minors).collect();
    let mut copies = Vec::new();
    for library in libraries.iter().filter(|library| tree.at(library).is_some()) {
        for python in versions.iter().map(|version| join(library, version)).filter(|python| tree.at(python).is_some()) {
            for packages in ["site-packages", "dist-packages"] {
                for bundle in &bundles {
                    let copy = |command| format!("{python}/{packages}{}/{command}", bundle.directory);
                    copies.extend(profile.commands.iter().map(copy));
                }
            }
        }
    }
    copies
}

/// The program that a command's path leads to.
fn command_at(tree: &dyn Tree, profile: &Profile, path: &str) -> Option<Installed> {
    let (real, entry) = tree.at(path)?;
    if entry.kind != EntryKind::File || entry.mode & 0o111 == 0 {
        return None;
    }
    let found = program_of(tree, profile, &real);
    // What leads to a program is none: what it starts is found where it is.
    let leads_on = found.version.is_none() && found.path == real && is_shell_script(tree, &real);
    (!leads_on).then_some(found)
}

/// Whether a file is a script for a shell.
fn is_shell_script(tree: &dyn Tree, path: &str) -> bool {
    let Some(bytes) = tree.read(path, MOST_WRAPPER) else { return false };
    let first = bytes.strip_prefix(b"#!").and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let words = first.map(|line| shown(line).into_owned()).unwrap_or_default();
    words.split_whitespace().take(2).any(|word| SHELLS.contains(&file_name(word)))
}

/// The program that a file is part of; no link is on its path.
pub(super) fn program_of(tree: &dyn Tree, profile: &Profile, file: &str) -> Installed {
    if let Some((directory, bundle)) = bundle_of(profile, file) {
        let read = |name: &String| tree.read(&join(directory, name), MOST_VERSION);
        let version = bundle.version_files.iter().filter_map(read).find_map(|bytes| version_in_text(&bytes));
        return program(profile, file, version);
    }
    match package_of(profile, file) {
        Some(package) => package_at(tree, profile, package).unwrap_or_else(|| program(profile, package, None)),
        None => program(profile, file, version_of(profile, file)),
    }
}

/// The file that tells the version of a program which lies with others in a package: what is replaced together with it.
pub(super) fn manifest_of(profile: &Profile, file: &str) -> Option<String> {
    package_of(profile, file).map(|package| format!("{package}/package.json"))
}

/// The directory of a copy that a package brings, and that package, where a path lies in one.
fn bundle_of<'a, 'b>(profile: &'b Profile, path: &'a str) -> Option<(&'a str, &'b Bundle)> {
    profile.bundled_by.iter().find_map(|bundle| {
        let inside = format!("{}/", bundle.directory);
        Some((path.get(..path.find(&inside)? + inside.len() - 1)?, bundle))
    })
}

/// The first version that a short text names.
fn version_in_text(bytes: &[u8]) -> Option<String> {
    let text = shown(bytes);
    let words = text.split(|ch: char| !(ch.is_ascii_alphanumeric() || ".+-".contains(ch)));
    let is_version =
        |word: &&str| word.len() <= 64 && word.split('.').count() > 2 && VersionRange::parse(word).is_some();
    words.into_iter().find(is_version).map(str::to_owned)
}

/// The directory of the program's package that a path lies in.
fn package_of<'a>(profile: &Profile, path: &'a str) -> Option<&'a str> {
    profile.packages.iter().find_map(|package| {
        let inside = format!("/node_modules/{package}/");
        path.get(..path.find(&inside)? + inside.len() - 1)
    })
}

/// The package in a directory, by its `package.json`.
fn package_at(tree: &dyn Tree, profile: &Profile, directory: &str) -> Option<Installed> {
    let bytes = tree.read(&format!("{directory}/package.json"), MOST_MANIFEST)?;
    Some(program(profile, directory, version_in(&bytes)))
}

fn program(profile: &Profile, path: &str, version: Option<String>) -> Installed {
    Installed { program: profile.id.clone(), path: path.to_owned(), version, span: None }
}

/// The version that a `package.json` gives, where it looks like one.
pub(super) fn version_in(bytes: &[u8]) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let version = manifest.get("version")?.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+-".contains(&byte);
    (version.len() <= 64 && version.bytes().all(plain)).then(|| version.to_owned())
}
