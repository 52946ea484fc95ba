#!/bin/sh
# A program that sits in a system call gets from it what an undumped twin gets, and when it does.
# SPDX-License-Identifier: MIT

# A busy disk, at which a dump waits in fsync(2), is no matter here.
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
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

AT_ONCE=${CALLS_AT_ONCE:-20}    # calls tried at the same time
MS=${CALLS_MS:-2000}            # what a call takes
EARLY=10                        # ms: a tick of the slowest kernel, for time-outs that are counted in ticks
NOT_HERE=77                     # exit status of victim-call: this kernel has no such call

uptime_ms() {                   # sets up
        read -r up _ </proc/uptime
        up=${up%.*}${up#*.}0
}

sleep_until() {                 # MS after $start
        uptime_ms
        pause=$((start + $1 - up))
        [ $pause -lt 0 ] || sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
}

# The last line of FILE, as victim-call's: sets over and result, or empties both.
words() {                       # FILE
        ret='' err='' over='' result=''
        while read -r _ second third fourth fifth sixth; do
                case $second in ret=*) ;; *) continue ;; esac
                ret=${second#ret=} err=${third#errno=} over=${fourth#over=}
                result="$second $third $fifth $sixth"
        done <"$1"
}

blocked() {                     # PID: its mask, as it is inside the call
        sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null
}

over() {                        # PID: has ended; its number may be another program's by now
        [ "$(readlink "/proc/$1/exe")" != "$exe" ]
}

# It has said that it is ready and sleeps in that very call, or runs when it is -1.
# restart_syscall is what a stop makes of some sleeps.
in_call() {                     # PID FILE
        read -r ready nr _ <"$2"
        [ "$ready" = ready ] && ! over "$1" && read -r now_in _ <"/proc/$1/syscall" || return 1
        case $nr:$now_in in
        -1:*)           return 0 ;;
        "$now_in:"* | *:219) ;;
        *)              return 1 ;;
        esac
        in_state "$1" S || in_state "$1" D
}

in_call_or_over() {             # PID FILE
        in_call "$1" "$2" || over "$1"
}

wrong() {                       # TEXT: about the call $name
        echo "$*" >>"$name.wrong"
}

late() {                        # TEXT: so it is, but perhaps the machine is just busy
        echo "$*" >>"$name.late"
}

same_mask() {                   # PID: blocks in the call what its twin does
        now=$(blocked "$1")
        in_call "$1" "$name.victim" 2>/dev/null || return   # so it may not have been in the call when it was asked
        [ "$now" = "$inner" ] || wrong "blocks $now in the call after dump $n, its twin $inner"
}

# Three dumps in the first half of the time. Sets last, when they were over.
dump_thrice() {                 # PID KIND MS
        n=0 status=0 options=
        [ "$2" != stuck ] || { options='--timeout .1'; status=1; }
        while [ $n -lt 3 ]; do
                n=$((n + 1))
                sleep_until $((n * $3 / 8))
                # shellcheck disable=SC2086     # none or two words
                timeout -k 5 60 "$CRDUMP" $options "$1" "$name.img" >"$name.said" 2>&1
                got=$?
                uptime_ms
                last=$((up - start))
                if [ $last -gt $(($3 * 3 / 4)) ]; then
                        late "dump $n was over only after $last of $3 ms"
                        return
                fi
                case $2 in half | eintr) ! over "$1" || return ;; esac
                if [ $got -ne $status ]; then
                        wrong "exit status $got of dump $n, which said: $(cat "$name.said")"
                        return
                fi
                await 5 in_call_or_over "$1" "$name.victim"
                same_mask "$1"
        done
}

# Both have ended. Each says how long after its end by its own clock: that of an
# absolute time-out may be set while it is waited for.
judge() {                       # KIND MS
        words "$name.twin"
        twin=$result twin_over=${over:-0} twin_ret=${ret:-0}
        words "$name.victim"
        both="$result $over ms after its time, its twin $twin $twin_over ms; the last dump at $last of $2 ms"
        more=$(($2 / 10))                       # less than the first dump would cost a time-out counted afresh
        [ "$1" = same ] || more=$((more + last))
        if [ "$1" = half ] && [ "${ret:-0}" -gt 0 ] && [ "$ret" -le "$twin_ret" ]; then
                [ "$over" -le $((twin_over + more)) ] || late "$both"
        elif [ "$1:$ret:$err" = eintr:-1:4 ]; then
                [ $((over + $2)) -le "$more" ] || late "$both"
        elif [ "$result" != "$twin" ] || [ -z "$result" ]; then
                wrong "$both"
                wrong "they said: $(cat "$name.twin" "$name.victim")"
        elif [ "$twin_over" -lt -$EARLY ]; then
                late "$both: its twin too early"
        elif [ "$over" -lt -$EARLY ]; then
                wrong "$both: too early"
        elif [ "$over" -gt $((twin_over + more)) ]; then
                late "$both"
        fi
}

both_in_call() {                # sets start and inner
        await 20 test -s "$name.victim"
        await 20 test -s "$name.twin"
        await 20 in_call_or_over "$victim" "$name.victim"
        await 20 in_call_or_over "$twin" "$name.twin"
        inner=$(blocked "$twin")
        start=$(sed -n 's/^ready .* //p' "$name.victim")
        in_call "$victim" "$name.victim" 2>/dev/null && in_call "$twin" "$name.twin" 2>/dev/null
}

# One call, tried once. Leaves NAME.wrong if it is so, NAME.late if the reason
# may be a busy machine, NAME.none if there is no such call, or else NAME.right.
try() {                         # NAME KIND PROGRAM MS
        name=$1 last=0 exe=$(readlink -f "$VICTIMS/$3")
        rm -f "$name.wrong" "$name.late"
        "$VICTIMS/$3" "$name" "$4" >"$name.victim" 2>&1 &
        victim=$!
        "$VICTIMS/$3" "$name" "$4" >"$name.twin" 2>&1 &
        twin=$!
        if both_in_call; then
                dump_thrice $victim "$2" "$4"
        else
                late "was not seen in the call: $(cat "$name.twin" "$name.victim")"
        fi
        wait $twin
        if [ $? -eq $NOT_HERE ]; then
                cp "$name.twin" "$name.none"
                return
        fi
        wait $victim
        case $? in
        0)      ;;
        142)    wrong 'did not come back: SIGALRM ended it' ;;
        *)      wrong "ended with status $?: $(cat "$name.victim")" ;;
        esac
        [ -e "$name.late" ] || judge "$2" "$4"
        rm -f "$name.img"
        [ -e "$name.late" ] || [ -e "$name.wrong" ] || : >"$name.right"
}

# Those in the file todo. One starts when there is a line in the fifo, and puts
# it back at its end, be that an error of the shell.
try_all() {                     # MS PLACES
        exec 9<>places
        i=0
        while [ $i -lt "$2" ]; do
                i=$((i + 1))
                echo >&9
        done
        while read -r name kind program; do
                read -r _ <&9
                { trap 'echo 1<>places' EXIT; try "$name" "$kind" "$program" "$1"; } 9>&- &
                reap $!
        done <todo
        wait
        t_reap=                 # nor kill who has their numbers now
        exec 9>&-
}

flawed() {                      # the lines of todo whose call was late, and not wrong
        while read -r name rest; do
                [ -e "$name.late" ] && [ ! -e "$name.wrong" ] && echo "$name $rest"
        done <todo
        return 0
}

for program in "$here"/victim-call*.c; do
        program=$(basename "$program" .c)
        "$VICTIMS/$program" list | sed "s/\$/ $program/"
done | sort -k 1b,1 >known            # NAME PROGRAM
table | sort -k 1b,1 >kinds
cut -d ' ' -f 1 known >calls
awk '{ print $1 }' kinds >named
ok 'the table has every call of victim-call*, once' diff -u calls named

mkfifo places
join kinds known >all
cp all todo
for round in 1 2 3; do          # a busy machine gets more time for what was late, and less to do at once
        try_all $((round * MS)) $(((AT_ONCE + round - 1) / round))
        flawed >todo.next
        mv todo.next todo
        [ -s todo ] || break
done

while read -r name kind _; do
        what="$name ends as its twin's does"
        case $kind in
        half)   what="$what, or says what it has done" ;;
        eintr)  what="$what, or with EINTR" ;;
        esac
        if [ -e "$name.none" ]; then
                skip "$what" "$(tail -n 1 "$name.none")"
        elif [ -e "$name.right" ]; then
                pass "$what"
        else
                [ -e "$name.wrong" ] || [ -e "$name.late" ] || late 'was not tried to its end'
                flunk "$what" "$(cat "$name.wrong" "$name.late" 2>/dev/null)"
        fi
done <all

done_testing
