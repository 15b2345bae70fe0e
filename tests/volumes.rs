//! A planned container and one that runs, with a volume that the driver mounts from elsewhere: one place, or two.

use serde_json::{Value, json};

use crate::harness::{overlock, project};

/// What runs: a container with the volume `shared` of an engine that made it with these options, as the engine tells it.
fn running(options: &Value) -> Value {
    let volumes = if options.is_null() { json!({}) } else { json!({ "shared": options }) };
    json!({
        "overlock_capture": 1, "host": "host-1", "taken_at": 1_795_610_380, "home": "/home/user",
        "volume_directory": "/var/lib/docker/volumes", "own": null, "volumes": volumes, "gaps": [],
        "containers": [{
            "id": "1f".repeat(32), "name": "runner", "project": null, "service": null, "image": "agents:1", "pid": 4242,
            "started_at": "2026-11-25T12:39:38Z", "user": "", "working_dir": "", "tty": false, "stdin_open": false,
            "read_only": false, "host_pid": false, "env": {"HOME": {"public": "/home/agent"}}, "labels": {},
            "script": {
                "invocations": [{
                    "argv": ["claude", "-p", "go"], "env": {}, "locks": [], "conditional": false, "witness": "words",
                }],
                "sight": "whole", "unseen": null, "without_environment": false,
            },
            "mounts": [{
                "kind": "volume", "name": "shared", "source": "/var/lib/docker/volumes/shared/_data",
                "target": "/home/agent/.claude", "writable": true,
            }],
            "kernel": null, "gaps": [],
        }],
    })
}

fn options(fstype: &str, device: &str, options: &str) -> Value {
    json!({"fstype": fstype, "device": device, "options": options})
}

fn mount(id: i32, point: &str, source: &Value) -> Value {
    json!({
        "id": id, "parent": 1, "device": source["device"], "root": source["root"], "mount_point": point,
        "fstype": source["fstype"], "source": source["source"], "options": ["rw"], "super_options": source["options"],
    })
}

/// The same as the kernel shows it too: `volume` is the filesystem at the volume, and the host mounts that at `points`.
fn shown(mut capture: Value, volume: &Value, points: &[&str]) -> Value {
    let kernel = |mounts: Vec<Value>| {
        json!({
            "mounts": mounts, "inodes": {}, "sources": {}, "followed": true, "paths": [], "links": [], "entries": {},
            "processes": [], "installed": [], "identity": null, "home": null, "logins": {},
        })
    };
    let disk = json!({"device": "8:1", "root": "/", "fstype": "ext4", "source": "/dev/sda1", "options": ["rw"]});
    let layer = json!({"device": "0:40", "root": "/", "fstype": "overlay", "source": "overlay", "options": ["rw"]});
    let mut own = vec![mount(1, "/", &disk)];
    own.extend(points.iter().zip(2..).map(|(point, id)| mount(id, point, volume)));
    own[0]["parent"] = json!(0);
    capture["own"] = kernel(own);
    let mut root = mount(100, "/", &layer);
    root["parent"] = json!(0);
    let mut state = mount(101, "/home/agent/.claude", volume);
    state["parent"] = json!(100);
    capture["containers"][0]["kernel"] = kernel(vec![root, state]);
    capture
}

/// Whether a planned container with the volume `shared` of this declaration, or with this source, shares its login with
/// what runs; and what else was told.
fn joins(capture: &Value, source: &str, declared: &str) -> (bool, String) {
    let compose = format!(
        "services:\n  night:\n    image: agents:1\n    entrypoint: [claude, -p, x]\n    environment: {{HOME: /home/agent}}\n    \
         volumes: ['{source}:/home/agent/.claude']\nvolumes:\n  shared: {{name: shared{declared}}}\n"
    );
    let files = project(&[("host.json", &capture.to_string()), ("compose.yaml", &compose)]);
    let report =
        overlock(files.path(), &["check", "-f", "compose.yaml", "--from", "host.json", "--format", "json"]).json();
    let all = report["participants"].as_array().unwrap();
    let knows = |name: &str, peer: &str| {
        let one = all.iter().find(|one| one["container"] == name).unwrap();
        one["peers"].as_array().unwrap().iter().any(|known| known.as_str().unwrap().ends_with(peer))
    };
    let night = knows("night", "runner");
    assert_eq!(night, knows("runner", "night"), "{report:#}");
    let said: Vec<&str> =
        report["diagnostics"].as_array().unwrap().iter().filter_map(|one| one["message"].as_str()).collect();
    (night, said.join("\n"))
}

#[test]
fn planned_and_running_container_share_the_volume_that_both_have() {
    let driver = |kind: &str, device: &str, o: &str| {
        let o = if o.is_empty() { String::new() } else { format!(", o: '{o}'") };
        format!(", driver_opts: {{type: {kind}, device: '{device}'{o}}}")
    };
    for (kind, device, o) in [
        ("ext4", "/dev/sdb1", ""),
        ("xfs", "/dev/sdb1", "noatime"),
        ("btrfs", "/dev/sdb1", "subvol=/a"),
        ("tmpfs", "tmpfs", "size=1m"),
        ("nfs", ":/export", "addr=10.0.0.1,rw"),
        ("nfs", "nas:/export", "addr=nas"),
        ("cifs", "//nas/share", "username=me"),
        ("none", "/srv/claude", "bind"),
        ("ext4", "/srv/claude", "rbind,ro"),
        ("what", "something", ""),
    ] {
        let capture = running(&options(kind, device, o));
        for declared in [driver(kind, device, o), String::new(), ", external: true".to_owned()] {
            let (together, said) = joins(&capture, "shared", &declared);
            assert!(together && said.is_empty(), "{kind} {device} {o} {declared}: {said}");
        }
        // A volume of another name that nobody has yet: what it is made from decides.
        let other = driver(kind, device, o).replacen(',', "other,", 1);
        assert_eq!(joins(&capture, "shared", &other).0, kind != "tmpfs", "{kind} {device} {o}");
    }
}

#[test]
fn planned_volume_of_another_disk_or_server_is_another_place() {
    for (kind, device, o, other_kind, other_device, other_o) in [
        ("ext4", "/dev/sdb1", "", "ext4", "/dev/sdc1", ""),
        ("btrfs", "/dev/sdb1", "subvol=/a", "btrfs", "/dev/sdb1", "subvol=/b"),
        ("nfs", ":/export", "addr=10.0.0.1", "nfs", ":/export", "addr=10.0.0.2"),
        ("nfs", ":/export", "addr=10.0.0.1", "nfs", ":/other", "addr=10.0.0.1"),
        ("cifs", "//nas/share", "", "cifs", "//nas/other", ""),
        ("none", "/srv/claude", "bind", "none", "/srv/other", "bind"),
        ("none", "/dev/sdb1", "bind", "ext4", "/dev/sdb1", ""),
    ] {
        let capture = running(&options(kind, device, o));
        let declared = format!("other, driver_opts: {{type: {other_kind}, device: '{other_device}', o: '{other_o}'}}");
        assert!(!joins(&capture, "shared", &declared).0, "{kind} {device} {o} and {declared}");
    }
}

#[test]
fn volume_that_is_there_counts_more_than_what_the_plan_would_make_it_from() {
    let bind = ", driver_opts: {type: none, o: bind, device: /srv/other}";
    for (there, what) in [
        (Value::Null, "one of the engine's own"),
        (options("none", "/srv/claude", "bind"), "/srv/claude"),
        (options("ext4", "/dev/sdb1", ""), "ext4 /dev/sdb1"),
        (options("nfs", ":/e", "addr=h"), "nfs h:/e"),
    ] {
        let (together, said) = joins(&running(&there), "shared", bind);
        let wanted =
            format!("the volume shared is there already, as {what}, and the plan would make it from /srv/other");
        assert!(together && said.contains(&wanted), "{what}: {said}");
        let (together, said) = joins(&running(&there), "shared", &bind.replacen(',', "-too,", 1));
        assert!(!together && said.is_empty(), "{what}: {said}");
    }
}

#[test]
fn volume_that_a_script_names_is_taken_as_it_is_there() {
    let capture = running(&Value::Null).to_string();
    for (name, together) in [("shared", true), ("other", false)] {
        let script = format!(
            "#!/bin/sh\ndocker run -d --name night -e HOME=/home/agent --mount 'src={name},dst=/home/agent/.claude,\
             volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/srv/other' agents:1 claude -p x\n"
        );
        let files = project(&[("host.json", &capture), ("start.sh", &script)]);
        let report = overlock(files.path(), &["check", ".", "--from", "host.json", "--format", "json"]).json();
        let all = report["participants"].as_array().unwrap();
        let runner = all.iter().find(|one| one["container"] == "runner").unwrap();
        assert_eq!((all.len(), runner["peers"] == json!([])), (2, !together), "{name}: {report:#}");
    }
}

#[test]
fn disk_of_a_planned_volume_is_found_where_the_host_mounts_it() {
    let disk = json!({"device": "8:17", "root": "/", "fstype": "ext4", "source": "/dev/sdb1", "options": ["rw"]});
    let own = "/var/lib/docker/volumes/shared/_data";
    let made = options("ext4", "/dev/sdb1", "");
    let other = "other, driver_opts: {type: ext4, device: /dev/sdb1}";
    for points in [&[own][..], &["/mnt/data", own], &[own, "/mnt/data"]] {
        let capture = shown(running(&made), &disk, points);
        for declared in ["", ", external: true", ", driver_opts: {type: ext4, device: /dev/sdb1}", other] {
            assert!(joins(&capture, "shared", declared).0, "{points:?} {declared}");
        }
        assert!(!joins(&capture, "shared", &other.replace("sdb1", "sdc1")).0, "{points:?}");
    }
    // The host mounts it, and what runs binds that.
    let mut capture = shown(running(&made), &disk, &["/mnt/data"]);
    capture["containers"][0]["mounts"][0] =
        json!({"kind": "bind", "name": "", "source": "/mnt/data", "target": "/home/agent/.claude", "writable": true});
    capture["volumes"] = json!({});
    assert!(joins(&capture, "shared", other).0);
    assert!(joins(&capture, "/mnt/data", "").0);
    assert!(!joins(&capture, "shared", &other.replace("sdb1", "sdc1")).0);
}

#[test]
fn subvolume_of_a_planned_volume_is_found_where_the_host_mounts_it() {
    let disk = |path: &str| {
        let options = json!(["rw", format!("subvol={path}"), "subvolid=257"]);
        json!({"device": "0:50", "root": path, "fstype": "btrfs", "source": "/dev/sdb1", "options": options})
    };
    let mut capture = shown(running(&Value::Null), &disk("/a"), &["/mnt/a"]);
    capture["containers"][0]["mounts"][0] =
        json!({"kind": "bind", "name": "", "source": "/mnt/a", "target": "/home/agent/.claude", "writable": true});
    for (o, together) in [("subvol=a", true), ("subvolid=257", true), ("subvol=b", false), ("subvolid=258", false)] {
        let declared = format!("other, driver_opts: {{type: btrfs, device: /dev/sdb1, o: '{o}'}}");
        assert_eq!(joins(&capture, "shared", &declared).0, together, "{o}");
    }
}

#[test]
fn export_of_a_planned_volume_is_the_one_that_the_kernel_shows() {
    let export = |options: &[&str]| json!({"device": "0:60", "root": "/", "fstype": "nfs4", "source": ":/export", "options": options});
    let own = "/var/lib/docker/volumes/shared/_data";
    let shown = |addressed: &str| {
        let made = options("nfs", ":/export", addressed);
        shown(running(&made), &export(&["addr=10.0.0.1", "rw", "vers=4.2"]), &[own])
    };
    let other = |address: &str| format!("other, driver_opts: {{type: nfs, device: ':/export', o: 'addr={address}'}}");
    assert!(joins(&shown("addr=10.0.0.1"), "shared", &other("10.0.0.1")).0);
    assert!(!joins(&shown("addr=10.0.0.1"), "shared", &other("10.0.0.2")).0);
    // The name of a server is its address where the engine's own volume shows that.
    for declared in ["", ", driver_opts: {type: nfs, device: ':/export', o: 'addr=nas'}"] {
        assert!(joins(&shown("addr=nas"), "shared", declared).0, "{declared}");
    }
}
