#!/usr/bin/env bash
# Makes both images of what ci/release.sh made and pushes them: NAME:VERSION, the program alone, and NAME-ci:VERSION, for CI
# runners. With an architecture they are pushed as NAME:VERSION-ARCHITECTURE; `join` then makes NAME:VERSION of those that
# are there.
# usage: ci/images.sh NAME:VERSION [ARCHITECTURE]  |  ci/images.sh join NAME:VERSION
#
# OVERLOCK_PUSH=no only builds; BASE_IMAGE is what the image for runners is built on.
set -euo pipefail
cd "$(dirname "$0")/.."

join() {
  local name=$1 version=$2 whole architecture parts
  for whole in "$name:$version" "$name-ci:$version"; do
    parts=()
    for architecture in amd64 arm64; do
      if docker buildx imagetools inspect "$whole-$architecture" >/dev/null 2>&1; then
        parts+=("$whole-$architecture")
      else
        echo "$whole is without $architecture" >&2
      fi
    done
    docker buildx imagetools create --tag "$whole" --tag "${whole%:*}:latest" "${parts[@]}"
  done
}

if [ "$1" = join ]; then
  join "${2%:*}" "${2##*:}"
  exit
fi
name=${1%:*} version=${1##*:}${2:+-$2}
base=()
[ -z "${BASE_IMAGE:-}" ] || base=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
docker build --tag "$name:$version" --file ci/Dockerfile .
docker build --tag "$name-ci:$version" --file ci/plugin.Dockerfile "${base[@]}" .
for image in "$name:$version" "$name-ci:$version"; do
  docker run --rm "$image" --version >&2
  [ "${OVERLOCK_PUSH:-yes}" = no ] || docker push "$image"
done
