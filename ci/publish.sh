#!/usr/bin/env bash
# Makes a release of a tag on Forgejo or Gitea and attaches files to it.
# usage: ci/publish.sh TAG NOTES FILE...
# In the environment: OVERLOCK_API (https://forge.example/api/v1), OVERLOCK_REPOSITORY (owner/name), OVERLOCK_TOKEN.
set -euo pipefail
tag=$1 notes=$2
shift 2
releases=${OVERLOCK_API:?}/repos/${OVERLOCK_REPOSITORY:?}/releases

# One request, whose answer is printed. The token is in no argument, which everybody on the machine can read.
ask() {
  curl --config - --fail-with-body --silent --show-error --max-time 600 "$@" <<<"header = \"Authorization: token ${OVERLOCK_TOKEN:?}\""
}

body=$(jq --null-input --arg tag "$tag" --rawfile notes "$notes" '{tag_name: $tag, name: $tag, body: $notes, draft: true}')
release=$(ask --request POST --header 'Content-Type: application/json' --data-binary "$body" "$releases") || {
  echo "no release of $tag: $release" >&2
  exit 1
}
id=$(jq --exit-status .id <<<"$release")
for file in "$@"; do
  name=$(jq --null-input --raw-output --arg name "${file##*/}" '$name | @uri')
  answer=$(ask --request POST --form "attachment=@$file" "$releases/$id/assets?name=$name") || {
    echo "$file is not attached; the release of $tag is a draft still: $answer" >&2
    exit 1
  }
done
# Nobody sees it before everything is there.
ask --request PATCH --header 'Content-Type: application/json' --data-binary '{"draft": false}' "$releases/$id" >/dev/null
echo "$tag: $# files" >&2
