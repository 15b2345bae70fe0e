//! Metrics for node_exporter's textfile collector, in Prometheus' text format. May use `finding`, `rules` and
//! `report`; the one home of the prometheus crate.

use std::collections::BTreeMap;
use std::io;

use prometheus::{Encoder as _, Error, Gauge, GaugeVec, Opts, Registry, TextEncoder};

use super::Given;
use super::safe::safe;
use crate::finding::{AcceptedBy, Basis, Change, End, InfluenceKind, UNDETERMINED, Verdict};
use crate::model::Level;
use crate::report::count;
use crate::rules::{Outcome, Ruleset, Severity};

/// Every verdict: a series that is missing is no alert.
const VERDICTS: [Verdict; 5] =
    [Verdict::NotAParticipant, Verdict::Ok, Verdict::Warning, Verdict::Undetermined, Verdict::Error];

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut text = Vec::new();
    let encoded = build_registry(given).and_then(|registry| TextEncoder::new().encode(&registry.gather(), &mut text));
    encoded.map_err(io::Error::other)?;
    out.write_all(&text)
}

fn build_registry(given: &Given<'_>) -> Result<Registry, Error> {
    let registry = Registry::new();
    let one = |name: &str, help: &str, value: f64| -> Result<(), Error> {
        let gauge = Gauge::with_opts(Opts::new(name, help))?;
        gauge.set(value);
        registry.register(Box::new(gauge))
    };
    let several = |name: &str, help: &str, labels: &[&str], series: &BTreeMap<Vec<String>, usize>| {
        let gauges = GaugeVec::new(Opts::new(name, help), labels)?;
        for (values, number) in series {
            let values: Vec<_> = values.iter().map(|value| safe(value)).collect();
            gauges.with_label_values(&values).set(as_float(*number));
        }
        registry.register(Box::new(gauges))
    };
    let report = given.report;
    let counts = count(report);
    one("overlock_containers", "Containers that were looked at.", as_float(report.containers))?;
    one("overlock_suppressed", "Hits that do not count: ignored, or in the baseline.", as_float(counts.suppressed))?;
    one(
        "overlock_undetermined",
        "Findings that a fact needed for the verdict is not known.",
        as_float(counts.undetermined),
    )?;
    let gaps = report.diagnostics.iter().filter(|one| one.level != Level::Warning).count();
    one("overlock_judged_files", "Files that were judged.", as_float(report.judged.len()))?;
    one("overlock_gaps", "What of the host or the input could not be looked at.", as_float(gaps))?;
    one(
        "overlock_exit_status",
        "How the run ended: 0, 1, 2 or 3, as its exit status.",
        f64::from(given.status.code()),
    )?;
    // Seconds since 1970 are far below 2^53.
    #[allow(clippy::cast_precision_loss, reason = "no second of this age is so large")]
    one(
        "overlock_last_run_timestamp_seconds",
        "When the run ended, in seconds since 1970.",
        given.at.unwrap_or_default() as f64,
    )?;
    one("overlock_run_duration_seconds", "How long the run took.", given.took.as_secs_f64())?;
    let help = "Files that were found and not judged, by whether they make the exit status 3.";
    several("overlock_not_judged_files", help, &["counts"], &add_not_judged(given))?;
    let help = "Files that the configuration excludes, or accepts as not judged.";
    several("overlock_accepted_files", help, &["by"], &add_accepted_files(given))?;
    several(
        "overlock_participants",
        "Participants by verdict, and by whether that is only declared.",
        &["verdict", "basis"],
        &add_participants(given),
    )?;
    several(
        "overlock_logins",
        "Logins by verdict, the worst of their participants.",
        &["verdict"],
        &add_logins(given),
    )?;
    let help = "Findings that count, as the summary counts them: one for all that is wrong with a login in one way.";
    several("overlock_findings", help, &["rule", "severity"], &add_findings(given))?;
    let help = "Containers and services that findings are about, by the worst rule that each breaks.";
    several("overlock_hits", help, &["rule", "severity"], &add_hits(given))?;
    if report.comparison.is_some() {
        let help = "Hits against the last run: new, worse, kept, fixed, left (its container is gone), unseen.";
        several("overlock_changes", help, &["change"], &add_changes(given))?;
    }
    let mut kinds: BTreeMap<_, _> = InfluenceKind::ALL.map(|kind| (vec![kind.name().to_owned()], 0)).into();
    for one in &report.configuration {
        *kinds.entry(vec![one.kind.name().to_owned()]).or_default() += one.entries;
    }
    several("overlock_configuration", "Entries that people wrote and that the run went by.", &["kind"], &kinds)?;
    let release = BTreeMap::from([(vec![env!("CARGO_PKG_VERSION").to_owned()], 1)]);
    several("overlock_build_info", "The release of overlock.", &["version"], &release)?;
    Ok(registry)
}

fn add_participants(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let key = |verdict: Verdict, basis: Basis| vec![verdict.name().to_owned(), basis.name().to_owned()];
    let both = |verdict| [Basis::Seen, Basis::Declared].map(|basis| (key(verdict, basis), 0));
    let mut series: BTreeMap<_, _> = VERDICTS.into_iter().flat_map(both).collect();
    for one in &given.report.participants {
        *series.entry(key(one.verdict, one.basis)).or_default() += 1;
    }
    series
}

fn add_not_judged(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let mut series: BTreeMap<_, _> = [true, false].map(|counts| (vec![counts.to_string()], 0)).into();
    for one in &given.report.not_judged {
        *series.entry(vec![one.counts.to_string()]).or_default() += 1;
    }
    series
}

fn add_accepted_files(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let key = |by: AcceptedBy| vec![by.name().to_owned()];
    let mut series: BTreeMap<_, _> = [AcceptedBy::Exclude, AcceptedBy::NotJudged].map(|by| (key(by), 0)).into();
    for one in &given.report.accepted_files {
        *series.entry(key(one.by)).or_default() += one.count;
    }
    series
}

fn add_logins(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let mut series: BTreeMap<_, _> = VERDICTS.map(|verdict| (vec![verdict.name().to_owned()], 0)).into();
    for login in &given.report.logins {
        *series.entry(vec![login.verdict.name().to_owned()]).or_default() += 1;
    }
    series
}

/// Findings as the summary counts them.
fn add_findings(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let report = given.report;
    let mut series = possible_values(given.rules);
    for (_, finding) in report.findings().filter(|(_, finding)| report.counts(finding)) {
        let severity = severity_label(&finding.rule, finding.severity);
        *series.entry(vec![finding.rule.clone(), severity.to_owned()]).or_default() += 1;
    }
    series
}

/// Hits by the worst rule of each.
fn add_hits(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let mut series = possible_values(given.rules);
    for hit in given.report.counting_hits() {
        let severity = severity_label(hit.rule(), hit.severity());
        *series.entry(vec![hit.rule().to_owned(), severity.to_owned()]).or_default() += 1;
    }
    series
}

/// What the summary counts a finding as: that a fact is not known is neither an error nor a warning.
fn severity_label(rule: &str, severity: Severity) -> &'static str {
    if rule == UNDETERMINED { UNDETERMINED } else { severity.name() }
}

/// Every rule with each severity that the matrix gives it.
fn possible_values(rules: &Ruleset) -> BTreeMap<Vec<String>, usize> {
    let rows = rules.matrix.tables.values().flat_map(|table| &table.rows);
    let broken = rows.filter_map(|row| match &row.outcome {
        Outcome::Broken(ruling) => {
            Some(vec![ruling.rule.clone(), severity_label(&ruling.rule, ruling.severity).to_owned()])
        }
        Outcome::Ok(_) | Outcome::See(_) => None,
    });
    broken.map(|series| (series, 0)).collect()
}

fn add_changes(given: &Given<'_>) -> BTreeMap<Vec<String>, usize> {
    let changes = [Change::New, Change::Worse(None), Change::Kept(None)].map(Change::name);
    let names = changes.into_iter().chain([End::Fixed.name(), End::Left.name(), End::Unseen.name()]);
    let mut series: BTreeMap<_, _> = names.map(|name| (vec![name.to_owned()], 0)).collect();
    let found = given.report.counting_hits().filter_map(|hit| hit.change.map(Change::name));
    let gone = given.report.comparison.iter().flat_map(|comparison| &comparison.gone).map(|gone| gone.end.name());
    for name in found.chain(gone) {
        *series.entry(vec![name.to_owned()]).or_default() += 1;
    }
    series
}

/// A count as Prometheus counts.
#[allow(clippy::cast_precision_loss, reason = "there are not as many of anything")]
fn as_float(number: usize) -> f64 {
    number as f64
}
