//! From facts to findings: every table of the matrix is asked, and what it answers is put into words.
//! May use `model`, `ruleset`, `finding` and earlier parts of `judge`.

use super::group::Relation;
use super::program::{Contradiction, declaration};
use super::subject::Subject;
use super::words::Words;
use crate::finding::{Evidence, EvidenceKind, Finding, Location, MAX_PEERS};
use crate::model::{Container, Mount};
use crate::ruleset::{Breach, Confidence, Facts, Guard, Outcome, Ruleset, TableName};
use crate::text::Span;

/// Everything about one participant that a table or a sentence can ask for.
pub(crate) struct Case<'a, 'b> {
    pub(crate) rules: &'a Ruleset,
    pub(crate) subjects: &'b [Subject<'a>],
    pub(crate) subject: &'b Subject<'a>,
    pub(crate) relation: &'b Relation,
    pub(crate) facts: Facts,
    /// What is not seen and what would settle it, where `facts.sight` is not clear.
    pub(crate) blind: Option<Blind>,
}

/// Something that could not be seen.
#[derive(Debug, Clone)]
pub(crate) struct Blind {
    pub(crate) problem: String,
    pub(crate) settle: String,
    pub(crate) span: Span,
}

/// What the tables said of one participant.
pub(crate) struct Answer {
    pub(crate) findings: Vec<Finding>,
    /// Why the exclusion table lets it pass, if it does.
    pub(crate) reason: Option<String>,
}

impl Case<'_, '_> {
    /// Asks every table about this participant.
    pub(crate) fn answer(&self) -> Answer {
        let mut answer = Answer { findings: Vec::new(), reason: None };
        for (&name, table) in &self.rules.matrix.tables {
            match table.decide(self.facts).map(|(_, row)| &row.outcome) {
                Some(Outcome::Ok(why)) if name == TableName::Exclusion => answer.reason = Some(why.clone()),
                Some(Outcome::Broken(breach)) => self.broken(name, breach, &mut answer.findings),
                Some(Outcome::Ok(_) | Outcome::See(_)) | None => {}
            }
        }
        answer
    }

    fn broken(&self, table: TableName, breach: &Breach, findings: &mut Vec<Finding>) {
        if table == TableName::Declaration {
            // One for each declaration that is contradicted.
            for contradiction in self.contradictions() {
                let locations = vec![self.label_location(contradiction), evidence_location(&contradiction.evidence)]
                    .into_iter()
                    .flatten()
                    .collect();
                let words = Words { case: self, contradiction: Some(contradiction) };
                findings.push(self.finding(breach, &words, locations, vec![contradiction.evidence.clone()]));
            }
            return;
        }
        let words = Words { case: self, contradiction: None };
        findings.push(self.finding(breach, &words, self.locations(table), self.evidence(table)));
    }

    fn finding(
        &self,
        breach: &Breach,
        words: &Words<'_, '_, '_>,
        locations: Vec<Location>,
        evidence: Vec<Evidence>,
    ) -> Finding {
        let container = self.subject.container;
        let concerned =
            if breach.rule == "unguarded-share" { &self.relation.unsafe_peers } else { &self.relation.others };
        let remedies = breach.remedies.iter().map(|remedy| remedy.fill_with(|placeholder| words.word(placeholder)));
        Finding {
            rule: breach.rule.clone(),
            severity: breach.severity,
            confidence: self.confidence(breach),
            container: container.name.clone(),
            project: container.project.clone(),
            peers: names(self.subjects, concerned, container),
            message: breach.message.fill_with(|placeholder| words.word(placeholder)),
            remedies: remedies.filter(|text| !text.is_empty()).collect(),
            locations,
            evidence,
            fingerprint: String::new(),
            suppressed: None,
            change: None,
        }
    }

    /// A finding is no surer than the facts it rests on.
    fn confidence(&self, breach: &Breach) -> Confidence {
        let interactive = breach.rule.starts_with("interactive-");
        let guessed = interactive && self.subject.role.weak;
        let collides =
            interactive || matches!(breach.rule.as_str(), "unguarded-share" | "version-skew" | "lock-on-private-layer");
        let apart = collides && self.relation.only_other_profiles;
        // What a script starts on some ways only may never be there.
        let possible = |container: &Container| container.start.as_ref().is_some_and(|start| start.possible);
        let mut concerned = self.relation.unsafe_peers.iter().filter_map(|at| self.subjects.get(*at)).peekable();
        // Its own replicas are there for certain.
        let alone = self.subject.container.replicas <= 1;
        let others = alone && concerned.peek().is_some() && concerned.all(|peer| possible(peer.container));
        let perhaps = collides && (possible(self.subject.container) || others);
        if guessed || apart || perhaps { breach.confidence.min(Confidence::Medium) } else { breach.confidence }
    }

    pub(crate) fn contradictions(&self) -> impl Iterator<Item = &Contradiction> {
        let subject = self.subject;
        [&subject.role.contradiction, &subject.version.contradiction, &subject.guard.contradiction]
            .into_iter()
            .flatten()
    }

    fn label_location(&self, contradiction: &Contradiction) -> Option<Location> {
        let declared = declaration(self.subject.container, contradiction.label)?;
        Some(Location { span: declared.span(), label: "declared here".to_owned() })
    }

    fn locations(&self, table: TableName) -> Vec<Location> {
        let subject = self.subject;
        let at = |span: Span, label: &str| Location { span, label: label.to_owned() };
        let mount = match subject.login.mount {
            Some(mount) => Location { span: mount.span, label: through("mounted here", mount) },
            None => at(subject.span(), "this service"),
        };
        let of = |evidence: &[Evidence]| evidence.iter().filter_map(evidence_location).collect::<Vec<_>>();
        let guard = subject.guard.span.map(|span| at(span, "the guard is taken here"));
        let mut locations = match table {
            TableName::Role => [vec![mount], of(&subject.role.evidence)].concat(),
            TableName::Guard | TableName::Filesystem => guard.into_iter().chain([mount]).collect(),
            TableName::Key => {
                let key = subject.auth.key.as_ref().map(|(_, span)| at(*span, "the key is set here"));
                key.into_iter().chain([mount]).collect()
            }
            TableName::Identity => {
                let copied = subject.clone.as_ref().map(|copied| at(copied.span, "copied here"));
                copied.into_iter().chain([mount]).collect()
            }
            TableName::SideFile => {
                subject.side_file.iter().map(|(_, span)| at(*span, "mounted as a single file")).collect()
            }
            TableName::Users => {
                let user = subject.container.user.as_ref().and_then(|user| user.span);
                user.map(|span| at(span, "runs as this user")).into_iter().chain([mount]).collect()
            }
            TableName::Bind => {
                let mount = subject.login.mount.map(|mount| at(mount.span, "mounted here"));
                mount.into_iter().collect()
            }
            TableName::Sight => match &self.blind {
                Some(blind) => vec![at(blind.span, "this cannot be told")],
                None => vec![mount],
            },
            TableName::Exclusion => {
                let bare = subject.guard.bare_call.map(|span| at(span, "called here without the guard"));
                let perhaps = subject.guard.condition.as_ref().and(guard).filter(|_| bare.is_none());
                let perhaps = perhaps.map(|guard| at(guard.span, "the guard is taken here, on a condition"));
                let unread = subject.guard.unread.map(|span| at(span, "what it does with this was not read"));
                let call = bare.or(perhaps).or(unread);
                let version = of(&subject.version.evidence);
                let auth = of(&subject.auth.evidence);
                // The call is what has to be changed.
                [call.into_iter().collect(), vec![mount], version, auth].concat()
            }
            _ => vec![mount],
        };
        if matches!(table, TableName::Exclusion | TableName::Role | TableName::Landing | TableName::Guard) {
            // A few of the others are enough to see what is shared.
            let others = self.relation.unsafe_peers.iter().filter_map(|peer| self.subjects.get(*peer)).take(3);
            let label = |peer: &Subject<'_>| {
                let label = format!("{} mounts it too", peer.container.name);
                peer.login.mount.map_or(label.clone(), |mount| through(&label, mount))
            };
            locations.extend(others.map(|peer| Location { span: peer.span(), label: label(peer) }));
        }
        unique(locations)
    }

    fn evidence(&self, table: TableName) -> Vec<Evidence> {
        let subject = self.subject;
        let place =
            Evidence::seen(format!("{} is {}", subject.state.path, subject.place.name().text), Some(subject.span()));
        let state = || subject.state.evidence.clone();
        let mut evidence = self.evidence_of(table, place, state);
        let link = subject.login.mount.and_then(|mount| Some((mount, mount.link.as_ref()?)));
        evidence.extend(link.map(|(mount, link)| {
            let text = format!("on this host {link} leads through a link to {}", subject.place.name().text);
            Evidence { kind: EvidenceKind::Kernel, text, span: Some(mount.span) }
        }));
        evidence
    }

    fn evidence_of(&self, table: TableName, place: Evidence, state: impl Fn() -> Vec<Evidence>) -> Vec<Evidence> {
        let subject = self.subject;
        match table {
            TableName::Role => [vec![place], subject.role.evidence.clone(), subject.guard.evidence.clone()].concat(),
            TableName::Guard | TableName::Filesystem => [vec![place], subject.guard.evidence.clone()].concat(),
            TableName::Key => [vec![place], subject.auth.evidence.clone(), subject.version.evidence.clone()].concat(),
            TableName::State => {
                let kind = EvidenceKind::Kernel;
                let closed = subject.closed.iter().map(|text| Evidence { kind, text: text.clone(), span: None });
                let (auth, version) = (subject.auth.evidence.clone(), subject.version.evidence.clone());
                [vec![place], closed.collect(), auth, version].concat()
            }
            TableName::Landing => {
                let held = subject.guard.state == Guard::Held;
                let guard = if held { subject.guard.evidence.clone() } else { Vec::new() };
                [vec![place], state(), subject.version.evidence.clone(), guard].concat()
            }
            TableName::Exclusion => {
                let version = subject.version.evidence.clone();
                let version = if version.is_empty() {
                    vec![Evidence::seen(
                        format!("its version of {} is not known and counts as the oldest", subject.profile.name),
                        None,
                    )]
                } else {
                    version
                };
                let (guard, auth) = (subject.guard.evidence.clone(), subject.auth.evidence.clone());
                [vec![place], state(), guard, version, auth].concat()
            }
            _ => [vec![place], state()].concat(),
        }
    }
}

fn evidence_location(evidence: &Evidence) -> Option<Location> {
    Some(Location { span: evidence.span?, label: evidence.text.clone() })
}

/// What is said of a mount, with the link on the host that leads to what it shows.
fn through(label: &str, mount: &Mount) -> String {
    if mount.link.is_some() { format!("{label}, through a link") } else { label.to_owned() }
}

/// The primary stays first; a span is shown once.
fn unique(locations: Vec<Location>) -> Vec<Location> {
    let mut kept: Vec<Location> = Vec::with_capacity(locations.len());
    for location in locations {
        if kept.iter().all(|other| other.span != location.span) {
            kept.push(location);
        }
    }
    kept
}

/// Names of subjects as another container would call them: with the project where it is another one.
pub(crate) fn names(subjects: &[Subject<'_>], indices: &[usize], from: &Container) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(indices.len());
    for subject in indices.iter().filter_map(|at| subjects.get(*at)) {
        let container = subject.container;
        let name = match &container.project {
            Some(project) if container.project != from.project => format!("{project}/{}", container.name),
            _ => container.name.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(MAX_PEERS);
    names
}
