//! Every mount of random containers, as `overlock where` and as findmnt(8) tell it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

use serde_json::Value;

use super::layout::Layout;
use super::raise::Raised;
use super::wanted::DISKS;
use super::{Probe, audit, engine_and, must};
use crate::harness::run;

const CONTAINERS: usize = 50;
const SEED: u64 = 7;

/// `open(2)`: the name alone, which needs no permission and has no effect.
const O_PATH: i32 = 0o10_000_000;

/// What both tell of a mount: target, source, type and root.
const FIELDS: [(&str, &str); 4] =
    [("target", "target"), ("source", "source"), ("fstype", "fstype"), ("root", "fsroot")];

/// The mounts of a container by id. `-v` leaves `[root]` out of the source, which has a column of its own.
fn findmnt(pid: i32) -> BTreeMap<u64, Value> {
    let columns = "ID,PARENT,TARGET,SOURCE,FSTYPE,FSROOT";
    let text = must("findmnt", &["-N", &pid.to_string(), "--json", "--list", "--nofsroot", "--output", columns]);
    let table: Value = serde_json::from_str(&text).unwrap();
    let rows = table["filesystems"].as_array().unwrap().clone();
    rows.into_iter().map(|row| (row["id"].as_u64().unwrap(), row)).collect()
}

/// The mount that a path of a container is on, by the kernel: what lies under another mount is hidden.
fn visible(pid: i32, path: &str) -> u64 {
    let within = format!("/proc/{pid}/root{path}");
    let file: File = OpenOptions::new().read(true).custom_flags(O_PATH).open(within).unwrap();
    let told = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap();
    let id = told.lines().find_map(|line| line.strip_prefix("mnt_id:")).unwrap();
    id.trim().parse().unwrap()
}

/// What differs between the two for one container.
fn differences(probe: &Probe, found: &mut Vec<String>) {
    let pid = probe.pid();
    let rows = findmnt(pid);
    let mut targets: Vec<&str> = rows.values().map(|row| row["target"].as_str().unwrap()).collect();
    targets.sort_unstable();
    targets.dedup();
    let seen: BTreeMap<&str, u64> = targets.iter().map(|target| (*target, visible(pid, target))).collect();
    let run = run(audit::overlock(&[&["where", "--format", "json", &probe.name], targets.as_slice()].concat()));
    assert_eq!(run.status, 0, "{}{}", run.err, run.out);
    let report = run.json();
    let told = report["paths"].as_array().unwrap();
    assert_eq!(told.len(), targets.len(), "{report:#}");
    for (target, told) in targets.iter().zip(told) {
        let (mount, id) = (&told["mount"], seen[target]);
        let row = &rows[&id];
        if told["path"] != *target || mount["id"] != id || mount["parent"] != row["parent"] {
            found.push(format!("{}: {target} is mount {id}: {row} and not {told}", probe.name));
        }
        let differing = FIELDS.iter().filter(|(ours, theirs)| mount[ours] != row[theirs]);
        found.extend(differing.map(|(field, _)| format!("{}: {target}: {field}: {mount} and not {row}", probe.name)));
    }
}

#[test]
fn every_mount_is_as_findmnt_tells_it() {
    let Some(engine) = engine_and("every_mount_is_as_findmnt_tells_it", DISKS) else { return };
    let (mut count, mut found) = (0, Vec::new());
    for case in 0.. {
        if count >= CONTAINERS {
            break;
        }
        let layout = Layout::of(SEED, case);
        let raised = Raised::new(engine, &layout).unwrap_or_else(|why| panic!("{why}\n{layout:#?}"));
        for probe in &raised.probes {
            differences(probe, &mut found);
            count += 1;
        }
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
