//! Markdown, for a job's summary or a comment: counts, the participants, each finding. May use `finding`.

use std::io;

use super::place::{self, Place};
use super::safe::safe;
use super::words::{full_name, level, summary, suppression, told_apart, using};
use super::{Given, compared};
use crate::finding::{Before, Comparison, Finding, Participant, Report};

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    writeln!(out, "## Overlock: {}", summary(report))?;
    if report.participants.is_empty() {
        writeln!(out, "\nNo container has a state directory of a known program.")?;
    } else {
        writeln!(out, "\n| container | state directory | place | role | guard | verdict | why |")?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
        report.participants.iter().try_for_each(|one| row(one, out))?;
    }
    if let Some(comparison) = &report.comparison {
        compared(report, comparison, out)?;
    }
    if let Some(using) = using(report) {
        writeln!(out, "\nUsing: {}", prose(&using))?;
    }
    let (counted, suppressed) = told_apart(report.findings.iter());
    for finding in counted {
        section(finding, given, out)?;
    }
    if !report.diagnostics.is_empty() {
        writeln!(out, "\n### Input\n")?;
    }
    for diagnostic in &report.diagnostics {
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => format!("{}: ", code(&Place::of(span, given).words())),
            (None, Some(file)) => format!("{}: ", code(&place::path(file, given.directory).0)),
            (None, None) => String::new(),
        };
        writeln!(out, "- **{}**: {at}{}", level(diagnostic), prose(&diagnostic.message))?;
    }
    if !suppressed.is_empty() {
        writeln!(out, "\n<details><summary>Suppressed: {}</summary>\n", suppressed.len())?;
        for finding in suppressed {
            let name = code(&full_name(finding.project.as_deref(), &finding.container));
            let why = prose(&suppression(finding));
            writeln!(out, "- {} {} {name}, {why}", finding.severity.name(), code(&finding.rule))?;
        }
        writeln!(out, "\n</details>")?;
    }
    Ok(())
}

/// What came of what was so before.
fn compared(report: &Report, comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "\n{}", prose(&compared::headline(report).unwrap_or_default()))?;
    if comparison.before == Before::Running && compared::verdicts(comparison).next().is_some() {
        writeln!(out, "\n| container | before | after |\n| --- | --- | --- |")?;
        for (name, before, after) in compared::verdicts(comparison) {
            writeln!(out, "| {} | {before} | {after} |", cell(&name))?;
        }
    }
    let endangered = comparison.endangered.iter().map(compared::endangered);
    let gone = comparison.gone.iter().map(|gone| compared::gone(gone, comparison));
    let mut lines = endangered.chain(gone).peekable();
    if lines.peek().is_some() {
        writeln!(out)?;
    }
    lines.try_for_each(|line| writeln!(out, "- {}", prose(&line)))
}

fn row(one: &Participant, out: &mut dyn io::Write) -> io::Result<()> {
    let cells = [
        cell(&full_name(one.project.as_deref(), &one.container)),
        cell(&one.state_dir),
        cell(&one.place.text),
        one.role.to_owned(),
        one.guard.to_owned(),
        format!("**{}**", one.qualified_verdict()),
        if one.reason.is_empty() { "see below".to_owned() } else { prose(&one.reason) },
    ];
    writeln!(out, "| {} |", cells.join(" | "))
}

fn section(finding: &Finding, given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let name = code(&full_name(finding.project.as_deref(), &finding.container));
    writeln!(out, "\n### {}: {} in {name}\n", finding.severity.name(), code(&finding.rule))?;
    writeln!(out, "{}\n", prose(&finding.message))?;
    if let Some(standing) = compared::standing(finding, given.report.comparison.as_ref()) {
        writeln!(out, "- {}", prose(&standing))?;
    }
    for location in &finding.locations {
        let label = if location.label.is_empty() { String::new() } else { format!(": {}", prose(&location.label)) };
        writeln!(out, "- {}{label}", code(&Place::of(location.span, given).words()))?;
    }
    if !finding.remedies.is_empty() {
        writeln!(out, "\nTo fix it, best first:\n")?;
    }
    for (at, remedy) in finding.remedies.iter().enumerate() {
        writeln!(out, "{}. {}", at + 1, prose(remedy))?;
    }
    writeln!(out, "\n<details><summary>Evidence, confidence {}</summary>\n", finding.confidence.name())?;
    for evidence in &finding.evidence {
        let at = evidence.span.map(|span| format!(" ({})", code(&Place::of(span, given).words())));
        writeln!(out, "- {}: {}{}", evidence.kind.name(), prose(&evidence.text), at.unwrap_or_default())?;
    }
    writeln!(out, "\n</details>")
}

/// Text as code. Nothing in it is a link, a mention or HTML.
fn code(text: &str) -> String {
    let text = safe(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank at each end is taken away again by who reads it.
    let blank = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, which a bar would end even there.
fn cell(text: &str) -> String {
    if !text.contains('|') {
        return code(text);
    }
    let written = |c: char| {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '-') { format!("&#{};", c as u32) } else { c.to_string() }
    };
    format!("<code>{}</code>", safe(text).chars().map(written).collect::<String>())
}

/// Text as text: what is between backticks is code, everything else means nothing to Markdown.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        1 if !part.trim().is_empty() => cell(part),
        1 => plain(&format!("`{part}`")),
        _ => plain(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Every character that begins something is escaped; a mention or a bare address is broken by an empty comment, since
/// they are looked for after escapes are gone.
fn plain(text: &str) -> String {
    const BEGIN: &str = "\\`*_{}[]<>#|~&$!^+-=";
    let text = safe(text);
    let mut out = String::with_capacity(text.len() + 16);
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = digits.len() < text.len() && digits.starts_with(['.', ')']);
    for (at, character) in text.char_indices() {
        let rest = text.get(at..).unwrap_or("");
        let before = text.get(..at).unwrap_or("");
        match character {
            '@' => out.push_str("@<!-- -->"),
            ':' if rest.starts_with("://") => out.push_str(":<!-- -->"),
            '.' if before.to_ascii_lowercase().ends_with("www") => out.push_str(".<!-- -->"),
            '.' | ')' if numbered && at == text.len() - digits.len() => out.extend(['\\', character]),
            // In the middle of a word or after a blank a hyphen is one.
            '-' | '+' | '=' if at > 0 => out.push(character),
            c if BEGIN.contains(c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("<b>|\n"), "`<b>|\\u{a}`");
        assert_eq!(cell("/a b"), "`/a b`");
        assert_eq!(cell("a|<b>`"), "<code>a&#124;&#60;b&#62;&#96;</code>");
    }

    #[test]
    fn foreign_text_begins_nothing() {
        assert_eq!(prose("a <b> *c* [d](e) | #1"), "a \\<b\\> \\*c\\* \\[d\\](e) \\| \\#1");
        assert_eq!(prose("the label `overlock.role: x|y`."), "the label <code>overlock&#46;role&#58; x&#124;y</code>.");
        assert_eq!(prose("one ` alone <"), "one \\` alone \\<");
        assert_eq!(prose("- a - b"), "\\- a - b");
        assert_eq!(prose("12. x"), "12\\. x");
        assert_eq!(prose("@who see https://x and www.y"), "@<!-- -->who see https:<!-- -->//x and www.<!-- -->y");
    }
}
