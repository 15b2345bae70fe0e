//! The list of output formats: a row each, with its name, what it is for, and what writes it.

use std::io;

use super::safe::without_commands;
use super::{Given, Style, concise, github, gitlab, html, json, junit, markdown, metrics, sarif, text_report};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// What is wrong with each login, who is concerned, and what to do.
    Text,
    /// A line a finding.
    Concise,
    /// The contract of `docs/report.schema.json`.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// GitLab's Code Quality report.
    Gitlab,
    /// JUnit's XML.
    Junit,
    /// Markdown.
    Markdown,
    /// Prometheus' text format.
    Prometheus,
    /// A page for a browser.
    Html,
}

/// What there is to know of a format.
pub(super) struct FormatRow {
    name: &'static str,
    help: &'static str,
    pub(super) write: fn(&Given<'_>, Style, &mut dyn io::Write) -> io::Result<()>,
}

impl Format {
    /// All formats, in the order of the help.
    pub const ALL: &[Self] = &[
        Self::Text,
        Self::Concise,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Prometheus,
        Self::Html,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What it is for, for the help.
    pub fn help(self) -> &'static str {
        self.row().help
    }

    pub(super) fn row(self) -> FormatRow {
        let row = |name, help, write| FormatRow { name, help, write };
        match self {
            Self::Text => {
                row("text", "What is wrong with each login and what ends it, for people", |given, style, out| {
                    let mut text = Vec::new();
                    text_report::write(given, style, &mut text)?;
                    out.write_all(without_commands(&String::from_utf8_lossy(&text)).as_bytes())
                })
            }
            Self::Concise => {
                row("concise", "A line a finding: file:line:column: error[rule] message", |given, _, out| {
                    let mut text = Vec::new();
                    concise::write(given, &mut text)?;
                    out.write_all(without_commands(&String::from_utf8_lossy(&text)).as_bytes())
                })
            }
            Self::Json => row("json", "The JSON contract", |given, _, out| {
                json::write(&json::json_report(given.report, given.sources), out)
            }),
            Self::Sarif => row("sarif", "SARIF 2.1.0, for code scanning", |given, _, out| sarif::write(given, out)),
            Self::Github => {
                row("github", "Annotations of a GitHub workflow", |given, _, out| github::write(given, out))
            }
            Self::Gitlab => row("gitlab", "GitLab's Code Quality report", |given, _, out| gitlab::write(given, out)),
            Self::Junit => row("junit", "JUnit's XML", |given, _, out| junit::write(given, out)),
            Self::Markdown => row("markdown", "Markdown, for a job's summary or a comment", |given, _, out| {
                markdown::write(given, out)
            }),
            Self::Prometheus => {
                let help = "Metrics, for the textfile collector of Prometheus' node_exporter";
                row("prometheus", help, |given, _, out| metrics::write(given, out))
            }
            Self::Html => {
                let help = "One page for a browser, with the picture and all that was found; it fetches nothing";
                row("html", help, |given, _, out| html::write(given, out))
            }
        }
    }
}
