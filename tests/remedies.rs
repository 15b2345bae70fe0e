//! Remedies: each that says what to write is carried out in a copy of every fixture, which is then judged again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{folders, judged, name, overlock, project, root, rule_folders};

/// How many remedies may be carried out one after the other before nothing is left to do.
const STEPS: usize = 12;

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A finding that counts, with its family, severity and remedies.
struct FindingText {
    family: String,
    severity: String,
    hits: Vec<Value>,
    remedies: Vec<Value>,
}

/// The findings of a report that are warnings at least.
fn findings(report: &Value) -> Vec<FindingText> {
    let all = array(&report["logins"]).iter().flat_map(|login| array(&login["findings"]));
    let counting = all.filter(|finding| finding["severity"] != "note");
    let of = |finding: &Value| FindingText {
        family: text(&finding["family"]),
        severity: text(&finding["severity"]),
        hits: array(&finding["hits"]).iter().filter(|hit| hit["suppressed"].is_null()).cloned().collect(),
        remedies: array(&finding["remedies"]).to_vec(),
    };
    counting.map(of).filter(|finding| !finding.hits.is_empty()).collect()
}

/// Each container with the family of its hits, how bad they are, and which rule names the worst.
fn hits(report: &Value) -> BTreeMap<(String, String), (String, Option<Value>)> {
    let mut found: BTreeMap<(String, String), (String, Option<Value>)> = BTreeMap::new();
    for finding in findings(report) {
        for hit in &finding.hits {
            let known = found.entry((finding.family.clone(), text(&hit["container"]))).or_default();
            if known.0 != "error" {
                *known = (finding.severity.clone(), hit["rules"].get(0).cloned());
            }
        }
    }
    found
}

/// What a remedy writes, by file; nothing where a person has to find a text.
fn edits(remedy: &Value) -> Option<Vec<Value>> {
    let written = array(&remedy["by_hand"]).is_empty() && !array(&remedy["ends"]).is_empty();
    written.then(|| array(&remedy["edits"]).to_vec())
}

fn carry_out(folder: &Path, edits: &[Value]) {
    let mut by_file: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(text(&edit["location"]["file"])).or_default().push(edit);
    }
    for (file, edits) in by_file {
        let before = fs::read_to_string(folder.join(&file)).unwrap();
        let offset = |edit: &Value, line: &str, column: &str| {
            let number = |key: &str| usize::try_from(edit["location"][key].as_u64().unwrap()).unwrap();
            let start: usize = before.split_inclusive('\n').take(number(line) - 1).map(str::len).sum();
            let rest = &before[start..];
            start + rest.char_indices().nth(number(column) - 1).map_or(rest.len(), |(at, _)| at)
        };
        let mut placed: Vec<(usize, usize, String)> = edits
            .iter()
            .map(|edit| (offset(edit, "line", "column"), offset(edit, "end_line", "end_column"), text(&edit["text"])))
            .collect();
        placed.sort();
        let mut after = before.clone();
        for (start, end, new) in placed.into_iter().rev() {
            after.replace_range(start..end, &new);
        }
        fs::write(folder.join(&file), after).unwrap();
    }
}

fn copied(folder: &Path) -> (tempfile::TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(folder).arg(temp.path()).status().unwrap();
    assert!(copied.success());
    let into = temp.path().join(name(folder));
    (temp, into)
}

/// Every fixture that something is wrong with and whose files can be changed.
fn fixtures() -> Vec<PathBuf> {
    let all = root().join("fixtures");
    let mut found: Vec<PathBuf> = rule_folders().iter().flat_map(|folder| folders(folder)).collect();
    for more in ["world", "scripts", "factory/changed"] {
        found.extend(folders(&all.join(more)));
    }
    found.retain(|folder| !folder.join("capture.json").is_file());
    found
}

fn report(folder: &Path) -> Option<Value> {
    serde_json::from_str(&judged(folder, &["--format", "json"]).out).ok()
}

/// Carries a remedy out in a copy, and compares.
fn try_remedy(folder: &Path, before: &Value, finding: &FindingText, remedy: &Value, edits: &[Value]) {
    let (_temp, copy) = copied(folder);
    carry_out(&copy, edits);
    let label = format!("{}: {} by {}", folder.display(), finding.family, remedy["text"]);
    let after = report(&copy).unwrap_or_else(|| panic!("{label}: nothing can be read after {edits:?}"));
    let (was, is) = (hits(before), hits(&after));
    for container in array(&remedy["ends"]).iter().map(text) {
        let key = (finding.family.clone(), container.clone());
        let Some((severity, rules)) = is.get(&key) else { continue };
        let mut of_finding = finding.hits.iter().filter(|hit| hit["container"] == container.as_str());
        assert!(*severity != finding.severity, "{label}: {container} is still told");
        // What is left of an error is a warning, and names another rule.
        let is_same = of_finding.any(|hit| Some(&hit["rules"][0]) == rules.as_ref());
        assert!(!is_same, "{label}: {container} breaks {rules:?}");
    }
    for (key, (severity, _)) in &is {
        let known = was.get(key);
        let all_before = was.iter().filter(|((_, container), _)| *container == key.1);
        let softened = severity == "warning" && all_before.clone().any(|(_, (before, _))| before == "error");
        let is_known = known.is_some_and(|(before, _)| before == severity || before == "error");
        assert!(is_known || softened, "{label}: {key:?} is new");
    }
}

#[test]
fn what_a_remedy_says_to_end_is_ended_when_it_is_carried_out() {
    let mut tried = 0;
    for folder in fixtures() {
        let Some(before) = report(&folder) else { continue };
        for finding in findings(&before) {
            assert!(!finding.remedies.is_empty(), "{}: {} has no remedy", folder.display(), finding.family);
            for remedy in &finding.remedies {
                let Some(edits) = edits(remedy) else { continue };
                try_remedy(&folder, &before, &finding, remedy, &edits);
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried} remedies were tried");
}

#[test]
fn the_first_remedies_one_after_the_other_leave_nothing_or_what_a_person_does() {
    let (mut clean, mut persons) = (0, 0);
    for folder in fixtures() {
        let (_temp, copy) = copied(&folder);
        for step in 0.. {
            assert!(step < STEPS, "{}: there is no end of remedies", folder.display());
            let run = judged(&copy, &["--format", "json"]);
            let Ok(report) = serde_json::from_str::<Value>(&run.out) else { break };
            let open = findings(&report);
            let Some(finding) = open.iter().find(|finding| edits(&finding.remedies[0]).is_some()) else {
                if open.iter().all(|finding| finding.severity == "warning") {
                    clean += 1;
                } else {
                    persons += 1;
                }
                // Somebody is told what to do about each that is left.
                assert!(open.iter().all(|finding| finding.remedies[0]["text"] != ""), "{}", folder.display());
                break;
            };
            carry_out(&copy, &edits(&finding.remedies[0]).unwrap());
        }
    }
    assert!(clean > persons && persons > 0, "{clean} end well, {persons} need a person");
}

/// The remedies of the first finding of a project.
fn remedies(files: &[(&str, &str)]) -> Vec<Value> {
    let folder = project(files);
    let report = overlock(folder.path(), &["check", ".", "--format", "json"]).json();
    findings(&report).into_iter().next().unwrap().remedies
}

/// One of these, by its id.
fn remedy_of(remedies: &[Value], id: &str) -> Value {
    remedies.iter().find(|remedy| remedy["id"] == id).cloned().unwrap_or_else(|| panic!("no {id} in {remedies:?}"))
}

/// Two services of one image on one login, without a lock.
const UNPINNED: &str = "\
services:
  one: &one
    build: .
    volumes: [\"/srv/claude:/root/.claude\"]
    entrypoint: [\"claude\", \"-p\", \"one\"]
  two: {<<: *one}
";

#[test]
fn a_version_is_required_where_it_is_installed_in_the_way_it_is_written() {
    let of = |dockerfile: &str| {
        let dockerfile = format!("FROM node:22\nENV HOME=/root\n{dockerfile}");
        let remedy =
            remedy_of(&remedies(&[("compose.yaml", UNPINNED), ("Dockerfile", &dockerfile)]), "require-version");
        let edits = array(&remedy["edits"]);
        assert_eq!((edits.len(), array(&remedy["ends"]).len()), (1, 2), "{dockerfile}: {remedy}");
        assert_eq!(edits[0]["location"]["file"], "Dockerfile", "{remedy}");
        format!("{}: {}", edits[0]["location"]["line"], text(&edits[0]["text"]))
    };
    let range = "@anthropic-ai/claude-code@>=2.1.132";
    // In a shell, `>` outside quotes is a redirection.
    assert_eq!(of("RUN npm install -g @anthropic-ai/claude-code\n"), format!("3: npm install -g \"{range}\""));
    assert_eq!(of("RUN npm install -g @anthropic-ai/claude-code@2.1.98\n"), format!("3: npm install -g \"{range}\""));
    assert_eq!(of("RUN npm install -g \"@anthropic-ai/claude-code\"\n"), format!("3: {range}"));
    assert_eq!(of("RUN npm install \\\n -g @anthropic-ai/claude-code && true\n"), format!("4: \"{range}\""));
    assert_eq!(of("RUN [\"npm\", \"install\", \"-g\", \"@anthropic-ai/claude-code\"]\n"), format!("3: {range}"));
    // What stands between may be a secret.
    let token = of("RUN npm install --registry=https://u:t0ken@h/ -g @anthropic-ai/claude-code\n");
    assert_eq!(token, format!("3: \"{range}\""));
    // The line that holds the version.
    let variable = "RUN npm install -g @anthropic-ai/claude-code@${V}\n";
    assert_eq!(of(&format!("ARG V=2.1.98\n{variable}")), "3: ARG V=^2.1.132");
    assert_eq!(of(&format!("ENV A=1 V=2.1.98 B=2\n{variable}")), "3: V=^2.1.132");
    // The native installer takes one version.
    assert_eq!(of("RUN curl -fsSL https://claude.ai/install.sh | bash\n"), "3: bash -s 2.1.132");
    assert_eq!(of("RUN curl -fsSL https://claude.ai/install.sh | bash -s 2.1.98\n"), "3: bash -s 2.1.132");
    // A quotation inside a quotation would end it: a range that needs none.
    let caret = "@anthropic-ai/claude-code@^2.1.132";
    assert_eq!(of("RUN bash -c 'npm install -g @anthropic-ai/claude-code'\n"), format!("3: {caret}"));
    assert_eq!(of("RUN bash -c \"npm i -g \\\"@anthropic-ai/claude-code@latest\\\"\"\n"), format!("3: {caret}"));
}

#[test]
fn a_version_is_required_in_calls_of_compose_files_and_scripts() {
    let of = |files: &[(&str, &str)]| {
        let remedy = remedy_of(&remedies(files), "require-version");
        assert!(array(&remedy["by_hand"]).is_empty() && !array(&remedy["ends"]).is_empty(), "{remedy}");
        text(&remedy["edits"][0]["text"])
    };
    let (range, caret) = ("@anthropic-ai/claude-code@>=2.1.132", "@anthropic-ai/claude-code@^2.1.132");
    let compose = |command: &str| {
        let text = UNPINNED
            .replace("build: .", "image: node:22")
            .replace("    entrypoint: [\"claude\", \"-p\", \"one\"]\n", command);
        of(&[("compose.yaml", &text.replace("    volumes", "    environment: {HOME: /root}\n    volumes"))])
    };
    assert_eq!(compose("    command: npx -y @anthropic-ai/claude-code@latest -p x\n"), format!("npx -y \"{range}\""));
    assert_eq!(compose("    command: [\"npx\", \"-y\", \"@anthropic-ai/claude-code\", \"-p\", \"x\"]\n"), range);
    let install = "npm install -g @anthropic-ai/claude-code@latest && claude -p x";
    assert_eq!(compose(&format!("    command: bash -c \"{install}\"\n")), caret);
    assert_eq!(compose(&format!("    command: [\"sh\", \"-c\", \"{install}\"]\n")), caret);
    assert_eq!(
        compose(&format!("    command:\n      - sh\n      - -c\n      - |\n        {install}\n")),
        format!("npm install -g \"{range}\"")
    );
    let script = |call: &str| {
        of(&[(
            "run.sh",
            &format!(
                "#!/bin/sh\nfor n in a b; do\ndocker run -d --name job-$n -v /srv/claude:/root/.claude -e HOME=/root node:22 {call}\ndone\n"
            ),
        )])
    };
    assert_eq!(script("npx -y @anthropic-ai/claude-code@latest -p x"), format!("npx -y \"{range}\""));
    assert_eq!(script(&format!("bash -c '{install}'")), caret);
    assert_eq!(script("sh -c \"npx -y @anthropic-ai/claude-code -p x\""), caret);
}

#[test]
fn what_a_person_has_to_do_of_a_remedy_is_marked() {
    let folder = root().join("fixtures/cloned-identity/bad-copies-at-start");
    let copy = &findings(&report(&folder).unwrap())[0].remedies[0];
    let by_hand: Vec<String> = array(&copy["by_hand"]).iter().map(|step| text(&step["text"])).collect();
    assert_eq!(by_hand.len(), 3, "{copy}");
    assert_eq!(by_hand.join(", and "), text(&copy["text"]));
    // Of what is partly written that part alone is not.
    let guarded = "services:\n  one: &one\n    image: a\n    environment: {HOME: /root}\n    volumes: [\"/home/jo/.claude:/root/.claude\"]\n    entrypoint: [claude, -p, x]\n";
    let host = remedy_of(&remedies(&[("compose.yaml", guarded)]), "guard-on-host");
    let by_hand = array(&host["by_hand"]);
    assert!(by_hand.len() == 1 && text(&by_hand[0]["text"]).contains("say so in overlock.yaml"), "{host}");
    assert!(!array(&host["edits"]).is_empty() && array(&by_hand[0]["why"]).is_empty(), "{host}");
    // Where a text is not known it is said why, and where it is nothing is left.
    let image = UNPINNED
        .replace("build: .", "image: claude-code:latest")
        .replace("    volumes", "    environment: {HOME: /root}\n    volumes");
    let tag = remedies(&[("compose.yaml", &image)]);
    let why: Vec<&Value> =
        tag.iter().flat_map(|remedy| array(&remedy["by_hand"])).flat_map(|step| array(&step["why"])).collect();
    assert!(!why.is_empty(), "{tag:?}");
    assert!(array(&remedy_of(&tag, "route-through-guard")["by_hand"]).is_empty(), "{tag:?}");
}

#[test]
fn a_version_is_required_where_the_compose_file_gives_it() {
    let with = |args: &str| {
        let compose = UNPINNED.replace("build: .", &format!("build: {{context: ., args: {args}}}"));
        let dockerfile = "FROM node:22\nARG V=2.1.99\nENV HOME=/root\nRUN npm i -g @anthropic-ai/claude-code@$V\n";
        let remedy = remedy_of(&remedies(&[("compose.yaml", &compose), ("Dockerfile", dockerfile)]), "require-version");
        let edit = &remedy["edits"][0];
        format!("{}: {}", text(&edit["location"]["file"]), text(&edit["text"]))
    };
    assert_eq!(with("{V: 2.1.98}"), "compose.yaml: V: 2.1.132");
    assert_eq!(with("[V=2.1.98]"), "compose.yaml: V=2.1.132");
    assert_eq!(with("{W: 2.1.98}"), "Dockerfile: ARG V=^2.1.132");
}

#[test]
fn an_flock_goes_around_a_call_in_the_way_it_is_written() {
    let of = |entrypoint: &str, script: &str| {
        let service = |name: &str| {
            format!(
                "  {name}:\n    image: a\n    user: root\n    environment: {{HOME: /root}}\n    volumes: [\"/srv/claude:/root/.claude\", \"./run.sh:/run.sh:ro\"]\n    entrypoint:{entrypoint}\n"
            )
        };
        let compose = format!("services:\n{}{}", service("one"), service("two"));
        let remedy = remedy_of(&remedies(&[("compose.yaml", &compose), ("run.sh", script)]), "route-through-guard");
        let edits: BTreeSet<String> = array(&remedy["edits"]).iter().map(|edit| text(&edit["text"])).collect();
        let ends = array(&remedy["ends"]).len();
        assert_eq!(ends, 2, "{remedy}");
        edits.into_iter().collect::<Vec<_>>().join(" and ")
    };
    let taken = "flock -w 600 /root/.claude/session.lock claude";
    assert_eq!(of(" [bash, /run.sh]", "#!/bin/bash\nclaude -p x\n"), taken);
    assert_eq!(of(" [bash, /run.sh]", "#!/bin/bash\nif true; then\n  exec claude -p x\nfi\n"), taken);
    let quoted = "\"flock\", \"-w\", \"600\", \"/root/.claude/session.lock\", \"claude\"";
    assert_eq!(of(" [\"claude\", \"-p\", \"x\"]", ""), quoted);
    assert_eq!(of(" [claude, -p, x]", ""), "flock, -w, \"600\", /root/.claude/session.lock, claude");
    assert_eq!(
        of("\n      - claude\n      - -p\n      - x", ""),
        "flock\n      - -w\n      - \"600\"\n      - /root/.claude/session.lock\n      - claude"
    );
}

#[test]
fn one_flock_for_the_batch_calls_and_a_login_of_its_own_for_a_person_are_one_remedy() {
    let batch = "    entrypoint: [\"claude\", \"-p\", \"x\"]\n";
    let service = |name: &str, rest: &str| {
        format!(
            "  {name}:\n    image: a\n    environment: {{HOME: /root}}\n    volumes: [\"/srv/claude:/root/.claude\"]\n{rest}"
        )
    };
    let chat = "    tty: true\n    stdin_open: true\n    entrypoint: [claude]\n";
    let compose = format!("services:\n{}{}{}", service("one", batch), service("two", batch), service("chat", chat));
    let remedy = remedies(&[("compose.yaml", &compose)]).remove(0);
    assert_eq!(remedy["text"], "take one flock around each call, and give chat a login of its own (log in there once)");
    let edits: Vec<String> = array(&remedy["edits"]).iter().map(|edit| text(&edit["text"])).collect();
    assert_eq!(edits[2], "/srv/claude-chat:/root/.claude");
    assert_eq!(array(&remedy["ends"]).len(), 3);
    // Without a person there is nothing to give.
    let compose = format!("services:\n{}{}", service("one", batch), service("two", batch));
    assert_eq!(remedies(&[("compose.yaml", &compose)])[0]["text"], "take one flock around each call");
}

#[test]
fn who_shares_a_line_is_no_worse_off_for_it() {
    // The two in the dedicated parent are kept apart by the old lock beside the state directory; a version that takes
    // only the other one, from the line that both logins use, would have them collide with the third.
    let dockerfile = "FROM node:22\nENV HOME=/root\nRUN npm install -g @anthropic-ai/claude-code\n";
    let third = |version: &str| {
        format!(
            "{UNPINNED}  three:\n    build: .\n    environment: {{CLAUDE_CONFIG_DIR: /p/state}}\n    volumes: [\"/srv/p:/p\"]\n    entrypoint: [claude, -p, x]\n  four:\n    image: a\n    environment: {{CLAUDE_CONFIG_DIR: /p/state}}\n    labels: {{overlock.version: {version}}}\n    volumes: [\"/srv/p:/p\"]\n    entrypoint: [claude, -p, x]\n"
        )
    };
    let ids = |version: &str| {
        let remedies = remedies(&[("compose.yaml", &third(version)), ("Dockerfile", dockerfile)]);
        remedies.iter().map(|remedy| text(&remedy["id"])).collect::<Vec<_>>()
    };
    assert!(!ids("2.1.98").contains(&"require-version".to_owned()), "{:?}", ids("2.1.98"));
    assert!(ids("2.1.330").contains(&"require-version".to_owned()), "{:?}", ids("2.1.330"));
}

#[test]
fn mount_that_others_have_too_is_moved_for_nobody_alone() {
    let common = "services:\n  base:\n    image: x\n    environment: {HOME: /home/agent}\n    volumes: [\"./state:/home/agent/.claude\"]\n    entrypoint: [claude, -p]\n";
    let of = |name: &str, more: &str| format!("  {name}:\n    extends: {{file: common.yaml, service: base}}\n{more}");
    let chat = "    entrypoint: [claude]\n    tty: true\n    stdin_open: true\n";
    let text = format!("name: p\nservices:\n{}{}{}", of("runner", ""), of("agents", ""), of("chat", chat));
    let files = project(&[("compose.yaml", &text), ("common.yaml", common)]);
    let run = overlock(files.path(), &["check", "."]);
    assert!(
        run.status == 1 && !run.out.contains("a login of its own (log in there once) at common.yaml"),
        "{}",
        run.out
    );
    // Where the mount is its own, it is.
    let own = format!("{chat}    volumes: !override [\"./state:/home/agent/.claude\"]\n");
    let text = format!("name: p\nservices:\n{}{}{}", of("runner", ""), of("agents", ""), of("chat", &own));
    let files = project(&[("compose.yaml", &text), ("common.yaml", common)]);
    let run = overlock(files.path(), &["check", "."]);
    assert!(run.out.contains("a login of its own (log in there once) at compose.yaml"), "{}", run.out);
}

/// The remedies of a project whose script starts an interactive container beside a batch service, by id and text.
fn of_start(words: &str) -> Vec<Value> {
    let batch =
        "    entrypoint: [\"flock\", \"-w\", \"600\", \"/root/.claude/session.lock\", \"claude\", \"-p\", \"x\"]\n";
    let compose = format!(
        "services:\n  one:\n    image: a\n    environment: {{HOME: /root}}\n    volumes: [\"${{HOME}}/.state:/root/.claude\"]\n{batch}"
    );
    let script = format!("#!/bin/sh\ndocker run --rm -it {words} -e HOME=/root a claude\n");
    let folder = project(&[("compose.yaml", &compose), ("chat.sh", &script)]);
    let report = overlock(folder.path(), &["check", ".", "--format", "json"]).json();
    let all = findings(&report);
    all.into_iter().find(|one| one.severity == "error").unwrap_or_else(|| panic!("{words}: {report}")).remedies
}

#[test]
fn login_of_its_own_is_written_where_a_script_mounts_it() {
    let of = |words: &str| {
        let remedy = remedy_of(&of_start(words), "separate-identity");
        assert_eq!(remedy["edits"][0]["location"]["file"], "chat.sh", "{remedy}");
        assert_eq!(array(&remedy["ends"]).len(), 1, "{remedy}");
        text(&remedy["edits"][0]["text"])
    };
    assert_eq!(of("-v $HOME/.state:/root/.claude"), "$HOME/.state-chat:/root/.claude");
    assert_eq!(of("--name talk -v \"$HOME/.state:/root/.claude\""), "$HOME/.state-talk:/root/.claude");
    assert_eq!(of("-v \"${HOME}/.state\":/root/.claude:rw"), "\"${HOME}/.state\"-chat:/root/.claude:rw");
    assert_eq!(
        of("--mount type=bind,source=$HOME/.state,target=/root/.claude"),
        "type=bind,source=$HOME/.state-chat,target=/root/.claude"
    );
    assert_eq!(
        of("--mount \"type=bind,target=/root/.claude,src=${HOME:?}/.state\""),
        "type=bind,target=/root/.claude,src=${HOME:?}/.state-chat"
    );
}
