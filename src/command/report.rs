//! A layout, judged and printed: the same for every command that judges. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use crate::cli::{self, Output};
use crate::finding::Report;
use crate::judge::judge;
use crate::model::Layout;
use crate::render::{self, Format, Style};
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

/// Judges a layout and prints the report.
pub(super) fn report(
    read: Read,
    output: &Output,
    (rules, style, sources): (&Ruleset, Style, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    print(&judged(read, rules, sources), output, (style, sources), out, err)
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
pub(super) fn status(report: &Report, output: &Output) -> ExitStatus {
    triage::exit_status(report, fail_on(output.fail_on))
}

/// Prints a report.
pub(super) fn print(
    report: &Report,
    output: &Output,
    (style, sources): (Style, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let status = status(report, output);
    let format = format(output.format);
    render::render(report, sources, format, style, out)?;
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
