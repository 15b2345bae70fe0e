#!/usr/bin/env bash
# The step of action.yml: gets the program, then judges. The inputs come as OVERLOCK_*; what is in them is never run.
#
# The program is the one on the PATH where there is one, else a release, else built from this checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

install() {
  if command -v overlock >/dev/null; then
    return
  fi
  local version=${OVERLOCK_VERSION:-source} into
  into=${RUNNER_TEMP:-$(mktemp -d)}/overlock
  mkdir -p "$into"
  if [ "$version" = source ]; then
    cargo build --release --locked --manifest-path "$here/Cargo.toml" --target-dir "$into/target" >&2
    PATH=$into/target/release:$PATH
    return
  fi
  case $version in *[!0-9A-Za-z.+-]*) echo "overlock: '$version' is no version" >&2; exit 2 ;; esac
  local base=${OVERLOCK_RELEASES:-https://github.com/overlock/overlock/releases/download}
  local file=overlock-$version-x86_64-linux.tar.gz
  curl --fail --silent --show-error --location --retry 3 --output "$into/$file" "$base/v$version/$file"
  curl --fail --silent --show-error --location --retry 3 --output "$into/$file.sha256" "$base/v$version/$file.sha256"
  (cd "$into" && sha256sum --check --quiet "$file.sha256" >&2)
  tar --extract --gzip --file "$into/$file" --directory "$into" overlock
  PATH=$into:$PATH
}

# One word a line, so that a path may have blanks; empty lines are none.
words() {
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    [ -z "$line" ] || printf '%s\0' "$line"
  done <<<"$1"
}

install
call=(overlock check --fail-on "${OVERLOCK_FAIL_ON:-error}")
# GitHub shows findings at their lines. Forgejo and Gitea say that they are GitHub too, but show none.
if [ -n "${GITHUB_ACTIONS:-}" ] && [ -z "${GITEA_ACTIONS:-}${FORGEJO_ACTIONS:-}" ]; then
  call+=(--output github)
fi
[ -z "${OVERLOCK_SARIF:-}" ] || call+=(--output "sarif=$OVERLOCK_SARIF")
mapfile -d '' -t args < <(words "${OVERLOCK_ARGS:-}")
mapfile -d '' -t paths < <(words "${OVERLOCK_PATHS:-.}")
call+=("${args[@]}" -- "${paths[@]}")

status=0
"${call[@]}" || status=$?
[ -z "${GITHUB_OUTPUT:-}" ] || echo "status=$status" >>"$GITHUB_OUTPUT"
exit "$status"
