//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::World;
use super::output::Outputs;
use crate::cli;
use crate::finding::Report;
use crate::judge::judge;
use crate::model::Layout;
use crate::render::{Given, Style};
use crate::ruleset::{Config, Ruleset, Severity};
use crate::text::Sources;
use crate::triage::{self, ExitStatus, FailOn};

/// What a command hands on once it has read everything.
pub(super) struct Read {
    pub(super) layout: Layout,
    pub(super) config: Config,
    /// The containers that are told of, by name; empty for all.
    pub(super) only: BTreeSet<String>,
}

/// Judges a layout and writes the report where it is wanted.
pub(super) fn report(
    read: Read,
    (outputs, fail_on): (&Outputs, cli::FailOn),
    (world, style, rules, sources): (&World, Style, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    print(&judged(read, rules, sources), (outputs, fail_on), (world, style, rules, sources), out, err)
}

/// Judges a layout; what is told of it is in its order.
pub(super) fn judged(read: Read, rules: &Ruleset, sources: &Sources) -> Report {
    let mut report = judge(read.layout, rules, &read.config);
    report.attribute(sources);
    keep(&mut report, &read.only);
    triage::sort(&mut report, sources);
    triage::fingerprint(&mut report, sources);
    report
}

/// How a run with this report ends.
pub(super) fn status(report: &Report, fail_on: cli::FailOn) -> ExitStatus {
    triage::exit_status(report, self::fail_on(fail_on))
}

/// Writes a report where it is wanted.
pub(super) fn print(
    report: &Report,
    (outputs, fail_on): (&Outputs, cli::FailOn),
    (world, style, rules, sources): (&World, Style, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let status = status(report, fail_on);
    let given = Given { report, sources, rules, status, directory: &world.directory };
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

fn fail_on(threshold: cli::FailOn) -> FailOn {
    match threshold {
        cli::FailOn::Error => FailOn::Severity(Severity::Error),
        cli::FailOn::Warning => FailOn::Severity(Severity::Warning),
        cli::FailOn::Note => FailOn::Severity(Severity::Note),
        cli::FailOn::Never => FailOn::Never,
    }
}
