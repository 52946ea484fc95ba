#!/bin/sh
# All registers survive a dump, and the image holds them as others see them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

many_dumps() {
        n=0
        while [ "$n" -lt 15 ]; do
                n=$((n + 1))
                for way in --trampoline=vdso --trampoline=inject --catch=park --catch=breakpoint; do
                        "$CRDUMP" "$way" "$pid" img >stdout 2>stderr && continue
                        echo "dump $n with $way ended with $?:"
                        cat stdout stderr
                        return 1
                done
        done
}

for what in spin sleep mixed; do
        victim "$VICTIMS/victim-regs" $what beat.$what
        diag "$(head -n 1 "$out")"
        ok "$what: sixty dumps" many_dumps
        ok "$what: goes on" beats_on beat.$what
        is "$(grep corrupt "$out")" '' "$what: no register changed"
        dismiss "$pid"
done

stopped_victim "$VICTIMS/victim-regs" spin beat
exits 0 'a stopped victim: dump' "$CRDUMP" "$pid" img
"$VICTIMS/readimg" img xstate "$pid" >xstate.image
"$VICTIMS/ptracer" "$pid" xstate >xstate.ptrace
ok 'xstate of the image is what ptrace gives' cmp xstate.image xstate.ptrace
ok 'xstate is there' test -s xstate.image
"$VICTIMS/readimg" img threads >threads
is "$(cut -d ' ' -f 3 threads)" "$("$VICTIMS/ptracer" "$pid" mask)" 'signal mask of the image is what ptrace gives'

need gdb
gdb -nx -batch -p "$pid" -ex 'info registers' -ex 'info registers fs_base gs_base' >gdb.out 2>gdb.err
"$VICTIMS/readimg" img regs "$pid" | grep -v orig_rax | sort >regs.image
awk '$1 ~ /^(r..?|[re]?flags|[c-gs]s|[fg]s_base)$/ { print $1, $2 }' gdb.out | sort >regs.gdb
is "$(wc -l <regs.gdb)" 26 'gdb tells all the registers'
ok "registers of the image are gdb's" diff -u regs.gdb regs.image

done_testing
