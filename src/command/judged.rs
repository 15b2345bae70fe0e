//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::World;
use super::accept::Acceptance;
use super::output::Outputs;
use super::session::Session;
use crate::finding::Report;
use crate::judge::judge;
use crate::model::Layout;
use crate::render::Given;
use crate::report::{self, Concealed, ExitStatus, FailOn};
use crate::rules::Severity;

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
    outputs: &Outputs,
    fail_on: Option<FailOn>,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let (report, status) = judged(read, fail_on, session, err)?;
    print(&report, status, outputs, session, out, err)
}

/// Judges a layout; what is told of it is in its order. And how a run with this report ends.
pub(super) fn judged(
    read: Read<'_>,
    asked: Option<FailOn>,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<(Report, ExitStatus)> {
    let Read { layout, acceptance, only } = read;
    let config = acceptance.config();
    let report = settled(layout, &only, &acceptance, session, err)?;
    let threshold = asked.or(config.fail_on);
    let mut status = report::exit_status(&report, threshold.unwrap_or(FailOn::Severity(Severity::Error)));
    if acceptance.fail_on_accept && report.added > 0 {
        status = status.max(ExitStatus::Findings);
    }
    Ok((report, status))
}

/// Judges a layout, and marks what does not count.
pub(super) fn settled(
    mut layout: Layout,
    only: &BTreeSet<String>,
    acceptance: &Acceptance<'_>,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<Report> {
    let &Session { rules, sources, .. } = session;
    let prepared = acceptance.prepare(&mut layout, rules, sources)?;
    let concealed = Concealed::of(&mut layout, sources);
    let mut report = judge(layout, rules, acceptance.config());
    report.attribute(sources);
    // What a finding is recognised by holds no value of the environment either.
    concealed.apply(&mut report);
    keep(&mut report, only);
    report::sort(&mut report, sources);
    let names = acceptance.names();
    report::fingerprint(&mut report, &names, sources);
    acceptance.apply(&mut report, prepared, &names, sources, err)?;
    report::sort(&mut report, sources);
    Ok(report)
}

/// Writes a report where it is wanted.
pub(super) fn print(
    report: &Report,
    status: ExitStatus,
    outputs: &Outputs,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let &Session { world, style, rules, sources } = session;
    let (at, took) = (Some(World::now()), world.started.elapsed());
    let given = Given { report, sources, rules, status, at, directory: &world.directory, took };
    outputs.write(&given, style, out, err)
}

/// Keeps what is told of the containers that were asked for.
fn keep(report: &mut Report, only: &BTreeSet<String>) {
    if !only.is_empty() {
        report.participants.retain(|one| only.contains(&one.container));
        report.findings.retain(|finding| only.contains(&finding.container));
        report.containers = only.len();
    }
}
