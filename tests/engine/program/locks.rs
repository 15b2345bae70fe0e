//! Which locks a version makes around a refresh: what stands in and beside the state directory while the token endpoint
//! keeps it waiting, held against what the profile says of that version.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::say;
use super::layout::{Image, LOOP, Layout, Service};
use super::play::Lab;
use super::{lab, wheels};

/// Asks for the newest version too.
const ASKED: &str = "OVERLOCK_REAL_NEWEST";
const SHARED: &str = "/data/shared";
/// Of a file beside the credentials, and no lock of the refresh.
const SIDE_LOCK: &str = ".claude.json.lock";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a version makes, and what the profile says that it does.
struct LockSets {
    made: BTreeSet<String>,
    known: BTreeSet<String>,
}

/// Starts one container whose login expires, and looks while it waits for the new one.
fn lock_sets(lab: &'static Lab<'static>, version: &'static str) -> LockSets {
    let service = Service::of_script("a", Image::Npm(version), "work.sh").mount(format!("@state:{SHARED}"));
    let service = service.env("CLAUDE_CONFIG_DIR", &format!("{SHARED}/.claude"));
    let layout = Layout::new(&format!("locks-{version}"), 1, vec![service]).file("proj/work.sh", LOOP);
    let up = lab.start(&layout, 1);
    up.project.begin();
    let deadline = Instant::now() + PATIENCE;
    while up.refreshes() == 0 {
        assert!(Instant::now() < deadline, "{version} does not refresh");
        std::thread::sleep(Duration::from_millis(100));
    }
    let state = up.project.state();
    let made = locks_in(&state, SHARED).chain(locks_in(&state.join(".claude"), &format!("{SHARED}/.claude"))).collect();
    let look = up.audit(&[]);
    let locks =
        look.participants().into_iter().flat_map(|one| one["internal_lock"]["locks"].as_array().unwrap().clone());
    let known = locks.map(|lock| lock["path"].as_str().unwrap().to_owned()).collect();
    LockSets { made, known }
}

/// The directories that are called a lock in a directory, by the paths of the container. A file beside one says whose it is.
fn locks_in(directory: &Path, inside: &str) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let locks = names.filter(|name| name.contains("lock") && name != SIDE_LOCK);
    locks.map(move |name| format!("{inside}/{name}"))
}

fn compare(lab: &'static Lab<'static>, version: &'static str) {
    let sets = lock_sets(lab, version);
    say(&format!("{version} makes {:?}", sets.made));
    assert_eq!(sets.made, sets.known, "{version}: what it makes, and what the profile knows of it");
}

#[test]
fn each_version_makes_the_locks_of_the_profile() {
    let Some(lab) = lab("each_version_makes_the_locks_of_the_profile") else { return };
    for version in wheels::versions() {
        compare(lab, version);
    }
}

#[test]
fn newest_version_makes_the_locks_of_the_profile() {
    let test = "newest_version_makes_the_locks_of_the_profile";
    if env::var(ASKED).as_deref() != Ok("1") {
        say(&format!("skipped, {test}: it fetches whatever is the newest only where {ASKED}=1"));
        return;
    }
    let Some(lab) = lab(test) else { return };
    compare(lab, wheels::newest().unwrap());
}
