//! `overlock check --fix` and `--diff`: one change after the other, each judged as it would stand before it counts.
//! May use everything but `main`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::configuration::Search;
use super::judged::{self, Read};
use super::output::Outputs;
use super::session::Session;
use super::{check, configuration, programs};
use crate::cli::{Check, Cli};
use crate::finding::{Breach, Finding, Hit, Participant, PlacedText, Remedy, Report};
use crate::fix::{self, MountUsers};
use crate::input::{ProgramNames, project};
use crate::model::{ContainerId, Layout, Level};
use crate::render::{self, safe};
use crate::report::ExitStatus;
use crate::rules::Severity;
use crate::text::writer::{self, Folder};
use crate::text::{FileId, Pos, Reader, Sources, Span};

/// Fixes what can be fixed, or shows what that would be.
pub(super) fn run(
    arguments: &Check,
    cli: &Cli,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let asked = FixRequest { cli, arguments, session, programs: programs(session.rules) };
    let first = asked.judged(BTreeMap::new())?;
    let outputs = Outputs::of(&arguments.output, &session.world.directory)?;
    let status = first.status;
    let root = repository(&session.world.directory);
    let mut fixing = Fixing { asked: &asked, root, now: first, files: BTreeMap::new(), done: Vec::new() };
    let mut refused = fixing.all()?;
    refused.sort();
    let word = if arguments.diff { "would fix" } else { "fixed" };
    for line in fixing.done.iter().map(|line| format!("{word}: {line}")).chain(refused) {
        writeln!(err, "{}", safe(&line))?;
    }
    if arguments.diff {
        for file in fixing.files.values() {
            if !render::diff(&file.name, &file.before, &file.after, session.style, out)?
                && session.style.width.is_none()
            {
                let what = format!("the diff of {} cannot be applied: characters in it are written out", file.name);
                writeln!(err, "{}; --fix makes the change", safe(&what))?;
            }
        }
        render::diagnostics(&fixing.now.report.diagnostics, &fixing.now.sources, err)?;
        render::configuration(&fixing.now.report, err)?;
        let number = fixing.done.len();
        writeln!(err, "{number} fix{}; nothing is written, --fix does that", if number == 1 { "" } else { "es" })?;
        return Ok(status);
    }
    for (path, file) in &fixing.files {
        replace(path, file)?;
        writeln!(err, "{}", safe(&format!("written: {}", file.name)))?;
    }
    let now = &fixing.now;
    judged::print(&now.report, now.status, &outputs, &Session { sources: &now.sources, ..*session }, out, err)
}

/// The directory that may be written in: the git repository around a directory, or else the directory itself.
fn repository(directory: &Path) -> PathBuf {
    let real = Reader::of_host().real_path(directory).unwrap_or_else(|_| directory.to_owned());
    project::top(&real).to_owned()
}

/// Writes a changed file; its path has no link in it.
fn replace(path: &Path, file: &Changed) -> anyhow::Result<()> {
    let replaced = writer::split(path)
        .and_then(|(folder, name)| Folder::open(folder)?.replace_text(name, &file.before, &file.after));
    replaced.map_err(|error| anyhow!("cannot write {}: {}", path.display(), writer::failure(&error)))
}

/// What is judged, again and again.
struct FixRequest<'a> {
    cli: &'a Cli,
    arguments: &'a Check,
    /// As it is before any change: each try reads the files anew.
    session: &'a Session<'a>,
    programs: ProgramNames,
}

/// A report, the files that it is about, and who uses what is written in them.
struct JudgedFix {
    report: Report,
    status: ExitStatus,
    sources: Sources,
    users: BTreeMap<ReportedPlace, BTreeSet<ContainerId>>,
}

/// A place in a file, whichever project read it.
type ReportedPlace = (String, Pos, Pos);

/// A file before and after what is done so far.
struct Changed {
    name: String,
    before: String,
    after: String,
}

impl FixRequest<'_> {
    /// Judges what the arguments name, with other texts in the place of some files.
    fn judged(&self, planned: BTreeMap<PathBuf, String>) -> anyhow::Result<JudgedFix> {
        let reader: &Reader = self.session.sources.reader();
        let sources = Sources::reading(reader.clone().with_planned(planned));
        let session = Session { sources: &sources, ..*self.session };
        let search = Search::Repository(super::first_of(self.arguments));
        let configuration = configuration::find(self.cli, search, session.world, &sources);
        let layout = check::read(
            &check::PlanRequest::of(self.arguments).excluding(&configuration),
            session.world,
            &self.programs,
            &sources,
        )?;
        let users = users(&layout, &sources);
        let acceptance = super::acceptance(self.cli, self.arguments, configuration, session.world);
        let read = Read::of(layout, acceptance);
        // What there is to say beside a report is said of none of the tries.
        let (report, status) = judged::judged(read, self.arguments.output.fail_on, &session, &mut std::io::sink())?;
        Ok(JudgedFix { report, status, sources, users })
    }
}

fn place(span: Span, sources: &Sources) -> ReportedPlace {
    (sources.get(span.file).name().to_owned(), span.start, span.end)
}

fn users(layout: &Layout, sources: &Sources) -> BTreeMap<ReportedPlace, BTreeSet<ContainerId>> {
    let mut users: BTreeMap<ReportedPlace, BTreeSet<ContainerId>> = BTreeMap::new();
    for container in &layout.containers {
        for mount in &container.mounts {
            let name = container.container_id();
            users.entry(place(mount.span, sources)).or_default().insert(name);
        }
    }
    users
}

/// A change that counts: the files, what they hold then, what is judged then, and a line about it.
struct FixStep {
    files: BTreeMap<PathBuf, Changed>,
    judged: JudgedFix,
    line: String,
}

/// A change that is not judged yet.
struct Plan {
    files: BTreeMap<PathBuf, Changed>,
    /// What it is to end.
    ends: Vec<Breach>,
    line: String,
}

/// How many remedies of a finding are told.
const TOLD: usize = 3;

/// Remedies that were not carried out, by the reason.
#[derive(Default)]
struct LeftRemedies(BTreeMap<String, Vec<String>>);

impl LeftRemedies {
    fn add(&mut self, why: String, what: String) {
        let all = self.0.entry(why).or_default();
        if !all.contains(&what) {
            all.push(what);
        }
    }

    /// A line for each reason.
    fn lines(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(why, all)| {
            let more = if all.len() > 1 { format!(" (and {} more)", all.len() - 1) } else { String::new() };
            format!("not fixed: {}{more}: {why}", all.first().map_or("", String::as_str))
        })
    }
}

struct Fixing<'a> {
    asked: &'a FixRequest<'a>,
    /// The only directory that is written in.
    root: PathBuf,
    now: JudgedFix,
    files: BTreeMap<PathBuf, Changed>,
    /// What was done, a line each.
    done: Vec<String>,
}

impl Fixing<'_> {
    /// Makes every change that can be made; what could not be, and why, a line each.
    fn all(&mut self) -> anyhow::Result<Vec<String>> {
        let unreadable = |report: &Report| report.diagnostics.iter().any(|one| one.level == Level::Error);
        if unreadable(&self.now.report) {
            return Ok(vec!["not fixed: something could not be read, and may use what would be changed".to_owned()]);
        }
        // What one change leaves open the next one may allow, so there is a round more after each that changed something.
        // Each change ends a breach and begins none: there is an end.
        loop {
            let (mut refused, before) = (BTreeMap::new(), self.done.len());
            // What ends a finding for all leaves nothing to be done for each, such as a login of its own for one of them.
            self.make_remedies(Finding::ending_remedy)?;
            while let Some(breach) = self.next_breach(&refused) {
                let planned = self.planned_fix(&breach);
                if let Err(why) = self.make(planned)? {
                    let line = format!("not fixed: {}: {why}", self.headline(&breach));
                    refused.insert(matter(&breach), line);
                }
            }
            let mut left = self.make_remedies(Finding::written_remedy)?;
            if self.done.len() == before {
                self.add_unwritten(&mut left);
                return Ok(refused.into_values().chain(left.lines()).collect());
            }
        }
    }

    /// Makes the change of one remedy of each finding, as far as that is an improvement; what is left, and why.
    fn make_remedies(&mut self, choose: fn(&Finding) -> Option<&Remedy>) -> anyhow::Result<LeftRemedies> {
        let (mut tried, mut left) = (BTreeSet::new(), LeftRemedies::default());
        while let Some((login, family, remedy)) = self.next_remedy(&tried, choose) {
            tried.insert((login, family));
            let planned = self.planned_remedy(&remedy);
            if let Err(why) = self.make(planned)? {
                left.add(why, self.told_remedy(&remedy.text, &remedy.edits));
            }
        }
        Ok(left)
    }

    /// Makes a change, if it is an improvement; or why not.
    fn make(&mut self, planned: Result<Plan, String>) -> anyhow::Result<Result<(), String>> {
        let plan = match planned {
            Ok(plan) => plan,
            Err(why) => return Ok(Err(why)),
        };
        match self.tried(plan)? {
            Ok(FixStep { files, judged, line }) => {
                self.files.extend(files);
                self.now = judged;
                self.done.push(line);
                Ok(Ok(()))
            }
            Err(why) => Ok(Err(why)),
        }
    }

    /// The next breach that was not refused in this round.
    fn next_breach(&self, refused: &BTreeMap<Matter, String>) -> Option<Breach> {
        let hits = self.now.report.counting_hits();
        let mut breaches = hits.flat_map(|hit| &hit.breaches);
        breaches.find(|breach| wanted(breach) && !refused.contains_key(&matter(breach))).cloned()
    }

    /// The remedy of the next finding that was not tried in this round and has such a one.
    fn next_remedy(
        &self,
        tried: &BTreeSet<(String, String)>,
        choose: fn(&Finding) -> Option<&Remedy>,
    ) -> Option<(String, String, Remedy)> {
        let report = &self.now.report;
        let wanted = report.findings().filter(|(_, one)| one.severity >= Severity::Warning && report.counts(one));
        let mut open = wanted
            .filter_map(|(login, finding)| Some((login.id.clone(), finding.family.clone(), choose(finding)?.clone())));
        open.find(|(login, family, _)| !tried.contains(&(login.clone(), family.clone())))
    }

    /// Takes in what only a person can write, of the remedies that are told of each finding.
    fn add_unwritten(&self, left: &mut LeftRemedies) {
        let report = &self.now.report;
        let open = report.findings().filter(|(_, one)| one.severity >= Severity::Warning && report.counts(one));
        for step in open.flat_map(|(_, one)| one.remedies.iter().take(TOLD)).flat_map(Remedy::manual_steps) {
            let told = self.told_remedy(step.text, step.edits);
            for why in step.why {
                left.add(why.clone(), told.clone());
            }
            if step.why.is_empty() {
                left.add("that is for a person to do".to_owned(), told);
            }
        }
    }

    /// A remedy's step with the first place where it is to be made.
    fn told_remedy(&self, text: &str, edits: &[PlacedText]) -> String {
        let at = edits.first().map(|edit| (self.now.sources.get(edit.span.file).label(), edit.span.start.line));
        let at = at.map_or_else(String::new, |(name, line)| format!("{name}:{line}: "));
        format!("{at}{text}")
    }

    fn headline(&self, breach: &Breach) -> String {
        let at = breach.primary().map(|span| (self.now.sources.get(span.file).label(), span.start.line));
        let at = at.map_or_else(String::new, |(name, line)| format!("{name}:{line}: "));
        format!("{at}{} of {}", breach.rule, breach.container)
    }

    /// One change, judged; or why it is not made.
    fn tried(&self, plan: Plan) -> anyhow::Result<Result<FixStep, String>> {
        let Plan { files, ends, line } = plan;
        let done = self.files.iter().chain(&files);
        let texts: BTreeMap<PathBuf, String> = done.map(|(path, file)| (path.clone(), file.after.clone())).collect();
        let judged = self.asked.judged(texts)?;
        Ok(match worse(&self.now.report, &judged.report, &ends) {
            Some(why) => Err(why),
            None => Ok(FixStep { files, judged, line }),
        })
    }

    fn planned_fix(&self, breach: &Breach) -> Result<Plan, String> {
        let report = &self.now.report;
        let is_of = |one: &&_| name_of(one) == (breach.project.as_ref(), breach.container.as_str());
        let participant = report.participants.iter().find(is_of).ok_or("it is about no service")?;
        let users = self.mount_users(breach);
        let known = users.unwrap_or(MountUsers::One);
        let fix = fix::propose(breach, participant, &report.participants, known, &self.now.sources)?;
        users.ok_or("other services use the same mount as it is written here")?;
        let files = self.changed_files(&fix.edits)?;
        let then = fix.then.map_or_else(String::new, |then| format!("; {then}"));
        let line = format!("{}: {} {}{then}", self.headline(breach), breach.container, fix.what);
        Ok(Plan { files, ends: vec![breach.clone()], line })
    }

    /// Who uses the mount that a breach is about; `None` where somebody does who does not break the rule.
    fn mount_users(&self, breach: &Breach) -> Option<MountUsers> {
        let span = breach.primary()?;
        let users = self.now.users.get(&place(span, &self.now.sources))?;
        if users.len() == 1 {
            return Some(MountUsers::One);
        }
        let breaches = self.now.report.counting_hits().flat_map(|hit| &hit.breaches);
        let same = breaches.filter(|other| other.rule == breach.rule && other.primary() == Some(span));
        let wanting: BTreeSet<ContainerId> = same.map(Breach::container_id).collect();
        users.is_subset(&wanting).then_some(MountUsers::Agreed)
    }

    fn planned_remedy(&self, remedy: &Remedy) -> Result<Plan, String> {
        let report = &self.now.report;
        let ended = remedy.ends.iter().filter_map(|at| report.hits.get(*at));
        // What remains of a hit is no worse than a part of it was: a person on the host beside containers that lock.
        let worst = |hit: &Hit| hit.counting().map(|breach| breach.severity).max();
        let of_worst = ended.flat_map(|hit| hit.counting().filter(move |breach| Some(breach.severity) == worst(hit)));
        let ends: Vec<Breach> = of_worst.cloned().collect();
        let first = ends.first().ok_or("it ends nothing")?;
        let edits: Vec<PlacedText> = remedy.all_edits().cloned().collect();
        let files = self.changed_files(&edits)?;
        let places = edits.iter().map(|edit| (self.now.sources.get(edit.span.file).label(), edit.span.start.line));
        let places: BTreeSet<String> = places.map(|(name, line)| format!("{name}:{line}")).collect();
        let places = places.into_iter().collect::<Vec<_>>().join(", ");
        let line = format!("{}: {} at {places}", self.headline(first), remedy.whole_text());
        Ok(Plan { files, ends, line })
    }

    /// The files with edits made in them.
    fn changed_files(&self, edits: &[PlacedText]) -> Result<BTreeMap<PathBuf, Changed>, String> {
        // One file may be read several times, for one project each.
        let mut by_file: BTreeMap<PathBuf, (FileId, Vec<PlacedText>)> = BTreeMap::new();
        for edit in edits {
            let path = self.real(self.now.sources.get(edit.span.file).name())?;
            let (id, placed) = by_file.entry(path).or_insert((edit.span.file, Vec::new()));
            let edit = PlacedText { span: Span { file: *id, ..edit.span }, text: edit.text.clone() };
            if !placed.contains(&edit) {
                placed.push(edit);
            }
        }
        let mut files = BTreeMap::new();
        for (path, (id, edits)) in by_file {
            let file = self.now.sources.get(id);
            let after = fix::apply_edits(&file, &edits).ok_or("the change does not fit the file")?;
            let before = self.files.get(&path).map_or_else(|| file.text().to_owned(), |known| known.before.clone());
            files.insert(path, Changed { name: file.name().to_owned(), before, after });
        }
        Ok(files)
    }

    /// The file's own path, after links, if it may be written.
    fn real(&self, name: &str) -> Result<PathBuf, String> {
        if name == "-" {
            return Err("standard input cannot be changed".to_owned());
        }
        let path: PathBuf = self.asked.session.world.directory.join(Path::new(name));
        let path = self.asked.session.sources.reader().real_path(&path).map_err(|error| error.to_string())?;
        if path.starts_with(&self.root) {
            return Ok(path);
        }
        Err(format!("the file is outside {}: run it in the repository that holds the file", self.root.display()))
    }
}

fn name_of(one: &Participant) -> (Option<&String>, &str) {
    (one.project.as_ref(), one.container.as_str())
}

/// What a breach is about, as long as the files are changed: the rule, the container, and where it is.
type Matter = (String, ContainerId, Option<Pos>);

fn matter(breach: &Breach) -> Matter {
    let name = breach.container_id();
    (breach.rule.clone(), name, breach.primary().map(|span| span.start))
}

/// A note is no reason to change a file, and neither is what a person has accepted.
fn wanted(breach: &Breach) -> bool {
    fix::is_fixable(&breach.rule) && breach.severity >= Severity::Warning && breach.suppressed.is_none()
}

/// Why a change is not an improvement: the rule is still broken, or something else is wrong now.
fn worse(before: &Report, after: &Report, fixed: &[Breach]) -> Option<String> {
    type Kind<'a> = (&'a str, Option<&'a str>, &'a str);
    fn kind(breach: &Breach) -> Kind<'_> {
        (&breach.rule, breach.project.as_deref(), &breach.container)
    }
    fn count(report: &Report) -> BTreeMap<Kind<'_>, usize> {
        let mut count = BTreeMap::new();
        let breaches = report.hits.iter().flat_map(|hit| &hit.breaches);
        for breach in breaches.filter(|breach| breach.severity >= Severity::Warning) {
            *count.entry(kind(breach)).or_default() += 1;
        }
        count
    }
    let (old, new) = (count(before), count(after));
    let warnings = || fixed.iter().filter(|breach| breach.severity >= Severity::Warning);
    if warnings().next().is_none() || warnings().any(|fixed| new.get(&kind(fixed)) >= old.get(&kind(fixed))) {
        return Some("the change that is known would not end it".to_owned());
    }
    let more = new.iter().find(|(kind, number)| old.get(*kind).is_none_or(|known| known < *number));
    if let Some(((rule, _, container), _)) = more {
        return Some(format!("{container} would then have {rule}; fix that first"));
    }
    // What is accepted and no more there is what a fix is for.
    let told = |report: &Report| {
        report.diagnostics.iter().filter(|one| one.level >= Level::Warning && !one.is_unneeded).count()
    };
    let names = |report: &Report| -> BTreeSet<ContainerId> {
        report.participants.iter().map(Participant::container_id).collect()
    };
    (told(after) > told(before) || names(after) != names(before))
        .then(|| "the file could not be read as before after it".to_owned())
}
