//! What is known of a version of a program, and by what. May use `rules` and `finding`.

use crate::finding::Evidence;
use crate::rules::VersionRange;
use crate::text::Span;

/// What is known of a version that runs.
pub(super) enum KnownVersion {
    /// It is in this range, by what.
    Pinned(PinnedVersion),
    /// It may be any, decided here.
    Open(Span),
    /// A process runs a file that no longer tells it, as this says.
    Replaced(Evidence),
    /// Nothing tells it.
    Unseen,
}

/// A range, and from where it is known.
pub(super) struct PinnedVersion {
    pub(super) range: VersionRange,
    pub(super) evidence: Vec<Evidence>,
}

/// The places that are shown of a range.
const MAX_EVIDENCE: usize = 4;

impl PinnedVersion {
    pub(super) fn seen(range: VersionRange, text: String, span: Option<Span>) -> Self {
        Self { range, evidence: vec![Evidence::seen(text, span)] }
    }

    /// This range and another one in one; of what they are known by a few.
    pub(super) fn around(mut self, other: Self) -> Self {
        let differs = self.range != other.range;
        let is_new = |one: &Evidence| self.evidence.iter().all(|known| known.text != one.text);
        let more: Vec<Evidence> = other.evidence.into_iter().filter(|one| differs && is_new(one)).collect();
        self.evidence.extend(more);
        self.evidence.truncate(MAX_EVIDENCE);
        Self { range: self.range.around(other.range), evidence: self.evidence }
    }

    /// The same around what was found before, if anything was.
    pub(super) fn around_all(self, before: Option<Self>) -> Self {
        match before {
            Some(before) => before.around(self),
            None => self,
        }
    }
}

/// A version that is asked for, by what; `None` where it is none.
pub(super) fn pinned_version(text: &str, what: &str, span: Option<Span>) -> Option<PinnedVersion> {
    let range = VersionRange::parse(text)?;
    let told = format!("{what} pins {range}");
    Some(PinnedVersion::seen(range, told, span))
}
