//! From a layout to a report: places, exclusion, facts, the matrix. Pure: no clock, no environment, no I/O.
//! May use `model`, `rules` and `finding`.

mod candidate;
mod exclusion;
mod path_lookup;
mod place;
mod stray_mounts;
mod tables;
mod undetermined;
mod unresolved_places;
mod unseen_peers;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::finding::{Basis, Finding, LockName, Participant, Report, UNDETERMINED, Verdict};
use crate::model::{Layout, parent_and_name};
use crate::parallel::map_chunks;
use crate::rules::{
    Access, Answer, Auth, Config, Facts, Guard, GuardFault, Host, Peers, Refresh, Ruleset, Severity, Sight, Spawner,
};
use candidate::Candidate;
use candidate::calls::{RunsProgram, apply_declarations, is_declared, undeclare};
use candidate::state_dir::is_home;
use exclusion::{Relation, login_groups, relate_members};
pub use path_lookup::locate_paths;
use place::{Filesystem, Place};
use tables::bind::bind_fact;
use tables::case::{Case, peer_names};
use tables::declaration::declaration_fact;
use tables::filesystem::flock_support_fact;
use tables::host::host_fact;
use tables::identity::identity_fact;
use tables::key::key_fact;
use tables::landing::landing_fact;
use tables::leftover::leftover_fact;
use tables::side_file::side_file_fact;
use tables::users::users_fact;
use tables::{ask_tables, spawner};
use unresolved_places::UnresolvedPlaces;
use unseen_peers::UnseenPeers;

/// Judges a layout by the rules, with the severities that the configuration gives them. What is declared counts; a
/// verdict that would be worse without it says so.
pub fn judge(mut layout: Layout, rules: &Ruleset, config: &Config) -> Report {
    apply_declarations(&mut layout.containers, config);
    let mut report = judge_declared(&layout, &graded(rules, config), config);
    if is_declared(&layout.containers) || config.changes_verdicts() {
        undeclare(&mut layout.containers);
        mark_declared(&mut report, &judge_declared(&layout, rules, &Config::default()));
    }
    report.diagnostics = layout.diagnostics;
    report
}

/// The rules with the severities of a configuration, where it has any.
fn graded<'a>(rules: &'a Ruleset, config: &Config) -> Cow<'a, Ruleset> {
    if config.severity.is_empty() { Cow::Borrowed(rules) } else { Cow::Owned(rules.graded(config)) }
}

/// Marks the verdicts that are worse where nothing is declared.
fn mark_declared(report: &mut Report, undeclared: &Report) {
    type Use<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);
    fn use_of(one: &Participant) -> Use<'_> {
        (&one.program, one.project.as_deref(), &one.container, &one.state_dir)
    }
    let mut worst: HashMap<Use<'_>, Verdict> = HashMap::new();
    for one in &undeclared.participants {
        let known = worst.entry(use_of(one)).or_insert(one.verdict);
        *known = one.verdict.max(*known);
    }
    for one in &mut report.participants {
        if worst.get(&use_of(one)).is_some_and(|verdict| *verdict > one.verdict) {
            one.basis = Basis::Declared;
        }
    }
}

/// Judges a layout by what it and the configuration say.
fn judge_declared(layout: &Layout, rules: &Ruleset, config: &Config) -> Report {
    let containers = layout.containers.iter().filter(|container| !container.is_host()).count();
    let mut report = Report { containers, ..Report::default() };
    for profile in &rules.profiles {
        let containers = layout.containers.iter().enumerate();
        let home = layout.home.as_deref();
        let mut all: Vec<Candidate<'_>> = containers
            .flat_map(|(at, container)| candidate::candidates_of(at, container, profile, rules, home))
            .collect();
        stray_mounts::mark_stray_mounts(&mut all, rules);
        let unseen_peers = UnseenPeers::of_candidates(&all, rules);
        all.retain(|candidate| candidate.listed);
        // Names, not the order of files, decide who comes first.
        all.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        share_shown_places(&mut all);
        let unresolved = UnresolvedPlaces::of_candidates(&all);
        let judgement = Judgement { rules, config, home, candidates: &all, unresolved, unseen_peers };
        judgement.report(&mut report);
    }
    spawner::find_spawners(layout, rules, &mut report);
    report
}

/// A place that one participant reaches by a variable is shown so for all: who writes the path itself is not told what
/// the variable holds by the name of the place.
fn share_shown_places(candidates: &mut [Candidate<'_>]) {
    let mut hidden: HashSet<Place> = HashSet::new();
    for place in candidates.iter_mut().flat_map(Candidate::places_mut).filter(|place| !place.shown.is_plain()) {
        // The first one stays.
        hidden.insert(place.clone());
    }
    if hidden.is_empty() {
        return;
    }
    for place in candidates.iter_mut().flat_map(Candidate::places_mut) {
        if let Some(known) = hidden.get(place) {
            place.shown = known.shown.clone();
        }
    }
}

fn sort_key<'a>(candidate: &'a Candidate<'_>) -> (&'a Option<String>, &'a str, &'a str) {
    (&candidate.container.project, &candidate.container.name, &candidate.state.path)
}

struct Judgement<'a, 'b> {
    rules: &'a Ruleset,
    config: &'b Config,
    home: Option<&'b str>,
    candidates: &'b [Candidate<'a>],
    unresolved: UnresolvedPlaces<'b>,
    unseen_peers: UnseenPeers<'a>,
}

impl<'a> Judgement<'a, '_> {
    fn report(&self, report: &mut Report) {
        let mut cases = Vec::with_capacity(self.candidates.len());
        for group in login_groups(self.candidates) {
            let host = self.is_persons_login(&group);
            let mut told = false;
            for (at, relation) in relate_members(self.candidates, &group, host) {
                let Some(candidate) = self.candidates.get(at) else { continue };
                let mut facts = self.facts(candidate, &relation, host);
                // A person on the host is one note for the whole group, not one for each of its members.
                if facts.host == Host::Presumed && facts.refresh != Refresh::No {
                    facts.host = if told { Host::Absent } else { Host::Presumed };
                    told = true;
                }
                cases.push((at, candidate, relation, facts));
            }
        }
        let mut rows: Vec<Option<Row>> = self.candidates.iter().map(|_| None).collect();
        let judged = map_chunks(&cases, WORTH_A_THREAD, |cases| {
            cases.iter().map(|(at, candidate, relation, facts)| (*at, self.row(candidate, relation, *facts))).collect()
        });
        for (at, row) in judged {
            if let Some(slot) = rows.get_mut(at) {
                *slot = Some(row);
            }
        }
        for (candidate, row) in self.candidates.iter().zip(rows) {
            let (participant, findings) = row.unwrap_or_else(|| (bystander_row(candidate), Vec::new()));
            report.participants.push(participant);
            report.findings.extend(findings);
        }
    }

    /// Whether a person on the host may use the directory of this group: it is the program's own in a home.
    fn is_persons_login(&self, group: &[usize]) -> bool {
        let mut all = group.iter().filter_map(|at| self.candidates.get(*at));
        // Who is seen there need not be presumed.
        if all.clone().any(|candidate| candidate.container.is_host()) {
            return false;
        }
        let Some(candidate) = all.next() else { return false };
        let place = candidate.login_directory();
        let home = parent_and_name(&place.path).filter(|(_, name)| *name == candidate.profile.state_directory.default);
        let person = home.is_some_and(|(home, _)| is_home(home) || self.home == Some(home));
        place.filesystem == Filesystem::Host && person && self.config.host.participates != Some(Answer::No)
    }

    fn facts(&self, candidate: &Candidate<'a>, relation: &Relation, is_persons: bool) -> Facts {
        let mismatch = relation.guard_differs && candidate.guard.fault == GuardFault::None;
        Facts {
            refresh: candidate.refresh,
            auth: candidate.auth.auth,
            peers: relation.peers,
            internal_lock: relation.internal_lock,
            guard: if mismatch { Guard::Broken } else { candidate.guard.state },
            guard_fault: if mismatch { GuardFault::Mismatch } else { candidate.guard.fault },
            role: candidate.role.role,
            scope: candidate.scope,
            access: candidate.access,
            side_file: side_file_fact(candidate),
            landing: landing_fact(candidate),
            key: key_fact(candidate),
            identity: identity_fact(candidate),
            host: host_fact(candidate, relation.on_host, is_persons, &self.config.host),
            users: users_fact(relation),
            flock_support: flock_support_fact(candidate, &self.rules.filesystems, relation.hosts_differ),
            declaration: declaration_fact(candidate),
            sight: self.unknown_fact(candidate).map_or(Sight::Clear, |(sight, _)| sight),
            bind: bind_fact(candidate),
            leftover: leftover_fact(candidate),
            spawner: Spawner::No,
        }
    }

    fn row(&self, candidate: &Candidate<'a>, relation: &Relation, facts: Facts) -> Row {
        let unknown_fact = self.unknown_fact(candidate).map(|(_, unknown)| unknown);
        let case = Case { rules: self.rules, candidates: self.candidates, candidate, relation, facts, unknown_fact };
        let answer = ask_tables(&case);
        let verdict = answer.findings.iter().map(finding_verdict).max().unwrap_or(Verdict::Ok);
        let reason = if verdict == Verdict::Ok { answer.reason.unwrap_or_default() } else { String::new() };
        let mut participant = participant_row(candidate, verdict, reason);
        participant.peers = peer_names(self.candidates, &relation.others, candidate.container);
        participant.peer_count = relation.other_count;
        let alone = relation.other_count == 0 && facts.peers == Peers::None;
        participant.auth = match candidate.auth.auth {
            Auth::Stopped => "not-refreshed",
            Auth::Unknown => "unknown",
            Auth::Refreshes if alone => "own-login",
            Auth::Refreshes => "shared-login",
        };
        participant.internal_lock = facts.internal_lock.name();
        participant.guard = facts.guard.name();
        participant.guard_evidence.clone_from(&candidate.guard.evidence);
        participant.guard_place = candidate.guard.landing.as_ref().map(|landing| landing.place.name());
        (participant, answer.findings)
    }
}

/// A participant with what is wrong.
type Row = (Participant, Vec<Finding>);

/// Below this many participants a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 1000;

/// What a finding makes of its participant's verdict.
fn finding_verdict(finding: &Finding) -> Verdict {
    match finding.severity {
        _ if finding.rule == UNDETERMINED => Verdict::Undetermined,
        Severity::Error => Verdict::Error,
        Severity::Warning => Verdict::Warning,
        Severity::Note => Verdict::Ok,
    }
}

/// A container that has the directory but does not take part.
fn bystander_row(candidate: &Candidate<'_>) -> Participant {
    let reason = match &candidate.runs {
        RunsProgram::No(evidence) => evidence.text.clone(),
        RunsProgram::Yes(_) | RunsProgram::Unknown => String::new(),
    };
    participant_row(candidate, Verdict::NotAParticipant, reason)
}

fn participant_row(candidate: &Candidate<'_>, verdict: Verdict, reason: String) -> Participant {
    let locks = candidate.locks.iter().map(|lock| LockName { path: lock.path.clone(), place: lock.place.name() });
    Participant {
        container: candidate.container.name.clone(),
        project: candidate.container.project.clone(),
        origin: match () {
            () if candidate.container.is_host() => "host",
            () if candidate.container.is_running() => "engine",
            () if candidate.container.start.is_some() => "script",
            () => "compose",
        },
        program: candidate.profile.id.clone(),
        state_dir: candidate.state.path.clone(),
        place: candidate.login_directory().name(),
        peers: Vec::new(),
        peer_count: 0,
        role: candidate.role.role.name(),
        auth: "not-refreshed",
        scope: candidate.scope.name(),
        access: if candidate.access == Access::ReadOnly { "ro" } else { "rw" },
        version: candidate.version.range.as_ref().map(ToString::to_string),
        internal_lock: "coherent",
        locks: locks.collect(),
        guard: candidate.guard.state.name(),
        guard_path: candidate.guard.path.clone(),
        guard_place: None,
        guard_evidence: Vec::new(),
        verdict,
        basis: Basis::Seen,
        reason,
        span: candidate.container.span,
    }
}
