//! Text whose every character remembers where in a file it is written, through any depth of quoting and `sh -c`.
//! May use the other files of `text`.

use super::source::{FileId, Sources, Span};

/// One character of a shell word or of a shell's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TracedChar {
    pub(crate) ch: char,
    /// The byte of the file it was written at, where that is known.
    pub(crate) at: Option<(FileId, u32)>,
    /// Whether it belongs to something that an outer layer will replace: a parameter, a leading tilde.
    pub(crate) live: bool,
}

/// A run of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct TracedText(pub(crate) Vec<TracedChar>);

impl TracedText {
    /// Text that is written in no file.
    pub(crate) fn plain(text: &str) -> Self {
        Self(text.chars().map(|ch| TracedChar { ch, at: None, live: false }).collect())
    }

    /// Text that is written in no file and that an outer layer will replace.
    pub(crate) fn live(text: &str) -> Self {
        Self::plain(text).enlivened()
    }

    /// The same text, as something that will be replaced.
    pub(crate) fn enlivened(mut self) -> Self {
        for traced in &mut self.0 {
            traced.live = true;
        }
        self
    }

    /// A whole file.
    pub(crate) fn of_file(file: FileId, sources: &Sources) -> Self {
        let source = sources.get(file);
        let chars = source.text().char_indices().filter(|(_, ch)| *ch != '\r');
        let traced = chars.map(|(at, ch)| {
            let at = u32::try_from(at).ok().map(|at| (file, at));
            TracedChar { ch, at, live: false }
        });
        Self(traced.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing in it remains to be replaced.
    pub(crate) fn is_fixed(&self) -> bool {
        self.0.iter().all(|traced| !traced.live)
    }

    /// Whether all of it remains to be replaced.
    pub(crate) fn is_live(&self) -> bool {
        !self.is_empty() && self.0.iter().all(|traced| traced.live)
    }

    pub(crate) fn push(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Whether it is the same text, wherever the two are written.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        let same = |(one, other): (&TracedChar, &TracedChar)| one.ch == other.ch && one.live == other.live;
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }

    /// The characters as they are.
    pub(crate) fn raw(&self) -> String {
        self.0.iter().map(|traced| traced.ch).collect()
    }

    /// The characters as the model writes them: a `$`, a backquote or a leading tilde that nothing will replace gets
    /// a backslash.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.0.len());
        for (at, traced) in self.0.iter().enumerate() {
            let special = matches!(traced.ch, '$' | '`') || (at == 0 && traced.ch == '~');
            if special && !traced.live {
                shown.push('\\');
            }
            shown.push(traced.ch);
        }
        shown
    }

    /// The characters from `start` up to `end`, by number.
    pub(crate) fn part(&self, start: usize, end: usize) -> Self {
        Self(self.0.get(start..end).unwrap_or_default().to_vec())
    }

    /// The file's bytes it covers, where it is written in one piece.
    pub(crate) fn byte_range(&self) -> Option<(FileId, u32, u32)> {
        let (file, start) = self.0.first()?.at?;
        let mut next = start;
        let mut before = None;
        for traced in &self.0 {
            // A `$` may be written twice, as Compose wants it.
            let doubled = traced.at == Some((file, next.saturating_add(1))) && before == Some('$');
            if traced.at != Some((file, next)) && !doubled {
                return None;
            }
            next = next.checked_add(char_width(traced.ch) + u32::from(doubled))?;
            before = Some(traced.ch);
        }
        Some((file, start, next))
    }

    /// Where the first character with a known position is written, as a span of no width.
    pub(crate) fn first_position(&self, sources: &Sources) -> Option<Span> {
        let (file, at) = self.0.iter().find_map(|traced| traced.at)?;
        Some(Span::at(file, sources.get(file).position(at as usize)))
    }
}

pub(crate) fn char_width(ch: char) -> u32 {
    match ch.len_utf8() {
        1 => 1,
        2 => 2,
        3 => 3,
        _ => 4,
    }
}
