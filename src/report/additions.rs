//! What a change accepts for itself: ignores, declarations, severities, rules and baseline entries that were not there at
//! the base. Compared by what is written, never by line numbers. May use `finding`, `model`, `rules`, `text` and the
//! other parts of `report`.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::rc::Rc;

use super::baseline::Baseline;
use super::comment::{Comments, ignored_lines};
use crate::model::{Container, DECLARING_LABELS, Diagnostic, Label, Level};
use crate::rules::Config;
use crate::text::{FileId, SourceFile, Sources, Span, Syntax};

/// What a file held at the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseText {
    /// It is not of the repository, and so not of the change.
    Outside,
    /// Nothing: it is new, was renamed, or was no regular file.
    Absent,
    /// This text.
    Text(String),
}

impl BaseText {
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
pub type Base<'a> = &'a dyn Fn(&str) -> BaseText;

/// A line of a file and what it belongs to: a digest of itself and of each line above that is indented less.
type LineContext = u64;

/// How often a text ignores a rule at a line.
type IgnoreCounts = HashMap<(LineContext, String), usize>;

/// The contexts of all lines of a file, each looked at once.
struct Contexts {
    file: SourceFile,
    /// Of each line with its comment, and without.
    lines: Vec<(LineContext, LineContext)>,
    written: HashSet<LineContext>,
    /// The first line of each without its comment.
    bare: HashMap<LineContext, u32>,
}

impl Contexts {
    fn of(file: SourceFile, state: &RandomState) -> Self {
        let mut above: Vec<(usize, LineContext)> = Vec::new();
        let (mut lines, mut written, mut bare) = (Vec::new(), HashSet::new(), HashMap::new());
        for number in 1..=file.line_count() {
            let text = file.line(number);
            let depth = indentation(text);
            let parents = above.partition_point(|(other, _)| *other < depth);
            let parent = parents.checked_sub(1).and_then(|at| above.get(at)).map(|(_, context)| *context);
            let whole = state.hash_one((text.trim(), parent));
            let own = state.hash_one((without_comment(text).trim(), parent));
            if !is_blank(text) {
                above.truncate(parents);
                above.push((depth, own));
            }
            written.insert(whole);
            bare.entry(own).or_insert(number);
            lines.push((whole, own));
        }
        Self { file, lines, written, bare }
    }

    fn line(&self, line: u32) -> Option<(LineContext, LineContext)> {
        self.lines.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }

    fn without_comment(&self, line: u32) -> Option<LineContext> {
        Some(self.line(line)?.1)
    }
}

/// The files of a run now and at the base, each read once.
struct ComparedFiles<'a> {
    base: Base<'a>,
    sources: &'a Sources,
    state: RandomState,
    now: HashMap<FileId, Rc<Contexts>>,
    before: HashMap<String, Option<Rc<Contexts>>>,
    variables_changed: OnceCell<bool>,
}

impl<'a> ComparedFiles<'a> {
    fn new(base: Base<'a>, sources: &'a Sources) -> Self {
        let (now, before) = (HashMap::new(), HashMap::new());
        Self { base, sources, state: RandomState::new(), now, before, variables_changed: OnceCell::new() }
    }

    fn now(&mut self, file: FileId) -> Rc<Contexts> {
        let make = || Rc::new(Contexts::of(SourceFile::unnamed(self.sources.get(file).text()), &self.state));
        Rc::clone(self.now.entry(file).or_insert_with(make))
    }

    /// What a file was; `None` where it is no part of the change.
    fn before(&mut self, name: &str) -> Option<Rc<Contexts>> {
        if let Some(known) = self.before.get(name) {
            return known.clone();
        }
        let before = (self.base)(name);
        let known = before.text().map(|text| Rc::new(Contexts::of(SourceFile::unnamed(text), &self.state)));
        self.before.insert(name.to_owned(), known.clone());
        known
    }

    fn has_changed_variables(&self) -> bool {
        *self.variables_changed.get_or_init(|| has_changed_variables(self.base, self.sources))
    }
}

/// Words of a line that bring in what is written elsewhere.
const FROM_ELSEWHERE: [&str; 9] = ["<<", "*", "extends", "file", "build", "context", "dockerfile", "image", "label"];

/// The comments that ignore more than the file did before. `find` finds the comments of a text, each from its `#` on.
pub fn added_ignores(
    comments: &Comments,
    base: Base<'_>,
    find: fn(Syntax, &str) -> Vec<Range<usize>>,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let mut files = ComparedFiles::new(base, sources);
    let mut counts: HashMap<String, Option<IgnoreCounts>> = HashMap::new();
    let mut seen = HashSet::new();
    let mut added = Vec::new();
    for (span, line, rule) in comments.each() {
        let file = sources.get(span.file);
        // The same file may have been read twice.
        if !seen.insert((file.name().to_owned(), span.start, rule)) {
            continue;
        }
        let before = counts.entry(file.name().to_owned()).or_insert_with(|| {
            let before = files.before(file.name())?;
            let found = find(file.syntax()?, before.file.text());
            let mut known = IgnoreCounts::new();
            for (line, rule) in ignored_lines(&before.file, &found) {
                *known.entry((before.without_comment(line)?, rule)).or_default() += 1;
            }
            Some(known)
        });
        let Some(before) = before else { continue };
        let context = files.now(span.file).without_comment(line);
        match context.and_then(|context| before.get_mut(&(context, rule.to_owned()))) {
            Some(left @ 1..) => *left -= 1,
            _ => added.push(told(span, &format!("an ignore of `{rule}`"))),
        }
    }
    added
}

/// The labels that declare what was not declared of their containers before.
pub fn added_labels(containers: &[Container], base: Base<'_>, sources: &Sources) -> Vec<Diagnostic> {
    let mut files = ComparedFiles::new(base, sources);
    let mut added = Vec::new();
    for container in containers {
        for (name, label) in DECLARING_LABELS.iter().filter_map(|name| Some((name, container.labels.get(*name)?))) {
            if sources.get(label.span.file).teller(label.span.start.line).is_none()
                && is_added(container, label, &mut files)
            {
                added.push(told(label.span, &format!("`{name}` of a container")));
            }
        }
    }
    added
}

fn is_added(container: &Container, label: &Label, files: &mut ComparedFiles<'_>) -> bool {
    let (file, line) = (files.sources.get(label.span.file), label.span.start.line);
    let Some(before) = files.before(file.name()) else { return false };
    let own = files.now(label.span.file).line(line);
    if own.is_none_or(|(own, _)| !before.written.contains(&own)) {
        return true;
    }
    let (around, at) = (files.sources.get(container.span.file), container.span.start.line);
    let same_file = label.span.file == container.span.file;
    if same_file && is_within(&file, line, at) {
        // A variable may have another value now.
        return file.line(line).contains('$') && files.has_changed_variables();
    }
    // It comes from elsewhere: what brings it here is as it was, or the container is new to it.
    let Some(before) = files.before(around.name()) else { return false };
    let container = files.now(container.span.file).without_comment(at);
    let known = container.and_then(|container| before.bare.get(&container));
    known.is_none_or(|line| brought_in(&before.file, *line) != brought_in(&around, at))
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
    Diagnostic::at(Level::Warning, span, message(what)).pressing()
}

fn told_of(file: &str, what: &str) -> Diagnostic {
    Diagnostic::about(Level::Warning, Some(file.to_owned()), message(what)).pressing()
}

fn message(what: &str) -> String {
    format!("added by the change itself: {what}")
}

/// Whether a line is of the part that begins at another, by indentation.
fn is_within(file: &SourceFile, line: u32, first: u32) -> bool {
    let depth = indentation(file.line(first));
    first <= line
        && (first + 1..=line).map(|line| file.line(line)).all(|text| is_blank(text) || indentation(text) > depth)
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
