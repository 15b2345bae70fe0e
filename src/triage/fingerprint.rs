//! What a finding is recognised by from one run to the next. May use `finding`,
//! `model` and `text`.

use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::finding::{Finding, Report};
use crate::model::Diagnostic;
use crate::text::Sources;

/// Gives every finding its fingerprint: of the rule, the container, the file and what is written at the primary
/// location; never of a line number. Findings that agree in all that are numbered in the report's order.
pub fn fingerprint(report: &mut Report, sources: &Sources) {
    let mut known: HashMap<String, u32> = HashMap::new();
    for finding in &mut report.findings {
        let first = digest(finding, sources, 0);
        let number = known.entry(first.clone()).or_default();
        finding.fingerprint = if *number == 0 { first } else { digest(finding, sources, *number) };
        *number += 1;
    }
}

/// What each diagnostic is recognised by, for formats that want it of all they tell: of the file and the message, never
/// of a line number; equals are numbered.
pub fn diagnostic_fingerprints(report: &Report, sources: &Sources) -> Vec<String> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let print = |diagnostic: &Diagnostic| {
        let file = diagnostic.span.map(|span| sources.get(span.file).name().to_owned());
        let file = file.or_else(|| diagnostic.file.clone()).unwrap_or_default();
        let of = |number: &str| joined(&["diagnostic", &file, &diagnostic.message, number]);
        let number = known.entry(of("")).or_default();
        *number += 1;
        of(&number.to_string())
    };
    report.diagnostics.iter().map(print).collect()
}

/// A digest of parts, each with its length.
fn joined(parts: &[&str]) -> String {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part.as_bytes());
    }
    format!("{:032x}", hasher.finish128().as_u128())
}

/// The parts one after the other, each with its length. What is written here is kept in baselines: it must not change.
fn digest(finding: &Finding, sources: &Sources, number: u32) -> String {
    let mut hasher = SipHasher13::new();
    let mut add = |part: &str| {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part.as_bytes());
    };
    add(&finding.rule);
    add(finding.project.as_deref().unwrap_or(""));
    add(unnumbered(&finding.container));
    if let Some(span) = finding.primary() {
        let file = sources.get(span.file);
        add(file.name());
        // What the engine and the kernel tell has numbers in it that are others after the next start.
        if file.teller(span.start.line).is_none() {
            add(&file.slice(span).split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    if number > 0 {
        add(&number.to_string());
    }
    format!("{:032x}", hasher.finish128().as_u128())
}

/// A container's name without the line that a script starts it in.
fn unnumbered(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((file, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Location;
    use crate::ruleset::{Confidence, Severity};
    use crate::text::{Pos, Span};

    fn finding(rule: &str, container: &str, span: Span) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Error,
            confidence: Confidence::High,
            container: container.to_owned(),
            project: None,
            peers: Vec::new(),
            message: String::new(),
            remedies: Vec::new(),
            locations: vec![Location { span, label: String::new() }],
            evidence: Vec::new(),
            fingerprint: String::new(),
            suppressed: None,
        }
    }

    /// The fingerprints of findings about the second line of a text, each with a rule and a container.
    fn prints(text: &str, line: u32, findings: &[(&str, &str)]) -> Vec<String> {
        let sources = Sources::default();
        let file = sources.add("compose.yaml", text);
        let pos = |column| Pos { line, column };
        let span = Span { file, start: pos(1), end: pos(6) };
        let findings = findings.iter().map(|(rule, container)| finding(rule, container, span)).collect();
        let mut report = Report { findings, ..Report::default() };
        fingerprint(&mut report, &sources);
        report.findings.into_iter().map(|finding| finding.fingerprint).collect()
    }

    #[test]
    fn a_moved_line_is_the_same_and_another_text_is_not() {
        let one = prints("x\n- a:b\n", 2, &[("r", "c")]);
        // Written down: a baseline of an earlier release is compared with it.
        assert_eq!(one, ["e87b3e453c26e4c9510b2260dcf5ba07"]);
        assert_eq!(one, prints("x\ny\n- a:b\n", 3, &[("r", "c")]));
        assert_ne!(one, prints("x\n- a:c\n", 2, &[("r", "c")]));
        assert_ne!(one, prints("x\n- a:b\n", 2, &[("s", "c")]));
        assert_ne!(one, prints("x\n- a:b\n", 2, &[("r", "d")]));
    }

    #[test]
    fn a_script_may_move_and_equals_are_numbered() {
        assert_eq!(prints("\n- a:b", 2, &[("r", "x.sh:3")]), prints("\n- a:b", 2, &[("r", "x.sh:9")]));
        let two = prints("\n- a:b", 2, &[("r", "c"), ("r", "c")]);
        assert_ne!(two[0], two[1]);
        assert_eq!(two[0], prints("\n- a:b", 2, &[("r", "c")])[0]);
    }
}
