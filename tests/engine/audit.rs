//! Overlock, asked about containers that run.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Run, command, run};

/// A call of the program that finds the engine this process uses.
pub(crate) fn overlock(arguments: &[&str]) -> Command {
    let mut command = command(Path::new("/"), arguments);
    for name in ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}

/// `overlock audit` of some containers.
pub(crate) fn audit(names: &[&str]) -> Run {
    run(overlock(&[&["audit", "--format", "json"], names].concat()))
}

/// How often a look is made again that met a container of another test as that went away.
pub(crate) const LOOKS: usize = 30;

/// The report of an audit that could look at everything.
pub(crate) fn report(names: &[&str]) -> Value {
    let mut run = audit(names);
    for _ in 1..LOOKS {
        if run.status != 3 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        run = audit(names);
    }
    assert!([0, 1].contains(&run.status), "audit of {names:?} ends with {}: {}{}", run.status, run.err, run.out);
    run.json()
}

/// A container's participant in a report.
pub(crate) fn participant<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["participants"].as_array().unwrap();
    all.iter().find(|one| one["container"] == name).unwrap_or_else(|| panic!("no participant {name} in {report:#}"))
}

/// The place of one of a participant's own locks, by how its path ends.
fn lock(participant: &Value, inside: bool) -> &Value {
    let locks = participant["internal_lock"]["locks"].as_array().unwrap();
    let is_inside = |lock: &&Value| lock["path"].as_str().unwrap().ends_with("/.oauth_refresh.lock");
    let found = locks.iter().find(|lock| is_inside(lock) == inside);
    found.map_or(&Value::Null, |lock| &lock["place"])
}

/// The places of a participant's three locks: the inside one, the sibling, the guard.
pub(crate) fn places(participant: &Value) -> [&Value; 3] {
    [lock(participant, true), lock(participant, false), &participant["guard"]["place"]]
}

/// The rules of the findings about a container, sorted.
pub(crate) fn rules<'a>(report: &'a Value, name: &str) -> Vec<&'a str> {
    let hits = report["logins"].as_array().unwrap().iter().flat_map(|login| login["findings"].as_array().unwrap());
    let hits = hits.flat_map(|finding| finding["hits"].as_array().unwrap()).filter(|hit| hit["container"] == name);
    let mut rules: Vec<&str> =
        hits.flat_map(|hit| hit["rules"].as_array().unwrap()).filter_map(Value::as_str).collect();
    rules.sort_unstable();
    rules
}
