//! Table `declaration`: do declarations agree with what is seen?

use super::breach;
use super::case::{Case, Grounds, evidence_locations, located};
use super::placeholders::PlaceholderValues;
use crate::finding::Breach;
use crate::judge::candidate::Candidate;
use crate::judge::candidate::calls::find_declaration;
use crate::rules::{Declaration, Ruling};

pub(in crate::judge) fn declaration_fact(candidate: &Candidate<'_>) -> Declaration {
    let contradicted = candidate.role.contradiction.is_some()
        || candidate.version.contradiction.is_some()
        || candidate.guard.contradiction.is_some();
    if contradicted { Declaration::Contradicted } else { Declaration::Agrees }
}

/// One breach for each declaration that is contradicted.
pub(super) fn breaches(case: &Case<'_, '_>, ruling: &Ruling) -> Vec<Breach> {
    let breaches = case.contradictions().map(|contradiction| {
        let declared = find_declaration(case.candidate.container, contradiction.label);
        let label = declared.map(|declared| located(declared.span(), "declared here"));
        let evidence = vec![contradiction.evidence.clone()];
        let locations = label.into_iter().chain(evidence_locations(&evidence)).collect();
        let values = PlaceholderValues { case, contradiction: Some(contradiction) };
        let why = Some(contradiction.evidence.clone());
        Breach { why, ..breach(ruling, &values, Grounds { locations, evidence }) }
    });
    breaches.collect()
}
