//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `rules`, `model` and earlier parts of `judge`.

use super::Judgement;
use super::candidate::Candidate;
use super::candidate::calls::ROLE_LABEL;
use crate::model::EnvValue;
use crate::rules::{Refresh, Sight};
use crate::text::Span;

/// A fact that could not be found out and without which nothing can be judged.
#[derive(Debug, Clone)]
pub(crate) struct UnknownFact {
    pub(crate) problem: String,
    pub(crate) settle: String,
    pub(crate) span: Span,
}

/// The variable that a state directory is named by.
fn naming_variable<'c>(candidate: &'c Candidate<'_>) -> &'c str {
    candidate.state.path.trim_start_matches("${").split(['}', ':', '-', '/']).next().unwrap_or_default()
}

/// Whether the container sets that to what is known, so that its script alone makes it unknown.
fn is_set_by_container(candidate: &Candidate<'_>) -> bool {
    let set = candidate.container.env.get(naming_variable(candidate)).map(|variable| &variable.value);
    matches!(set, Some(EnvValue::Set(value)) if !value.is_symbolic())
}

/// What would tell the variable that a state directory is named by.
fn settle_variable(candidate: &Candidate<'_>) -> String {
    let name = naming_variable(candidate);
    match (is_set_by_container(candidate), candidate.state.by_script) {
        (true, _) => {
            format!(
                "{name} is set, and what its script makes of it was not understood: let the script leave it as it is"
            )
        }
        (false, true) => format!(
            "what its script sets {name} to was not understood: set it in the environment of the service, and leave it out of the script"
        ),
        (false, false) => "set the variable where overlock runs, or give it a default: ${NAME:-default}".to_owned(),
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
                problem: match is_set_by_container(candidate) || candidate.state.by_script {
                    true => format!(
                        "where {name} keeps its state depends on what its script makes of a variable: {}",
                        candidate.state.path
                    ),
                    false => format!(
                        "where {name} keeps its state depends on a variable that is not set: {}",
                        candidate.state.path
                    ),
                },
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

    /// Whether every participant takes a lock inside the directory, so that sharing it is safe wherever it is.
    fn all_settled(&self) -> bool {
        let mut refreshing =
            self.candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
        refreshing.all(|candidate| candidate.profile.is_settled(candidate.version.range.as_ref()))
    }
}
