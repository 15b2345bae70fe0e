//! Places that depend on a variable nobody set, and the known places they could turn out to be.
//! May use `rules` and earlier parts of `judge`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::candidate::Candidate;
use super::place::Place;
use crate::rules::Refresh;

/// The logins of all that may refresh, apart by whether their place is known.
pub(crate) struct UnresolvedPlaces<'a> {
    /// Known places, as a variable could spell them.
    known: BTreeSet<Cow<'a, str>>,
    /// How many places there are in all.
    places: HashSet<&'a Place>,
    /// What stands before the first variable of each place that has one, with the first whose place that is.
    prefixes: HashMap<&'a str, &'a Candidate<'a>>,
}

impl<'a> UnresolvedPlaces<'a> {
    pub(crate) fn of_candidates(candidates: &'a [Candidate<'a>]) -> Self {
        let mut all = Self { known: BTreeSet::new(), places: HashSet::new(), prefixes: HashMap::new() };
        let refreshing =
            candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
        for candidate in refreshing.filter(|candidate| may_be_shared(&candidate.login.place)) {
            let place = &candidate.login.place;
            all.places.insert(place);
            if place.is_unresolved() {
                all.prefixes.entry(known_part(place)).or_insert(candidate);
            } else {
                all.known.extend(place.spelled());
            }
        }
        all
    }

    /// The one whose place may turn out to be a candidate's: itself, where it is its own place that is not known.
    pub(crate) fn unresolved_of(&self, candidate: &'a Candidate<'a>) -> Option<&'a Candidate<'a>> {
        let place = &candidate.login.place;
        if self.prefixes.is_empty() || !may_be_shared(place) || !self.places.contains(place) {
            return None;
        }
        if !place.is_unresolved() {
            return self.reaching(place);
        }
        let known = known_part(place);
        let others = self.places.len() > 1;
        // A source that is nothing but a variable may be a path or a volume's name.
        let from = Cow::Borrowed(known);
        let a_known_one = || self.known.range(from..).next().is_some_and(|spelled| spelled.starts_with(known));
        let another_variable = || self.prefixes.keys().filter(|prefix| prefixes_overlap(prefix, known)).count() > 1;
        let may = known.is_empty() || a_known_one() || another_variable() || self.same_prefix(place, known);
        (others && may).then_some(candidate)
    }

    /// The first with a variable that could make its place this one.
    fn reaching(&self, place: &Place) -> Option<&'a Candidate<'a>> {
        let spelled = place.spelled()?;
        let cuts = spelled.char_indices().map(|(at, _)| at).chain([spelled.len()]);
        cuts.into_iter().find_map(|at| self.prefixes.get(spelled.get(..at)?).copied())
    }

    /// Whether another place begins with the same text before its variable.
    fn same_prefix(&self, place: &Place, known: &str) -> bool {
        self.prefixes.contains_key(known)
            && self.places.iter().any(|other| *other != place && other.is_unresolved() && known_part(other) == known)
    }
}

/// Whether a place is one that another container could come to.
fn may_be_shared(place: &Place) -> bool {
    !place.is_private() && !place.is_new_each_time()
}

fn known_part(place: &Place) -> &str {
    place.path.split("${").next().unwrap_or("")
}

fn prefixes_overlap(a: &str, b: &str) -> bool {
    a.starts_with(b) || b.starts_with(a)
}
