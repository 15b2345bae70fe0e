#!/usr/bin/env bash
# The step of action.yml: gets the program, then judges. The inputs come as OVERLOCK_*; what is in them is never run.
# Runs in the bash of macOS too (3.2), which has no `mapfile` and takes an empty array for an unset one.
#
# The program is the one on the PATH where there is one, else a release, else built from this checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Forgejo and Gitea say that they are GitHub too, but show no annotations and take no SARIF.
github=${GITHUB_ACTIONS:-}
[ -z "${GITEA_ACTIONS:-}${FORGEJO_ACTIONS:-}" ] || github=

# What went wrong before anything was judged, where the forge shows it.
fail() {
  local why=${1//[^[:print:]]/ }
  echo "overlock: $why" >&2
  [ -z "$github" ] || echo "::error title=overlock::$why"
  summary "## Overlock did not run" "" "$why"
  [ -z "${GITHUB_OUTPUT:-}" ] || echo "status=2" >>"$GITHUB_OUTPUT"
  exit 2
}

# Lines for the page of the job. Runners that show none have no such file.
summary() {
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || printf '%s\n' "$@" >>"$GITHUB_STEP_SUMMARY"
}

# The name of this machine in the names of released archives, as `platform`.
find_platform() {
  local system machine
  system=$(uname -s) machine=$(uname -m)
  [ "$system" = Linux ] || fail "there is no release for $system: run the job on Linux"
  case $machine in
    x86_64 | amd64) platform=x86_64-linux ;;
    aarch64 | arm64) platform=aarch64-linux ;;
    *) fail "there is no release for $machine: give the input \`version: source\` to build it, or put overlock on the PATH" ;;
  esac
}

download() {
  local problem
  problem=$(curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" 2>&1) ||
    fail "$1 cannot be fetched: ${problem##*$'\n'}"
}

build() {
  command -v cargo >/dev/null || fail "\`version: source\` builds with cargo, which is not on the PATH: install Rust first, or name a released version"
  cargo build --release --locked --manifest-path "$here/Cargo.toml" --target-dir "$1/target" >&2 ||
    fail "overlock could not be built from source: see the log of this step"
  PATH=$1/target/release:$PATH
}

install() {
  if command -v overlock >/dev/null; then
    return
  fi
  local version=${OVERLOCK_VERSION:-} into base file
  into=${RUNNER_TEMP:-$(mktemp -d)}/overlock
  mkdir -p "$into"
  if [ "$version" = source ]; then
    build "$into"
    return
  fi
  # The action of a release takes that release.
  [ -n "$version" ] || version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
  version=${version#v}
  case $version in "" | *[!0-9A-Za-z.+-]*) fail "the input \`version: ${OVERLOCK_VERSION:-}\` is no version" ;; esac
  find_platform
  file=overlock-$version-$platform.tar.gz
  base=${OVERLOCK_RELEASES:-https://github.com/overlock/overlock/releases/download}/v$version
  command -v curl >/dev/null || fail "no curl here to fetch $base/$file: use an image of the runner that has it, or put overlock on the PATH"
  download "$base/$file" "$into/$file"
  download "$base/$file.sha256" "$into/$file.sha256"
  (cd "$into" && sha256sum --check --status "$file.sha256") || fail "$base/$file is not what its checksum says"
  tar --extract --gzip --file "$into/$file" --directory "$into" overlock ||
    fail "$base/$file holds no program"
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

# Whether the arguments choose themselves what is printed, and whether they take further outputs.
printed='' further=yes previous=''
args=()
while IFS= read -r -d '' word; do
  args+=("$word")
  case $word in
    --[a-z]*=*) ;;
    --[a-z]*[[:blank:]]*) fail "the input \`args\` takes one word a line: \`$word\` is more than one" ;;
  esac
  case $previous$word in
    --format | --format=*) printed=yes further='' ;;
    # What is not a file is printed.
    --output=*=* | --output[!=]*=*) ;;
    --output=* | --output[!=]*) printed=yes ;;
  esac
  previous=''
  [ "$word" != --output ] || previous=$word
done < <(words "${OVERLOCK_ARGS:-}")
paths=()
while IFS= read -r -d '' word; do paths+=("$word"); done < <(words "${OVERLOCK_PATHS:-.}")

install
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
call=(overlock check --fail-on "${OVERLOCK_FAIL_ON:-error}")
if [ -z "$printed" ]; then
  if [ -n "$github" ]; then call+=(--output github); else call+=(--output text); fi
fi
[ -z "$further" ] || call+=(--output "markdown=$work/report.md")
[ -z "${OVERLOCK_SARIF:-}" ] || call+=(--output "sarif=$OVERLOCK_SARIF")
call+=(${args[@]+"${args[@]}"} -- ${paths[@]+"${paths[@]}"})

# In a pipe, which ends when all is written: a shell does not wait for a process substitution.
set +e
{
  "${call[@]}" 2>&1 >&3 3>&- | tee "$work/told" >&2 3>&-
  status=${PIPESTATUS[0]}
} 3>&1
set -e
[ -z "${GITHUB_OUTPUT:-}" ] || echo "status=$status" >>"$GITHUB_OUTPUT"
if [ -s "$work/report.md" ]; then
  [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$work/report.md" >>"$GITHUB_STEP_SUMMARY"
else
  why=$(sed -n 's/^overlock: //p; s/^error: //p' "$work/told" | head -n 1)
  why=${why//[^[:print:]]/ }
  if [ "$status" -eq 2 ] && [ -n "$why" ]; then
    [ -z "$github" ] || echo "::error title=overlock::$why"
    summary "## Overlock did not run" "" "$why"
  else
    summary "## Overlock: exit status $status" "" "The report is in the log of this step."
  fi
fi
if [ -n "${OVERLOCK_SARIF:-}" ] && [ -z "$github" ] && [ -n "${GITHUB_ACTIONS:-}" ] && [ -e "$OVERLOCK_SARIF" ]; then
  echo "overlock: this forge takes no SARIF: $OVERLOCK_SARIF stays in the workspace, for a step that keeps it as an artifact" >&2
fi
if [ -n "${OVERLOCK_TOKEN:-}" ] && [[ ${GITHUB_REF:-} =~ ^refs/pull/([0-9]+)/ ]]; then
  pull=${BASH_REMATCH[1]}
  if [ -n "$github" ]; then
    echo "overlock: the input \`token\` is for Forgejo and Gitea; here the report is the summary of the job" >&2
  elif [ -s "$work/report.md" ]; then
    OVERLOCK_API=${GITHUB_API_URL:-${GITHUB_SERVER_URL:-}/api/v1} OVERLOCK_REPOSITORY=${GITHUB_REPOSITORY:-} \
      OVERLOCK_PULL=$pull "$here/ci/comment.sh" "$work/report.md" "$status"
  fi
fi
exit "$status"
