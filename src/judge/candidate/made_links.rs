//! Links that a container's own commands make before the program runs. May use `model` and earlier parts of `judge`.

use super::calls::seen_calls;
use super::word_path::{UNKNOWN_HOME, expand_choices};
use crate::judge::place::MountLookup;
use crate::model::{
    Container, EntryKind, Invocation, Link, Mount, Word, clean, is_letter, join, operands, parent_and_name,
    program_name, split_below,
};
use crate::text::Span;

/// Directories that every image has.
const SYSTEM_DIRECTORIES: [&str; 13] = [
    "/",
    "/bin",
    "/etc",
    "/home",
    "/mnt",
    "/opt",
    "/root",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/local/bin",
    "/var",
];

/// A link, and the command that makes it.
pub(crate) struct MadeLink {
    pub(crate) link: Link,
    pub(crate) span: Span,
    /// Whether it is made whatever stood there (`ln -f`) and whatever a condition says.
    is_sure: bool,
    /// Whether it is made only where a condition holds.
    is_conditional: bool,
}

impl MadeLink {
    /// Whether a file stands where it would be, on a mount that could be looked at, so that a command which asks first, or
    /// does not take the old away, makes none.
    pub(crate) fn is_kept_off(&self, container: &Container) -> bool {
        let entry = container.shown().entries.get(&self.link.name);
        !self.is_sure && entry.is_some_and(|entry| entry.kind == EntryKind::File)
    }
}

/// The links that the build of its image and the container's commands make, each with the place of the command. A home
/// that is not known is one all the same.
pub(crate) fn made_links(container: &Container, home: Option<&str>) -> Vec<MadeLink> {
    let home = home.unwrap_or(UNKNOWN_HOME);
    let is_link = |call: &&Invocation| program_name(call) == "ln";
    let built = container.installs.iter().filter(is_link).map(|call| (call, true));
    let made = built.chain(seen_calls(container).filter(is_link).map(|call| (call, false)));
    // Nothing takes the place of a mount: the command fails, or one of the build leads where the mount then is.
    let is_free = |made: &MadeLink| {
        let is_above = |mount: &Mount| split_below(&mount.target.text, &made.link.name).is_some();
        !container.mounts.iter().any(is_above)
    };
    let links = made.flat_map(|(call, is_built)| {
        let is_there = |path: &str| {
            let is_known =
                if is_built { is_made_by_build(path, container) } else { is_there_at_start(path, container, home) };
            is_known && !is_removed_before(path, call, container, is_built)
        };
        links_of(call, container, home, &is_there)
    });
    links.filter(is_free).collect()
}

/// The links that a call makes: one for each of its targets, and in a loop over names one for each of these.
fn links_of(
    call: &Invocation,
    container: &Container,
    home: &str,
    is_directory: &dyn Fn(&str) -> bool,
) -> Vec<MadeLink> {
    let has = |long: &str, letter| call.argv.iter().any(|word| word == long || is_letter(word, letter));
    if !has("--symbolic", 's') {
        return Vec::new();
    }
    let expand = |word: &Word| expand_choices(word, call, container, Some(home));
    let operands = operands(call);
    let here = Word::literal(".");
    let (targets, place): (&[&Word], &Word) = match operands.as_slice() {
        [] => return Vec::new(),
        [only] => (std::slice::from_ref(only), &here),
        [targets @ .., place] => (targets, place),
    };
    let is_never_into = has("--no-target-directory", 'T');
    let is_given = call.argv.iter().any(|word| word.starts_with("--target-directory") || is_letter(word, 't'));
    let is_named_into = operands.len() != 2 || is_given || place.ends_with('/');
    let is_into = |path: &str| !is_never_into && (is_named_into || is_directory(path));
    let is_sure = has("--force", 'f') && !call.conditional;
    let mut made = Vec::new();
    for target in targets {
        let (_, last) = parent_and_name(target).unwrap_or(("", target));
        let names = expand(place).into_iter().map(|path| if is_into(&path) { join(&path, last) } else { path });
        let names: Vec<String> = names.collect();
        let is_whole = target.starts_with(['/', '~', '$']);
        let targets = if is_whole { expand(target) } else { vec![target.to_string()] };
        let pairs: Vec<(&String, &String)> = match targets.as_slice() {
            [target] => names.iter().map(|name| (name, target)).collect(),
            targets if targets.len() == names.len() => names.iter().zip(targets).collect(),
            _ => Vec::new(),
        };
        made.extend(pairs.into_iter().filter_map(|(name, target)| {
            // A link's target is read from where the link is.
            let (directory, _) = parent_and_name(name)?;
            let target = if is_whole { target.clone() } else { join(directory, target) };
            let link = Link { name: name.clone(), target: clean(&target) };
            Some(MadeLink { link, span: call.span, is_sure, is_conditional: call.conditional })
        }));
    }
    made
}

/// Whether the commands before one remove what is at a path, so that what that makes is the path itself.
fn is_removed_before(path: &str, by: &Invocation, container: &Container, is_built: bool) -> bool {
    let path = clean(path);
    let removes = |call: &&Invocation| {
        let words = || operands(call).into_iter().filter_map(Word::known).map(clean);
        match program_name(call) {
            "rm" | "rmdir" => words().any(|word| word == path),
            // What is moved away.
            "mv" => words().next().is_some_and(|word| word == path) && operands(call).len() == 2,
            _ => false,
        }
    };
    let is_before = |call: &&Invocation| !std::ptr::eq(*call, by);
    if is_built {
        container.installs.iter().take_while(is_before).any(|call| removes(&call))
    } else {
        seen_calls(container).take_while(is_before).any(|call| removes(&call))
    }
}

/// Whether a directory is there in the build: one of the system, or that a command before makes.
fn is_made_by_build(path: &str, container: &Container) -> bool {
    let path = clean(path);
    let makes = |call: &Invocation| match program_name(call) {
        "mkdir" | "install" => call.argv.iter().any(|word| split_below(word, &path).is_some()),
        "useradd" | "adduser" => {
            let user = path.strip_prefix("/home/").unwrap_or(&path);
            call.argv.iter().any(|word| **word == *user || **word == *path)
        }
        _ => false,
    };
    SYSTEM_DIRECTORIES.contains(&path.as_str()) || container.installs.iter().any(makes)
}

/// Whether a directory is there before the container's commands run: a home, where they run, what the system has, or one
/// that is mounted or has mounts in it.
fn is_there_at_start(path: &str, container: &Container, home: &str) -> bool {
    let path = clean(path);
    let is_user_home = path.strip_prefix("/home/").is_some_and(|user| !user.contains('/'));
    let is_own = path == home || container.working_dir.as_ref().is_some_and(|directory| directory.text == path);
    let is_mounted = |mount: &Mount| split_below(&mount.target.text, &path).is_some();
    is_own || is_user_home || SYSTEM_DIRECTORIES.contains(&path.as_str()) || container.mounts.iter().any(is_mounted)
}

/// The link at a path that the container's commands made and that is no more: a program that saves a file anew puts it in
/// the place of a link, and the next start puts the link back.
pub(crate) fn replaced_link(
    container: &Container,
    home: Option<&str>,
    path: &str,
    mounts: &MountLookup<'_>,
) -> Option<MadeLink> {
    let shown = container.shown();
    let (directory, file) = parent_and_name(path)?;
    let real = join(&mounts.real(directory), file);
    shown.entries.get(&real).filter(|entry| entry.kind == EntryKind::File)?;
    // What is on a mount may have been there before it started.
    let is_kept = mounts.land_without_links(&real).mount.is_some();
    let was_made = |made: &MadeLink| {
        let is_there = shown.entries.contains_key(&mounts.real(&made.link.target));
        made.is_sure || !is_kept && (!made.is_conditional || is_there)
    };
    let is_at = |made: &MadeLink| {
        parent_and_name(&made.link.name).is_some_and(|(directory, name)| join(&mounts.real(directory), name) == real)
    };
    let mut made = made_links(container, home).into_iter().filter(|made| is_at(made) && was_made(made));
    made.next().map(|made| MadeLink { link: Link { name: real, ..made.link }, ..made })
}
