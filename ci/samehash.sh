#!/usr/bin/env bash
# A run is a function of its plan. The same seeds of each system must give the same hash on one
# processor and on two, however often the garbage collector runs, without preemption, under the
# race detector, on 32-bit machines, on one that fuses multiplications with additions (arm64), on one
# with the other order of bytes (s390x), and whoever listens. Exits 1 and names the first seed that
# does not. What this machine cannot run is emulated, where Debian's qemu-user is installed.
#
#   SUNDER_SEEDS    how many seeds of each system (300)
#   SUNDER_SYSTEMS  which systems (all)
set -euo pipefail
cd "$(dirname "$0")/.."
seeds="${SUNDER_SEEDS:-300}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

go build -o "$work/samehash" ./ci/samehash
CGO_ENABLED=1 go build -race -o "$work/samehash-race" ./ci/samehash
go build -o "$work/sunder" .

# other ARCH QEMU: a program for another processor, which this one runs or the emulator does.
others=()
other() {
  local arch="$1" qemu="$2" run=exec
  GOARCH=$arch CGO_ENABLED=0 go build -o "$work/$arch" ./ci/samehash
  local status=0
  "$work/$arch" -seeds 1 >"$work/got" 2>&1 || status=$?
  if [ "$status" = 126 ]; then # another processor's; that it fails in another way is seen below
    run="exec $qemu"
    command -v "$qemu" >"$work/got" || {
      echo "GOARCH=$arch is skipped: this kernel does not run it, nor does ${qemu:-an emulator}"
      return
    }
  fi
  printf '#!/bin/sh\n%s %s "$@"\n' "$run" "$work/$arch" >"$work/samehash-$arch"
  chmod +x "$work/samehash-$arch"
  others+=("$arch")
}
other 386 ""
other arm qemu-arm
other arm64 qemu-aarch64
other s390x qemu-s390x

systems="${SUNDER_SYSTEMS:-$("$work/sunder" list systems)}"

# same WORDS PROGRAM FLAGS...: the program must print what is in $work/want; the first call fills it.
same() {
  local words="$1" program="$work/$2" began=$SECONDS
  shift 2
  "$program" -system "$system" -seeds "$seeds" -v "$@" >"$work/got" || exit 1
  [ -e "$work/want" ] || cp "$work/got" "$work/want"
  printf '%-10s %s  %s (%d s)\n' "$system" "$(tail -n 1 "$work/got")" "$words" $((SECONDS - began))
  if ! cmp -s "$work/want" "$work/got"; then
    echo "$system: $(diff "$work/want" "$work/got" | sed -n 's/^> \(seed [0-9]*\) .*/\1/p' | head -n 1)" \
      "is another run with $words"
    exit 1
  fi
}

for system in $systems; do
  rm -f "$work/want"
  same "each twice" samehash -twice
  GOMAXPROCS=1 same "GOMAXPROCS=1" samehash
  GOMAXPROCS=2 same "GOMAXPROCS=2" samehash
  GOGC=5 same "GOGC=5" samehash
  GODEBUG=asyncpreemptoff=1 same "asyncpreemptoff=1" samehash
  same "-race" samehash-race
  for arch in ${others[@]+"${others[@]}"}; do
    same "GOARCH=$arch" "samehash-$arch"
  done
  same "no oracles" samehash -blind
  same "tracing" samehash -watch
  same "codec on" samehash -codec on
  same "codec off" samehash -codec off
done
