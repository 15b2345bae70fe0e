//! The text that makes the place that decides a version say another one, by how it is written there.
//! May use `model`, `rules`, `text`, `finding` and `fix::version_place`.

use std::ops::Range;

use super::flock_text::IN_NO_FILE;
use super::version_place::VersionPlace;
use crate::finding::PlacedText;
use crate::model::Container;
use crate::rules::Profile;
use crate::text::{SourceFile, Sources, Span, Syntax};

/// Words that may stand between an installer's name and the package, and are no secrets.
const HARMLESS: &[&str] = &[
    "npm",
    "pnpm",
    "yarn",
    "bun",
    "npx",
    "bunx",
    "volta",
    "install",
    "i",
    "add",
    "global",
    "-g",
    "--global",
    "-y",
    "--yes",
    "--no-audit",
    "--no-fund",
    "--omit=dev",
    "--silent",
    "--quiet",
    "-q",
];

/// What to write so that a container's version is one that takes a lock inside the state directory.
///
/// # Errors
/// Why that is not known, as a clause.
pub(super) fn version_text(
    place: &VersionPlace,
    container: &Container,
    profile: &Profile,
    sources: &Sources,
) -> Result<PlacedText, String> {
    let span = place.span(container);
    let file = sources.get(span.file);
    let told = file.teller(span.start.line).is_some() || file.name().is_empty();
    let at = FilePlace { file: &file, span };
    let found = match place {
        VersionPlace::ImageTag => return Err("which tag of the image has that version is not known".to_owned()),
        VersionPlace::Installed => return Err("the version is in the image of what runs".to_owned()),
        VersionPlace::Declared => {
            return Err("no file says which version it is: a label tells, once it is so".to_owned());
        }
        _ if told || file.syntax().is_none() => return Err(IN_NO_FILE.to_owned()),
        VersionPlace::Build { package: None, .. } => at.installer_text(profile),
        VersionPlace::Build { package: Some(_), .. } | VersionPlace::Call { .. } => {
            at.package_text(container, profile, sources)
        }
        VersionPlace::Argument(name) => argument_text(&file, span, name, profile),
    };
    found.ok_or_else(|| "the version is not written there in a way that is understood".to_owned())
}

/// A place in a file.
struct FilePlace<'a> {
    file: &'a SourceFile,
    span: Span,
}

impl FilePlace<'_> {
    fn placed(&self, bytes: Range<usize>, text: String) -> PlacedText {
        let (start, end) = (self.file.position(bytes.start), self.file.position(bytes.end));
        PlacedText { span: Span { start, end, ..self.span }, text }
    }

    /// The package with its version, in quotes where a shell would take `>` for a redirection.
    fn package_text(&self, container: &Container, profile: &Profile, sources: &Sources) -> Option<PlacedText> {
        let text = self.file.text();
        let from = self.file.offset(self.span.start)?;
        let command = self.command_range(from);
        let (package, at) = profile.packages.iter().find_map(|package| {
            let at = text.get(from..command.end)?.find(package.as_str())?;
            Some((package, from + at))
        })?;
        let after = at + package.len();
        let ends = |c: char| c.is_whitespace() || "\"',];&|)`\\".contains(c);
        let rest = text.get(after..command.end)?;
        let end = after + rest.find(ends).unwrap_or(rest.len());
        let version = text.get(after..end)?.strip_prefix('@').unwrap_or("");
        if let Some(placed) =
            variable_name(version).and_then(|name| self.variable_text(name, container, profile, sources))
        {
            return Some(placed);
        }
        let wanted = format!("{package}@>={}", profile.settled_since);
        let before = text.get(command.start..at)?;
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        if quote.is_some() && text.get(end..)?.chars().next() == quote {
            return Some(self.placed(at..end, wanted));
        }
        if is_inside_quotes(before) || !before.ends_with(char::is_whitespace) {
            // A range that needs no quotes, in a quotation that another one would end.
            let wanted = format!("{package}@^{}", profile.settled_since);
            let is_word = before.ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
            return is_word.then(|| self.placed(at..end, wanted));
        }
        // The whole command is easier to recognise, as far as nothing in it can be a secret.
        let words = text.get(from..at)?;
        let whole = !words.contains('\n') && words.split_whitespace().all(|word| HARMLESS.contains(&word));
        // The quotes of JSON are around the command already.
        let quote = if matches!(self.file.syntax(), Some(Syntax::Json | Syntax::Hcl)) { '\'' } else { '"' };
        Some(if whole {
            self.placed(from..end, format!("{words}{quote}{wanted}{quote}"))
        } else {
            self.placed(at..end, format!("{quote}{wanted}{quote}"))
        })
    }

    /// The bytes of the command around a byte: its line with those that continue it, or the string of JSON.
    fn command_range(&self, from: usize) -> Range<usize> {
        let line = logical_line(self.file.text(), from);
        if !matches!(self.file.syntax(), Some(Syntax::Json | Syntax::Hcl)) {
            return line;
        }
        let text = self.file.text();
        let before = text.get(line.start..from).and_then(|before| before.rfind('"'));
        let after = text.get(from..line.end).and_then(|after| after.find('"'));
        before.map_or(line.start, |at| line.start + at + 1)..after.map_or(line.end, |at| from + at)
    }

    /// The line that gives a variable its value: of the compose file, or of the Dockerfile above the command.
    fn variable_text(
        &self,
        name: &str,
        container: &Container,
        profile: &Profile,
        sources: &Sources,
    ) -> Option<PlacedText> {
        if let Some(argument) = container.build_args.get(name) {
            return argument_text(&sources.get(argument.span.file), argument.span, name, profile);
        }
        let above = (1..self.span.start.line).rev();
        let (line, column) =
            above.into_iter().find_map(|line| Some((line, declared_at(self.file.line(line), name)?)))?;
        let start = self.file.offset(crate::text::Pos { line, column: 1 })? + column;
        let rest = self.file.line(line).get(column + name.len()..)?;
        let value =
            rest.strip_prefix('=').map_or(0, |value| 1 + value.find(char::is_whitespace).unwrap_or(value.len()));
        // An instruction that gives this variable alone is shown whole.
        let keyword = self.file.line(line).get(..column)?;
        let keyword = if keyword.split_whitespace().count() == 1 { keyword.trim_start() } else { "" };
        let text = format!("{keyword}{name}=^{}", profile.settled_since);
        Some(self.placed(start - keyword.len()..start + name.len() + value, text))
    }

    /// The shell that runs the fetched installer, with the one version that it takes.
    fn installer_text(&self, profile: &Profile) -> Option<PlacedText> {
        let shell = self.file.slice(self.span);
        let from = self.file.offset(self.span.start)?;
        let after = from + shell.len();
        let command = logical_line(self.file.text(), from);
        let rest = self.file.text().get(after..command.end)?;
        let rest =
            rest.get(..rest.find(['\n', '\\', '&', ';', '|', ')', '"', '\'', '`', ',']).unwrap_or(rest.len()))?;
        let is_plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let known = matches!(shell.rsplit('/').next(), Some("bash" | "sh")) && rest.split_whitespace().all(is_plain);
        let end = after + rest.trim_end().len();
        known.then(|| self.placed(from..end, format!("{shell} -s {}", profile.settled_since)))
    }
}

/// A build argument of a compose file, as its mapping or list writes it.
fn argument_text(file: &SourceFile, span: Span, name: &str, profile: &Profile) -> Option<PlacedText> {
    let from = file.offset(span.start)?;
    let line = logical_line(file.text(), from);
    let rest = file.text().get(from..line.end)?;
    let rest = rest.get(..rest.find('\n').unwrap_or(rest.len()))?;
    let after = rest.strip_prefix(name)?;
    let separator = if after.starts_with('=') { "=" } else { ": " };
    let value = after.strip_prefix(separator)?.trim_start();
    let at = rest.len() - value.len();
    let ends = |c: char| c.is_whitespace() || "\"',}]".contains(c);
    let (open, inner) = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) if separator == ": " => (1, value.get(1..)?.find(quote)? + 1),
        _ => (0, value.find(ends).unwrap_or(value.len())),
    };
    let end = from + at + inner + open;
    let (start, end) = (file.position(from), file.position(end));
    let text = format!("{name}{separator}{}", profile.settled_since);
    (inner > 0).then_some(PlacedText { span: Span { start, end, ..span }, text })
}

/// The variable that is all of a version, as a shell or a Dockerfile writes it.
fn variable_name(version: &str) -> Option<&str> {
    let name = version.strip_prefix('$')?;
    let name = name.strip_prefix('{').map_or(Some(name), |inner| inner.strip_suffix('}'))?;
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

/// Where an `ARG` or `ENV` line names a variable that it gives a value, in bytes.
fn declared_at(line: &str, name: &str) -> Option<usize> {
    let keyword = line.trim_start().get(..4)?.to_ascii_uppercase();
    if keyword != "ARG " && keyword != "ENV " {
        return None;
    }
    line.match_indices(name).map(|(at, _)| at).find(|&at| {
        let starts = line.get(..at).is_some_and(|before| before.ends_with(char::is_whitespace));
        let after = line.get(at + name.len()..).unwrap_or("");
        let alone = keyword == "ARG " && (after.is_empty() || after.starts_with(char::is_whitespace));
        starts && (alone || after.starts_with('=')) && !after.starts_with("=\"") && !after.starts_with("='")
    })
}

/// The line around a place with those that continue it, in bytes.
fn logical_line(text: &str, at: usize) -> Range<usize> {
    let continues = |end: usize| text.get(..end).is_some_and(|before| before.trim_end_matches('\r').ends_with('\\'));
    let mut start = at;
    loop {
        let line = text.get(..start).and_then(|before| before.rfind('\n'));
        match line {
            Some(end) if continues(end) => start = end,
            Some(end) => break start = end + 1,
            None => break start = 0,
        }
    }
    let mut end = at;
    loop {
        let next = text.get(end..).and_then(|after| after.find('\n')).map(|next| end + next);
        match next {
            Some(next) if continues(next) => end = next + 1,
            Some(next) => break end = next,
            None => break end = text.len(),
        }
    }
    start..end
}

/// Whether what follows a text is inside quotes that it opened.
fn is_inside_quotes(before: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for c in before.chars() {
        match (open, c) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    open.is_some()
}
