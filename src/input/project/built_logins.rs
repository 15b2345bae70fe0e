//! Logins that a Dockerfile copies into an image: every container of the image has the same. Uses `planned_files` and
//! `dockerfile`.

use super::planned_files::files_below;
use crate::input::dockerfile::{BuildStep, CopyOrigin, CopySource, CopyStep, Image};
use crate::input::program_names::ProgramNames;
use crate::model::{Container, HostCopy, MountSource, join};

/// The files with a login that the steps of an image copy out of a build context, with where they come to.
pub(super) fn find_built_logins(container: &Container, image: &Image, names: &ProgramNames) -> Vec<HostCopy> {
    let copies = image.steps.iter().filter_map(|step| match step.as_ref() {
        BuildStep::Copy(copied) if !copied.target.is_symbolic() => Some(copied),
        _ => None,
    });
    let mut found: Vec<HostCopy> = copies.flat_map(|copied| copied_logins(copied, names)).collect();
    // A directory of the host covers what the image has; a new volume begins with it.
    found.retain(|copy| {
        let mount = container.mount_holding(&copy.to);
        mount.is_none_or(|(mount, _)| matches!(mount.source, MountSource::Volume(_) | MountSource::Anonymous))
    });
    found
}

fn copied_logins(copied: &CopyStep, names: &ProgramNames) -> Vec<HostCopy> {
    let CopyOrigin::Context(Some(context)) = &copied.from else { return Vec::new() };
    let mut found = Vec::new();
    for source in &copied.sources {
        let CopySource::Path(path) = source else { continue };
        if path.is_symbolic() || path.text.contains(['*', '?', '[']) {
            continue;
        }
        let path = path.text.trim_matches('/').trim_start_matches("./");
        let path = if path == "." { "" } else { path };
        let is_named = |text: &str| names.is_login_file(text);
        let mut files = Vec::new();
        let base = context.locate(path);
        // A login is rarely in a repository: one that is named is there where the image is built. Directories are looked
        // through where what they become is somebody's state.
        if is_named(path) {
            files.push(base.clone());
        } else if names.have_state_named_in(&copied.target.text) {
            files_below(context.as_ref(), path, &mut files);
        }
        for file in files {
            let Some(rest) = file.strip_prefix(&base).ok().and_then(|rest| rest.to_str()) else { continue };
            let name = if rest.is_empty() { path } else { rest };
            if !is_named(name) {
                continue;
            }
            let to = match rest {
                "" if copied.into || !is_named(&copied.target.text) => {
                    join(&copied.target.text, &format!("./{}", path.rsplit('/').next().unwrap_or(path)))
                }
                rest => join(&copied.target.text, &format!("./{rest}")),
            };
            found.push(HostCopy {
                from: file.display().to_string(),
                shown: if rest.is_empty() { path.to_owned() } else { join(path, &format!("./{rest}")) },
                to,
                whole: false,
                excluded: Vec::new(),
                skips_hidden: false,
                span: copied.span,
            });
        }
    }
    found
}
