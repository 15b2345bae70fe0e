//! Containers that can start others which no input describes. May use `model`, `rules`, `finding` and earlier parts
//! of `judge`.

use super::placeholders;
use crate::finding::{Evidence, Finding, Location, Report, Verdict};
use crate::judge::candidate::calls::{ROLE_LABEL, find_declaration};
use crate::model::{Container, Layout, Mount, MountSource};
use crate::rules::{Breach, Facts, Outcome, Placeholder, Ruleset, Spawner, TableName};

/// Containers that hold the engine's socket, where there is something that what they start could share.
pub(in crate::judge) fn find_spawners(layout: &Layout, rules: &Ruleset, report: &mut Report) {
    let shared = report.participants.iter().filter(|participant| participant.verdict != Verdict::NotAParticipant);
    let mut places: Vec<String> =
        shared.filter(|one| one.scope != "private").map(|one| one.place.text.clone()).collect();
    places.sort();
    places.dedup();
    let facts = Facts { spawner: Spawner::Unseen, ..Facts::default() };
    let Some(Outcome::Broken(breach)) =
        rules.matrix.tables.get(&TableName::Spawner).and_then(|table| table.decide(facts)).map(|(_, row)| &row.outcome)
    else {
        return;
    };
    if places.is_empty() {
        return;
    }
    for container in &layout.containers {
        let declared = container.starts_described
            || find_declaration(container, ROLE_LABEL).is_some_and(|declared| declared.text() == "none");
        let socket = container.mounts.iter().find(|mount| {
            let MountSource::Host(source) = &mount.source else { return false };
            rules.filesystems.engine_sockets.contains(&source.text)
        });
        if let Some(mount) = socket.filter(|_| !declared) {
            report.findings.push(spawner_finding(container, mount, breach, &places));
        }
    }
}

fn spawner_finding(container: &Container, mount: &Mount, breach: &Breach, places: &[String]) -> Finding {
    let word = |placeholder: Placeholder| match placeholder {
        Placeholder::Container => container.name.clone(),
        Placeholder::Mounted => mount.target.text.clone(),
        Placeholder::Places => placeholders::list_names(places, "a state directory".to_owned()),
        _ => String::new(),
    };
    Finding {
        rule: breach.rule.clone(),
        severity: breach.severity,
        confidence: breach.confidence,
        container: container.name.clone(),
        project: container.project.clone(),
        peers: Vec::new(),
        message: breach.message.fill_with(word),
        remedies: breach.remedies.iter().map(|remedy| remedy.fill_with(word)).collect(),
        locations: vec![Location { span: mount.span, label: "the engine's socket".to_owned() }],
        evidence: vec![Evidence::seen("it mounts the engine's socket", Some(mount.span))],
        fingerprint: String::new(),
        suppressed: None,
        change: None,
    }
}
