//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::World;
use super::accept::Acceptance;
use super::fleet;
use super::output::Outputs;
use super::session::Session;
use super::settled::{Steps, settled};
use crate::cli::LookArguments;
use crate::finding::Report;
use crate::model::Layout;
use crate::render::Given;
use crate::report::{self, ExitStatus, FailOn};

/// What a command hands on once it has read everything, but for captures.
pub(super) struct Read<'a> {
    pub(super) layout: Layout,
    /// The captures that are judged in its place, each as it is read.
    pub(super) captures: Option<&'a LookArguments>,
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

impl<'a> Read<'a> {
    /// All of a layout.
    pub(super) fn of(layout: Layout, acceptance: Acceptance<'a>) -> Self {
        Self { layout, captures: None, acceptance, only: BTreeSet::new() }
    }

    /// Which hits fail the run: what was asked for, or else what the configuration says.
    pub(super) fn fail_on(&self, asked: Option<FailOn>) -> FailOn {
        asked.or(self.acceptance.config().fail_on).unwrap_or_default()
    }
}

/// Judges a layout; what is told of it is in its order. And how a run with this report ends.
pub(super) fn judged(
    read: Read<'_>,
    asked: Option<FailOn>,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<(Report, ExitStatus)> {
    let (note, compare) = (&mut |_: &Layout| (), &mut |_: &mut Report| ());
    let fail_on = read.fail_on(asked);
    judged_with(read, &mut Steps { fail_on, note, compare }, session, err)
}

/// The same, with what a command does besides.
pub(super) fn judged_with(
    read: Read<'_>,
    steps: &mut Steps<'_>,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<(Report, ExitStatus)> {
    let Read { layout, captures, acceptance, only } = read;
    let report = match captures {
        Some(sight) => fleet::settled(sight, &acceptance, session, steps, err)?,
        None => settled(layout, &only, &acceptance, session, steps, err)?,
    };
    let mut status = report::exit_status(&report, report.fail_on);
    if acceptance.fail_on_accept && report.added > 0 {
        status = status.max(ExitStatus::Findings);
    }
    Ok((report, status))
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
