#!/usr/bin/env bash
# The nightly chaos run: many seeds in the simulation and in containers, all faults, every read
# mode. It fails on invalid (1) and unknown (2) and keeps the store.
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
exit "$worst"
