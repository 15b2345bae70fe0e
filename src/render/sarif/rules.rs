//! The rules, with the pages that explain them. May use `rules`.

use super::object::{SarifConfiguration, SarifHelp, SarifRule, SarifRuleProperties, SarifText};
use crate::rules::{Confidence, Outcome, RuleText, Ruleset, Ruling, Severity};

const TAGS: &[&str] = &["containers", "locking"];

/// Every rule, sorted by id.
pub(super) fn rule_objects(rules: &Ruleset) -> Vec<SarifRule<'_>> {
    rules.matrix.rules.iter().map(|(id, RuleText { title, .. })| rule_object(id, title, rules)).collect()
}

fn rule_object<'a>(id: &'a str, title: &'a str, rules: &'a Ruleset) -> SarifRule<'a> {
    let page = rules.explanations.get(id).map_or(title, |page| page.trim());
    let rulings = || ruleset_rulings(rules).filter(|ruling| ruling.rule == id);
    // A rule promises no more than its weakest row, and warns of its worst.
    let severity = rulings().map(|ruling| ruling.severity).max().unwrap_or(Severity::Warning);
    let confidence = rulings().map(|ruling| ruling.confidence).min().unwrap_or(Confidence::Medium);
    SarifRule {
        id,
        short_description: SarifText { text: title },
        full_description: SarifText { text: page_meaning(page).unwrap_or(title) },
        help: SarifHelp { text: page, markdown: page },
        default_configuration: SarifConfiguration { level: severity.name() },
        properties: SarifRuleProperties {
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

fn ruleset_rulings(rules: &Ruleset) -> impl Iterator<Item = &Ruling> {
    rules.matrix.tables.values().flat_map(|table| &table.rows).filter_map(|row| match &row.outcome {
        Outcome::Broken(ruling) => Some(ruling),
        Outcome::Ok(_) | Outcome::See(_) => None,
    })
}

/// The page's section of what the rule means.
fn page_meaning(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("\n## What it means\n")?;
    let section = rest.split("\n## ").next()?.trim();
    (!section.is_empty()).then_some(section)
}
