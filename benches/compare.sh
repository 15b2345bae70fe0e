#!/usr/bin/env bash
# Whole process beside whole process: `overlock check`, `overlock config` and `docker compose config` on one compose file
# of 300 lines, in turn, so that all see the same machine. Then 1,000 such projects in one call, and ten times fewer.
# usage: benches/compare.sh [COMPOSE]     COMPOSE: a docker-compose v2 binary (default: `docker compose`)
set -euo pipefail
cd "$(dirname "$0")/.."
compose=${1:-}
if [ -n "$compose" ]; then config=("$compose" config --format json); else config=(docker compose config --format json); fi
"${config[0]}" "${config[@]:1:${#config[@]}-4}" version >/dev/null || { echo "no docker compose: give its path" >&2; exit 2; }
cargo build --release --quiet
binary=$PWD/target/release/overlock
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

. benches/project.sh

# Medians of whole processes, both run in turn.
project "$dir/one"
cd "$dir/one"
python3 - "$binary" "${config[@]}" <<'PY'
import statistics, subprocess, sys, time
calls = {"check": [sys.argv[1], "check"], "config": [sys.argv[1], "config"], "theirs": sys.argv[2:]}
times = {name: [] for name in calls}
for _ in range(31):
    for name, call in calls.items():
        start = time.perf_counter()
        subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times[name].append((time.perf_counter() - start) * 1e3)
theirs = statistics.median(times["theirs"])
lines = sum(1 for _ in open("compose.yaml"))
print("%d lines, medians of 31: docker compose config %.2f ms" % (lines, theirs))
for name in ("check", "config"):
    ours = statistics.median(times[name])
    print("overlock %s %.2f ms, %.1f times faster" % (name, ours, theirs / ours))
PY

# Peak memory, as the kernel counts it.
python3 - "$binary" <<'PY'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "check"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("peak memory: %.1f MiB" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
PY

cd "$dir"
for count in 100 1000; do
  project "$dir/many-$count/project-1"
  for n in $(seq 2 $count); do cp -r "$dir/many-$count/project-1" "$dir/many-$count/project-$n"; done
  python3 - "$binary" "$dir/many-$count" "$count" <<'PY'
import os, resource, subprocess, sys, time
best = None
for _ in range(5):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run([sys.argv[1], "check", sys.argv[2], "--format", "json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if best is None or wall < best[0]:
        best = (wall, cpu)
count = int(sys.argv[3])
print("%d projects: %.0f ms, %.3f ms each, %.2f cores" % (count, best[0] * 1e3, best[0] * 1e3 / count, best[1] / best[0]))
PY
done
