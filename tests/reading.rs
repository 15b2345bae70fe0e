//! What a person is told: how long it is, what comes first, and that what it says can be done.

use std::fmt::Write as _;
use std::fs;

use crate::harness::{overlock, project, root, run};

fn told(folder: &str) -> String {
    overlock(&root().join("fixtures").join(folder), &["check", "."]).out
}

#[test]
fn unsound_project_is_told_as_one_finding_with_its_hits_and_what_ends_them() {
    insta::assert_snapshot!(told("report/unsound"));
}

#[test]
fn sound_project_takes_a_line_a_login_and_three_more_at_most() {
    let text = told("report/sound");
    let logins = text.lines().filter(|line| line.starts_with("ok: ")).count();
    assert!(logins == 4 && text.lines().count() <= logins + 3, "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn sound_factory_takes_at_most_eight_lines() {
    let text = told("factory");
    assert!(text.lines().count() <= 8, "{text}");
}

/// A compose project of services with this login and entrypoint.
fn services(count: usize, source: impl Fn(usize) -> String, entrypoint: &str) -> String {
    let mut text = "name: p\nservices:\n".to_owned();
    for number in 1..=count {
        let source = source(number);
        let service = format!(
            "  agent-{number}:\n    image: x\n    environment: {{HOME: /home/agent}}\n    volumes: [\"{source}:/home/agent/.claude\"]\n    entrypoint: {entrypoint}\n"
        );
        write!(text, "{service}").unwrap();
    }
    text
}

#[test]
fn twenty_services_on_one_directory_take_at_most_forty_lines() {
    let text = services(20, |_| "/srv/claude".to_owned(), "[claude, -p]");
    let run = overlock(project(&[("compose.yaml", &text)]).path(), &["check", "."]);
    assert!(run.status == 1 && run.out.lines().count() <= 40, "{}", run.out);
    assert!(run.out.starts_with("error[unguarded-share]: 20 containers refresh one login"), "{}", run.out);
}

#[test]
fn sound_logins_take_a_line_each() {
    let text = services(9, |number| format!("/srv/claude-{number}"), "[claude, -p]");
    let run = overlock(project(&[("compose.yaml", &text)]).path(), &["check", "."]);
    assert!(run.status == 0 && run.out.lines().count() <= 12, "{}", run.out);
}

#[test]
fn sound_login_of_several_reasons_says_whose_each_is() {
    let service = |name: &str, more: &str| {
        format!("  {name}:\n    image: x\n    volumes: [\"${{STATE}}:/root/.claude\"]\n{more}")
    };
    let token = "    entrypoint: [claude, -p]\n    environment: {CLAUDE_CODE_OAUTH_TOKEN: \"${TOKEN:?}\"}\n";
    let flock = "    entrypoint: [flock, /root/.claude/session.lock, claude, -p]\n";
    let services = [service("a", flock), service("b", token), service("c", token)].concat();
    let directory = project(&[("compose.yaml", &format!("services:\n{services}"))]);
    let run = overlock(directory.path(), &["check", "."]);
    let wanted = "ok: ${STATE}: a: none of the others refreshes the login; b, c: it does not refresh the login; \
                  all: STATE is not set here and counts as the same for all\n";
    assert!(run.status == 0 && run.out.starts_with(wanted), "{}", run.out);
}

#[test]
fn frame_has_no_blank_and_no_comment_behind_a_value() {
    let text = "services:
  a: { image: x, volumes: [ \"/srv/claude:/root/.claude\" ], entrypoint: [ claude, -p ] }
  b:
    image: x
    volumes:
      - \"/srv/claude:/root/.claude\"   # hunter2
    entrypoint: [ \"claude\" ]   # hunter2
  c: { image: x, volumes: [ { type: bind, source: /srv/claude, target: /root/.claude }  ], entrypoint: [ claude ] }
";
    let directory = project(&[("compose.yaml", text)]);
    let out = overlock(directory.path(), &["check", ".", "-v"]).out;
    let lines = [
        format!(" {} mounted here\n", "-".repeat("'/srv/claude:/root/.claude'".len())),
        format!(" {} b mounts it too\n", "-".repeat("'/srv/claude:/root/.claude'".len())),
        format!(
            " {} c mounts it too\n",
            "-".repeat("{ type: bind, source: /srv/claude, target: /root/.claude }".len())
        ),
    ];
    for line in lines {
        assert!(out.contains(&line), "{line}{out}");
    }
    assert!(!out.contains("hunter2"), "{out}");
}

#[test]
fn thirty_running_containers_with_one_cause_take_at_most_forty_five_lines() {
    let path = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    let mut capture: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let bare = capture["containers"].as_array().unwrap().iter().find(|one| one["name"] == "runner").unwrap().clone();
    let many = (1..=30).map(|number| {
        let mut one = bare.clone();
        one["name"] = format!("runner-{number}").into();
        one["id"] = format!("{number:064x}").into();
        one
    });
    capture["containers"] = many.collect::<Vec<_>>().into();
    let directory = project(&[("host.json", &capture.to_string())]);
    let run = overlock(directory.path(), &["audit", "--from", "host.json"]);
    assert!(run.status == 1 && run.out.lines().count() <= 45, "{} {}", run.out, run.err);
    assert!(run.out.contains("30 containers"), "{}", run.out);
}

#[test]
fn quiet_tells_what_fails_the_run_alone_and_concise_a_line_of_each_finding() {
    let folder = root().join("fixtures/report");
    assert_eq!(overlock(&folder.join("sound"), &["check", ".", "-q"]).out, "");
    let quiet = overlock(&folder.join("unsound"), &["check", ".", "-q"]);
    assert!(quiet.status == 1 && quiet.out.starts_with("error[unguarded-share]") && !quiet.out.contains("judged"));
    let concise = overlock(&folder.join("unsound"), &["check", ".", "--format", "concise"]);
    assert_eq!(
        concise.out,
        "compose.yaml:17:9: error[unguarded-share] 4 containers refresh one login, and no lock joins them\n"
    );
}

#[test]
fn notices_about_the_input_are_counted_and_told_where_all_is() {
    let directory = project(&[("compose.yaml", "services: {a: {image: \"x:${TAG}\"}}\n")]);
    let call = |more: &[&str]| run(crate::harness::command(directory.path(), &[&["check", "."], more].concat()));
    let (short, whole) = (call(&[]), call(&["-v"]));
    assert!(short.err.is_empty() && short.out.contains("1 remark about the input (-v)"), "{} {}", short.out, short.err);
    assert!(whole.err.contains("TAG is not set") && !whole.out.contains("(-v)"), "{} {}", whole.out, whole.err);
}

/// Two services whose login depends on a variable that is not set, and two scripts that use known ones.
fn unset() -> tempfile::TempDir {
    let service = |name: &str| {
        format!(
            "  {name}:\n    image: x\n    environment: {{HOME: /root}}\n    volumes: [\"${{STATE}}:/root/.claude\"]\n    entrypoint: [claude, -p, x]\n"
        )
    };
    let compose = format!("name: p\nservices:\n{}{}", service("one"), service("two"));
    let start = |name: &str| {
        format!("#!/bin/sh\ndocker run --rm --name {name} -e HOME=/root -v /srv/{name}:/root/.claude x claude -p x\n")
    };
    project(&[("compose.yaml", &compose), ("third.sh", &start("third")), ("fourth.sh", &start("fourth"))])
}

#[test]
fn what_is_not_known_of_several_for_one_cause_is_told_once() {
    let directory = unset();
    let out = |more: &[&str]| overlock(directory.path(), &[&["check", "."], more].concat()).out;
    let text = out(&[]);
    let count = |text: &str, part: &str| text.matches(part).count();
    assert_eq!(count(&text, "warning[undetermined]"), 1, "{text}");
    assert_eq!(count(&text, "STATE is not set"), 1, "{text}");
    assert!(text.contains("| one  batch") && text.contains("| two  batch"), "{text}");
    assert!(text.contains("also: /srv/fourth: fourth (fourth.sh); /srv/third: third (third.sh)"), "{text}");
    let sentence = "whether others use ${STATE} is not known: STATE is not set";
    let markdown = out(&["--format", "markdown"]);
    assert_eq!(
        (count(&markdown, "whether others use"), count(&markdown, "| `one`, `two` | batch |")),
        (1, 1),
        "{markdown}"
    );
    let github = out(&["--format", "github"]);
    assert!(github.contains(&format!("one, two (batch), compose.yaml:6, compose.yaml:11: {sentence}")), "{github}");
    let page = out(&["--format", "html"]);
    assert_eq!(count(&page, "whether others use"), 1, "{page}");
    let report: serde_json::Value = serde_json::from_str(&out(&["--format", "json"])).unwrap();
    let hits = report["logins"].as_array().unwrap().iter().flat_map(|login| login["findings"].as_array().unwrap());
    let hits = hits.filter(|finding| finding["family"] == "undetermined");
    let hits: usize = hits.map(|finding| finding["hits"].as_array().unwrap().len()).sum();
    assert_eq!(hits, 4, "the JSON has each");
}

#[test]
fn start_of_a_script_has_one_name_everywhere() {
    let script = "#!/bin/sh\ndocker run -d --name dispatch -e HOME=/root -v /srv/c:/root/.claude x claude -p x\n";
    let compose = services(1, |_| "/srv/c".to_owned(), "[claude, -p]").replace("/home/agent", "/root");
    let directory = project(&[("compose.yaml", &compose), ("go/dispatch.sh", script)]);
    let name = "dispatch (dispatch.sh)";
    let report = overlock(directory.path(), &["check", ".", "--format", "json"]).json();
    let participants = report["participants"].as_array().unwrap();
    assert!(participants.iter().any(|one| one["container"] == name), "{report}");
    assert!(participants.iter().any(|one| one["peers"] == serde_json::json!([name])), "{report}");
    let finding = &report["logins"][0]["findings"][0];
    let both = serde_json::json!(["agent-1", name]);
    assert_eq!(finding["remedies"][0]["ends"], both, "{report}");
    let hits: Vec<&serde_json::Value> =
        finding["hits"].as_array().unwrap().iter().map(|hit| &hit["container"]).collect();
    assert_eq!(serde_json::json!(hits), both);
    for format in ["text", "markdown", "html", "junit", "sarif", "gitlab", "github", "prometheus"] {
        let out = overlock(directory.path(), &["check", ".", "-v", "--format", format]).out;
        assert!(!out.contains("dispatch.sh:2 (") && !out.contains("with dispatch.sh"), "{format}: {out}");
        assert!(out.contains(name) || ["prometheus", "gitlab"].contains(&format), "{format}: {out}");
    }
    // Beside the line of its script the name is enough.
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("| dispatch  batch  go/dispatch.sh:2"), "{text}");
}

#[test]
fn ways_to_one_start_are_told_as_one() {
    let script = "#!/bin/bash\nmounts=(-v /srv/c:/root)\nif [ -n \"$KEEP\" ]; then mounts+=(-v /srv/d:/root/.claude); fi\nrun() { docker run --rm -e HOME=/root \"${mounts[@]}\" \"$@\" x claude -p x; }\nrun\nrun -e A=b\n";
    let night = services(1, |_| "/srv/c/.claude".to_owned(), "[claude, -p]");
    let directory = project(&[("compose.yaml", &night), ("run.sh", script)]);
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("2 containers refresh one login") && !text.contains('#'), "{text}");
    assert_eq!(text.matches("run.sh:4  batch").count(), 1, "{text}");
    // Two that run at once are two.
    let beside = script.replace("\nrun\n", "\nrun &\n");
    let directory = project(&[("compose.yaml", &night), ("run.sh", &beside)]);
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("3 containers refresh one login"), "{text}");
}

#[test]
fn start_under_several_names_is_called_by_what_they_have_in_common() {
    let script = "#!/bin/sh\ngo() { docker run -d --name \"job-$1\" -e HOME=/root -v /srv/c:/root/.claude x claude -p x; }\ngo a\ngo b\n";
    let text = overlock(project(&[("go.sh", script)]).path(), &["check", "."]).out;
    assert!(
        text.contains("job-* (go.sh) shares the login in /srv/c with others that the same command starts"),
        "{text}"
    );
}

#[test]
fn who_uses_a_login_that_is_copied_is_named_and_not_told_as_sound() {
    let folder = root().join("fixtures/cloned-identity/bad-copies-at-start");
    let text = overlock(&folder, &["check", "."]).out;
    assert!(text.contains("the same rotating token as the login of agents") && !text.contains("ok:"), "{text}");
    let fix = "  fix: copy no login at compose.yaml:17
       and declare `chat-login:` under the top-level `volumes`, and mount `chat-login:/home/agent/.claude` in chat at compose.yaml:12
       and log in once in chat, whose own /home/agent/.claude keeps that login
   or: share one directory instead: mount it at /home/agent/.claude in chat and in the others of that login, and take one flock around each call
";
    assert!(text.contains(fix), "{text}");
    // Where the copy goes to a volume already, that one keeps the login.
    let own = fs::read_to_string(folder.join("compose.yaml")).unwrap();
    let own = own.replace("host-claude:ro\n", "host-claude:ro\n      - /srv/chat:/home/agent/.claude\n");
    let kept = overlock(project(&[("compose.yaml", &own)]).path(), &["check", "."]).out;
    assert!(kept.contains("  fix: copy no login at compose.yaml:18\n       and log in once in chat"), "{kept}");
    let script = "#!/bin/sh\ndocker run --rm --name job -e HOME=/root -v /srv/claude:/seed:ro x sh -c 'cp -r /seed/. /root/.claude/; claude -p x'\n";
    let start = overlock(project(&[("compose.yaml", &own), ("job.sh", script)]).path(), &["check", "."]).out;
    assert!(start.contains("in job (job.sh) by `-v job-login:/root/.claude` at job.sh:2"), "{start}");
    let report = overlock(&folder, &["check", ".", "--format", "json"]).json();
    let verdicts: Vec<&serde_json::Value> =
        report["participants"].as_array().unwrap().iter().map(|one| &one["verdict"]).collect();
    assert_eq!(verdicts, ["error", "error"]);
    // What is no copy leaves the other alone.
    let sound = overlock(&root().join("fixtures/cloned-identity/ok-copies-settings"), &["check", "."]).out;
    assert!(sound.contains("ok: /srv/claude: agents") && !sound.contains("error["), "{sound}");
}

#[test]
fn what_a_script_has_made_anew_is_nothing_to_find_out() {
    let folder = root().join("fixtures/cases/directory-made-by-each-script");
    let text = overlock(&folder, &["check", ".", "--no-config"]).out;
    assert_eq!(text.matches("ok: a new directory each time (mktemp): ").count(), 2, "{text}");
    assert!(!text.contains('$'), "{text}");
}

#[test]
fn what_branches_of_one_script_start_is_told_in_one_line_as_starts() {
    let start = |what: &str| {
        format!("docker run --rm -e HOME=/home/agent -v /srv/login:/home/agent/.claude agents:1 claude -p {what}\n")
    };
    let branches = format!("#!/bin/sh\nif [ \"$1\" = a ]; then\n{}else\n{}fi\n", start("a"), start("b"));
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("run.sh"), branches).unwrap();
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("| 2 starts, any may be made twice\n"), "{text}");
    fs::write(directory.path().join("run.sh"), start("a")).unwrap();
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("may-overlap-itself") && !text.contains(" starts,"), "{text}");
}

#[test]
fn place_below_the_working_directory_is_told_from_there() {
    let compose = services(2, |_| "./state".to_owned(), "[claude, -p]");
    let directory = project(&[("app/compose.yaml", &compose)]);
    let root = directory.path().to_str().unwrap();
    for format in ["text", "concise", "markdown", "html", "github", "gitlab"] {
        let out = overlock(directory.path(), &["check", ".", "-v", "--format", format]).out;
        assert!(!out.contains(root), "{format}: {out}");
    }
    let out = overlock(directory.path(), &["check", ".", "-v"]).out;
    assert!(out.contains("/home/agent/.claude is ./app/state"), "{out}");
    let report = overlock(directory.path(), &["check", ".", "--format", "json"]).json();
    assert_eq!(report["logins"][0]["place"]["path"], format!("{root}/app/state"), "programs get the whole path");
}

/// What is said of calls behind one flock.
const WAITING: &str = "calls behind one flock wait for each other; with ";

#[test]
fn who_is_told_to_take_a_flock_is_told_once_what_follows() {
    let two = |name: &str| {
        services(2, |_| format!("/srv/{name}"), "[claude, -p]").replace("name: p", &format!("name: {name}"))
    };
    let directory = project(&[("a/compose.yaml", &two("a")), ("b/compose.yaml", &two("b"))]);
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.matches("take one flock").count() == 2 && text.matches(WAITING).count() == 1, "{text}");
    for format in ["json", "markdown", "html"] {
        let out = overlock(directory.path(), &["check", ".", "--format", format]).out;
        assert!(out.contains(WAITING), "{format}: {out}");
    }
    // Where no flock is advised there is nothing to say of one.
    let chat = services(1, |_| "/srv/a".to_owned(), "[claude]")
        .replace("    image", "    tty: true\n    stdin_open: true\n    image");
    let directory = project(&[("a/compose.yaml", &chat), ("b/compose.yaml", FLOCKED)]);
    let text = overlock(directory.path(), &["check", "."]).out;
    assert!(text.contains("interactive-shares-identity") && !text.contains("wait for each other"), "{text}");
}

/// A service that takes the flock.
const FLOCKED: &str = "services:\n  batch:\n    image: x\n    environment: {HOME: /home/agent}\n    volumes: [\"/srv/a:/home/agent/.claude\"]\n    entrypoint: [flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p]\n";

#[test]
fn sound_verdict_that_rests_on_a_variable_says_so() {
    let entrypoint = "[flock, -w, \"600\", /home/agent/.claude/session.lock, claude, -p]";
    let shared = services(2, |_| "${CLAUDE_DIR}".to_owned(), entrypoint);
    let directory = project(&[("compose.yaml", &shared)]);
    let told = |set: Option<&str>| {
        let mut call = crate::harness::command(directory.path(), &["check", "."]);
        call.envs(set.map(|value| ("CLAUDE_DIR", value)));
        run(call).out
    };
    let unset = "ok: ${CLAUDE_DIR}: agent-1, agent-2: each call takes the flock; CLAUDE_DIR is not set here and counts as the same for all\n";
    assert!(told(None).starts_with(unset), "{}", told(None));
    let set = "ok: ${CLAUDE_DIR}: agent-1, agent-2: each call takes the flock; CLAUDE_DIR is set here\n";
    assert!(told(Some("/srv/a")).starts_with(set), "{}", told(Some("/srv/a")));
    // What the file says needs no word.
    let known = shared.replace("${CLAUDE_DIR}", "${CLAUDE_DIR:-/srv/a}");
    let text = overlock(project(&[("compose.yaml", &known)]).path(), &["check", "."]).out;
    assert!(text.starts_with("ok: /srv/a: agent-1, agent-2: each call takes the flock\n"), "{text}");
    // A token of the environment stops the refresh as long as it is there.
    let token = services(2, |_| "/srv/a".to_owned(), "[claude, -p]");
    let token = token
        .replace("HOME: /home/agent", "HOME: /home/agent, CLAUDE_CODE_OAUTH_TOKEN: \"${CLAUDE_CODE_OAUTH_TOKEN}\"");
    let directory = project(&[("compose.yaml", &token)]);
    let mut call = crate::harness::command(directory.path(), &["check", "."]);
    call.env("CLAUDE_CODE_OAUTH_TOKEN", "secret-1");
    let text = run(call).out;
    assert!(text.contains("; CLAUDE_CODE_OAUTH_TOKEN is set here\n") && !text.contains("secret-1"), "{text}");
}

#[test]
fn what_nothing_sets_is_not_told_as_set() {
    let description = "{\"image\": \"agents:1\", \"remoteUser\": \"vscode\", \"mounts\": [\"source=claude-${devcontainerId},target=/home/vscode/.claude,type=volume\"]}";
    let text = overlock(project(&[(".devcontainer/devcontainer.json", description)]).path(), &["check", "."]).out;
    assert!(text.contains("claude-${devcontainerId}") && !text.contains("is set here"), "{text}");
    let script = "#!/bin/bash\nlogin=$(find-login)\nflock /srv/l docker run --rm -e HOME=/root -v \"$login:/root/.claude\" --name one agents:1 claude -p x\n";
    let text = overlock(project(&[("ask.sh", script)]).path(), &["check", "."]).out;
    assert!(text.starts_with("ok: ") && !text.contains("set here"), "{text}");
}

#[test]
fn wrapper_on_a_persons_login_is_told_with_both_that_may_meet_it() {
    let wrapper = |options: &str| {
        format!(
            "#!/bin/sh\nexec docker run --rm {options} -v \"$HOME/.claude:/root/.claude\" -e HOME=/root x claude -p x\n"
        )
    };
    let text = overlock(project(&[("claude.sh", &wrapper(""))]).path(), &["check", "."]).out;
    assert!(text.starts_with("warning[host-shares]") && text.contains("\n  also: may run twice at once\n"), "{text}");
    let json = overlock(project(&[("claude.sh", &wrapper(""))]).path(), &["check", ".", "--format", "json"]).json();
    let hit = &json["logins"][0]["findings"][0]["hits"][0];
    assert_eq!(hit["detail"], "the person on the host may refresh it too; may run twice at once");
    for format in ["markdown", "html", "github", "gitlab", "sarif", "junit"] {
        let out = overlock(project(&[("claude.sh", &wrapper(""))]).path(), &["check", ".", "--format", format]).out;
        assert!(out.contains("may run twice at once"), "{format}: {out}");
    }
    // A fixed name lets the engine refuse a second one.
    let text = overlock(project(&[("claude.sh", &wrapper("--name one"))]).path(), &["check", "."]).out;
    assert!(text.starts_with("warning[host-shares]") && !text.contains("twice"), "{text}");
}

#[test]
fn row_of_a_hit_points_at_the_line_that_matters() {
    let call = "[bash, -c, \"npx -y some-tool; claude -p x\"]";
    let unseen = services(2, |_| "/srv/a".to_owned(), "null")
        .replace("    entrypoint: null\n", &format!("    command: {call}\n"));
    let text = overlock(project(&[("compose.yaml", &unseen)]).path(), &["check", "."]).out;
    for at in [
        "compose.yaml:6   nothing shows a flock: compose.yaml:7",
        "compose.yaml:11  nothing shows a flock: compose.yaml:12",
    ] {
        assert!(text.contains(at), "{text}");
    }
    // What a label says is told at the label, and what contradicts it where that is.
    let declared = fs::read_to_string(root().join("fixtures/declared-but-not-so/bad-guard/compose.yaml")).unwrap();
    let text = overlock(project(&[("compose.yaml", &declared)]).path(), &["check", "."]).out;
    assert!(text.contains("why: Claude Code is called without flock (compose.yaml:"), "{text}");
    // Of versions without a lock in common, where each is written.
    let skewed = overlock(&root().join("fixtures/version-skew/bad-one-is-old"), &["check", "."]).out;
    assert!(skewed.contains("2.1.330: no lock in common: compose.yaml:5"), "{skewed}");
}
