//! `--mount`: fields parted as in a line of CSV (docker run, "Add bind mounts or volumes using the --mount flag";
//! podman-run(1)). Uses `phrase`, `option`, `volume` and `model`.

use super::Setting;
use super::mounted::{Found, Problem};
use super::option::Given;
use super::phrase::{Atom, Phrase};
use super::program::Family;
use super::volume::{self, absolute};
use crate::model::{MountSource, Value};
use crate::source::local_volume::Options;

/// Fields that say nothing of where the mount is and who may write.
#[rustfmt::skip]
const KNOWN: [&str; 10] = [
    "consistency", "bind-propagation", "bind-nonrecursive", "bind-recursive", "bind-create-src", "volume-nocopy",
    "volume-label", "tmpfs-size", "tmpfs-mode", "tmpfs-options",
];

/// What podman knows besides.
#[rustfmt::skip]
const PODMAN: [&str; 16] = [
    "relabel", "idmap", "U", "chown", "notmpcopyup", "tmpcopyup", "uid", "gid", "mode", "max", "ptmxmode", "exec", "dev",
    "suid", "no-dereference", "nocopy",
];

/// The fields of a mount.
#[derive(Default)]
struct Fields {
    kind: Option<Phrase>,
    source: Option<Phrase>,
    target: Option<Phrase>,
    subpath: Option<Phrase>,
    driver: Option<Phrase>,
    options: Vec<(String, Phrase)>,
    read_only: bool,
    doubt: Option<String>,
}

/// Reads one.
pub(super) fn mount(given: &Given, family: Family, setting: &Setting<'_>) -> Result<Found, Problem> {
    let fields = fields(&given.value).ok_or_else(|| refused("a mount is no line of CSV"))?;
    let mut mount = Fields::default();
    for field in &fields {
        mount.take(field, family)?;
    }
    let target = mount.target.take().ok_or_else(|| refused("a mount has no target"))?;
    let kind = mount.kind.take().unwrap_or_else(|| Phrase::plain("volume"));
    let source = mount.source(&kind, setting)?;
    let mut found = volume::mount(&target, source, given.span)?;
    found.mount.read_only = mount.read_only;
    found.mount.must_exist = matches!(found.mount.source, MountSource::Host(_));
    if family == Family::Docker && mount.read_only && found.mount.source == MountSource::Anonymous {
        return Err(refused("a volume without a name is mounted read-only"));
    }
    let subpath = mount.subpath.map(|path| path.cleaned().value(None).text.trim_start_matches('/').to_owned());
    found.mount.subpath = subpath.filter(|path| !path.is_empty() && path != ".");
    found.doubt = mount.doubt;
    Ok(found)
}

fn refused(what: &str) -> Problem {
    Problem::Refused(what.to_owned())
}

impl Fields {
    fn take(&mut self, field: &Phrase, family: Family) -> Result<(), Problem> {
        let (name, value) = match field.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (field.clone(), None),
        };
        let Some(name) = name.known() else {
            return Err(Problem::Unseen("a part of a mount hangs on a variable".to_owned()));
        };
        match (name.as_str(), value) {
            ("type", Some(value)) => self.kind = Some(value),
            ("source" | "src", Some(value)) => self.source = Some(value),
            ("target" | "dst" | "destination", Some(value)) => self.target = Some(value),
            ("volume-subpath" | "image-subpath" | "subpath", Some(value)) => self.subpath = Some(value),
            ("volume-driver", Some(value)) => self.driver = Some(value),
            ("volume-opt", Some(value)) => self.option(&value),
            ("readonly" | "ro", value) => return self.mode(value.as_ref(), false),
            ("rw" | "readwrite", value) if family == Family::Podman => return self.mode(value.as_ref(), true),
            (name, _) if KNOWN.contains(&name) => {}
            (name, _) if family != Family::Docker && PODMAN.contains(&name) => {}
            _ => return Err(refused("a mount has a part that is not known")),
        }
        Ok(())
    }

    fn option(&mut self, option: &Phrase) {
        let (name, value) = option.split_once('=').unwrap_or_else(|| (option.clone(), Phrase::default()));
        match name.known() {
            Some(name) => self.options.push((name, value)),
            None => self.doubt = Some("an option of a volume hangs on a variable".to_owned()),
        }
    }

    /// Whether it is read-only; `writable` where the field says the opposite.
    fn mode(&mut self, value: Option<&Phrase>, writable: bool) -> Result<(), Problem> {
        let text = value.map_or_else(|| Some("true".to_owned()), Phrase::known);
        let on = match text.as_deref() {
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            Some(_) => return Err(refused("whether a mount is read-only is neither true nor false")),
            None => {
                self.doubt = Some("whether a mount is read-only hangs on a variable".to_owned());
                return Ok(());
            }
        };
        self.read_only = on != writable;
        Ok(())
    }

    fn source(&mut self, kind: &Phrase, setting: &Setting<'_>) -> Result<MountSource, Problem> {
        let source = self.source.take().filter(|source| !source.is_empty());
        let Some(known) = kind.known() else {
            return Ok(MountSource::Unresolved(
                source.filter(Phrase::is_symbolic).as_ref().unwrap_or(kind).value(None),
            ));
        };
        match (known.to_ascii_lowercase().as_str(), source) {
            ("bind", None) => Err(refused("a mount of type bind has no source")),
            ("bind", Some(source)) => bind(&source, setting),
            ("tmpfs" | "ramfs", _) => Ok(MountSource::Tmpfs),
            ("volume", source) => self.volume(source, setting),
            ("image" | "npipe" | "cluster" | "devpts" | "glob" | "artifact", _) => Ok(MountSource::Injected),
            _ => Err(refused("a mount has a type that is none")),
        }
    }

    fn volume(&mut self, source: Option<Phrase>, setting: &Setting<'_>) -> Result<MountSource, Problem> {
        let local = self.driver.as_ref().is_none_or(|driver| driver.known().as_deref() == Some("local"));
        let mut option = |name: &str| {
            let at = self.options.iter().rposition(|(known, _)| known == name)?;
            Some(self.options.remove(at).1)
        };
        let value = |phrase: Option<Phrase>| phrase.map(|phrase| phrase.value(None));
        let device =
            option("device").map(|device| if device.starts_with('/') { device.cleaned() } else { device }.value(None));
        let options = Options { kind: value(option("type")), o: value(option("o")), device };
        if let Some(disguised) = options.source(|device: Value| device).filter(|_| local) {
            return Ok(disguised);
        }
        match source {
            None => Ok(MountSource::Anonymous),
            Some(source) if source.first_hole().is_none() && source.has('/') => {
                Err(refused("a mount of type volume has a path for its source"))
            }
            Some(source) => match volume::place(&source, setting)? {
                // In this place no path is taken.
                MountSource::Host(name) | MountSource::Unresolved(name) => Ok(MountSource::Volume(name)),
                other => Ok(other),
            },
        }
    }
}

fn bind(source: &Phrase, setting: &Setting<'_>) -> Result<MountSource, Problem> {
    if !source.starts_with('/') && !source.starts_with('.') && source.first_hole().is_none() {
        return Err(refused("the source of a mount of type bind is no absolute path"));
    }
    Ok(MountSource::Host(absolute(source, setting).value(None)))
}

/// The fields of a line of CSV, as Go's `encoding/csv` reads it; `None` where it does not.
fn fields(line: &Phrase) -> Option<Vec<Phrase>> {
    let mut fields = Vec::new();
    let mut rest = line.0.as_slice();
    loop {
        let (field, after) = if let [Atom::Char('"', _), quoted @ ..] = rest { unquote(quoted)? } else { bare(rest)? };
        fields.push(field);
        match after {
            [Atom::Char(',', _), more @ ..] => rest = more,
            [] | [Atom::Char('\n' | '\r', _), ..] => return Some(fields),
            _ => return None,
        }
    }
}

type Field<'a> = (Phrase, &'a [Atom]);

fn bare(text: &[Atom]) -> Option<Field<'_>> {
    let end = text.iter().position(|atom| matches!(atom, Atom::Char(',' | '\n' | '\r', _))).unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    (!field.contains(&Atom::plain('"'))).then(|| (Phrase(field.to_vec()), after))
}

fn unquote(mut text: &[Atom]) -> Option<Field<'_>> {
    let mut field = Vec::new();
    loop {
        match text {
            [Atom::Char('"', _), Atom::Char('"', _), rest @ ..] => {
                field.push(Atom::plain('"'));
                text = rest;
            }
            [Atom::Char('"', _), rest @ ..] => return Some((Phrase(field), rest)),
            [atom, rest @ ..] => {
                field.push(atom.clone());
                text = rest;
            }
            [] => return None,
        }
    }
}
