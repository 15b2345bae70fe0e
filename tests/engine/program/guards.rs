//! Layouts that differ by the external flock, and by who goes past it.

use super::layout::{Before, Image, Layout, NEW, OLD, SHARED, Service, looping, one, script, two};

const GUARDED: &str = "flock -w 600 /home/agent/.claude/session.lock claude -p hi";

pub(super) fn layouts() -> Vec<Layout> {
    let guarded = looping(GUARDED);
    let descriptor = "( flock -w 600 9 || exit 1; claude -p hi ) 9>\"$HOME/.claude/session.lock\"";
    let waiting = "exec 9>\"$HOME/.claude/session.lock\"; flock 9; claude -p hi 9>&- & wait";
    let lock_of_own = looping("flock -w 600 /tmp/session.lock claude -p hi");
    let mut all = vec![
        script(two("flock-in-old-old", 1, [OLD, OLD], &[SHARED]), guarded.clone()),
        script(two("flock-in-old-new", 1, [OLD, NEW], &[SHARED]), guarded.clone()),
        script(two("flockfd-in-old-old", 1, [OLD, OLD], &[SHARED]), looping(descriptor)),
        script(two("flock-waited-old-old", 1, [OLD, OLD], &[SHARED]), looping(waiting)),
        script(two("flock-private-old-old", 2, [OLD, OLD], &[SHARED]), lock_of_own),
    ];
    for (name, count, version) in [("flock-one-old-old", 2, OLD), ("flock-one-new-new", 1, NEW)] {
        let layout = two(name, count, [version, version], &[SHARED]).file("proj/guarded.sh", guarded.clone());
        all.push(one(layout, 0, |mut service| {
            "./guarded.sh:/work.sh:ro".clone_into(&mut service.mounts[0]);
            service
        }));
    }
    // The health check calls it too.
    let health = script(two("health-old", 2, [OLD, OLD], &[SHARED]), guarded);
    all.push(one(health, 0, |service| {
        let check = "healthcheck: {test: [CMD, claude, mcp, list], interval: 2s, timeout: 20s}";
        service.line(check)
    }));
    all.extend(calls_from_outside());
    all
}

/// Somebody calls the program in containers that do something else, or take the flock later.
fn calls_from_outside() -> Vec<Layout> {
    let idle = |name, image: Image| Service::new(name, image, "command: [sleep, \"3600\"]").mount(SHARED);
    let asleep = |name: &str, count, version| {
        let services = vec![idle("a", Image::Npm(version)), idle("b", Image::Npm(version))];
        Layout::new(name, count, services).before(Before::Call("claude -p hi"))
    };
    let later = format!("#!/bin/bash\nsleep 3600\n{}", looping(GUARDED).replace("#!/bin/bash\n", ""));
    let outside = "that somebody calls it from outside";
    let past = |name: &str, call| {
        let layout = script(two(name, 2, [OLD, OLD], &[SHARED]), later.clone());
        layout.before(Before::Call(call)).hidden(outside)
    };
    let real = "/usr/local/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe -p hi";
    vec![
        asleep("exec-old", 2, OLD),
        asleep("exec-new", 1, NEW),
        past("exec-past-guard", "claude -p hi"),
        past("exec-past-guard-exe", real),
    ]
}
