#!/bin/sh
# A dump leaves the target as it was, whatever it was doing.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# What --trampoline=inject writes stays as a copied page of code: the kernel
# offers no way back, and the manual says so. Hence that column is for vdso only.
every_way() {                   # WHAT: dumps $pid in four ways
        at_rest "$pid" >before
        for trampoline in vdso inject; do
                for catch in park breakpoint; do
                        exits 0 "$1: dump by $trampoline and $catch" \
                                "$CRDUMP" --trampoline=$trampoline --catch=$catch "$pid" img
                        [ $trampoline = vdso ] && copied= || copied='^anonymous code'
                        unchanged "$1: as it was after $trampoline and $catch" "$pid" before "$copied"
                        rm -f img
                done
        done
}

victim sleep 1000
every_way 'a sleeping process'

victim "$VICTIMS/victim-regs" spin beat
every_way 'a spinning process'
ok 'a spinning process: goes on' beats_on beat

victim "$VICTIMS/victim-threads" 2 6 still
every_way 'eight threads'
kill -USR1 "$pid"
ok 'eight threads: go on' await 20 grep -q moving "$out"

stopped_victim "$VICTIMS/victim-regs" sleep beat2
every_way 'a stopped process'
is "$(state "$pid")" T 'a stopped process: still stopped'
kill -CONT "$pid"
ok 'a stopped process: goes on after SIGCONT' beats_on beat2

done_testing
