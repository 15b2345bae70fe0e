//! What a change accepts for itself: ignores, declarations, severities, rules and baseline entries that were not there at
//! the base. Compared by what is written, never by line numbers. May use `finding`, `model`, `ruleset`, `text` and the
//! other parts of `triage`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::baseline::Baseline;
use super::comment::{Comments, ignored_lines};
use crate::model::{Container, DECLARING_LABELS, Diagnostic, Label, Level};
use crate::ruleset::Config;
use crate::text::{SourceFile, Sources, Span, Syntax};

/// What a file held at the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// It is not of the repository, and so not of the change.
    Outside,
    /// Nothing: it is new, was renamed, or was no regular file.
    Absent,
    /// This text.
    Text(String),
}

impl Before {
    /// The text that a change started from; `None` where the file is no part of it.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Outside => None,
            Self::Absent => Some(""),
            Self::Text(text) => Some(text),
        }
    }
}

/// Looks up what files held at the base, by their names as they are shown.
pub type Base<'a> = &'a dyn Fn(&str) -> Before;

/// A line of a file and what it belongs to: itself, then each line above that is indented less.
type Context = Vec<String>;

/// How often a text ignores a rule at a line.
type IgnoreCounts = HashMap<(Context, String), usize>;

/// Words of a line that bring in what is written elsewhere.
const FROM_ELSEWHERE: [&str; 9] = ["<<", "*", "extends", "file", "build", "context", "dockerfile", "image", "label"];

/// The comments that ignore more than the file did before. `find` finds the comments of a text, each from its `#` on.
pub fn added_ignores(
    comments: &Comments,
    base: Base<'_>,
    find: fn(Syntax, &str) -> Vec<Range<usize>>,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let mut files: HashMap<String, Option<IgnoreCounts>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut added = Vec::new();
    for (span, line, rule) in comments.each() {
        let file = sources.get(span.file);
        // The same file may have been read twice.
        if !seen.insert((file.name().to_owned(), span.start, rule)) {
            continue;
        }
        let before = files.entry(file.name().to_owned()).or_insert_with(|| {
            let text = SourceFile::unnamed(base(file.name()).text()?);
            let found = find(file.syntax()?, text.text());
            let mut known = IgnoreCounts::new();
            for (line, rule) in ignored_lines(&text, &found) {
                *known.entry((context(&text, line, true), rule)).or_default() += 1;
            }
            Some(known)
        });
        let Some(before) = before else { continue };
        match before.get_mut(&(context(&file, line, true), rule.to_owned())) {
            Some(left @ 1..) => *left -= 1,
            _ => added.push(told(span, &format!("an ignore of `{rule}`"))),
        }
    }
    added
}

/// The labels that declare what was not declared of their containers before.
pub fn added_labels(containers: &[Container], base: Base<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let mut added = Vec::new();
    for container in containers {
        for (name, label) in DECLARING_LABELS.iter().filter_map(|name| Some((name, container.labels.get(*name)?))) {
            if sources.get(label.span.file).teller(label.span.start.line).is_none()
                && is_added(container, label, base, sources)
            {
                added.push(told(label.span, &format!("`{name}` of a container")));
            }
        }
    }
    added
}

fn is_added(container: &Container, label: &Label, base: Base<'_>, sources: &Sources) -> bool {
    let (file, line) = (sources.get(label.span.file), label.span.start.line);
    let before = base(file.name());
    let Some(before) = before.text() else { return false };
    let own = context(&file, line, false);
    let before = SourceFile::unnamed(before);
    if (1..=before.line_count()).all(|line| context(&before, line, false) != own) {
        return true;
    }
    let (around, at) = (sources.get(container.span.file), container.span.start.line);
    let same_file = label.span.file == container.span.file;
    if same_file && parents(&file, line).chain([line]).any(|parent| parent == at) {
        // A variable may have another value now.
        return file.line(line).contains('$') && has_changed_variables(base, sources);
    }
    // It comes from elsewhere: what brings it here is as it was, or the container is new to it.
    let text = base(around.name());
    let Some(text) = text.text() else { return false };
    let text = SourceFile::unnamed(text);
    let container = context(&around, at, true);
    let known = (1..=text.line_count()).find(|line| context(&text, *line, true) == container);
    known.is_none_or(|line| brought_in(&text, line) != brought_in(&around, at))
}

/// Whether a file of variables is not as it was.
fn has_changed_variables(base: Base<'_>, sources: &Sources) -> bool {
    let files = sources.all();
    let mut variables = files.iter().filter(|(_, file)| file.syntax().is_none() && file.name().contains(".env"));
    variables.any(|(_, file)| base(file.name()).text().is_some_and(|text| text != file.text()))
}

/// The entries of the configuration that were not in it before.
pub fn added_entries(file: &str, config: &Config, base: Base<'_>) -> Vec<Diagnostic> {
    let before = base(file);
    let Some(before) = before.text() else { return Vec::new() };
    let sources = Sources::default();
    let known = Config::parse(sources.add(file, before), before).unwrap_or_default().entries();
    let mut known: Vec<String> = known.into_iter().map(|entry| entry.content).collect();
    let mut added = Vec::new();
    for entry in config.entries() {
        match known.iter().position(|content| *content == entry.content) {
            Some(at) => drop(known.swap_remove(at)),
            None => added.push(match entry.span {
                Some(span) => told(span, &entry.what),
                None => told_of(file, &entry.what),
            }),
        }
    }
    added
}

/// The findings that a baseline accepts and did not before.
pub fn added_findings(file: &str, baseline: &Baseline, base: Base<'_>) -> Option<Diagnostic> {
    let before = base(file);
    let known = Baseline::parse(before.text()?).ok();
    let count = baseline.added_since(known.as_ref());
    let what = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
    (count > 0).then(|| told_of(file, &format!("{what} in the baseline")))
}

/// A file of rules that is not as it was.
pub fn changed_rules(file: &str) -> Diagnostic {
    told_of(file, "other rules")
}

fn told(span: Span, what: &str) -> Diagnostic {
    Diagnostic::at(Level::Warning, span, message(what))
}

fn told_of(file: &str, what: &str) -> Diagnostic {
    Diagnostic::about(Level::Warning, Some(file.to_owned()), message(what))
}

fn message(what: &str) -> String {
    format!("added by the change itself: {what}")
}

/// The lines above that a line is part of, by indentation, the nearest first.
fn parents(file: &SourceFile, line: u32) -> impl Iterator<Item = u32> {
    let mut depth = indentation(file.line(line));
    let mut found = Vec::new();
    for above in (1..line).rev() {
        let text = file.line(above);
        if is_blank(text) || indentation(text) >= depth {
            continue;
        }
        depth = indentation(text);
        found.push(above);
        if depth == 0 {
            break;
        }
    }
    found.into_iter()
}

/// A line with what it is part of; `bare` without the comment at its end.
fn context(file: &SourceFile, line: u32, bare: bool) -> Context {
    let own = file.line(line);
    let own = if bare { without_comment(own) } else { own };
    let parents = parents(file, line).map(|line| without_comment(file.line(line)).trim().to_owned());
    std::iter::once(own.trim().to_owned()).chain(parents).collect()
}

/// The lines of the part that begins at a line which bring in what is written elsewhere.
fn brought_in(file: &SourceFile, line: u32) -> Vec<String> {
    let depth = indentation(file.line(line));
    let below = (line + 1..=file.line_count()).map(|line| file.line(line)).filter(|text| !is_blank(text));
    let part = below.take_while(|text| indentation(text) > depth);
    let lines = std::iter::once(file.line(line)).chain(part);
    let brings = lines.filter(|text| FROM_ELSEWHERE.iter().any(|word| text.contains(word)));
    brings.map(|text| without_comment(text).trim().to_owned()).collect()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn without_comment(line: &str) -> &str {
    line.split(" #").next().unwrap_or(line)
}
