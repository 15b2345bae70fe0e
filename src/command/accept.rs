//! Which findings count: comments, the configuration, the baseline, what changed. May use everything but `main`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::World;
use super::configuration::{Configuration, absolute};
use super::{since, write};
use crate::cli;
use crate::finding::Report;
use crate::model::{Container, Diagnostic, Layout, Level, parent_and_name};
use crate::render::safe;
use crate::ruleset::{Config, Ruleset};
use crate::source::git::Revision;
use crate::source::{code, image, shell};
use crate::text::{Sources, Syntax, yaml_comments};
use crate::triage::{self, Baseline, Comments, Extent, Looked, MARK, Names};

/// The baseline's file, where none is named.
const BASELINE_FILE: &str = "overlock.baseline.json";
/// How many entries that are gone are named.
const NAMED: usize = 5;

/// What decides which findings count.
pub(super) struct Acceptance<'a> {
    pub(super) world: &'a World,
    pub(super) configuration: Configuration,
    /// The first PATH.
    pub(super) first: Option<PathBuf>,
    pub(super) arguments: &'a cli::Accept,
    pub(super) since: Option<&'a str>,
    /// Whether all was looked at that a comment or an entry can be about.
    pub(super) whole: bool,
    /// Whether what is judged is described by files, which declarations name.
    pub(super) planned: bool,
}

impl Acceptance<'_> {
    pub(super) fn config(&self) -> &Config {
        &self.configuration.config
    }

    /// The baseline to compare with; `None` where there is none, or where it is written anew.
    fn known(&self) -> anyhow::Result<Option<(String, Baseline)>> {
        let Some(path) = self.arguments.baseline.as_ref().filter(|_| self.arguments.write_baseline.is_none()) else {
            return Ok(None);
        };
        let shown = path.display().to_string();
        let text = fs::read(absolute(path, self.world))
            .map_err(anyhow::Error::from)
            .with_context(|| format!("cannot read the baseline {shown}; write one with --write-baseline={shown}"))?;
        let read = Baseline::parse(&String::from_utf8_lossy(&text)).with_context(|| format!("the baseline {shown}"))?;
        Ok(Some((shown, read)))
    }

    /// The file to write: as it is shown, and its whole path.
    fn written(&self) -> Option<(String, String)> {
        let path = self.arguments.write_baseline.as_ref()?;
        let path = path.as_ref().or(self.arguments.baseline.as_ref()).cloned();
        let path = path.unwrap_or_else(|| PathBuf::from(BASELINE_FILE));
        Some((path.display().to_string(), absolute(&path, self.world)))
    }

    /// Names below the baseline's directory, so that it means the same wherever the tool runs; without one below the
    /// repository of the first PATH, or where there is none, its directory.
    pub(super) fn names(&self) -> Names {
        let baseline = self.arguments.baseline.as_ref().map(|path| absolute(path, self.world));
        let baseline = self.written().map(|(_, path)| path).or(baseline);
        let base = baseline.as_deref().and_then(parent_and_name).map(|(directory, _)| directory.to_owned());
        let base = base.unwrap_or_else(|| {
            let start = PathBuf::from(absolute(self.first.as_deref().unwrap_or(Path::new(".")), self.world));
            let directory = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
            code::top(directory).display().to_string()
        });
        self.names_below(&base)
    }

    fn names_below(&self, base: &str) -> Names {
        Names::new(&self.world.directory.display().to_string(), base)
    }

    /// Tells what the configuration says that means nothing here, and finds the comments. Once for each run, before
    /// the layout is judged.
    pub(super) fn prepare(&self, layout: &mut Layout, rules: &Ruleset, sources: &Sources) -> Comments {
        let Layout { containers, diagnostics, .. } = layout;
        diagnostics.extend(self.configuration.told.iter().cloned());
        diagnostics.extend(triage::unknown_rules(self.config(), rules));
        if self.whole && self.planned {
            diagnostics.extend(triage::idle_declarations(self.config(), containers));
        }
        comments(containers, diagnostics, rules, sources)
    }

    /// Marks the findings that do not count, and writes the baseline where that is asked for. What there is to say
    /// beside the report goes to `err`.
    pub(super) fn apply(
        &self,
        report: &mut Report,
        (comments, names): (&mut Comments, &Names),
        sources: &Sources,
        err: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let below = self.configuration.directory.as_deref().unwrap_or("/");
        let below = self.names_below(below);
        let looked = Looked { names: &below, whole: self.whole, planned: self.planned };
        triage::accept(report, comments, self.config(), looked, sources);
        if let Some((shown, baseline)) = self.known()? {
            baseline.suppress(report);
            let gone = baseline.gone(report);
            if self.whole && !gone.is_empty() {
                writeln!(err, "{}", safe(&told(&shown, &gone)))?;
            }
        }
        if let Some((shown, path)) = self.written() {
            if report.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
                writeln!(err, "overlock: the baseline {} is not written, since the input is not usable", safe(&shown))?;
            } else {
                let baseline = Baseline::of(report, names, sources);
                write::put(Path::new(&path), baseline.text().as_bytes())
                    .with_context(|| format!("cannot write the baseline {shown}"))?;
                baseline.suppress(report);
            }
        }
        if let Some(revision) = self.since {
            let base = since::open(revision, self.first.as_deref(), self.world)?;
            let extents = extents(report, &base, self.world, sources)?;
            let extent = |name: &str| extents.get(name).cloned().unwrap_or(Extent::Whole);
            triage::unchanged(report, revision, &extent, sources);
        }
        Ok(())
    }
}

/// The comments for this tool in all that was read.
fn comments(
    containers: &[Container],
    diagnostics: &mut Vec<Diagnostic>,
    rules: &Ruleset,
    sources: &Sources,
) -> Comments {
    let mut comments = Comments::default();
    for (id, file) in sources.all() {
        let Some(syntax) = file.syntax().filter(|_| file.text().contains(MARK)) else { continue };
        let found = match syntax {
            Syntax::Yaml => yaml_comments(file.text()),
            Syntax::Shell => shell::find_comments(file.text()),
            Syntax::Dockerfile => image::comments(file.text()),
        };
        diagnostics.extend(comments.add((id, &file), &found, rules));
    }
    comments.place(containers, sources);
    comments
}

/// What changed of each file that a finding names, each asked once.
fn extents(
    report: &Report,
    base: &Revision,
    world: &World,
    sources: &Sources,
) -> anyhow::Result<BTreeMap<String, Extent>> {
    let mut extents = BTreeMap::new();
    for finding in &report.findings {
        let located = finding.locations.iter().map(|location| location.span);
        for span in located.chain(finding.evidence.iter().filter_map(|evidence| evidence.span)) {
            if let Entry::Vacant(entry) = extents.entry(sources.get(span.file).name().to_owned()) {
                let extent = since::extent(base, entry.key(), world)?;
                entry.insert(extent);
            }
        }
    }
    Ok(extents)
}

fn told(shown: &str, gone: &[String]) -> String {
    let count = if gone.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", gone.len()) };
    let more = if gone.len() > NAMED { ", …" } else { "" };
    let named = gone.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("overlock: {count} of {shown} found no more: {named}{more}; --write-baseline takes them out")
}
