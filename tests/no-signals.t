#!/bin/sh
# A target that may not send itself signals, as a security module has it: its threads are asked and captured all the same.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

sed --version 2>/dev/null | grep -q GNU || skip_all 'another sed has no bytes'

# There is no such module here: in a copy of crdump, the parasite's calls of tkill(2) get another number, which is nobody's.
LC_ALL=C sed 's/\xb8\xc8\x00\x00\x00/\xb8\xff\x0f\x00\x00/g' "$CRDUMP" >mute
chmod +x mute
ok 'at least two of them' test "$(cmp -l "$CRDUMP" mute | wc -l)" -ge 4

victim "$VICTIMS/victim-crowd" rest 40
for way in --stop --snapshot; do
        cat "/proc/$pid/maps" >before
        exits 0 "$way: dump" ./mute $way "$pid" img
        is "$(grep -c 'went home' stderr)" 0 "$way: nobody went home by himself"
        diag_file stderr
        exits 0 "$way: a whole image" "$CRDUMP" check img
        is "$("$VICTIMS/readimg" img notes | grep -v clone)" '' "$way: nothing is missing"
        missing=
        for task in "/proc/$pid/task"/*; do
                "$VICTIMS/readthread" img "${task##*/}" | grep -q '^altstack ' || missing="$missing ${task##*/}"
        done
        is "$missing" '' "$way: each thread was asked"
        cat "/proc/$pid/maps" >after
        ok "$way: mappings as they were" cmp before after
done
kill -USR1 "$pid"
ok 'all can be woken' await 30 grep -q '^woken 40' "$out"

done_testing
