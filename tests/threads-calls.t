#!/bin/sh
# A thread beside the first one gets from the call that it sits in what an undumped twin gets, and not before its time.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# Those whose restart is delicate, each by a second thread: restart blocks, masks put on for the call,
# time-outs written back, calls that a tracer ends with EINTR.
CALLS='nanosleep clock_nanosleep clock_nanosleep-abs poll-timed ppoll-timed ppoll-mask select-timed pselect-timed
       pselect-mask epoll_wait-timed epoll_pwait-timed epoll_pwait-mask epoll_pwait2-timed futex-timed
       futex-bitset-timed futex-pi futex_waitv-timed semtimedop-timed semop mq_timedreceive-timed sigtimedwait
       sigwaitinfo sigsuspend read-pipe recv-unix-timed accept-tcp-timed io_getevents-timed flock'
MS=$((5000 * ${PATIENCE:-1}))
DUMPS=4

program_of() {                  # NAME
        for p in victim-call victim-call-ipc victim-call-socket; do
                "$VICTIMS/$p" list | grep -qx -- "$1" && echo "$p" && return
        done
}

in_call() {                     # PID NR: its second thread is
        for t in "/proc/$1/task"/*; do
                [ "${t##*/}" = "$1" ] && continue
                read -r nr _ <"$t/syscall"
                [ "$nr" = "$2" ] && return
        done
        return 1
}

: >started
for name in $CALLS; do
        program=$(program_of "$name")
        "$VICTIMS/$program" "$name" $MS beside >"$name.twin" 2>&1 &
        reap $!
        twin=$!
        background "$VICTIMS/$program" "$name" $MS beside
        echo "$name $pid $twin $out" >>started
done
while read -r name pid twin out <&3; do
        await 20 ready_or_dead grep -q '^ready' "$out"
        read -r _ nr _ <"$out"
        await 5 in_call "$pid" "$nr"
done 3<started
n=0
dumps=0
while [ $n -lt $DUMPS ]; do
        n=$((n + 1))
        while read -r name pid twin out <&3; do
                alive "$pid" || continue
                "$CRDUMP" -q "$pid" img >said 2>&1 || ! alive "$pid" || echo "dump $n of $name: $(cat said)" >>failed
                dumps=$((dumps + 1))
        done 3<started
done
is "$(cat failed 2>/dev/null)" '' 'every dump ends well'
ok "there were many ($dumps)" test $dumps -gt 40
while read -r name pid twin out <&3; do
        wait "$twin"
        if [ $? -eq 77 ]; then
                skip "$name" 'no such call here'
                continue
        fi
        wait "$pid"
        is $? 0 "$name: comes back"
        got=$(sed -n 's/^[^ ]* \(ret=.*\) over=.* mask=\(.*\)/\1 \2/p' "$out")
        wanted=$(sed -n 's/^[^ ]* \(ret=.*\) over=.* mask=\(.*\)/\1 \2/p' "$name.twin")
        is "$got" "$wanted" "$name: with the same result"
        most=$((1000 * ${PATIENCE:-1}))   # ms; but of these the time-out is counted afresh after a dump
        case $name in epoll* | semtimedop* | sigtimed* | recv* | accept* | io_*) most=$((MS + most)) ;; esac
        over=$(sed -n 's/.* over=\([-0-9]*\).*/\1/p' "$out")
        ok "$name: not early, and at most $most ms late (${over:-?})" \
                test "${over:--999999}" -ge -10 -a "${over:-999999}" -le "$most"
done 3<started

done_testing
