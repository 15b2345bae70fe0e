//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `rules`, `model` and earlier parts of `judge`.

use super::Judgement;
use super::candidate::Candidate;
use super::candidate::calls::{GUARD_LABEL, ROLE_LABEL, find_declaration, program_arguments, seen_calls};
use super::exclusion::Relation;
use crate::model::{Container, EnvValue, Invocation, program_name};
use crate::rules::{InternalLock, Profile, Refresh, Sight};
use crate::text::Span;

/// A fact that could not be found out and without which nothing can be judged.
#[derive(Debug, Clone)]
pub(crate) struct UnknownFact {
    pub(crate) problem: String,
    pub(crate) settle: String,
    pub(crate) span: Span,
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

/// The call at the beginning of what a container runs that keeps it waiting as long as this, before any call of the program
/// and not aside: in a loop it is a pause between calls.
fn first_idle_call<'a>(container: &'a Container, profile: &Profile, seconds: f64) -> Option<&'a Invocation> {
    let before = seen_calls(container).take_while(|call| program_arguments(call, profile).is_none());
    let plain = before.filter(|call| !call.aside && !call.conditional);
    plain.into_iter().find(|call| idle_seconds(call).is_some_and(|idle| idle >= seconds))
}

/// How long a call of `sleep` (coreutils' and busybox's) or `tail -f` does nothing.
fn idle_seconds(call: &Invocation) -> Option<f64> {
    let words = call.argv.iter().skip(1);
    match program_name(call) {
        "sleep" => words.map(|word| duration(word)).sum(),
        "tail" => {
            let follows = words.clone().any(|word| matches!(&**word, "-f" | "-F" | "--follow"));
            (follows && words.into_iter().any(|word| &**word == "/dev/null")).then_some(f64::INFINITY)
        }
        _ => None,
    }
}

fn duration(word: &str) -> Option<f64> {
    let number = word.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match word.get(number.len()..)? {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    if matches!(word, "infinity" | "inf") { Some(f64::INFINITY) } else { Some(number.parse::<f64>().ok()? * unit) }
}

/// What is not seen of a planned one that does nothing for a long time before it takes its flock: it is kept up to be
/// entered, and what is called in it from outside takes none. Where another lock joins it with its peers that does
/// not matter.
fn unseen_beginning(candidate: &Candidate<'_>, relation: &Relation) -> Option<UnknownFact> {
    let matters = relation.other_count > 0
        && relation.internal_lock != InternalLock::Coherent
        && candidate.refresh != Refresh::No
        && candidate.guard_place().is_some()
        && !candidate.container.is_running()
        && find_declaration(candidate.container, GUARD_LABEL).is_none();
    let longest = f64::from(candidate.profile.guard.longest_call_seconds);
    let idle = matters.then(|| first_idle_call(candidate.container, candidate.profile, longest)).flatten()?;
    let (name, program) = (&candidate.container.name, &candidate.profile.name);
    Some(UnknownFact {
        problem: format!(
            "{name} runs {} before it calls {program}, and whether others call {program} in it meanwhile (docker exec) is not known",
            idle.command_line()
        ),
        settle: format!(
            "take that out of its script; or, where every call in it takes the flock, say so with the label `{GUARD_LABEL}`"
        ),
        span: idle.span,
    })
}

impl Judgement<'_, '_> {
    /// The first thing that is not seen and on which the verdict hangs.
    pub(super) fn unknown_fact(&self, candidate: &Candidate<'_>, relation: &Relation) -> Option<(Sight, UnknownFact)> {
        let beginning = || unseen_beginning(candidate, relation).map(|unknown| (Sight::Part, unknown));
        self.unseen_fact(candidate).or_else(beginning)
    }

    fn unseen_fact(&self, candidate: &Candidate<'_>) -> Option<(Sight, UnknownFact)> {
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
