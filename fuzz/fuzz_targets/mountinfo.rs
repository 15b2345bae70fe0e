//! Mount tables: each line is a mount or odd, and what a walk reaches is a tree that holds each mount point once.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use overlock::input::capture::tree;
use overlock::input::kernel::mountinfo;

fuzz_target!(|bytes: &[u8]| {
    let table = mountinfo::parse(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(table.mounts.len() <= lines && table.odd.len() <= lines);
    assert!(table.odd.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", table.odd);
    assert!(table.odd.last().is_none_or(|last| *last <= lines));
    for mount in &table.mounts {
        assert!(mount.options.is_sorted() && mount.super_options.is_sorted());
    }
    let seen = tree::visible(&table.mounts);
    let points: BTreeSet<&str> = seen.iter().map(|mount| mount.mount_point.as_str()).collect();
    assert_eq!(points.len(), seen.len());
    // The order of the table is kept, and what is seen is all that is seen.
    let places: Vec<usize> = seen.iter().filter_map(|one| table.mounts.iter().position(|m| std::ptr::eq(m, *one))).collect();
    assert!(places.len() == seen.len() && places.is_sorted());
});
