//! The rules, with the pages that explain them. May use `ruleset`.

use super::object::{Configuration, Help, Rule, RuleProperties, Text};
use crate::ruleset::{Breach, Confidence, Outcome, Ruleset, Severity};

const TAGS: &[&str] = &["containers", "locking"];

/// Every rule, sorted by id.
pub(super) fn rules(rules: &Ruleset) -> Vec<Rule<'_>> {
    rules.matrix.rules.iter().map(|(id, title)| rule(id, title, rules)).collect()
}

fn rule<'a>(id: &'a str, title: &'a str, rules: &'a Ruleset) -> Rule<'a> {
    let page = rules.explanations.get(id).map_or(title, |page| page.trim());
    let breaches = || breaches(rules).filter(|breach| breach.rule == id);
    // A rule promises no more than its weakest row, and warns of its worst.
    let severity = breaches().map(|breach| breach.severity).max().unwrap_or(Severity::Warning);
    let confidence = breaches().map(|breach| breach.confidence).min().unwrap_or(Confidence::Medium);
    Rule {
        id,
        short_description: Text { text: title },
        full_description: Text { text: meaning(page).unwrap_or(title) },
        help: Help { text: page, markdown: page },
        default_configuration: Configuration { level: severity.name() },
        properties: RuleProperties {
            tags: TAGS,
            precision: confidence.name(),
            problem_severity: match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
        },
    }
}

fn breaches(rules: &Ruleset) -> impl Iterator<Item = &Breach> {
    rules.matrix.tables.values().flat_map(|table| &table.rows).filter_map(|row| match &row.outcome {
        Outcome::Broken(breach) => Some(breach),
        Outcome::Ok(_) | Outcome::See(_) => None,
    })
}

/// The page's section of what the rule means.
fn meaning(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("\n## What it means\n")?;
    let section = rest.split("\n## ").next()?.trim();
    (!section.is_empty()).then_some(section)
}
