//! Foreign text in a page: nothing in it moves anything, and maud escapes it. May use `finding`.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::finding::{Basis, Hit, Report, UNDETERMINED, Verdict};
use crate::render::phrases::full_name;
use crate::render::safe::xml;
use crate::rules::Severity;

/// Text as text: what is between backticks is code.
pub(super) fn prose(text: &str) -> Markup {
    let text = xml(text);
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @if parts.len().is_multiple_of(2) {
            (text)
        } @else {
            @for (at, part) in parts.iter().enumerate() {
                @match at % 2 {
                    1 if part.trim().is_empty() => { "`" (part) "`" }
                    1 => { code { (part) } }
                    _ => { (part) }
                }
            }
        }
    }
}

/// Text as code.
pub(super) fn code_markup(text: &str) -> Markup {
    html! { code { (xml(text)) } }
}

/// A container with its project.
pub(super) fn container_name(project: Option<&str>, container: &str) -> String {
    xml(&full_name(project, container))
}

/// The class of a finding; what is not known is told apart by its rule.
pub(super) fn tone_class(severity: Severity, rule: &str) -> &'static str {
    match severity {
        _ if rule == UNDETERMINED => "unknown",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// How bad a finding is, in the words that the counts use.
pub(super) fn severity_word(severity: Severity, rule: &str) -> &'static str {
    if rule == UNDETERMINED { UNDETERMINED } else { severity.name() }
}

pub(super) fn verdict_word(verdict: Verdict, basis: Basis) -> Markup {
    let (tone, mark) = match verdict {
        Verdict::NotAParticipant => ("away", "–"),
        Verdict::Ok => ("sound", "✓"),
        Verdict::Warning => ("warning", "!"),
        Verdict::Undetermined => ("unknown", "?"),
        Verdict::Error => ("error", "✗"),
    };
    html! { span class={ "badge " (tone) } { span aria-hidden="true" { (mark) } " " (basis.qualify(verdict)) } }
}

/// A link to a finding, by its rule.
pub(super) fn participant_link(finding: &Hit) -> Markup {
    let tone = tone_class(finding.severity(), finding.rule());
    html! { a class={ "rule " (tone) } href={ "#f-" (finding.fingerprint) } { (xml(finding.rule())) } }
}

/// The rows of the table by their containers.
pub(super) struct ParticipantRows<'a>(BTreeMap<(Option<&'a str>, &'a str), usize>);

impl<'a> ParticipantRows<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let mut rows = BTreeMap::new();
        for (at, one) in report.participants.iter().enumerate() {
            rows.entry((one.project.as_deref(), one.container.as_str())).or_insert(at + 1);
        }
        Self(rows)
    }

    /// The anchor of the row of a finding's container, where there is one.
    pub(super) fn anchor(&self, finding: &Hit) -> Option<String> {
        let at = self.0.get(&(finding.project.as_deref(), finding.container.as_str()))?;
        Some(format!("#p{at}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code_and_nothing_foreign_is_markup() {
        let of = |text: &str| prose(text).into_string();
        assert_eq!(of("set `a: <b>` & go"), "set <code>a: &lt;b&gt;</code> &amp; go");
        assert_eq!(of("one ` alone"), "one ` alone");
        assert_eq!(of("nothing `` here"), "nothing `` here");
        assert_eq!(of("a\u{202e}b\n\u{fffe}"), "a\\u{202e}b\\u{a}\u{fffd}");
        assert_eq!(code_markup("</code><script>").into_string(), "<code>&lt;/code&gt;&lt;script&gt;</code>");
    }
}
