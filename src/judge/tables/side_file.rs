//! Table `side-file`: can the file beside the state directory be replaced?

use super::case::{Case, Grounds, located};
use crate::judge::candidate::Candidate;
use crate::rules::SideMount;

pub(in crate::judge) fn side_file_fact(candidate: &Candidate<'_>) -> SideMount {
    match &candidate.side_file {
        Some((path, _))
            if candidate.container.mounts.iter().any(|mount| mount.target.text == *path && mount.read_only) =>
        {
            SideMount::ReadOnly
        }
        Some(_) => SideMount::Mounted,
        None => SideMount::Free,
    }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let mounted = case.candidate.side_file.iter().map(|(_, span)| located(*span, "mounted as a single file"));
    Grounds { locations: mounted.collect(), evidence: case.state_evidence() }
}
