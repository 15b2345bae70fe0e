//! Text whose every character knows where in a file it was written, through any depth of quoting and `sh -c`.
//! May use `text`; its words use `doubt`.

use super::doubt::Doubt;
use crate::text::{FileId, Sources, Span};

/// One character of a shell word or of a shell's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    pub(super) ch: char,
    /// The byte of the file it was written at, where that is known.
    pub(super) at: Option<(FileId, u32)>,
    /// Whether it belongs to something that an outer layer will replace: a parameter, a leading tilde.
    pub(super) live: bool,
}

/// A run of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Vec<Glyph>);

impl Text {
    /// Text that stands in no file.
    pub(super) fn plain(text: &str) -> Self {
        Self(text.chars().map(|ch| Glyph { ch, at: None, live: false }).collect())
    }

    /// Text that stands in no file and that an outer layer will replace.
    pub(super) fn live(text: &str) -> Self {
        Self::plain(text).enlivened()
    }

    /// The same text, as something that will be replaced.
    pub(super) fn enlivened(mut self) -> Self {
        for glyph in &mut self.0 {
            glyph.live = true;
        }
        self
    }

    /// A whole file.
    pub(super) fn of_file(file: FileId, sources: &Sources) -> Self {
        let source = sources.get(file);
        let at = |at: usize| u32::try_from(at).ok().map(|at| (file, at));
        let glyphs = source.text().char_indices();
        Self(
            glyphs
                .filter(|(_, ch)| *ch != '\r')
                .map(|(number, ch)| Glyph { ch, at: at(number), live: false })
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing in it remains to be replaced.
    pub(super) fn is_fixed(&self) -> bool {
        self.0.iter().all(|glyph| !glyph.live)
    }

    /// Whether all of it remains to be replaced.
    pub(super) fn is_live(&self) -> bool {
        !self.is_empty() && self.0.iter().all(|glyph| glyph.live)
    }

    pub(super) fn push(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// The characters as they are.
    pub(super) fn raw(&self) -> String {
        self.0.iter().map(|glyph| glyph.ch).collect()
    }

    /// The characters as the model writes them: a `$`, a backquote or a leading tilde that nothing will replace gets
    /// a backslash.
    pub(super) fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.0.len());
        for (at, glyph) in self.0.iter().enumerate() {
            let special = matches!(glyph.ch, '$' | '`') || (at == 0 && glyph.ch == '~');
            if special && !glyph.live {
                shown.push('\\');
            }
            shown.push(glyph.ch);
        }
        shown
    }

    /// The characters from `start` up to `end`, by number.
    pub(super) fn part(&self, start: usize, end: usize) -> Self {
        Self(self.0.get(start..end).unwrap_or_default().to_vec())
    }

    /// The file's bytes it covers, where it is written in one piece.
    pub(super) fn run(&self) -> Option<(FileId, u32, u32)> {
        let (file, start) = self.0.first()?.at?;
        let mut next = start;
        let mut before = None;
        for glyph in &self.0 {
            // A `$` may be written twice, as Compose wants it.
            let doubled = glyph.at == Some((file, next.saturating_add(1))) && before == Some('$');
            if glyph.at != Some((file, next)) && !doubled {
                return None;
            }
            next = next.checked_add(width(glyph.ch) + u32::from(doubled))?;
            before = Some(glyph.ch);
        }
        Some((file, start, next))
    }

    /// Where the first character with a known place stands, as a span of no width.
    pub(super) fn place(&self, sources: &Sources) -> Option<Span> {
        let (file, at) = self.0.iter().find_map(|glyph| glyph.at)?;
        Some(Span::at(file, sources.get(file).position(at as usize)))
    }
}

pub(super) fn width(ch: char) -> u32 {
    match ch.len_utf8() {
        1 => 1,
        2 => 2,
        3 => 3,
        _ => 4,
    }
}

/// A word after expansion.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) text: Text,
    /// The word as it is written, for its place.
    pub(super) source: Text,
    /// Where it stands, where that is known better than by its characters.
    pub(super) span: Option<Span>,
    /// Whether a variable went into it that the text sets in more than one way.
    pub(super) unclear: bool,
    /// Whether it is there at all.
    pub(super) doubt: Doubt,
}

impl Word {
    pub(super) fn plain(text: &str) -> Self {
        Self { text: Text::plain(text), ..Self::default() }
    }

    pub(super) fn raw(&self) -> String {
        self.text.raw()
    }

    /// Whether nothing in it remains to be replaced.
    pub(super) fn is_fixed(&self) -> bool {
        !self.unclear && self.doubt == Doubt::Sure && self.text.is_fixed()
    }

    /// Where the word, and no more than the word, is written.
    pub(super) fn place(&self, sources: &Sources) -> Option<Span> {
        if self.span.is_some() {
            return self.span;
        }
        let inside = |run: (FileId, u32, u32)| {
            let first = self.source.0.iter().find_map(|glyph| glyph.at);
            let last = self.source.0.iter().rev().find_map(|glyph| glyph.at);
            first.zip(last).is_some_and(|(first, last)| {
                first.0 == run.0 && first.1 <= run.1 && run.2 <= last.1.saturating_add(width('\u{10ffff}'))
            })
        };
        let run = self.text.run().filter(|run| inside(*run)).or_else(|| self.source.run());
        let Some((file, start, end)) = run else {
            return self.source.place(sources).or_else(|| self.text.place(sources));
        };
        let source = sources.get(file);
        Some(Span { file, start: source.position(start as usize), end: source.position(end as usize) })
    }
}
