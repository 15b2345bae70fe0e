#!/usr/bin/env bash
# `overlock check` on a repository with 500 shell scripts of realistic size, of which 200 start containers: whole
# processes, in turn with `check` of the compose file alone, so that both see the same machine. Fails where the median of
# the processor's time is above the bound: what passes by the clock depends on who else is at work.
# usage: benches/scripts.sh [MILLISECONDS]     the bound (default: 300)
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet
binary=$PWD/target/release/overlock
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The repository: a library that all source, and scripts of some 80 lines with functions, options, loops and pipes.
python3 - "$dir" <<'PY'
import os, sys
root = sys.argv[1]
def write(path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(text)
os.makedirs(os.path.join(root, ".git"))
write("compose.yaml", """services:
  agents:
    image: factory/agents:1.4
    environment:
      HOME: /home/agent
    volumes:
      - /srv/claude:/home/agent/.claude
      - ./lib:/opt/lib:ro
      - ./agent.sh:/opt/agent.sh:ro
    entrypoint: ["bash", "/opt/agent.sh"]
""")
write("lib/log.sh", 'log() { printf "%s %s\\n" "$(date -u +%FT%TZ)" "$*" >&2; }\ndie() { log "$@"; exit 1; }\n')
write("agent.sh", '#!/usr/bin/env bash\nset -eu\n. /opt/lib/log.sh\nexec flock -w 900 "$HOME/.claude/session.lock" claude -p "next task"\n')
START = """
start() {
  local args=(--rm --network none -e HOME=/home/agent -v /srv/claude:/home/agent/.claude)
  if [ -n "${KEEP_WORK:-}" ]; then
    args+=(-v "/srv/work/$1:/work")
  fi
  docker run "${args[@]}" --entrypoint flock factory/agents:1.4 \\
    -w 900 /home/agent/.claude/session.lock claude -p "$1"
}
start "job-NUMBER"
"""
BODY = """#!/usr/bin/env bash
# Job NUMBER of the nightly batch.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ../lib/log.sh

usage() {
  cat <<EOF
usage: job-NUMBER [-n] [-o DIRECTORY] FILE...
  -n  change nothing
EOF
  exit 64
}

dry= out=/var/tmp/job-NUMBER
while getopts no:h option; do
  case "$option" in
    n) dry=1 ;;
    o) out=$OPTARG ;;
    h | *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
mkdir -p "$out"

fetch() {
  local url=$1 target=$2 tries=0
  until curl -fsSL --max-time 30 -o "$target" "$url"; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || die "cannot fetch $url"
    sleep $((tries * 2))
  done
}

clean() {
  local file=$1
  if [ -n "$dry" ]; then
    log "would clean $file"
    return
  fi
  sed -e 's/[[:space:]]*$//' -e '/^$/d' "$file" | sort -u >"$file.new"
  if ! cmp -s "$file" "$file.new"; then
    mv "$file.new" "$file"
  else
    rm -f "$file.new"
  fi
}

count=0
for file in "$@"; do
  [ -e "$file" ] || { log "no $file"; continue; }
  case "$file" in
    *.gz) gzip -dc "$file" >"$out/$(basename "$file" .gz)" ;;
    http://* | https://*) fetch "$file" "$out/${file##*/}" ;;
    *) cp "$file" "$out/" ;;
  esac
  count=$((count + 1))
done
find "$out" -type f -name '*.txt' -print | while read -r found; do
  clean "$found"
done
log "$count files, $(du -sh "$out" | cut -f1)"
trap 'rm -rf "$out/tmp"' EXIT
"""
for number in range(500):
    text = BODY + (START if number % 5 < 2 else "")
    write("jobs/team-%02d/job-%d.sh" % (number % 25, number), text.replace("NUMBER", str(number)))
PY

cd "$dir"
python3 - "$binary" "${1:-300}" <<'PY'
import json, resource, statistics, subprocess, sys, time
binary, bound = sys.argv[1], float(sys.argv[2])
calls = {"all": [binary, "check", ".", "--format", "json"], "compose file alone": [binary, "check", "--format", "json"]}
times = {name: [] for name in calls}
work = []
used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) * 1e3
for _ in range(21):
    for name, call in calls.items():
        start, before = time.perf_counter(), used()
        run = subprocess.run(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        times[name].append((time.perf_counter() - start) * 1e3)
        if name == "all":
            work.append(used() - before)
            report = json.loads(run.stdout)
started = sum(one["origin"] == "script" for one in report["participants"])
assert started == 200, "%d containers of scripts were found, and not 200" % started
assert report["summary"]["errors"] == 0, report["summary"]
medians = {name: statistics.median(each) for name, each in times.items()}
print("500 scripts, %d containers started: %.1f ms of the processor, %.1f ms by the clock (best %.1f)" % (
    started, statistics.median(work), medians["all"], min(times["all"])))
print("compose file alone: %.1f ms by the clock" % medians["compose file alone"])
print("peak memory: %.1f MiB" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
sys.exit(statistics.median(work) > bound)
PY
