//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `rules`, `model` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet};

use super::Judgement;
use super::candidate::Candidate;
use super::candidate::calls::ROLE_LABEL;
use crate::model::EnvValue;
use crate::rules::{Refresh, Ruleset, Sight};
use crate::text::Span;

/// A fact that could not be found out and without which nothing can be judged.
#[derive(Debug, Clone)]
pub(crate) struct UnknownFact {
    pub(crate) problem: String,
    pub(crate) settle: String,
    pub(crate) span: Span,
}

/// The hosts that have logins on each type of filesystem that is not known to be local, where several are judged.
pub(super) fn hosts_of_unknown_types<'b>(
    candidates: &'b [Candidate<'_>],
    rules: &Ruleset,
) -> BTreeMap<&'b str, BTreeSet<&'b str>> {
    let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for candidate in candidates {
        let host = candidate.container.live.as_ref().and_then(|live| live.host.as_deref());
        if let Some((fstype, host)) = candidate.unknown_type(rules).zip(host) {
            hosts.entry(fstype).or_default().insert(host);
        }
    }
    hosts
}

/// What would tell the variable that a state directory is named by.
fn settle_variable(candidate: &Candidate<'_>) -> String {
    let name = candidate.state.path.trim_start_matches("${").split(['}', ':', '-', '/']).next().unwrap_or_default();
    let set = candidate.container.env.get(name).map(|variable| &variable.value);
    match set {
        Some(EnvValue::Set(value)) if !value.is_symbolic() => {
            format!(
                "{name} is set, and what its script makes of it was not understood: let the script leave it as it is"
            )
        }
        _ => "set the variable where overlock runs, or give it a default: ${NAME:-default}".to_owned(),
    }
}

impl Judgement<'_, '_> {
    /// The first thing that is not seen and on which the verdict hangs.
    pub(super) fn unknown_fact(&self, candidate: &Candidate<'_>) -> Option<(Sight, UnknownFact)> {
        let name = &candidate.container.name;
        let unreadable = [&candidate.role.unreadable, &candidate.version.unreadable, &candidate.guard.unreadable];
        if let Some(evidence) = unreadable.into_iter().flatten().next() {
            let unknown_fact = UnknownFact {
                problem: format!("{name} declares something that is not understood: {}", evidence.text),
                settle: "correct it; `overlock explain undetermined` lists the values".to_owned(),
                span: evidence.span.unwrap_or(candidate.container.span),
            };
            return Some((Sight::Declaration, unknown_fact));
        }
        // What `environment` says wins over a file that is not there.
        let missing = candidate.container.missing_env_files.first().filter(|_| !candidate.is_state_said());
        if let Some(unseen) = candidate.container.unseen.first().or(missing) {
            let unknown_fact = UnknownFact {
                problem: format!("{name} was not seen whole: {}", unseen.what),
                settle: if candidate.container.is_running() {
                    "run overlock as root on the engine's host (in a container: with --pid host and --proc), and where the capture was taken, if it is one".to_owned()
                } else {
                    format!(
                        "put that where overlock can read it; or, if {name} does not run {}, label it `{ROLE_LABEL}: none`",
                        candidate.profile.name
                    )
                },
                span: unseen.span,
            };
            return Some((Sight::Part, unknown_fact));
        }
        if candidate.state.path.starts_with("${") && candidate.login.mount.is_none() && candidate.mounts_something() {
            let unknown_fact = UnknownFact {
                problem: format!(
                    "where {name} keeps its state depends on a variable that is not set: {}",
                    candidate.state.path
                ),
                settle: settle_variable(candidate),
                span: candidate
                    .state
                    .evidence
                    .iter()
                    .find_map(|evidence| evidence.span)
                    .unwrap_or(candidate.container.span),
            };
            return Some((Sight::StateDirectory, unknown_fact));
        }
        let variable = &candidate.profile.state_directory.variable;
        if let Some(mount) = candidate.reach {
            let target = &mount.target.text;
            let unknown_fact = UnknownFact {
                problem: format!(
                    "{name} mounts a state directory at {target}, and whether the program looks there is not known"
                ),
                settle: format!(
                    "set {variable} or HOME in the service's environment; or, if it does not run {}, label it `{ROLE_LABEL}: none` or mount it read-only",
                    candidate.profile.name
                ),
                span: mount.span,
            };
            return Some((Sight::StateDirectory, unknown_fact));
        }
        if let Some(mount) = candidate.loose_target.filter(|_| candidate.login.mount.is_none()) {
            let unknown_fact = UnknownFact {
                problem: format!(
                    "what {name} mounts at {} may be its state directory: the variable is not set",
                    mount.target.text
                ),
                settle: "set the variable where overlock runs, or give it a default: ${NAME:-default}".to_owned(),
                span: mount.span,
            };
            return Some((Sight::Target, unknown_fact));
        }
        if let Some(peer) = self.unseen_peers.reaching(candidate) {
            let place = candidate.login_directory().name().text;
            let other = &peer.container.name;
            let why = peer.container.unseen.first().map_or("it was not seen whole", |unseen| unseen.what.as_str());
            let unknown_fact = UnknownFact {
                problem: format!("whether {other} uses {place} as well as {name} is not known: {why}"),
                settle: format!(
                    "look again once {other} can be inspected; if it does not run {}, label it `{ROLE_LABEL}: none`",
                    candidate.profile.name
                ),
                span: candidate.span(),
            };
            return Some((Sight::Place, unknown_fact));
        }
        if let Some(unknown_fact) = self.other_hosts_may_reach(candidate) {
            return Some((Sight::Place, unknown_fact));
        }
        self.place_may_be_anothers(candidate)
    }

    /// Whether a place that depends on a variable may be another one's.
    fn place_may_be_anothers(&self, candidate: &Candidate<'_>) -> Option<(Sight, UnknownFact)> {
        let name = &candidate.container.name;
        let waits = candidate.refresh != Refresh::No && !self.all_settled();
        if waits && self.unresolved.may_coincide(candidate) {
            let place = candidate.login_directory().name().text;
            let problem = if candidate.login.place.is_unresolved() {
                format!(
                    "whether {name} shares its state directory with others is not known: {place} depends on a variable that is not set"
                )
            } else {
                format!(
                    "whether others share {place} with {name} is not known: theirs depends on a variable that is not set"
                )
            };
            let settle =
                "set the variable where overlock runs (or in .env), or give it a default: ${NAME:-default}".to_owned();
            return Some((Sight::Place, UnknownFact { problem, settle, span: candidate.span() }));
        }
        None
    }

    /// Whether another host has the program on a filesystem of the same type, which is not known to be local: it may be
    /// the same one, and how its locks reach other hosts is not known.
    fn other_hosts_may_reach(&self, candidate: &Candidate<'_>) -> Option<UnknownFact> {
        let fstype = candidate.unknown_type(self.rules).filter(|_| candidate.refresh != Refresh::No)?;
        let own = candidate.container.other_host();
        let hosts = self.unknown_types.get(fstype)?;
        let other = hosts.iter().find(|host| Some(**host) != own)?;
        let name = &candidate.container.name;
        let place = candidate.login_directory().name().text;
        Some(UnknownFact {
            problem: format!(
                "whether {other} reaches {place} as well as {name} is not known: {fstype} is not known to be a filesystem of one host"
            ),
            settle: format!(
                "give {name} a login on a local filesystem, or on one of NFS or CIFS, whose places and locks are known"
            ),
            span: candidate.span(),
        })
    }

    /// Whether every participant takes a lock inside the directory, so that sharing it is safe wherever it is.
    fn all_settled(&self) -> bool {
        let mut refreshing =
            self.candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
        refreshing.all(|candidate| candidate.profile.is_settled(candidate.version.range.as_ref()))
    }
}
