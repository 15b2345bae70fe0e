//! A unit file of systemd as settings, by systemd.syntax(7). Uses `text` alone.

use crate::text::{FileId, TracedChar, TracedText};

/// A setting of a unit.
#[derive(Debug)]
pub(super) struct UnitSetting {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: TracedText,
}

/// What is no line of a unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnitFault {
    pub(super) what: &'static str,
    pub(super) at: Option<(FileId, u32)>,
}

/// Reads the settings of a unit, in their order, and what is wrong first.
pub(super) fn read_settings(text: &TracedText) -> (Vec<UnitSetting>, Option<UnitFault>) {
    let (mut settings, mut fault) = (Vec::new(), None);
    let mut section: Option<String> = None;
    let mut lines = text.0.split(|traced| traced.ch == '\n');
    while let Some(line) = lines.next() {
        let Some(first) = trimmed(line).first().copied().filter(|first| !is_comment(first.ch)) else { continue };
        let mut joined = line.to_vec();
        // Comments among lines that go on are no part of them.
        while joined.last().is_some_and(|last| last.ch == '\\') {
            if let Some(last) = joined.last_mut() {
                last.ch = ' ';
            }
            let Some(next) = lines.find(|next| !trimmed(next).first().is_some_and(|first| is_comment(first.ch))) else {
                break;
            };
            joined.extend_from_slice(next);
        }
        let line = trimmed(&joined);
        let mut wrong = |what| fault = fault.take().or(Some(UnitFault { what, at: first.at }));
        if first.ch == '[' {
            match line.last().filter(|last| last.ch == ']') {
                Some(_) => {
                    section = Some(line.iter().skip(1).map(|traced| traced.ch).take_while(|ch| *ch != ']').collect());
                }
                None => wrong("the name of a section is not closed"),
            }
            continue;
        }
        let equals = line.iter().position(|traced| traced.ch == '=');
        let is_key = |key: &[TracedChar]| !key.iter().any(|traced| traced.ch.is_whitespace());
        let equals = equals.filter(|at| is_key(trimmed(line.get(..*at).unwrap_or_default())));
        match (equals, &section) {
            (None, _) => wrong("this is no section, no setting and no comment"),
            (Some(_), None) => wrong("this setting is in no section"),
            (Some(equals), Some(section)) => settings.push(UnitSetting {
                section: section.clone(),
                key: trimmed(line.get(..equals).unwrap_or_default()).iter().map(|traced| traced.ch).collect(),
                value: TracedText(trimmed(line.get(equals + 1..).unwrap_or_default()).to_vec()),
            }),
        }
    }
    (settings, fault)
}

fn is_comment(ch: char) -> bool {
    matches!(ch, '#' | ';')
}

fn trimmed(text: &[TracedChar]) -> &[TracedChar] {
    let start = text.iter().take_while(|traced| traced.ch.is_whitespace()).count();
    let end = text.iter().rev().take_while(|traced| traced.ch.is_whitespace()).count();
    text.get(start..text.len().saturating_sub(end)).unwrap_or_default()
}
