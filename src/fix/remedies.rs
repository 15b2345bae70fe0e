//! What ends the findings of a report: what was tried in a copy of the containers concerned, the best first. May use
//! `finding`, `rules` and the other parts of `fix`.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::change::Change;
use super::change_site::{ChangeSites, JudgedLayout};
use super::remedy_text::{StepText, remedy_of};
use super::same_files::SameFiles;
use super::trial::{Attempt, Trial};
use super::wanted::{is_wanted, wanted_changes};
use crate::finding::{Finding, Hit, PlacedText, Remedy, Report};
use crate::rules::{Profile, named_remedy};
use crate::text::Span;

/// Finds what ends each finding that counts, a warning at least; the findings of the report have it afterwards.
pub fn find_remedies(report: &mut Report, given: &mut JudgedLayout<'_>) {
    let wanted = wanted_changes(report);
    let mut found: HashMap<(usize, usize), Vec<Remedy>> = HashMap::new();
    if !wanted.is_empty() {
        let files = SameFiles::of(given.sources);
        let mut trial = Trial::of(report, given, &files, &wanted);
        let attempts = trial.try_changes(&wanted);
        found = trial.remedies(&attempts);
        for (at, container) in trial.give_back() {
            if let Some(slot) = given.layout.containers.get_mut(at) {
                *slot = container;
            }
        }
    }
    let Report { logins, hits, participants, .. } = report;
    let containers = &given.layout.containers;
    // Where a container is described, or the command that starts it.
    let service = |hit: &Hit| {
        let participant = hit.breaches.iter().find_map(|breach| participants.get(breach.participant?));
        participant.and_then(|one| containers.get(one.index)).map(|container| container.span)
    };
    for (login_at, login) in logins.iter_mut().enumerate() {
        for (finding_at, finding) in login.findings.iter_mut().enumerate() {
            let advice = std::mem::take(&mut finding.remedies);
            let tried = found.remove(&(login_at, finding_at)).unwrap_or_default();
            finding.remedies = with_advice(tried, &advice, |at| hits.get(at), service);
        }
    }
}

/// What a person does where the finding is shown.
const DONE_THERE: [&str; 4] = ["writable-parent", "fix-declaration", "reference-path", "declare-guard"];

/// Of these what is written as a label of the container.
const LABELLED: [&str; 2] = ["reference-path", "declare-guard"];

/// What was tried first, then what only a person can do, with where that is; where nothing is left, what the rules advise.
fn with_advice<'h>(
    tried: Vec<Remedy>,
    advice: &[Remedy],
    hit: impl Fn(usize) -> Option<&'h Hit>,
    service: impl Fn(&Hit) -> Option<Span>,
) -> Vec<Remedy> {
    let unproven = |remedy: &Remedy| {
        let id = named_remedy(&remedy.id);
        let of = remedy.ends.iter().filter(|_| DONE_THERE.contains(&id));
        let is_label = LABELLED.contains(&id);
        let place = |hit: &Hit| if is_label { service(hit) } else { hit.primary() };
        let spans = of.filter_map(|at| place(hit(*at)?));
        let edits = spans.map(|span| PlacedText { span, text: String::new() }).collect();
        Remedy { ends: Vec::new(), edits, ..remedy.clone() }
    };
    let persons = advice.iter().filter(|remedy| Change::of_remedy(&remedy.id).is_none()).map(unproven);
    let remedies: Vec<Remedy> = tried.into_iter().chain(persons).collect();
    if remedies.is_empty() { advice.iter().map(unproven).collect() } else { remedies }
}

/// A remedy that was tried.
struct TriedRemedy<'a> {
    /// Where the rules advise it, the first one first.
    rank: Option<usize>,
    changes: &'a [Change],
    /// Whether something is given a login of its own that no person waits for.
    moves_batch: bool,
    remedy: Remedy,
}

impl Trial<'_> {
    /// The remedies of each finding, by the numbers of its login and its own in there.
    fn remedies(&self, attempts: &[Attempt]) -> HashMap<(usize, usize), Vec<Remedy>> {
        let mut found = HashMap::new();
        for (login_at, login) in self.report.logins.iter().enumerate() {
            for (finding_at, finding) in login.findings.iter().enumerate() {
                if is_wanted(finding, self.report) {
                    found.insert((login_at, finding_at), self.remedies_of(attempts, login_at, finding));
                }
            }
        }
        found
    }

    fn remedies_of(&self, attempts: &[Attempt], login: usize, finding: &Finding) -> Vec<Remedy> {
        let order = self.advised_changes(login, finding);
        let mut remedies: Vec<TriedRemedy<'_>> = Vec::new();
        for attempt in attempts.iter().filter(|one| one.changes.iter().all(|change| order.contains(change))) {
            let ends = self.ended(attempt, login, finding);
            // A pair is worth its second step where it ends more than either alone.
            let parts =
                attempts.iter().filter(|one| matches!(one.changes.as_slice(), [one] if attempt.changes.contains(one)));
            let most = parts.map(|part| self.ended(part, login, finding).len()).max().unwrap_or_default();
            let more = attempt.changes.len() == 1 || ends.len() > most;
            let Some(sites) = attempt.sites.get(&login).filter(|_| !ends.is_empty() && more) else { continue };
            let steps = StepText {
                finding,
                login: self.report.logins.get(login),
                report: self.report,
                containers: &self.layout.containers,
                plain: &self.plain,
                profile: self.profile_of(login),
                flock: self.flock_of(login),
                given: self.given,
                files: self.files,
                yaml: &self.yaml,
            };
            let rank = order.iter().position(|change| attempt.changes.first() == Some(change));
            let Some(remedy) = remedy_of(sites, ends, &steps) else { continue };
            // Half of a remedy is none beside it, but for one who lets --fix do what is written.
            if let [_, _, ..] = attempt.changes.as_slice() {
                let is_half = |made: &[Change]| matches!(made, [one] if attempt.changes.contains(one));
                remedies.retain(|one| !is_half(one.changes) || one.remedy.is_written() && !remedy.is_written());
            }
            let moves_batch = self.moves_batch(sites);
            remedies.push(TriedRemedy { rank, changes: &attempt.changes, moves_batch, remedy });
        }
        // The one that ends most first; of those the one that leaves least to find out, then one that lets nobody wait, then
        // the one with least to do.
        remedies.sort_by_key(|TriedRemedy { rank, changes, moves_batch, remedy }| {
            let waits = changes.iter().any(|change| matches!(change, Change::TakeFlock | Change::GuardOnHost));
            let open = remedy.all_edits().filter(|edit| edit.text.is_empty()).count();
            (
                Reverse(remedy.ends.len()),
                open,
                *moves_batch,
                waits,
                remedy.also.len(),
                remedy.all_edits().count(),
                *rank,
            )
        });
        remedies.into_iter().map(|one| one.remedy).collect()
    }

    /// Whether something is given a login of its own that no person waits for: what it shares it may need.
    fn moves_batch(&self, sites: &[ChangeSites]) -> bool {
        let moved = sites.iter().filter(|one| one.change == Change::OwnLogin).flat_map(|one| &one.made);
        let mut moved = moved.filter_map(|site| self.report.participants.get(site.participant));
        moved.any(|one| one.role != "interactive")
    }

    fn profile_of(&self, login: usize) -> Option<&Profile> {
        let program = &self.report.logins.get(login)?.program;
        self.given.rules.profiles.iter().find(|profile| profile.id == *program)
    }
}
