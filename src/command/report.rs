//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::accept::Acceptance;
use crate::cli::{self, Output};
use crate::finding::Report;
use crate::judge::judge;
use crate::model::Layout;
use crate::render::{self, Format, Style};
use crate::ruleset::{Ruleset, Severity};
use crate::text::Sources;
use crate::triage::{self, ExitStatus, FailOn};

/// What a command hands on once it has read everything.
pub(super) struct Read<'a> {
    pub(super) layout: Layout,
    /// Which findings count.
    pub(super) acceptance: Acceptance<'a>,
    /// The containers that are told of, by name; empty for all.
    pub(super) only: BTreeSet<String>,
}

/// Judges a layout and prints the report.
pub(super) fn report(
    read: Read<'_>,
    output: &Output,
    (rules, style, sources): (&Ruleset, Style, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let Read { mut layout, acceptance, only } = read;
    let config = acceptance.config();
    let mut comments = acceptance.prepare(&mut layout, rules, sources);
    let graded = (!config.severity.is_empty()).then(|| rules.graded(config));
    let mut report = judge(layout, graded.as_ref().unwrap_or(rules), config);
    report.attribute(sources);
    keep(&mut report, &only);
    triage::sort(&mut report, sources);
    let names = acceptance.names();
    triage::fingerprint(&mut report, &names, sources);
    acceptance.apply(&mut report, (&mut comments, &names), sources, err)?;
    triage::sort(&mut report, sources);
    let threshold = output.fail_on.map(fail_on).or(config.fail_on);
    let status = triage::exit_status(&report, threshold.unwrap_or(FailOn::Severity(Severity::Error)));
    let format = format(output.format);
    render::render(&report, sources, format, style, out)?;
    if format == Format::Text {
        render::diagnostics(&report.diagnostics, sources, err)?;
    }
    Ok(status)
}

/// The renderer's name for a format.
pub(super) fn format(format: cli::Format) -> Format {
    match format {
        cli::Format::Text => Format::Text,
        cli::Format::Json => Format::Json,
    }
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
