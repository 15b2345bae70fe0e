//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::World;
use super::accept::Acceptance;
use super::output::Outputs;
use crate::finding::{Judged, Report};
use crate::judge::judge;
use crate::model::Layout;
use crate::render::{Given, Style};
use crate::report::{self, Concealed, ExitStatus, FailOn};
use crate::rules::{Ruleset, Severity};
use crate::text::Sources;

/// What a command hands on once it has read everything.
pub(super) struct Read<'a> {
    pub(super) layout: Layout,
    /// Which findings count.
    pub(super) acceptance: Acceptance<'a>,
    /// The containers that are told of, by name; empty for all.
    pub(super) only: BTreeSet<String>,
}

/// Judges a layout and writes the report where it is wanted.
pub(super) fn report(
    read: Read<'_>,
    (outputs, fail_on): (&Outputs, Option<FailOn>),
    (world, style, rules, sources): (&World, Style, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let judged = judged(read, fail_on, (rules, sources), err)?;
    print((&judged.0, judged.1), outputs, (world, style, rules, sources), out, err)
}

/// Judges a layout; what is told of it is in its order. And how a run with this report ends.
pub(super) fn judged(
    read: Read<'_>,
    asked: Option<FailOn>,
    (rules, sources): (&Ruleset, &Sources),
    err: &mut dyn Write,
) -> anyhow::Result<(Report, ExitStatus)> {
    let Read { layout, acceptance, only } = read;
    let config = acceptance.config();
    let report = settled((layout, &only), &acceptance, (rules, sources), err)?;
    let threshold = asked.or(config.fail_on);
    let mut status = report::exit_status(&report, threshold.unwrap_or(FailOn::Severity(Severity::Error)));
    if acceptance.fail_on_accept && report.added > 0 {
        status = status.max(ExitStatus::Findings);
    }
    Ok((report, status))
}

/// Judges a layout, and marks what does not count.
pub(super) fn settled(
    (mut layout, only): (Layout, &BTreeSet<String>),
    acceptance: &Acceptance<'_>,
    (rules, sources): (&Ruleset, &Sources),
    err: &mut dyn Write,
) -> anyhow::Result<Report> {
    let prepared = acceptance.prepare(&mut layout, rules, sources)?;
    let concealed = Concealed::of(&mut layout, sources);
    let mut judged = judge(layout, rules, acceptance.config());
    judged.attribute(sources);
    // What a hit is recognised by holds no value of the environment either.
    concealed.apply(&mut judged);
    keep(&mut judged, only);
    acceptance.apply(judged, prepared, rules, sources, err)
}

/// Writes a report where it is wanted.
pub(super) fn print(
    (report, status): (&Report, ExitStatus),
    outputs: &Outputs,
    (world, style, rules, sources): (&World, Style, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let (at, took) = (Some(World::now()), world.started.elapsed());
    let given = Given { report, sources, rules, status, at, directory: &world.directory, took };
    outputs.write(&given, style, out, err)
}

/// Keeps what is told of the containers that were asked for.
fn keep(judged: &mut Judged, only: &BTreeSet<String>) {
    if only.is_empty() {
        return;
    }
    // Breaches name their participant by its number.
    let mut numbers = Vec::with_capacity(judged.participants.len());
    let mut kept = 0;
    for one in &judged.participants {
        let is_kept = only.contains(&one.container);
        numbers.push(is_kept.then_some(kept));
        kept += usize::from(is_kept);
    }
    judged.participants.retain(|one| only.contains(&one.container));
    judged.breaches.retain(|breach| only.contains(&breach.container));
    for breach in &mut judged.breaches {
        breach.participant = breach.participant.and_then(|at| numbers.get(at).copied().flatten());
    }
    judged.containers = only.len();
}
