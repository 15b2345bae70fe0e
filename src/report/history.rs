//! What the last run found, kept in a file, and what became of that. Text in and out; reading and writing the file is
//! the command's. May use `finding`, `model` and the other parts of `report`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::hit_change::{KnownHit, change_of, find_known, is_covered};
use super::kept::{NotKept, Tool, open};
use super::plan::{self, verdicts};
use crate::finding::{
    Before, Change, Comparison, EXCLUSION, End, GUARD_ONE_SIDED, Gone, Hit, Participant, Report, UNDETERMINED, Verdict,
};
use crate::model::{ContainerId, Level};
use crate::rules::Severity;

/// The version of the file; one that means something else raises it.
const SCHEMA_VERSION: u64 = 2;

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    schema_version: u64,
    tool: Tool,
    /// When that was, in seconds since 1970.
    at: i64,
    hits: Vec<CountedHit>,
    participants: Vec<KeptVerdict>,
    /// What could not be looked at, without numbers, which are others each time.
    gaps: Vec<String>,
}

/// A hit that counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountedHit {
    project: Option<String>,
    container: String,
    /// The names of the containers that it stood for.
    containers: Vec<String>,
    /// What these stay called when they are started again, where they are removed when they end.
    recurring: Option<String>,
    family: String,
    rules: Vec<String>,
    severity: String,
    message: String,
    /// Who else it is about, by name: what is not seen of them may be why it is found no more.
    peers: Vec<String>,
    /// What these stay called, where each is removed when it ends: while none of them runs, nothing is resolved.
    recurring_peers: Vec<String>,
    fingerprint: String,
    /// Since when it has been found, in seconds after 1970.
    since: i64,
    /// When it was found last.
    seen: i64,
}

/// A participant's verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptVerdict {
    project: Option<String>,
    container: String,
    verdict: String,
}

/// Why a file is not what the last run kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It is torn, or was never JSON.
    #[error("is not whole JSON (line {0})")]
    Torn(usize),
    /// It is something else.
    #[error("is not what `overlock report` keeps ({0})")]
    Foreign(String),
    /// Another release wrote it, in another form.
    #[error("was written by overlock {0}, in a form that this one does not know")]
    OtherVersion(String),
}

/// What a run could see.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The containers that are there.
    pub present: BTreeSet<ContainerId>,
    /// Those of them that were not seen whole.
    pub partly: BTreeSet<ContainerId>,
}

impl History {
    /// Reads the file's text.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, HistoryError> {
        let kept = open(text).map_err(|why| match why {
            NotKept::Torn(line) => HistoryError::Torn(line),
            NotKept::Unversioned => HistoryError::Foreign("it has no schema_version".to_owned()),
        })?;
        if kept.version != SCHEMA_VERSION {
            return Err(HistoryError::OtherVersion(kept.by));
        }
        serde_json::from_value(kept.whole).map_err(|_| HistoryError::Foreign("its fields are others".to_owned()))
    }

    /// The file's text.
    pub fn text(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// Holds a report against the last run, of which there may be none, and says what to keep for the next one. `now` is
    /// in seconds since 1970. What was not looked at is neither fixed nor gone, and what only rests between two starts of a
    /// container is neither resolved now nor new then.
    pub fn compare(last: Option<&Self>, report: &mut Report, seen: &Seen, now: i64) -> Self {
        let known: BTreeMap<&str, &CountedHit> =
            last.iter().flat_map(|last| &last.hits).map(|one| (one.fingerprint.as_str(), one)).collect();
        report.recall_told_of_others();
        for hit in &mut report.hits {
            let before = find_known(hit, |fingerprint| known.get(fingerprint).copied()).map(CountedHit::as_known_hit);
            hit.change = Some(change_of(hit, before.as_ref(), report.fail_on));
        }
        // What another lock covers by now is resolved for who reads it.
        let found = report.hits.iter().filter(|hit| !is_covered(hit));
        let found: BTreeSet<&str> = found.map(|hit| hit.fingerprint.as_str()).collect();
        let sight = HitsInSight::of(report, seen);
        let missing = known
            .values()
            .filter(|one| !one.is_covered() && !one.is_of_others() && !found.contains(one.fingerprint.as_str()));
        let ended: Vec<(&CountedHit, Option<End>)> = missing.map(|one| (*one, sight.end(one, now))).collect();
        let mut gone: Vec<Gone> = ended.iter().filter_map(|(one, end)| Some(one.gone((*end)?))).collect();
        gone.sort_by(|a, b| (b.severity, &a.project, &a.container).cmp(&(a.severity, &b.project, &b.container)));

        let mut hits: Vec<CountedHit> = report.counting_hits().map(|hit| CountedHit::of(hit, report, now)).collect();
        // What was not looked at, or rests, is remembered, so that it is not new when it is seen again.
        let again: BTreeSet<&str> = report.counting_hits().map(|hit| hit.fingerprint.as_str()).collect();
        let kept = ended.iter().filter(|(_, end)| end.is_none_or(|end| end == End::Unseen));
        let kept = kept.filter(|(one, _)| !again.contains(one.fingerprint.as_str()));
        hits.extend(kept.map(|(one, _)| (*one).clone()));
        hits.sort();
        let mut participants: Vec<KeptVerdict> = report.participants.iter().map(KeptVerdict::of).collect();
        participants.sort();
        let then = last.iter().flat_map(|last| &last.participants).filter_map(KeptVerdict::read);
        let verdicts = verdicts(then, participants.iter().filter_map(KeptVerdict::read));
        report.comparison = Some(Comparison {
            before: last.map_or(Before::Nothing, |last| Before::LastRun(last.at)),
            gone,
            verdicts,
            endangered: Vec::new(),
        });
        Self { schema_version: SCHEMA_VERSION, tool: Tool::own(), at: now, hits, participants, gaps: gaps(report) }
    }

    /// Whether a run has something to tell that the last one had not: hits that came, became worse or better or went, and
    /// other things that could not be looked at. `report` is what this one was compared for.
    pub fn differs(&self, last: Option<&Self>, report: &Report) -> bool {
        let of = |history: &Self| -> BTreeSet<(String, String)> {
            let told = history.hits.iter().filter(|one| !one.is_covered());
            told.map(|one| (one.fingerprint.clone(), one.severity.clone())).collect()
        };
        let Some(last) = last else { return !of(self).is_empty() || !self.gaps.is_empty() };
        // A container more of a service that is told already, but for one that comes and goes.
        let of_name = |history: &Self| -> BTreeSet<(String, String)> {
            let told = history.hits.iter().filter(|one| !one.is_covered() && one.recurring.is_none());
            told.flat_map(|one| one.containers.iter().map(|name| (one.fingerprint.clone(), task_slot(name).to_owned())))
                .collect()
        };
        let known = of_name(last);
        if of_name(self).iter().any(|one| !known.contains(one)) {
            return true;
        }
        let has_news = report.counting_hits().any(|hit| hit.is_news() && !is_covered(hit));
        // What is still not seen was told when it was seen no more.
        has_news || of(self) != of(last) || self.gaps != last.gaps
    }
}

/// How long one that is started again and again may not be seen and is still expected, in seconds: a month.
const LONGEST_REST: i64 = 31 * 24 * 3600;

/// What a run could see of the hits of the last one.
struct HitsInSight<'a> {
    seen: &'a Seen,
    /// Whether something about the host as a whole could not be looked at.
    blind: bool,
    /// The containers that were not seen whole.
    unsure: BTreeSet<ContainerId>,
    /// The same by what a hit calls its peers, and by what they stay called.
    unsure_names: BTreeSet<String>,
    /// What the containers that recur and are there stay called.
    recurring: BTreeSet<&'a str>,
}

impl<'a> HitsInSight<'a> {
    fn of(report: &'a Report, seen: &'a Seen) -> Self {
        let undetermined = report.hits.iter().filter(|hit| hit.family == UNDETERMINED);
        let unsure: BTreeSet<ContainerId> =
            undetermined.flat_map(names_of).chain(seen.partly.iter().cloned()).collect();
        // A peer of another project is named with it.
        let whole = |name: &ContainerId| Some(format!("{}/{}", name.project.as_ref()?, name.name));
        let recurring = report.participants.iter().filter(|one| one.recurs);
        let lasting = recurring.clone().filter(|one| unsure.contains(&one.container_id()));
        let lasting = lasting.map(|one| one.service.clone());
        let peers = unsure.iter().flat_map(|name| [Some(name.name.clone()), whole(name)]).flatten();
        Self {
            blind: report.diagnostics.iter().any(|diagnostic| diagnostic.level != Level::Warning),
            unsure_names: peers.chain(lasting).collect(),
            recurring: recurring.map(|one| one.service.as_str()).collect(),
            unsure,
            seen,
        }
    }

    /// Why a hit is found no more; `None` where it rests until a container is started again.
    fn end(&self, one: &CountedHit, now: i64) -> Option<End> {
        let is_there = match &one.recurring {
            Some(name) => self.recurring.contains(name.as_str()),
            None => one.names().any(|name| self.seen.present.contains(&name)),
        };
        let is_awaited = now.saturating_sub(one.seen) < LONGEST_REST;
        let waits = !one.recurring_peers.is_empty()
            && one.recurring_peers.iter().all(|peer| !self.recurring.contains(peer.as_str()));
        let is_unsure = one.names().any(|name| self.unsure.contains(&name))
            || one.peers.iter().chain(&one.recurring_peers).any(|peer| self.unsure_names.contains(peer))
            || one.recurring.as_ref().is_some_and(|name| self.unsure_names.contains(name));
        Some(match () {
            () if !is_there && one.recurring.is_some() && is_awaited => return None,
            () if !is_there => End::Left,
            () if one.family == UNDETERMINED && !self.blind => End::Fixed,
            () if self.blind || is_unsure => End::Unseen,
            () if waits && is_awaited => return None,
            () => End::Fixed,
        })
    }
}

/// A container's name without what Swarm gives each new task of a slot: `agents.1.q3kz…` is `agents.1`.
fn task_slot(name: &str) -> &str {
    const TASK_ID: usize = 25;
    let is_task = |task: &str| task.len() == TASK_ID && task.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.rsplit_once('.').filter(|(_, task)| is_task(task)).map_or(name, |(slot, _)| slot)
}

/// The containers that a hit stands for.
fn names_of(hit: &Hit) -> impl Iterator<Item = ContainerId> {
    let containers = hit.containers.iter().chain([&hit.container]);
    containers.map(|container| ContainerId::new(hit.project.as_deref(), container))
}

/// What the peers of a hit stay called, where each of them is removed when it ends; none where one stays.
fn recurring_peers(hit: &Hit, report: &Report) -> Vec<String> {
    let is_called = |one: &Participant, peer: &str| {
        let of_project = || peer.strip_prefix(one.project.as_deref()?)?.strip_prefix('/');
        one.container == peer || of_project() == Some(&one.container)
    };
    let lasting = |peer: &str| {
        let participant = report.participants.iter().find(|one| is_called(one, peer));
        participant.filter(|one| one.recurs).map(|one| one.service.clone())
    };
    let mut names: Vec<String> = hit.peers().into_iter().map(lasting).collect::<Option<_>>().unwrap_or_default();
    names.sort();
    names.dedup();
    names
}

impl CountedHit {
    fn names(&self) -> impl Iterator<Item = ContainerId> {
        let containers = self.containers.iter().chain([&self.container]);
        containers.map(|container| ContainerId::new(self.project.as_deref(), container))
    }

    /// Whether another lock covered what it was about.
    fn is_covered(&self) -> bool {
        self.family == EXCLUSION && self.severity == Severity::Note.name()
    }

    /// Whether it was about a flock that its peers did not take: that this has an end is told of them.
    fn is_of_others(&self) -> bool {
        self.family == GUARD_ONE_SIDED
    }

    fn as_known_hit(&self) -> KnownHit {
        let known = KnownHit::of_record(&self.rules, Severity::named(&self.severity));
        KnownHit { since: Some(self.since), ..known }
    }

    fn of(hit: &Hit, report: &Report, now: i64) -> Self {
        let own = hit.breaches.iter().filter_map(|breach| report.participants.get(breach.participant?));
        let recurring = own.into_iter().find(|one| one.recurs).map(|one| one.service.clone());
        Self {
            project: hit.project.clone(),
            container: recurring.clone().unwrap_or_else(|| hit.container.clone()),
            containers: hit.containers.clone(),
            recurring,
            recurring_peers: recurring_peers(hit, report),
            family: hit.family.clone(),
            rules: hit.rules().into_iter().map(str::to_owned).collect(),
            severity: hit.severity().name().to_owned(),
            message: hit.message().to_owned(),
            peers: hit.peers().into_iter().map(str::to_owned).collect(),
            fingerprint: hit.fingerprint.clone(),
            since: hit.change.and_then(Change::since).unwrap_or(now),
            seen: now,
        }
    }

    fn gone(&self, end: End) -> Gone {
        Gone {
            rule: self.rules.first().unwrap_or(&self.family).clone(),
            severity: Severity::named(&self.severity).unwrap_or(Severity::Warning),
            container: self.container.clone(),
            project: self.project.clone(),
            message: self.message.clone(),
            fingerprint: self.fingerprint.clone(),
            since: Some(self.since),
            end,
        }
    }
}

impl KeptVerdict {
    fn of(one: &Participant) -> Self {
        let container = if one.recurs { &one.service } else { &one.container };
        let (project, container) = (one.project.clone(), container.clone());
        Self { project, container, verdict: one.verdict.name().to_owned() }
    }

    /// As it was written; `None` where another release had other words.
    fn read(&self) -> Option<plan::VerdictOf> {
        Some((ContainerId::new(self.project.as_deref(), &self.container), Verdict::named(&self.verdict)?))
    }
}

/// What could not be looked at, sorted. Numbers of processes and the like are taken out.
fn gaps(report: &Report) -> Vec<String> {
    let gaps = report.diagnostics.iter().filter(|diagnostic| diagnostic.level != Level::Warning);
    let mut gaps: Vec<String> = gaps.map(|gap| unnumbered(&gap.message)).collect();
    gaps.sort();
    gaps.dedup();
    gaps
}

fn unnumbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests;
