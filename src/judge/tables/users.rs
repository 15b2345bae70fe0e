//! Table `users`: can participants open each other's files?

use super::case::{Case, Grounds, located};
use crate::judge::exclusion::Relation;
use crate::rules::Users;

pub(in crate::judge) fn users_fact(relation: &Relation) -> Users {
    if relation.users_differ { Users::Differ } else { Users::Same }
}

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let user = case.candidate.container.user.as_ref().and_then(|user| user.span);
    let user = user.map(|span| located(span, "runs as this user"));
    Grounds { locations: user.into_iter().chain([case.mount_location()]).collect(), evidence: case.state_evidence() }
}
