#!/usr/bin/env bash
# Everything that must hold: format, lints with warnings denied, every test, the benchmarks compile.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
# Many tests wait for the engine or for a clock: two for each core keep the cores busy.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$(($(nproc) * 2))}
cargo test --locked
# That they compile is enough here: a release build of them takes longer than all tests.
cargo bench --locked --no-run --profile dev
