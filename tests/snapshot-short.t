#!/bin/sh
# When memory gets short while the twin is read, it is the twin that goes: the dump fails, and the target goes on.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

grep -q '^SwapTotal: *0 kB' /proc/meminfo || skip_all 'memory is swapped out here before it gets short'
make_group memory memory.max memory.limit_in_bytes $((256 << 20)) || skip_all 'no memory cgroup can be made here'

start alone sh -c "$in_group" "$group"
begin 'short of memory'
limit_group $((12 << 20)) || flunk 'it gets short'
ok 'its target writes to all of its 8 MiB, of which there are two then' order dirty dirty
ok 'the twin is gone' await 10 gone "$twin_pid"
ok 'the target is not' alive "$pid"
finish 1 'the twin was killed'
is "$(cat said)" "crdump: the copy of process $pid was killed before it was read" 'one line says so'
nothing_left 'the twin was killed' "$pid"
saw_nothing 'the twin was killed'
exits 1 'no other one is made then: --snapshot' "$CRDUMP" --snapshot "$pid" img
says 'no snapshot: copying on write could take all memory' 'the line says why'
exits 0 'dumped all the same' "$CRDUMP" -q "$pid" img
exits 0 'whole image' "$CRDUMP" check img
saw_nothing 'dumped all the same'
remove_group

done_testing
