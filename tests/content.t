#!/bin/sh
# Every page of every mapping is in the image, as an independent reader sees it.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

readimg=$VICTIMS/readimg

dump_and_compare() {            # WHAT: the stopped process $pid
        exits 0 "$1: dump" "$CRDUMP" "$pid" img
        exits 0 "$1: check" "$CRDUMP" check img
        ok "$1: every page as /proc/PID/mem has it" "$readimg" img compare "$pid"
        diag "$(cat t.out)"
        sed 's/  */ /g' "/proc/$pid/maps" >maps.proc
        "$readimg" img maps >maps.image
        ok "$1: mappings as in /proc/PID/maps" diff -u maps.proc maps.image
}

address_of() { sed -n "s/^$1 \(.*\) .*/\1/p" "$out"; }

repeat() {                      # TEXT N
        i=0
        while [ $i -lt "$2" ]; do printf %s "$1"; i=$((i + 1)); done
}

kinds() {                       # NAME PAGES EREGEX: the kinds of its pages, as readimg abbreviates them
        got=$("$readimg" img kinds "$(address_of "$1")" "$2")
        if echo "$got" | grep -Eqx "$3"; then
                pass "kinds of $1"
        else
                flunk "kinds of $1" "got    $got"
                diag "wanted $3"
        fi
}

class() {                       # NAME PAGES CLASS
        is "$("$readimg" img classes "$(address_of "$1")" "$2")" "$3" "class of $1"
}

letter() {                      # NAME PAGE LETTER: it is full of it
        got=$("$readimg" img mem $(($(address_of "$1") + $2 * 4096)) 4096 | tr -d "$3" | od -An -tx1 | head -n 2)
        is "$got" '' "page $2 of $1 is full of $3"
}

stopped_victim "$VICTIMS/victim-mem" "$scratch/file"
dump_and_compare 'memory of every kind'

kinds data 300 "$(repeat d 300)"
kinds holes 64 "$(repeat daaa 16)"
kinds zeros 8 'z{8}'
kinds onlyread 8 '[az]{8}'
kinds lastbyte 4 'd{4}'
kinds untouched 16 'a{16}'
kinds none 4 'd{4}'
kinds writeonly 2 'da'
kinds givenback 4 'a{4}'
kinds dontdump 2 'da'
kinds reserve 16 'a{16}'
if grep -q '^guards' "$out"; then
        kinds guarded 6 'dduudd'
        is "$("$readimg" img hows "$(address_of guarded)" 6 | cut -c 5-8)" uGuG 'guard pages are known for what they are'
else
        skip 'kinds of guarded' 'the kernel has no guard pages'
        kinds guarded 6 'd{6}'
fi
kinds shared 8 'd{4}[az]{4}'
kinds memfd 4 'd{4}'
kinds changed 8 'iidiidii'
kinds clean 8 'i{8}'
kinds sharedfile 8 'i{8}'
kinds pastend 8 '[ia]d[ia]{2}[iau]{4}'

class data 300 1
class changed 8 2
class clean 8 2
class shared 8 3
class memfd 4 3
class bychild 4 3
class sharedfile 8 4

letter data 0 A
letter data 137 H
letter data 299 N
letter none 3 D
letter shared 2 C
letter memfd 1 B
letter changed 5 F

ok 'a reservation of 256 GiB costs nothing' test "$(stat -c %s img)" -lt 8000000
dismiss "$pid"

tiny_program tiny
stopped_victim ./tiny
dump_and_compare 'a tiny program'
dismiss "$pid"

stopped_victim "$VICTIMS/victim-threads" 2 20
dump_and_compare 'many stacks'
dismiss "$pid"

need python3
victim taskset 1 python3 -c 'import time; x = [bytes([i % 256]) * 1000 for i in range(20000)]; print("ready", flush=True); time.sleep(1000)'
await 20 ready_or_dead grep -q ready "$out"
kill -STOP "$pid"
await 5 in_state "$pid" T
dump_and_compare 'an interpreter'

done_testing
