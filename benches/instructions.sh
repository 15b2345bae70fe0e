#!/usr/bin/env bash
# How many instructions overlock takes on a compose file of 300 lines, and how much memory: a line each, `NAME NUMBER`.
# Instructions are the same on a busy machine and an idle one but for what hash maps draw (a few in a thousand).
# usage: benches/instructions.sh [BINARY]     BINARY: an overlock (default: built here, optimised but without LTO)
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "instructions are counted by valgrind, which is not installed" >&2; exit 2; }
if [ $# -gt 0 ]; then
  binary=$(realpath "$1")
else
  # Set from without, so that a revision without a profile for this is built the same way.
  export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=2
  target=${CARGO_TARGET_DIR:-target/instructions}
  CARGO_TARGET_DIR=$target cargo build --locked --release --quiet
  binary=$(realpath "$target/release/overlock")
fi
. benches/project.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
project "$dir/one"
cd "$dir/one"

# The fewest of three.
count() {
  local name=$1 fewest=
  shift
  for _ in 1 2 3; do
    env -i HOME=/root PATH=/usr/bin:/bin valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$@" \
      >/dev/null 2>"$dir/said" || { cat "$dir/said" >&2; exit 2; }
    local counted
    counted=$(sed -n 's/.*Collected : //p' "$dir/said")
    if [ -z "$fewest" ] || [ "$counted" -lt "$fewest" ]; then fewest=$counted; fi
  done
  echo "$name $fewest"
}

count version --version
count check check
count check-json check --format json
count config config
python3 - "$binary" <<'PY'
import os, resource, subprocess, sys
environment = {"HOME": "/root", "PATH": "/usr/bin:/bin"}
subprocess.run([sys.argv[1], "check"], env=environment, stdout=subprocess.DEVNULL, check=True)
print("check-memory-kib", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
