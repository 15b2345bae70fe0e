//! From a layout to a report: places, exclusion, facts, the matrix. Pure: no clock, no environment, no I/O.
//! May use `model`, `ruleset` and `finding`.

mod auth;
mod expand;
mod files;
mod group;
mod guard;
mod locate;
mod lock;
mod place;
mod program;
mod reach;
mod role;
mod sight;
mod spawner;
mod state;
mod subject;
mod unresolved;
mod verdict;
mod version;
mod words;

use crate::finding::{Finding, LockName, Participant, Report, UNDETERMINED, Verdict};
use crate::model::{Layout, parent_and_name};
use crate::ruleset::{
    Access, Auth, Bind, Config, Declaration, Facts, FlockSupport, Guard, GuardFault, Host, Identity, Key, Landing,
    Peers, Refresh, Ruleset, Severity, Sight, Spawner, Users,
};
use group::{OnHost, Relation, groups, relate};
pub use locate::locate;
use lock::leftover;
use place::Filesystem;
use program::{Runs, declare};
use state::is_home;
use subject::{Subject, flock_problem, side_file_fact, subjects};
use unresolved::Unresolved;
use verdict::{Case, names};

/// Judges a layout by the rules.
pub fn judge(mut layout: Layout, rules: &Ruleset, config: &Config) -> Report {
    let containers = layout.containers.iter().filter(|container| !container.is_host()).count();
    let mut report = Report { containers, ..Report::default() };
    declare(&mut layout.containers, config);
    for profile in &rules.profiles {
        let containers = layout.containers.iter().enumerate();
        let home = layout.home.as_deref();
        let mut all: Vec<Subject<'_>> =
            containers.flat_map(|(at, container)| subjects(at, container, profile, rules, home)).collect();
        reach::mark(&mut all, rules);
        all.retain(|subject| subject.listed);
        // Names, not the order of files, decide who comes first.
        all.sort_by(|a, b| order(a).cmp(&order(b)));
        let judgement = Judgement { rules, config, home, subjects: &all, unresolved: Unresolved::of(&all) };
        judgement.report(&mut report);
    }
    spawner::find(&layout, rules, &mut report);
    report.diagnostics = layout.diagnostics;
    report
}

fn order<'a>(subject: &'a Subject<'_>) -> (&'a Option<String>, &'a str, &'a str) {
    (&subject.container.project, &subject.container.name, &subject.state.path)
}

struct Judgement<'a, 'b> {
    rules: &'a Ruleset,
    config: &'b Config,
    home: Option<&'b str>,
    subjects: &'b [Subject<'a>],
    unresolved: Unresolved<'b>,
}

impl<'a> Judgement<'a, '_> {
    fn report(&self, report: &mut Report) {
        let mut cases = Vec::with_capacity(self.subjects.len());
        for group in groups(self.subjects) {
            let host = self.host_of(&group);
            let mut told = false;
            for (at, relation) in relate(self.subjects, &group, host) {
                let Some(subject) = self.subjects.get(at) else { continue };
                let mut facts = self.facts(subject, &relation, host);
                // A person on the host is one note for the whole group, not one for each of its members.
                if facts.host == Host::Presumed && facts.refresh != Refresh::No {
                    facts.host = if told { Host::Absent } else { Host::Presumed };
                    told = true;
                }
                cases.push((at, subject, relation, facts));
            }
        }
        let mut rows: Vec<Option<Row>> = self.subjects.iter().map(|_| None).collect();
        let judged = in_parallel(&cases, |(at, subject, relation, facts)| (*at, self.row(subject, relation, *facts)));
        for (at, row) in judged {
            if let Some(slot) = rows.get_mut(at) {
                *slot = Some(row);
            }
        }
        for (subject, row) in self.subjects.iter().zip(rows) {
            let (participant, findings) = row.unwrap_or_else(|| (bystander(subject), Vec::new()));
            report.participants.push(participant);
            report.findings.extend(findings);
        }
    }

    /// Whether a person on the host may use the directory of this group: it is the program's own in a home.
    fn host_of(&self, group: &[usize]) -> bool {
        let mut all = group.iter().filter_map(|at| self.subjects.get(*at));
        // Who is seen there need not be presumed.
        if all.clone().any(|subject| subject.container.is_host()) {
            return false;
        }
        let Some(subject) = all.next() else { return false };
        let place = subject.login_directory();
        let home = parent_and_name(&place.path).filter(|(_, name)| *name == subject.profile.state_directory.default);
        let person = home.is_some_and(|(home, _)| is_home(home) || self.home == Some(home));
        place.filesystem == Filesystem::Host
            && person
            && self.config.host.participates != Some(crate::ruleset::Answer::No)
    }

    fn facts(&self, subject: &Subject<'a>, relation: &Relation, host: bool) -> Facts {
        let mismatch = relation.guard_differs && subject.guard.fault == GuardFault::None;
        let guard = if mismatch { Guard::Broken } else { subject.guard.state };
        let guard_fault = if mismatch { GuardFault::Mismatch } else { subject.guard.fault };
        let no_lock_shared = subject.locks.iter().all(|lock| lock.place.is_private());
        let key = match (&subject.auth.key, subject.auth.key_unknown) {
            (Some(_), _) => Key::Present,
            (None, true) => Key::Unknown,
            (None, false) => Key::Absent,
        };
        let contradicted = subject.role.contradiction.is_some()
            || subject.version.contradiction.is_some()
            || subject.guard.contradiction.is_some();
        Facts {
            refresh: subject.refresh,
            auth: subject.auth.auth,
            peers: relation.peers,
            internal_lock: relation.internal_lock,
            guard,
            guard_fault,
            role: subject.role.role,
            scope: subject.scope,
            access: subject.access,
            side_file: side_file_fact(subject),
            landing: if no_lock_shared { Landing::Private } else { Landing::Shared },
            key,
            identity: if subject.clone.is_some() { Identity::Cloned } else { Identity::Own },
            host: match relation.on_host {
                OnHost::Covered => Host::Covered,
                OnHost::Exposed => Host::Shown,
                OnHost::Nobody if host => self.host_fact(subject),
                OnHost::Nobody => Host::Absent,
            },
            users: if relation.users_differ { Users::Differ } else { Users::Same },
            flock_support: flock_problem(subject, &self.rules.filesystems, relation.hosts_differ)
                .map_or(FlockSupport::Yes, |_| FlockSupport::No),
            declaration: if contradicted { Declaration::Contradicted } else { Declaration::Agrees },
            sight: self.blind(subject).map_or(Sight::Clear, |(sight, _)| sight),
            bind: subject
                .login
                .mount
                .map_or(Bind::Fresh, |mount| if mount.stale.is_some() { Bind::Stale } else { Bind::Fresh }),
            leftover: leftover(subject.left.as_ref()),
            spawner: Spawner::No,
        }
    }

    fn host_fact(&self, subject: &Subject<'_>) -> Host {
        use crate::ruleset::Answer;
        if self.config.host.participates != Some(Answer::Yes) {
            return Host::Presumed;
        }
        let directory = subject.login_directory();
        let taken = subject.profile.locks_of(self.config.host.version.as_ref());
        let theirs = taken.iter().map(|lock| directory.with_path(lock.path.replace("{state_dir}", &directory.path)));
        let internal = theirs.into_iter().any(|place| subject.locks.iter().any(|lock| lock.place == place));
        let usual = directory.with_path(format!("{}/{}", directory.path, subject.profile.guard.file));
        let guarded = self.config.host.guard == Some(Answer::Yes) && subject.guard_place() == Some(&usual);
        if internal || guarded { Host::Covered } else { Host::Shown }
    }

    fn row(&self, subject: &Subject<'a>, relation: &Relation, facts: Facts) -> Row {
        let blind = self.blind(subject).map(|(_, blind)| blind);
        let case = Case { rules: self.rules, subjects: self.subjects, subject, relation, facts, blind };
        let answer = case.answer();
        let verdict = answer.findings.iter().map(weight).max().unwrap_or(Verdict::Ok);
        let reason = if verdict == Verdict::Ok { answer.reason.unwrap_or_default() } else { String::new() };
        let mut participant = participant(subject, verdict, reason);
        participant.peers = names(self.subjects, &relation.others, subject.container);
        participant.peer_count = relation.other_count;
        let alone = relation.other_count == 0 && facts.peers == Peers::None;
        participant.auth = match subject.auth.auth {
            Auth::Stopped => "not-refreshed",
            Auth::Unknown => "unknown",
            Auth::Refreshes if alone => "own-login",
            Auth::Refreshes => "shared-login",
        };
        participant.internal_lock = facts.internal_lock.name();
        participant.guard = facts.guard.name();
        participant.guard_evidence.clone_from(&subject.guard.evidence);
        participant.guard_place = subject.guard.landing.as_ref().map(|landing| landing.place.name());
        (participant, answer.findings)
    }
}

/// A participant with what is wrong.
type Row = (Participant, Vec<Finding>);

/// Below this many participants a second thread costs more than it saves.
const WORTH_A_THREAD: usize = 1000;

/// Applies a function to all, on all cores where there are many; the order is kept.
fn in_parallel<T: Sync, R: Send>(items: &[T], apply: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = (items.len() / WORTH_A_THREAD).clamp(1, cores);
    let share = items.len().div_ceil(threads).max(1);
    let (first, others) = items.split_at(share.min(items.len()));
    std::thread::scope(|scope| {
        let apply = &apply;
        let start = |chunk| scope.spawn(move || <[T]>::iter(chunk).map(apply).collect::<Vec<R>>());
        let workers: Vec<_> = others.chunks(share).map(start).collect();
        let mut results: Vec<R> = first.iter().map(apply).collect();
        for worker in workers {
            match worker.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

/// What a finding makes of its participant's verdict.
fn weight(finding: &Finding) -> Verdict {
    match finding.severity {
        _ if finding.rule == UNDETERMINED => Verdict::Undetermined,
        Severity::Error => Verdict::Error,
        Severity::Warning => Verdict::Warning,
        Severity::Note => Verdict::Ok,
    }
}

/// A container that has the directory but does not take part.
fn bystander(subject: &Subject<'_>) -> Participant {
    let reason = match &subject.runs {
        Runs::No(evidence) => evidence.text.clone(),
        Runs::Yes(_) | Runs::Unknown => String::new(),
    };
    participant(subject, Verdict::NotAParticipant, reason)
}

fn participant(subject: &Subject<'_>, verdict: Verdict, reason: String) -> Participant {
    let locks = subject.locks.iter().map(|lock| LockName { path: lock.path.clone(), place: lock.place.name() });
    Participant {
        container: subject.container.name.clone(),
        project: subject.container.project.clone(),
        origin: match () {
            () if subject.container.is_host() => "host",
            () if subject.container.is_running() => "engine",
            () if subject.container.start.is_some() => "script",
            () => "compose",
        },
        program: subject.profile.id.clone(),
        state_dir: subject.state.path.clone(),
        place: subject.login_directory().name(),
        peers: Vec::new(),
        peer_count: 0,
        role: subject.role.role.name(),
        auth: "not-refreshed",
        scope: subject.scope.name(),
        access: if subject.access == Access::ReadOnly { "ro" } else { "rw" },
        version: subject.version.range.as_ref().map(ToString::to_string),
        internal_lock: "coherent",
        locks: locks.collect(),
        guard: subject.guard.state.name(),
        guard_path: subject.guard.path.clone(),
        guard_place: None,
        guard_evidence: Vec::new(),
        verdict,
        reason,
        span: subject.container.span,
    }
}
