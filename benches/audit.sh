#!/usr/bin/env bash
# Whole process beside whole process, in turn, with containers up: `overlock audit`, the kernel's evidence included,
# `overlock report` with its page, its metrics and its memory, and `docker inspect $(docker ps -q)`. Needs root, an engine on this host and busybox (Debian: busybox-static).
# usage: benches/audit.sh [CONTAINERS]     default: 150
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-150}
cargo build --release --quiet
binary=$PWD/target/release/overlock
dir=$(mktemp -d)
image=overlock-bench-$$
clear() {
  docker ps -aq --filter "label=overlock-bench=$$" | xargs -r docker rm -f >/dev/null
  docker rmi -f "$image" >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap clear EXIT

mkdir -p "$dir/image/bin" "$dir/claude"
cp "$(command -v busybox)" "$dir/image/bin/"
tar -C "$dir/image" -c . | docker import - "$image" >/dev/null
seq "$count" | xargs -P 4 -I{} docker run -d --network none --label "overlock-bench=$$" -e HOME=/home/agent \
  -v "$dir/claude:/home/agent/.claude" "$image" /bin/busybox sleep 100000 >/dev/null

python3 - "$binary" "$dir" <<'PY'
import json, statistics, subprocess, sys, time
binary, folder = sys.argv[1:]
report = json.loads(subprocess.run([binary, "audit", "--format", "json"], capture_output=True).stdout)
seen = report["summary"]["participants"]
wrong = [one["message"] for one in report["diagnostics"]]
assert not wrong and not report["summary"]["undetermined"], (wrong, report["summary"])
calls = {
    "overlock audit": [binary, "audit"],
    "overlock report": [binary, "report", "--state", folder + "/state"],
    "with page, metrics": [
        binary, "report", "--state", folder + "/state", "--output", "text",
        "--output", "html=%s/page.html" % folder, "--output", "prometheus=%s/overlock.prom" % folder,
    ],
    "docker inspect": ["sh", "-c", "docker inspect $(docker ps -q)"],
}
times = {name: [] for name in calls}
for _ in range(21):
    for name, call in calls.items():
        start = time.perf_counter()
        subprocess.run(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times[name].append((time.perf_counter() - start) * 1e3)
print("%d participants, medians of 21 (least, most):" % seen)
for name, each in times.items():
    print("%-18s %6.1f ms (%.1f, %.1f)" % (name, statistics.median(each), min(each), max(each)))
PY
