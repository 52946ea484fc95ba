#!/bin/sh
# Debug registers are clean after a dump with --catch=breakpoint, and not touched where a debugger has left some.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

clean() {                       # NAME
        "$VICTIMS/ptracer" "$pid" debugregs >now
        ok "$1" diff -u before now
}

for program in "sleep 1000" "$VICTIMS/victim-regs spin beat" "$VICTIMS/victim-threads 1 3 still"; do
        # shellcheck disable=SC2086
        victim $program
        name=${program##*/}
        "$VICTIMS/ptracer" "$pid" debugregs >before
        is "$(awk '{ print $2 }' before | sort -u | grep -cv '^\(0\|0xffff0ff0\|0x400\)$')" 0 "$name: they were clean"
        for trampoline in vdso inject; do
                exits 0 "$name: dump by $trampoline and breakpoint" \
                        "$CRDUMP" --trampoline=$trampoline --catch=breakpoint "$pid" img
                clean "$name: as they were after $trampoline"
        done
done

victim sleep 1000
"$VICTIMS/ptracer" "$pid" watch >before
if [ -s before ]; then
        exits 0 'a watchpoint: dump by breakpoint' "$CRDUMP" --catch=breakpoint "$pid" img
        says 'no debug register' 'a watchpoint: it says that it is caught otherwise'
        clean 'a watchpoint: as it was'
else
        skip 'a watchpoint' 'no debug register to be had'
fi

done_testing
