//! Text of a file in which another program than the shell puts values first: make, just, a runner of pipelines. What is put
//! in and is not known becomes what a shell would ask for in that place. Uses `text` alone.

use std::collections::BTreeMap;

use crate::text::{FileId, TracedChar, TracedText};

/// A character, or what stands for characters that are not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OuterPart {
    Char(TracedChar),
    /// A variable of the environment, or what stands for one value that is not known. `is_as_written`: the file has it as
    /// wide as the shell has it in braces.
    Variable {
        name: String,
        at: Option<(FileId, u32)>,
        is_as_written: bool,
    },
    /// What a command prints.
    Output {
        command: OuterText,
        at: Option<(FileId, u32)>,
    },
}

/// A text with such parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct OuterText(pub(super) Vec<OuterPart>);

/// Substituted commands within each other whose quotes are followed.
const LEVELS: usize = 64;

/// How the characters at a point of a shell's text are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Plain,
    Single,
    Double,
    Comment,
}

impl OuterText {
    /// Text in which nothing is put.
    pub(super) fn of_traced(text: &TracedText) -> Self {
        Self(text.0.iter().copied().map(OuterPart::Char).collect())
    }

    /// A word of a shell's command, once the shell put its own values in: what is left of variables stays one.
    pub(super) fn of_word(word: &TracedText) -> Self {
        let mut text = Self::default();
        let mut rest = word.0.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let is_begun = first.live && first.ch == '$';
            match Some(after).filter(|_| is_begun).and_then(split_variable) {
                Some((name, behind)) => {
                    let name = name.iter().map(|traced| traced.ch).collect();
                    text.0.push(OuterPart::Variable { name, at: first.at, is_as_written: false });
                    rest = behind;
                }
                None => {
                    text.push_char(*first);
                    rest = after;
                }
            }
        }
        text
    }

    /// Text that is written nowhere.
    pub(super) fn plain(text: &str) -> Self {
        Self::of_traced(&TracedText::plain(text))
    }

    /// A value that is not known, by the name that stands for it.
    pub(super) fn unknown(name: &str, at: Option<(FileId, u32)>) -> Self {
        let plain = |ch: char| if ch.is_ascii_alphanumeric() { ch } else { '_' };
        let mut name: String = name.chars().map(plain).collect();
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert(0, '_');
        }
        Self(vec![OuterPart::Variable { name, at, is_as_written: false }])
    }

    /// What a shell has in the braces of a parameter: `1`, `NAME-default`.
    pub(super) fn parameter(text: &str, at: Option<(FileId, u32)>) -> Self {
        Self(vec![OuterPart::Variable { name: text.to_owned(), at, is_as_written: false }])
    }

    /// A parameter or a variable of the environment, or what it has where it is not set; `None` where that cannot be told.
    pub(super) fn with_default(name: &str, default: &Self, at: Option<(FileId, u32)>) -> Option<Self> {
        let is_safe = |ch: char| ch.is_alphanumeric() || "_./:@%+=,-".contains(ch);
        let is_name = |name: &str| !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        if let [OuterPart::Variable { name: other, .. }] = default.0.as_slice() {
            return (is_name(name) && is_name(other)).then(|| Self::parameter(&format!("{name}-${{{other}}}"), at));
        }
        let default = default.known().filter(|text| text.chars().all(is_safe) && is_name(name))?;
        Some(Self::parameter(&format!("{name}-{default}"), at))
    }

    /// Whether it has characters that mean something to a shell.
    pub(super) fn has_shell_characters(&self) -> bool {
        self.0.iter().any(|part| {
            matches!(part, OuterPart::Char(traced)
                if matches!(traced.ch, '"' | '\'' | '\\' | '$' | '`' | '\n' | ';' | '&' | '|' | '<' | '>' | '('))
        })
    }

    /// What a command prints.
    pub(super) fn output(command: Self, at: Option<(FileId, u32)>) -> Self {
        Self(vec![OuterPart::Output { command, at }])
    }

    pub(super) fn push(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    pub(super) fn push_char(&mut self, ch: TracedChar) {
        self.0.push(OuterPart::Char(ch));
    }

    pub(super) fn len(&self) -> usize {
        let of_part = |part: &OuterPart| match part {
            OuterPart::Output { command, .. } => 3 + command.len(),
            OuterPart::Char(_) | OuterPart::Variable { .. } => 1,
        };
        self.0.iter().map(of_part).sum()
    }

    /// The text, where all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        let char_of = |part: &OuterPart| match part {
            OuterPart::Char(traced) => Some(traced.ch),
            OuterPart::Variable { .. } | OuterPart::Output { .. } => None,
        };
        self.0.iter().map(char_of).collect()
    }

    /// The same, where it is one variable that is written in brackets with this name.
    pub(super) fn placed_as_written(mut self, written: &str) -> Self {
        if let [OuterPart::Variable { name, is_as_written, .. }] = self.0.as_mut_slice() {
            *is_as_written = name == written;
        }
        self
    }

    /// The same text as one that is written where it is used: two uses of one variable are two places.
    pub(super) fn placed_at(&self, at: Option<(FileId, u32)>) -> Self {
        let place = |part: &OuterPart| match part {
            OuterPart::Char(traced) => OuterPart::Char(TracedChar { at, ..*traced }),
            OuterPart::Variable { name, .. } => OuterPart::Variable { name: name.clone(), at, is_as_written: false },
            OuterPart::Output { command, .. } => OuterPart::Output { command: command.placed_at(at), at },
        };
        Self(self.0.iter().map(place).collect())
    }

    /// Parts of it between the characters that are `separator`.
    pub(super) fn split(&self, separator: impl Fn(char) -> bool) -> Vec<Self> {
        let is_separator = |part: &OuterPart| matches!(part, OuterPart::Char(traced) if separator(traced.ch));
        self.0.split(is_separator).map(|parts| Self(parts.to_vec())).collect()
    }

    /// The parts before and behind the first character that is `separator`.
    pub(super) fn split_once(&self, separator: impl Fn(char) -> bool) -> Option<(Self, Self)> {
        let is_separator = |part: &OuterPart| matches!(part, OuterPart::Char(traced) if separator(traced.ch));
        let at = self.0.iter().position(is_separator)?;
        Some((Self(self.0.get(..at)?.to_vec()), Self(self.0.get(at + 1..)?.to_vec())))
    }

    /// Its words.
    pub(super) fn words(&self) -> Vec<Self> {
        let parts = self.split(char::is_whitespace);
        parts.into_iter().filter(|part| !part.0.is_empty()).collect()
    }

    /// The same without blanks at its ends.
    pub(super) fn trimmed(&self) -> Self {
        let is_blank = |part: &OuterPart| matches!(part, OuterPart::Char(traced) if traced.ch.is_whitespace());
        let start = self.0.iter().take_while(|part| is_blank(part)).count();
        let end = self.0.iter().rev().take_while(|part| is_blank(part)).count();
        Self(self.0.get(start..self.0.len().saturating_sub(end)).unwrap_or_default().to_vec())
    }

    /// The shell's text: what is not known is a parameter or a substituted command, whatever quotes are around it.
    pub(super) fn to_shell(&self) -> TracedText {
        let mut shell = TracedText::default();
        // Those of the commands within each other, each with the brackets that are open in it.
        let mut levels = vec![(Quoting::Plain, 0_usize)];
        let mut before = '\n';
        let mut is_escaped = false;
        for part in &self.0 {
            let quoting = levels.last().map_or(Quoting::Plain, |level| level.0);
            match part {
                OuterPart::Char(traced) => {
                    if is_escaped {
                        is_escaped = false;
                    } else {
                        is_escaped = traced.ch == '\\' && quoting != Quoting::Single && quoting != Quoting::Comment;
                        follow_quotes(&mut levels, before, traced.ch);
                    }
                    before = traced.ch;
                    shell.0.push(*traced);
                }
                _ if quoting == Quoting::Comment => {}
                OuterPart::Variable { .. } if quoting == Quoting::Single => {
                    shell.0.extend(placed("'\"", None));
                    push_unknown(&mut shell, part);
                    shell.0.extend(placed("\"'", None));
                }
                OuterPart::Variable { .. } => push_unknown(&mut shell, part),
                OuterPart::Output { command, at } => {
                    let inner = command.to_shell();
                    let (open, close) = if quoting == Quoting::Single { ("'\"$(", ")\"'") } else { ("$(", ")") };
                    shell.0.extend(placed(open, *at));
                    shell.push(&inner);
                    shell.0.extend(placed(close, *at));
                }
            }
            if !matches!(part, OuterPart::Char(_)) {
                (before, is_escaped) = ('x', false);
            }
        }
        shell
    }

    /// The text of a Makefile that has this text for make, where it has one.
    pub(super) fn to_makefile(&self) -> Option<TracedText> {
        let mut text = TracedText::default();
        for part in &self.0 {
            match part {
                OuterPart::Char(traced) => text.0.push(*traced),
                OuterPart::Variable { name, at, .. } => text.0.extend(placed(&format!("$({name})"), *at)),
                OuterPart::Output { .. } => return None,
            }
        }
        Some(text)
    }

    /// The same within double quotes of a shell, so that it is one word.
    pub(super) fn to_quoted_shell(&self) -> TracedText {
        let first = self.0.first().and_then(|part| match part {
            OuterPart::Char(traced) => traced.at,
            OuterPart::Variable { at, .. } | OuterPart::Output { at, .. } => *at,
        });
        let mut shell = TracedText(placed("\"", first).collect());
        for part in &self.0 {
            match part {
                OuterPart::Char(traced) => {
                    if matches!(traced.ch, '"' | '\\' | '$' | '`') {
                        shell.0.push(TracedChar { ch: '\\', ..*traced });
                    }
                    shell.0.push(*traced);
                }
                OuterPart::Variable { .. } => push_unknown(&mut shell, part),
                OuterPart::Output { command, at } => {
                    shell.0.extend(placed("$(", *at));
                    shell.push(&command.to_shell());
                    shell.0.extend(placed(")", *at));
                }
            }
        }
        shell.0.extend(placed("\"", first));
        shell
    }
}

/// The name of a variable behind its `$`, in braces or not, and what follows it.
fn split_variable(after: &[TracedChar]) -> Option<(&[TracedChar], &[TracedChar])> {
    if after.first()?.ch == '{' {
        let end = after.iter().position(|traced| traced.live && traced.ch == '}')?;
        return Some((after.get(1..end)?, after.get(end + 1..)?));
    }
    let is_of_name = |traced: &&TracedChar| traced.live && (traced.ch.is_ascii_alphanumeric() || traced.ch == '_');
    let length = after.iter().take_while(is_of_name).count();
    let is_name = after.first().is_some_and(|first| !first.ch.is_ascii_digit()) && length > 0;
    is_name.then(|| after.split_at(length))
}

/// Characters that all are written at one place.
pub(super) fn placed(text: &str, at: Option<(FileId, u32)>) -> impl Iterator<Item = TracedChar> + '_ {
    text.chars().map(move |ch| TracedChar { ch, at, live: false })
}

/// Adds a parameter for a value that is not known.
fn push_unknown(shell: &mut TracedText, part: &OuterPart) {
    let OuterPart::Variable { name, at, is_as_written } = part else { return };
    for (number, ch) in format!("${{{name}}}").chars().enumerate() {
        let forward = if *is_as_written { u32::try_from(number).unwrap_or_default() } else { 0 };
        let at = at.map(|(file, at)| (file, at.saturating_add(forward)));
        shell.0.push(TracedChar { ch, at, live: false });
    }
}

/// Sets each variable to one of its values, which one the shell cannot know either.
pub(super) fn choose_values(asked: &BTreeMap<String, Vec<OuterText>>) -> TracedText {
    let mut text = TracedText::default();
    for (name, values) in asked {
        let Some((last, others)) = values.split_last() else { continue };
        for (number, value) in others.iter().enumerate() {
            let keyword = if number == 0 { "if" } else { "elif" };
            text.push(&TracedText::plain(&format!("{keyword} [ -n \"${{{name}_{number}}}\" ]; then {name}=")));
            text.push(&value.to_quoted_shell());
            text.push(&TracedText::plain("\n"));
        }
        text.push(&TracedText::plain(&format!("else {name}=")));
        text.push(&last.to_quoted_shell());
        text.push(&TracedText::plain("\nfi\n"));
    }
    text
}

/// How what follows a character is quoted.
fn follow_quotes(levels: &mut Vec<(Quoting, usize)>, before: char, ch: char) {
    let depth = levels.len();
    let Some((quoting, brackets)) = levels.last_mut() else { return };
    match (*quoting, ch) {
        (Quoting::Comment, '\n') | (Quoting::Single, '\'') | (Quoting::Double, '"') => *quoting = Quoting::Plain,
        (Quoting::Plain, '\'') => *quoting = Quoting::Single,
        (Quoting::Plain, '"') => *quoting = Quoting::Double,
        (Quoting::Plain, '#') if before.is_whitespace() || before == ';' => *quoting = Quoting::Comment,
        (Quoting::Plain | Quoting::Double, '(') if before == '$' && depth < LEVELS => {
            levels.push((Quoting::Plain, 0));
        }
        (Quoting::Plain, '(') => *brackets += 1,
        (Quoting::Plain, ')') if *brackets > 0 => *brackets -= 1,
        (Quoting::Plain, ')') if depth > 1 => _ = levels.pop(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_unknown(text: &str) -> String {
        let mut outer = OuterText::default();
        for (number, piece) in text.split('§').enumerate() {
            if number > 0 {
                outer.push(&OuterText::unknown("x.y", None));
            }
            outer.push(&OuterText::plain(piece));
        }
        outer.to_shell().raw()
    }

    #[test]
    fn unknown_value_is_asked_for_in_any_quotes() {
        for (text, wanted) in [
            ("run §/a", "run ${x_y}/a"),
            ("run \"§\"", "run \"${x_y}\""),
            ("run '§/a' b", "run ''\"${x_y}\"'/a' b"),
            ("\"$(a '§')\" '§'", "\"$(a ''\"${x_y}\"'')\" ''\"${x_y}\"''"),
            ("a \\' § 'b'", "a \\' ${x_y} 'b'"),
            ("# don't §\nb §", "# don't \nb ${x_y}"),
        ] {
            assert_eq!(with_unknown(text), wanted, "{text}");
        }
    }

    #[test]
    fn value_in_double_quotes_is_one_word() {
        let mut outer = OuterText::plain("a \"b\" $c ");
        outer.push(&OuterText::unknown("d", None));
        assert_eq!(outer.to_quoted_shell().raw(), "\"a \\\"b\\\" \\$c ${d}\"");
    }
}
