#!/bin/sh
# When memory gets short while the twin is read, it is the twin that goes: the dump fails, and the target goes on.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

grep -q '^SwapTotal: *0 kB' /proc/meminfo || skip_all 'memory is swapped out here before it gets short'

# While the twin exits, its memory is not free yet, but the kernel spares it no longer that would need it: exit_mmap()
# sets MMF_OOM_SKIP before the last pages are freed. On two processors the target hits that instant in one of three.
falls_short() {                 # the target lives on when it has written to all of its 8 MiB, of which there are two then
        make_group memory memory.max memory.limit_in_bytes $((256 << 20)) || skip_all 'no memory cgroup can be made here'
        start alone sh -c "$in_group" "$group"
        begin 'short of memory'
        limit_group $((12 << 20)) || flunk 'it gets short'
        order '' dirty
        await 20 written_or_dead
        await 10 gone "$twin_pid" || flunk 'the twin is gone'
        alive "$pid"
}
written_or_dead() { ! alive "$pid" || grep -q '^dirty' "$out"; }

tries=8
until falls_short || [ $((tries -= 1)) -eq 0 ]; do
        diag 'the twin, and its target too'
        echo >go
        wait $dump $reader
        remove_group
done
ok 'the twin is gone, its target is not' alive "$pid"
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
