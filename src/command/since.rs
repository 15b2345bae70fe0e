//! How much of each file changed since a revision. May use everything but `main`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::World;
use super::configuration::absolute;
use crate::input::git::{FileChange, Revision};
use crate::model::Diagnostic;
use crate::report::{self, Before, Extent, changed_lines};
use crate::rules::FurtherRules;
use crate::text::Reader;

/// The base of a revision, in the repository of the first PATH.
pub(super) fn open(revision: &str, first: Option<&Path>, world: &World) -> anyhow::Result<Revision> {
    let path = absolute(first.unwrap_or(Path::new(".")), world);
    Revision::open(Path::new(&path), revision, &world.environment).context("--since")
}

/// What a file held at the base, which is named as it is shown. What git cannot tell counts as new.
pub(super) fn before(base: &Revision, name: &str, world: &World) -> Before {
    let path = PathBuf::from(absolute(Path::new(name), world));
    let directory = path.parent().and_then(|directory| Reader::of_host().real_path(directory).ok());
    if !directory.is_some_and(|directory| directory.starts_with(base.top())) {
        return Before::Outside;
    }
    let below = base.path_below(&path).ok().flatten();
    let text = below.and_then(|below| base.text(&below).ok().flatten());
    text.map_or(Before::Absent, |text| Before::Text(String::from_utf8_lossy(&text).into_owned()))
}

/// The files of a directory of rules that are not as they were at the base, those that are gone too.
pub(super) fn changed_rules(base: &Revision, further: &FurtherRules, world: &World) -> anyhow::Result<Vec<Diagnostic>> {
    let mut changed = BTreeSet::new();
    for name in &further.files {
        if before(base, name, world) != Before::Outside && extent(base, name, world)? != Extent::Lines(Vec::new()) {
            changed.insert(name.clone());
        }
    }
    let directory = PathBuf::from(absolute(Path::new(&further.directory), world));
    if let Some(below) = base.path_below(&directory).context("--since")? {
        let here = base.paths().context("--since")?.filter_map(|path| path.strip_prefix(&below).ok());
        let reader = Reader::of_host();
        let gone = here.filter(|path| reader.own_kind(&directory.join(path)).is_err());
        changed.extend(gone.map(|path| format!("{}/{}", further.directory, path.display())));
    }
    Ok(changed.iter().map(|file| report::changed_rules(file)).collect())
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
