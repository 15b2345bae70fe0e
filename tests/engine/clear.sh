# Removes what one run of the engine tests made: RUN its id, FOLDER its files. With `wait`, only once standard input
# ends, which is when the run is over, however it ended.
set -u
RUN=$1 FOLDER=$2
[ "${3-}" = wait ] && cat >/dev/null
label="label=overlock-test=$RUN"
each() { while read -r one; do "$@" "$one"; done; }
# A container that was about to start when the run ended appears a moment later: so it is looked for until none is left.
for _ in 1 2 3; do
  containers=$(docker ps -aq --no-trunc --filter "$label")
  [ -z "$containers" ] && break
  echo "$containers" | xargs docker rm -fv >/dev/null 2>&1
done
docker network ls -q --filter "$label" | each docker network rm >/dev/null 2>&1
docker volume ls -q --filter "$label" | each docker volume rm -f >/dev/null 2>&1
docker images -q "overlock-test:$RUN*" | each docker rmi -f >/dev/null 2>&1
docker images -q --filter "$label" | each docker rmi -f >/dev/null 2>&1
# The last mounted first.
awk -v at="$FOLDER/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | tac | each umount -l
rm -rf --one-file-system "$FOLDER"
