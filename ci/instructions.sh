#!/usr/bin/env bash
# Fails where a check takes more than 3 % more instructions, or 10 % more memory, than at another revision.
# usage: ci/instructions.sh [REVISION]     REVISION: what to compare with (default: origin/main, or else main)
set -euo pipefail
cd "$(dirname "$0")/.."
revision=${1:-$(git rev-parse --quiet --verify origin/main >/dev/null && echo origin/main || echo main)}
commit=$(git rev-parse --verify "$revision^{commit}")
target=$PWD/target/instructions
base=$target/base
mkdir -p "$target"
git worktree remove --force "$base" 2>/dev/null || true
git worktree add --quiet --detach "$base" "$commit"
trap 'git worktree remove --force "$base"' EXIT

# The same scripts count both, and both share what is built of other crates.
cp benches/instructions.sh benches/project.sh "$base/benches/"
CARGO_TARGET_DIR=$target/there "$base/benches/instructions.sh" >"$target/before"
CARGO_TARGET_DIR=$target/there benches/instructions.sh >"$target/now"

python3 - "$target/before" "$target/now" "$revision" <<'PY'
import sys
read = lambda path: {name: int(number) for name, number in (line.split() for line in open(path))}
before, now = read(sys.argv[1]), read(sys.argv[2])
worse = []
for name, number in now.items():
    change = 100 * (number / before[name] - 1)
    print("%-18s %12d, at %s %12d: %+.1f %%" % (name, number, sys.argv[3], before[name], change))
    if change > (10 if "memory" in name else 3):
        worse.append(name)
if worse:
    sys.exit("more than at %s: %s" % (sys.argv[3], ", ".join(worse)))
PY
