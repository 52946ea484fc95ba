#!/bin/sh
# A program that sits in a system call gets from it what an undumped twin gets, and when it does.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# When the victim's call may end, the twin's having ended at its time:
#   same    at the same time
#   afresh  later by as much as had gone by at the last dump, never earlier: the
#           call has a relative time-out that the kernel counts afresh
#   half    as same, or at a dump with what it had done by then: no tracer can
#           make the kernel go on from there
#   eintr   as afresh, or at a dump with EINTR: called again it could end otherwise
#   stuck   at the same time, and each dump is given up: nothing can stop it
table() {
        cat <<'EOT'
nanosleep               same
clock_nanosleep         same
clock_nanosleep-abs     same
poll                    same
poll-timed              same
ppoll                   same
ppoll-timed             same
ppoll-mask              same
select                  same
select-timed            same
pselect-timed           same
pselect-mask            same
epoll_wait              same
epoll_wait-timed        afresh
epoll_pwait             same
epoll_pwait-timed       afresh
epoll_pwait-mask        same
epoll_pwait2            same
epoll_pwait2-timed      afresh
futex                   same
futex-timed             same
futex-bitset            same
futex-bitset-timed      same
futex-pi                same
futex_waitv             same
futex_waitv-timed       same
semop                   same
semtimedop              same
semtimedop-timed        afresh
msgrcv                  same
msgsnd                  same
mq_timedreceive         same
mq_timedreceive-timed   same
mq_timedsend            same
mq_timedsend-timed      same
sigwaitinfo             same
sigtimedwait            afresh
sigsuspend              same
pause                   same
read-pipe               same
read-eventfd            same
read-timerfd            same
read-signalfd           same
read-inotify            same
read-tty                same
read-fifo               same
open-fifo               same
write-pipe              same
splice                  same
recv-unix               same
recv-unix-timed         afresh
recv-tcp                same
recv-tcp-timed          afresh
recvmsg-unix            same
recvmsg-unix-timed      afresh
recvmsg-tcp             same
recvmsg-tcp-timed       afresh
recvmmsg-unix           same
recvmmsg-unix-timed     afresh
recvmmsg-tcp            same
recvmmsg-tcp-timed      afresh
read-unix               same
read-unix-timed         afresh
read-tcp-timed          afresh
accept-unix             same
accept-unix-timed       afresh
accept-tcp              same
accept-tcp-timed        afresh
connect-unix            same
connect-unix-timed      eintr
connect-tcp             same
connect-tcp-timed       eintr
send-unix               same
send-unix-timed         afresh
send-tcp                same
send-tcp-timed          afresh
wait4                   same
waitid                  same
flock                   same
setlkw                  same
ofd_setlkw              same
io_getevents            same
io_getevents-timed      afresh
io_pgetevents           same
io_pgetevents-timed     afresh
io_uring_enter          same
io_uring_enter-timed    afresh
io_uring_enter-timeout  same
write-half              half
recv-half               half
recvmmsg-half           half
io_uring_enter-submit   half
vfork                   stuck
spin                    same
EOT
}

BATCH=${CALLS_BATCH:-16}        # calls tried at the same time
MS=${CALLS_MS:-2000}            # what a call takes
SLACK=150                       # ms: two programs are never quite alike

uptime_ms() {                   # sets up
        read -r up _ </proc/uptime
        up=${up%.*}${up#*.}0
}

# The last line of FILE, as victim-call's: sets ret err ms mask handled, or empties all.
words() {                       # FILE
        ret='' err='' ms='' mask='' handled=''
        while read -r _ second third fourth fifth sixth; do
                case $second in ret=*) ;; *) continue ;; esac
                ret=${second#ret=} err=${third#errno=} ms=${fourth#ms=} mask=${fifth#mask=} handled=${sixth#handled=}
        done <"$1"
        words="ret $ret errno $err mask $mask handled $handled"
}

blocked() {                     # PID: its mask, as it is inside the call
        sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null
}

# It has said that it is ready and sleeps in that very call, or runs when it is -1.
# restart_syscall is what a stop makes of some sleeps.
in_call() {                     # PID FILE
        read -r ready nr _ <"$2"
        [ "$ready" = ready ] && read -r now_in _ <"/proc/$1/syscall" || return 1
        case $nr:$now_in in
        -1:*)           return 0 ;;
        "$now_in:"* | *:219) ;;
        *)              return 1 ;;
        esac
        in_state "$1" S || in_state "$1" D
}

back_or_over() {                # PID FILE: in the call again, or no longer
        in_call "$1" "$2" || gone "$1"
}

wrong() {                       # TEXT: about the call $name
        echo "$*" >>"$name.wrong"
}

late() {                        # TEXT: so it is, but perhaps the machine is just busy
        echo "$*" >>"$name.late"
}

# Three dumps in the first half of the time. Sets last, when they were over.
dump_thrice() {                 # PID KIND MS
        n=0 status=0 options=
        [ "$2" != stuck ] || { options='--timeout .1'; status=1; }
        while [ $n -lt 3 ]; do
                n=$((n + 1))
                uptime_ms
                pause=$((start + n * $3 / 8 - up))
                [ $pause -lt 0 ] || sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
                # shellcheck disable=SC2086     # none or two words
                timeout -k 5 60 "$CRDUMP" $options "$1" "$name.img" >"$name.said" 2>&1
                got=$?
                uptime_ms
                last=$((up - start))
                if [ $last -gt $(($3 * 3 / 4)) ]; then
                        late "dump $n was over only after $last of $3 ms"
                        return
                fi
                case $2 in half | eintr) alive "$1" || return ;; esac
                if [ $got -ne $status ]; then
                        wrong "exit status $got of dump $n, which said: $(cat "$name.said")"
                        return
                fi
                await 5 back_or_over "$1" "$name.victim"
                now=$(blocked "$1")
                [ -z "$now" ] || [ "$now" = "$inner" ] ||
                        wrong "blocks $now in the call after dump $n, its twin $inner"
        done
}

judge() {                       # KIND MS: both have ended
        words "$name.twin"
        twin=$words twin_ms=${ms:-0} twin_ret=${ret:-0}
        words "$name.victim"
        both="$words after $ms ms, its twin $twin after $twin_ms"
        more=$SLACK
        [ "$1" = same ] || more=$((SLACK + last))
        if [ "$1" = half ] && [ "${ret:-0}" -gt 0 ] && [ "$ret" -le "$twin_ret" ]; then
                [ "$ms" -le $((twin_ms + more)) ] || late "$both"
        elif [ "$1:$ret:$err" = eintr:-1:4 ]; then
                [ "$ms" -le "$more" ] || late "$both"
        elif [ "$words" != "$twin" ] || [ -z "$ret" ]; then
                wrong "$both"
                wrong "they said: $(cat "$name.twin" "$name.victim")"
        elif [ "$ms" -lt $(($2 - 5)) ] || [ "$twin_ms" -lt $(($2 - 5)) ]; then
                wrong "$both: too early"
        elif [ "$ms" -lt $((twin_ms - SLACK)) ] || [ "$ms" -gt $((twin_ms + more)) ]; then
                late "$both"
        fi
}

# One call, tried once. Leaves NAME.wrong if it is so, NAME.late if the reason may be a busy machine.
try() {                         # NAME KIND MS
        name=$1
        rm -f "$name.wrong" "$name.late"
        "$VICTIMS/victim-call" "$name" "$3" >"$name.victim" 2>&1 &
        victim=$!
        "$VICTIMS/victim-call" "$name" "$3" >"$name.twin" 2>&1 &
        twin=$!
        if await 20 in_call $victim "$name.victim" && await 20 in_call $twin "$name.twin"; then
                start=$(sed -n 's/^ready .* //p' "$name.victim")
                inner=$(blocked $twin)
                dump_thrice $victim "$2" "$3"
        else
                late 'was not seen in the call'
        fi
        wait $twin
        if ! await $((20 + $3 / 1000)) gone $victim; then
                wrong "does not come back: $(cat "/proc/$victim/wchan" "/proc/$victim/status")"
                kill -9 $victim
        fi
        wait $victim || wrong "ended with status $?"
        [ -e "$name.late" ] || judge "$2" "$3"
        rm -f "$name.img"
}

try_all() {                     # MS: those in the file todo
        running=0
        while read -r name kind; do
                try "$name" "$kind" "$1" &
                reap $!
                running=$((running + 1))
                [ $((running % BATCH)) -ne 0 ] || wait
        done <todo
        wait
}

flawed() {                      # the lines of todo whose call was late, and not wrong
        while read -r name kind; do
                [ -e "$name.late" ] && [ ! -e "$name.wrong" ] && echo "$name $kind"
        done <todo
        return 0
}

table >todo
awk '{ print $1 }' todo >named
"$VICTIMS/victim-call" list >known
ok 'the table has every call of victim-call' diff -u known named

for ms in "$MS" $((2 * MS)) $((3 * MS)); do     # a busy machine gets more time for what was late
        try_all "$ms"
        flawed >todo.next
        mv todo.next todo
        [ -s todo ] || break
done

table >todo
while read -r name kind; do
        what="$name ends as its twin's does"
        case $kind in
        half)   what="$what, or says what it has done" ;;
        eintr)  what="$what, or with EINTR" ;;
        esac
        if [ -e "$name.wrong" ]; then
                flunk "$what" "$(cat "$name.wrong")"
        elif [ -e "$name.late" ]; then
                flunk "$what" "$(cat "$name.late")"
        else
                pass "$what"
        fi
done <todo

done_testing
