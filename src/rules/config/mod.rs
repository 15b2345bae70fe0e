//! `overlock.yaml`: what a person says that no input shows, and what a team accepts. Uses `rules::data`,
//! `text` and `model`.

mod file_patterns;
mod read;

use std::collections::BTreeMap;

pub use file_patterns::{FilePattern, FilePatterns, literal_pattern};
use globset::GlobMatcher;

use super::data::{FailOn, Severity, VersionRange};
use crate::model::Value;
use crate::text::Span;

/// The configuration file's name.
pub const CONFIG_FILE: &str = "overlock.yaml";

/// The whole file. A key that is not known is an error.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The person whose home a state directory is in.
    pub host: HostConfig,
    /// Roles by container.
    pub roles: Declarations,
    /// Guards by container.
    pub guards: Declarations,
    /// Versions of the program by container.
    pub versions: Declarations,
    /// Severities by rule, in place of the matrix's.
    pub severity: BTreeMap<String, Grade>,
    /// From which severity on findings fail the run, where the command line does not say.
    pub fail_on: Option<FailOn>,
    /// Findings that are accepted.
    pub ignore: Vec<Ignore>,
    /// Files that are not looked at where a directory is searched.
    pub exclude: FilePatterns,
    /// Files whose not being judged is accepted.
    pub not_judged: FilePatterns,
    /// The directory of further rules, as it is written: relative to the file.
    pub rules: Option<String>,
}

/// What is declared, by `SERVICE` or `PROJECT/SERVICE`: the words of the label that it stands for.
pub type Declarations = BTreeMap<String, Value>;

/// What a rule's findings count as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// The severity; `None` for `off`.
    pub severity: Option<Severity>,
    /// Where the rule is named.
    pub span: Span,
}

/// Findings that are accepted, with the reason.
#[derive(Debug, Clone)]
pub struct Ignore {
    /// The rule.
    pub rule: String,
    /// Where the rule is named.
    pub rule_span: Span,
    /// Which containers: `SERVICE` or `PROJECT/SERVICE`; all where it is `None`.
    pub service: Option<GlobMatcher>,
    /// Which files the primary location is in, below the configuration's directory; any where it is `None`.
    pub file: Option<GlobMatcher>,
    /// Why.
    pub reason: String,
    /// Where the entry is written.
    pub span: Span,
}

/// Whether the person whose home a state directory is in uses it too.
#[derive(Debug, Clone, Default)]
pub struct HostConfig {
    /// Whether they run the program with it. Presumed possible where it is not said.
    pub participates: Option<Answer>,
    /// Their version, `2.1.132` or `>=2.1.132`.
    pub version: Option<VersionRange>,
    /// Whether they go through the guard.
    pub guard: Option<Answer>,
}

/// Yes or no, in words or as YAML's booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// Something that a configuration says, to be told and to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// What it is, in words of ours.
    pub what: String,
    /// All that it says but its reason: equal ones mean the same.
    pub content: String,
    /// Where it is written, where that is known.
    pub span: Option<Span>,
}

impl Config {
    /// Everything in it that can silence a finding or soften a verdict.
    pub fn entries(&self) -> Vec<ConfigEntry> {
        let mut entries: Vec<ConfigEntry> = self.ignore.iter().map(Ignore::entry).collect();
        entries.extend(self.severity.iter().map(|(rule, grade)| ConfigEntry {
            what: format!("a severity of `{rule}`"),
            content: format!("severity {rule}: {:?}", grade.severity),
            span: Some(grade.span),
        }));
        for (section, all) in [("roles", &self.roles), ("guards", &self.guards), ("versions", &self.versions)] {
            entries.extend(all.iter().map(|(key, value)| ConfigEntry {
                what: format!("an entry of `{section}`"),
                content: format!("{section} {key}: {}", value.text),
                span: value.span,
            }));
        }
        for (section, patterns) in [("exclude", &self.exclude), ("not_judged", &self.not_judged)] {
            entries.extend(patterns.entries().iter().map(|entry| ConfigEntry {
                what: format!("an entry of `{section}`"),
                content: format!("{section} {}", entry.pattern),
                span: Some(entry.span),
            }));
        }
        let of_file = [
            ("participates", self.host.participates.map(|answer| format!("{answer:?}"))),
            ("version", self.host.version.as_ref().map(ToString::to_string)),
            ("guard", self.host.guard.map(|answer| format!("{answer:?}"))),
            ("fail_on", self.fail_on.map(|threshold| format!("{threshold:?}"))),
            ("rules", self.rules.clone()),
        ];
        entries.extend(of_file.into_iter().filter_map(|(key, value)| {
            Some(ConfigEntry { what: format!("`{key}`"), content: format!("{key}: {}", value?), span: None })
        }));
        entries
    }

    /// How many facts it declares.
    pub fn declarations(&self) -> usize {
        let of_host = [self.host.participates.is_some(), self.host.version.is_some(), self.host.guard.is_some()];
        let of_host = of_host.iter().filter(|said| **said).count();
        self.roles.len() + self.guards.len() + self.versions.len() + of_host
    }

    /// Whether it can make a verdict another one, beside what it declares of single containers.
    pub fn changes_verdicts(&self) -> bool {
        let HostConfig { participates, version, guard } = &self.host;
        !self.severity.is_empty() || participates.is_some() || version.is_some() || guard.is_some()
    }

    /// What is declared of a container: by its name in its project, else by its name alone.
    pub fn declared<'a>(all: &'a Declarations, project: Option<&str>, name: &str) -> Option<&'a Value> {
        let whole = project.and_then(|project| all.get(&format!("{project}/{name}")));
        whole.or_else(|| all.get(name))
    }
}

impl Ignore {
    fn entry(&self) -> ConfigEntry {
        let text = |glob: &Option<GlobMatcher>| glob.as_ref().map(|glob| glob.glob().glob().to_owned());
        ConfigEntry {
            what: format!("an ignore of `{}`", self.rule),
            content: format!("ignore {} {:?} {:?}", self.rule, text(&self.service), text(&self.file)),
            span: Some(self.span),
        }
    }

    /// Whether the entry is for this container.
    pub fn is_for(&self, project: Option<&str>, name: &str) -> bool {
        let Some(service) = &self.service else { return true };
        service.is_match(name) || project.is_some_and(|project| service.is_match(format!("{project}/{name}")))
    }
}
