#!/bin/sh
# A target that ignores or blocks SIGTRAP keeps it so: --catch=breakpoint is refused there, and done otherwise.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

for how in --ignore-signal=TRAP --block-signal=TRAP; do
        victim env $how sleep 1000
        at_rest "$pid" >before
        case $how in
        *ignore*)       is "$(grep -c '^SigIgn:.*[13579bdf].$' before)" 1 "$how: the victim does" ;;
        *)              is "$(grep -c '^SigBlk:.*[13579bdf].$' before)" 1 "$how: the victim does" ;;
        esac
        for trampoline in vdso inject; do
                exits 0 "$how, $trampoline: dump with --catch=breakpoint" \
                        "$CRDUMP" --trampoline=$trampoline --catch=breakpoint "$pid" img
                says 'SIGTRAP' "$how, $trampoline: a line says that it is not done by a breakpoint"
                exits 0 "$how, $trampoline: the image is whole" "$CRDUMP" check img
                exits 0 "$how, $trampoline: dump with --catch=park" \
                        "$CRDUMP" --trampoline=$trampoline --catch=park "$pid" img
        done
        unchanged "$how: as it was" "$pid" before '^anonymous code'
done

victim env --default-signal=TRAP sleep 1000
exits 0 'without: dump with --catch=breakpoint' "$CRDUMP" --catch=breakpoint "$pid" img
is "$(grep -c SIGTRAP stderr)" 0 'without: no such line'

# one that handles it keeps its handler
victim "$VICTIMS/victim-signals"
at_rest "$pid" >before
for way in --trampoline=inject --catch=breakpoint --catch=park; do
        exits 0 "handled, $way: dump" "$CRDUMP" $way "$pid" img
done
unchanged 'handled: as it was' "$pid" before '^anonymous code'
"$VICTIMS/readimg" img actions >actions
grep '^action' "$out" >said
ok 'handled: the handler is still there' diff -u said actions

done_testing
