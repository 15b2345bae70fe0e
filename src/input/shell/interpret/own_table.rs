//! What a table for cron may have in it that the commands of a container write. Uses nothing else.

use crate::text::TracedText;

/// A table for cron that commands write.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnTable {
    /// What it may have in it: which of the commands wrote it last is not asked.
    pub(super) texts: Vec<TracedText>,
    /// Whether something was written into it that is not known.
    pub(super) is_unknown: bool,
}
