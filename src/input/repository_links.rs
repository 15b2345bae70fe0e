//! Links of the repository on the paths that containers mount: two names of one directory are one place. May use `model`,
//! `text` and `project`'s repository.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::project::Repository;
use crate::model::{Container, CopiedFrom, EngineHost, MountSource};
use crate::text::Reader;

/// Follows the links on what containers of this host mount of the repository, and on what is copied there. A link that
/// leads out of it is left: what it means is the deploy host's business.
pub(super) fn follow_repository_links(containers: &mut [Container], repository: &Repository<'_>) {
    let reader = repository.sources.reader().within_roots();
    // Where links lead to the directory itself, nothing is told by what is below.
    let Some(base) = reader.real_path(&repository.cwd).ok().filter(|real| *real == repository.cwd) else { return };
    let mut links = RepositoryLinks { reader, base, known: HashMap::new() };
    for container in containers.iter_mut().filter(|container| container.engine_host == EngineHost::Here) {
        for mount in &mut container.mounts {
            if let MountSource::Host(source) = &mut mount.source
                && !source.is_symbolic()
                && source.concealed().is_none()
                && let Some(real) = links.real_path_of(&source.text)
            {
                source.text = real;
            }
        }
        for copy in &mut container.host_copies {
            if let CopiedFrom::Host(path) = &mut copy.from
                && let Some(real) = links.real_path_of(path)
            {
                *path = real;
            }
        }
    }
}

/// The paths that were followed.
struct RepositoryLinks {
    reader: Reader,
    /// Where the tool runs.
    base: PathBuf,
    /// Where each directory leads that is there, without links.
    known: HashMap<PathBuf, Option<PathBuf>>,
}

impl RepositoryLinks {
    /// The path without links of the repository; `None` where it has none.
    fn real_path_of(&mut self, path: &str) -> Option<String> {
        let path = Path::new(path);
        if !path.starts_with(&self.base) && !self.reader.is_inside(path) {
            return None;
        }
        // What is not there yet is made below what is.
        let (there, real) = path.ancestors().find_map(|above| Some((above, self.real_directory(above)?)))?;
        if there == real || !self.reader.is_inside(&real) {
            return None;
        }
        let rest = path.strip_prefix(there).ok()?;
        let whole = if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        whole.to_str().map(str::to_owned)
    }

    fn real_directory(&mut self, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let real = self.reader.real_path(path).ok();
        self.known.insert(path.to_owned(), real.clone());
        real
    }
}
