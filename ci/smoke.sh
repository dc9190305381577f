#!/usr/bin/env bash
# What each push must pass within two minutes, and two more where Docker answers: one test; a search
# of every correct system for some seconds, where nothing may be found; what is wrong with a system
# that is wrong by design, and planted bugs, which must be; and a test and a bug in containers. The
# store is kept as an artifact; any failure fails the job.
#
#   SUNDER_STORE           where the runs are kept (a new folder)
#   SUNDER_SEED            the first seed (1)
#   SUNDER_SEARCH          seconds for the search of all correct systems together (60)
#   SUNDER_REQUIRE_DOCKER  1: fail where Docker does not answer
set -euo pipefail
cd "$(dirname "$0")/.."
store="${SUNDER_STORE:-$(mktemp -d)}"
seed="${SUNDER_SEED:-1}"
bin="$(mktemp -d)/sunder"
trap 'rm -rf "$(dirname "$bin")"' EXIT
go build -o "$bin" .

# found WORDS FLAGS...: a test with these flags must end as invalid.
found() {
  local words="$1" status=0
  shift
  echo; echo "== $words must be found"
  "$bin" test --seed "$seed" --store "$store" "$@" || status=$?
  [ "$status" = 1 ] || { echo "$words was not found (exit $status): $*"; exit 1; }
}

"$bin" test --seed "$seed" --store "$store"
systems=$("$bin" list systems | grep -vx lww)
each=$((${SUNDER_SEARCH:-60} / $(echo "$systems" | wc -l)))
for system in $systems; do
  echo; echo "== a search of $system, which must be valid"
  "$bin" test --system "$system" --seed "$seed" --budget "${each}s" --store "$store"
done
found "what is wrong with lww" --system lww --budget 60s --no-shrink
for bug in vote-before-fsync lease-no-margin crc-unchecked stale-read; do
  found "the planted bug $bug" --bug "$bug" --budget 60s --no-shrink
done

if [ "${SUNDER_REQUIRE_DOCKER:-0}" = 1 ] || docker version >/dev/null 2>&1; then
  "$bin" test --env docker --seed "$seed" --nemesis partition,clock,kill,pause \
    --time-limit "${SUNDER_TIME_LIMIT:-30s}" --store "$store"
  found "the planted bug stale-read in containers" --env docker --bug stale-read \
    --nemesis partition --test-count 3 --time-limit 30s
fi
echo "smoke test passed; the runs are in $store"
