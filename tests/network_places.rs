//! What several hosts mount over a network: which spellings are one place, which are not, and of which that is not known.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{overlock, project, root};

/// A mount of the kernel's by its line.
fn mount(line: &str) -> Value {
    let (head, tail) = line.split_once(" - ").unwrap();
    let (head, tail): (Vec<&str>, Vec<&str>) = (head.split(' ').collect(), tail.split(' ').collect());
    let options = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    json!({
        "id": head[0].parse::<i32>().unwrap(), "parent": head[1].parse::<i32>().unwrap(), "device": head[2],
        "root": head[3], "mount_point": head[4], "options": options(head[5]),
        "fstype": tail[0], "source": tail[1], "super_options": options(tail[2]),
    })
}

/// A host with one container that has this mount in the place of its state directory's.
fn capture(host: &str, container: &str, line: &str) -> Value {
    let path = root().join("fixtures/stale-bind/ok-same-directory/capture.json");
    let mut capture: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    capture["host"] = json!(host);
    capture["containers"].as_array_mut().unwrap().retain(|one| one["name"] == container);
    let new = mount(line);
    for mount in capture["containers"][0]["kernel"]["mounts"].as_array_mut().unwrap() {
        if mount["mount_point"] == new["mount_point"] {
            let (id, parent) = (mount["id"].take(), mount["parent"].take());
            *mount = new.clone();
            (mount["id"], mount["parent"]) = (id, parent);
        }
    }
    capture
}

/// Each case of the file: what is expected, what it is, and the mounts of both hosts.
fn cases() -> Vec<(String, String, [String; 2])> {
    let text = fs::read_to_string(root().join("fixtures/network/mounts.txt")).unwrap();
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.starts_with('#') && !block.is_empty());
    let case = |block: &str| {
        let lines: Vec<&str> = block.lines().collect();
        let [title, one, other] = lines[..] else { panic!("{block}") };
        let (expected, what) = title.split_once(": ").unwrap();
        (expected.to_owned(), what.to_owned(), [one.to_owned(), other.to_owned()])
    };
    blocks.map(case).collect()
}

#[test]
fn spellings_of_one_place_are_joined_and_neighbours_are_not() {
    let cases = cases();
    assert!(cases.len() >= 20, "{}", cases.len());
    for (expected, what, [one, other]) in &cases {
        let files = project(&[
            ("one.json", &capture("one", "agents", one).to_string()),
            ("other.json", &capture("other", "runner", other).to_string()),
        ]);
        let call = ["audit", "--from", "one.json", "--from", "other.json", "--format", "json"];
        let run = overlock(files.path(), &call);
        let report = run.json();
        let all = report["participants"].as_array().unwrap();
        let verdicts: Vec<&Value> = all.iter().map(|one| &one["verdict"]).collect();
        let is_joined = all[0]["place"] == all[1]["place"] && all[0]["peers"] == json!(["other:runner"]);
        match expected.as_str() {
            "same" => assert!(is_joined, "{what}: {} {}", all[0]["place"], all[1]["place"]),
            "apart" => {
                assert!(!is_joined && all.iter().all(|one| one["peer_count"] == 0), "{what}: {}", all[0]["place"]);
                assert!(verdicts.iter().all(|verdict| **verdict == "ok"), "{what}: {verdicts:?}");
            }
            "unknown" => {
                assert!(verdicts.iter().all(|verdict| **verdict == "undetermined"), "{what}: {verdicts:?} {report:#}");
                assert_eq!(run.status, 3, "{what}");
            }
            other => panic!("{other}"),
        }
        // Alone, a host has nobody to meet.
        let alone = overlock(files.path(), &["audit", "--from", "one.json", "--format", "json"]);
        assert_eq!(alone.status, 0, "{what}: {}", alone.out);
    }
}
