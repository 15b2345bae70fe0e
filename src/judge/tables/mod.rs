//! From facts to findings: every table of the matrix is asked, and its answer put into words. Each table has a file of
//! its name: the fact that it is about, what its findings point at and what they rest on.
//! May use `model`, `rules`, `finding` and earlier parts of `judge`.

pub(super) mod bind;
pub(super) mod case;
pub(super) mod declaration;
mod exclusion;
pub(super) mod filesystem;
mod guard;
pub(super) mod host;
pub(super) mod identity;
pub(super) mod key;
pub(super) mod landing;
pub(super) mod leftover;
mod placeholders;
mod role;
pub(super) mod side_file;
mod sight;
pub(super) mod spawner;
mod state;
pub(super) mod users;

use crate::finding::{Evidence, EvidenceKind, Finding, Location};
use crate::model::Container;
use crate::rules::{Breach, Confidence, Outcome, TableName};
use case::{Case, Grounds, peer_names};
use placeholders::PlaceholderValues;

/// The answers of all tables about one participant.
pub(super) struct TableAnswers {
    pub(super) findings: Vec<Finding>,
    /// Why the exclusion table lets it pass, if it does.
    pub(super) reason: Option<String>,
}

/// Asks every table about one participant.
pub(super) fn ask_tables(case: &Case<'_, '_>) -> TableAnswers {
    let mut answers = TableAnswers { findings: Vec::new(), reason: None };
    for (&name, table) in &case.rules.matrix.tables {
        match table.decide(case.facts).map(|(_, row)| &row.outcome) {
            Some(Outcome::Ok(why)) if name == TableName::Exclusion => answers.reason = Some(why.clone()),
            Some(Outcome::Broken(breach)) if name == TableName::Declaration => {
                answers.findings.extend(declaration::findings(case, breach));
            }
            Some(Outcome::Broken(breach)) => {
                let values = PlaceholderValues { case, contradiction: None };
                answers.findings.push(finding(breach, &values, with_link(case, grounds(case, name))));
            }
            Some(Outcome::Ok(_) | Outcome::See(_)) | None => {}
        }
    }
    answers
}

/// What a finding of a table points at and rests on.
fn grounds(case: &Case<'_, '_>, table: TableName) -> Grounds {
    match table {
        TableName::Bind => bind::grounds(case),
        TableName::Exclusion => exclusion::grounds(case),
        TableName::Filesystem => filesystem::grounds(case),
        TableName::Guard => guard::grounds(case),
        TableName::Identity => identity::grounds(case),
        TableName::Key => key::grounds(case),
        TableName::Landing => landing::grounds(case),
        TableName::Role => role::grounds(case),
        TableName::SideFile => side_file::grounds(case),
        TableName::Sight => sight::grounds(case),
        TableName::State => state::grounds(case),
        TableName::Users => users::grounds(case),
        // The mount itself is what they are about; `declaration` and `spawner` make findings of their own.
        TableName::Scope | TableName::Host | TableName::Leftover | TableName::Declaration | TableName::Spawner => {
            Grounds { locations: vec![case.mount_location()], evidence: case.state_evidence() }
        }
    }
}

/// The same, with the link on the host through which the login is mounted.
fn with_link(case: &Case<'_, '_>, mut grounds: Grounds) -> Grounds {
    let candidate = case.candidate;
    if let Some((mount, link)) = candidate.login.mount.and_then(|mount| Some((mount, mount.link.as_ref()?))) {
        let text = format!("on this host {link} leads through a link to {}", candidate.place.name().text);
        grounds.evidence.push(Evidence { kind: EvidenceKind::Kernel, text, span: Some(mount.span) });
    }
    grounds
}

fn finding(breach: &Breach, values: &PlaceholderValues<'_, '_, '_>, grounds: Grounds) -> Finding {
    let case = values.case;
    let (container, relation) = (case.candidate.container, case.relation);
    let concerned = if breach.rule == "unguarded-share" { &relation.unsafe_peers } else { &relation.others };
    let remedies = breach.remedies.iter().map(|remedy| remedy.fill_with(|placeholder| values.value(placeholder)));
    Finding {
        rule: breach.rule.clone(),
        severity: breach.severity,
        confidence: confidence(case, breach),
        container: container.name.clone(),
        project: container.project.clone(),
        peers: peer_names(case.candidates, concerned, container),
        message: breach.message.fill_with(|placeholder| values.value(placeholder)),
        remedies: remedies.filter(|text| !text.is_empty()).collect(),
        locations: distinct(grounds.locations),
        evidence: grounds.evidence,
        fingerprint: String::new(),
        suppressed: None,
        change: None,
    }
}

/// A finding is no surer than the facts it rests on.
fn confidence(case: &Case<'_, '_>, breach: &Breach) -> Confidence {
    let (candidate, relation) = (case.candidate, case.relation);
    let interactive = breach.rule.starts_with("interactive-");
    let guessed = interactive && candidate.role.weak;
    let collides =
        interactive || matches!(breach.rule.as_str(), "unguarded-share" | "version-skew" | "lock-on-private-layer");
    let apart = collides && relation.only_other_profiles;
    let mut peers = relation.unsafe_peers.iter().filter_map(|at| case.candidates.get(*at)).peekable();
    // Its own replicas are there for certain.
    let alone = candidate.container.replicas <= 1;
    let others = alone && peers.peek().is_some() && peers.all(|peer| may_never_start(peer.container));
    let perhaps = collides && (may_never_start(candidate.container) || others);
    if guessed || apart || perhaps { breach.confidence.min(Confidence::Medium) } else { breach.confidence }
}

/// Whether a script starts it on some of its branches only.
fn may_never_start(container: &Container) -> bool {
    container.start.as_ref().is_some_and(|start| start.possible)
}

/// The primary location stays first; a span is shown once.
fn distinct(locations: Vec<Location>) -> Vec<Location> {
    let mut kept: Vec<Location> = Vec::with_capacity(locations.len());
    for location in locations {
        if kept.iter().all(|other| other.span != location.span) {
            kept.push(location);
        }
    }
    kept
}
