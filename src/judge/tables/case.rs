//! What a table and its sentences can ask about one participant. May use `model`, `rules`, `finding` and the candidates.

use crate::finding::{Evidence, Location, MAX_PEERS};
use crate::judge::candidate::Candidate;
use crate::judge::candidate::calls::Contradiction;
use crate::judge::exclusion::Relation;
use crate::judge::undetermined::UnknownFact;
use crate::model::{Container, Mount};
use crate::rules::{Facts, Ruleset};
use crate::text::Span;

/// Everything about one participant that a table or a sentence can ask for.
pub(crate) struct Case<'a, 'b> {
    pub(crate) rules: &'a Ruleset,
    pub(crate) candidates: &'b [Candidate<'a>],
    pub(crate) candidate: &'b Candidate<'a>,
    /// Its index among the participants of the run.
    pub(crate) participant: usize,
    /// The index of its login among the logins of the run.
    pub(crate) login: usize,
    pub(crate) relation: &'b Relation,
    pub(crate) facts: Facts,
    /// Who uses the login that it has a copy of, where it has one.
    pub(crate) copied_from: &'b [usize],
    /// The unknown fact and what would settle it, where `facts.sight` is not clear.
    pub(crate) unknown_fact: Option<UnknownFact>,
}

/// What a breach points at and rests on.
#[derive(Default)]
pub(super) struct Grounds {
    /// The primary location first.
    pub(super) locations: Vec<Location>,
    pub(super) evidence: Vec<Evidence>,
}

impl Case<'_, '_> {
    pub(crate) fn contradictions(&self) -> impl Iterator<Item = &Contradiction> {
        let candidate = self.candidate;
        [&candidate.role.contradiction, &candidate.version.contradiction, &candidate.guard.contradiction]
            .into_iter()
            .flatten()
    }

    /// The mount that brings the login, else the service.
    pub(super) fn mount_location(&self) -> Location {
        match self.candidate.login.mount {
            Some(mount) => located(mount.span, &through_link("mounted here", mount)),
            None => located(self.candidate.span(), "this service"),
        }
    }

    /// Where the guard is taken, if it is.
    pub(super) fn guard_location(&self) -> Option<Location> {
        self.candidate.guard.span.map(|span| located(span, "the flock is taken here"))
    }

    /// Where a few of the peers mount the same login.
    pub(super) fn peer_locations(&self) -> impl Iterator<Item = Location> {
        // A few of them are enough to see what is shared.
        let peers = self.relation.unsafe_peers.iter().filter_map(|peer| self.candidates.get(*peer)).take(3);
        peers.map(|peer| {
            let label = format!("{} mounts it too", peer.container.told_name());
            let label = peer.login.mount.map_or(label.clone(), |mount| through_link(&label, mount));
            Location { span: peer.span(), label }
        })
    }

    /// Where the state directory lives.
    pub(super) fn place_evidence(&self) -> Evidence {
        let candidate = self.candidate;
        let (path, place) = (&candidate.state.path, candidate.place.name().text);
        let text = if *path == place {
            format!("which directory {path} is is not known")
        } else {
            format!("{path} is {place}")
        };
        Evidence::seen(text, Some(candidate.span()))
    }

    /// Where the state directory lives and how that is known.
    pub(super) fn state_evidence(&self) -> Vec<Evidence> {
        std::iter::once(self.place_evidence()).chain(self.candidate.state.evidence.iter().cloned()).collect()
    }
}

/// A location with its label.
pub(super) fn located(span: Span, label: &str) -> Location {
    Location { span, label: label.to_owned() }
}

/// The locations of evidence that has one.
pub(super) fn evidence_locations(evidence: &[Evidence]) -> impl Iterator<Item = Location> {
    evidence.iter().filter_map(|one| Some(Location { span: one.span?, label: one.text.clone() }))
}

/// A label for a mount, which says so where a link of the host leads to what it shows, or a script says what that is.
fn through_link(label: &str, mount: &Mount) -> String {
    let link = if mount.link.is_some() { ", through a link" } else { "" };
    let set = mount.set_by_script.as_ref().map_or_else(String::new, |set| format!("; {set}"));
    format!("{label}{link}{set}")
}

/// Names of candidates as another container would call them: with the project where it is another one.
pub(crate) fn peer_names(candidates: &[Candidate<'_>], indices: &[usize], from: &Container) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(indices.len());
    for candidate in indices.iter().filter_map(|at| candidates.get(*at)) {
        let container = candidate.container;
        let name = match &container.project {
            Some(project) if container.project != from.project => format!("{project}/{}", container.told_name()),
            _ => container.told_name().to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(MAX_PEERS);
    names
}
