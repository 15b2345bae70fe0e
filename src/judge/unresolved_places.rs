//! Places that depend on a variable nobody set, and the known places they could turn out to be.
//! May use `rules` and earlier parts of `judge`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::candidate::Candidate;
use super::place::Place;
use crate::rules::Refresh;

/// The logins of all that may refresh, apart by whether their place is known.
pub(crate) struct UnresolvedPlaces<'a> {
    /// Known places, as a variable could spell them.
    known: BTreeSet<Cow<'a, str>>,
    /// How many places there are in all.
    places: HashSet<&'a Place>,
    /// What stands before the first variable of each place that has one.
    prefixes: HashSet<&'a str>,
}

impl<'a> UnresolvedPlaces<'a> {
    pub(crate) fn of_candidates(candidates: &'a [Candidate<'_>]) -> Self {
        let mut all = Self { known: BTreeSet::new(), places: HashSet::new(), prefixes: HashSet::new() };
        let refreshing =
            candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
        let places = refreshing.map(|candidate| &candidate.login.place);
        for place in places.filter(|place| !place.is_private() && !place.is_made_anew()) {
            all.places.insert(place);
            if place.is_unresolved() {
                all.prefixes.insert(known_part(place));
            } else {
                all.known.extend(place.spelled());
            }
        }
        all
    }

    /// Whether a candidate's login may be another's, or another's may be this one.
    pub(crate) fn may_coincide(&self, candidate: &Candidate<'_>) -> bool {
        let place = &candidate.login.place;
        if self.prefixes.is_empty() || place.is_private() || !self.places.contains(place) {
            return false;
        }
        if !place.is_unresolved() {
            return self.reaches(place);
        }
        let known = known_part(place);
        let others = self.places.len() > 1;
        // A source that is nothing but a variable may be a path or a volume's name.
        let from = Cow::Borrowed(known);
        let a_known_one = || self.known.range(from..).next().is_some_and(|spelled| spelled.starts_with(known));
        let another_variable = || self.prefixes.iter().filter(|prefix| prefixes_overlap(prefix, known)).count() > 1;
        others && (known.is_empty() || a_known_one() || another_variable() || self.same_prefix(place, known))
    }

    /// Whether some variable could make an unresolved place this one.
    fn reaches(&self, place: &Place) -> bool {
        place.spelled().is_some_and(|spelled| {
            let cuts = spelled.char_indices().map(|(at, _)| at).chain([spelled.len()]);
            cuts.into_iter().any(|at| spelled.get(..at).is_some_and(|known| self.prefixes.contains(known)))
        })
    }

    /// Whether another place begins with the same text before its variable.
    fn same_prefix(&self, place: &Place, known: &str) -> bool {
        self.prefixes.contains(known)
            && self.places.iter().any(|other| *other != place && other.is_unresolved() && known_part(other) == known)
    }
}

fn known_part(place: &Place) -> &str {
    place.path.split("${").next().unwrap_or("")
}

fn prefixes_overlap(a: &str, b: &str) -> bool {
    a.starts_with(b) || b.starts_with(a)
}
