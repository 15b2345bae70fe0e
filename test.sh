#!/usr/bin/env bash
# Everything that must hold: format, lints with warnings denied, every test, the benchmarks compile.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
cargo test --locked
cargo bench --locked --no-run
