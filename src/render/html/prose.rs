//! Foreign text in a page: nothing in it moves anything, and maud escapes it. May use `finding`.

use maud::{Markup, html};

use crate::finding::{Basis, Hit, UNDETERMINED, Verdict};
use crate::render::Given;
use crate::render::phrases::full_name;
use crate::render::safe::xml;
use crate::render::source_place::ShownPlace;
use crate::rules::Severity;
use crate::text::Span;

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

/// Lines that are safe but for the ends between them.
pub(super) fn xml_lines(text: &str) -> String {
    text.split('\n').map(xml).collect::<Vec<_>>().join("\n")
}

/// A path as code that may go on in the next line after a slash, but for the first.
pub(super) fn path_markup(path: &str) -> Markup {
    html! { code { @for (at, part) in xml(path).split_inclusive('/').enumerate() { (part) @if at > 0 { wbr; } } } }
}

/// A container with its project.
pub(super) fn container_name(project: Option<&str>, container: &str) -> String {
    xml(&full_name(project, container))
}

/// `file:line` of a place in a file; nothing for what the engine or the kernel told.
pub(super) fn file_line(span: Span, given: &Given<'_>) -> Option<String> {
    match ShownPlace::of(span, given) {
        ShownPlace::File(range) => Some(format!("{}:{}", range.path, range.span.start.line)),
        ShownPlace::Nowhere(words) if !words.is_empty() => Some(words),
        ShownPlace::Nowhere(_) | ShownPlace::Container { .. } => None,
    }
}

/// The class of a finding; what is unknown is told apart by its rule.
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

pub(super) fn severity_badge(severity: Severity, rule: &str) -> Markup {
    html! { span class={ "badge " (tone_class(severity, rule)) } { (severity_word(severity, rule)) } }
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

/// The first entries of a list, and how many more there are.
pub(super) fn first_of<T>(all: &[T], most: usize) -> (&[T], usize) {
    let shown = all.get(..most).unwrap_or(all);
    (shown, all.len() - shown.len())
}

/// A table whose rows are laid out as blocks on a phone, each cell beside the name of its column. Roles are written out,
/// since a layout as blocks may take them from a table.
pub(super) fn block_table(label: &str, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        table .blocks role="table" aria-label=(label) {
            thead role="rowgroup" { tr role="row" { @for column in columns { th scope="col" role="columnheader" { (column) } } } }
            tbody role="rowgroup" { (rows) }
        }
    }
}

/// A cell of such a table, with what it is called beside it.
pub(super) fn block_cell(name: &str, cell: &Markup) -> Markup {
    html! { td role="cell" data-label=(name) { div { (cell) } } }
}

/// The rule of a hit, which leads to its row.
pub(super) fn hit_link(hit: &Hit, is_shown: bool) -> Markup {
    let class = format!("rule {}", tone_class(hit.severity(), hit.rule()));
    html! {
        @if is_shown {
            a class=(class) href={ "#f-" (hit.fingerprint) } { (xml(hit.rule())) }
        } @else {
            span class=(class) { (xml(hit.rule())) }
        }
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
        assert_eq!(path_markup("/a<b>/c").into_string(), "<code>/a&lt;b&gt;/<wbr>c<wbr></code>");
    }
}
