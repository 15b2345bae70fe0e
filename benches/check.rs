//! How `check` grows: with the projects of a call, with the services of a group, with the mounts of a service.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::Parser;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use overlock::cli::Cli;
use overlock::command::{self, World};

const SERVICE: &str = r#"    image: factory/agents:1.4
    environment:
      HOME: /home/agent
      LOG_LEVEL: ${LOG_LEVEL:-info}
      QUEUE: amqp://queue:5672
    labels:
      com.example.team: factory
    restart: unless-stopped
    volumes:
      - /srv/claude:/home/agent/.claude
      - ./work:/work
    entrypoint: ["flock", "-w", "600", "/home/agent/.claude/session.lock", "claude", "-p"]
    command: ["next task"]
    networks: [default]
"#;

/// A compose file of as many services as asked, 15 lines each.
fn compose(services: usize) -> String {
    let service = |number: usize| format!("  service-{number}:\n{SERVICE}");
    format!("services:\n{}", (0..services).map(service).collect::<String>())
}

fn check(directory: &Path) -> Vec<u8> {
    let cli = Cli::parse_from(["overlock", "check", ".", "--format", "json"]);
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]);
    let world = World {
        environment,
        directory: directory.to_owned(),
        terminal: None,
        watched: false,
        ..World::of_process(None, false)
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    command::run(&cli, &world, &mut out, &mut err).expect("a report");
    out
}

/// What is measured is a whole check and not a quick refusal.
fn assert_judged(directory: &Path, participants: usize) {
    let report: serde_json::Value = serde_json::from_slice(&check(directory)).expect("JSON");
    assert_eq!(report["summary"]["participants"], participants, "{}", report["diagnostics"]);
}

fn projects(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("projects of 300 lines");
    group.sample_size(10);
    for count in [1usize, 10, 100, 1000] {
        let directory = tempfile::tempdir().expect("a directory");
        for number in 0..count {
            let project = directory.path().join(format!("project-{number}"));
            fs::create_dir(&project).expect("a directory");
            fs::write(project.join("compose.yaml"), compose(20)).expect("a file");
        }
        assert_judged(directory.path(), 20 * count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), directory.path(), |bencher, path| {
            bencher.iter(|| check(path));
        });
    }
    group.finish();
}

fn services(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("services that share one directory");
    group.sample_size(10);
    for count in [10usize, 100, 1000, 5000] {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("compose.yaml"), compose(count)).expect("a file");
        assert_judged(directory.path(), count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), directory.path(), |bencher, path| {
            bencher.iter(|| check(path));
        });
    }
    group.finish();
}

fn mounts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mounts of one service");
    group.sample_size(10);
    for count in [100usize, 1000, 10_000] {
        let directory = tempfile::tempdir().expect("a directory");
        let mounts: String = (0..count).map(|number| format!("      - /srv/{number}:/data/{number}\n")).collect();
        let text = compose(1).replace("    volumes:\n", &format!("    volumes:\n{mounts}"));
        fs::write(directory.path().join("compose.yaml"), text).expect("a file");
        assert_judged(directory.path(), 1);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), directory.path(), |bencher, path| {
            bencher.iter(|| check(path));
        });
    }
    group.finish();
}

criterion_group!(benches, projects, services, mounts);
criterion_main!(benches);
