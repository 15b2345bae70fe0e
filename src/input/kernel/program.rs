//! Which version of a program is installed in a container, by its files; it is never run.
//! Uses `model`, `rules` and serde_json.

use std::collections::BTreeSet;

use super::process::version_of;
use super::root::{End, Root};
use crate::model::{Entry, EntryKind, Installed, join};
use crate::rules::Profile;

/// Where commands are looked for when nothing says: the usual value of images and of `execvp`.
pub(super) const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where packages of npm lie that are installed for everybody.
const PREFIXES: [&str; 2] = ["/usr/local", "/usr"];
/// Where programs lie that a user installs for themselves, below the home.
const OWN_COMMANDS: &str = ".local/bin";
/// No `package.json` is larger.
const MOST_MANIFEST: u64 = 1 << 20;
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
            End::There(there) => Some((followed.real, there.entry)),
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
    }
    found
}

/// The program that a command's path leads to.
fn command_at(tree: &dyn Tree, profile: &Profile, path: &str) -> Option<Installed> {
    let (real, entry) = tree.at(path)?;
    if entry.kind != EntryKind::File || entry.mode & 0o111 == 0 {
        return None;
    }
    match package_of(profile, &real) {
        Some(package) => package_at(tree, profile, package).or(Some(program(profile, package, None))),
        None => Some(program(profile, &real, version_of(profile, &real))),
    }
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
