//! What a `.dockerignore` leaves out of a build context (Docker docs, ".dockerignore files"). Uses `wildcard`.

use super::wildcard::matches_path;
use crate::model::clean;

/// Patterns that are kept of one file.
const MAX_PATTERNS: usize = 2000;

/// The patterns of a file, in order.
#[derive(Debug, Default)]
pub(super) struct Dockerignore(Vec<(bool, String)>);

impl Dockerignore {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let pattern = |line: &str| {
            // A comment begins at the line's first character.
            let line = if line.starts_with('#') { "" } else { line.trim() };
            let (kept, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            let pattern = clean(pattern);
            let pattern = pattern.trim_start_matches('/');
            (!pattern.is_empty() && pattern != "." && !line.is_empty()).then(|| (kept, pattern.to_owned()))
        };
        Self(text.lines().filter_map(pattern).take(MAX_PATTERNS).collect())
    }

    /// Whether a path, without a leading slash, is left out. The last pattern that matches it or a directory above it
    /// tells.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let mut out = false;
        for (kept, pattern) in &self.0 {
            if out == *kept && self_and_parents(path).any(|path| matches_path(pattern, path)) {
                out = !kept;
            }
        }
        out
    }
}

/// The path, and each directory above it.
fn self_and_parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(parent, _)| parent))
}
