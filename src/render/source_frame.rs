//! A finding's source lines with the places underlined. Of a line only what is inside a location is shown, since the
//! rest may hold secrets. May use `text` and `finding`; the one home of annotate-snippets.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::Style;
use super::safe::{safe, same_width};
use super::wrap::{columns, paragraph, wrap_words};
use crate::finding::{Finding, Location};
use crate::rules::Severity;
use crate::text::{SourceFile, Sources};

/// Lines shown of one location: a mount in the long syntax has a few.
const MAX_LINES: u32 = 6;

/// A finding's sentence, and source lines under it.
pub(super) fn titled_frame(finding: &Finding, locations: &[Location], sources: &Sources, style: Style) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let rule = safe(&finding.rule);
    // The rest of the sentence is put under its beginning.
    let lead = finding.severity.name().len() + columns(&rule) + "[]: ".len();
    let room = style.columns().map(|width| width.saturating_sub(lead).max(1));
    let title = wrap_words(&safe(&finding.message), room).join("\n");
    let is_told = |location: &&Location| is_told(location, sources);
    let shown = locations.iter().filter(|location| !is_told(location));
    let shown: Vec<MaskedSource> = shown.map(|location| MaskedSource::of(location, sources)).collect();
    let mut group = Group::with_title(level.primary_title(title).id(rule.as_ref()));
    for (at, shown) in shown.iter().enumerate() {
        let kind = if at == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(shown.range.clone()).label(shown.label.as_str());
        let snippet = Snippet::source(shown.text.as_str()).line_start(shown.line).path(shown.path.as_str());
        group = group.element(snippet.fold(false).annotation(annotation));
    }
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let width = style.columns().unwrap_or(200);
    let mut frame = renderer.term_width(width).render(&[group]);
    for location in locations.iter().filter(is_told) {
        let file = sources.get(location.span.file);
        let told = format!("{}: {}", file.label(), file.line(location.span.start.line));
        frame.push('\n');
        frame.push_str(&paragraph("  --> ", &safe(&told), style.columns()));
    }
    frame
}

/// Whether a place is in what the engine or the kernel told, whose lines have no numbers that a person could look for.
fn is_told(location: &Location, sources: &Sources) -> bool {
    sources.get(location.span.file).teller(location.span.start.line).is_some()
}

/// What stands before lines that go on under a frame: as wide as its line numbers.
pub(super) fn frame_gutter(locations: &[Location], sources: &Sources) -> String {
    let last = locations.iter().filter(|location| !is_told(location, sources)).map(|location| {
        let shown = MaskedSource::of(location, sources);
        shown.line + shown.text.lines().count().saturating_sub(1)
    });
    let digits = last.max().map_or(1, |line| line.to_string().len());
    format!("{} | ", " ".repeat(digits))
}

/// The lines of one location, with everything outside it masked.
pub(super) struct MaskedSource {
    path: String,
    line: usize,
    pub(super) text: String,
    /// What of the text is the location.
    pub(super) range: std::ops::Range<usize>,
    pub(super) label: String,
}

impl MaskedSource {
    pub(super) fn of(location: &Location, sources: &Sources) -> Self {
        let file = sources.get(location.span.file);
        let (start, end) = (location.span.start, location.span.end);
        // A block ends at the start of the line after it: that line is not part of it.
        let ends_before = end.column == 1 && end.line > start.line;
        let last = if ends_before { end.line - 1 } else { end.line };
        let last = last.min(start.line + MAX_LINES - 1);
        let mut text = String::new();
        let mut range = 0..0;
        for number in start.line..=last.max(start.line) {
            let line = same_width(file.line(number));
            let length = line.chars().count();
            let from = if number == start.line { start.column as usize - 1 } else { indent(&line) };
            let to = if number == end.line { (end.column as usize).saturating_sub(1) } else { length };
            let from = from.min(length);
            // A place without a width is the beginning of something: of a variable its name may be shown.
            let to = if location.span.start == location.span.end { from + variable_length(&line, from) } else { to };
            let masked = MaskedLine::of(&line, from, to.clamp(from, length));
            if number == start.line {
                range.start = text.len() + masked.start;
            } else {
                text.push('\n');
            }
            range.end = text.len() + masked.end;
            text.push_str(&masked.text);
        }
        Self { path: name(&file), line: start.line as usize, text, range, label: safe(&location.label).into_owned() }
    }
}

/// How many characters name a variable at a place of a line, an opening quote included: `"$NAME`, `${NAME}`. None of a default.
fn variable_length(line: &str, from: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(from).collect();
    let quote = usize::from(matches!(rest.first(), Some('"')));
    let Some('$') = rest.get(quote) else { return 0 };
    let brace = usize::from(rest.get(quote + 1) == Some(&'{'));
    let begin = quote + 1 + brace;
    let is_of_name = |ch: &&char| ch.is_ascii_alphanumeric() || **ch == '_';
    let name = rest.get(begin..).unwrap_or_default().iter().take_while(is_of_name).count();
    let end = begin + name;
    match name {
        0 => 0,
        _ if brace == 1 && rest.get(end) == Some(&'}') => end + 1,
        _ => end,
    }
}

fn name(file: &SourceFile) -> String {
    safe(&file.label()).into_owned()
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|character| character.is_whitespace()).count()
}

/// One line with only a range of it shown; the range in bytes of the new text.
struct MaskedLine {
    text: String,
    start: usize,
    end: usize,
}

impl MaskedLine {
    fn of(line: &str, from: usize, to: usize) -> Self {
        let before: String = line.chars().take(from).collect();
        let within: String = line.chars().skip(from).take(to - from).collect();
        let after: String = line.chars().skip(to).collect();
        // As wide as what it hides, so that the column of the location is the true one.
        let hidden = || {
            let width = before.chars().count() - indent(&before);
            format!("{}…{}", " ".repeat(indent(&before)), " ".repeat(width.saturating_sub(1)))
        };
        let mut text = if is_lead(&before) { before.clone() } else { hidden() };
        let start = text.len();
        text.push_str(&within);
        let end = text.len();
        if after.trim().trim_matches(['"', '\'', ',', ']', '}', ':']).trim().is_empty() {
            text.push_str(after.trim_end());
        } else {
            text.push_str(" …");
        }
        Self { text, start, end }
    }
}

/// Whether what stands before a location is no more than indentation, a dash, a key and an opening quote.
fn is_lead(before: &str) -> bool {
    let rest = before.trim().trim_start_matches("- ").trim_end_matches(['"', '\'', '[', '{']).trim_end();
    let key = rest.strip_suffix(':').unwrap_or(rest);
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    rest.is_empty() || rest == "-" || (rest.ends_with(':') && is_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str, shown: &str) -> String {
        let from = line.find(shown).unwrap();
        MaskedLine::of(line, from, from + shown.len()).text
    }

    #[test]
    fn of_a_place_without_a_width_the_name_of_a_variable_is_shown() {
        for (line, from, shown) in [
            ("args+=( -e \"$v=${!v}\" )", 11, "\"$v"),
            ("  ${ENV_ARGS} \\", 2, "${ENV_ARGS}"),
            ("  ${KEY:-secret}", 2, "${KEY"),
            ("  secret", 2, ""),
            ("  $(secret)", 2, ""),
            ("", 0, ""),
        ] {
            let length = variable_length(line, from);
            assert_eq!(line.chars().skip(from).take(length).collect::<String>(), shown, "{line}");
        }
    }

    #[test]
    fn only_what_is_located_is_shown() {
        assert_eq!(masked("    - /a:/b # secret", "/a:/b"), "    - /a:/b …");
        assert_eq!(masked("    KEY: secret", "KEY"), "    KEY …");
        assert_eq!(masked("    - \"KEY=secret\"", "KEY"), "    - \"KEY …");
        assert_eq!(masked("  env: {A: secret, KEY: secret}", "KEY"), "  …                KEY …");
        assert_eq!(masked("    tty: true", "true"), "    tty: true");
        assert_eq!(masked("    volumes: [\"/a:/b\"]", "/a:/b"), "    volumes: [\"/a:/b\"]");
        assert_eq!(
            masked("    command: sh -c 'T=secret claude -p'", "claude"),
            "    …                        claude …"
        );
    }
}
