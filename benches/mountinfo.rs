//! How the reading of a mount table grows with it, and how the placing of paths does.

#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use overlock::source::capture::tree;
use overlock::source::proc::mountinfo;

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
            _ => format!(
                "{id} 27 254:0 /srv/a\\040b{container} /home/agent{container}/.claude rw,relatime - ext4 /dev/vda rw\n"
            ),
        });
    }
    text.into_bytes()
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

criterion_group!(benches, read);
criterion_main!(benches);
