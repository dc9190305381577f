#!/usr/bin/env bash
# A short test in the simulation and, where Docker answers, one in containers; then a planted bug
# that must be found. For a CI pipeline: the store is kept as an artifact, 1 and 2 fail the job.
set -euo pipefail
cd "$(dirname "$0")/.."
store="${SUNDER_STORE:-$(mktemp -d)}"
seed="${SUNDER_SEED:-1}"
bin="$(mktemp -d)/sunder"
trap 'rm -rf "$(dirname "$bin")"' EXIT
go build -o "$bin" .

"$bin" test --seed "$seed" --store "$store"
status=0
"$bin" test --seed "$seed" --bug stale-read --test-count 20 --store "$store" || status=$?
[ "$status" = 1 ] || { echo "the planted bug stale-read was not found (exit $status)"; exit 1; }

if [ "${SUNDER_REQUIRE_DOCKER:-0}" = 1 ] || docker version >/dev/null 2>&1; then
  "$bin" test --env docker --seed "$seed" --nemesis partition,clock,kill,pause \
    --time-limit "${SUNDER_TIME_LIMIT:-30s}" --store "$store"
  status=0
  "$bin" test --env docker --seed "$seed" --bug stale-read --nemesis partition --test-count 3 \
    --time-limit 30s --store "$store" || status=$?
  [ "$status" = 1 ] || { echo "the planted bug stale-read was not found in containers (exit $status)"; exit 1; }
fi
echo "smoke test passed; the runs are in $store"
