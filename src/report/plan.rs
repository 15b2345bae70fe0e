//! A plan held against what runs: what it introduces, keeps and fixes, and whom it endangers. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use super::hit_change::{KnownHit, change_of};
use super::told_of_others::set_aside_told_of_others;
use crate::finding::{
    Before, Comparison, EXCLUSION, End, Endangered, Gone, Hit, MAX_PEERS, Participant, PlaceName, Report, UNDETERMINED,
    Verdict, Verdicts,
};
use crate::model::ContainerId;
use crate::rules::Severity;

/// Rules about what became of a container since it was started: no plan can bring it, and `docker compose up` leaves a
/// container alone whose configuration did not change.
const OF_WHAT_RUNS: [&str; 2] = ["stale-bind", "unguarded-call"];

/// Which service each running container is of, by its name; others stand for themselves.
pub type Services = BTreeMap<ContainerId, ContainerId>;

/// What a hit of a plan and one of what runs have in common: the family, the login, and the service.
type PlannedHitKey = (String, Option<(String, PlaceName)>, ContainerId);

/// The key of a hit. Files and the engine name the source of a mount otherwise, so that its place is what counts.
fn key(hit: &Hit, report: &Report, services: &Services) -> PlannedHitKey {
    let container = hit.containers.first().unwrap_or(&hit.container);
    let name = ContainerId::new(hit.project.as_deref(), container);
    let login = report.logins.get(hit.login).filter(|_| hit.has_participant());
    let login = login.map(|login| match login.place.kind {
        // What only the container itself can reach is another place each time that it is made.
        kind @ ("private" | "tmpfs") => {
            let path = login.place.path.clone();
            (login.program.clone(), PlaceName { kind, filesystem: None, text: path.clone(), path })
        }
        _ => (login.program.clone(), login.place.clone()),
    });
    (hit.family.clone(), login, services.get(&name).cloned().unwrap_or(name))
}

/// Marks what a plan finds as new, worse or kept, and says what it ends and which running containers it endangers.
/// `running` is what is found of what runs now; `services` tells of its containers which service they are of.
pub fn plan(planned: &mut Report, running: &Report, services: &Services) {
    let mut before: BTreeMap<PlannedHitKey, KnownHit> = BTreeMap::new();
    for hit in &running.hits {
        before.entry(key(hit, running, services)).or_default().add(hit);
    }
    planned.recall_told_of_others();
    let keys: Vec<PlannedHitKey> = planned.hits.iter().map(|hit| key(hit, planned, services)).collect();
    for (hit, key) in planned.hits.iter_mut().zip(&keys) {
        // What takes a flock that others do not take is known where it was as long as it took none.
        let bare = || hit.bare_fingerprint.as_ref().map(|_| (EXCLUSION.to_owned(), key.1.clone(), key.2.clone()));
        let known = before.get(key).or_else(|| before.get(&bare()?));
        hit.change = Some(change_of(hit, known, planned.fail_on));
    }
    let after: BTreeSet<PlannedHitKey> = keys.into_iter().collect();
    set_aside_told_of_others(planned);
    let known = |name: ContainerId| services.get(&name).cloned().unwrap_or(name);
    let mut seen = BTreeSet::new();
    let ended = running.hits.iter().filter(|hit| {
        let key = key(hit, running, services);
        // That a plan can be seen whole where what runs could not fixes nothing; what others did wrong they are told of.
        hit.family != UNDETERMINED && hit.bare_fingerprint.is_none() && !after.contains(&key) && seen.insert(key)
    });
    let of_service = |all: &[Participant]| -> Vec<VerdictOf> {
        all.iter().map(judged).map(|(name, verdict)| (known(name), verdict)).collect()
    };
    planned.comparison = Some(Comparison {
        before: Before::Running,
        gone: ended.map(gone).collect(),
        verdicts: verdicts(
            of_service(&running.participants).into_iter(),
            of_service(&planned.participants).into_iter(),
        ),
        endangered: endangered(planned, running, services),
    });
}

/// The container that a hit is about.
pub(super) fn named(hit: &Hit) -> ContainerId {
    ContainerId::new(hit.project.as_deref(), &hit.container)
}

fn gone(hit: &Hit) -> Gone {
    Gone {
        rule: hit.rule().to_owned(),
        severity: hit.severity(),
        container: hit.container.clone(),
        project: hit.project.clone(),
        message: hit.message().to_owned(),
        fingerprint: hit.fingerprint.clone(),
        since: None,
        end: if OF_WHAT_RUNS.contains(&hit.rule()) { End::Renewed } else { End::Fixed },
    }
}

/// A container and what it is judged.
pub(super) type VerdictOf = (ContainerId, Verdict);

/// The verdict of each before and after; of several containers of one name the worst.
pub(super) fn verdicts(
    before: impl Iterator<Item = VerdictOf>,
    after: impl Iterator<Item = VerdictOf>,
) -> Vec<Verdicts> {
    let mut verdicts: BTreeMap<ContainerId, (Option<Verdict>, Option<Verdict>)> = BTreeMap::new();
    for (name, verdict) in before {
        let pair = verdicts.entry(name).or_default();
        pair.0 = pair.0.max(Some(verdict));
    }
    for (name, verdict) in after {
        let pair = verdicts.entry(name).or_default();
        pair.1 = pair.1.max(Some(verdict));
    }
    let pair =
        |(id, (before, after)): (ContainerId, _)| Verdicts { container: id.name, project: id.project, before, after };
    verdicts.into_iter().map(pair).collect()
}

/// A participant and what it is judged.
pub(super) fn judged(one: &Participant) -> VerdictOf {
    (one.container_id(), one.verdict)
}

/// The containers that run now and that a new finding is about, or that it names as peers.
fn endangered(planned: &Report, running: &Report, services: &Services) -> Vec<Endangered> {
    // Whom a name of the report after stands for: a service for its containers that run, a container for itself.
    let mut standing: BTreeMap<ContainerId, BTreeSet<ContainerId>> = BTreeMap::new();
    for one in running.participants.iter().filter(|one| one.origin == "engine") {
        let name = one.container_id();
        let service = services.get(&name).cloned().unwrap_or_else(|| name.clone());
        standing.entry(service).or_default().insert(name.clone());
        standing.entry(name.clone()).or_default().insert(name);
    }
    let mut known: BTreeMap<String, ContainerId> = BTreeMap::new();
    let mut logins: BTreeMap<ContainerId, &PlaceName> = BTreeMap::new();
    let mut groups: BTreeMap<&PlaceName, BTreeSet<ContainerId>> = BTreeMap::new();
    for one in &planned.participants {
        let name = one.container_id();
        if let Some(project) = &one.project {
            known.insert(format!("{project}/{}", one.container), name.clone());
        }
        logins.entry(name.clone()).or_insert(&one.place);
        groups.entry(&one.place).or_default().insert(name);
    }
    let mut found: BTreeMap<ContainerId, BTreeSet<String>> = BTreeMap::new();
    let new = planned.counting_hits().filter(|hit| hit.is_news() && hit.severity() > Severity::Note);
    for hit in new {
        let by = format!("{} ({})", hit.rule(), hit.container);
        // A peer of another project is named with it.
        let peer = |name: &str| {
            let own = [ContainerId::new(hit.project.as_deref(), name), ContainerId::new(None, name)];
            own.into_iter().chain(known.get(name).cloned())
        };
        let peers = hit.peers();
        // Where not all peers are named, everybody with the same login is meant.
        let cut = (peers.len() >= MAX_PEERS).then(|| logins.get(&named(hit))).flatten();
        let group = cut.and_then(|login| groups.get(login)).into_iter().flatten().cloned();
        let concerned = peers.into_iter().flat_map(peer).chain(group).chain([named(hit)]);
        for name in concerned.filter_map(|name| standing.get(&name)).flatten() {
            found.entry(name.clone()).or_default().insert(by.clone());
        }
    }
    let one = |(id, by): (ContainerId, BTreeSet<String>)| Endangered {
        container: id.name,
        project: id.project,
        by: by.into_iter().collect(),
    };
    found.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Breach, Change};
    use crate::report::{ExitStatus, FailOn, exit_status, report_of};
    use crate::text::Sources;

    fn report(breaches: &[(&str, &str, Severity)], place: &str) -> Report {
        let breach = |(rule, container, severity): &(&str, &str, Severity)| Breach {
            severity: *severity,
            project: Some("p".to_owned()),
            participant: Some(0),
            ..Breach::of(rule, container)
        };
        let mut report = report_of(breaches.iter().map(breach).collect(), &Sources::default());
        report.logins[0].place.path = place.to_owned();
        report.passes_kept = true;
        report
    }

    /// Of each hit of the plan what became of it, what is gone, and how the run ends.
    fn compared(planned: &mut Report, running: &Report) -> (Vec<Change>, Vec<String>, ExitStatus) {
        let services = [("p-agents-1", "agents"), ("p-runner-1", "runner")];
        let name = |name: &str| ContainerId::new(Some("p"), name);
        let services = services.map(|(container, service)| (name(container), name(service)));
        plan(planned, running, &services.into());
        let changes = planned.hits.iter().filter_map(|hit| hit.change).collect();
        let gone = planned.comparison.iter().flat_map(|comparison| &comparison.gone);
        let gone = gone.map(|gone| gone.container.clone()).collect();
        (changes, gone, exit_status(planned, planned.fail_on))
    }

    const ERROR: Severity = Severity::Error;

    #[test]
    fn a_first_deploy_introduces_everything() {
        let mut planned = report(&[("unguarded-share", "agents", ERROR)], "/srv/a");
        let (changes, gone, status) = compared(&mut planned, &Report::default());
        assert_eq!((changes, gone, status), (vec![Change::New], vec![], ExitStatus::Findings));
    }

    #[test]
    fn what_stays_passes_and_what_comes_or_gets_worse_fails() {
        let running = report(&[("unguarded-share", "p-agents-1", ERROR)], "/srv/a");
        let of = |planned: &[(&str, &str, Severity)], place: &str| compared(&mut report(planned, place), &running);
        let (kept, new, worse) = (Change::Kept(None), Change::New, Change::Worse(None));
        let agents = ("unguarded-share", "agents", ERROR);
        assert_eq!(of(&[agents], "/srv/a"), (vec![kept], vec![], ExitStatus::Clean));
        let added = of(&[agents, ("unguarded-share", "runner", ERROR)], "/srv/a");
        assert_eq!(added, (vec![kept, new], vec![], ExitStatus::Findings));
        let further = of(&[agents, ("lock-on-private-layer", "agents", ERROR)], "/srv/a");
        assert_eq!(further, (vec![worse], vec![], ExitStatus::Findings), "one more rule of its family");
        let milder = of(&[agents, ("lock-on-private-layer", "agents", Severity::Note)], "/srv/a");
        assert_eq!(milder, (vec![kept], vec![], ExitStatus::Clean), "one that fails nothing");
        let moved = of(&[agents], "/srv/other");
        assert_eq!(moved, (vec![new], vec!["p-agents-1".to_owned()], ExitStatus::Findings), "on another login");
        let renamed = of(&[("unguarded-share", "walker", ERROR)], "/srv/a");
        assert_eq!(renamed, (vec![new], vec!["p-agents-1".to_owned()], ExitStatus::Findings));
        assert_eq!(of(&[], "/srv/a"), (vec![], vec!["p-agents-1".to_owned()], ExitStatus::Clean), "removed");
    }

    #[test]
    fn a_severity_that_rises_is_worse_and_all_counts_where_that_is_asked_for() {
        let running = report(&[("unguarded-share", "p-agents-1", Severity::Warning)], "/srv/a");
        let mut planned = report(&[("unguarded-share", "agents", ERROR)], "/srv/a");
        let told = compared(&mut planned, &running);
        assert_eq!(told, (vec![Change::Worse(None)], vec![], ExitStatus::Findings));
        let running = report(&[("unguarded-share", "p-agents-1", ERROR)], "/srv/a");
        let mut planned = report(&[("unguarded-share", "agents", Severity::Warning)], "/srv/a");
        assert_eq!(compared(&mut planned, &running), (vec![Change::Kept(None)], vec![], ExitStatus::Clean));
        let mut all = report(&[("unguarded-share", "agents", ERROR)], "/srv/a");
        all.passes_kept = false;
        assert_eq!(compared(&mut all, &running), (vec![Change::Kept(None)], vec![], ExitStatus::Findings));
        let mut never = report(&[("unguarded-share", "agents", ERROR)], "/srv/a");
        never.fail_on = FailOn::Never;
        assert_eq!(compared(&mut never, &Report::default()), (vec![Change::New], vec![], ExitStatus::Clean));
    }

    #[test]
    fn what_could_not_be_seen_before_is_not_ended_by_a_plan_that_can() {
        let running = report(&[("undetermined", "p-agents-1", Severity::Warning)], "/srv/a");
        assert_eq!(compared(&mut report(&[], "/srv/a"), &running), (vec![], vec![], ExitStatus::Clean));
        let mut blind = report(&[("undetermined", "agents", Severity::Warning)], "/srv/a");
        assert_eq!(compared(&mut blind, &running), (vec![Change::Kept(None)], vec![], ExitStatus::NotInspected));
    }
}
