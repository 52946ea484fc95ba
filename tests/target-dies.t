#!/bin/sh
# A target that is killed during the dump makes it fail: one line, no file, no hang, and its parent gets it at once.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

# The dump is slowed down where it waits, so that the target dies in that leg.
dies_while() {                  # LEG CALL:INJECTION
        victim "$VICTIMS/victim-threads" 1 4 still
        target=$pid
        background timeout 60 strace -f -o /dev/null -e "trace=${2%%:*}" -e "inject=$2" "$CRDUMP" "$target" img
        dump=$pid
        await 10 is_traced "$target" || flunk "$1: the dump begins"
        kill -9 "$target"
        start=$(date +%s%N)
        wait "$target" 2>/dev/null
        took=$((($(date +%s%N) - start) / 1000000))
        ok "$1: its parent gets it within two seconds ($took ms)" test $took -lt 2000
        wait "$dump"
        is $? 1 "$1: status 1"
        ok "$1: the message says that it died" grep -Eqi 'killed|died|gone|signal 9|SIGKILL' "$out"
        absent img "$1: no file left"
        diag_file "$out"
}

dies_while 'seize'      ptrace:delay_enter=20000
dies_while 'registers'  ptrace:delay_enter=20000:when=8+
dies_while 'pages'      process_vm_readv:delay_enter=200000

# And at whatever time.
mkdir images
killed=0
finished=0
wrong=
n=0
while [ $n -lt 40 ]; do
        n=$((n + 1))
        sleep 1000 &
        target=$!
        reap $target
        await 5 asleep $target
        "$CRDUMP" $target images/img >stdout 2>stderr &
        dump=$!
        i=0
        while [ $i -lt $((n * 12)) ]; do i=$((i + 1)); done
        kill -9 $target
        wait $dump
        case $? in
        0)      finished=$((finished + 1)) ;;
        1)      killed=$((killed + 1))
                [ "$(wc -l <stderr)" -eq 1 ] || wrong="$wrong lines:$(cat stderr)"
                [ -e images/img ] && wrong="$wrong an image stayed" ;;
        *)      wrong="$wrong status: $(cat stderr)" ;;
        esac
        wait $target 2>/dev/null
        rm -f images/img
done
is "$wrong" '' "at forty moments: status 1, one line, no file ($finished dumps were faster, $killed not)"
is "$(ls -A images)" '' 'nothing left in the folder'

done_testing
