//! From facts to breaches: every table of the matrix is asked, and its answer put into words. Each table has a file of
//! its name: the fact that it is about, what its breaches point at and what they rest on.
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
mod one_sided;
mod placeholders;
mod role;
pub(super) mod side_file;
mod sight;
pub(super) mod spawner;
mod state;
pub(super) mod users;

use super::candidate::calls::RunsProgram;
use super::copied_logins::CLONED;
use super::{AnswerExtent, rule_verdict};
use crate::finding::{Advice, Breach, Evidence, EvidenceKind, Location, Verdict};
use crate::model::Container;
use crate::rules::{AdvisedAs, Confidence, Message, Outcome, Ruling, TableName, named_remedy};
use case::{Case, Grounds, peer_names};
use placeholders::PlaceholderValues;

/// The answers of all tables about one participant.
pub(super) struct TableAnswers {
    pub(super) breaches: Vec<Breach>,
    /// Why the exclusion table lets it pass, if it does.
    pub(super) reason: Option<String>,
}

/// Asks every table about one participant.
pub(super) fn ask_tables(case: &Case<'_, '_>, told: AnswerExtent) -> TableAnswers {
    let mut answers = TableAnswers { breaches: Vec::new(), reason: None };
    for (&name, table) in &case.rules.matrix.tables {
        match table.decide(case.facts).map(|(_, row)| &row.outcome) {
            Some(Outcome::Ok(why)) if name == TableName::Exclusion => answers.reason = Some(why.clone()),
            Some(Outcome::Broken(ruling)) if name == TableName::Declaration => {
                answers.breaches.extend(declaration::breaches(case, ruling));
            }
            Some(Outcome::Broken(ruling)) => {
                let mut breach = if told == AnswerExtent::Rules {
                    unworded_breach(ruling, case)
                } else {
                    let values = PlaceholderValues { case, contradiction: None };
                    breach(ruling, &values, with_link(case, grounds(case, name)))
                };
                breach.at_fault = (name == TableName::OneSided).then(|| case.relation.unsafe_peers.clone());
                answers.breaches.push(breach);
            }
            Some(Outcome::Ok(_) | Outcome::See(_)) | None => {}
        }
    }
    answers
}

/// The verdict alone; `None` where others are told what is broken, or what it is about decides what that is.
pub(super) fn ask_verdict(case: &Case<'_, '_>) -> Option<Verdict> {
    let mut worst = Verdict::Ok;
    for (&name, table) in &case.rules.matrix.tables {
        let Some(Outcome::Broken(ruling)) = table.decide(case.facts).map(|(_, row)| &row.outcome) else { continue };
        if name == TableName::Declaration || ruling.rule == CLONED {
            return None;
        }
        // What its peers are told of is no worse for it.
        if name != TableName::OneSided {
            worst = worst.max(rule_verdict(&ruling.rule, ruling.severity));
        }
    }
    Some(worst)
}

/// What a breach of a table points at and rests on.
fn grounds(case: &Case<'_, '_>, table: TableName) -> Grounds {
    match table {
        TableName::Bind => bind::grounds(case),
        TableName::Exclusion => exclusion::grounds(case),
        TableName::Filesystem => filesystem::grounds(case),
        TableName::Guard => guard::grounds(case),
        TableName::Identity => identity::grounds(case),
        TableName::Key => key::grounds(case),
        TableName::Landing => landing::grounds(case),
        TableName::OneSided => one_sided::grounds(case),
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

/// The remedy that is for what only reads a login.
const FOR_READERS: &str = "reference-path";

fn breach(ruling: &Ruling, values: &PlaceholderValues<'_, '_, '_>, grounds: Grounds) -> Breach {
    let case = values.case;
    let (container, relation) = (case.candidate.container, case.relation);
    let concerned = match ruling.rule.as_str() {
        "unguarded-share" | "guard-one-sided" => relation.unsafe_peers.as_slice(),
        "cloned-identity" => case.copied_from,
        _ => relation.others.as_slice(),
    };
    let fill = |message: &Message| message.fill_with(|placeholder| values.value(placeholder));
    let note = |id: &str| case.rules.matrix.notes.get(id).map(fill);
    // Who is seen to call the program does more than read.
    let calls = matches!(case.candidate.runs, RunsProgram::Yes(_));
    let remedies = case.rules.matrix.remedies_of(ruling, advised_as(container));
    let remedies = remedies.filter(|(id, _)| !(calls && named_remedy(id) == FOR_READERS));
    let advice = remedies.map(|(id, remedy)| Advice { id: id.to_owned(), text: fill(remedy), note: note(id) });
    let version = case.candidate.version.evidence.first().and_then(|evidence| evidence.span);
    let version = version.or(case.candidate.version.unpinned);
    Breach {
        peers: peer_names(case.candidates, concerned, container),
        message: fill(&ruling.message),
        detail: fill(&ruling.detail),
        why: ruling.why.as_ref().map(|why| Evidence::seen(fill(why), version)),
        remedies: advice.filter(|advice| !advice.text.is_empty()).collect(),
        locations: distinct(grounds.locations),
        evidence: grounds.evidence,
        ..unworded_breach(ruling, case)
    }
}

/// Who breaks which rule, and nothing that a person would read.
fn unworded_breach(ruling: &Ruling, case: &Case<'_, '_>) -> Breach {
    let container = case.candidate.container;
    Breach {
        severity: ruling.severity,
        confidence: confidence(case, ruling),
        login: case.login,
        participant: Some(case.participant),
        service: container.lasting_name().to_owned(),
        project: container.project.clone(),
        ..Breach::of(&ruling.rule, &container.name)
    }
}

/// A breach is no surer than the facts it rests on.
fn confidence(case: &Case<'_, '_>, ruling: &Ruling) -> Confidence {
    let (candidate, relation) = (case.candidate, case.relation);
    let interactive = ruling.rule.starts_with("interactive-");
    let guessed = interactive && candidate.role.weak;
    let collides = interactive
        || matches!(
            ruling.rule.as_str(),
            "unguarded-share" | "guard-one-sided" | "version-skew" | "lock-on-private-layer"
        );
    let apart = collides && relation.only_other_profiles;
    let mut peers = relation.unsafe_peers.iter().filter_map(|at| case.candidates.get(*at)).peekable();
    // Its own replicas are there for certain.
    let alone = candidate.container.replicas <= 1;
    let others = alone && peers.peek().is_some() && peers.all(|peer| may_never_start(peer.container));
    let perhaps = collides && (may_never_start(candidate.container) || others);
    if guessed || apart || perhaps { ruling.confidence.min(Confidence::Medium) } else { ruling.confidence }
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

/// In which words a container is advised.
fn advised_as(container: &Container) -> AdvisedAs {
    match () {
        () if container.start.is_some() => AdvisedAs::Start,
        () if container.is_of_job => AdvisedAs::Job,
        () if container.is_of_devcontainer() => AdvisedAs::Devcontainer,
        () => AdvisedAs::Described,
    }
}
