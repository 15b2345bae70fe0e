//! From a layout to participants and what each breaks: places, exclusion, facts, the matrix. Pure: no clock, no environment, no I/O.
//! May use `model`, `rules` and `finding`.

mod apart_processes;
mod candidate;
mod copied_logins;
mod exclusion;
mod fleet;
mod lent_copies;
mod mistakes;
mod never_at_once;
mod path_lookup;
mod place;
mod rests_on;
mod stray_mounts;
mod tables;
mod turns;
mod undeclared;
mod undetermined;
mod unresolved_places;
mod unseen_mounts;
mod unseen_peers;
mod unset_part;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::finding::{Basis, Breach, Judged, LockName, LoginPlace, MountText, Participant, UNDETERMINED, Verdict};
use crate::model::{Container, Layout, parent_and_name};
use crate::parallel::map_chunks;
use crate::rules::{
    Access, Answer, Auth, Config, Facts, Filesystems, Guard, GuardFault, InternalLock, Overlap, Peers, Profile,
    Refresh, Ruleset, Scope, Severity, Sight, Spawner,
};
use crate::text::FileId;
use apart_processes::join_apart_processes;
use candidate::Candidate;
use candidate::calls::{RunsProgram, apply_declarations, is_declared, restore_declarations, take_declarations};
pub(crate) use candidate::calls::{package_version, program_calls};
pub(crate) use candidate::installations::last_installation;
pub(crate) use candidate::program_version::read_version;
use candidate::state_dir::is_home;
use copied_logins::CopiedLogins;
use exclusion::{Relation, login_groups, relate_members};
pub use fleet::{Withheld, join_withheld, reaches_other_hosts, withhold};
pub use path_lookup::locate_paths;
use place::{Filesystem, Place, is_of_variable};
use rests_on::variables_rested_on;
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
use tables::{ask_tables, ask_verdict, spawner};
use undeclared::{mark_declared, worst_verdicts};
use unresolved_places::UnresolvedPlaces;
use unseen_peers::UnseenPeers;

/// Judges a layout by the rules, with the severities that the configuration gives them. What is declared counts; a
/// verdict that would be worse without it says so. Declarations of the configuration are in the layout afterwards, and its
/// diagnostics in the answer.
pub fn judge(layout: &mut Layout, rules: &Ruleset, config: &Config) -> Judged {
    apply_declarations(&mut layout.containers, config);
    mistakes::settle_mistakes(layout, rules);
    // Before all that is told of them is in memory.
    let undeclared = (is_declared(&layout.containers) || config.changes_verdicts()).then(|| {
        let declared = take_declarations(&mut layout.containers);
        let judged = judge_declared(layout, rules, &Config::default(), AnswerExtent::Verdicts);
        restore_declarations(&mut layout.containers, declared);
        worst_verdicts(judged)
    });
    let mut judged = judge_declared(layout, &graded(rules, config), config, AnswerExtent::Everything);
    if let Some(undeclared) = undeclared {
        mark_declared(&mut judged, &undeclared);
    }
    judged.diagnostics.append(&mut layout.diagnostics);
    judged.call_files = call_files(&layout.containers, &rules.profiles);
    judged.files = std::mem::take(&mut layout.judged);
    judged.unread_files = std::mem::take(&mut layout.not_judged);
    judged.excluded = std::mem::take(&mut layout.excluded);
    judged
}

/// Judges a layout that was judged before, or a part of it, after a change: the same rules, and no word about what is only
/// declared. What is broken has no words and no locations: nobody reads it.
pub fn judge_again(layout: &Layout, rules: &Ruleset, config: &Config) -> Judged {
    judge_declared(layout, &graded(rules, config), config, AnswerExtent::Rules)
}

/// What of a judgement is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerExtent {
    /// All that is to be told.
    Everything,
    /// Who breaks which rule, without words about it.
    Rules,
    /// The verdicts: what is told of them would be thrown away.
    Verdicts,
}

/// The files that calls of known programs are written in, whichever file describes the container.
fn call_files(containers: &[Container], profiles: &[Profile]) -> BTreeSet<FileId> {
    let calls = containers.iter().flat_map(|container| &container.script.invocations);
    let is_known = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        profiles.iter().any(|profile| profile.commands.iter().any(|command| command == name))
    };
    let known = calls.filter(|call| call.argv.first().is_some_and(|word| is_known(word)));
    known.map(|call| call.span.file).collect()
}

/// The rules with the severities of a configuration, where it has any.
fn graded<'a>(rules: &'a Ruleset, config: &Config) -> Cow<'a, Ruleset> {
    if config.severity.is_empty() { Cow::Borrowed(rules) } else { Cow::Owned(rules.graded(config)) }
}

/// Judges a layout by what it and the configuration say.
fn judge_declared(layout: &Layout, rules: &Ruleset, config: &Config, told: AnswerExtent) -> Judged {
    let containers = layout.containers.iter().filter(|container| !container.is_host()).count();
    let mut judged = Judged { containers, ..Judged::default() };
    for profile in &rules.profiles {
        let containers = layout.containers.iter().enumerate();
        let home = layout.home.as_deref();
        // Most have one, and of thousands of hosts a list that doubles is what takes most memory.
        let mut all: Vec<Candidate<'_>> = Vec::with_capacity(layout.containers.len());
        all.extend(
            containers.flat_map(|(at, container)| candidate::candidates_of(at, container, profile, rules, home)),
        );
        lent_copies::add_lent_copies(&layout.containers, &mut all, profile, rules);
        stray_mounts::mark_stray_mounts(&mut all, rules);
        unseen_mounts::list_unseen_mounts(&mut all);
        let unseen_peers = UnseenPeers::of_candidates(&all, rules);
        all.retain(|candidate| candidate.listed);
        // Names, not the order of files, decide who comes first.
        all.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        share_shown_places(&mut all);
        join_apart_processes(&mut all);
        let unresolved = UnresolvedPlaces::of_candidates(&all);
        let copied_logins = CopiedLogins::of_candidates(&all);
        let unknown_types = undetermined::hosts_of_unknown_types(&all, rules);
        let all_settled = undetermined::all_settled(&all);
        judged.diagnostics.extend(fleet::differing_clocks(&all));
        let candidates = &all;
        let judgement = Judgement {
            rules,
            config,
            home,
            candidates,
            unresolved,
            unseen_peers,
            copied_logins,
            unknown_types,
            all_settled,
            told,
        };
        judgement.judge_all(&mut judged);
    }
    spawner::find_spawners(layout, rules, &mut judged);
    judged
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
    copied_logins: CopiedLogins<'b>,
    /// The hosts that have logins on each type of filesystem that is not known to be local.
    unknown_types: BTreeMap<&'b str, BTreeSet<&'b str>>,
    /// Whether sharing a directory is safe for every participant, wherever that is.
    all_settled: bool,
    told: AnswerExtent,
}

impl<'a> Judgement<'a, '_> {
    fn judge_all(&self, judged: &mut Judged) {
        let (first_participant, first_login) = (judged.participants.len(), judged.logins.len());
        let mut logins = vec![first_login; self.candidates.len()];
        let mut members = Vec::with_capacity(self.candidates.len());
        for (number, group) in login_groups(self.candidates).into_iter().enumerate() {
            let login = first_login + number;
            judged.logins.extend(login_place(group.iter().filter_map(|at| self.candidates.get(*at))));
            for at in &group {
                if let Some(slot) = logins.get_mut(*at) {
                    *slot = login;
                }
            }
            let host = self.is_persons_login(&group);
            for (at, relation) in relate_members(self.candidates, &group, host) {
                let Some(candidate) = self.candidates.get(at) else { continue };
                let facts = self.facts(candidate, &relation, host);
                members.push(LoginMember {
                    at,
                    participant: first_participant + at,
                    login,
                    candidate,
                    relation,
                    facts,
                });
            }
        }
        let mut rows: Vec<Option<JudgedRow>> = self.candidates.iter().map(|_| None).collect();
        let answers = map_chunks(&members, WORTH_A_THREAD, |members| {
            members.iter().map(|member| (member.at, self.row(member))).collect()
        });
        for (at, row) in answers {
            if let Some(slot) = rows.get_mut(at) {
                *slot = Some(row);
            }
        }
        self.copied_logins.tell_users(self.candidates, &mut rows);
        judged.participants.reserve_exact(rows.len());
        for ((candidate, row), login) in self.candidates.iter().zip(rows).zip(logins) {
            let (participant, mut breaches) =
                row.unwrap_or_else(|| (bystander_row(candidate, &self.rules.filesystems, login), Vec::new()));
            // Candidates and participants are in the same order.
            for peer in breaches.iter_mut().filter_map(|breach| breach.at_fault.as_mut()).flatten() {
                *peer += first_participant;
            }
            judged.participants.push(participant);
            judged.breaches.extend(breaches);
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
            overlap: overlap_fact(candidate, relation),
            internal_lock: relation.internal_lock,
            guard: if mismatch { Guard::Broken } else { self.guard_state(candidate, relation) },
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
            sight: self.unknown_fact(candidate, relation).map_or(Sight::Clear, |(sight, _)| sight),
            bind: bind_fact(candidate),
            leftover: leftover_fact(candidate),
            spawner: Spawner::No,
        }
    }

    /// The guard's state; a call goes past one only where somebody takes one, and one keeps nobody away who takes none.
    fn guard_state(&self, candidate: &Candidate<'a>, relation: &Relation) -> Guard {
        let mut others = relation.others.iter().filter_map(|at| self.candidates.get(*at));
        let is_taken = candidate.guard.is_elsewhere || others.any(|other| other.guard.path.is_some());
        match candidate.guard.state {
            Guard::Bypassed if !is_taken => Guard::Absent,
            Guard::Held if !relation.unsafe_peers.is_empty() => Guard::OneSided,
            state => state,
        }
    }

    /// How many of these are another way to a start, or another variant of a service, than one that counts already: of
    /// such, one alone runs at a time.
    fn count_ways(&self, others: &[usize]) -> usize {
        let containers = others.iter().filter_map(|at| self.candidates.get(*at)).map(|one| (one.index, one.container));
        let containers: BTreeMap<usize, &'a Container> = containers.collect();
        let name = |container: &'a Container| (container.project.as_deref(), container.told_name());
        let names: BTreeSet<(Option<&str>, &str)> = containers.values().copied().map(name).collect();
        containers.len() - names.len()
    }

    fn row(&self, member: &LoginMember<'a, '_>) -> JudgedRow {
        let LoginMember { participant, login, candidate, relation, facts, .. } = member;
        let (participant, login, facts) = (*participant, *login, *facts);
        let (rules, candidates) = (self.rules, self.candidates);
        let copied_from = self.copied_logins.users_of(candidate);
        let mut case =
            Case { rules, candidates, candidate, participant, login, relation, facts, copied_from, unknown_fact: None };
        if let Some(verdict) = (self.told == AnswerExtent::Verdicts).then(|| ask_verdict(&case)).flatten() {
            return (participant_row(candidate, &rules.filesystems, login, verdict, String::new()), Vec::new());
        }
        case.unknown_fact = self.unknown_fact(candidate, relation).map(|(_, unknown)| unknown);
        let answer = ask_tables(&case, self.told);
        // What its peers are told of is no worse for it.
        let own = answer.breaches.iter().filter(|breach| breach.at_fault.is_none());
        let verdict = own.map(breach_verdict).max().unwrap_or(Verdict::Ok);
        let mut reason = if verdict == Verdict::Ok { answer.reason.unwrap_or_default() } else { String::new() };
        if !reason.is_empty() && relation.other_count > 0 && facts.peers == Peers::None && facts.refresh != Refresh::No
        {
            // It is not alone with the directory.
            "none of the others refreshes the login".clone_into(&mut reason);
        } else if !reason.is_empty() && facts.peers == Peers::None && candidate.is_without_login() {
            "there is no login where it looks for one".clone_into(&mut reason);
        } else if !reason.is_empty() && facts.peers == Peers::None && relation.takes_turns {
            "none of the others of that login runs while it does".clone_into(&mut reason);
        }
        if !reason.is_empty() {
            reason.push_str(&variables_rested_on(candidate, relation.other_count > 0));
        }
        let mut participant = participant_row(candidate, &self.rules.filesystems, login, verdict, reason);
        if self.told == AnswerExtent::Everything {
            participant.peers = peer_names(self.candidates, &relation.others, candidate.container);
            participant.guard_evidence.clone_from(&candidate.guard.evidence);
        }
        participant.peer_count = relation.other_count.saturating_sub(self.count_ways(&relation.others));
        let alone = relation.other_count == 0 && facts.peers == Peers::None;
        participant.auth = match candidate.auth.auth {
            Auth::Stopped => "not-refreshed",
            Auth::Unknown => "unknown",
            Auth::Refreshes if alone => "own-login",
            Auth::Refreshes => "shared-login",
        };
        participant.may_overlap = facts.overlap != Overlap::None;
        participant.internal_lock = facts.internal_lock.name();
        if candidate.place.is_private() && is_of_variable(&candidate.state.path) {
            // It may lead into any mount: who else is there is not known.
            participant.auth = "unknown";
            participant.internal_lock = InternalLock::Unknown.name();
        }
        participant.guard = if facts.guard == Guard::OneSided { Guard::Held.name() } else { facts.guard.name() };
        participant.guard_place = candidate.guard.landing.as_ref().map(|landing| landing.place.name());
        (participant, answer.breaches)
    }
}

/// Whether it may run twice at once with nothing that keeps the two apart.
fn overlap_fact(candidate: &Candidate<'_>, relation: &Relation) -> Overlap {
    match candidate.may_overlap() && !relation.is_kept_from_itself {
        true if candidate.container.workplace.is_some() => Overlap::Projects,
        true => Overlap::Possible,
        false => Overlap::None,
    }
}

/// A participant with what is wrong.
type JudgedRow = (Participant, Vec<Breach>);

/// One that takes part, with what the others of its login mean for it.
struct LoginMember<'a, 'b> {
    /// Its index among the candidates.
    at: usize,
    /// Its index among the participants.
    participant: usize,
    /// Its login's index.
    login: usize,
    candidate: &'b Candidate<'a>,
    relation: Relation,
    facts: Facts,
}

/// The place that a group's login lives in: the directory, unless all mount the file in it alone.
fn login_place<'a, 'b: 'a>(mut group: impl Iterator<Item = &'a Candidate<'b>> + Clone) -> Option<LoginPlace> {
    let of_directory = group.clone().find(|candidate| !matches!(candidate.scope, Scope::File | Scope::Link));
    let candidate = of_directory.or_else(|| group.next())?;
    Some(LoginPlace {
        program: candidate.profile.id.clone(),
        program_name: candidate.profile.name.clone(),
        place: candidate.login_directory().name(),
    })
}

/// Below this many participants a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 1000;

/// What a breach makes of its participant's verdict.
fn breach_verdict(breach: &Breach) -> Verdict {
    rule_verdict(&breach.rule, breach.severity)
}

/// What a rule that is broken makes of a verdict.
fn rule_verdict(rule: &str, severity: Severity) -> Verdict {
    if rule == UNDETERMINED { Verdict::Undetermined } else { Verdict::of_severity(severity) }
}

/// A container that has the directory but does not take part.
fn bystander_row(candidate: &Candidate<'_>, filesystems: &Filesystems, login: usize) -> Participant {
    let reason = match &candidate.runs {
        RunsProgram::No(evidence) => evidence.text.clone(),
        RunsProgram::Yes(_) | RunsProgram::Unknown => String::new(),
    };
    participant_row(candidate, filesystems, login, Verdict::NotAParticipant, reason)
}

fn participant_row(
    candidate: &Candidate<'_>,
    filesystems: &Filesystems,
    login: usize,
    verdict: Verdict,
    reason: String,
) -> Participant {
    let container = candidate.container;
    let locks = candidate.locks.iter().map(|lock| LockName { path: lock.path.clone(), place: lock.place.name() });
    Participant {
        container: candidate.container.name.clone(),
        index: candidate.index,
        project: container.project.clone(),
        label: people_name(container),
        name_of_start: container.name_of_start(),
        service: container.lasting_name().to_owned(),
        recurs: container.recurring_name.is_some(),
        instances: candidate.containers(),
        or_more: candidate.containers() > 1 && container.has_any_number(),
        login,
        mount: candidate.login.mount.map(|mount| MountText { span: mount.span, target: mount.target.text.clone() }),
        origin: match () {
            () if candidate.container.is_host() => "host",
            () if candidate.container.is_running() => "engine",
            () if candidate.container.start.is_some() => "script",
            () if container.is_of_devcontainer() => "devcontainer",
            () if container.is_of_job => "nomad",
            () => "compose",
        },
        program: candidate.profile.id.clone(),
        state_dir: candidate.state.path.clone(),
        place: candidate.login_directory().name(),
        within_reach: fleet::is_within_reach(candidate, filesystems),
        may_overlap: false,
        peers: Vec::new(),
        peer_count: 0,
        role: candidate.role.role.name(),
        auth: "not-refreshed",
        scope: candidate.scope.name(),
        access: if candidate.access == Access::ReadWrite { "rw" } else { "ro" },
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

/// How people call a container: a variant of a service with its files.
fn people_name(container: &Container) -> String {
    match &container.variant {
        Some(variant) => format!("{} ({variant})", container.name),
        None => container.told_name().to_owned(),
    }
}
