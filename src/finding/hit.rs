//! One participant that a finding is about: what baselines, ignores and comparisons count. May use `rules`, `text` and
//! earlier parts of `finding`.

use super::breach::Breach;
use super::comparison::Change;
use super::evidence::{Evidence, Location};
use super::suppressed::Suppressed;
use crate::rules::{Confidence, Severity};
use crate::text::Span;

/// One participant that a finding is about, with the rules of one family that it breaks.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The family of its rules.
    pub family: String,
    /// The login, as an index in the logins.
    pub login: usize,
    /// The container or service; where several containers of one service are meant, the service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// How people call it.
    pub label: String,
    /// `batch`, `interactive` or `unknown`.
    pub role: &'static str,
    /// How many equal containers it stands for.
    pub instances: u64,
    /// Whether there may be more.
    pub or_more: bool,
    /// The names of those that run, where it stands for several of one service.
    pub containers: Vec<String>,
    /// The rules that it breaks, the worst that counts first; never empty.
    pub breaches: Vec<Breach>,
    /// What tells it from every other hit, and is the same after lines have moved, services changed their order and other
    /// participants came or went: 32 hexadecimal digits.
    pub fingerprint: String,
    /// What it was recognised by as long as it took no flock itself, where it is about one that its peers do not take.
    pub bare_fingerprint: Option<String>,
    /// Why it does not count, if it does not: the baseline, a revision, or every one of its rules is suppressed.
    pub suppressed: Option<Suppressed>,
    /// How it stands to what was before; `None` where nothing was held against the report.
    pub change: Option<Change>,
}

impl Hit {
    /// Whether it counts.
    pub fn counts(&self) -> bool {
        self.suppressed.is_none()
    }

    /// Whether it is about a container that uses a login, rather than one that only starts others.
    pub fn has_participant(&self) -> bool {
        self.breaches.iter().any(|breach| breach.participant.is_some())
    }

    /// The participants who do wrong, as indices, where these are others.
    pub fn at_fault(&self) -> impl Iterator<Item = usize> {
        self.breaches.iter().filter_map(|breach| breach.at_fault.as_ref()).flatten().copied()
    }

    /// Whether it is about what others do wrong, so that it is told of them or of it.
    pub fn is_of_others(&self) -> bool {
        self.breaches.iter().any(|breach| breach.at_fault.is_some())
    }

    /// Whether it is new or worse than before.
    pub fn is_news(&self) -> bool {
        self.change.is_some_and(Change::is_news)
    }

    /// The breaches that count, the worst first; of a hit that does not count, all.
    pub fn counting(&self) -> impl Iterator<Item = &Breach> {
        let all = self.breaches.iter().all(|breach| breach.suppressed.is_some());
        self.breaches.iter().filter(move |breach| all || breach.suppressed.is_none())
    }

    /// The worst of them.
    pub fn worst(&self) -> Option<&Breach> {
        self.counting().next()
    }

    /// The rule that names it.
    pub fn rule(&self) -> &str {
        self.worst().map_or("", |breach| &breach.rule)
    }

    /// The rules that it breaks, the worst first.
    pub fn rules(&self) -> Vec<&str> {
        self.counting().map(|breach| breach.rule.as_str()).collect()
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.worst().map_or(Severity::Note, |breach| breach.severity)
    }

    /// How sure.
    pub fn confidence(&self) -> Confidence {
        let worst = self.severity();
        let sure = self.counting().filter(|breach| breach.severity == worst).map(|breach| breach.confidence);
        sure.max().unwrap_or(Confidence::Low)
    }

    /// What is wrong with it, in a sentence.
    pub fn message(&self) -> &str {
        self.worst().map_or("", |breach| &breach.message)
    }

    /// What is wrong with it, in a clause, with what its further rules say.
    pub fn detail(&self) -> String {
        let worst = self.worst().into_iter().map(|breach| breach.detail.as_str());
        let details: Vec<&str> = worst.chain(self.further_details()).filter(|detail| !detail.is_empty()).collect();
        details.join("; ")
    }

    /// What the rules say that are as bad as the worst, a clause each, where that is not why it is so.
    pub fn further_details(&self) -> impl Iterator<Item = &str> {
        let severity = self.severity();
        let further = self.counting().skip(1).filter(move |one| one.severity == severity && one.why.is_none());
        let worst = self.rule();
        further.filter(move |one| one.rule != worst).map(|breach| breach.detail.as_str())
    }

    /// What remains to be warned of once the worst is ended, a clause each.
    pub fn lesser_details(&self) -> impl Iterator<Item = &str> {
        let severity = self.severity();
        let lesser = self.counting().filter(move |one| one.severity < severity && one.severity >= Severity::Warning);
        lesser.map(|breach| breach.detail.as_str())
    }

    /// The others concerned, each once.
    pub fn peers(&self) -> Vec<&str> {
        let mut peers: Vec<&str> = Vec::new();
        for peer in self.counting().flat_map(|breach| &breach.peers) {
            if !peers.contains(&peer.as_str()) {
                peers.push(peer);
            }
        }
        peers
    }

    /// Where: the primary first, each span once.
    pub fn locations(&self) -> Vec<&Location> {
        let mut locations: Vec<&Location> = Vec::new();
        for location in self.counting().flat_map(|breach| &breach.locations) {
            if locations.iter().all(|known| known.span != location.span) {
                locations.push(location);
            }
        }
        locations
    }

    /// What it rests on, each text once.
    pub fn evidence(&self) -> Vec<&Evidence> {
        let mut evidence: Vec<&Evidence> = Vec::new();
        for one in self.counting().flat_map(|breach| &breach.evidence) {
            if evidence.iter().all(|known| known.text != one.text) {
                evidence.push(one);
            }
        }
        evidence
    }

    /// What the matrix advises, each text once, that of the worst rule first.
    pub fn advice(&self) -> Vec<&str> {
        let mut advice: Vec<&str> = Vec::new();
        for one in self.counting().flat_map(|breach| &breach.remedies) {
            if !advice.contains(&one.text.as_str()) {
                advice.push(&one.text);
            }
        }
        advice
    }

    /// The span of the primary location.
    pub fn primary(&self) -> Option<Span> {
        self.counting().find_map(Breach::primary)
    }

    /// A hit of breaches, the family being the first one's rule, for tests to fill in.
    #[cfg(test)]
    pub(crate) fn of(breaches: Vec<Breach>) -> Self {
        let first = &breaches[0];
        Self {
            family: first.rule.clone(),
            login: first.login,
            container: first.container.clone(),
            project: first.project.clone(),
            label: first.container.clone(),
            role: "unknown",
            instances: 1,
            or_more: false,
            containers: Vec::new(),
            fingerprint: String::new(),
            bare_fingerprint: None,
            suppressed: None,
            change: None,
            breaches,
        }
    }
}
