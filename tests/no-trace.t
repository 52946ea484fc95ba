#!/bin/sh
# The default trampoline copies no page of code and leaves no mapping, however often it is used.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim sleep 1000
code_pages "$pid" >before
cp "/proc/$pid/maps" maps
for n in 1 2 3; do
        exits 0 "dump $n" "$CRDUMP" "$pid" img
        exits 0 "dump $n, by breakpoint" "$CRDUMP" --catch=breakpoint "$pid" img
done
code_pages "$pid" >after
ok 'code mappings have as many anonymous pages as before' diff -u before after
is "$(awk '$4 != 0' after)" '' 'that is none'
ok 'mappings are the same' cmp maps "/proc/$pid/maps"

# the other one can do no better, but it shows that the test can tell
exits 0 'dump by inject' "$CRDUMP" --trampoline=inject "$pid" img
code_pages "$pid" >after
is "$(awk '{ n += $4 } END { print n }' after)" 4 'the inject trampoline copies one page'
ok 'mappings are the same after inject' cmp maps "/proc/$pid/maps"

done_testing
