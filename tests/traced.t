#!/bin/sh
# A process that somebody traces is left to him, and the message names him.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

traced_by() {                   # NAME: somebody with this comm, $by, traces $target
        await 10 is_traced "$target" || bail "$1 does not trace"
        at_rest "$target" >before
        exits 1 "traced by $1: status 1" "$CRDUMP" "$target" img
        says "(^|[^0-9])$by([^0-9]|$)" "traced by $1: the message has his pid"
        says "$1" "traced by $1: and his name"
        absent img "traced by $1: no file left"
        unchanged "traced by $1: as it was" "$target" before
        is "$(tracer "$target")" "$by" "traced by $1: still his"
        dismiss "$by"
        await 5 test "$(tracer "$target")" = 0
}

victim sleep 1000
target=$pid

background "$VICTIMS/ptracer" "$target" hold
by=$pid
await 5 grep -q held "$out"
traced_by ptracer
exits 0 'let go, it can be dumped' "$CRDUMP" "$target" img
rm img

need strace
background strace -o /dev/null -p "$target"
by=$pid
traced_by strace

# Two at a time: this one looks at it while the other one holds it, and stops it when that has let go.
victim "$VICTIMS/victim-call" sigwaitinfo $((8000 * ${PATIENCE:-1}))
target=$pid
call=$out
delayed() {                     # CALL US ARG...: less than the five seconds that a thread has to stop
        d_call=$1 d_us=$2
        shift 2
        background strace -f -qq -o "log.$d_call" -e trace="$d_call" -e inject="$d_call:delay_enter=$d_us:when=1" "$CRDUMP" "$@"
}
delayed process_vm_readv 3500000 --stop "$target" first.img
first=$pid
await 10 is_traced "$target" || bail 'the first dump does not hold it'
delayed ptrace 4000000 "$target" img
second=$pid
await 10 grep -q PTRACE_SEIZE log.ptrace
ok 'the second dump looks at it while the first one holds it' is_traced "$target"
wait "$first"
is $? 0 'the first dump ends well'
wait "$second"
is $? 0 'so does the second one'
"$CRDUMP" show img >shown
ok 'the second image does not have it as traced' grep -q 'sleeping in rt_sigtimedwait' shown
await 20 grep -q '^sigwaitinfo' "$call"
ok 'its call has not ended with EINTR' grep -q 'errno=0' "$call"

done_testing
