//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::World;
use super::accept::Acceptance;
use super::output::Outputs;
use super::session::Session;
use crate::finding::{Judged, Report};
use crate::fix::{JudgedBefore, JudgedLayout, find_remedies};
use crate::judge::judge;
use crate::model::Layout;
use crate::render::Given;
use crate::report::{self, Concealed, ExitStatus, FailOn, tell_paths_from};

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
    let fail_on = asked.or(config.fail_on).unwrap_or_default();
    let report = Report { fail_on, ..settled(layout, &only, &acceptance, session, err)? };
    let mut status = report::exit_status(&report, fail_on);
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
    let mut judged = judge(&mut layout, rules, acceptance.config());
    let before = JudgedBefore::of(&judged);
    judged.attribute(sources);
    // What a hit is recognised by holds no value of the environment either.
    concealed.apply(&mut judged);
    // What an operator compares with this host keeps its whole paths.
    if acceptance.planned && layout.containers.iter().all(|container| container.live.is_none()) {
        tell_paths_from(&session.world.directory.display().to_string(), &mut judged);
    }
    keep(&mut judged, only);
    let mut report = acceptance.apply(judged, prepared, rules, sources, err)?;
    let config = acceptance.config();
    if only.is_empty() {
        find_remedies(&mut report, &mut JudgedLayout { before, layout: &layout, rules, config, sources });
    } else {
        claim_nothing(&mut report);
    }
    Ok(report)
}

/// Leaves the remedies as advice: what is told of some containers alone says nothing of whom a change would help.
fn claim_nothing(report: &mut Report) {
    let findings = report.logins.iter_mut().flat_map(|login| &mut login.findings);
    for remedy in findings.flat_map(|finding| &mut finding.remedies) {
        remedy.ends.clear();
    }
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
        let kept = |at: usize| numbers.get(at).copied().flatten();
        breach.participant = breach.participant.and_then(kept);
        if let Some(peers) = &mut breach.at_fault {
            *peers = peers.iter().filter_map(|at| kept(*at)).collect();
        }
    }
    judged.containers = only.len();
}
