//! Verdicts depend on what is written, not on where: order of services, keys and files, and what else is there.

use std::collections::BTreeMap;
use std::fs;

use overlock::cli::Cli;
use overlock::command::{self, World};
use proptest::prelude::*;
use serde_json::Value;

/// What a random service is made of: each a line or a block below its name.
const MOUNTS: &[&str] = &[
    "\"/srv/claude:/home/agent/.claude\"",
    "\"/srv:/home/agent\"",
    "\"/srv/claude:/state\"",
    "\"/srv/claude/.credentials.json:/home/agent/.claude/.credentials.json\"",
    "\"/home/johba:/home/agent\"",
    "\"/home/johba/.claude:/home/agent/.claude:ro\"",
    "\"named:/home/agent/.claude\"",
    "\"disguise:/home/agent/.claude\"",
    "\"${UNSET}:/home/agent/.claude\"",
    "\"/home/agent/.claude\"",
    "\"/var/run/docker.sock:/var/run/docker.sock\"",
];
const KEYS: &[&str] = &[
    "environment: {HOME: /home/agent}",
    "environment: {CLAUDE_CONFIG_DIR: /state}",
    "environment: [\"ANTHROPIC_API_KEY=k\"]",
    "environment: [\"CLAUDE_CODE_OAUTH_TOKEN=k\"]",
    "environment: {CLAUDE_CODE_OAUTH_TOKEN: \"${UNSET}\"}",
    "labels: {overlock.version: 2.1.330}",
    "labels: {overlock.version: 2.1.98}",
    "labels: {overlock.guard: session.lock}",
    "labels: {overlock.role: interactive}",
    "tty: true",
    "stdin_open: true",
    "user: \"1000\"",
    "profiles: [one]",
    "profiles: [two]",
    "scale: 3",
    "tmpfs: [/home/agent]",
    "entrypoint: [claude, -p]",
    "entrypoint: [flock, /home/agent/.claude/session.lock, claude, -p]",
    "entrypoint: [flock, -n, /tmp/lock, claude, -p]",
    "entrypoint: [cat, /home/agent/.claude/settings.json]",
];

#[derive(Debug, Clone)]
struct Service {
    mounts: Vec<&'static str>,
    keys: Vec<&'static str>,
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    let service =
        (proptest::sample::subsequence(MOUNTS.to_vec(), 0..3), proptest::sample::subsequence(KEYS.to_vec(), 0..6));
    let service = service.prop_map(|(mut mounts, mut keys)| {
        // A key stands once, and so does a target: of two the later one wins, whatever else is turned round.
        let mut targets = Vec::new();
        mounts.retain(|mount: &&str| {
            let target = mount.trim_matches('"').trim_end_matches(":ro").rsplit(':').next().unwrap();
            let new = !targets.contains(&target);
            targets.push(target);
            new
        });
        let mut seen = Vec::new();
        keys.retain(|key| {
            let name = key.split(':').next().unwrap();
            let new = !seen.contains(&name);
            seen.push(name);
            new
        });
        Service { mounts, keys }
    });
    proptest::collection::vec(service, 1..6)
}

/// The project with its services and their keys in an order.
fn write(services: &[(usize, &Service)], reversed: bool, extra: &str) -> String {
    let mut text = String::from("name: p\nservices:\n");
    for (number, service) in services {
        let mut lines: Vec<String> = service.keys.iter().map(|key| format!("    {key}\n")).collect();
        let mut mounts = service.mounts.clone();
        if reversed {
            mounts.reverse();
        }
        lines.push(format!("    volumes: [{}]\n", mounts.join(", ")));
        lines.push("    image: x\n".to_owned());
        if reversed {
            lines.reverse();
        }
        text.push_str(&format!("  s{number}:\n{}", lines.concat()));
    }
    text.push_str(extra);
    text.push_str("volumes: {named: {}, disguise: {driver_opts: {o: bind, device: /srv/claude}}}\n");
    text
}

/// The report without what depends on places in files: verdicts by container, findings in words.
fn judge(files: &[String]) -> (BTreeMap<String, String>, Vec<String>, u8) {
    let directory = tempfile::tempdir().unwrap();
    let mut arguments = vec!["overlock".to_owned(), "check".to_owned(), "--format".to_owned(), "json".to_owned()];
    for (at, text) in files.iter().enumerate() {
        fs::write(directory.path().join(format!("{at}.yaml")), text).unwrap();
        arguments.extend(["-f".to_owned(), format!("{at}.yaml")]);
    }
    let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let world = World {
        environment,
        directory: directory.path().to_owned(),
        terminal: None,
        watched: false,
        ..World::of_process(None, false)
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = command::run(&cli, &world, &mut out, &mut err).unwrap();
    let report: Value = serde_json::from_slice(&out).unwrap();
    let text_of = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
    let participants = report["participants"].as_array().unwrap();
    let key = |one: &Value| format!("{} {}", text_of(one, "container"), text_of(one, "state_dir"));
    let verdicts = participants.iter().map(|one| (key(one), format!("{} {}", text_of(one, "verdict"), one["reason"])));
    let findings = crate::harness::breaches(&report);
    let mut words: Vec<String> = findings
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {} {}",
                text_of(one, "rule"),
                one["severity"],
                one["confidence"],
                text_of(one, "container"),
                text_of(one, "message")
            )
        })
        .collect();
    words.sort();
    (verdicts.collect(), words, status.code())
}

/// Bits of compose files and of what breaks them.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "\t",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a",
    "!reset ",
    "!override ",
    "|\n",
    ">-\n",
    "${",
    "$$",
    "${A:-",
    "}",
    "${A:?",
    "null",
    "~",
    "---\n",
    "# ",
    "\u{feff}",
    "\u{202e}",
    "é",
    "services:",
    "volumes:",
    "extends: a",
    "include: [0.yaml]",
    "volumes_from: [a]",
    "env_file: 0.yaml",
    ":ro",
    "::",
    "/",
    "..",
    "flock 9",
    "$(",
    "<<E",
    "999999999999999999999",
    "-1",
];

/// The world's compose files.
fn corpus() -> Vec<String> {
    let world = crate::harness::folders(&crate::harness::root().join("fixtures/world"));
    world.iter().filter_map(|folder| fs::read_to_string(folder.join("compose.yaml")).ok()).collect()
}

/// A text with pieces taken out, put in and doubled.
fn mangled(text: &str, edits: &[(u16, u8, u8)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, kind, what) in edits {
        let at = usize::from(*at) % (characters.len() + 1);
        let end = (at + usize::from(*what)).min(characters.len());
        match kind % 3 {
            0 => drop(characters.drain(at..end)),
            1 => {
                let token = TOKENS[usize::from(*what) % TOKENS.len()];
                characters.splice(at..at, token.chars());
            }
            _ => {
                let piece: Vec<char> = characters[at..end].to_vec();
                characters.splice(at..at, piece);
            }
        }
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(which in 0usize..1000, edits in proptest::collection::vec(any::<(u16, u8, u8)>(), 1..8)) {
        let corpus = corpus();
        let text = mangled(&corpus[which % corpus.len()], &edits);
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("0.yaml"), &text).unwrap();
        let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
        let world = World { environment, directory: directory.path().to_owned(), terminal: Some(90), watched: false, ..World::of_process(None, false) };
        for format in ["text", "json"] {
            let cli = <Cli as clap::Parser>::try_parse_from(["overlock", "check", "0.yaml", "--format", format]).unwrap();
            let (mut out, mut err) = (Vec::new(), Vec::new());
            command::run(&cli, &world, &mut out, &mut err).unwrap();
            prop_assert!(!out.is_empty());
            // Nothing that could move a cursor or turn a line round reaches a terminal, colours apart.
            let shown = String::from_utf8(out).unwrap();
            let hostile = shown.contains(['\u{202e}', '\t']);
            prop_assert!(format == "json" || !hostile, "{}", shown);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_changes_nothing(services in services()) {
        let numbered: Vec<(usize, &Service)> = services.iter().enumerate().collect();
        let reversed: Vec<(usize, &Service)> = numbered.iter().rev().copied().collect();
        let plain = judge(&[write(&numbered, false, "")]);
        prop_assert_eq!(&judge(&[write(&reversed, false, "")]), &plain);
        prop_assert_eq!(&judge(&[write(&numbered, true, "")]), &plain);
        // Each service in a file of its own, in both orders.
        let files: Vec<String> = numbered.iter().map(|one| write(&[*one], false, "")).collect();
        prop_assert_eq!(&judge(&files), &plain);
        let turned: Vec<String> = files.iter().rev().cloned().collect();
        prop_assert_eq!(&judge(&turned), &plain);
    }

    #[test]
    fn an_unrelated_service_changes_nothing(services in services()) {
        let numbered: Vec<(usize, &Service)> = services.iter().enumerate().collect();
        let unrelated = "  web:\n    image: nginx\n    volumes: [\"/srv/web:/usr/share/nginx/html:ro\", data:/data]\n";
        let plain = judge(&[write(&numbered, false, "")]);
        let with = write(&numbered, false, unrelated).replace("volumes: {named", "volumes: {data: {}, named");
        prop_assert_eq!(judge(&[with]), plain);
    }

    #[test]
    fn a_copy_of_a_shared_service_never_makes_it_sounder(services in services()) {
        let numbered: Vec<(usize, &Service)> = services.iter().enumerate().collect();
        let mut more = numbered.clone();
        more.push((99, &services[0]));
        let rank = |status: u8| match status { 1 => 2, 3 => 1, _ => 0 };
        let before = judge(&[write(&numbered, false, "")]).2;
        let after = judge(&[write(&more, false, "")]).2;
        prop_assert!(rank(after) >= rank(before), "{before} became {after}");
    }
}
