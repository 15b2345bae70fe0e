//! A mount as a service writes it, and the changes that concern it alone. May use `text`, `model` and `finding`.

use std::ops::Range;
use std::rc::Rc;

use super::site::{EditableText, MountSite};
use super::{Edit, Fix};
use crate::finding::Participant;
use crate::model::{parent_and_name, split_below};
use crate::text::yaml::{Entry, Node};
use crate::text::{Pos, Span};

/// The parts of a mount, in either syntax.
pub(super) enum MountParts {
    /// `SOURCE:TARGET[:OPTIONS]`, with the range of each.
    Short(EditableText, [Range<usize>; 3]),
    /// The long syntax: source and target.
    Long(EditableText, EditableText),
}

impl MountParts {
    /// # Errors
    /// Why they cannot be told apart, as a clause.
    pub(super) fn of(site: &MountSite) -> Result<Self, String> {
        if site.item.as_map().is_some() {
            let part = |key: &str| {
                let node = site.item.get(key).ok_or_else(|| format!("the mount has no `{key}`"))?;
                site.check_own(node)?;
                site.literal_text(node)
            };
            return Ok(Self::Long(part("source")?, part("target")?));
        }
        let literal = site.literal_text(&site.item)?;
        let ends: Vec<usize> = places_outside(&literal.text, ':').collect();
        let end = literal.text.len();
        let depends = |from: usize| literal.text.get(from..).is_some_and(|rest| rest.contains('$'));
        let ranges = match *ends.as_slice() {
            [one] => [0..one, one + 1..end, end..end],
            [one, two] if !depends(two) => [0..one, one + 1..two, two + 1..end],
            // Options stand behind the last colon, whatever depends on variables before it.
            [.., last] if !literal.text.get(last..).is_some_and(|rest| rest.contains(['$', '}'])) => {
                [0..0, 0..0, last + 1..end]
            }
            _ => {
                return Err("the mount depends on a variable, or has more parts than source, target and options".into());
            }
        };
        Ok(Self::Short(literal, ranges))
    }

    /// # Errors
    /// It depends on a variable.
    pub(super) fn source(&self) -> Result<&str, String> {
        let text = match self {
            Self::Short(whole, [source, ..]) => whole.text.get(source.clone()).unwrap_or(""),
            Self::Long(source, _) => &source.text,
        };
        fixed_text(text)
    }

    /// The source as it is written, whatever it depends on.
    ///
    /// # Errors
    /// It is a path of Windows, or not known as a part.
    pub(super) fn written_source(&self) -> Result<&str, String> {
        let text = match self {
            Self::Short(whole, [source, ..]) => whole.text.get(source.clone()).unwrap_or(""),
            Self::Long(source, _) => &source.text,
        };
        if text.is_empty() || text.contains('\\') {
            return Err("the source of the mount is not written there".to_owned());
        }
        Ok(text)
    }

    fn target(&self) -> Result<&str, String> {
        let text = match self {
            Self::Short(whole, [_, target, _]) => whole.text.get(target.clone()).unwrap_or(""),
            Self::Long(_, target) => &target.text,
        };
        fixed_text(text)
    }

    /// Puts another source there: the whole mount is written, so that the text says what it is.
    pub(super) fn replace_source(&self, text: &str) -> Edit {
        match self {
            Self::Short(whole, [source, ..]) => {
                whole.replace_all(format!("{text}{}", whole.text.get(source.end..).unwrap_or("")))
            }
            Self::Long(source, _) => source.replace_all(text),
        }
    }

    fn replace_both(&self, source: &str, target: &str) -> Vec<Edit> {
        match self {
            Self::Short(whole, [_, old, _]) => {
                let options = whole.text.get(old.end..).unwrap_or("");
                vec![whole.replace_all(format!("{source}:{target}{options}"))]
            }
            Self::Long(from, to) => vec![from.replace_all(source), to.replace_all(target)],
        }
    }
}

/// Where a sign stands in a text, outside of braces and parentheses, in bytes.
pub(super) fn places_outside(text: &str, sign: char) -> impl Iterator<Item = usize> + '_ {
    let mut depth = 0_usize;
    text.char_indices().filter_map(move |(at, letter)| {
        match letter {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (letter == sign && depth == 0).then_some(at)
    })
}

fn fixed_text(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.contains('$') {
        return Err("the mount depends on a variable".to_owned());
    }
    if text.contains('\\') {
        return Err("the mount is of a path of Windows".to_owned());
    }
    Ok(text)
}

/// Mounts read-write what is mounted read-only.
pub(super) fn make_writable(site: &MountSite) -> Result<Fix, String> {
    let edit = match site.item.entry("read_only") {
        Some(entry) if site.item.as_map().is_some() => long_writable(site, entry)?,
        _ if site.item.as_map().is_some() => return Err("the mount itself is not read-only".to_owned()),
        _ => {
            let MountParts::Short(whole, [.., options]) = MountParts::of(site)? else {
                return Err("the mount itself is not read-only".to_owned());
            };
            let written = whole.text.get(options.clone()).unwrap_or("");
            let kept: Vec<&str> = written.split(',').filter(|option| *option != "ro").collect();
            if kept.len() == written.split(',').count() {
                return Err("the mount itself is not read-only".to_owned());
            }
            // The colon goes with the last option.
            let from = if kept.is_empty() { options.start.saturating_sub(1) } else { options.start };
            let before = whole.text.get(..from).unwrap_or("");
            whole.replace_all(format!("{before}{}", kept.join(",")))
        }
    };
    Ok(Fix { what: "mounts the state directory read-write".to_owned(), then: None, edits: vec![edit] })
}

/// Takes the line away where nothing else is on it; else the value changes, so that what stands beside it stays.
fn long_writable(site: &MountSite, entry: &Entry) -> Result<Edit, String> {
    let value: &Rc<Node> = &entry.value;
    site.check_own(value)?;
    let literal = site.literal_text(value)?;
    if !["true", "yes", "on", "y", "1"].contains(&literal.text.to_ascii_lowercase().as_str()) {
        return Err("whether the mount is read-only depends on a variable".to_owned());
    }
    let line = entry.key_span.start.line;
    let whole = Span { start: entry.key_span.start, end: literal.end(), ..value.span };
    let alone = site.file.line(line).trim() == site.file.slice(whole) && whole.end.line == line;
    if alone {
        let start = Pos { line, column: 1 };
        let end = Pos { line: line + 1, column: 1 };
        if site.file.offset(end).is_some() {
            return Ok(Edit { span: Span { start, end, ..whole }, text: String::new() });
        }
    }
    Ok(literal.replace_all("false"))
}

/// Mounts the directory of a state file instead of the file.
pub(super) fn mount_directory(
    site: &MountSite,
    participant: &Participant,
    others: &[Participant],
) -> Result<Fix, String> {
    let parts = MountParts::of(site)?;
    let halves = |path: &str| parent_and_name(path).map(|(parent, name)| (parent.to_owned(), name.to_owned()));
    let unclear = || "the mount is not of a file in a directory".to_owned();
    let (from, file) = halves(parts.source()?).ok_or_else(unclear)?;
    let (to, target) = halves(parts.target()?).ok_or_else(unclear)?;
    if to != participant.state_dir {
        return Err(format!("the file is not in the state directory, and {to} holds more than the program's state"));
    }
    if file != target {
        return Err(format!("the file is called {file} on the host, so that its directory is not a state directory"));
    }
    let name = |path: &str| parent_and_name(path).map(|(_, name)| name.to_owned());
    let is_state = |one: &Participant| one.place.kind == "host" && one.place.path == from && one.scope != "file";
    if name(&from) != name(&participant.state_dir) && !others.iter().any(is_state) {
        return Err(format!("nothing shows that {from} holds the program's state and nothing else"));
    }
    let what = format!("mounts {from} instead of the file {file} in it");
    Ok(Fix { what, then: None, edits: parts.replace_both(&from, &to) })
}

/// Mounts the state directory instead of what is around it.
pub(super) fn mount_state_only(site: &MountSite, participant: &Participant) -> Result<Fix, String> {
    let parts = MountParts::of(site)?;
    let (source, target) = (parts.source()?, parts.target()?);
    let rest = split_below(&participant.state_dir, target).filter(|rest| !rest.is_empty());
    let rest = rest.ok_or("the mount is not around the state directory")?;
    let from = format!("{}/{rest}", source.trim_end_matches('/'));
    let what = format!("mounts {from} instead of {source}");
    Ok(Fix { what, then: None, edits: parts.replace_both(&from, &participant.state_dir) })
}
