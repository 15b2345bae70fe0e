//! Containers that can start others which no input describes. May use `model`, `rules`, `finding` and earlier parts
//! of `judge`.

use std::collections::BTreeSet;

use super::placeholders;
use crate::finding::{Advice, Breach, Evidence, Judged, Location, LoginPlace, Verdict};
use crate::judge::candidate::calls::{ROLE_LABEL, find_declaration};
use crate::judge::place::MountLookup;
use crate::model::{Container, Layout, Mount, MountSource, parent_and_name};
use crate::rules::{Facts, Filesystems, Matrix, Message, Outcome, Placeholder, Ruleset, Ruling, Spawner, TableName};
use crate::text::Span;

/// Containers that hold the engine's socket, where there is something that what they start could share: a directory that
/// others use, or one that the container itself holds.
pub(in crate::judge) fn find_spawners(layout: &Layout, rules: &Ruleset, judged: &mut Judged) {
    let shared = judged.participants.iter().filter(|participant| participant.verdict != Verdict::NotAParticipant);
    let shared = shared.filter(|one| one.scope != "private");
    let mut places: Vec<(String, usize)> = shared.map(|one| (one.place.text.clone(), one.login)).collect();
    places.sort_unstable();
    places.dedup_by(|(one, _), (other, _)| one == other);
    let facts = Facts { spawner: Spawner::Unseen, ..Facts::default() };
    let Some(Outcome::Broken(ruling)) =
        rules.matrix.tables.get(&TableName::Spawner).and_then(|table| table.decide(facts)).map(|(_, row)| &row.outcome)
    else {
        return;
    };
    // It is told once, of the first login that may be concerned, and names all of them.
    let names: Vec<String> = places.iter().map(|(place, _)| place.clone()).collect();
    let mut starts: BTreeSet<Span> = BTreeSet::new();
    for (at, container) in layout.containers.iter().enumerate() {
        let declared = container.starts_described
            || find_declaration(container, ROLE_LABEL).is_some_and(|declared| declared.text() == "none");
        let socket = container.mounts.iter().find(|mount| is_engine_socket(mount, &rules.filesystems));
        let Some(mount) = socket.filter(|_| !declared) else { continue };
        // However many ways lead to a command of a script, what it starts is told once.
        if container.start.as_ref().is_some_and(|start| !starts.insert(start.span)) {
            continue;
        }
        let own = || own_login(at, container, rules);
        let (login, places) = match places.first() {
            Some((_, login)) => (*login, names.clone()),
            None => match own() {
                Some(login) => {
                    let place = login.place.text.clone();
                    judged.logins.push(login);
                    (judged.logins.len() - 1, vec![place])
                }
                None => continue,
            },
        };
        let breach = Breach { login, ..spawner_breach(container, mount, &rules.matrix, ruling, &places) };
        judged.breaches.push(breach);
    }
}

/// Whether a mount brings a socket of an engine, of the usual one or of a second one.
fn is_engine_socket(mount: &Mount, filesystems: &Filesystems) -> bool {
    let usual = &filesystems.engine_sockets;
    let (MountSource::Host(source) | MountSource::Unresolved(source)) = &mount.source else { return false };
    let name = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
    let is_usual = |path: &str| usual.iter().any(|socket| socket == path);
    let is_directory =
        || usual.iter().any(|socket| parent_and_name(socket).is_some_and(|(above, _)| above == source.text));
    let is_named_so = || usual.iter().any(|socket| name(socket) == name(&source.text));
    is_usual(&source.text) || is_usual(&mount.target.text) || is_named_so() || is_directory()
}

/// The login that a container holds where no participant does: a directory that is named like one, for writing.
fn own_login(at: usize, container: &Container, rules: &Ruleset) -> Option<LoginPlace> {
    let lookup = MountLookup::new(at, container, &rules.filesystems);
    let mut profiles = rules.profiles.iter();
    profiles.find_map(|profile| {
        let named_so =
            |path: &str| parent_and_name(path).is_some_and(|(_, name)| name == profile.state_directory.default);
        let mut mounts = container.mounts.iter().filter(|mount| !mount.read_only);
        let place = mounts.find_map(|mount| {
            let root = lookup.root_of(mount);
            (!root.is_private() && (named_so(&root.path) || named_so(&mount.target.text))).then_some(root)
        })?;
        Some(LoginPlace { program: profile.id.clone(), program_name: profile.name.clone(), place: place.name() })
    })
}

fn spawner_breach(container: &Container, mount: &Mount, matrix: &Matrix, ruling: &Ruling, places: &[String]) -> Breach {
    let word = |placeholder: Placeholder| match placeholder {
        Placeholder::Container => container.told_name().to_owned(),
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
        remedies: matrix
            .remedies_of(ruling, super::advised_as(container))
            .map(|(id, text)| Advice { id: id.to_owned(), text: fill(text), note: None })
            .collect(),
        locations: vec![Location { span: mount.span, label: "the engine's socket".to_owned() }],
        evidence: vec![Evidence::seen("it mounts the engine's socket", Some(mount.span))],
        at_fault: None,
        suppressed: None,
    }
}
