//! `-v` and `--tmpfs` (docker run, "Mount volume"; the engine's own parser, where that leaves something open).
//! Uses `phrase`, `option` and `model`.

use super::Setting;
use super::mounted::{Found, Problem};
use super::option::Given;
use super::phrase::{Atom, Phrase};
use super::program::Family;
use crate::model::{Mount, MountSource};
use crate::text::Span;

/// Modes of the third part that say nothing of where the mount is and who may write.
#[rustfmt::skip]
const MODES: [&str; 15] = [
    "rw", "z", "Z", "nocopy", "rprivate", "private", "rshared", "shared", "rslave", "slave", "consistent", "cached",
    "delegated", "rbind", "bind",
];

/// What podman and nerdctl know besides.
#[rustfmt::skip]
const MORE_MODES: [&str; 11] = [
    "U", "copy", "dev", "nodev", "exec", "noexec", "suid", "nosuid", "unbindable", "runbindable", "idmap",
];

/// `SOURCE:TARGET:MODES`, `SOURCE:TARGET` or `TARGET`.
pub(super) fn volume(given: &Given, family: Family, setting: &Setting<'_>) -> Result<Found, Problem> {
    let mut parts = parts(&given.value);
    if parts.len() > 1 && parts.iter().any(Phrase::is_empty) {
        return Err(Problem::Refused("a volume has nothing before, after or between its colons".to_owned()));
    }
    let doubt = if let [_, target] = parts.as_mut_slice() { without_modes(target) } else { None };
    let (source, target, modes) = match parts.as_slice() {
        [target] if target.is_symbolic() => {
            return Err(Problem::Unseen("what a volume mounts, and where, hangs on a variable".to_owned()));
        }
        [target] => (None, target, None),
        [source, target] => (Some(source), target, None),
        [source, target, modes] => (Some(source), target, Some(modes)),
        _ => return Err(Problem::Refused("a volume has more than three parts".to_owned())),
    };
    let mut found = mount(target, MountSource::Anonymous, given.span)?;
    found.plain = source.is_none();
    found.doubt = doubt;
    if let Some(source) = source {
        found.mount.source = place(source, setting)?;
    }
    for mode in modes.map(|modes| modes.split(',')).unwrap_or_default() {
        let name = mode.known();
        match name.as_deref() {
            Some("ro" | "rro") => found.mount.read_only = true,
            Some("O") if family == Family::Podman => {
                found.doubt = Some("what is written into an overlay volume (`:O`) goes elsewhere".to_owned());
            }
            Some(mode) if MODES.contains(&mode) => {}
            Some(mode) if family != Family::Docker && is_more(mode) => {}
            Some(_) => return Err(Problem::Refused("a volume has a mode that is none".to_owned())),
            None => found.doubt = Some("the modes of a volume hang on a variable".to_owned()),
        }
    }
    Ok(found)
}

fn is_more(mode: &str) -> bool {
    let name = mode.split('=').next().unwrap_or(mode);
    MORE_MODES.contains(&name) || matches!(name, "upperdir" | "workdir")
}

/// Modes that a variable may add to the target, as of `${RO:+:ro}`.
fn without_modes(target: &mut Phrase) -> Option<String> {
    let adds = matches!(target.0.last(), Some(Atom::Hole(hole)) if hole.name.contains("+:"));
    if !adds || target.0.len() < 2 {
        return None;
    }
    target.0.pop();
    Some("the modes of a volume hang on a variable".to_owned())
}

/// The parts between colons. To docker's command line a single letter before a colon is a Windows drive, wherever it
/// stands, and a text of one or two characters is a target.
fn parts(value: &Phrase) -> Vec<Phrase> {
    if value.0.len() <= 2 && !value.is_symbolic() {
        return vec![value.clone()];
    }
    let mut parts: Vec<Phrase> = Vec::new();
    let mut drive: Option<Phrase> = None;
    for part in value.split(':') {
        let part = match drive.take() {
            Some(letter) => letter.then(&Phrase::plain(":")).then(&part),
            None if matches!(part.0.as_slice(), [Atom::Char(letter, _)] if letter.is_alphabetic()) => {
                drive = Some(part);
                continue;
            }
            None => part,
        };
        parts.push(part);
    }
    parts.extend(drive);
    parts
}

/// What a source names: a path of the host or a volume.
pub(super) fn place(source: &Phrase, setting: &Setting<'_>) -> Result<MountSource, Problem> {
    let name = source.value(None);
    if source.starts_with('/') || source.starts_with('.') {
        return Ok(MountSource::Host(absolute(source, setting).value(None)));
    }
    if let Some(hole) = source.first_hole() {
        // A volume's name has no slash.
        let path = hole.is_directory() || source.has('/');
        return Ok(if path { MountSource::Host(source.cleaned().value(None)) } else { MountSource::Unresolved(name) });
    }
    let fits = |ch: char| ch.is_ascii_alphanumeric() || "_.-".contains(ch);
    let chars = |atom: &Atom| matches!(atom, Atom::Char(ch, _) if !fits(*ch));
    if source.0.iter().any(chars) || source.0.len() < 2 || name.text.starts_with(['_', '-']) {
        let what = if source.starts_with('~') { " (only the shell knows `~`)" } else { "" };
        return Err(Problem::Refused(format!("the source of a volume is neither a path nor a volume's name{what}")));
    }
    Ok(MountSource::Volume(name))
}

/// A path from where the command runs.
pub(super) fn absolute(path: &Phrase, setting: &Setting<'_>) -> Phrase {
    if path.starts_with('/') || path.first_hole().is_some() {
        return path.cleaned();
    }
    Phrase::here(setting).then(&Phrase::plain("/")).then(path).cleaned()
}

/// A mount at a target, which must be absolute and not the root.
pub(super) fn mount(target: &Phrase, source: MountSource, span: Span) -> Result<Found, Problem> {
    let refused = |what: &str| Err(Problem::Refused(what.to_owned()));
    let target = match (target.first_hole(), target.starts_with('/')) {
        (None, false) => return refused("the target of a mount is no absolute path"),
        _ => target.cleaned(),
    };
    if target.known().as_deref() == Some("/") {
        return refused("the target of a mount is `/` itself");
    }
    let target = target.value(Some(span));
    let mount = Mount::new(target, source, span);
    Ok(Found { mount, plain: false, perhaps: false, doubt: None })
}

/// `TARGET:OPTIONS` of `--tmpfs`.
pub(super) fn tmpfs(given: &Given) -> Result<Found, Problem> {
    let (target, options) = given.value.split_once(':').unwrap_or_else(|| (given.value.clone(), Phrase::default()));
    let mut found = mount(&target, MountSource::Tmpfs, given.span)?;
    let modes = options.split(',').into_iter().filter_map(|option| option.known());
    found.mount.read_only =
        modes.rev().find(|mode| matches!(mode.as_str(), "ro" | "rw")).is_some_and(|mode| mode == "ro");
    Ok(found)
}
