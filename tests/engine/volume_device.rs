//! A volume that the driver mounts from a disk: a container that runs with it, beside plans for the same disk and others.

use std::fs;

use serde_json::{Value, json};

use super::audit::overlock;
use super::disk::Disk;
use super::wanted::DISKS;
use super::{Engine, Start, engine_and, must};
use crate::harness::run;

/// Whether a plan with this declaration of the volume shares its login with the container that runs.
fn joins(engine: &Engine, container: &str, declared: &str, from: Option<&str>) -> bool {
    let folder = engine.directory("plan");
    let image = &engine.image;
    let text = format!(
        "services:\n  night:\n    image: {image}\n    entrypoint: [claude, -p, x]\n    environment: {{HOME: /home/agent}}\n    \
         volumes: ['vol:/home/agent/.claude']\nvolumes:\n  vol: {{{declared}}}\n"
    );
    fs::write(folder.join("compose.yaml"), text).unwrap();
    let mut call = vec!["preflight", folder.to_str().unwrap(), "--format", "json"];
    call.extend(from.iter().flat_map(|from| ["--from", from]));
    let report = run(overlock(&call)).json();
    let night = report["participants"].as_array().unwrap().iter().find(|one| one["container"] == "night").unwrap();
    night["peers"].as_array().unwrap().contains(&json!(container))
}

#[test]
fn disk_of_a_volume_is_one_place_planned_and_running() {
    let Some(engine) = engine_and("disk_of_a_volume_is_one_place_planned_and_running", DISKS) else { return };
    let source = |disk: Disk| must("findmnt", &["-no", "SOURCE", engine.disks().path(disk).to_str().unwrap()]);
    let (disk, other) = (source(Disk::Ext4), source(Disk::Xfs));
    let (volume, label) = (engine.name("disk"), format!("overlock-test={}", engine.run));
    let device = format!("device={disk}");
    must("docker", &["volume", "create", "--label", &label, "-o", "type=ext4", "-o", &device, &volume]);
    let name = engine.name("runner");
    let start = Start::participant(&name).env("HOME", "/home/agent");
    let probe = engine.start(&start.option("--volume", &format!("{volume}:/home/agent/.claude")));
    let captured = run(overlock(&["capture"])).out;
    let capture: Value = serde_json::from_str(&captured).unwrap();
    assert_eq!(capture["volumes"][&volume], json!({"fstype": "ext4", "device": disk, "options": ""}));
    let file = engine.directory("capture").join("host.json");
    fs::write(&file, captured).unwrap();
    for from in [None, file.to_str()] {
        let cases = [
            (format!("external: true, name: {volume}"), true),
            (format!("name: {volume}, driver_opts: {{type: ext4, device: {disk}}}"), true),
            (format!("name: {volume}-too, driver_opts: {{type: ext4, device: {disk}}}"), true),
            (format!("name: {volume}-too, driver_opts: {{type: xfs, device: {other}}}"), false),
            (format!("name: {volume}-too"), false),
        ];
        for (declared, together) in cases {
            assert_eq!(joins(engine, &name, &declared, from), together, "{declared} {from:?}");
        }
    }
    drop(probe);
    let _ = must("docker", &["volume", "rm", &volume]);
}
