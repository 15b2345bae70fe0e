//! Which changes the findings of a report advise, and to whom. May use `finding`, `rules` and `fix::change`.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use crate::finding::{Finding, Hit, Login, Report};
use crate::rules::Severity;

/// For each login the changes that its findings advise, each with the participants that it is advised to.
pub(super) type WantedChanges = BTreeMap<usize, BTreeMap<Change, BTreeSet<usize>>>;

/// Whether a finding counts, and is a warning at least.
pub(super) fn is_wanted(finding: &Finding, report: &Report) -> bool {
    finding.severity >= Severity::Warning && report.counts(finding)
}

/// The hits of a finding that count, with their numbers.
pub(super) fn counting_hits<'a>(finding: &'a Finding, report: &'a Report) -> impl Iterator<Item = (usize, &'a Hit)> {
    let hits = finding.hits.iter().filter_map(|at| report.hits.get(*at).map(|hit| (*at, hit)));
    hits.filter(|(_, hit)| hit.counts())
}

/// What the others of a login may have to do besides, though what is wrong with them was accepted.
const FOR_ACCEPTED: [Change; 2] = [Change::TakeFlock, Change::OwnLogin];

/// The hits of a login that do not count.
pub(super) fn accepted_hits<'a>(login: &'a Login, report: &'a Report) -> impl Iterator<Item = &'a Hit> {
    let hits = login.findings.iter().flat_map(|finding| &finding.hits).filter_map(|at| report.hits.get(*at));
    hits.filter(|hit| !hit.counts())
}

/// The changes that a hit's rules advise. What concerns the host is advised by what is as bad as the finding alone.
pub(super) fn changes_of(hit: &Hit, severity: Severity) -> impl Iterator<Item = Change> {
    hit.counting().flat_map(move |breach| {
        let changes = breach.remedies.iter().filter_map(|advice| Change::of_remedy(&advice.id));
        changes.filter(move |change| breach.severity >= severity || !change.is_about_host())
    })
}

/// The changes that the findings of a report advise.
pub(super) fn wanted_changes(report: &Report) -> WantedChanges {
    let mut wanted = WantedChanges::new();
    for (login_at, login) in report.logins.iter().enumerate() {
        for finding in login.findings.iter().filter(|one| is_wanted(one, report)) {
            for (_, hit) in counting_hits(finding, report) {
                for change in changes_of(hit, finding.severity) {
                    let members = wanted.entry(login_at).or_default().entry(change).or_default();
                    members.extend(hit_participants(hit, login_at, report));
                }
            }
        }
        // A flock keeps apart only those who take it: those too whose hits were accepted.
        if wanted.get(&login_at).is_some_and(|of| of.contains_key(&Change::TakeFlock)) {
            for hit in accepted_hits(login, report) {
                for change in changes_of(hit, hit.severity()).filter(|one| FOR_ACCEPTED.contains(one)) {
                    let members = wanted.entry(login_at).or_default().entry(change).or_default();
                    members.extend(hit_participants(hit, login_at, report));
                }
            }
        }
        // A version is one for all who use a login, and so are a user, a directory and a volume.
        for (change, members) in wanted.get_mut(&login_at).into_iter().flatten() {
            if matches!(
                change,
                Change::RequireVersion
                    | Change::VersionOnHost
                    | Change::OneUser
                    | Change::DedicatedParent
                    | Change::NamedVolume
                    | Change::GuardOnHost
            ) {
                members.extend(&login.participants);
            }
            // Nobody lets a person wait behind calls that last minutes.
            if matches!(change, Change::TakeFlock | Change::GuardOnHost) {
                members.retain(|at| report.participants.get(*at).is_some_and(|one| one.role != "interactive"));
            }
        }
    }
    wanted
}

/// The participants that a hit stands for.
pub(super) fn hit_participants<'a>(hit: &'a Hit, login: usize, report: &'a Report) -> impl Iterator<Item = usize> + 'a {
    let named = hit.breaches.iter().filter_map(|breach| breach.participant);
    // Containers of one service are one hit, whose breaches are those of the worst.
    let several = hit.containers.len() > 1;
    let all = report.logins.get(login).filter(|_| several).into_iter().flat_map(|login| &login.participants).copied();
    let is_of = move |at: &usize| {
        let one = report.participants.get(*at);
        one.is_some_and(|one| one.project == hit.project && hit.containers.contains(&one.container))
    };
    named.chain(all.filter(is_of))
}
