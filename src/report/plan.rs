//! A plan held against what runs: what it introduces, keeps and fixes, and whom it endangers. May use `finding`.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{
    Before, Change, Comparison, End, Endangered, Gone, Hit, MAX_PEERS, Participant, PlaceName, Report, UNDETERMINED,
    Verdict, Verdicts,
};
use crate::rules::Severity;

/// Rules about what became of a container since it was started: no plan can bring it, and `docker compose up` leaves a
/// container alone whose configuration did not change.
const OF_WHAT_RUNS: [&str; 2] = ["stale-bind", "unguarded-call"];

/// A container by its project and name.
pub type Name = (Option<String>, String);

/// Which service each running container is of, by its name; others stand for themselves.
pub type Services = BTreeMap<Name, Name>;

/// Marks what a plan finds as new or kept, and says what it ends and which running containers it endangers. `running`
/// is what is found of what runs now; `services` tells of its containers which service they are of.
pub fn plan(planned: &mut Report, running: &Report, services: &Services) {
    let known = |name: Name| services.get(&name).cloned().unwrap_or(name);
    let key = |hit: &Hit| (hit.family.clone(), known(named(hit)));
    let mut before: BTreeMap<(String, Name), Severity> = BTreeMap::new();
    for hit in &running.hits {
        let worst = before.entry(key(hit)).or_insert(hit.severity());
        *worst = hit.severity().max(*worst);
    }
    for hit in &mut planned.hits {
        // What was a note and becomes an error is the plan's doing.
        let kept = before.get(&key(hit)).is_some_and(|severity| *severity >= hit.severity());
        hit.change = Some(if kept { Change::Kept(None) } else { Change::New });
    }
    let after: BTreeSet<(String, Name)> = planned.hits.iter().map(key).collect();
    let mut seen = BTreeSet::new();
    let ended = running.hits.iter().filter(|hit| {
        let key = key(hit);
        // That a plan can be seen whole where what runs could not mends nothing.
        hit.family != UNDETERMINED && !after.contains(&key) && seen.insert(key)
    });
    let of_service = |all: &[Participant]| -> Vec<Judged> {
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
pub(super) fn named(hit: &Hit) -> Name {
    (hit.project.clone(), hit.container.clone())
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
pub(super) type Judged = (Name, Verdict);

/// The verdict of each before and after; of several containers of one name the worst.
pub(super) fn verdicts(before: impl Iterator<Item = Judged>, after: impl Iterator<Item = Judged>) -> Vec<Verdicts> {
    let mut verdicts: BTreeMap<Name, (Option<Verdict>, Option<Verdict>)> = BTreeMap::new();
    for (name, verdict) in before {
        let pair = verdicts.entry(name).or_default();
        pair.0 = pair.0.max(Some(verdict));
    }
    for (name, verdict) in after {
        let pair = verdicts.entry(name).or_default();
        pair.1 = pair.1.max(Some(verdict));
    }
    let pair = |((project, container), (before, after))| Verdicts { container, project, before, after };
    verdicts.into_iter().map(pair).collect()
}

/// A participant and what it is judged.
pub(super) fn judged(one: &Participant) -> Judged {
    ((one.project.clone(), one.container.clone()), one.verdict)
}

/// The containers that run now and that a new finding is about, or that it names as peers.
fn endangered(planned: &Report, running: &Report, services: &Services) -> Vec<Endangered> {
    // Whom a name of the report after stands for: a service for its containers that run, a container for itself.
    let mut standing: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for one in running.participants.iter().filter(|one| one.origin == "engine") {
        let name = (one.project.clone(), one.container.clone());
        let service = services.get(&name).cloned().unwrap_or_else(|| name.clone());
        standing.entry(service).or_default().insert(name.clone());
        standing.entry(name.clone()).or_default().insert(name);
    }
    let mut known: BTreeMap<String, Name> = BTreeMap::new();
    let mut logins: BTreeMap<Name, &PlaceName> = BTreeMap::new();
    let mut groups: BTreeMap<&PlaceName, BTreeSet<Name>> = BTreeMap::new();
    for one in &planned.participants {
        let name = (one.project.clone(), one.container.clone());
        if let Some(project) = &one.project {
            known.insert(format!("{project}/{}", one.container), name.clone());
        }
        logins.entry(name.clone()).or_insert(&one.place);
        groups.entry(&one.place).or_default().insert(name);
    }
    let mut found: BTreeMap<Name, BTreeSet<String>> = BTreeMap::new();
    let new = planned.counting_hits().filter(|hit| hit.change == Some(Change::New) && hit.severity() > Severity::Note);
    for hit in new {
        let by = format!("{} ({})", hit.rule(), hit.container);
        // A peer of another project is named with it.
        let peer = |name: &str| {
            let own = [(hit.project.clone(), name.to_owned()), (None, name.to_owned())];
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
    let one = |((project, container), by): (Name, BTreeSet<String>)| Endangered {
        container,
        project,
        by: by.into_iter().collect(),
    };
    found.into_iter().map(one).collect()
}
