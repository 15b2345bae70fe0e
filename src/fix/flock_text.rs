//! The text that puts an flock around a call, or makes one wait longer, by how the call is written. May use `model`,
//! `rules`, `text` and `finding`.

use crate::finding::PlacedText;
use crate::model::Container;
use crate::rules::Profile;
use crate::text::{SourceFile, Sources, Span, Syntax};

/// Why nothing can be written for what was not read from a file.
pub(super) const IN_NO_FILE: &str = "what runs is written in no file that was read here";

/// What to write so that the call whose first word is at a place takes an flock.
///
/// # Errors
/// Why that is not known, as a clause.
pub(super) fn flock_text(
    span: Span,
    path: &str,
    container: &Container,
    profile: &Profile,
    sources: &Sources,
) -> Result<PlacedText, String> {
    // One that cannot be told how long to wait waits as long as it takes.
    let seconds = (!container.has_busybox_flock).then(|| profile.guard.longest_call_seconds.to_string());
    flocked_word(&sources.get(span.file), span, path, seconds.as_deref()).map_err(str::to_owned)
}

fn flocked_word(file: &SourceFile, span: Span, path: &str, seconds: Option<&str>) -> Result<PlacedText, &'static str> {
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let syntax = file.syntax().ok_or(IN_NO_FILE)?;
    let word = WrittenWord::at(file, span).ok_or("the call is written over several lines")?;
    if word.bare.is_empty() {
        return Err(IN_NO_FILE);
    }
    if !is_plain(word.bare) {
        return Err("the call begins with a word that is worked out when it runs");
    }
    if !is_plain(path) {
        return Err("the path of the flock depends on a variable");
    }
    let wait = seconds.map(|seconds| ["-w", seconds]);
    let words: Vec<&str> = ["flock"].into_iter().chain(wait.into_iter().flatten()).chain([path, word.bare]).collect();
    let is_list = matches!(syntax, Syntax::Yaml | Syntax::Dockerfile | Syntax::Json | Syntax::Hcl);
    let text = match (word.kind(), word.quote) {
        (WordForm::Item, Some(quote)) if is_list => {
            words.iter().map(|word| format!("{quote}{word}{quote}")).collect::<Vec<_>>().join(", ")
        }
        (WordForm::Item, None) if syntax == Syntax::Yaml => {
            words.iter().map(|word| yaml_item(word, seconds)).collect::<Vec<_>>().join(", ")
        }
        (WordForm::Line, quote) if syntax == Syntax::Yaml => {
            let line_end = if file.text().contains("\r\n") { "\r\n" } else { "\n" };
            let last = quote.map_or_else(|| word.bare.to_owned(), |quote| format!("{quote}{}{quote}", word.bare));
            let before_last = words.len().saturating_sub(1);
            let items = words.iter().take(before_last).map(|word| yaml_item(word, seconds)).chain([last]);
            items.collect::<Vec<_>>().join(&format!("{line_end}{} ", word.before.trim_end()))
        }
        (WordForm::Other, None) => words.join(" "),
        _ => return Err("the call is quoted in a way that leaves no room for another command before it"),
    };
    Ok(PlacedText { span: word.span, text })
}

/// A word of a list in YAML, where a number is in quotes.
fn yaml_item(word: &str, seconds: Option<&str>) -> String {
    if Some(word) == seconds { format!("\"{word}\"") } else { word.to_owned() }
}

/// A word as it is written, with the quotes around it and the rest of its line.
struct WrittenWord<'a> {
    bare: &'a str,
    quote: Option<char>,
    before: &'a str,
    after: &'a str,
    /// With its quotes.
    span: Span,
}

/// How a word is written.
enum WordForm {
    /// As an item of a list between brackets.
    Item,
    /// As an item on a line of its own, behind a dash.
    Line,
    /// Any other way.
    Other,
}

impl<'a> WrittenWord<'a> {
    fn at(file: &'a SourceFile, span: Span) -> Option<Self> {
        let written = file.slice(span);
        let line = file.line(span.start.line);
        let from = line.char_indices().nth(span.start.column.saturating_sub(1) as usize);
        let from = from.map_or(line.len(), |(at, _)| at);
        let (before, after) = (line.get(..from)?, line.get(from + written.len()..)?);
        let is_quote = |c: &char| matches!(c, '"' | '\'');
        if let Some(quote) = written.chars().next().filter(is_quote) {
            let bare = written.strip_prefix(quote)?.strip_suffix(quote)?;
            return Some(Self { bare, quote: Some(quote), before, after, span });
        }
        // The quotes may be beside the span.
        let beside = before.chars().next_back().filter(is_quote).filter(|quote| after.starts_with(*quote));
        let Some(quote) = beside else { return Some(Self { bare: written, quote: None, before, after, span }) };
        let mut span = span;
        span.start.column = span.start.column.saturating_sub(1);
        span.end.column += 1;
        let (before, after) = (before.strip_suffix(quote)?, after.strip_prefix(quote)?);
        Some(Self { bare: written, quote: Some(quote), before, after, span })
    }

    fn kind(&self) -> WordForm {
        let after = self.after.trim_start();
        match self.before.trim_end() {
            before if before.ends_with(['[', ',']) && after.starts_with([',', ']']) => WordForm::Item,
            before if before.trim_start() == "-" && (after.is_empty() || after.starts_with('#')) => WordForm::Line,
            _ => WordForm::Other,
        }
    }
}

/// What to write so that the flock at a place is on another file; `None` where its path is not written as it is meant.
pub(super) fn path_text(span: Span, old: &str, new: &str, sources: &Sources) -> Option<PlacedText> {
    let file = sources.get(span.file);
    file.syntax()?;
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let from = file.offset(span.start)?;
    let line = file.text().get(from..)?.lines().next()?;
    let is_end = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "\"',]});&|<>=".contains(c));
    let at = line.match_indices(old).map(|(at, _)| at).find(|&at| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        is_end(before) && is_end(line.get(at + old.len()..).and_then(|after| after.chars().next()))
    })?;
    let (start, end) = (file.position(from + at), file.position(from + at + old.len()));
    let is_path = old.contains('/') && is_plain(old) && is_plain(new);
    is_path.then(|| PlacedText { span: Span { start, end, ..span }, text: new.to_owned() })
}

/// What to write in the place of a word that is written as it is meant.
pub(super) fn word_text(span: Span, old: &str, new: &str, sources: &Sources) -> Option<PlacedText> {
    let file = sources.get(span.file);
    file.syntax()?;
    let word = WrittenWord::at(&file, span)?;
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
    let quote = word.quote.map(String::from).unwrap_or_default();
    let fits = word.bare == old && is_plain(old) && is_plain(new);
    fits.then(|| PlacedText { span: word.span, text: format!("{quote}{new}{quote}") })
}

/// What to write so that the flock at a place waits as long as the longest call lasts.
///
/// # Errors
/// Why that is not known, as a clause.
pub(super) fn wait_text(span: Span, profile: &Profile, sources: &Sources) -> Result<PlacedText, String> {
    let why = || "how long it waits is not written there as a number".to_owned();
    longer_wait(&sources.get(span.file), span, profile).ok_or_else(why)
}

fn longer_wait(file: &SourceFile, span: Span, profile: &Profile) -> Option<PlacedText> {
    file.syntax()?;
    let word = WrittenWord::at(file, span)?;
    let quote = word.quote.map(String::from).unwrap_or_default();
    let rest = word.after.strip_prefix(',').unwrap_or(word.after);
    let seconds = profile.guard.longest_call_seconds;
    if let Some(end) = ["-n", "--nonblock"].iter().find_map(|option| {
        let option = format!("{quote}{option}{quote}");
        let at = rest.len() - rest.trim_start().len();
        rest.trim_start().starts_with(&option).then_some(word.after.len() - rest.len() + at + option.len())
    }) {
        let (before, after) = (word.after.get(..end)?, word.after.get(end..)?);
        let between = before.get(..before.find('-')?)?;
        let mut placed = word.span;
        placed.end.column += u32::try_from(end).ok()?;
        let separator = if rest.len() == word.after.len() { " " } else { ", " };
        let seconds = if word.quote.is_none() && separator == ", " {
            format!("\"{seconds}\"")
        } else {
            format!("{quote}{seconds}{quote}")
        };
        let text = format!("{quote}{}{quote}{between}-w{quote}{separator}{seconds}", word.bare);
        let ends = after.is_empty() || after.starts_with([' ', ',']);
        return (word.bare == "flock" && ends).then_some(PlacedText { span: placed, text });
    }
    let option = rest.trim_start().strip_prefix(&format!("{quote}-w{quote}"))?;
    let value = option.strip_prefix(',').unwrap_or(option).trim_start();
    let inner = value.strip_prefix(['"', '\'']).unwrap_or(value);
    let digits = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let close = usize::from(inner.len() < value.len());
    // All between is options and punctuation: it may be shown.
    let lead = word.after.len() - inner.len();
    let (between, end) = (word.after.get(..lead)?, word.after.get(lead + digits..lead + digits + close)?);
    let mut placed = word.span;
    placed.end.column += u32::try_from(lead + digits + close).ok()?;
    let text = format!("{quote}{}{quote}{between}{seconds}{end}", word.bare);
    (word.bare == "flock" && digits > 0).then_some(PlacedText { span: placed, text })
}
