//! `--mount`: fields parted as in a line of CSV (docker run, "Add bind mounts or volumes using the --mount flag";
//! podman-run(1)). Uses `options`, `volume_option` and `model`.

use super::CommandContext;
use super::cli_family::CliFamily;
use super::options::GivenOption;
use super::volume_option::{MountProblem, ParsedMount, mount_at, mount_source};
use crate::input::local_volume::DriverOptions;
use crate::model::{MountSource, PartialText, TextSegment, Value};

/// Fields that change neither where the mount is nor who may write.
#[rustfmt::skip]
const KNOWN: [&str; 10] = [
    "consistency", "bind-propagation", "bind-nonrecursive", "bind-recursive", "bind-create-src", "volume-nocopy",
    "volume-label", "tmpfs-size", "tmpfs-mode", "tmpfs-options",
];

/// Fields that only podman knows.
#[rustfmt::skip]
const PODMAN: [&str; 16] = [
    "relabel", "idmap", "U", "chown", "notmpcopyup", "tmpcopyup", "uid", "gid", "mode", "max", "ptmxmode", "exec", "dev",
    "suid", "no-dereference", "nocopy",
];

/// The fields of a mount.
#[derive(Default)]
struct MountFields {
    kind: Option<PartialText>,
    source: Option<PartialText>,
    target: Option<PartialText>,
    subpath: Option<PartialText>,
    driver: Option<PartialText>,
    options: Vec<(String, PartialText)>,
    read_only: bool,
    doubt: Option<String>,
}

/// Reads one.
pub(super) fn read_mount(
    given: &GivenOption,
    family: CliFamily,
    context: &CommandContext<'_>,
) -> Result<ParsedMount, MountProblem> {
    let fields = csv_fields(&given.value).ok_or_else(|| MountProblem::refused("a mount is no line of CSV"))?;
    let mut mount = MountFields::default();
    for field in &fields {
        mount.take_field(field, family)?;
    }
    let target = mount.target.take().ok_or_else(|| MountProblem::refused("a mount has no target"))?;
    let kind = mount.kind.take().unwrap_or_else(|| PartialText::plain("volume"));
    let name = mount.source.as_ref().and_then(PartialText::known).filter(|name| !name.is_empty());
    let source = mount.take_source(&kind, context)?;
    let mut found = mount_at(&target, source, given.span)?;
    found.mount.read_only = mount.read_only;
    found.mount.must_exist = matches!(found.mount.source, MountSource::Host(_));
    if family == CliFamily::Docker && mount.read_only && found.mount.source == MountSource::Anonymous {
        return Err(MountProblem::refused("a volume without a name is mounted read-only"));
    }
    let subpath = mount.subpath.map(|path| path.cleaned_path().to_value(None).text.trim_start_matches('/').to_owned());
    found.mount.subpath = subpath.filter(|path| !path.is_empty() && path != ".");
    let is_volume = kind.known().is_some_and(|kind| kind.eq_ignore_ascii_case("volume"));
    found.mount.volume = name.filter(|_| is_volume && !matches!(found.mount.source, MountSource::Volume(_)));
    found.doubt = mount.doubt;
    Ok(found)
}

impl MountFields {
    fn take_field(&mut self, field: &PartialText, family: CliFamily) -> Result<(), MountProblem> {
        let (name, value) = match field.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (field.clone(), None),
        };
        let Some(name) = name.known() else {
            return Err(MountProblem::Unseen("a part of a mount depends on a variable".to_owned()));
        };
        match (name.as_str(), value) {
            ("type", Some(value)) => self.kind = Some(value),
            ("source" | "src", Some(value)) => self.source = Some(value),
            ("target" | "dst" | "destination", Some(value)) => self.target = Some(value),
            ("volume-subpath" | "image-subpath" | "subpath", Some(value)) => self.subpath = Some(value),
            ("volume-driver", Some(value)) => self.driver = Some(value),
            ("volume-opt", Some(value)) => self.take_volume_option(&value),
            ("readonly" | "ro", value) => return self.take_mode(value.as_ref(), false),
            ("rw" | "readwrite", value) if family == CliFamily::Podman => return self.take_mode(value.as_ref(), true),
            (name, _) if KNOWN.contains(&name) => {}
            (name, _) if family != CliFamily::Docker && PODMAN.contains(&name) => {}
            _ => return Err(MountProblem::refused("a mount has a part that is not known")),
        }
        Ok(())
    }

    fn take_volume_option(&mut self, option: &PartialText) {
        let (name, value) = option.split_once('=').unwrap_or_else(|| (option.clone(), PartialText::default()));
        match name.known() {
            Some(name) => self.options.push((name, value)),
            None => self.doubt = Some("an option of a volume depends on a variable".to_owned()),
        }
    }

    /// Whether it is read-only; `writable` where the field says the opposite.
    fn take_mode(&mut self, value: Option<&PartialText>, writable: bool) -> Result<(), MountProblem> {
        let text = value.map_or_else(|| Some("true".to_owned()), PartialText::known);
        let on = match text.as_deref() {
            Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            Some(_) => return Err(MountProblem::refused("whether a mount is read-only is neither true nor false")),
            None => {
                self.doubt = Some("whether a mount is read-only depends on a variable".to_owned());
                return Ok(());
            }
        };
        self.read_only = on != writable;
        Ok(())
    }

    fn take_source(&mut self, kind: &PartialText, context: &CommandContext<'_>) -> Result<MountSource, MountProblem> {
        let source = self.source.take().filter(|source| !source.is_empty());
        let Some(known) = kind.known() else {
            return Ok(MountSource::Unresolved(
                source.filter(PartialText::is_symbolic).as_ref().unwrap_or(kind).to_value(None),
            ));
        };
        match (known.to_ascii_lowercase().as_str(), source) {
            ("bind", None) => Err(MountProblem::refused("a mount of type bind has no source")),
            ("bind", Some(source)) => bind_source(&source, context),
            ("tmpfs" | "ramfs", _) => Ok(MountSource::Tmpfs),
            ("volume", source) => self.volume_source(source, context),
            ("image" | "npipe" | "cluster" | "devpts" | "glob" | "artifact", _) => Ok(MountSource::Injected),
            _ => Err(MountProblem::refused("a mount has a type that is none")),
        }
    }

    /// The last value of an option of the volume's driver.
    fn volume_option(&self, name: &str) -> Option<&PartialText> {
        self.options.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn volume_source(
        &self,
        source: Option<PartialText>,
        context: &CommandContext<'_>,
    ) -> Result<MountSource, MountProblem> {
        let device = self.volume_option("device");
        let device = device.map(|device| if device.starts_with('/') { device.cleaned_path() } else { device.clone() });
        let options = DriverOptions {
            driver: self.driver.as_ref().map(|driver| driver.to_value(None)),
            kind: self.volume_option("type").map(|kind| kind.to_value(None)),
            mount_options: self.volume_option("o").map(|options| options.to_value(None)),
            device: device.map(|device| device.to_value(None)),
        };
        if let Some(disguised) = options.source(|device: Value| device) {
            return Ok(disguised);
        }
        match source {
            None => Ok(MountSource::Anonymous),
            Some(source) if source.first_unknown().is_none() && source.contains_char('/') => {
                Err(MountProblem::refused("a mount of type volume has a path for its source"))
            }
            Some(source) => match mount_source(&source, context)? {
                // In this place no path is taken.
                MountSource::Host(name) | MountSource::Unresolved(name) => Ok(MountSource::Volume(name)),
                other => Ok(other),
            },
        }
    }
}

fn bind_source(source: &PartialText, context: &CommandContext<'_>) -> Result<MountSource, MountProblem> {
    if !source.starts_with('/') && !source.starts_with('.') && source.first_unknown().is_none() {
        return Err(MountProblem::refused("the source of a mount of type bind is no absolute path"));
    }
    Ok(MountSource::Host(source.absolute(context).to_value(None)))
}

/// The fields of a line of CSV, as Go's `encoding/csv` reads it; `None` where it does not.
fn csv_fields(line: &PartialText) -> Option<Vec<PartialText>> {
    let mut fields = Vec::new();
    let mut rest = line.0.as_slice();
    loop {
        let (field, after) =
            if let [TextSegment::Char('"', _), quoted @ ..] = rest { quoted_field(quoted)? } else { bare_field(rest)? };
        fields.push(field);
        match after {
            [TextSegment::Char(',', _), more @ ..] => rest = more,
            [] | [TextSegment::Char('\n' | '\r', _), ..] => return Some(fields),
            _ => return None,
        }
    }
}

type CsvField<'a> = (PartialText, &'a [TextSegment]);

fn bare_field(text: &[TextSegment]) -> Option<CsvField<'_>> {
    let end =
        text.iter().position(|atom| matches!(atom, TextSegment::Char(',' | '\n' | '\r', _))).unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    (!field.contains(&TextSegment::plain('"'))).then(|| (PartialText(field.to_vec()), after))
}

fn quoted_field(mut text: &[TextSegment]) -> Option<CsvField<'_>> {
    let mut field = Vec::new();
    loop {
        match text {
            [TextSegment::Char('"', _), TextSegment::Char('"', _), rest @ ..] => {
                field.push(TextSegment::plain('"'));
                text = rest;
            }
            [TextSegment::Char('"', _), rest @ ..] => return Some((PartialText(field), rest)),
            [atom, rest @ ..] => {
                field.push(atom.clone());
                text = rest;
            }
            [] => return None,
        }
    }
}
