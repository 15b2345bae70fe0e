//! Markdown, for a job's summary or a comment: counts, the participants, each finding. May use `finding`.

use std::io;

use super::phrases::{full_name, level_word, split_suppressed, summary_line, suppression_text, using};
use super::safe::safe;
use super::source_place::{self, ShownPlace};
use super::{Given, compared};
use crate::finding::{Before, Comparison, Hit, Participant, Report};

pub(super) fn write(given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let report = given.report;
    writeln!(out, "## Overlock: {}", summary_line(report))?;
    if report.participants.is_empty() {
        writeln!(out, "\nNo container has a state directory of a known program.")?;
    } else {
        writeln!(out, "\n| container | state directory | place | role | guard | verdict | why |")?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- | --- |")?;
        report.participants.iter().try_for_each(|one| write_row(one, out))?;
    }
    if let Some(comparison) = &report.comparison {
        write_comparison(report, comparison, out)?;
    }
    if let Some(using) = using(report) {
        writeln!(out, "\nUsing: {}", escape_prose(&using))?;
    }
    let (counted, suppressed) = split_suppressed(report.sorted_hits().into_iter());
    for finding in counted {
        write_section(finding, given, out)?;
    }
    if !report.diagnostics.is_empty() {
        writeln!(out, "\n### Input\n")?;
    }
    for diagnostic in &report.diagnostics {
        let at = match (diagnostic.span, &diagnostic.file) {
            (Some(span), _) => format!("{}: ", code_span(&ShownPlace::of(span, given).one_line())),
            (None, Some(file)) => format!("{}: ", code_span(&source_place::path(file, given.directory).0)),
            (None, None) => String::new(),
        };
        writeln!(out, "- **{}**: {at}{}", level_word(diagnostic), escape_prose(&diagnostic.message))?;
    }
    if !suppressed.is_empty() {
        writeln!(out, "\n<details><summary>Suppressed: {}</summary>\n", suppressed.len())?;
        for finding in suppressed {
            let name = code_span(&full_name(finding.project.as_deref(), &finding.container));
            let why = escape_prose(&suppression_text(finding));
            writeln!(out, "- {} {} {name}, {why}", finding.severity().name(), code_span(finding.rule()))?;
        }
        writeln!(out, "\n</details>")?;
    }
    Ok(())
}

/// What came of what was so before.
fn write_comparison(report: &Report, comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "\n{}", escape_prose(&compared::comparison_headline(report, None).unwrap_or_default()))?;
    if comparison.before == Before::Running && compared::changed_verdicts(comparison).next().is_some() {
        writeln!(out, "\n| container | before | after |\n| --- | --- | --- |")?;
        for (name, before, after) in compared::changed_verdicts(comparison) {
            writeln!(out, "| {} | {before} | {after} |", escape_cell(&name))?;
        }
    }
    let endangered = comparison.endangered.iter().map(compared::endangered_line);
    let gone = comparison.gone.iter().map(|gone| compared::gone_line(gone, comparison));
    let mut lines = endangered.chain(gone).peekable();
    if lines.peek().is_some() {
        writeln!(out)?;
    }
    lines.try_for_each(|line| writeln!(out, "- {}", escape_prose(&line)))
}

fn write_row(one: &Participant, out: &mut dyn io::Write) -> io::Result<()> {
    let cells = [
        escape_cell(&full_name(one.project.as_deref(), &one.container)),
        escape_cell(&one.state_dir),
        escape_cell(&one.place.text),
        one.role.to_owned(),
        one.guard.to_owned(),
        format!("**{}**", one.qualified_verdict()),
        if one.reason.is_empty() { "see below".to_owned() } else { escape_prose(&one.reason) },
    ];
    writeln!(out, "| {} |", cells.join(" | "))
}

fn write_section(finding: &Hit, given: &Given<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let name = code_span(&full_name(finding.project.as_deref(), &finding.container));
    writeln!(out, "\n### {}: {} in {name}\n", finding.severity().name(), code_span(finding.rule()))?;
    writeln!(out, "{}\n", escape_prose(finding.message()))?;
    if let Some(standing) = compared::standing_words(finding, given.report.comparison.as_ref()) {
        writeln!(out, "- {}", escape_prose(&standing))?;
    }
    for location in finding.locations() {
        let label =
            if location.label.is_empty() { String::new() } else { format!(": {}", escape_prose(&location.label)) };
        writeln!(out, "- {}{label}", code_span(&ShownPlace::of(location.span, given).one_line()))?;
    }
    if !finding.advice().is_empty() {
        writeln!(out, "\nTo fix it, best first:\n")?;
    }
    for (at, remedy) in finding.advice().iter().enumerate() {
        writeln!(out, "{}. {}", at + 1, escape_prose(remedy))?;
    }
    writeln!(out, "\n<details><summary>Evidence, confidence {}</summary>\n", finding.confidence().name())?;
    for evidence in finding.evidence() {
        let at = evidence.span.map(|span| format!(" ({})", code_span(&ShownPlace::of(span, given).one_line())));
        writeln!(out, "- {}: {}{}", evidence.kind.name(), escape_prose(&evidence.text), at.unwrap_or_default())?;
    }
    writeln!(out, "\n</details>")
}

/// Text as code. Nothing in it is a link, a mention or HTML.
fn code_span(text: &str) -> String {
    let text = safe(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A blank at each end is taken away again by who reads it.
    let blank = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// The same in a table, which a bar would end even there.
fn escape_cell(text: &str) -> String {
    if !text.contains('|') {
        return code_span(text);
    }
    let written = |c: char| {
        if c.is_ascii_punctuation() && !matches!(c, '/' | '-') { format!("&#{};", c as u32) } else { c.to_string() }
    };
    format!("<code>{}</code>", safe(text).chars().map(written).collect::<String>())
}

/// Text as text: what is between backticks is code, everything else means nothing to Markdown.
fn escape_prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape_plain(text);
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        1 if !part.trim().is_empty() => escape_cell(part),
        1 => escape_plain(&format!("`{part}`")),
        _ => escape_plain(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Every character that begins something is escaped; a mention or a bare address is broken by an empty comment, since
/// they are looked for after escapes are gone.
fn escape_plain(text: &str) -> String {
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
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a`b``c"), "```a`b``c```");
        assert_eq!(code_span("`"), "`` ` ``");
        assert_eq!(code_span("<b>|\n"), "`<b>|\\u{a}`");
        assert_eq!(escape_cell("/a b"), "`/a b`");
        assert_eq!(escape_cell("a|<b>`"), "<code>a&#124;&#60;b&#62;&#96;</code>");
    }

    #[test]
    fn foreign_text_begins_nothing() {
        assert_eq!(escape_prose("a <b> *c* [d](e) | #1"), "a \\<b\\> \\*c\\* \\[d\\](e) \\| \\#1");
        assert_eq!(
            escape_prose("the label `overlock.role: x|y`."),
            "the label <code>overlock&#46;role&#58; x&#124;y</code>."
        );
        assert_eq!(escape_prose("one ` alone <"), "one \\` alone \\<");
        assert_eq!(escape_prose("- a - b"), "\\- a - b");
        assert_eq!(escape_prose("12. x"), "12\\. x");
        assert_eq!(
            escape_prose("@who see https://x and www.y"),
            "@<!-- -->who see https:<!-- -->//x and www.<!-- -->y"
        );
    }
}
