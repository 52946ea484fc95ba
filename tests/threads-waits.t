#!/bin/sh
# How long a call would still have waited is in the image where it can be known, and said to be unknown where not.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

MS=100000                       # what each call takes

# left: what is left of MS; all: all of it, for the call is made afresh; rest: as left, by
# the place for the rest that sleep(1) gives; hidden: it has an end, but which is not told;
# none: it has none
table() {
        cat <<'EOT'
clock_nanosleep-abs     left
futex-bitset-timed      left
futex_waitv-timed       left
mq_timedreceive-timed   left
mq_timedsend-timed      left
select-timed            left
pselect-timed           left
ppoll-timed             left
epoll_wait-timed        all
epoll_pwait-timed       all
epoll_pwait2-timed      all
semtimedop-timed        all
sigtimedwait            all
io_getevents-timed      all
io_pgetevents-timed     all
io_uring_enter-timed    all
nanosleep               hidden
clock_nanosleep         hidden
poll-timed              hidden
futex-timed             hidden
poll                    none
ppoll                   none
select                  none
epoll_wait              none
semtimedop              none
futex                   none
futex_waitv             none
mq_timedreceive         none
pause                   none
read-pipe               none
EOT
}

uptime_ms() {
        read -r up _ </proc/uptime
        echo "${up%.*}${up#*.}0"
}

in_call() {                     # PID NR
        read -r nr _ <"/proc/$1/syscall" && [ "$nr" = "$2" ]
}

near() {                        # GOT WANTED: within half a second, on a machine that is not slow
        echo "got '$1', wanted $2"
        [ -n "$1" ] && [ "$1" -gt $(($2 - 500 * ${PATIENCE:-1})) ] && [ "$1" -lt $(($2 + 500 * ${PATIENCE:-1})) ]
}

notes_hidden() {
        "$VICTIMS/readimg" img notes | grep -c '^time left in system calls: '
}

check() {                       # NAME KIND
        "$VICTIMS/readthread" img "$pid" >said
        left=$(sed -n 's/^wait_left_ms //p' said)
        case $2 in
        left)   ok "$1: what is left" near "$left" $((start + MS - now)) ;;
        all)    ok "$1: all of it, afresh" near "$left" $MS ;;
        hidden) is "$left:$(notes_hidden)" :1 "$1: not known, and a note says so" ;;
        none)   is "$left:$(notes_hidden)" :0 "$1: no end, and no note" ;;
        esac
}

while read -r name kind <&3; do
        for program in victim-call victim-call-ipc none; do
                [ $program = none ] || ! "$VICTIMS/$program" list | grep -qx "$name" || break
        done
        background "$VICTIMS/$program" "$name" $MS
        await 10 ready_or_dead grep -q '^ready' "$out"
        if ! alive "$pid"; then
                wait "$pid"
                [ $? -eq 77 ] && skip "$name" 'this kernel has no such call' || flunk "$name: it starts" "$(cat "$out")"
                continue
        fi
        read -r _ nr start <"$out"
        await 10 in_call "$pid" "$nr"
        cut -d ' ' -f 2-7 "/proc/$pid/syscall" >known
        exits 0 "$name: dump" "$CRDUMP" -q "$pid" img
        now=$(uptime_ms)
        check "$name" "$kind"
        is "$(sed -n 's/^syscall //p' said)" "$nr" "$name: the call"
        is "$(sed -n 's/^call //p' said)" "$(sed 's/0x0\>/0/g' known)" "$name: its arguments"
        dismiss "$pid"
done 3<<EOT
$(table)
EOT

# libc's sleep() has a place for the rest, which the kernel writes into when it is interrupted
victim sleep 1000
exits 0 'sleep(1): dump' "$CRDUMP" -q "$pid" img
left=$("$VICTIMS/readthread" img "$pid" | sed -n 's/^wait_left_ms //p')
ok 'sleep(1): what is left' near "$left" 1000000

# --- in a time namespace a clock is another's by days

if unshare -T true 2>/dev/null; then
        # it is its child that is there, on all kernels
        # shellcheck disable=SC2016     # for the other shell
        background unshare -T --monotonic 864000 --boottime 864000 \
                sh -c '"$0" futex-bitset-timed "$1" & echo "child $!"; wait' "$VICTIMS/victim-call-ipc" $MS
        await 10 ready_or_dead grep -q '^ready' "$out"
        nr=$(sed -n 's/^ready \([0-9]*\) .*/\1/p' "$out")
        start=$(sed -n 's/^ready [0-9]* //p' "$out")
        pid=$(sed -n 's/^child //p' "$out")
        reap "$pid"
        await 10 in_call "$pid" "$nr"
        exits 0 'other clocks: dump' "$CRDUMP" -q "$pid" img
        now=$(($(uptime_ms) + 864000000))
        ok 'other clocks: they are' test $((now - start)) -lt 20000 -a $((now - start)) -ge 0
        check 'other clocks' left
else
        skip 'a time namespace' 'unshare cannot make one here'
fi

done_testing
