//! Which participants never run at once, as what starts them says. Found by what they have in common, never by comparing
//! all pairs of a group. Uses `candidate` and `model`.

use std::collections::{BTreeSet, HashMap};

use super::candidate::Candidate;
use crate::model::FixedName;
use crate::text::Span;

/// How many one-off containers and services of a project are compared with each other; where there are more they are peers.
const MAX_COMPARED: usize = 64;

/// A service, by its project and name.
type ServiceName<'a> = (Option<&'a str>, &'a str);

/// The members of a group that may run in turn, by what would make them.
#[derive(Default)]
pub(super) struct Turns<'a> {
    runs: HashMap<&'a str, Vec<usize>>,
    names: HashMap<&'a FixedName, Vec<usize>>,
    open_starts: HashMap<Span, Vec<usize>>,
    services: HashMap<ServiceName<'a>, Vec<usize>>,
    /// The services of each project of which only one-off containers are started, and those containers.
    only_run: HashMap<Option<&'a str>, Vec<usize>>,
}

impl<'a> Turns<'a> {
    pub(super) fn of_members(candidates: &'a [Candidate<'_>], members: &[usize]) -> Self {
        let mut turns = Self::default();
        for &at in members {
            let Some(container) = candidates.get(at).map(|candidate| candidate.container) else { continue };
            let timing = &container.timing;
            if let Some(moment) = timing.moments.first() {
                turns.runs.entry(moment.compared_by()).or_default().push(at);
            }
            if let Some(name) = &timing.fixed_name {
                turns.names.entry(name).or_default().push(at);
            }
            if let Some(start) = timing.open_start {
                turns.open_starts.entry(start).or_default().push(at);
            }
            if let Some(service) = &timing.one_off_of {
                turns.services.entry((service.project.as_deref(), &service.name)).or_default().push(at);
                turns.only_run.entry(service.project.as_deref()).or_default().push(at);
            }
            if timing.only_one_offs {
                turns.only_run.entry(container.project.as_deref()).or_default().push(at);
            }
        }
        turns
    }

    /// The others that never run beside one.
    pub(super) fn never_beside(
        &self,
        at: usize,
        candidate: &Candidate<'_>,
        candidates: &[Candidate<'_>],
    ) -> BTreeSet<usize> {
        let container = candidate.container;
        let timing = &container.timing;
        let of_run = timing.moments.first().and_then(|moment| self.runs.get(moment.compared_by()));
        let of_name = timing.fixed_name.as_ref().and_then(|name| self.names.get(name));
        let of_start = timing.open_start.as_ref().and_then(|start| self.open_starts.get(start));
        let all = of_run.into_iter().chain(of_name).chain(of_start).flatten().copied().filter(|other| *other != at);
        let excluded = |other: &usize| {
            let other = candidates.get(*other).map(|other| &other.container.timing);
            other.is_some_and(|other| timing.excludes(other))
        };
        let mut apart: BTreeSet<usize> = all.filter(excluded).collect();
        if timing.only_one_offs {
            let service = (container.project.as_deref(), container.name.as_str());
            let own_runs = self.services.get(&service).map_or(&[][..], Vec::as_slice);
            apart.extend(own_runs);
            // It is not there but in its runs: what all of these are in turn with is never beside it.
            let others = self.only_run.get(&container.project.as_deref()).map_or(&[][..], Vec::as_slice);
            let is_in_turn = |other: &&usize| self.are_in_turn(own_runs, **other, candidates);
            apart.extend(others.iter().filter(|_| others.len() <= MAX_COMPARED).filter(is_in_turn));
        }
        apart
    }

    /// Whether the runs of a service never run beside another one-off container, or any of those of another service.
    fn are_in_turn(&self, own_runs: &[usize], other: usize, candidates: &[Candidate<'_>]) -> bool {
        let Some(container) = candidates.get(other).map(|other| other.container) else { return false };
        let service = (container.project.as_deref(), container.name.as_str());
        let others = match self.services.get(&service).filter(|_| container.timing.only_one_offs) {
            Some(runs) => runs.as_slice(),
            None if container.timing.only_one_offs => &[],
            None => std::slice::from_ref(&other),
        };
        let timing = |at: &usize| candidates.get(*at).map(|one| &one.container.timing);
        let excludes = |one: &usize, another: &usize| {
            timing(one).zip(timing(another)).is_some_and(|(one, another)| one.excludes(another))
        };
        !own_runs.is_empty()
            && !others.is_empty()
            && own_runs.iter().all(|one| others.iter().all(|another| excludes(one, another)))
    }
}
