//! Table `state`: can the program take its lock and save its login?

use super::case::{Case, Grounds};
use crate::finding::{Evidence, EvidenceKind};

pub(super) fn grounds(case: &Case<'_, '_>) -> Grounds {
    let candidate = case.candidate;
    let mut evidence = vec![case.place_evidence()];
    let owner = candidate.closed.map(|closed| format!("{} {}", candidate.state.path, closed.told()));
    evidence.extend(owner.map(|text| Evidence { kind: EvidenceKind::Kernel, text, span: None }));
    evidence.extend(candidate.auth.evidence.iter().chain(&candidate.version.evidence).cloned());
    Grounds { locations: vec![case.mount_location()], evidence }
}
