//! Table `one-sided`: do its peers take its guard too?

use super::case::{Case, Grounds};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let mut grounds = super::guard::grounds_of_guard(case);
    // Where its own flock is taken nothing has to change.
    grounds.locations = std::iter::once(case.mount_location()).chain(case.peer_locations()).collect();
    grounds.locations.extend(case.guard_location());
    grounds.evidence.extend(case.candidate.version.evidence.iter().cloned());
    grounds
}
