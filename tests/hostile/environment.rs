//! A stranger's files ask for values of the environment that `check` runs in: no output has one.

use std::path::Path;

use crate::harness::{Run, command, project, run};
use crate::readers::FORMATS;

/// In every value of the environment.
const CANARY: &str = "canary-5f0c";

/// Ways to put a variable in.
const WAYS: [(&str, &str); 8] = [
    ("plain", "$PUT"),
    ("braces", "${PUT}"),
    ("default", "${PUT:-x}"),
    ("required", "${PUT:?why}"),
    ("default-of-another", "${UNSET:-a${PUT}}"),
    ("alternative", "${OTHER:+${PUT}}"),
    ("of-dotenv", "${FROM_DOTENV}"),
    ("home", "${HOME}"),
];

/// Attributes of a service, and of the rest of a file, with `@` where the variable is put in.
#[rustfmt::skip]
const SERVICE: [(&str, &str); 41] = [
    ("bind", "volumes: [\"/srv/@/.claude:/home/agent/.claude\"]"),
    ("bind-whole", "volumes: [\"@:/home/agent/.claude\"]"),
    ("bind-end", "volumes: [\"/srv/x@:/home/agent/.claude\"]"),
    ("bind-up", "volumes: [\"/srv/@/../.claude:/home/agent/.claude\"]"),
    ("bind-relative", "volumes: [\"./@/.claude:/home/agent/.claude:ro\"]"),
    ("bind-of-home", "volumes: [\"~/@/.claude:/home/agent/.claude\"]"),
    ("bind-parent", "volumes: [\"/srv/@:/home/agent\"]"),
    ("bind-file", "volumes: [\"/srv/@/.credentials.json:/home/agent/.claude/.credentials.json\"]"),
    ("bind-long", "volumes: [{type: bind, source: \"/srv/@\", target: /home/agent/.claude}]"),
    ("bind-type", "volumes: [{type: \"@\", source: /srv/x, target: /home/agent/.claude}]"),
    ("subpath", "volumes: [{type: volume, source: vol, target: /home/agent/.claude, volume: {subpath: \"@\"}}]"),
    ("target", "environment: {CLAUDE_CONFIG_DIR: \"/cfg/@\"}\n    volumes: [\"/srv/c:/cfg/@\"]"),
    ("target-home", "environment: {HOME: \"/home/@\"}\n    volumes: [\"/srv/c:/home/@/.claude\"]"),
    ("options", "volumes: [\"/srv/c:/home/agent/.claude:@\"]"),
    ("tmpfs", "tmpfs: [\"/home/@\"]\n    environment: {HOME: \"/home/@\"}"),
    ("passed", "environment: [PUT, OTHER, CLAUDE_CONFIG_DIR]"),
    ("passed-map", "environment: {PUT: , CLAUDE_CONFIG_DIR: }"),
    ("directory", "environment: [\"CLAUDE_CONFIG_DIR=@\"]"),
    ("given-name", "container_name: \"n@\""),
    ("user", "user: \"@\""),
    ("working-dir", "working_dir: \"/w/@\"\n    entrypoint: [./run.sh]"),
    ("role", "labels: {overlock.role: \"@\", overlock.version: \"@\"}"),
    ("guard", "labels: {overlock.guard: \"/home/agent/@\"}"),
    ("label", "labels: [\"overlock.@=x\", \"@\"]"),
    ("words", "entrypoint: [claude, -p, \"@\"]"),
    ("shell", "entrypoint: [sh, -c, \"flock -w 600 /tmp/@ claude -p @ && @ claude\"]"),
    ("shell-directory", "entrypoint: sh -c \"cd /@ && HOME=/h/@ claude -p x\""),
    ("script", "entrypoint: [\"/@/run.sh\"]\n    volumes: [\"./s:/@\", \"/srv/c:/home/agent/.claude\"]"),
    ("health", "healthcheck: {test: \"CMD-SHELL claude -p @\"}"),
    ("build", "build: {context: \"./@\", dockerfile: \"@/D\", target: \"@\"}"),
    ("build-inline", "build: {context: ., dockerfile_inline: \"FROM x@\\nENV HOME=/h/@\\nRUN claude @\\nCMD claude\"}"),
    ("build-args", "build: {context: ., args: {PUT: , V: \"@\"}, dockerfile_inline: \"FROM x\\nARG V\\nARG PUT\\nENV HOME=/h/$V/$PUT\"}"),
    ("env-file", "env_file: [\"/@/x.env\", \"@.env\"]"),
    ("env-file-text", "env_file: [put.env]"),
    ("label-file", "label_file: [\"/@/x\"]"),
    ("extends", "extends: {file: \"@/compose.yaml\", service: \"@\"}"),
    ("volumes-from", "volumes_from: [\"@\"]"),
    ("depends-on", "depends_on: [\"@\"]\n    network_mode: \"service:@\""),
    ("numbers", "deploy: {replicas: \"@\"}\n    tty: \"@\"\n    read_only: \"@\"\n    ports: [\"@\"]\n    mem_limit: \"@\""),
    ("unknown", "no_such_key: \"@\"\n    profiles: [\"@\"]\n    pull_policy: \"@\"\n    restart: \"@\"\n    secrets: [\"@\"]"),
    ("image", "image: \"registry/@/claude:@\""),
];

#[rustfmt::skip]
const FILE: [(&str, &str); 12] = [
    ("volume", "volumes: {vol: }\nname: \"p@\""),
    ("volume-name", "volumes: {vol: {name: \"v@\"}}"),
    ("volume-external", "volumes: {vol: {external: true, name: \"@\"}}"),
    ("volume-bind", "volumes: {vol: {driver_opts: {type: none, o: bind, device: \"/srv/@\"}}}"),
    ("volume-cifs", "volumes: {vol: {driver_opts: {type: cifs, o: \"username=@,password=@,addr=@\", device: \"//u:@@host/@\"}}}"),
    ("volume-nfs", "volumes: {vol: {driver_opts: {type: nfs, o: \"addr=@\", device: \":/@\"}}}"),
    ("volume-type", "volumes: {vol: {driver_opts: {type: \"@\", o: \"@\", device: \"/dev/@\"}}}"),
    ("volume-driver", "volumes: {vol: {driver: \"@\", driver_opts: {device: \"@\"}}}"),
    ("name", "volumes: {vol: }\nname: \"@\""),
    ("include", "volumes: {vol: }\ninclude: [\"@/compose.yaml\", {path: \"/@/x.yaml\", env_file: \"/@.env\"}]"),
    ("secrets", "volumes: {vol: }\nsecrets: {s: {file: \"/@/x\"}, t: {file: \"@\"}}\nconfigs: {c: {file: \"@\"}}"),
    ("networks", "volumes: {vol: }\nnetworks: {\"n\": {name: \"@\", driver: \"@\"}}"),
];

const COMMON: &str = "  other:\n    image: x\n    environment: {HOME: /home/agent}\n    entrypoint: [claude, -p, x]\n    \
                      volumes: [\"vol:/home/agent/.claude\"]\n";

/// A project for each attribute, each in its folder.
fn attacks(way: &str) -> Vec<(String, String)> {
    let put = |template: &str| template.replace('@', way);
    let mut files = Vec::new();
    for (name, attribute) in SERVICE {
        let mut own = vec![format!("    {}\n", put(attribute))];
        let defaults = [
            "image: x",
            "environment: {HOME: /home/agent}",
            "entrypoint: [claude, -p, x]",
            "volumes: [\"vol:/home/agent/.claude\"]",
        ];
        for default in defaults {
            let key = default.split_once(':').unwrap().0;
            if !attribute.lines().any(|line| line.trim_start().starts_with(&format!("{key}:"))) {
                own.push(format!("    {default}\n"));
            }
        }
        let service = own.concat();
        let second = service.replace("container_name: \"n", "container_name: \"m");
        let text = format!("services:\n  one:\n{service}  two:\n{second}{COMMON}volumes: {{vol: }}\n");
        files.push((format!("{name}/compose.yaml"), text));
        files.push((format!("{name}/s/run.sh"), "#!/bin/sh\nclaude -p x\n".to_owned()));
        files.push((format!("{name}/put.env"), format!("CLAUDE_CONFIG_DIR=/cfg/{way}\nPUT\n")));
        files.push((format!("{name}/.env"), "FROM_DOTENV=d${PUT}\n".to_owned()));
    }
    for (name, section) in FILE {
        let service = COMMON.replace("other", "one");
        let text = format!("services:\n{COMMON}{service}{}\n", put(section));
        files.push((format!("file-{name}/compose.yaml"), text));
        files.push((format!("file-{name}/.env"), "FROM_DOTENV=d${PUT}\n".to_owned()));
    }
    files
}

const SCRIPT: &str = r#"#!/bin/bash
STATE="/srv/$PUT/.claude"
docker run -d --name "n-$PUT" -v "$STATE:/home/agent/.claude" -e HOME=/home/agent image-$PUT claude -p x
docker run -v "$HOME/.claude:/root/.claude" -e "CLAUDE_CONFIG_DIR=/root/.claude" -e PUT -l overlock.role=$PUT x claude -p x
docker run -v ~/.claude:/root/.claude -v "/srv/${PUT:-y}:/x" -w "/w/$PUT" x claude -p x
docker run --mount "type=bind,src=/srv/$PUT,dst=/home/agent/.claude" --user "$PUT" -e HOME=/home/agent x claude -p x
docker run --mount "type=volume,volume-opt=type=cifs,volume-opt=device=//u:$PUT@h/s,dst=/home/agent/.claude" -e HOME=/home/agent x claude -p x
docker run -v "state-$PUT:/home/agent/.claude" -e HOME=/home/agent x flock "/tmp/$PUT" claude -p x
docker run --env-file "/$PUT/env" --volumes-from "$PUT" x claude -p x
cd "/srv/$PUT" && docker run -v "$PWD/.claude:/root/.claude" -v ./.claude:/home/agent/.claude x claude -p x
docker exec "$PUT" claude -p x
docker compose -p "$PUT" run one claude -p x
. "/srv/$PUT/lib.sh"
exec 9>"/srv/$PUT/.claude/session.lock"; flock 9; claude -p x
"#;

/// A call with a canary in every value of the environment.
fn call(directory: &Path, arguments: &[&str], project_name: bool) -> Run {
    let mut command = command(directory, arguments);
    for name in ["PUT", "OTHER", "CLAUDE_CONFIG_DIR", "DEPLOY_TOKEN", "ANTHROPIC_API_KEY"] {
        command.env(name, format!("{CANARY}-{}", name.to_lowercase()));
    }
    command.env("HOME", format!("/home/{CANARY}-home"));
    if project_name {
        command.env("COMPOSE_PROJECT_NAME", format!("{CANARY}-project"));
    }
    run(command)
}

/// Fails where a stream, or a file that was written, has a value in it.
fn assert_hidden(what: &str, texts: &[&str]) {
    let leaks: Vec<&str> = texts.iter().flat_map(|text| text.lines()).filter(|line| line.contains(CANARY)).collect();
    assert!(leaks.is_empty(), "{what}:\n{}", leaks.join("\n"));
}

fn assert_all_hidden(directory: &Path, what: &str, project_name: bool) {
    let outputs = directory.join("outputs");
    std::fs::create_dir_all(&outputs).unwrap();
    let file = |format: &str| outputs.join(format);
    let formats: Vec<&str> = ["json", "text", "prometheus"].into_iter().chain(FORMATS).collect();
    let written: Vec<String> =
        formats.iter().map(|format| format!("--output={format}={}", file(format).display())).collect();
    let arguments: Vec<&str> = ["check", "."].into_iter().chain(written.iter().map(String::as_str)).collect();
    let run = call(directory, &arguments, project_name);
    assert_ne!(run.status, 0, "{what}: nothing was found: {}", run.err);
    assert_hidden(what, &[&run.out, &run.err]);
    for format in &formats {
        let text = std::fs::read_to_string(file(format)).unwrap_or_else(|_| panic!("{format}: {}", run.err));
        assert!(!text.is_empty());
        assert_hidden(&format!("{what} {format}"), &[&text]);
    }
    for arguments in
        [&["check", ".", "--fix", "--diff"][..], &["graph", ".", "--format", if project_name { "svg" } else { "dot" }]]
    {
        let run = call(directory, arguments, project_name);
        assert_hidden(&format!("{what} {arguments:?}"), &[&run.out, &run.err]);
    }
}

#[test]
fn no_attribute_of_compose_prints_a_value_of_the_environment() {
    for (way, template) in WAYS {
        let files = attacks(template);
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let directory = project(&files);
        assert_all_hidden(directory.path(), way, way == "braces");
    }
}

#[test]
fn no_script_prints_a_value_of_the_environment() {
    let directory = project(&[
        ("start.sh", SCRIPT),
        ("compose.yaml", "services: {one: {image: x, volumes: [\"~/.claude:/root/.claude\"]}}\n"),
    ]);
    assert_all_hidden(directory.path(), "script", true);
}

#[test]
fn a_file_outside_that_the_environment_names_is_not_named() {
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join(format!("{CANARY}.yaml"));
    let text =
        "services:\n  a: {image: x, entrypoint: [claude], volumes: [\"/srv/c:/root/.claude\"], user: root, scale: 2}\n";
    std::fs::write(&path, text).unwrap();
    for file in [path, outside.path().join(format!("{CANARY}-absent.yaml"))] {
        let mut call = command(outside.path(), &["check", "--format", "json"]);
        let directory = project(&[("x", "")]);
        call.current_dir(directory.path()).env("COMPOSE_FILE", &file);
        let run = run(call);
        assert_ne!(run.status, 0);
        assert_hidden("COMPOSE_FILE", &[&run.out, &run.err]);
    }
}

const PAIR: &str = "\
services:
  one: {image: x, entrypoint: [claude, -p, x], user: root, volumes: [\"ONE:/root/.claude\"]}
  two: {image: x, entrypoint: [claude, -p, x], user: root, volumes: [\"TWO:/root/.claude\"]}
";

/// The place of each of two services, what the run said, and whether they are peers.
fn places(one: &str, two: &str, dotenv: &str) -> (Vec<String>, String, bool) {
    let text = PAIR.replace("ONE", one).replace("TWO", two);
    let directory = project(&[("p/compose.yaml", &text), ("p/.env", dotenv)]);
    let mut call = command(directory.path(), &["check", "p", "--format", "json"]);
    call.env("HOME", "/root").env("DEPLOY_TOKEN", "s3cret-token").env("SHORT", "ab").env("DEEP", "/deep/er");
    let run = run(call);
    let report = run.json();
    let participants = report["participants"].as_array().unwrap();
    let places = participants.iter().map(|one| one["place"]["path"].as_str().unwrap().to_owned()).collect();
    let together = participants.iter().all(|one| one["peer_count"] == 1);
    (places, run.out, together)
}

#[test]
fn a_place_is_shown_as_it_is_written_and_is_the_same_place() {
    let literal = "/srv/s3cret-token/.claude";
    let shown = "/srv/${DEPLOY_TOKEN}/.claude";
    let cases = [
        // A variable, a variable and the path itself, and the path alone.
        (shown, shown, [shown, shown], true),
        (shown, literal, [shown, shown], true),
        (literal, literal, [literal, literal], true),
        (shown, "/srv/other/.claude", [shown, "/srv/other/.claude"], false),
        // A value may be short, or several components.
        ("/srv/x${SHORT}y/ab", "/srv/xaby/ab", ["/srv/x${SHORT}y/ab", "/srv/x${SHORT}y/ab"], true),
        ("${DEEP}/.claude", "/deep/er/.claude", ["${DEEP}/.claude", "${DEEP}/.claude"], true),
        ("/deep/er/.claude", "/deep/er/.claude", ["/deep/er/.claude", "/deep/er/.claude"], true),
        // The home directory.
        ("~/.claude", "${HOME}/.claude", ["~/.claude", "~/.claude"], true),
        ("~/.claude", "/root/.claude", ["~/.claude", "~/.claude"], true),
        ("/root/.claude", "/root/.claude", ["/root/.claude", "/root/.claude"], true),
        ("~/.claude", "/root/other/.claude", ["~/.claude", "/root/other/.claude"], false),
        ("~/.claude/", "$HOME/./.claude", ["~/.claude", "~/.claude"], true),
        // A file of the project is no secret of the environment.
        ("/srv/${OF_PROJECT}/.claude", "/srv/here/.claude", ["/srv/here/.claude", "/srv/here/.claude"], true),
        ("/srv/${MIXED}/.claude", shown, [shown, shown], true),
    ];
    for (one, two, wanted, together) in cases {
        let dotenv = if one.contains("MIXED") { "MIXED=${DEPLOY_TOKEN}\n" } else { "OF_PROJECT=here\n" };
        let (found, out, peers) = places(one, two, dotenv);
        assert_eq!((found.as_slice(), peers), (wanted.map(str::to_owned).as_slice(), together), "{one} {two}");
        // The path in the container is written in the file.
        assert!(
            out.contains("\"state_dir\": \"/root/.claude\"") || out.contains("\"state_dir\":\"/root/.claude\""),
            "{out}"
        );
    }
}

#[test]
fn a_value_of_the_projects_file_is_shown_in_paths_alone() {
    let text = "services:\n  a: &a {image: x, entrypoint: [claude, -p, x], user: root, volumes: [\"vol:/root/.claude\"]}\n  b: *a\n";
    let of = |volume: &str| {
        let text = format!("{text}volumes: {{vol: {{driver_opts: {volume}}}}}\n");
        let directory = project(&[("compose.yaml", &text), (".env", "OWN=value-of-dotenv\n")]);
        run(command(directory.path(), &["check", ".", "--format", "json"])).out
    };
    let bind = of("{type: none, o: bind, device: \"/srv/${OWN}\"}");
    assert!(bind.contains("/srv/value-of-dotenv"), "{bind}");
    let cifs = of("{type: cifs, o: \"username=x\", device: \"//u:${OWN}@host/share\"}");
    assert!(cifs.contains("cifs //host/share") && !cifs.contains("value-of-dotenv"), "{cifs}");
    let cifs = of("{type: cifs, o: \"username=x\", device: \"//${OWN}/share\"}");
    assert!(cifs.contains("//${OWN}/share") && !cifs.contains("value-of-dotenv"), "{cifs}");
}

#[test]
fn a_number_of_the_environment_is_not_counted_out() {
    let of = |count: &str| {
        let text = format!(
            "services:\n  a: {{image: x, entrypoint: [claude, -p, x], user: root, volumes: [\"/srv/c:/root/.claude\"], \
             scale: {count}}}\n"
        );
        let directory = project(&[("compose.yaml", &text)]);
        let mut call = command(directory.path(), &["check", ".", "--format", "json"]);
        call.env("PIN", "4711");
        run(call).out
    };
    let (hidden, known) = (of("\"${PIN}\""), of("4711"));
    assert!(!hidden.contains("471") && hidden.contains("its own ${PIN} replicas"), "{hidden}");
    assert!(known.contains("its own 4711 replicas"), "{known}");
}

#[test]
fn a_short_value_is_hidden_where_it_is_put_in() {
    let text = "services:\n  a: {image: x, entrypoint: [claude, -p, x], user: \"${ID}\", container_name: \"${N}\", \
                environment: {CLAUDE_CONFIG_DIR: \"/cfg/${N}\"}, volumes: [\"/srv/${N}:/cfg/${N}\"], scale: 2}\n";
    let of = |text: &str| {
        let directory = project(&[("compose.yaml", text)]);
        let mut call = command(directory.path(), &["check", ".", "--format", "json"]);
        call.env("N", "q7").env("ID", "4711").env("COMPOSE_PROJECT_NAME", "p5");
        run(call)
    };
    let run = of(text);
    assert!(run.out.contains("/cfg/${N}") && run.out.contains("/srv/${N}"), "{}", run.out);
    for value in ["q7", "4711", "p5"] {
        assert!(!run.out.contains(value), "{value}: {}", run.out);
    }
    assert!(of(&text.replace("${N}", "q7")).out.contains("/cfg/q7"));
}

/// A call with a value in a variable that the files put in.
fn call_with(directory: &Path, arguments: &[&str], value: &str) -> Run {
    let mut command = command(directory, arguments);
    command.env("PUT", value).env("OTHER", value).env("HOME", format!("/home/{value}"));
    run(command)
}

#[test]
fn a_short_value_is_hidden_in_every_text() {
    for (way, value) in [("$PUT", "qZ7"), ("x${PUT}", "q7Zw"), ("${FROM_DOTENV}", "hunter2")] {
        let files = attacks(way);
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        // What is glued to letters, as `.env` does, has to be told from words.
        let directory = project(&files);
        for format in ["json", "text", "sarif", "github", "markdown", "junit", "gitlab", "html"] {
            let run = call_with(directory.path(), &["check", ".", "--format", format], value);
            for text in [&run.out, &run.err] {
                let leaks: Vec<&str> = text.lines().filter(|line| line.contains(value)).take(5).collect();
                assert!(leaks.is_empty(), "{way} {format}: {leaks:#?}");
            }
        }
        let run = call_with(directory.path(), &["graph", "."], value);
        assert!(!run.out.contains(value) && !run.err.contains(value), "{way}");
    }
}

#[test]
fn a_name_that_equals_a_short_value_stays_a_name() {
    let text = "services:\n  web7:\n    image: x\n    entrypoint: [claude, -p, x]\n    labels: {a: \"${PUT}\"}\n    \
                volumes: [\"/srv/web7:/root/.claude\"]\n    scale: 2\n";
    let directory = project(&[("compose.yaml", text)]);
    let of = |value: &str| {
        let run = call_with(directory.path(), &["check", ".", "--format", "json"], value);
        (run.json(), run.status)
    };
    let ((same, status), (other, other_status)) = (of("web7"), of("db8x"));
    assert_eq!((status, other_status), (1, 1));
    for report in [&same, &other] {
        assert_eq!(report["participants"][0]["container"], "web7");
        assert_eq!(report["participants"][0]["state_dir"], "/root/.claude");
    }
    assert_eq!(same["breaches"][0]["fingerprint"], other["breaches"][0]["fingerprint"]);
    assert_eq!(other["participants"][0]["place"]["path"], "/srv/web7");
}

#[test]
fn fingerprints_are_the_same_whatever_the_environment_holds() {
    let text = PAIR.replace("ONE", "~/${DEPLOY_TOKEN}").replace("TWO", "~/${DEPLOY_TOKEN}");
    let directory = project(&[("compose.yaml", &text)]);
    let of = |home: &str, token: &str, name: &str| {
        let mut call = command(directory.path(), &["check", ".", "--format", "json"]);
        call.env("HOME", home).env("DEPLOY_TOKEN", token).env("COMPOSE_PROJECT_NAME", name);
        let report = run(call).json();
        let findings = report["breaches"].as_array().unwrap();
        assert!(!findings.is_empty());
        let parts = |finding: &serde_json::Value| {
            (finding["fingerprint"].clone(), finding["message"].clone(), finding["project"].clone())
        };
        findings.iter().map(parts).collect::<Vec<_>>()
    };
    let one = of("/home/one", "first", "alpha");
    assert_eq!(one, of("/home/two", "second-token", "beta"));
    assert_eq!(one[0].2, "${COMPOSE_PROJECT_NAME}");
}

#[test]
fn preflight_and_config_show_the_paths_that_the_engine_gets() {
    let text = PAIR.replace("ONE", "/srv/${DEPLOY_TOKEN}/c").replace("TWO", "~/c");
    let directory = project(&[("compose.yaml", &text)]);
    for arguments in [&["config", "--format", "json"][..], &["preflight", ".", "--format", "json", "--from", "capture"]]
    {
        let mut call = command(directory.path(), arguments);
        call.env("DEPLOY_TOKEN", "s3cret-token");
        std::fs::copy(
            crate::harness::root().join("fixtures/stale-bind/bad-deleted/capture.json"),
            directory.path().join("capture"),
        )
        .ok();
        let run = run(call);
        assert!(
            run.out.contains("/srv/s3cret-token/c") && run.out.contains("/home/user/c"),
            "{arguments:?}: {} {}",
            run.out,
            run.err
        );
    }
}
