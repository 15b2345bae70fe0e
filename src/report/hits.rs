//! From breaches to hits: the rules that one participant breaks, family by family; containers of one service are one.
//! May use `finding`, `rules`, `text` and earlier parts of `report`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fingerprint::HitIdentity;
use super::names::Names;
use super::start_logins::join_logins_of_starts;
use crate::finding::{Breach, EXCLUSION, Hit, Judged, Login, LoginPlace, Participant, Report, Verdict};
use crate::rules::{Matrix, Severity};
use crate::text::{FileId, Sources};

/// The report of what the judge answered: hits with their fingerprints, and logins that have no findings yet.
pub fn build_report(judged: Judged, matrix: &Matrix, names: &Names, sources: &Sources) -> Report {
    let Judged {
        logins,
        mut participants,
        mut breaches,
        diagnostics,
        containers,
        call_files,
        files,
        unread_files,
        excluded: _,
        accepted_files,
    } = judged;
    let logins = join_logins_of_starts(logins, &mut participants, &mut breaches);
    let (mut judged, not_judged) = (files, unread_files);
    let told = files_of_participants(&participants, &breaches, call_files, sources);
    // A script that starts nothing and has nothing to do with a login is none that a person asked about.
    judged.retain(|one| one.kind != SCRIPT || one.starts || told.contains(&one.file));
    let report =
        Report { participants, diagnostics, judged, not_judged, accepted_files, containers, ..Report::default() };
    let hits = merge_breaches(breaches, &report, matrix, names, sources);
    let logins = logins_of(logins, &report);
    Report { logins, hits, ..report }
}

/// The kind of scripts among the files that were judged.
const SCRIPT: &str = "script";

/// The files that describe participants, or show something of them.
fn files_of_participants(
    participants: &[Participant],
    breaches: &[Breach],
    call_files: BTreeSet<FileId>,
    sources: &Sources,
) -> BTreeSet<String> {
    let own = participants.iter().map(|one| one.span);
    let guards = participants.iter().flat_map(|one| &one.guard_evidence).filter_map(|evidence| evidence.span);
    let locations = breaches.iter().flat_map(|breach| &breach.locations).map(|location| location.span);
    let evidence = breaches.iter().flat_map(|breach| &breach.evidence).filter_map(|evidence| evidence.span);
    let files = own.chain(guards).chain(locations).chain(evidence).map(|span| span.file).chain(call_files);
    let files: BTreeSet<FileId> = files.collect();
    files.into_iter().map(|file| sources.get(file).name().to_owned()).collect()
}

/// Breaches of one participant and family, and of participants that are one service, are one hit.
fn merge_breaches(
    breaches: Vec<Breach>,
    report: &Report,
    matrix: &Matrix,
    names: &Names,
    sources: &Sources,
) -> Vec<Hit> {
    let identities = HitIdentity::of_participants(&report.participants, names, sources);
    let mut numbers: HashMap<(String, usize), usize> = HashMap::new();
    let mut groups: Vec<BreachGroup> = Vec::new();
    for breach in breaches {
        let family = matrix.family(&breach.rule);
        let identity = breach.participant.and_then(|at| identities.get(at));
        let fingerprint = match identity {
            Some(identity) => identity.fingerprint(family),
            None => HitIdentity::of_breach(&breach).fingerprint(family),
        };
        let bare = identity.filter(|_| breach.at_fault.is_some()).map(|identity| identity.fingerprint(EXCLUSION));
        let number = *numbers.entry((fingerprint.clone(), breach.login)).or_insert_with(|| {
            groups.push(BreachGroup { family: family.to_owned(), fingerprint, bare, breaches: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(number) {
            group.breaches.push(breach);
        }
    }
    groups.into_iter().filter_map(|group| group.into_hit(report, matrix)).collect()
}

/// What the containers of one service break of one family.
struct BreachGroup {
    family: String,
    fingerprint: String,
    /// What it is recognised by as long as it takes no flock, where it is about one that its peers do not take.
    bare: Option<String>,
    breaches: Vec<Breach>,
}

impl BreachGroup {
    /// The hit of the worst of the containers: one that is sound, or has a note where another has an error, is not meant.
    fn into_hit(self, report: &Report, matrix: &Matrix) -> Option<Hit> {
        let Self { family, fingerprint, bare, breaches } = self;
        let mut worst: HashMap<String, (bool, Severity)> = HashMap::new();
        for breach in &breaches {
            let weight = (breach.suppressed.is_none(), breach.severity);
            let known = worst.entry(breach.container.clone()).or_insert(weight);
            *known = weight.max(*known);
        }
        let most = worst.values().copied().max()?;
        let meant = |breach: &Breach| worst.get(&breach.container) == Some(&most);
        let mut meant = breaches.into_iter().filter(meant);
        let mut hit = new_hit(family, fingerprint, meant.next()?, report);
        for breach in meant {
            add_breach(&mut hit, breach, report);
        }
        hit.bare_fingerprint = bare;
        settle_hit(&mut hit, matrix);
        Some(hit)
    }
}

fn new_hit(family: String, fingerprint: String, breach: Breach, report: &Report) -> Hit {
    let participant = breach.participant.and_then(|at| report.participants.get(at));
    Hit {
        family,
        login: breach.login,
        // All ways to one start are called as the first one.
        container: match participant {
            Some(one) if one.origin == "script" => one.label.clone(),
            _ => breach.container.clone(),
        },
        project: breach.project.clone(),
        label: participant.map_or_else(|| breach.container.clone(), |one| one.label.clone()),
        role: participant.map_or("unknown", |one| one.role),
        instances: participant.map_or(1, |one| one.instances),
        or_more: participant.is_some_and(|one| one.or_more),
        containers: vec![breach.container.clone()],
        breaches: vec![breach],
        fingerprint,
        bare_fingerprint: None,
        suppressed: None,
        change: None,
    }
}

/// Takes another breach into a hit: of another rule, or of another container of the same service.
fn add_breach(hit: &mut Hit, breach: Breach, report: &Report) {
    if !hit.containers.contains(&breach.container) {
        hit.containers.push(breach.container.clone());
        match breach.participant.and_then(|at| report.participants.get(at)) {
            // Of the ways through a script to one start, one alone runs at a time.
            Some(one) if one.origin == "script" => {
                hit.instances = hit.instances.max(one.instances);
                hit.or_more |= one.or_more;
            }
            Some(one) => {
                hit.instances += one.instances;
                (hit.container, hit.label) = (one.service.clone(), one.service.clone());
            }
            None => hit.instances += 1,
        }
    }
    let known = hit.breaches.iter_mut().find(|known| known.rule == breach.rule && known.message == breach.message);
    let of_rule = match known {
        Some(known) => Some(known),
        // Of several containers of a service the worst speaks for all; one container may break a rule twice.
        None if hit.containers.len() > 1 => hit.breaches.iter_mut().find(|known| known.rule == breach.rule),
        None => None,
    };
    match of_rule {
        Some(known) if outweighs(&breach, known) => *known = breach,
        Some(_) => {}
        None => hit.breaches.push(breach),
    }
}

/// Whether one breach of a rule speaks for another: what counts before what does not, then the worse and the surer one.
fn outweighs(one: &Breach, other: &Breach) -> bool {
    let weight = |breach: &Breach| (breach.suppressed.is_none(), breach.severity, breach.confidence);
    weight(one) > weight(other)
}

/// Orders the breaches of a hit, and marks it where none of them counts.
fn settle_hit(hit: &mut Hit, matrix: &Matrix) {
    hit.breaches.sort_by_key(|breach| {
        (breach.suppressed.is_some(), Reverse(breach.severity), matrix.rank(&breach.rule), Reverse(breach.confidence))
    });
    if hit.breaches.iter().all(|breach| breach.suppressed.is_some()) {
        hit.suppressed = hit.breaches.first().and_then(|breach| breach.suppressed.clone());
    }
}

/// The logins with who uses each; no two have one id.
fn logins_of(places: Vec<LoginPlace>, report: &Report) -> Vec<Login> {
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); places.len()];
    for (at, participant) in report.participants.iter().enumerate() {
        if let Some(users) = users.get_mut(participant.login) {
            users.push(at);
        }
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let logins = places.into_iter().zip(users).map(|(known, participants)| {
        let LoginPlace { program, program_name, place } = known;
        let first = participants.first().and_then(|at| report.participants.get(*at));
        // What is private to a container has the same path in each.
        let within = match place.kind {
            "private" | "tmpfs" => first.map_or_else(String::new, |one| {
                let project = one.project.as_ref().map_or_else(String::new, |project| format!("{project}/"));
                format!("{project}{}:", one.container)
            }),
            _ => place.filesystem.as_ref().map_or_else(String::new, |name| format!("{name}:")),
        };
        let id = format!("{program}:{}:{within}{}", place.kind, place.path);
        let number = taken.entry(id.clone()).or_default();
        *number += 1;
        let id = if *number > 1 { format!("{id} ({number})") } else { id };
        let verdicts = participants.iter().filter_map(|at| report.participants.get(*at)).map(|one| one.verdict);
        let verdict = verdicts.max().unwrap_or(Verdict::NotAParticipant);
        Login { id, program, program_name, place, verdict, participants, findings: Vec::new() }
    });
    logins.collect()
}
