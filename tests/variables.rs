//! Variables that are not set where a review runs: what depends on them is not known, and nothing else is in doubt.

use serde_json::Value;

use crate::harness::{command, overlock, project, run};

/// A name, and two services that use one directory or may, by a variable.
const MAY_SHARE: &[(&str, &str)] = &[
    (
        "a volume's name",
        "  a: {image: x, user: root, command: claude -p x, volumes: ['state:/root/.claude']}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: ['shared:/root/.claude']}\n\
         volumes: {state: {name: 'claude-${ENV}'}, shared: {external: true, name: claude-prod}}\n",
    ),
    (
        "a volume's key",
        "  a: {image: x, user: root, command: claude -p x, volumes: ['state-${T}:/root/.claude']}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: ['state-one:/root/.claude']}\n\
         volumes: {state-one: }\n",
    ),
    (
        "a subpath",
        "  a: {image: x, user: root, command: claude -p x, volumes: [{type: volume, source: st, target: /root/.claude, \
         volume: {subpath: '${P}'}}]}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: [{type: volume, source: st, target: /root/.claude, \
         volume: {subpath: claude}}]}\nvolumes: {st: }\n",
    ),
    (
        "an address",
        "  a: {image: x, user: root, command: claude -p x, volumes: ['dev:/root/.claude']}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: ['nfs:/root/.claude']}\n\
         volumes: {dev: {driver_opts: {type: nfs, o: 'addr=${NAS}', device: ':/c'}}, \
         nfs: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: ':/c'}}}\n",
    ),
    (
        "a driver's type",
        "  a: {image: x, user: root, command: claude -p x, volumes: ['vol:/root/.claude']}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: ['/srv/c:/root/.claude']}\n\
         volumes: {vol: {driver_opts: {type: '${TY}', o: '${OO}', device: /srv/c}}}\n",
    ),
    (
        "a mount's type",
        "  a: {image: x, user: root, command: claude -p x, volumes: [{type: '${VT}', source: '${VS}', \
         target: /root/.claude}]}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: [{type: bind, source: /srv/c, \
         target: /root/.claude}]}\n",
    ),
    (
        "the project's name",
        "  a: {image: x, user: root, command: claude -p x, volumes: ['state:/root/.claude']}\n  \
           b: {image: x, user: root, command: claude -p x, volumes: ['ext:/root/.claude']}\n\
         volumes: {state: {}, ext: {external: true, name: prod-agents_state}}\nname: ${STACK}-agents\n",
    ),
];

fn verdicts(report: &Value) -> Vec<String> {
    let participants = report["participants"].as_array().unwrap().iter();
    participants
        .map(|one| format!("{} {}", one["container"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
        .collect()
}

#[test]
fn places_that_a_variable_may_make_one_are_not_told_apart() {
    for (name, text) in MAY_SHARE {
        let directory = project(&[("compose.yaml", &format!("services:\n{text}"))]);
        let checked = overlock(directory.path(), &["check", "--format", "json"]);
        assert_eq!(verdicts(&checked.json()), ["a undetermined", "b undetermined"], "{name}: {}", checked.err);
        assert_eq!(checked.status, 3, "{name}");
    }
}

#[test]
fn how_often_it_is_started_may_hang_on_a_variable() {
    let text = "services:\n  a:\n    image: x\n    user: root\n    command: claude -p x\n    \
                volumes: [cc:/root/.claude]\n    deploy: {replicas: '${WORKERS}'}\nvolumes: {cc: }\n";
    let directory = project(&[("compose.yaml", text)]);
    let unset = overlock(directory.path(), &["check", "--format", "json"]);
    assert_eq!((verdicts(&unset.json()), unset.status), (vec!["a undetermined".to_owned()], 3));
    let mut set = command(directory.path(), &["check", "--format", "json"]);
    set.env("WORKERS", "5");
    assert_eq!(verdicts(&run(set).json()), ["a error"]);
}

#[test]
fn what_may_be_right_where_compose_runs_is_no_mistake() {
    let text = "services:\n  a:\n    image: ${IMAGE:?set it}\n    pull_policy: '${PP}'\n    gpus: '${G}'\n    \
                cgroup: '${CG}'\n    depends_on: ['${DB}']\n    links: ['${DB}:db']\n    \
                network_mode: 'service:${VPN}'\n    volumes_from: ['${S}']\n    extra_hosts: ['${H}']\n    \
                tty: '${T}'\n    env_file: nope.env\n    deploy: {update_config: {order: '${O}'}}\n  b:\n    image: x\n    \
                networks: ['${NET}']\n    ports: ['${PORT}:80']\n    ulimits: {nofile: '${U}'}\n    \
                develop: {watch: [{path: ., action: '${AC}', target: /x}]}\n";
    let directory = project(&[("compose.yaml", text)]);
    let checked = overlock(directory.path(), &["check", "--format", "json"]);
    let report = checked.json();
    let worse = report["diagnostics"].as_array().unwrap().iter().filter(|one| one["severity"] != "warning");
    assert_eq!(worse.collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(checked.status, 0);
}

#[test]
fn a_directory_is_a_project_that_compose_would_run_there() {
    let service = |name: &str, source: &str| {
        format!(
            "services:\n  {name}: {{image: x, user: root, command: claude -p x, volumes: ['{source}:/root/.claude']}}\n"
        )
    };
    let directory = project(&[
        ("stack/.env", "COMPOSE_FILE=base.yml:more/agents.yml\nWHERE=./state\n"),
        ("stack/base.yml", &service("a", "${PWD}/state")),
        ("stack/more/agents.yml", &service("b", "${WHERE}")),
    ]);
    for (place, path) in [(".", "stack"), ("stack", "."), (".", ".")] {
        let checked = overlock(&directory.path().join(place), &["check", "--format", "json", path]);
        assert_eq!(verdicts(&checked.json()), ["a error", "b error"], "{path} in {place}: {}", checked.err);
    }
    let printed = overlock(directory.path(), &["config", "stack"]).json();
    assert_eq!(printed["services"].as_object().unwrap().len(), 2);
}

#[test]
fn a_command_that_runs_on_a_changed_file_is_a_call() {
    let guarded = "flock -w 900 /root/.claude/session.lock claude -p x";
    let text = format!(
        "services:\n  a: {{image: x, user: root, command: {guarded}, volumes: ['cc:/root/.claude'], develop: {{watch: \
         [{{action: sync+exec, path: ., target: /w, exec: {{command: claude -p re}}}}]}}}}\n  \
         b: {{image: x, user: root, command: {guarded}, volumes: ['cc:/root/.claude']}}\nvolumes: {{cc: }}\n"
    );
    let directory = project(&[("compose.yaml", &text)]);
    let report = overlock(directory.path(), &["check", "--format", "json"]).json();
    assert_eq!(verdicts(&report), ["a error", "b ok"]);
}

#[test]
fn a_profile_that_nobody_has_is_told() {
    let directory = project(&[("compose.yaml", "services:\n  a: {image: x, profiles: [night]}\n")]);
    let told = |profile: &str| {
        let report = overlock(directory.path(), &["check", "--format", "json", "--profile", profile]).json();
        report["diagnostics"].to_string()
    };
    assert!(told("nihgt").contains("no service has the profile `nihgt`"));
    assert_eq!(told("night"), "[]");
}
