//! Table `filesystem`: does the filesystem show the lock to the peers?

use super::case::{Case, Grounds};
use crate::judge::candidate::Candidate;
use crate::judge::place::Filesystem;
use crate::model::{Mount, MountSource};
use crate::rules::{Filesystems, FlockSupport, Visibility};

/// `across` says that somebody on another host must see the lock too.
pub(in crate::judge) fn flock_support_fact(
    candidate: &Candidate<'_>,
    filesystems: &Filesystems,
    across: bool,
) -> FlockSupport {
    flock_problem(candidate, filesystems, across).map_or(FlockSupport::Yes, |_| FlockSupport::No)
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    super::guard::grounds_of_guard(case)
}

/// The filesystem type of a volume that its driver mounts from elsewhere.
fn device_type(mount: &Mount) -> Option<&str> {
    match &mount.source {
        MountSource::Device { fstype, .. } => Some(fstype),
        _ => None,
    }
}

/// What the filesystem under the guard does with `flock`, where that can be told, with the reason. `across` says that
/// somebody on another host must see it too.
pub(super) fn flock_problem(candidate: &Candidate<'_>, filesystems: &Filesystems, across: bool) -> Option<String> {
    let landing = candidate.guard.landing.as_ref()?;
    if let Some(kernel) = landing.mount.and_then(|mount| mount.kernel.as_ref()) {
        let options = kernel.options.iter().chain(&kernel.super_options).map(String::as_str);
        let (visibility, source) = filesystems.flock(&kernel.fstype, options)?;
        let hidden = visibility == Visibility::Private || (across && visibility == Visibility::Host);
        return hidden.then(|| format!("{} is on {}; {source}", landing.place.name().text, kernel.fstype));
    }
    if let Some((fstype, mount)) = landing.mount.and_then(|mount| Some((device_type(mount)?, mount))) {
        let (visibility, source) = filesystems.flock(fstype, mount.driver_options.split(','))?;
        let hidden = visibility == Visibility::Private || (across && visibility == Visibility::Host);
        return hidden.then(|| format!("{}; {source}", landing.place.name().text));
    }
    let place = &landing.place;
    if place.filesystem != Filesystem::Host {
        return None;
    }
    let (fstype, hint) = filesystems.hint(&place.path)?;
    (fstype.flock == Visibility::Private).then(|| format!("{}; {}", hint.because, fstype.source))
}
