//! Which findings count: comments, the configuration, the baseline, what changed. May use everything but `main`.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::World;
use super::check;
use super::configuration::{self, Configuration, Search, absolute, directory_of};
use super::since;
use crate::cli::{self, Check, Cli, Compose};
use crate::finding::{Influence, Judged, Report};
use crate::input::git::Revision;
use crate::input::{dockerfile, hcl_comments, project, shell};
use crate::judge::judge;
use crate::model::{Container, Diagnostic, Layout, Level, parent_and_name};
use crate::render::{self, safe};
use crate::report::{self, Baseline, Comments, Concealed, Looked, MARK, Names};
use crate::rules::{Config, Ruleset};
use crate::text::json::json_comments;
use crate::text::writer::{self, Folder};
use crate::text::{Reader, Sources, Syntax, yaml_comments};

/// The baseline's file, where none is named.
const BASELINE_FILE: &str = "overlock.baseline.json";
/// The largest baseline that is read, in bytes: a hundred thousand findings.
const MAX_BASELINE: u64 = 64 << 20;
/// How many entries that are gone are named.
const NAMED: usize = 5;

/// What decides which findings count.
pub(super) struct Acceptance<'a> {
    pub(super) world: &'a World,
    pub(super) configuration: Configuration,
    /// The first PATH.
    pub(super) first: Option<PathBuf>,
    pub(super) arguments: &'a cli::Accept,
    pub(super) since: Option<Since<'a>>,
    /// Whether what the change since then accepts for itself fails the run.
    pub(super) fail_on_accept: bool,
    /// Whether all was looked at that a comment or an entry can be about.
    pub(super) whole: bool,
    /// Whether what is judged is described by files, which declarations name.
    pub(super) planned: bool,
}

/// The revision that a check is compared with, and the call that is repeated there.
#[derive(Clone, Copy)]
pub(super) struct Since<'a> {
    pub(super) revision: &'a str,
    pub(super) cli: &'a Cli,
    pub(super) check: &'a Check,
}

/// What is found out before the layout is judged.
pub(super) struct Prepared {
    comments: Comments,
    influences: Vec<Influence>,
    /// What the run is compared with.
    base: Option<Revision>,
    /// What the change since then accepts for itself.
    added: Vec<Diagnostic>,
    /// The baseline, with its name.
    baseline: Option<(String, Baseline)>,
    /// Which ignores of the configuration matched something.
    used: Vec<bool>,
}

impl<'a> Acceptance<'a> {
    /// For all that runs here.
    pub(super) fn of_running(world: &'a World, configuration: Configuration, arguments: &'a cli::Accept) -> Self {
        Self {
            world,
            configuration,
            first: None,
            arguments,
            since: None,
            fail_on_accept: false,
            whole: true,
            planned: false,
        }
    }

    /// For a plan, which is whole where no profile leaves a part of it out.
    pub(super) fn of_plan(
        world: &'a World,
        configuration: Configuration,
        paths: &[PathBuf],
        compose: &Compose,
        arguments: &'a cli::Accept,
    ) -> Self {
        Self {
            first: super::first(paths, compose).map(Path::to_owned),
            whole: compose.profile.is_empty(),
            planned: true,
            ..Self::of_running(world, configuration, arguments)
        }
    }
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
        let whole = PathBuf::from(absolute(path, self.world));
        let text = Reader::default()
            .with_typed(&whole)
            .read(&whole, MAX_BASELINE)
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
            project::top(directory_of(&start)).display().to_string()
        });
        self.names_below(&base)
    }

    fn names_below(&self, base: &str) -> Names {
        Names::new(&self.world.directory.display().to_string(), base)
    }

    /// Tells what the configuration says that means nothing here, and finds the comments and whatever else people wrote
    /// that the verdicts depend on. Once for each run, before the layout is judged.
    pub(super) fn prepare(&self, layout: &mut Layout, rules: &Ruleset, sources: &Sources) -> anyhow::Result<Prepared> {
        let Layout { containers, diagnostics, .. } = layout;
        diagnostics.extend(self.configuration.told.iter().chain(rules.refused()).cloned());
        diagnostics.extend(report::unknown_rules(self.config(), rules));
        if self.planned {
            diagnostics.extend(report::unknown_labels(containers));
        }
        let is_usable = diagnostics.iter().all(|one| one.level != Level::Error);
        if self.whole && self.planned && is_usable {
            diagnostics.extend(report::idle_declarations(self.config(), containers));
        }
        let file = self.configuration.file.as_deref().map(|file| (file, self.config()));
        let mut influences = report::influences(file, rules);
        influences.extend(report::declarations(containers, sources));
        let comments = comments(containers, diagnostics, rules, sources);
        let (baseline, used) = (self.known()?, Vec::new());
        let mut prepared = Prepared { comments, influences, base: None, added: Vec::new(), baseline, used };
        if let Some(since) = self.since {
            let base = since::open(since.revision, self.first.as_deref(), self.world)?;
            let before = |name: &str| since::before(&base, name, self.world);
            prepared.added = report::added_labels(containers, &before, sources);
            prepared.added.extend(report::added_ignores(&prepared.comments, &before, comment_ranges, sources));
            if let Some(file) = &self.configuration.file {
                prepared.added.extend(report::added_entries(file, self.config(), &before));
            }
            let changed = rules.further.iter().map(|further| since::changed_rules(&base, further, self.world));
            prepared.added.extend(changed.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten());
            prepared.base = Some(base);
        }
        Ok(prepared)
    }

    /// The report of what the judge answered, of all that is judged or of a part of it: marked is what does not count.
    pub(super) fn accept(
        &self,
        mut judged: Judged,
        prepared: &mut Prepared,
        rules: &Ruleset,
        sources: &Sources,
    ) -> Report {
        let below = self.names_of_configuration();
        let (comments, used) = (&mut prepared.comments, &mut prepared.used);
        report::accept_files(&mut judged, self.config(), self.looked(&below));
        report::accept(&mut judged, comments, self.config(), &below, used, sources);
        let mut report = report::build_report(judged, &rules.matrix, &self.names(), sources);
        if let Some((_, baseline)) = &prepared.baseline {
            baseline.suppress(&mut report);
        }
        report
    }

    fn names_of_configuration(&self) -> Names {
        self.names_below(self.configuration.directory.as_deref().unwrap_or("/"))
    }

    fn looked<'n>(&self, names: &'n Names) -> Looked<'n> {
        Looked { names, whole: self.whole, planned: self.planned }
    }

    /// Completes a report of all that is judged by what concerns it as a whole, and writes the baseline where that is asked
    /// for. What there is to say beside the report goes to `err`.
    pub(super) fn complete(
        &self,
        report: &mut Report,
        prepared: Prepared,
        rules: &Ruleset,
        sources: &Sources,
        err: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let Prepared { comments, influences, base, mut added, baseline, used } = prepared;
        let below = self.names_of_configuration();
        let idle = report::idle_ignores(report, &comments, self.config(), self.looked(&below), &used);
        report.diagnostics.extend(idle);
        let names = self.names();
        report.configuration.extend(influences);
        report.configuration.extend(comments.influences(sources));
        if let Some((shown, baseline)) = baseline {
            report.configuration.push(baseline.influence(&shown));
            let before =
                |base| report::added_findings(&shown, &baseline, &|name| since::before(base, name, self.world));
            added.extend(base.as_ref().and_then(before));
            let gone = baseline.gone(report);
            if self.whole && !gone.is_empty() {
                writeln!(err, "{}", safe(&told(&shown, &gone)))?;
            }
        }
        self.write_baseline(report, &names, sources, err)?;
        report.added = added.len();
        report.diagnostics.extend(added);
        if let Some((since, base)) = self.since.zip(base) {
            let before = self.report_of_revision(since, &base, rules, sources)?;
            if before.diagnostics.iter().any(|one| one.level == Level::Error) {
                let message = format!(
                    "some input could not be read as it was at {}: what it is about counts as new",
                    since.revision
                );
                report.diagnostics.push(Diagnostic::about(Level::Warning, None, message));
            }
            report::compare_with_revision(report, &before, since.revision);
        }
        report::sort_diagnostics(report, sources);
        Ok(())
    }

    /// What is found at a revision by the same call, with the configuration that it had. Nothing is accepted there.
    fn report_of_revision(
        &self,
        since: Since<'_>,
        base: &Revision,
        rules: &Ruleset,
        sources: &Sources,
    ) -> anyhow::Result<Report> {
        let programs = super::programs(rules);
        let asked = check::PlanRequest::of(since.check).excluding(&self.configuration);
        let (mut layout, then) = since::layout_of_revision(&asked, base, sources.reader(), &programs, self.world)?;
        let configuration =
            configuration::find(since.cli, Search::Repository(self.first.as_deref()), self.world, &then);
        let concealed = Concealed::of(&mut layout, &then);
        let mut judged = judge(&mut layout, rules, &configuration.config);
        concealed.apply(&mut judged);
        Ok(report::build_report(judged, &rules.matrix, &self.names(), &then))
    }

    /// Writes the baseline where that is asked for, and says what was written.
    fn write_baseline(
        &self,
        report: &mut Report,
        names: &Names,
        sources: &Sources,
        err: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let Some((shown, path)) = self.written() else { return Ok(()) };
        if report.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
            writeln!(err, "overlock: the baseline {} is not written, since the input is not usable", safe(&shown))?;
            return Ok(());
        }
        let baseline = Baseline::of(report, names, sources);
        let text = render::escape_json(&baseline.text()).into_owned();
        let written = writer::split(Path::new(&path))
            .and_then(|(directory, name)| Folder::open_trusted(directory)?.write(name, text.as_bytes()));
        written.map_err(|error| anyhow!("cannot write the baseline {shown}: {}", writer::failure(&error)))?;
        baseline.suppress(report);
        let influence = baseline.influence(&shown);
        let count = influence.entries;
        let hits = if count == 1 { "hit" } else { "hits" };
        let shown = safe(&shown);
        writeln!(err, "overlock: wrote {shown}: {count} {hits}, suppressed from now on with --baseline={shown}")?;
        report.configuration.push(influence);
        Ok(())
    }
}

impl Prepared {
    /// Takes in what further containers declare.
    pub(super) fn add_declarations(&mut self, containers: &[Container], sources: &Sources) {
        self.influences.extend(report::declarations(containers, sources));
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
    for (id, file) in sources.all_written() {
        let Some(syntax) = file.syntax().filter(|_| file.text().contains(MARK)) else { continue };
        diagnostics.extend(comments.add(id, &file, &comment_ranges(syntax, file.text()), rules));
    }
    comments.place(containers, sources);
    comments
}

/// The comments of a text.
fn comment_ranges(syntax: Syntax, text: &str) -> Vec<Range<usize>> {
    match syntax {
        Syntax::Yaml => yaml_comments(text),
        Syntax::Shell => shell::find_comments(text),
        Syntax::Dockerfile => dockerfile::comments(text),
        Syntax::Json => json_comments(text),
        Syntax::Hcl => hcl_comments(text),
    }
}

fn told(shown: &str, gone: &[String]) -> String {
    let count = if gone.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", gone.len()) };
    let more = if gone.len() > NAMED { ", …" } else { "" };
    let named = gone.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("overlock: {count} of {shown} no longer found: {named}{more}; run --write-baseline to drop them")
}
