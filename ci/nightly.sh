#!/usr/bin/env bash
# The nightly search: as much of every system as fits into a budget of time. First the corpus, which
# is the plans that failed before; then hash equality; then a search in the simulation with each
# workload; then runs in containers; then the checking engines against their references; then the
# hunt for every planted bug. A plan that fails is kept in the corpus, beside the smallest plan that
# fails as it did, and the run stays in the store.
#
# Exits 1 if anything was invalid, 255 if something broke, 2 if anything was unknown, else 0.
#
#   SUNDER_BUDGET   time for all of it (8h): a number with s, m or h
#   SUNDER_STORE    where the runs are kept (store)
#   SUNDER_CORPUS   where failing plans are kept (store/corpus)
#   SUNDER_SEED     the first seed (the date)
#   SUNDER_SYSTEMS  which systems (all but lww, which is wrong by design)
#   SUNDER_SEEDS    how many seeds of each system are compared for hash equality (300)
#   SUNDER_BUG      a planted bug for all systems, to try this very script
set -uo pipefail
cd "$(dirname "$0")/.."
store="${SUNDER_STORE:-store}"
corpus="${SUNDER_CORPUS:-$store/corpus}"
seed="${SUNDER_SEED:-$(date +%Y%m%d)000000}"
bug=(${SUNDER_BUG:+--bug "$SUNDER_BUG"})

# seconds BUDGET: a budget in seconds.
seconds() {
  case "$1" in
    *h) echo $((${1%h} * 3600)) ;;
    *m) echo $((${1%m} * 60)) ;;
    *s) echo "${1%s}" ;;
    *) echo "SUNDER_BUDGET is $1, want a number with s, m or h" >&2; exit 254 ;;
  esac
}
budget=$(seconds "${SUNDER_BUDGET:-8h}") || exit 254
begin=$SECONDS

invalid=0 broken=0 unknown=0
# note STATUS: remembers how a step ended.
note() {
  case "$1" in
    0) ;;
    1) invalid=1 ;;
    2) unknown=1 ;;
    *) broken=1 ;;
  esac
}

# share END PARTS: the seconds of one of so many parts of the time until then; at least one.
share() {
  local part=$((($1 - SECONDS) / $2))
  echo $((part > 0 ? part : 1))
}

# try FLAGS...: a test, whose plan is kept in the corpus if it fails.
try() {
  local status=0 dir name
  ./sunder test --store "$store" ${bug[@]+"${bug[@]}"} "$@" || status=$?
  note "$status"
  [ "$status" = 1 ] || return "$status"
  dir=$(readlink -f "$store/latest")
  name="$corpus/$(basename "$(dirname "$dir")")-$(sha256sum <"$dir/plan.json" | cut -c1-12)"
  cp "$dir/plan.json" "$name.json"
  echo "kept        $name.json"
  if [ -e "$dir/shrunk.json" ]; then cp "$dir/shrunk.json" "$name.shrunk.json"; fi
  return 1
}

go build -o sunder . || exit 255
mkdir -p "$corpus" || exit 255
systems="${SUNDER_SYSTEMS:-$(./sunder list systems | grep -vx lww)}"
count() { echo $#; }

for plan in "$corpus"/*.json; do
  [ -e "$plan" ] || continue
  echo; echo "== corpus: $plan"
  ./sunder test --plan "$plan" --no-shrink --store "$store"
  note $?
done

echo; echo "== hash equality"
SUNDER_SYSTEMS="$systems" ci/samehash.sh || broken=1

# Of what is left now, half is for the simulation, a quarter for containers, an eighth for the
# engines, and the rest for bugs.
docker=0
if docker version >/dev/null 2>&1; then docker=1; fi
rest=$((begin + budget - SECONDS))
sim_end=$((SECONDS + rest / 2 + (1 - docker) * rest / 4))
docker_end=$((sim_end + docker * rest / 4))
engines_end=$((docker_end + rest / 8))
end=$((begin + budget))

pairs=$(for system in $systems; do ./sunder list workloads "$system"; done | wc -l)
for system in $systems; do
  for workload in $(./sunder list workloads "$system"); do
    echo; echo "== search: $system, $workload"
    try --system "$system" --workload "$workload" --seed "$seed" --budget "$(share $sim_end $pairs)s"
    pairs=$((pairs - 1))
  done
done

# reads_of SYSTEM: the ways to read under which the system is linearizable. Those of etcd with a
# lease are not (etcd-io/raft issue 166).
reads_of() {
  case "$1" in
    raft) echo readindex log lease ;;
    etcdraft) echo readindex log ;;
    *) echo default ;;
  esac
}

# A run takes 60 s and what it takes to start and to judge. The first invalid one is enough.
run=90 number=0
while [ $docker = 1 ] && [ $((SECONDS + run)) -lt $docker_end ]; do
  for system in $systems; do
    for reads in $(reads_of "$system"); do
      [ $((SECONDS + run)) -lt $docker_end ] || break 3
      echo; echo "== containers: $system, $reads"
      how=(--reads "$reads")
      [ "$reads" != default ] || how=()
      try --env docker --system "$system" ${how[@]+"${how[@]}"} --seed $((seed + number)) \
        --nemesis partition,clock,kill,pause
      [ $? != 1 ] || break 3
      number=$((number + 1))
    done
  done
done
[ $docker = 0 ] || ./sunder doctor --clean || note $?

# crosscheck ENGINE HISTORIES: an engine against trying every order, with other histories each time.
crosscheck() {
  [ $SECONDS -lt $engines_end ] || return 1
  SUNDER_CROSSCHECK="$2" SUNDER_SEED=$((seed + number)) go test -count 1 -timeout 0 -run Agrees \
    "./checker/$1" >"$store/crosscheck-$1.log" 2>&1 && return
  broken=1
  cat "$store/crosscheck-$1.log"
  return 1
}

# An engine whose reference is slow gets fewer histories at a time.
echo; echo "== checking engines"
number=0
while crosscheck zone 100000 && crosscheck collection 100000 && crosscheck window 100000 &&
  crosscheck linear 5000 && crosscheck elle 500; do
  number=$((number + 1))
done
echo "each engine agrees $number times: on 100000 histories, linear on 5000, elle on 500"

# Each bug is hunted by one worker, and each system's control is one hunt more.
hunts=$(($(./sunder list | grep -c '^ *bug ') + $(count $systems)))
each=$(($(share $end 1) * $(nproc) / hunts))
for system in $systems; do
  echo; echo "== planted bugs: $system"
  ./sunder bugs --system "$system" --seed "$seed" --budget "$((each > 0 ? each : 1))s" \
    --out "$store/bugs-$system.md"
  note $?
done

echo; echo "the night took $((SECONDS - begin)) s of $budget s; the runs are in $store"
[ $invalid = 0 ] || { echo "INVALID: the plans that failed are in $corpus"; exit 1; }
[ $broken = 0 ] || { echo "something broke"; exit 255; }
[ $unknown = 0 ] || { echo "UNKNOWN: not everything was judged"; exit 2; }
