//! Processes that see something else than their container's first one: whom they count as. May use `model` and earlier parts
//! of `judge`.

use std::collections::HashMap;

use super::candidate::Candidate;
use super::place::Place;
use crate::model::Inspection;

/// Lets processes that see something else than their container count as that, where it runs the program nowhere else on the
/// same login: they are what it runs.
pub(super) fn join_apart_processes(candidates: &mut [Candidate<'_>]) {
    let is_apart = |candidate: &Candidate<'_>| candidate.container.engine().inspection == Inspection::Unlisted;
    if !candidates.iter().any(is_apart) {
        return;
    }
    let mut wholes: HashMap<(Option<String>, String, Place), usize> = HashMap::new();
    let key = |candidate: &Candidate<'_>| {
        let live = candidate.container.live.as_ref()?;
        let id = Some(live.engine.id.clone()).filter(|id| !id.is_empty())?;
        Some((live.host.clone(), id, candidate.login.place.clone()))
    };
    for candidate in candidates.iter().filter(|one| !is_apart(one) && one.container.shown().processes.is_empty()) {
        wholes.extend(key(candidate).map(|key| (key, candidate.index)));
    }
    for candidate in candidates.iter_mut().filter(|one| is_apart(one)) {
        // A second one beside them is one more.
        if let Some(whole) = key(candidate).and_then(|key| wholes.remove(&key)) {
            candidate.counts_as = whole;
        }
    }
}
