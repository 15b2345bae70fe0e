//! Recorded tables, each with what `stat` of `/proc/self/fdinfo` said of the mount that a path is on; and hostile ones.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::input::kernel::mountinfo::parse;

/// The id of the mount that a path is on.
fn mount_of(seen: &[&KernelMount], path: &str) -> i32 {
    let holding = seen.iter().filter(|mount| split_below(path, &mount.mount_point).is_some());
    holding.max_by_key(|mount| mount.mount_point.len()).map_or(0, |mount| mount.id)
}

#[test]
fn a_walk_ends_where_the_kernel_said_it_does() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mountinfo");
    let mut walks = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let table = parse(&fs::read(&path).unwrap());
        assert_eq!(table.odd, Vec::<usize>::new(), "{}", path.display());
        let seen = visible(&table.mounts);
        assert_eq!(root(&table.mounts), root_in(&seen), "{}", path.display());
        for line in fs::read_to_string(path.with_extension("walk")).unwrap().lines() {
            let (id, point) = line.split_once(' ').unwrap();
            let listed = table.mounts.iter().any(|mount| mount.id.to_string() == id);
            let id = if listed { id.parse().unwrap() } else { 0 };
            assert_eq!(mount_of(&seen, point), id, "{} {point}", path.display());
            walks += 1;
        }
    }
    assert!(walks > 30, "{walks} walks");
}

#[test]
fn what_is_no_path_is_not_walked() {
    let point = |mount_point: &str| KernelMount { mount_point: mount_point.to_owned(), ..mount(2, 1, "/a") };
    let mounts =
        [mount(1, 0, "/"), point("a"), point("/a/"), point("/a//b"), point("/a/../b"), point("/a\0"), point("")];
    assert_eq!(ids(&mounts), [1]);
}

fn mount(id: i32, parent: i32, mount_point: &str) -> KernelMount {
    parse(format!("{id} {parent} 0:1 / {mount_point} rw - tmpfs none rw").as_bytes()).mounts.remove(0)
}

fn root_in<'a>(seen: &[&'a KernelMount]) -> Option<&'a KernelMount> {
    seen.iter().copied().find(|mount| mount.mount_point == "/")
}

fn ids(mounts: &[KernelMount]) -> Vec<i32> {
    assert_eq!(root(mounts), root_in(&visible(mounts)));
    visible(mounts).iter().map(|mount| mount.id).collect()
}

#[test]
fn tables_that_no_kernel_makes_end_too() {
    assert_eq!(ids(&[]), Vec::<i32>::new());
    // A root that is its own parent, ids twice, two mounts that hold each other, one mounted outside its parent.
    let cycle = [mount(1, 1, "/"), mount(1, 1, "/"), mount(2, 3, "/a"), mount(3, 2, "/a/b"), mount(4, 1, "/c")];
    assert_eq!(ids(&cycle), [1, 4]);
    assert_eq!(ids(&[mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 2, "/b"), mount(4, 9, "/d")]), [1, 2, 4]);
    assert_eq!(ids(&[mount(2, 3, "/"), mount(3, 2, "/")]), Vec::<i32>::new());
}

#[test]
fn of_two_on_one_place_the_later_is_on_top() {
    assert_eq!(ids(&[mount(1, 0, "/"), mount(2, 1, "/a"), mount(3, 1, "/a"), mount(4, 2, "/a/b")]), [1, 3]);
}

#[test]
fn depth_and_width_cost_no_more_than_their_lines() {
    let stacked: Vec<KernelMount> =
        (1..100_000).map(|id| mount(id, id - 1, if id == 1 { "/" } else { "/a" })).collect();
    let wide: Vec<KernelMount> =
        (1..100_000).map(|id| mount(id, i32::from(id > 1), if id == 1 { "/" } else { "/a" })).collect();
    let start = Instant::now();
    assert_eq!(ids(&stacked), [1, 99_999]);
    assert_eq!(ids(&wide), [1, 99_999]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn long_beginnings_do_not_change_the_order() {
    let long = format!("/{}", "a".repeat(40));
    let names = ["", "/b", "-b", "/b/c", "a", "/"].map(|end| format!("{long}{end}"));
    for a in &names {
        for b in &names {
            let plain = |path: &str| path.replace('/', "\0");
            assert_eq!(by_component(a, b), plain(a).cmp(&plain(b)), "{a} {b}");
        }
    }
}
