//! `-v` and `--tmpfs` (docker run, "Mount volume"; the engine's own parser, where that leaves something open).
//! Uses `options` and `model`.

use super::CommandContext;
use super::cli_family::CliFamily;
use super::options::GivenOption;
use crate::model::{Mount, MountSource, PartialText, TextSegment};
use crate::text::Span;

/// A mount as an option gives it.
#[derive(Debug, Clone)]
pub(super) struct ParsedMount {
    pub(super) mount: Mount,
    /// Whether it is a target alone, which any other mount there replaces.
    pub(super) plain: bool,
    /// Whether it is there on some ways only.
    pub(super) perhaps: bool,
    /// What of it is not known.
    pub(super) doubt: Option<String>,
}

/// Why an option gives no mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MountProblem {
    /// The command line or the engine refuses it.
    Refused(String),
    /// It was not understood.
    Unseen(String),
}

impl MountProblem {
    pub(super) fn refused(what: &str) -> Self {
        Self::Refused(what.to_owned())
    }
}

/// Modes of the third part that change neither where the mount is nor who may write.
#[rustfmt::skip]
const MODES: [&str; 15] = [
    "rw", "z", "Z", "nocopy", "rprivate", "private", "rshared", "shared", "rslave", "slave", "consistent", "cached",
    "delegated", "rbind", "bind",
];

/// Modes that only podman and nerdctl know.
#[rustfmt::skip]
const MORE_MODES: [&str; 11] = [
    "U", "copy", "dev", "nodev", "exec", "noexec", "suid", "nosuid", "unbindable", "runbindable", "idmap",
];

/// `SOURCE:TARGET:MODES`, `SOURCE:TARGET` or `TARGET`.
pub(super) fn read_volume(
    given: &GivenOption,
    family: CliFamily,
    context: &CommandContext<'_>,
) -> Result<ParsedMount, MountProblem> {
    let mut parts = colon_parts(&given.value);
    if parts.len() > 1 && parts.iter().any(PartialText::is_empty) {
        return Err(MountProblem::Refused("a volume has nothing before, after or between its colons".to_owned()));
    }
    let doubt = if let [_, target] = parts.as_mut_slice() { without_modes(target, family) } else { None };
    let (source, target, modes) = match parts.as_slice() {
        [target] if target.is_symbolic() => {
            return Err(MountProblem::Unseen("what a volume mounts, and where, depends on a variable".to_owned()));
        }
        [target] => (None, target, None),
        [source, target] => (Some(source), target, None),
        [source, target, modes] => (Some(source), target, Some(modes)),
        _ => return Err(MountProblem::Refused("a volume has more than three parts".to_owned())),
    };
    let mut found = mount_at(target, MountSource::Anonymous, given.span)?;
    found.plain = source.is_none();
    found.doubt = doubt;
    if let Some(source) = source {
        found.mount.source = mount_source(source, context)?;
    }
    for mode in modes.map(|modes| modes.split(',')).unwrap_or_default() {
        let name = mode.known();
        match name.as_deref() {
            Some("ro" | "rro") => found.mount.read_only = true,
            Some("O") if family == CliFamily::Podman => {
                found.doubt = Some("what is written into an overlay volume (`:O`) goes elsewhere".to_owned());
            }
            Some(mode) if MODES.contains(&mode) => {}
            Some(mode) if family != CliFamily::Docker && is_other_mode(mode) => {}
            Some(_) => return Err(MountProblem::Refused("a volume has a mode that is none".to_owned())),
            None => found.doubt = Some("the modes of a volume depend on a variable".to_owned()),
        }
    }
    Ok(found)
}

fn is_other_mode(mode: &str) -> bool {
    let name = mode.split('=').next().unwrap_or(mode);
    MORE_MODES.contains(&name) || matches!(name, "upperdir" | "workdir")
}

/// Modes that a variable may add to the target, as of `${RO:+:ro}` or of `$MODES` directly after a name. What is said of
/// them, unless they change nothing.
fn without_modes(target: &mut PartialText, family: CliFamily) -> Option<String> {
    let Some(TextSegment::Unknown(part)) = target.0.last() else { return None };
    let told = part.name.split_once("+:").map(|(_, modes)| modes.trim_end_matches('}').to_owned());
    let before = target.0.len().checked_sub(2).and_then(|at| target.0.get(at));
    let follows_name = matches!(before, Some(TextSegment::Char(letter, _)) if letter.is_alphanumeric());
    if before.is_none() || (told.is_none() && !follows_name) {
        return None;
    }
    target.0.pop();
    let is_harmless = |mode: &str| MODES.contains(&mode) || family != CliFamily::Docker && is_other_mode(mode);
    let is_known = told.is_some_and(|modes| modes.split(',').all(is_harmless));
    (!is_known).then(|| "the modes of a volume depend on a variable".to_owned())
}

/// The parts between colons. To docker's command line a single letter before a colon is a Windows drive, wherever it
/// is, and a text of one or two characters is a target.
fn colon_parts(value: &PartialText) -> Vec<PartialText> {
    if value.0.len() <= 2 && !value.is_symbolic() {
        return vec![value.clone()];
    }
    let mut parts: Vec<PartialText> = Vec::new();
    let mut drive: Option<PartialText> = None;
    for part in value.split(':') {
        let part = match drive.take() {
            Some(letter) => letter.followed_by(&PartialText::plain(":")).followed_by(&part),
            None if matches!(part.0.as_slice(), [TextSegment::Char(letter, _)] if letter.is_alphabetic()) => {
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
pub(super) fn mount_source(source: &PartialText, context: &CommandContext<'_>) -> Result<MountSource, MountProblem> {
    let name = source.to_value(None);
    if source.starts_with('/') || source.starts_with('.') {
        return Ok(MountSource::Host(source.absolute(context).to_value(None)));
    }
    // Where the command line of Docker for Windows runs.
    if is_on_drive(source) {
        return Ok(MountSource::Host(name));
    }
    if let Some(part) = source.first_unknown() {
        // A volume's name has no slash.
        let path = part.is_directory() || source.contains_char('/');
        return Ok(if path {
            MountSource::Host(source.cleaned_path().to_value(None))
        } else {
            MountSource::Unresolved(name)
        });
    }
    if source.0.iter().any(|segment| matches!(segment, TextSegment::Char(ch, _) if !is_name_char(*ch)))
        || source.0.len() < 2
        || name.text.starts_with(['_', '-'])
    {
        let what = if source.starts_with('~') { " (only the shell knows `~`)" } else { "" };
        return Err(MountProblem::Refused(format!(
            "the source of a volume is neither a path nor a volume's name{what}"
        )));
    }
    Ok(MountSource::Volume(name))
}

/// Whether a path begins with a Windows drive.
fn is_on_drive(source: &PartialText) -> bool {
    use TextSegment::Char;
    let begins = |letter: char, colon: char, slash: char| {
        letter.is_ascii_alphabetic() && colon == ':' && matches!(slash, '/' | '\\')
    };
    matches!(source.0.as_slice(), [Char(one, _), Char(two, _), Char(three, _), ..] if begins(*one, *two, *three))
}

fn is_name_char(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || "_.-".contains(ch)
}

/// A mount at a target, which must be absolute and not the root.
pub(super) fn mount_at(target: &PartialText, source: MountSource, span: Span) -> Result<ParsedMount, MountProblem> {
    let target = match (target.first_unknown(), target.starts_with('/')) {
        (None, false) => return Err(MountProblem::refused("the target of a mount is no absolute path")),
        _ => target.cleaned_path(),
    };
    if target.known().as_deref() == Some("/") {
        return Err(MountProblem::refused("the target of a mount is `/` itself"));
    }
    let target = target.to_value(Some(span));
    let mount = Mount::new(target, source, span);
    Ok(ParsedMount { mount, plain: false, perhaps: false, doubt: None })
}

/// `TARGET:OPTIONS` of `--tmpfs`.
pub(super) fn read_tmpfs(given: &GivenOption) -> Result<ParsedMount, MountProblem> {
    let (target, options) =
        given.value.split_once(':').unwrap_or_else(|| (given.value.clone(), PartialText::default()));
    let mut found = mount_at(&target, MountSource::Tmpfs, given.span)?;
    let modes = options.split(',').into_iter().filter_map(|option| option.known());
    found.mount.read_only =
        modes.rev().find(|mode| matches!(mode.as_str(), "ro" | "rw")).is_some_and(|mode| mode == "ro");
    Ok(found)
}
