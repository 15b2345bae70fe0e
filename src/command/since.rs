//! What was there at a revision, and which hits it had. May use everything but `main`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::World;
use super::check::{self, PlanRequest};
use super::configuration::absolute;
use crate::input::ProgramNames;
use crate::input::git::{FileChange, Revision, RevisionFiles};
use crate::model::{Diagnostic, Layout, Level};
use crate::report::{self, BaseText};
use crate::rules::FurtherRules;
use crate::text::{Reader, RevisionTree, Sources};

/// The base of a revision, in the repository of the first PATH.
pub(super) fn open(revision: &str, first: Option<&Path>, world: &World) -> anyhow::Result<Revision> {
    let path = absolute(first.unwrap_or(Path::new(".")), world);
    Revision::open(Path::new(&path), revision, &world.environment).context("--since")
}

/// What the arguments name as it was at the base, and the files that were read for it. They have the names that they have
/// here. What `reader` reads outside the repositories is read as it is now, and so is what git ignores there and the base
/// does not have: no revision says anything of it.
///
/// In a repository beside the base's that does not have the revision, nothing was there.
pub(super) fn layout_of_revision(
    asked: &PlanRequest<'_>,
    base: &Revision,
    reader: &Reader,
    programs: &ProgramNames,
    world: &World,
) -> anyhow::Result<(Layout, Sources)> {
    let mut told = Vec::new();
    let mut repositories = vec![base.files().context("--since")?];
    let mut trees = Vec::new();
    for top in reader.repositories().filter(|top| *top != base.top()) {
        match base.open_beside(top).and_then(|beside| beside.files()) {
            Ok(files) => repositories.push(files),
            Err(error) => {
                trees.push(Arc::new(RevisionTree::new(top.to_owned())));
                let message = format!("everything in this repository counts as new: {error}");
                told.push(Diagnostic::about(Level::Warning, Some(shown(top, world)), message));
            }
        }
    }
    trees.extend(repositories.iter().flat_map(RevisionFiles::trees).cloned());
    let sources = Sources::reading(reader.clone().at_revisions(trees));
    let paths: Vec<PathBuf> =
        asked.paths.iter().filter(|path| !is_later_file(path, base, reader, world)).cloned().collect();
    let is_all_later = paths.is_empty() && !asked.paths.is_empty();
    let read = || check::read(&PlanRequest { paths: &paths, ..*asked }, world, programs, &sources);
    let mut layout = if is_all_later { Layout::default() } else { read()? };
    for files in &repositories {
        if let Some(failure) = files.failure() {
            bail!("--since: {failure}");
        }
        told.extend(files.unread().iter().map(|submodule| {
            let message = format!("the files that it had at the revision were not read: {}", submodule.why);
            Diagnostic::about(Level::Warning, Some(shown(&submodule.path, world)), message)
        }));
    }
    layout.diagnostics.extend(told);
    Ok((layout, sources))
}

/// Whether a PATH is a file that the base does not have. What git ignores is read as it is now where another file names
/// it, but a file that is to be judged was no input then.
fn is_later_file(path: &Path, base: &Revision, reader: &Reader, world: &World) -> bool {
    let whole = PathBuf::from(absolute(path, world));
    let Ok(Some(below)) = base.path_below(&whole) else { return false };
    let is_known = || base.paths().is_ok_and(|mut paths| paths.any(|path| path == below));
    !reader.is_directory(&whole) && !is_known()
}

/// A path as it is shown: below the directory that the tool runs in, where it is there.
fn shown(path: &Path, world: &World) -> String {
    path.strip_prefix(&world.directory).unwrap_or(path).display().to_string()
}

/// What a file held at the base, which is named as it is shown. What git cannot tell counts as new.
pub(super) fn before(base: &Revision, name: &str, world: &World) -> BaseText {
    let path = PathBuf::from(absolute(Path::new(name), world));
    let directory = path.parent().and_then(|directory| Reader::of_host().real_path(directory).ok());
    if !directory.is_some_and(|directory| directory.starts_with(base.top())) {
        return BaseText::Outside;
    }
    let below = base.path_below(&path).ok().flatten();
    let text = below.and_then(|below| base.text(&below).ok().flatten());
    text.map_or(BaseText::Absent, |text| BaseText::Text(String::from_utf8_lossy(&text).into_owned()))
}

/// The files of a directory of rules that are not as they were at the base, those that are gone too.
pub(super) fn changed_rules(base: &Revision, further: &FurtherRules, world: &World) -> anyhow::Result<Vec<Diagnostic>> {
    let mut changed = BTreeSet::new();
    for name in &further.files {
        let path = absolute(Path::new(name), world);
        let is_changed =
            || base.change(Path::new(&path)).context("--since").map(|change| change != FileChange::Unchanged);
        if before(base, name, world) != BaseText::Outside && is_changed()? {
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

#[cfg(test)]
mod tests;
