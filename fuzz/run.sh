#!/usr/bin/env bash
# Fuzzes every reader, each for some minutes, two at a time, beginning with the fixtures.
# usage: fuzz/run.sh [MINUTES] [TARGET]...     needs `cargo install cargo-fuzz`, and a nightly compiler or this one as such
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-20}
shift || true
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(yaml interpolation dotenv project mountinfo locks capture dockerfile script devcontainer nomad makefile package justfile crontab procfile systemd taskfile pipeline document config baseline history)
toolchain=+nightly
if ! rustc +nightly -V > /dev/null 2>&1; then
  toolchain=
  export RUSTC_BOOTSTRAP=1
fi
[ -n "${OVERLOCK_FUZZ_BUILT:-}" ] || cargo $toolchain fuzz build --sanitizer none
mkdir -p fuzz/artifacts

seed() {
  mkdir -p "fuzz/corpus/$1"
  case $1 in
    yaml | project) files=(fixtures/compose/*/*.yaml) ;;
    dotenv) files=(fixtures/compose/*/.env fixtures/compose/*/*.env) ;;
    mountinfo) files=(fixtures/mountinfo/*.txt) ;;
    locks) files=(fixtures/process/*) ;;
    script) files=(fixtures/factory/*/*.sh fixtures/scripts/*/*.sh) ;;
    devcontainer) files=(fixtures/*/*/.devcontainer/*.json fixtures/*/*/.devcontainer.json) ;;
    nomad) files=(fixtures/*/*nomad*/*.nomad fixtures/*/*nomad*/*.hcl fixtures/*/*nomad*/*/*.hcl fixtures/cases/nomad-json*/*.json) ;;
    makefile) files=(fixtures/cases/*/Makefile) ;;
    package) files=(fixtures/cases/*/package.json) ;;
    justfile) files=(fixtures/cases/*/[jJ]ustfile) ;;
    crontab) files=(fixtures/cases/*/crontab fixtures/cases/*/etc/cron.d/*) ;;
    procfile) files=(fixtures/cases/*/Procfile*) ;;
    systemd) files=(fixtures/cases/*/*.service contrib/*.service) ;;
    taskfile) files=(fixtures/cases/*/Taskfile.yml) ;;
    pipeline) files=(fixtures/cases/*/.*/workflows/*.yml fixtures/cases/*/.gitlab-ci.yml fixtures/cases/*/.woodpecker.yml) ;;
    document) files=(fixtures/cases/document-*/*.md docs/*.md README.md) ;;
    dockerfile) files=(fixtures/dockerfile/*) ;;
    capture) files=(fixtures/*/*/capture.json) ;;
    interpolation) files=(fixtures/compose/*interp*/compose.yaml) ;;
    config) files=(fixtures/*/*/overlock.yaml fuzz/seeds/config/*) ;;
    baseline | history) files=(fuzz/seeds/"$1"/*) ;;
  esac
  for file in "${files[@]}"; do
    [ -f "$file" ] || continue
    cp "$file" "fuzz/corpus/$1/seed-$(echo "$file" | tr / -)"
  done
}

for target in "${targets[@]}"; do seed "$target"; done
# The programs themselves: what is edited meanwhile does not build them anew.
built=fuzz/target/$(rustc $toolchain -vV | sed -n 's/^host: //p')/release
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} \
  env "$built/{}" "fuzz/corpus/{}" "-artifact_prefix=fuzz/artifacts/{}-" -max_total_time=$((minutes * 60)) -max_len=16384 \
  -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
