//! What a finding is recognised by from one run to the next. May use `finding` and `text`.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::finding::{Finding, Report};
use crate::text::Sources;

/// Gives every finding its fingerprint: of the rule, the container, the file and what is written at the primary
/// location; never of a line number. Findings that agree in all that are numbered in the report's order.
pub fn fingerprint(report: &mut Report, sources: &Sources) {
    let mut known: HashMap<[u64; 2], u32> = HashMap::new();
    for finding in &mut report.findings {
        let digest = digest(finding, sources, 0);
        let number = known.entry(digest).or_default();
        let digest = if *number == 0 { digest } else { self::digest(finding, sources, *number) };
        *number += 1;
        finding.fingerprint = format!("{:016x}{:016x}", digest[0], digest[1]);
    }
}

fn digest(finding: &Finding, sources: &Sources, number: u32) -> [u64; 2] {
    let primary = finding.primary().map(|span| (sources.get(span.file), span));
    let place = primary.as_ref().map(|(file, span)| {
        // What the engine and the kernel tell has numbers in it that are others after the next start.
        let told = file.teller(span.start.line).is_some();
        let text = if told { "" } else { file.slice(*span) };
        (file.name().to_owned(), text.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    let parts = (&finding.rule, &finding.project, unnumbered(&finding.container), place, number);
    // The standard library's hasher has no key here, and its algorithm (SipHash-1-3) is fixed by what was written down.
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, &parts).hash(&mut hasher);
        hasher.finish()
    };
    [half(0), half(1)]
}

/// A container's name without the line that a script starts it in.
fn unnumbered(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((file, line)) if !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => name,
    }
}
