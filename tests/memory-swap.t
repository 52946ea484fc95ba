#!/bin/sh
# Swapped out, zero and never touched pages are told apart, and what was swapped out is in the image.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root can add a swap file'
need mkswap swapon swapoff
head -c 33554432 /dev/zero >swap
chmod 600 swap
mkswap swap >/dev/null 2>&1 && swapon swap 2>/dev/null || skip_all 'no swap file can be added here'
trap 't_status=$?; swapoff "$scratch/swap"; (exit $t_status); t_finish' EXIT

background "$VICTIMS/victim-kinds" swapped
await 30 ready_or_dead grep -q '^ready' "$out"
if ! alive "$pid"; then
        skip 'swapped' "$(sed -n 's/^not here: //p' "$out")"
        done_testing
fi
await 5 in_state "$pid" S
ok 'the kernel says that it is swapped out' grep -q '^VmSwap:[[:space:]]*64 kB' "/proc/$pid/status"
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'check' "$CRDUMP" check img
are swapped "$(repeat ds 12)$(repeat zs 4)"
are zeropage z-z-z-z-
are untouched a-a-a-a-
for page in 0 5 11; do
        holds swapped $page "$(echo ABCDEFGHIJKL | cut -c $((page + 1)))"
done
dismiss "$pid"

done_testing
