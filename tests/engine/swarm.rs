//! A swarm of engines of the tests' own: tasks are told by their service, whichever of them runs.

use std::path::Path;

use serde_json::Value;

use super::audit::overlock;
use super::private::{PrivateEngine, folder_with, free_port, own_address};
use super::wanted::DOCKERD;
use super::{Engine, engine_and};
use crate::harness::{Run, run};

const STATE: &str = "/home/agent/.claude";

/// A stack of one service that runs the program, twice.
fn stack(engine: &Engine, source: &Path) -> String {
    format!(
        "version: '3.8'\nservices:\n  agents:\n    image: {image}\n    entrypoint: [/usr/local/bin/claude, -p, hello]\n    \
         environment: {{HOME: /home/agent}}\n    labels: {{overlock.role: batch, overlock.version: 2.1.98}}\n    \
         volumes: ['{source}:{STATE}']\n    networks: [outside]\n    deploy:\n      replicas: 2\n      \
         placement: {{constraints: [node.role == manager]}}\n      restart_policy: {{condition: any, delay: 0s}}\n\
         networks:\n  outside: {{external: true, name: host}}\n",
        image = engine.image,
        source = source.display(),
    )
}

/// A manager of a swarm with a stack that runs.
fn manager(engine: &Engine, name: &str, source: &Path) -> PrivateEngine {
    let manager = PrivateEngine::start(engine);
    let address = own_address(1);
    let listen = format!("{address}:{}", free_port(&address));
    manager.must(&["swarm", "init", "--advertise-addr", &listen, "--listen-addr", &listen]);
    let file = folder_with(engine, "stack.yaml", &stack(engine, source)).join("stack.yaml");
    manager.must(&["stack", "deploy", "--resolve-image", "never", "--compose-file", file.to_str().unwrap(), name]);
    manager.until("both tasks run", |manager| tasks(manager).len() == 2);
    manager
}

/// The names of the containers that run.
fn tasks(manager: &PrivateEngine) -> Vec<String> {
    let listed = manager.docker(&["ps", "--filter", "status=running", "--format", "{{.Names}}"]).unwrap_or_default();
    listed.lines().map(str::to_owned).collect()
}

fn asked(manager: &PrivateEngine, call: &[&str]) -> Run {
    run(overlock(&[call, &["--format", "json", "--host", &manager.address()]].concat()))
}

/// The hits about what a project has on a directory.
fn hits<'a>(report: &'a Value, project: &str) -> Vec<&'a Value> {
    let findings = report["logins"].as_array().unwrap().iter().flat_map(|login| login["findings"].as_array().unwrap());
    let all = findings.flat_map(|finding| finding["hits"].as_array().unwrap());
    all.filter(|hit| hit["project"] == project).collect()
}

fn participants<'a>(report: &'a Value, project: &str) -> Vec<&'a str> {
    let all = report["participants"].as_array().unwrap().iter().filter(|one| one["project"] == project);
    all.map(|one| one["container"].as_str().unwrap()).collect()
}

#[test]
fn tasks_of_a_swarm_are_told_by_their_service() {
    let Some(engine) = engine_and("tasks_of_a_swarm_are_told_by_their_service", DOCKERD) else { return };
    let (source, memory) = (engine.directory("claude"), engine.directory("memory"));
    let manager = manager(engine, "shop", &source);

    // Two tasks are one hit of their service.
    let found = asked(&manager, &["audit"]).json();
    let told = hits(&found, "shop");
    assert!(!told.is_empty(), "{found:#}");
    for hit in &told {
        assert_eq!((&hit["container"], &hit["instances"]), (&"agents".into(), &2.into()), "{hit:#}");
    }
    assert_eq!(participants(&found, "shop").len(), 2);

    // What the configuration says of the service is said of each task.
    let declared = folder_with(engine, "overlock.yaml", "versions:\n  shop/agents: 2.1.330\n");
    let accepted = "ignore:\n  - rule: unguarded-share\n    service: shop/agents\n    reason: known\n  - rule: \
                    lock-on-private-layer\n    service: agents\n    reason: known\n";
    let accepted = folder_with(engine, "overlock.yaml", accepted);
    let by = |folder: &Path| {
        let file = folder.join("overlock.yaml").to_str().unwrap().to_owned();
        asked(&manager, &["audit", "--config", &file]).json()
    };
    let accepted = by(&accepted);
    assert!(hits(&accepted, "shop").iter().all(|hit| !hit["suppressed"].is_null()), "{accepted:#}");
    // The label is the stronger one, so that it contradicts nothing: it stays.
    assert!(hits(&by(&declared), "shop").iter().any(|hit| hit["suppressed"].is_null()));

    // A task that is started anew is no news, and nothing is gone.
    let memory = memory.to_str().unwrap();
    let first = asked(&manager, &["report", "--state", memory]).json();
    assert!(hits(&first, "shop").iter().all(|hit| hit["change"]["state"] == "new"), "{first:#}");
    let before = tasks(&manager);
    manager.must(&["kill", &before[0]]);
    manager.until("another task took its place", |manager| {
        let now = tasks(manager);
        now.len() == 2 && !now.contains(&before[0])
    });
    let second = asked(&manager, &["report", "--state", memory]).json();
    let told = hits(&second, "shop");
    assert!(!told.is_empty() && told.iter().all(|hit| hit["change"]["state"] == "kept"), "{second:#}");
    let gone = second["comparison"]["gone"].as_array().unwrap();
    assert!(gone.iter().all(|one| one["project"] != "shop"), "{gone:#?}");

    // A plan of the service takes the place of its tasks.
    let text = format!("name: shop\n{}", stack(engine, &source));
    let plan = folder_with(engine, "compose.yaml", &text);
    let planned = asked(&manager, &["preflight", plan.to_str().unwrap()]);
    let report = planned.json();
    assert_eq!(participants(&report, "shop"), ["agents"], "{report:#}");
    assert_ne!(planned.status, 1, "it adds nothing: {} {}", planned.out, planned.err);
    let beside = folder_with(engine, "compose.yaml", &text.replace("name: shop", "name: other"));
    let beside = asked(&manager, &["preflight", beside.to_str().unwrap()]).json();
    assert_eq!((participants(&beside, "shop").len(), participants(&beside, "other").len()), (2, 1));
}

#[test]
fn manager_of_a_swarm_says_which_nodes_it_does_not_see() {
    let Some(engine) = engine_and("manager_of_a_swarm_says_which_nodes_it_does_not_see", DOCKERD) else { return };
    let manager = PrivateEngine::start(engine);
    let (address, other) = (own_address(3), own_address(4));
    let listen = format!("{address}:{}", free_port(&address));
    manager.must(&["swarm", "init", "--advertise-addr", &listen, "--listen-addr", &listen]);
    let gaps = |manager: &PrivateEngine| {
        let report = asked(manager, &["audit"]).json();
        let all = report["diagnostics"].as_array().unwrap().iter().map(|one| one["message"].to_string());
        all.filter(|message| message.contains("other nodes")).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&manager), Vec::<String>::new(), "alone, there is nothing that it does not see");
    let worker = PrivateEngine::start(engine);
    let token = manager.must(&["swarm", "join-token", "--quiet", "worker"]);
    let own = format!("{other}:{}", free_port(&other));
    worker.must(&["swarm", "join", "--advertise-addr", &own, "--listen-addr", &own, "--token", &token, &listen]);
    manager.until("two nodes are listed", |manager| {
        manager.docker(&["node", "ls", "--quiet"]).is_ok_and(|nodes| nodes.lines().count() == 2)
    });
    let told = gaps(&manager);
    assert!(told.len() == 1 && told[0].contains("overlock capture"), "{told:?}");
    // A worker is not told of the others.
    assert_eq!(gaps(&worker), Vec::<String>::new());
}
