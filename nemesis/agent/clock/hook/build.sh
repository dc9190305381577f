#!/bin/sh
# Builds hook_ARCH.bin into the folder $1 for each architecture whose compiler is present, and
# beside it the compiler's version: another version makes other bytes.
set -eu
cd "$(dirname "$0")"
out=${1:-..}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

common="-O2 -ffreestanding -fno-builtin -fno-stack-protector -fomit-frame-pointer
	-fno-asynchronous-unwind-tables -mgeneral-regs-only -Wall -Wextra -Werror"

build() { # architecture, prefix of the tools, flags
	arch=$1 tools=$2
	shift 2
	command -v "${tools}gcc" >/dev/null || { echo "no ${tools}gcc: $arch is not built"; return 0; }
	"${tools}gcc" $common "$@" -c hook.c -o "$work/hook.o"
	"${tools}gcc" -c head.S -o "$work/head.o"
	"${tools}ld" -T link.ld "$work/head.o" "$work/hook.o" -o "$work/hook.elf"
	"${tools}objcopy" -O binary -j .blob "$work/hook.elf" "$out/hook_$arch.bin"
	"${tools}gcc" --version | head -n 1 >"$out/hook_$arch.version"
}

build amd64 x86_64-linux-gnu- -fpie -fcf-protection=none
build arm64 aarch64-linux-gnu- -mcmodel=tiny -fno-pie -ffixed-x18 -ffixed-x28 \
	-mbranch-protection=none -mno-outline-atomics
