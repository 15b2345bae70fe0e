//! What is advised of a person on the host, and of what a script starts: in words that can be carried out where they are
//! read, and that end what they stand at.

use std::path::Path;

use serde_json::Value;

use crate::harness::{overlock, project};

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The remedies of the first finding that counts of what lies in a folder.
fn remedies_in(folder: &Path) -> Vec<Value> {
    let report = overlock(folder, &["check", ".", "--format", "json"]).json();
    let findings = array(&report["logins"]).iter().flat_map(|login| array(&login["findings"]));
    let mut counting = findings.filter(|finding| finding["severity"] != "note");
    array(&counting.next().expect("a finding")["remedies"]).to_vec()
}

fn remedies(files: &[(&str, &str)]) -> Vec<Value> {
    remedies_in(project(files).path())
}

fn texts(remedies: &[Value]) -> String {
    remedies.iter().filter_map(|remedy| remedy["text"].as_str()).collect::<Vec<_>>().join("\n")
}

/// Whether a layout has an error or warning of a rule.
fn breaks(files: &[(&str, &str)], rule: &str) -> bool {
    let folder = project(files);
    overlock(folder.path(), &["check", "."]).out.contains(&format!("[{rule}]"))
}

#[test]
fn host_remedies_end_what_they_stand_at_and_no_other_finding_has_them() {
    let service = |name: &str, call: &str| {
        format!(
            "  {name}:\n    image: a\n    environment: {{HOME: /root}}\n    volumes: [\"/home/jo/.claude:/root/.claude\"]\n    entrypoint: [{call}]\n"
        )
    };
    let guarded = "flock, -w, \"600\", /root/.claude/session.lock, claude, -p, x";
    let compose = format!("services:\n{}{}", service("one", guarded), service("two", guarded));
    let host = remedies(&[("compose.yaml", &compose)]);
    let ids: Vec<&Value> = host.iter().map(|remedy| &remedy["id"]).collect();
    assert_eq!(ids[..2], ["settle-host", "guard-on-host"]);
    assert!(ids.iter().any(|id| *id == "version-on-host"), "{ids:?}");
    assert!(host.iter().all(|remedy| array(&remedy["ends"]).len() == 2), "{host:?}");
    // They are what the configuration is told, and end it.
    for config in ["host: {guard: yes}\n", "host: {participates: no}\n"] {
        let folder = project(&[("compose.yaml", &compose), ("overlock.yaml", config)]);
        assert_eq!(overlock(folder.path(), &["check", "."]).out.matches("host-shares").count(), 0, "{config}");
    }
    // An error of the same login is ended by neither alone, and does not show them.
    let bare = format!("services:\n{}{}", service("one", "claude, -p, x"), service("two", "claude, -p, x"));
    let error = remedies(&[("compose.yaml", &bare)]);
    assert!(error.iter().all(|remedy| !remedy["id"].as_str().unwrap().ends_with("-host")), "{error:?}");
}

/// A script that starts two containers on the login of the person who calls it; what they run is in their image.
const STARTS: &str = "\
#!/bin/sh
docker run -d --name sweep -v \"$HOME/.claude:/root/.claude\" LABEL agents:1 /opt/sweep
docker run -d --name write -v \"$HOME/.claude:/root/.claude\" LABEL agents:1 /opt/write
";

#[test]
fn what_a_script_starts_is_advised_an_option_and_not_a_line_of_a_compose_file() {
    let script = STARTS.replace(" LABEL", "");
    let advice = texts(&remedies(&[("start.sh", &script)]));
    assert!(advice.contains("--label 'overlock.guard=/root/.claude/session.lock'"), "{advice}");
    assert!(!advice.contains("overlock.guard: "), "{advice}");
    // A service has a file for it.
    let service = |name: &str| format!("  {name}:\n    image: a\n    volumes: [\"~/.claude:/root/.claude\"]\n");
    let compose = format!("services:\n{}{}", service("sweep"), service("write"));
    let advice = texts(&remedies(&[("compose.yaml", &compose)]));
    assert!(advice.contains("overlock.guard: /root/.claude/session.lock"), "{advice}");
    // Carried out it ends the error.
    let labelled = STARTS.replace("LABEL", "--label 'overlock.guard=/root/.claude/session.lock'");
    assert!(breaks(&[("start.sh", &script)], "unguarded-share"));
    assert!(!breaks(&[("start.sh", &labelled)], "unguarded-share"));
}

#[test]
fn a_call_whose_flock_is_declared_is_given_no_second_one() {
    let with = |file: &str| {
        let label = format!("--label 'overlock.guard=/root/.claude/{file}'");
        STARTS
            .replace("LABEL", &label)
            .replace("/opt/sweep", "claude -p sweep")
            .replace("/opt/write", "claude -p write")
    };
    for (file, config) in [("session.lock", "host: {guard: yes}\n"), ("agents.lock", "host: {guard: yes}\n")] {
        let script = with(file);
        let found = remedies(&[("start.sh", &script)]);
        let advice = texts(&found);
        assert!(!advice.contains("around each call,") && advice.contains(&format!("~/.claude/{file}")), "{advice}");
        let edits = found.iter().filter(|one| one["id"] == "guard-on-host").flat_map(|one| array(&one["edits"]));
        assert_eq!(edits.count(), 0, "{found:?}");
        assert!(!breaks(&[("start.sh", &script), ("overlock.yaml", config)], "host-shares"), "{file}");
    }
    // Of two files neither keeps all apart.
    let mixed = with("session.lock").replacen("session.lock", "agents.lock", 1);
    assert!(breaks(&[("start.sh", &mixed), ("overlock.yaml", "host: {guard: yes}\n")], "guard-mismatch"));
}

#[test]
fn a_person_who_does_use_the_login_can_run_a_version_that_takes_a_lock_that_all_see() {
    let wrapper = |label: &str| {
        format!(
            "#!/bin/sh\nexec docker run -it --rm --name cc -v \"$HOME/.claude:/root/.claude\" {label} agents:1 claude\n"
        )
    };
    let bare = wrapper("");
    for config in ["", "host: {participates: yes}\n"] {
        let found = remedies(&[("cc.sh", &bare), ("overlock.yaml", config)]);
        let own = found.iter().find(|one| one["id"] == "version-on-host");
        assert!(own.is_some_and(|one| array(&one["ends"]).len() == 1), "{config}: {found:?}");
    }
    let versions = "host: {participates: yes, version: \">=2.1.132\"}\n";
    let labelled = wrapper("--label 'overlock.version=>=2.1.132'");
    assert!(!breaks(&[("cc.sh", &labelled), ("overlock.yaml", versions)], "host-shares"));
    // Neither half is enough.
    assert!(breaks(&[("cc.sh", &bare), ("overlock.yaml", versions)], "host-shares"));
    assert!(breaks(&[("cc.sh", &labelled), ("overlock.yaml", "host: {participates: yes}\n")], "host-shares"));
}

#[test]
fn a_login_that_a_script_chooses_is_told_by_its_path_and_where_it_is_set() {
    let compose = "services:\n  agent:\n    image: a\n    command: [claude, -p, x]\n    volumes: [\"${LOGIN_DIR}:/root/.claude\"]\n";
    let folder = project(&[
        ("compose.yaml", compose),
        ("start.sh", "#!/bin/sh\nexport LOGIN_DIR=\"$HOME/.claude\"\ndocker compose up -d\n"),
    ]);
    let told = overlock(folder.path(), &["check", "."]).out;
    assert!(told.contains("~/.claude is the login of a person"), "{told}");
    assert!(told.contains("LOGIN_DIR is set at start.sh:2") && told.contains("~/.claude/session.lock"), "{told}");
    // What the environment gives is no script's, and is not shown.
    let folder = project(&[("compose.yaml", compose)]);
    let told = overlock(folder.path(), &["check", "."]).out;
    assert!(!told.contains("is set at"), "{told}");
}

#[test]
fn who_is_seen_to_call_the_program_is_not_advised_to_be_declared_a_reader() {
    let with = |reader: &str| {
        let other = "  one:\n    image: a\n    environment: {HOME: /root}\n    volumes: [\"/srv/login:/root/.claude\"]\n    entrypoint: [claude, -p, x]\n";
        let reader = format!(
            "  two:\n    image: b\n    environment: {{HOME: /root}}\n    volumes: [\"/srv/login:/root/.claude:ro\"]\n{reader}"
        );
        let folder = project(&[("compose.yaml", &format!("services:\n{other}{reader}"))]);
        overlock(folder.path(), &["check", ".", "--format", "json"]).out
    };
    assert!(!with("    entrypoint: [claude, -p, y]\n").contains("reference-path"));
    assert!(with("").contains("reference-path"));
}
