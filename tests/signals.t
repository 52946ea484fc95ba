#!/bin/sh
# Dispositions, masks, timers and the rest are in the image as the process itself tells them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

readimg=$VICTIMS/readimg

victim "$VICTIMS/victim-signals"
at_rest "$pid" >before

near() {                        # VICTIM IMAGE: the same itimers, but for 60 s that may have passed
        awk '$1 != "itimer"     { next }
             !($2 in left)      { left[$2] = $3; interval[$2] = $4 " " $5; next }
             $3 > left[$2] || $3 < left[$2] - 60 || $4 " " $5 != interval[$2] {
                                  print "itimer", $2, "in the image:", $0; bad = 1 }
                                { n++ }
             END                { exit bad || n != 3 }' "$1" "$2"
}

for way in --trampoline=vdso --trampoline=inject --catch=park --catch=breakpoint; do
        exits 0 "$way: dump" "$CRDUMP" "$way" "$pid" img
        grep '^action' "$out" >said
        "$readimg" img actions >actions
        ok "$way: 64 sigactions as the victim tells them" diff -u said actions
        "$readimg" img itimers >itimers
        ok "$way: itimers as the victim tells them" near "$out" itimers
        grep '^misc' "$out" | sort >said
        "$readimg" img misc | awk 'NR == FNR { told[$2] } NR != FNR && $2 in told' said - | sort >misc
        ok "$way: the rest as the victim tells it" diff -u said misc
        sed -n 's/^thread //p' "$out" | sort >said
        "$readimg" img threads | awk '{ print $1, $3 }' | sort >masks
        ok "$way: masks of four threads as they tell them" diff -u said masks
done

unchanged 'and the victim is as it was' "$pid" before '^anonymous code'

done_testing
