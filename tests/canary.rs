//! No value of an environment appears in any output.

use crate::harness::{command, project, run};
use crate::readers::FORMATS;

const CANARY: &str = "canary-5f0c";

/// A canary in every place where a value of an environment can stand, on lines that findings point at.
const COMPOSE: &str = r#"
x-env: &env
  SHARED_SECRET: canary-5f0c
services:
  map:
    image: x
    environment:
      <<: *env
      ANTHROPIC_API_KEY: canary-5f0c
      OTHER: ${UNSET_VARIABLE:-canary-5f0c}
      FROM_OUTSIDE: ${OUTSIDE}
      FROM_DOTENV: ${DOTENV}
    volumes:
      - /srv/claude:/home/agent/.claude   # canary-5f0c
    entrypoint: ["claude", "-p", "x"]
  list:
    build: {context: ., args: {CLAUDE_CODE_VERSION: canary-5f0c, TOKEN: canary-5f0c}}
    environment: ["ANTHROPIC_API_KEY=canary-5f0c", "PASSED", "OUTSIDE"]
    env_file: [secrets.env]
    volumes: ["/srv/claude:/home/agent/.claude", "/srv/claude.json:/home/agent/.claude.json"]
    labels: {token: canary-5f0c, overlock.role: loud}
    user: "1000"
    entrypoint: sh -c "TOKEN=canary-5f0c claude -p --token canary-5f0c"
  block:
    image: x
    user: "1001"
    environment:
      - CLAUDE_CODE_OAUTH_TOKEN=${OUTSIDE_TOKEN}
      - ANTHROPIC_AUTH_TOKEN=canary-5f0c
    volumes: ["/srv/claude:/home/agent/.claude:ro"]
    entrypoint:
      - bash
      - -c
      - |
        export TOKEN=canary-5f0c
        exec 9>/tmp/lock-of-block; flock -w 1 9 || true
        claude -p --token canary-5f0c
  flow: {image: x, tty: true, stdin_open: true, environment: {ANTHROPIC_API_KEY: canary-5f0c, B: canary-5f0c}, volumes: ["/srv/claude:/home/agent/.claude"], entrypoint: [claude, canary-5f0c]}
  bad:
    image: x
    environment: {A: [canary-5f0c]}
    command: "unclosed 'canary-5f0c"
    volumes: [{source: canary-5f0c}]
    environment: {A: "${canary-5f0c!}"}
"#;

#[test]
fn no_value_of_an_environment_is_printed() {
    let broken = "A: [canary-5f0c\nb: canary-5f0c";
    let directory = project(&[
        ("compose.yaml", COMPOSE),
        (".env", "DOTENV=canary-5f0c\nTOKEN='canary-5f0c'\n"),
        ("secrets.env", "SECRET=canary-5f0c\nthis line is wrong canary-5f0c\n"),
        ("broken.yaml", broken),
        ("broken.env", "canary-5f0c is no assignment\n"),
        ("overlock.yaml", "host: {participates: no}\n"),
    ]);
    for format in ["text", "json"].iter().chain(&FORMATS) {
        for arguments in [
            &["check", "compose.yaml", "broken.yaml"][..],
            &["check", "-f", "compose.yaml", "--env-file", "broken.env"],
            &["check", "-f", "compose.yaml", "--env-file", ".env", "--profile", "x"],
        ] {
            let mut call = command(directory.path(), arguments);
            call.args(["--format", format, "--color", "always"]);
            for name in ["OUTSIDE", "PASSED", "OUTSIDE_TOKEN", "ANTHROPIC_API_KEY"] {
                call.env(name, CANARY);
            }
            let run = run(call);
            assert!(!run.out.is_empty() && run.status != 0);
            for (stream, text) in [("out", &run.out), ("err", &run.err)] {
                let line = text.lines().find(|line| line.contains(CANARY));
                assert_eq!(line, None, "{format} {arguments:?} {stream}");
            }
        }
    }
}

#[test]
fn the_canary_would_be_seen() {
    // The same project does make findings that point at the lines with the canary.
    let directory = project(&[("compose.yaml", COMPOSE), ("secrets.env", "A=b\n")]);
    let run = run(command(directory.path(), &["check", "--format", "json"]));
    let report = run.json();
    let lines: Vec<u64> = report["breaches"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["locations"].as_array().unwrap().iter().map(|at| at["line"].as_u64().unwrap()))
        .collect();
    let with_canary = COMPOSE.lines().enumerate().filter(|(_, line)| line.contains(CANARY));
    let pointed = with_canary.filter(|(at, _)| lines.contains(&(*at as u64 + 1))).count();
    assert!(pointed >= 5, "findings point at {pointed} lines with the canary");
}

#[test]
fn folders_of_pipelines_are_called_as_they_are_where_the_forge_says_its_name() {
    let directory = project(&[
        ("overlock.yaml", "# a CI pipeline\nhost: {participates: no}\n"),
        (
            ".woodpecker/build.yaml",
            "steps:\n  one: {commands: [\"docker run -v login:/root/.claude a claude -p x\"]}\n",
        ),
    ]);
    let told = |value: &str| {
        let mut call = command(directory.path(), &["check", "."]);
        call.env("CI", value);
        run(call).out
    };
    assert!(told("woodpecker").contains(".woodpecker/build.yaml"), "{}", told("woodpecker"));
    assert!(!told(CANARY).contains(CANARY));
}
