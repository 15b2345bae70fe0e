//! Table `sight`: is every fact known that the verdict needs?

use super::case::{Case, Grounds, located};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let unknown = case.unknown_fact.as_ref().map(|unknown| located(unknown.span, "not known"));
    Grounds { locations: vec![unknown.unwrap_or_else(|| case.mount_location())], evidence: case.state_evidence() }
}
