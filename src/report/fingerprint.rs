//! What a finding is recognised by from one run to the next. May use `finding`,
//! `model`, `text` and `report::names`.

use std::collections::HashMap;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::names::Names;
use crate::finding::{Finding, Report};
use crate::model::Diagnostic;
use crate::text::Sources;

/// Gives every finding its fingerprint: of the rule, the container, the file and what is written at the primary
/// location; never of a line number, of where the tool runs, or of what the directory is called. Findings that agree in
/// all that are numbered in the report's order.
pub fn fingerprint(report: &mut Report, names: &Names, sources: &Sources) {
    let mut known: HashMap<String, u32> = HashMap::new();
    for finding in &mut report.findings {
        let first = digest(finding, names, sources, 0);
        let number = known.entry(first.clone()).or_default();
        finding.fingerprint = if *number == 0 { first } else { digest(finding, names, sources, *number) };
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

/// What something else that a report tells is recognised by.
pub fn text_fingerprint(kind: &str, text: &str) -> String {
    joined(&[kind, text])
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
fn digest(finding: &Finding, names: &Names, sources: &Sources, number: u32) -> String {
    let mut hasher = SipHasher13::new();
    let mut add = |part: &str| {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part.as_bytes());
    };
    add(&finding.rule);
    add(&unnumbered(&finding.container));
    let file = finding.primary().map(|span| (sources.get(span.file), span));
    match file {
        Some((file, span)) if file.teller(span.start.line).is_none() => {
            add(&names.kept(file.name()));
            add(&file.slice(span).split_whitespace().collect::<Vec<_>>().join(" "));
        }
        // What the engine and the kernel tell has numbers in it that are others after the next start.
        Some((file, _)) => {
            add(finding.project.as_deref().unwrap_or(""));
            add(file.name());
        }
        None => add(finding.project.as_deref().unwrap_or("")),
    }
    if number > 0 {
        add(&number.to_string());
    }
    format!("{:032x}", hasher.finish128().as_u128())
}

/// A container's name without the line that a script starts it in.
fn unnumbered(name: &str) -> String {
    let Some((file, rest)) = name.rsplit_once(':') else { return name.to_owned() };
    let more = rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
    let line = more.len() < rest.len() && (more.is_empty() || more.starts_with(' '));
    if line { format!("{file}{more}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Location;
    use crate::text::{Pos, Span};

    fn finding(rule: &str, container: &str, span: Span) -> Finding {
        Finding { locations: vec![Location { span, label: String::new() }], ..Finding::of(rule, container) }
    }

    /// The fingerprints of findings about the second line of a text, each with a rule and a container.
    fn prints(text: &str, line: u32, findings: &[(&str, &str)]) -> Vec<String> {
        prints_of(("/p", "/p", "compose.yaml"), text, line, findings)
    }

    /// The same of a file, named from one directory and kept below another.
    fn prints_of(
        (cwd, base, name): (&str, &str, &str),
        text: &str,
        line: u32,
        findings: &[(&str, &str)],
    ) -> Vec<String> {
        let sources = Sources::default();
        let file = sources.add(name, text);
        let pos = |column| Pos { line, column };
        let span = Span { file, start: pos(1), end: pos(6) };
        let findings = findings.iter().map(|(rule, container)| finding(rule, container, span)).collect();
        let mut report = Report { findings, ..Report::default() };
        fingerprint(&mut report, &Names::new(cwd, base), &sources);
        report.findings.into_iter().map(|finding| finding.fingerprint).collect()
    }

    #[test]
    fn a_moved_line_is_the_same_and_another_text_is_not() {
        let one = prints("x\n- a:b\n", 2, &[("r", "c")]);
        // Written down: a baseline of an earlier release is compared with it.
        assert_eq!(one, ["acdf135c5e8d89878d6eada397f799b5"]);
        assert_eq!(one, prints("x\ny\n- a:b\n", 3, &[("r", "c")]));
        assert_ne!(one, prints("x\n- a:c\n", 2, &[("r", "c")]));
        assert_ne!(one, prints("x\n- a:b\n", 2, &[("s", "c")]));
        assert_ne!(one, prints("x\n- a:b\n", 2, &[("r", "d")]));
    }

    #[test]
    fn a_file_is_the_same_from_everywhere_and_another_is_not() {
        let of = |names| prints_of(names, "x\n- a:b\n", 2, &[("r", "c")]);
        let one = of(("/p", "/p", "compose.yaml"));
        assert_eq!(one, of(("/p/deep", "/p", "../compose.yaml")));
        assert_eq!(one, of(("/elsewhere", "/p", "/p/./compose.yaml")));
        assert_eq!(one, of(("/q", "/q", "compose.yaml")));
        assert_ne!(one, of(("/p", "/p", "other/compose.yaml")));
        assert_ne!(one, of(("/p", "/", "compose.yaml")));
    }

    #[test]
    fn a_script_may_move_and_equals_are_numbered() {
        assert_eq!(prints("\n- a:b", 2, &[("r", "x.sh:3")]), prints("\n- a:b", 2, &[("r", "x.sh:9")]));
        let less = |line| prints("\n- a:b", 2, &[("r", &format!("x.sh:{line} (with fewer mounts)"))]);
        assert_eq!(less(3), less(9));
        assert_ne!(less(3), prints("\n- a:b", 2, &[("r", "x.sh:3")]));
        let two = prints("\n- a:b", 2, &[("r", "c"), ("r", "c")]);
        assert_ne!(two[0], two[1]);
        assert_eq!(two[0], prints("\n- a:b", 2, &[("r", "c")])[0]);
    }
}
