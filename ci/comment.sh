#!/usr/bin/env bash
# Posts a report as the one comment of ours on a pull request of Forgejo or Gitea: a later run changes that comment, and a
# sound first one posts none. Never changes how the check ends: what goes wrong here is said on stderr.
# usage: ci/comment.sh REPORT STATUS     (the Markdown report, and the exit status of the check)
#
# In the environment: OVERLOCK_API (https://forge.example/api/v1), OVERLOCK_REPOSITORY (owner/name), OVERLOCK_PULL (its
# number), OVERLOCK_TOKEN (with the scopes write:issue and read:user).
set -euo pipefail
report=$1 status=$2
marker='<!-- the report of overlock -->'

fail() {
  echo "overlock: the report is not on the pull request: $1" >&2
  exit 0
}

for program in curl jq; do
  command -v "$program" >/dev/null || fail "no $program here"
done
[[ ${OVERLOCK_REPOSITORY:-} =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || fail "'${OVERLOCK_REPOSITORY:-}' is no owner/name"
[[ ${OVERLOCK_PULL:-} =~ ^[0-9]+$ ]] || fail "'${OVERLOCK_PULL:-}' is no number of a pull request"
case ${OVERLOCK_TOKEN:-} in *[!A-Za-z0-9._-]* | "") fail "what is given as the token is none" ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One request; its answer is in $work/answer. The token is in no argument, which everybody on the machine can read; no
# redirect is followed, which would hand it to another.
ask() {
  local method=$1 path=$2 code
  shift 2
  code=$(curl --config - --silent --show-error --max-time 60 --proto '=http,https' --request "$method" \
    --output "$work/answer" --write-out '%{http_code}' "$@" "$OVERLOCK_API/$path" 2>"$work/problem" \
    <<<"header = \"Authorization: token $OVERLOCK_TOKEN\"") || fail "$method $OVERLOCK_API/$path: $(cat "$work/problem")"
  case $code in
    2??) ;;
    *) fail "$method $OVERLOCK_API/$path: HTTP $code: $(jq --raw-output '.message? // empty' "$work/answer" 2>/dev/null \
      | tr -cd '[:print:]' | head -c 300)" ;;
  esac
}

ask GET user
me=$(jq --raw-output '.login // empty' "$work/answer")
[ -n "$me" ] || fail "GET $OVERLOCK_API/user tells no login"
ask GET "repos/$OVERLOCK_REPOSITORY/issues/$OVERLOCK_PULL/comments"
# Somebody else's comment may begin with the same mark.
known=$(jq --arg me "$me" --arg marker "$marker" \
  '[.[] | select(.user.login == $me and (.body | startswith($marker))) | .id] | last // empty' "$work/answer")
if [ -z "$known" ] && [ "$status" -eq 0 ]; then
  exit 0
fi

jq --null-input --arg marker "$marker" --rawfile report "$report" '{body: ($marker + "\n" + $report)}' >"$work/body"
json=(--header 'Content-Type: application/json' --data-binary "@$work/body")
if [ -n "$known" ]; then
  ask PATCH "repos/$OVERLOCK_REPOSITORY/issues/comments/$known" "${json[@]}"
else
  ask POST "repos/$OVERLOCK_REPOSITORY/issues/$OVERLOCK_PULL/comments" "${json[@]}"
fi
echo "overlock: the report is on pull request $OVERLOCK_PULL of $OVERLOCK_REPOSITORY" >&2
