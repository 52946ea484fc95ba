#!/bin/sh
# Another process that shares the target's memory, and is not stopped with it, is found and named.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-share" beat
other=$(sed -n 's/^other //p' "$out")
reap "$other"
cat "/proc/$pid/maps" >before
exits 0 'the first one: dump' "$CRDUMP" "$pid" img
ok 'the first one: a warning, once' test "$(grep -c "process $other .*shares" stderr)" -eq 1
"$CRDUMP" show --all img >shown
ok 'the first one: the image says so' grep -q "process $other .*shares" shown
exits 0 'the first one: whole image' "$CRDUMP" check img
cat "/proc/$pid/maps" >after
ok 'the first one: mappings as they were' diff -u before after
ok 'the other one goes on' beats_on beat

exits 0 'the other one: dump' "$CRDUMP" "$other" img
says "process $pid .*shares" 'the other one: likewise'
ok 'the other one: goes on' beats_on beat

# a child of the same program, the same addresses in it, and memory of its own
victim "$VICTIMS/victim-share" beat2 fork
reap "$(sed -n 's/^other //p' "$out")"
exits 0 'a copy: dump' "$CRDUMP" "$pid" img
is "$(grep shares stderr)" '' 'a copy of the memory is not the same'

done_testing
