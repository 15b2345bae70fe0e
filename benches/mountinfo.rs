//! How the reading of a mount table grows with it, and how the placing of paths does.

#![allow(missing_docs, reason = "criterion's macros make functions without any")]
#![allow(clippy::expect_used, reason = "without rules there is nothing to measure")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use overlock::finding::Located;
use overlock::input::capture::{self, Capture, tree};
use overlock::input::kernel::mountinfo;
use overlock::judge::locate_paths;
use overlock::model::{Container, EngineFacts, KernelFacts, Layout, Live};
use overlock::rules::Ruleset;
use overlock::text::Sources;

/// How many paths are placed in a table at once.
const PATHS: usize = 1_000;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A host of many containers: for each its overlay, its proc, a volume and a bind, as Docker mounts them.
fn table(lines: usize) -> Vec<u8> {
    let mut text = String::from("27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,errors=remount-ro\n");
    for at in 1..lines {
        let (id, container) = (at + 100, at / 4);
        text.push_str(&match at % 4 {
            0 => format!(
                "{id} 27 0:{id} / /var/lib/docker/overlay2/{container:064x}/merged rw,relatime shared:{id} - overlay \
                 overlay rw,lowerdir=/var/lib/docker/overlay2/l/{container:026X}:/var/lib/docker/overlay2/l/\
                 {id:026X},upperdir=/var/lib/docker/overlay2/{container:064x}/diff,workdir=/var/lib/docker/overlay2/\
                 {container:064x}/work,xino=off\n"
            ),
            1 => format!("{id} 27 0:4 net:[{id}] /run/docker/netns/{container:012x} rw shared:9 - nsfs nsfs rw\n"),
            2 => format!(
                "{id} 27 0:{id} / /var/lib/docker/containers/{container:064x}/mounts/shm \
                 rw,nosuid,nodev,noexec,relatime shared:{id} - tmpfs shm rw,size=65536k\n"
            ),
            // Every other bind is in the one before it.
            _ if container % 2 == 1 => format!(
                "{id} {} 254:0 /srv/more{container} /home/agent{}/.claude/projects rw,relatime - ext4 /dev/vda rw\n",
                id - 4,
                container - 1
            ),
            _ => format!(
                "{id} 27 254:0 /srv/a\\040b{container} /home/agent{container}/.claude rw,relatime - ext4 /dev/vda rw\n"
            ),
        });
    }
    text.into_bytes()
}

/// Paths on all sorts of mounts of such a table: a quarter below binds, half of these below one in another, a quarter below
/// a tmpfs, the others on the root.
fn paths(lines: usize) -> Vec<String> {
    let path = |at: usize| {
        // Of each two neighbours the first has both binds.
        let container = at * (lines / 4 - 2) / PATHS / 2 * 2;
        match at % 4 {
            0 if at.is_multiple_of(8) => format!("/home/agent{container}/.claude/projects/a/session.lock"),
            0 => format!("/home/agent{container}/.claude/session.lock"),
            1 => format!("/var/lib/docker/containers/{container:064x}/mounts/shm/a/b/c.lock"),
            2 => format!("/home/agent{container}/.claude.lock"),
            _ => format!("/srv/data/{container}/a/b/c/session.lock"),
        }
    };
    (0..PATHS).map(path).collect()
}

/// What `overlock where` does with a mount table and paths, but for the talk with engine and kernel. The layout comes with
/// it: to throw it away is no part of that.
fn place(bytes: &[u8], paths: &[String], rules: &Ruleset) -> (Vec<Located>, Capture, Layout) {
    let mounts = mountinfo::parse(bytes).mounts;
    // The host has the disk that binds are from.
    let kernel_of_host = mountinfo::parse(table(1).as_slice()).mounts;
    let kernel = KernelFacts { mounts, followed: true, paths: paths.to_vec(), ..KernelFacts::default() };
    let engine = EngineFacts { id: "a".repeat(64), ..EngineFacts::default() };
    let live = Some(Box::new(Live { engine, kernel: Some(kernel), ..Live::default() }));
    let running = Container { name: "agents".into(), live, ..Container::default() };
    let own = KernelFacts { mounts: kernel_of_host, ..KernelFacts::default() };
    let capture = Capture { host: "host".into(), containers: vec![running], own: Some(own), ..Capture::default() };
    let layout = capture::layout(&capture, rules, false, &Sources::default());
    (locate_paths(&layout, rules, 0, paths), capture, layout)
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mountinfo");
    group.sample_size(20);
    for lines in [5_000usize, 10_000, 20_000] {
        let bytes = table(lines);
        let parsed = mountinfo::parse(&bytes);
        assert_eq!((parsed.mounts.len(), parsed.odd.len()), (lines, 0));
        assert_eq!(tree::visible(&parsed.mounts).len(), lines);
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_function(BenchmarkId::new("parse", lines), |bencher| bencher.iter(|| mountinfo::parse(&bytes)));
        group.bench_function(BenchmarkId::new("visible", lines), |bencher| {
            bencher.iter(|| tree::visible(&parsed.mounts).len());
        });
    }
    group.finish();
}

fn located(criterion: &mut Criterion) {
    let rules = Ruleset::load(&Sources::default(), None).expect("the rules that come with it");
    let mut group = criterion.benchmark_group("where");
    group.sample_size(20);
    for lines in [5_000usize, 10_000, 20_000] {
        let (bytes, paths) = (table(lines), paths(lines));
        let (placed, ..) = place(&bytes, &paths, &rules);
        let on = |point: &str| {
            placed.iter().filter(|one| one.mount.as_ref().is_some_and(|m| m.mount_point.starts_with(point))).count()
        };
        assert_eq!((on("/home"), on("/var"), placed.len()), (PATHS / 4, PATHS / 4, PATHS));
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_function(BenchmarkId::new("place", lines), |bencher| {
            bencher.iter_batched(|| (), |()| place(&bytes, &paths, &rules), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, read, located);
criterion_main!(benches);
