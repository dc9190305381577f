#!/usr/bin/env bash
# The nightly chaos run: many seeds in the simulation and in containers, all faults, every read
# mode; and the checking engines against their references. It fails on invalid (1) and unknown (2)
# and keeps the store.
set -uo pipefail
cd "$(dirname "$0")/.."
store="${SUNDER_STORE:-store}"
seed="${SUNDER_SEED:-$(date +%Y%m%d)00}"
count="${SUNDER_COUNT:-20}"
worst=0
keep() { local status=$?; [ "$status" -gt "$worst" ] && worst=$status; return 0; }

go build -o sunder . || exit 255
for reads in readindex log lease; do
  ./sunder test --seed "$seed" --reads "$reads" --nemesis partition,clock,kill,pause \
    --test-count $((count * 50)) --store "$store" >"$store-sim-$reads.log" 2>&1 || keep
  tail -n 20 "$store-sim-$reads.log"
done
if docker version >/dev/null 2>&1; then
  for reads in readindex log lease; do
    ./sunder test --env docker --seed "$seed" --reads "$reads" --nemesis partition,clock,kill,pause \
      --test-count "$count" --store "$store" || keep
  done
  ./sunder doctor --clean || keep
fi

# The checking engines against trying every order: up to a hundred times a million histories for
# each, as many as there is time for. An engine whose reference is slow gets fewer at a time.
crosscheck() {
  SUNDER_CROSSCHECK="$2" SUNDER_SEED="$((seed + chunk))" nice -n 10 \
    go test -count 1 -timeout 0 -run Agrees "./checker/$1" >>"$store-crosscheck.log" 2>&1 || keep
}
minutes="${SUNDER_CROSSCHECK_MINUTES:-120}"
begun=$SECONDS
for ((chunk = 0; chunk < 100 && SECONDS - begun < 60 * minutes; chunk++)); do
  for engine in zone collection window; do crosscheck "$engine" 1000000; done
  crosscheck linear 50000
  crosscheck elle 5000
done
echo "cross-checks: $chunk times a million histories"
grep -B 1 -A 20 -e '--- FAIL' "$store-crosscheck.log"
exit "$worst"
