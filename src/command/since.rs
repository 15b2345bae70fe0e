//! How much of each file changed since a revision. May use everything but `main`.

use std::path::Path;

use anyhow::Context as _;

use super::World;
use super::configuration::absolute;
use crate::source::git::{FileChange, Revision};
use crate::triage::{Extent, changed_lines};

/// The base of a revision, in the repository of the first PATH.
pub(super) fn open(revision: &str, first: Option<&Path>, world: &World) -> anyhow::Result<Revision> {
    let path = absolute(first.unwrap_or(Path::new(".")), world);
    Revision::open(Path::new(&path), revision, &world.environment).context("--since")
}

/// How much of a file changed, which is named as it is shown. Of one that is not in the repository nobody knows.
pub(super) fn extent(base: &Revision, name: &str, world: &World) -> anyhow::Result<Extent> {
    let path = absolute(Path::new(name), world);
    Ok(match base.change(Path::new(&path)).context("--since")? {
        FileChange::Unchanged => Extent::Lines(Vec::new()),
        FileChange::Edited { before, after } => Extent::Lines(changed_lines(&before, &after)),
        FileChange::Whole => Extent::Whole,
    })
}
