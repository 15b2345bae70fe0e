//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `rules`, `model` and earlier parts of `judge`.

use super::Judgement;
use super::candidate::Candidate;
use super::candidate::calls::ROLE_LABEL;
use super::place::UNSEEN_MOUNTS;
use crate::model::EnvValue;
use crate::rules::{Refresh, Sight};
use crate::text::Span;

/// A fact that could not be found out and without which nothing can be judged.
#[derive(Debug, Clone)]
pub(crate) struct UnknownFact {
    /// What is not known, a sentence.
    pub(crate) problem: String,
    /// The same as a clause about one of several, which does not name it.
    pub(crate) detail: String,
    pub(crate) settle: String,
    pub(crate) span: Span,
}

/// The first part of a place that is not known.
enum UnsetPart<'a> {
    /// A variable.
    Variable(&'a str),
    /// An argument of a script.
    Argument,
    /// What a command prints.
    Output,
    /// Mounts that were not seen.
    Mounts,
}

impl<'a> UnsetPart<'a> {
    fn of(path: &'a str) -> Self {
        let part = path.split_once("${").map_or("", |(_, part)| part);
        let end = part.find(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).unwrap_or(part.len());
        match part.get(..end).unwrap_or("") {
            _ if path.starts_with(UNSEEN_MOUNTS) => Self::Mounts,
            "" if part.starts_with("$(") || part.starts_with('`') => Self::Output,
            name if name.is_empty() || name.starts_with(|ch: char| ch.is_ascii_digit()) => Self::Argument,
            name => Self::Variable(name),
        }
    }

    /// Why the place is not known.
    fn why(&self) -> String {
        match self {
            Self::Variable(name) => format!("{name} is not set"),
            Self::Argument => "an argument of the script says where it is".to_owned(),
            Self::Output => "a command prints where it is".to_owned(),
            Self::Mounts => "not all of its mounts were seen".to_owned(),
        }
    }

    /// What makes it known; `in_script` where a script says it.
    fn settle(&self, in_script: bool) -> String {
        match self {
            Self::Variable(name) if in_script => {
                format!("set {name} where overlock runs, or give it a default in the script: ${{{name}:-default}}")
            }
            Self::Variable(name) => {
                format!("set {name} where overlock runs (or in .env), or give it a default: ${{{name}:-default}}")
            }
            Self::Mounts => "write its mounts out where it is started".to_owned(),
            Self::Argument | Self::Output => {
                "write the directory out where the container is started, or give each start a volume of its own"
                    .to_owned()
            }
        }
    }
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
        let name = candidate.container.told_name();
        let unreadable = [&candidate.role.unreadable, &candidate.version.unreadable, &candidate.guard.unreadable];
        if let Some(evidence) = unreadable.into_iter().flatten().next() {
            let unknown_fact = UnknownFact {
                problem: format!("{name} declares something that is not understood: {}", evidence.text),
                detail: format!("declares something that is not understood: {}", evidence.text),
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
                detail: format!("was not seen whole: {}", unseen.what),
                settle: if candidate.container.is_running() {
                    "run overlock as root on the engine's host (in a container: with --pid host and --proc), and where the capture was taken, if it is one".to_owned()
                } else {
                    format!(
                        "put that where overlock can read it; or label with `{ROLE_LABEL}: none` what does not run {}",
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
                detail: format!("where it keeps its state depends on a variable: {}", candidate.state.path),
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
                detail: format!(
                    "whether the program looks at {target}, where a state directory is mounted, is not known"
                ),
                settle: format!(
                    "set {variable} or HOME in the service's environment; or where {} does not run, label it `{ROLE_LABEL}: none` or mount it read-only",
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
                detail: format!("what is mounted at {} may be its state directory", mount.target.text),
                settle: "set the variable where overlock runs, or give it a default: ${NAME:-default}".to_owned(),
                span: mount.span,
            };
            return Some((Sight::Target, unknown_fact));
        }
        if let Some(peer) = self.unseen_peers.reaching(candidate) {
            let place = candidate.login_directory().name().text;
            let other = peer.container.told_name();
            let why = peer.container.unseen.first().map_or("it was not seen whole", |unseen| unseen.what.as_str());
            let unknown_fact = UnknownFact {
                problem: format!("whether {other} uses {place} as well as {name} is not known: {why}"),
                detail: format!("whether {other} uses {place} too is not known: {why}"),
                settle: format!(
                    "look again once {other} can be inspected; if it does not run {}, label it `{ROLE_LABEL}: none`",
                    candidate.profile.name
                ),
                span: candidate.span(),
            };
            return Some((Sight::Place, unknown_fact));
        }
        self.open_place(candidate).map(|unknown_fact| (Sight::Place, unknown_fact))
    }

    /// That a place which is not known, its own or another's, may be one that both use.
    fn open_place(&self, candidate: &Candidate<'_>) -> Option<UnknownFact> {
        let waits = candidate.refresh != Refresh::No && !self.all_settled();
        let open = self.unresolved.unresolved_of(candidate).filter(|_| waits)?;
        let name = candidate.container.told_name();
        let cause = UnsetPart::of(&open.login.place.path);
        let (place, why) = (candidate.login_directory().name().text, cause.why());
        let (problem, detail) = if open.index == candidate.index && open.login.place == candidate.login.place {
            (
                format!("whether {name} shares its state directory {place} with others is not known: {why}"),
                format!("whether others use {place} is not known: {why}"),
            )
        } else {
            let other = open.container.told_name();
            (
                format!("whether {other} uses {place} too, as {name} does, is not known: {why}"),
                format!("{other} may use the same: {why}"),
            )
        };
        let settle = cause.settle(open.container.start.is_some());
        Some(UnknownFact { problem, detail, settle, span: candidate.span() })
    }

    /// Whether every participant takes a lock inside the directory, so that sharing it is safe wherever it is.
    fn all_settled(&self) -> bool {
        let mut refreshing =
            self.candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
        refreshing.all(|candidate| candidate.profile.is_settled(candidate.version.range.as_ref()))
    }
}
