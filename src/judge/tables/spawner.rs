//! Containers that can start others which no input describes. May use `model`, `rules`, `finding` and earlier parts
//! of `judge`.

use super::placeholders;
use crate::finding::{Advice, Breach, Evidence, Judged, Location, Verdict};
use crate::judge::candidate::calls::{ROLE_LABEL, find_declaration};
use crate::model::{Container, Layout, Mount, MountSource};
use crate::rules::{Facts, Message, Outcome, Placeholder, Ruleset, Ruling, Spawner, TableName};

/// Containers that hold the engine's socket, where there is something that what they start could share.
pub(in crate::judge) fn find_spawners(layout: &Layout, rules: &Ruleset, judged: &mut Judged) {
    let shared = judged.participants.iter().filter(|participant| participant.verdict != Verdict::NotAParticipant);
    let shared = shared.filter(|one| one.scope != "private");
    let mut places: Vec<(&str, usize)> = shared.map(|one| (one.place.text.as_str(), one.login)).collect();
    places.sort_unstable();
    places.dedup_by_key(|(place, _)| *place);
    let facts = Facts { spawner: Spawner::Unseen, ..Facts::default() };
    let Some(Outcome::Broken(ruling)) =
        rules.matrix.tables.get(&TableName::Spawner).and_then(|table| table.decide(facts)).map(|(_, row)| &row.outcome)
    else {
        return;
    };
    // It is told once, of the first login that may be concerned, and names all of them.
    let Some(&(_, login)) = places.first() else { return };
    let places: Vec<String> = places.into_iter().map(|(place, _)| place.to_owned()).collect();
    for container in &layout.containers {
        let declared = container.starts_described
            || find_declaration(container, ROLE_LABEL).is_some_and(|declared| declared.text() == "none");
        let socket = container.mounts.iter().find(|mount| {
            let MountSource::Host(source) = &mount.source else { return false };
            rules.filesystems.engine_sockets.contains(&source.text)
        });
        if let Some(mount) = socket.filter(|_| !declared) {
            let breach = Breach { login, ..spawner_breach(container, mount, ruling, &places) };
            judged.breaches.push(breach);
        }
    }
}

fn spawner_breach(container: &Container, mount: &Mount, ruling: &Ruling, places: &[String]) -> Breach {
    let word = |placeholder: Placeholder| match placeholder {
        Placeholder::Container => container.name.clone(),
        Placeholder::Mounted => mount.target.text.clone(),
        Placeholder::Places => placeholders::list_names(places, "a state directory".to_owned()),
        _ => String::new(),
    };
    let fill = |message: &Message| message.fill_with(word);
    Breach {
        rule: ruling.rule.clone(),
        severity: ruling.severity,
        confidence: ruling.confidence,
        login: 0,
        participant: None,
        container: container.name.clone(),
        service: container.lasting_name().to_owned(),
        project: container.project.clone(),
        peers: Vec::new(),
        message: fill(&ruling.message),
        detail: fill(&ruling.detail),
        why: None,
        remedies: ruling.remedies.iter().map(|(id, text)| Advice { id: id.clone(), text: fill(text) }).collect(),
        locations: vec![Location { span: mount.span, label: "the engine's socket".to_owned() }],
        evidence: vec![Evidence::seen("it mounts the engine's socket", Some(mount.span))],
        suppressed: None,
    }
}
