//! Table `bind`: is its state directory the one that its mount was made for?

use super::case::{Case, Grounds, located};
use crate::judge::candidate::Candidate;
use crate::rules::Bind;

pub(in crate::judge) fn bind_fact(candidate: &Candidate<'_>) -> Bind {
    match candidate.login.mount {
        Some(mount) if mount.stale.is_some() => Bind::Stale,
        _ => Bind::Fresh,
    }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let mount = case.candidate.login.mount.map(|mount| located(mount.span, "mounted here"));
    Grounds { locations: mount.into_iter().collect(), evidence: case.state_evidence() }
}
