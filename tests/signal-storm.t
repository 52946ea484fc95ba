#!/bin/sh
# No signal is lost, reordered or handled anywhere else by dumps in a storm of signals.
# SPDX-License-Identifier: MIT

[ -w /dev/shm ] && export TMPDIR=/dev/shm       # a thousand images: no disk shall slow them

. "${0%/*}/lib.sh"

every_way='--trampoline=vdso --trampoline=inject --catch=park --catch=breakpoint'

# Dumps of $pid by $ways in turn, until there are $1 or $2 seconds are over; sets n and took.
dumps() {
        n=0
        began=$(date +%s)
        while [ $n -lt "$1" ] && [ $(($(date +%s) - began)) -lt "$2" ]; do
                for way in $ways; do
                        n=$((n + 1))
                        "$CRDUMP" -q "$way" "$pid" img >stdout 2>stderr && continue
                        diag "dump $n with $way ended with $?:"
                        diag_file stderr
                        return 1
                done
        done
        took=$(($(date +%s) - began))
}

over() { grep -q '^over' "$out"; }

storm() {                       # WHAT THREADS SIGNAL_NUMBER DUMPS SECONDS
        victim "$VICTIMS/victim-storm" "$2" "$3"
        sender=$(sed -n 's/^sender //p' "$out")
        reap "$sender"
        began_ns=$(date +%s%N)
        if dumps "$4" "$5"; then
                pass "$1: all dumps succeed"
                diag "$n dumps in $took s"
        else
                flunk "$1: all dumps succeed"
        fi
        ms=$((($(date +%s%N) - began_ns) / 1000000))
        kill -HUP "$sender"
        await 40 ready_or_dead over
        if ! over; then
                flunk "$1: it goes on to its end"
                alive "$pid" && diag "state $(state "$pid")"
                alive "$pid" || { wait "$pid"; diag "it ended with $?"; }
                return
        fi
        wait "$pid"
        is $? 0 "$1: it ends with status 0"
        is "$(awk '$2 == "sent" && $3 != $5' "$out")" '' "$1: as many handled as sent, by each way of sending"
        is "$(grep -E '^wrong (rip|rsp|mask)' "$out")" '' "$1: handlers see the program's own addresses, stacks and masks only"
        is "$(grep -E '^wrong (seq|siginfo)' "$out")" '' "$1: all in order, with their siginfo"
        is "$(grep -E '^wrong exp|^timer missed [^0]' "$out")" '' "$1: no expiration of the timer is missing"
        ok "$1: it was a storm" awk -v ms=$ms '/sent/ { n += $3 } END { print n / ms " kHz sent"; exit n < 5 * ms }' "$out"
        diag "$(sed -n '/sent/p' "$out" | tr '\n' ';') timer $(sed -n 's/timer expired //p' "$out"); $ms ms"
}

many=1000
[ "${CRDUMP_FULL:-}" = 1 ] && limit=600 || limit=14     # seconds; a loaded machine makes fewer than a thousand in them
ways=$every_way
storm 'one thread' 1 10 $many $limit
storm 'four threads' 4 10 $many $limit
ways=--catch=breakpoint
storm 'SIGTRAP' 1 5 $many $limit

# --- pending ones ------------------------------------------------------------------

let_in() {                      # PID FILE: what came when it let its signals in
        kill -HUP "$1"
        await 10 gone "$1"
        cp "$2" told
        wait "$1"
}

twin() {                        # SIGNAL HOW: the same without a dump; sets status
        victim "$VICTIMS/victim-pending" "$1" "$2"
        let_in "$pid" "$out"
        status=$?
        mv told told.twin
}

# SIGTRAP, which a breakpoint is, and SIGSEGV: blocked or not, the kernel hands out a fault that waits before any other.
for sig in 5 11; do
        for how in handled default; do
                twin $sig $how
                for way in $every_way; do
                        name="signal $sig $how, $way"
                        victim "$VICTIMS/victim-pending" $sig $how
                        at_rest "$pid" >before
                        for i in 1 2 3; do
                                exits 0 "$name: dump $i of one with pending signals" "$CRDUMP" $way "$pid" img
                        done
                        [ $way = --trampoline=inject ] && copied='^anonymous code' || copied=
                        unchanged "$name: they are still pending" "$pid" before "$copied"
                        let_in "$pid" "$out"
                        is $? $status "$name: it ends as one does that was not dumped, with $status"
                        ok "$name: they come in order, with their siginfo, as to that one" diff -u told.twin told
                done
        done
        is "$(grep -c '^signal' told.twin)" 0 "signal $sig default: that one died of it"
done

done_testing
