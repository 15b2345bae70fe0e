//! Versions of a program, and ranges of them. Uses nothing else of this crate.

use semver::Version;
use serde::{Deserialize, Serialize};

/// A range of versions, both ends included; an open end is unbounded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// The oldest version.
    #[serde(default)]
    pub since: Option<Version>,
    /// The newest version.
    #[serde(default)]
    pub until: Option<Version>,
}

impl VersionRange {
    /// One version and no other.
    pub fn exactly(version: Version) -> Self {
        Self { since: Some(version.clone()), until: Some(version) }
    }

    /// Reads `2.1.98`, `v2.1.98` (that version), `>=2.1.132`, `2.1.132+`, `^2.1.132` or `~2.1.132` (from there on),
    /// `2.1.132 - 2.1.140` (npm's range with both ends). `None` for anything else, such as `latest` or `2.1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((since, until)) = text.split_once(" - ") {
            let (since, until) = (Version::parse(since.trim()).ok()?, Version::parse(until.trim()).ok()?);
            return (since <= until).then_some(Self { since: Some(since), until: Some(until) });
        }
        let (open, number) = match text
            .strip_prefix(">=")
            .or_else(|| text.strip_prefix(['^', '~']))
            .or_else(|| text.strip_suffix('+'))
        {
            Some(number) => (true, number.trim()),
            None => (false, text),
        };
        let version = Version::parse(number.strip_prefix('v').unwrap_or(number)).ok()?;
        Some(if open { Self { since: Some(version), until: None } } else { Self::exactly(version) })
    }

    /// Whether every version of `other` lies in this range.
    pub fn contains(&self, other: &Self) -> bool {
        let lower = self.since.as_ref().is_none_or(|since| other.since.as_ref().is_some_and(|from| from >= since));
        let upper = self.until.as_ref().is_none_or(|until| other.until.as_ref().is_some_and(|to| to <= until));
        lower && upper
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        let since = self.since.zip(other.since).map(|(a, b)| a.min(b));
        let until = self.until.zip(other.until).map(|(a, b)| a.max(b));
        Self { since, until }
    }

    /// Whether a version can lie in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let starts_after = |a: &Self, b: &Self| a.since.as_ref().zip(b.until.as_ref()).is_some_and(|(s, u)| s > u);
        !starts_after(self, other) && !starts_after(other, self)
    }
}

impl std::fmt::Display for VersionRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.since, &self.until) {
            (Some(since), Some(until)) if since == until => write!(f, "{since}"),
            (Some(since), Some(until)) => write!(f, "{since} to {until}"),
            (Some(since), None) => write!(f, ">={since}"),
            (None, Some(until)) => write!(f, "<={until}"),
            (None, None) => f.write_str("any"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> VersionRange {
        VersionRange::parse(text).unwrap()
    }

    #[test]
    fn only_whole_versions_are_versions() {
        for text in ["latest", "2.1", "", "stable", "^2.1", ">2.1.0", ">= "] {
            assert_eq!(VersionRange::parse(text), None, "{text}");
        }
        assert_eq!(range("v2.1.98").to_string(), "2.1.98");
        assert_eq!(range("2.1.132+"), range(">= 2.1.132"));
        assert_eq!(range("^2.1.132"), range("~2.1.132"));
        assert_eq!(range("2.1.132 - 2.1.140").to_string(), "2.1.132 to 2.1.140");
        assert_eq!(VersionRange::parse("2.1.140 - 2.1.132"), None);
    }

    #[test]
    fn versions_compare_by_number() {
        let from = range(">=2.1.132");
        assert!(from.contains(&range("2.1.330")));
        assert!(!from.contains(&range("2.1.98")));
        assert!(!range("2.1.330").contains(&from));
        assert!(from.overlaps(&range("2.1.330")));
        assert!(!from.overlaps(&range("2.1.98")));
    }
}
