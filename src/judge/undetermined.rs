//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `rules`, `model` and earlier parts of `judge`.

use std::collections::{BTreeMap, BTreeSet};

use super::Judgement;
use super::candidate::Candidate;
use super::candidate::calls::{GUARD_LABEL, ROLE_LABEL, find_declaration, program_arguments, seen_calls};
use super::exclusion::Relation;
use super::unset_part::UnsetPart;
use crate::model::{Container, EnvValue, Invocation, MountSource, program_name};
use crate::rules::{InternalLock, Profile, Refresh, Ruleset, Sight};
use crate::text::Span;

/// What lets all of a running container be seen.
const SEE_ALL: &str = "run overlock as root on the engine's host, and where the capture was taken, if it is one; in a container \
                       with the host's /proc, by --proc, and the capabilities that docs/install.md lists";

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

/// The variable that a state directory is named by.
fn naming_variable<'c>(candidate: &'c Candidate<'_>) -> &'c str {
    candidate.state.path.trim_start_matches("${").split(['}', ':', '-', '/']).next().unwrap_or_default()
}

/// Whether the container sets that to what is known, so that its script alone makes it unknown.
fn is_set_by_container(candidate: &Candidate<'_>) -> bool {
    let set = candidate.container.env.get(naming_variable(candidate)).map(|variable| &variable.value);
    matches!(set, Some(EnvValue::Set(value)) if !value.is_symbolic())
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

/// Whether every participant takes a lock inside the directory, so that sharing it is safe wherever it is.
pub(super) fn all_settled(candidates: &[Candidate<'_>]) -> bool {
    let mut refreshing =
        candidates.iter().filter(|candidate| candidate.takes_part() && candidate.refresh != Refresh::No);
    refreshing.all(|candidate| candidate.profile.is_settled(candidate.version.range.as_ref()))
}

/// That the state directory hangs on a variable, and why that is not known.
fn unknown_state_directory(candidate: &Candidate<'_>, name: &str) -> String {
    let is_by_script = is_set_by_container(candidate) || candidate.state.by_script;
    let why = if is_by_script { "what its script makes of a variable" } else { "a variable that is not set" };
    format!("where {name} keeps its state depends on {why}: {}", candidate.state.path)
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

/// The call at the beginning of what a container runs that keeps it waiting as long as this, before any call of the program
/// and not aside: in a loop it is a pause between calls.
fn first_idle_call<'a>(container: &'a Container, profile: &Profile, seconds: f64) -> Option<&'a Invocation> {
    let before = seen_calls(container).take_while(|call| program_arguments(call, profile).is_none());
    let plain = before.filter(|call| !call.aside && !call.conditional);
    // Behind what never ends nothing follows: a call that is seen comes from outside, and is described.
    let is_long = |idle: f64| idle >= seconds && idle.is_finite();
    plain.into_iter().find(|call| idle_seconds(call).is_some_and(is_long))
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
    let (name, program) = (candidate.container.told_name(), &candidate.profile.name);
    Some(UnknownFact {
        problem: format!(
            "{name} runs {} before it calls {program}, and whether others call {program} in it meanwhile (docker exec) is not known",
            idle.command_line()
        ),
        detail: format!(
            "runs {} first, and whether others call {program} in it meanwhile is not known",
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
        let flock = || self.flock_of_unknown_type(candidate, relation).map(|unknown| (Sight::Place, unknown));
        self.unseen_fact(candidate).or_else(beginning).or_else(flock)
    }

    fn unseen_fact(&self, candidate: &Candidate<'_>) -> Option<(Sight, UnknownFact)> {
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
                    SEE_ALL.to_owned()
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
                problem: unknown_state_directory(candidate, name),
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
        if let Some(unknown_fact) = self.other_hosts_may_reach(candidate) {
            return Some((Sight::Place, unknown_fact));
        }
        self.open_place(candidate).map(|unknown_fact| (Sight::Place, unknown_fact))
    }

    /// That a place which is not known, its own or another's, may be one that both use.
    fn open_place(&self, candidate: &Candidate<'_>) -> Option<UnknownFact> {
        let waits = candidate.refresh != Refresh::No && !self.all_settled;
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

    /// That a flock which alone joins containers of several hosts is on a filesystem of which that is not known.
    fn flock_of_unknown_type(&self, candidate: &Candidate<'_>, relation: &Relation) -> Option<UnknownFact> {
        let matters = relation.hosts_differ
            && relation.other_count > 0
            && relation.internal_lock != InternalLock::Coherent
            && candidate.refresh != Refresh::No;
        let landing = candidate.guard.landing.as_ref().filter(|_| matters && candidate.guard_place().is_some())?;
        let MountSource::Device { fstype, .. } = &landing.mount?.source else { return None };
        if !self.rules.filesystems.is_unknown(fstype) {
            return None;
        }
        let (name, place) = (candidate.container.told_name(), landing.place.name().text);
        Some(UnknownFact {
            problem: format!(
                "whether the external flock of {name} is seen on other hosts is not known: it is on {place}"
            ),
            detail: format!("whether other hosts see its flock on {place} is not known"),
            settle: format!(
                "mount a filesystem whose locks are known, as NFS is; or run {} or later in all of them",
                candidate.profile.settled_since
            ),
            span: landing.mount?.span,
        })
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
            detail: format!("whether {other} reaches {place} too is not known: {fstype} may be of several hosts"),
            settle: format!(
                "give {name} a login on a local filesystem, or on one of NFS or CIFS, whose places and locks are known"
            ),
            span: candidate.span(),
        })
    }
}
