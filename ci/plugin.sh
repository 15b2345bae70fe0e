#!/usr/bin/env bash
# What the image for CI runners starts. As a Woodpecker plugin it is configured by `settings`, which come as PLUGIN_*; what
# is in them is never run. Called with words it is the program (`check .`), or the shell or file that a runner asks for.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

case ${1-} in
  "") ;;
  # GitLab's runner and Jenkins start a shell, or `cat`, and hand it their commands.
  sh | bash | cat | /*) exec "$@" ;;
  *) exec overlock "$@" ;;
esac

# A setting that is a list comes with commas between its entries, a block of text with line ends.
entries() {
  local text=$1 line
  case $text in *$'\n'*) ;; *) text=${text//,/$'\n'} ;; esac
  while IFS= read -r line; do
    line=${line%$'\r'}
    [ -z "$line" ] || printf '%s\0' "$line"
  done <<<"$text"
}

pull=
if [ "${CI_PIPELINE_EVENT:-}" = pull_request ]; then
  pull=${CI_COMMIT_PULL_REQUEST:-}
fi
report=$(mktemp)
trap 'rm -f "$report"' EXIT

call=(overlock check --fail-on "${PLUGIN_FAIL_ON:-error}" --output text --output "markdown=$report")
case ${PLUGIN_SINCE:-} in
  "") ;;
  # The branch that a pull request goes to. A push is judged whole.
  target) [ -z "$pull" ] || call+=(--since "origin/${CI_COMMIT_TARGET_BRANCH:?}") ;;
  *) call+=(--since "$PLUGIN_SINCE") ;;
esac
while IFS= read -r -d '' entry; do call+=(--output "$entry"); done < <(entries "${PLUGIN_OUTPUT:-}")
while IFS= read -r -d '' entry; do call+=("$entry"); done < <(entries "${PLUGIN_ARGS:-}")
call+=(--)
while IFS= read -r -d '' entry; do call+=("$entry"); done < <(entries "${PLUGIN_PATHS:-.}")

status=0
"${call[@]}" || status=$?
if [ "$status" -eq 2 ] && [ "${PLUGIN_SINCE:-}" = target ] && [ -n "$pull" ]; then
  echo "overlock: \`since: target\` wants the history of both branches: in the step \`clone\`, give woodpeckerci/plugin-git" \
    "the settings \`partial: false\` and \`fetch-target-branch: true\`" >&2
fi

if [ -n "${PLUGIN_TOKEN:-}" ] && [ -n "$pull" ]; then
  # Without a report nothing is said of the code; the log says why.
  [ -s "$report" ] || printf '## Overlock: exit status %s\n\nThere is no report: see the log of this step.\n' "$status" >"$report"
  case ${CI_FORGE_TYPE:-forgejo} in
    forgejo | gitea)
      OVERLOCK_API=${CI_FORGE_URL:?}/api/v1 OVERLOCK_REPOSITORY=${CI_REPO:?} OVERLOCK_PULL=$pull \
        OVERLOCK_TOKEN=$PLUGIN_TOKEN "$here/comment.sh" "$report" "$status"
      ;;
    *) echo "overlock: comments are posted to Forgejo and Gitea, not to $CI_FORGE_TYPE" >&2 ;;
  esac
fi
exit "$status"
