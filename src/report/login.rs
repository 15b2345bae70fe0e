//! From hits to findings: what is wrong with each login, in one sentence, with everybody concerned.
//! May use `finding`, `rules`, `text` and earlier parts of `report`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::natural_order::natural_key;
use super::told_of_others::set_aside_told_of_others;
use crate::finding::{Advice, Evidence, Finding, Hit, Login, Remedy, Report};
use crate::rules::{Confidence, Matrix, Placeholder, Severity};
use crate::text::Sources;

/// How many reasons of a finding are kept: a list of all would be as long as the hits are many.
const MAX_REASONS: usize = 40;

/// Groups the hits of a report into findings of their logins, and puts all in the order in which it is shown.
pub fn group_findings(report: &mut Report, matrix: &Matrix, sources: &Sources) {
    set_aside_told_of_others(report);
    let mut groups: BTreeMap<(usize, &str, Reverse<Severity>), Vec<usize>> = BTreeMap::new();
    for (at, hit) in report.hits.iter().enumerate() {
        groups.entry((hit.login, &hit.family, Reverse(hit.severity()))).or_default().push(at);
    }
    let mut findings: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for ((login, family, Reverse(severity)), hits) in groups {
        if let Some(known) = report.logins.get(login) {
            let finding = finding_of(family, severity, hits, report, known, matrix);
            findings.entry(login).or_default().push(finding);
        }
    }
    for (at, login) in report.logins.iter_mut().enumerate() {
        login.findings = findings.remove(&at).unwrap_or_default();
    }
    sort_report(report, sources);
}

/// Groups them again, after hits were suppressed or compared. What was found to end hits still ends those of them that
/// count.
pub fn regroup_findings(report: &mut Report, matrix: &Matrix, sources: &Sources) {
    let mut tried: HashMap<(usize, String), Vec<Remedy>> = HashMap::new();
    for (at, login) in report.logins.iter_mut().enumerate() {
        for finding in &mut login.findings {
            let remedies = std::mem::take(&mut finding.remedies);
            tried.entry((at, std::mem::take(&mut finding.family))).or_default().extend(remedies);
        }
    }
    group_findings(report, matrix, sources);
    let Report { logins, hits, .. } = report;
    for (at, login) in logins.iter_mut().enumerate() {
        for finding in &mut login.findings {
            let counts = finding.hits.iter().any(|hit| hits.get(*hit).is_some_and(Hit::counts));
            let is_told =
                |hit: &usize| finding.hits.contains(hit) && hits.get(*hit).is_some_and(|hit| !counts || hit.counts());
            let of_finding = tried.get(&(at, finding.family.clone())).into_iter().flatten().filter_map(|remedy| {
                let ends: Vec<usize> = remedy.ends.iter().copied().filter(is_told).collect();
                (remedy.ends.is_empty() || !ends.is_empty()).then(|| Remedy { ends, ..remedy.clone() })
            });
            let of_finding: Vec<Remedy> = of_finding.collect();
            if !of_finding.is_empty() {
                finding.remedies = of_finding;
            }
        }
    }
}

fn finding_of(
    family: &str,
    severity: Severity,
    mut hits: Vec<usize>,
    report: &Report,
    login: &Login,
    matrix: &Matrix,
) -> Finding {
    hits.sort_by_cached_key(|at| report.hits.get(*at).map(hit_order));
    let all: Vec<&Hit> = hits.iter().filter_map(|at| report.hits.get(*at)).collect();
    let counts = all.iter().any(|hit| hit.counts());
    let told: Vec<&Hit> = all.into_iter().filter(|hit| !counts || hit.counts()).collect();
    let rules = rules_of(&told, matrix);
    let rule = rules.first().cloned().unwrap_or_default();
    let confidence = told.iter().map(|hit| hit.confidence()).max().unwrap_or(Confidence::Low);
    let message = finding_message(&rule, &told, login, matrix);
    // A lesser matter has reasons of its own, which are not why this one is as bad.
    let worst = told.iter().flat_map(|hit| hit.counting()).filter(|breach| breach.severity >= severity);
    let why = distinct_evidence(worst.filter_map(|breach| breach.why.as_ref()));
    let reasons = distinct_evidence(told.iter().flat_map(|hit| hit.counting()).flat_map(|breach| &breach.evidence));
    let remedies = remedies_of(&hits, report, counts);
    Finding { family: family.to_owned(), rule, rules, severity, confidence, message, why, reasons, hits, remedies }
}

/// Hits that count before those that do not, new ones before known ones, a person's after those of programs, then by
/// name.
fn hit_order(hit: &Hit) -> impl Ord + use<> {
    let known = hit.change.is_some() && !hit.is_news();
    let role = hit.role == "interactive";
    (!hit.counts(), known, role, natural_key(&hit.label), hit.project.clone(), natural_key(&hit.container))
}

/// The rules of hits: the one that names the finding first.
fn rules_of(hits: &[&Hit], matrix: &Matrix) -> Vec<String> {
    let breaches = hits.iter().flat_map(|hit| hit.counting());
    let mut rules: Vec<(Reverse<Severity>, usize, &str)> =
        breaches.map(|breach| (Reverse(breach.severity), matrix.rank(&breach.rule), breach.rule.as_str())).collect();
    rules.sort_unstable();
    let mut named: Vec<String> = Vec::new();
    for (_, _, rule) in rules {
        if !named.iter().any(|known| known == rule) {
            named.push(rule.to_owned());
        }
    }
    named
}

/// The sentence of a finding: that of its hit where there is one, else that of the rule about several containers.
fn finding_message(rule: &str, hits: &[&Hit], login: &Login, matrix: &Matrix) -> String {
    let several = matrix.rules.get(rule).map(|text| &text.several);
    match (hits, several) {
        ([hit], _) | ([hit, ..], None) => hit.message().to_owned(),
        (_, Some(several)) => {
            let containers: u64 = hits.iter().map(|hit| hit.instances).sum();
            let least = if hits.iter().any(|hit| hit.or_more) { "at least " } else { "" };
            several.fill_with(|placeholder| match placeholder {
                Placeholder::Containers => format!("{least}{containers} containers"),
                Placeholder::Program => login.program_name.clone(),
                Placeholder::Place => login.place.text.clone(),
                _ => String::new(),
            })
        }
        ([], None) => String::new(),
    }
}

/// Evidence, each text once, as far as it is kept.
fn distinct_evidence<'a>(all: impl Iterator<Item = &'a Evidence>) -> Vec<Evidence> {
    let mut kept: Vec<Evidence> = Vec::new();
    for evidence in all {
        if kept.len() >= MAX_REASONS {
            break;
        }
        if !kept.iter().any(|known| known.text == evidence.text && known.kind == evidence.kind) {
            kept.push(evidence.clone());
        }
    }
    kept
}

/// What the rows advise that name the hits, that of most hits first; equal texts are one remedy.
fn remedies_of(hits: &[usize], report: &Report, counts: bool) -> Vec<Remedy> {
    let mut remedies: Vec<(usize, Remedy)> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for &at in hits {
        let Some(hit) = report.hits.get(at).filter(|hit| !counts || hit.counts()) else { continue };
        // What ends a lesser matter leaves the hit.
        for (place, advice) in hit.worst().into_iter().flat_map(|breach| &breach.remedies).enumerate() {
            let number = *known.entry((&advice.id, &advice.text)).or_insert_with(|| {
                let Advice { id, text, note } = advice.clone();
                let (ends, edits, unwritten, also) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                remedies.push((place, Remedy { id, text, ends, edits, unwritten, also, note }));
                remedies.len() - 1
            });
            if let Some((_, remedy)) = remedies.get_mut(number).filter(|(_, remedy)| remedy.ends.last() != Some(&at)) {
                remedy.ends.push(at);
            }
        }
    }
    remedies.sort_by_key(|(place, remedy)| (Reverse(remedy.ends.len()), *place));
    remedies.into_iter().map(|(_, remedy)| remedy).collect()
}

/// Findings worst first, then those that have something new, then by place in the files.
fn sort_report(report: &mut Report, sources: &Sources) {
    // Hits name their login by its number: logins stay where they are, and are shown in an order of their own.
    let Report { logins, hits, .. } = report;
    let place = |finding: &Finding| {
        let span = finding.hits.first().and_then(|at| hits.get(*at)).and_then(Hit::primary);
        span.map(|span| (sources.get(span.file).name().to_owned(), span.start))
    };
    let weight = |finding: &Finding| {
        let of = || finding.hits.iter().filter_map(|at| hits.get(*at));
        let is_new = of().any(|hit| hit.is_news() && hit.counts());
        (!of().any(Hit::counts), Reverse(finding.severity), !is_new)
    };
    for login in logins.iter_mut() {
        login.findings.sort_by_cached_key(|finding| (weight(finding), finding.rule.clone(), place(finding)));
    }
}

impl Report {
    /// The findings in the order in which they are shown, each with its login.
    pub fn sorted_findings(&self) -> Vec<(&Login, &Finding)> {
        let logins = self.sorted_logins().into_iter();
        logins.flat_map(|login| login.findings.iter().map(move |finding| (login, finding))).collect()
    }

    /// The hits in the order in which they are shown.
    pub fn sorted_hits(&self) -> Vec<&Hit> {
        self.sorted_findings().into_iter().flat_map(|(_, finding)| self.hits_of(finding)).collect()
    }

    /// The logins in the order in which they are shown: by their worst finding, then by name.
    pub fn sorted_logins(&self) -> Vec<&Login> {
        let weight = |login: &Login| {
            let counting = login.findings.iter().filter(|finding| self.counts(finding));
            let worst = counting.map(|finding| finding.severity).max();
            let is_new = login.findings.iter().any(|finding| self.has_news(finding));
            (Reverse(worst), !is_new, Reverse(login.verdict), natural_key(&login.place.text), login.id.clone())
        };
        let mut logins: Vec<&Login> = self.logins.iter().collect();
        logins.sort_by_cached_key(|login| weight(login));
        logins
    }
}
