//! Logins that others have a copy of: who uses one has the problem of the copy too, whatever else keeps them apart. May use
//! `finding`, `rules` and earlier parts of `judge`.

use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::place::Place;
use super::{JudgedRow, breach_verdict};
use crate::finding::Verdict;
use crate::rules::Refresh;

/// The rule about a copy.
pub(super) const CLONED: &str = "cloned-identity";

/// Who uses the logins that others copy.
pub(crate) struct CopiedLogins<'a> {
    /// The candidates that may refresh what is at a place that is copied.
    users: BTreeMap<&'a Place, Vec<usize>>,
}

impl<'a> CopiedLogins<'a> {
    pub(crate) fn of_candidates(candidates: &'a [Candidate<'_>]) -> Self {
        let copied = candidates.iter().filter_map(|candidate| Some(&candidate.clone.as_ref()?.place));
        let mut users: BTreeMap<&Place, Vec<usize>> = copied.map(|place| (place, Vec::new())).collect();
        if users.is_empty() {
            return Self { users };
        }
        let refreshing = candidates.iter().enumerate();
        let refreshing = refreshing.filter(|(_, one)| one.takes_part() && one.refresh != Refresh::No);
        for (at, candidate) in refreshing.filter(|(_, one)| !one.login.place.is_private()) {
            for place in [&candidate.login.place, &candidate.place] {
                if let Some(known) = users.get_mut(place).filter(|known| known.last() != Some(&at)) {
                    known.push(at);
                }
            }
        }
        Self { users }
    }

    /// Who uses the login that a candidate has a copy of.
    pub(crate) fn users_of(&self, candidate: &Candidate<'_>) -> &[usize] {
        let users = candidate.clone.as_ref().and_then(|clone| self.users.get(&clone.place));
        users.map_or(&[], Vec::as_slice)
    }

    /// Tells whoever uses a login that is copied: what is wrong with the copy is wrong with it as well. `rows` are the
    /// candidates' own.
    pub(crate) fn tell_users(&self, candidates: &[Candidate<'_>], rows: &mut [Option<JudgedRow>]) {
        let mut worst: BTreeMap<&Place, (Verdict, String)> = BTreeMap::new();
        for (candidate, row) in candidates.iter().zip(rows.iter()) {
            let (Some(clone), Some((participant, breaches))) = (&candidate.clone, row) else { continue };
            let Some(breach) = breaches.iter().find(|breach| breach.rule == CLONED) else { continue };
            let verdict = breach_verdict(breach);
            let known = worst.entry(&clone.place).or_insert_with(|| (verdict, participant.label.clone()));
            if verdict > known.0 {
                *known = (verdict, participant.label.clone());
            }
        }
        for (place, (verdict, name)) in worst {
            for at in self.users.get(place).into_iter().flatten() {
                let Some((participant, _)) = rows.get_mut(*at).and_then(Option::as_mut) else { continue };
                if participant.verdict < verdict {
                    participant.verdict = verdict;
                    participant.reason =
                        format!("{name} has a copy of its login: a refresh by either logs the other out");
                }
            }
        }
    }
}
