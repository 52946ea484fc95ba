#!/bin/sh
# A stopped process is dumped and stays stopped, one stopped or continued meanwhile ends as it should, and no parent sees more.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

if [ "${CRDUMP_FULL:-}" = 1 ]; then each=1; else each=9; fi     # try every so many-th place

# A parent $pid with its $out, and its $child, which counts in the file $beats.
family() {                      # THREADS|tty
        beats=beat.$t_started
        victim "$VICTIMS/victim-stops" "$beats" "$1"
        child=$(sed -n 's/^child //p' "$out")
        reap "$child"
}

# What waitpid said, in order, then each SIGCHLD: CLD_STOPPED is 5, CLD_CONTINUED is 6.
events() { { grep -E '^(stopped|continued|ended)' "$out"; grep '^sigchld' "$out"; } | tr '\n' ' '; }

saw() { [ "$(events)" = "$1" ]; }

parent_saw() {                  # EVENTS NAME: these, and soon
        await 5 saw "$1"
        is "$(events)" "$1" "$2"
}

stopped_by() { printf 'stopped %s sigchld 5 ' "$1"; }
continued_after() { printf 'stopped %s continued sigchld 5 sigchld 6 ' "$1"; }

# --- stopped before ----------------------------------------------------------

every_way() {                   # WHAT SIGNAL_NUMBER
        await 5 in_state "$child" T || bail "$1: the victim did not stop"
        await 5 saw "$(stopped_by "$2")"
        at_rest "$child" >before
        for way in '--trampoline=vdso' '--trampoline=inject' '--catch=breakpoint' '--trampoline=inject --catch=breakpoint'; do
                # shellcheck disable=SC2086
                exits 0 "$1, $way: dump" "$CRDUMP" $way "$child" img
                unchanged "$1, $way: still stopped, and as it was" "$child" before '^anonymous code'
        done
        beat_before=$(beat "$beats")
        parent_saw "$(stopped_by "$2")" "$1: its parent saw it stop, and no more by four dumps"
        is "$(beat "$beats")" "$beat_before" "$1: it did not run"
}

wakes() {                       # WHAT SIGNAL_NUMBER
        ok "$1: runs after SIGCONT" beats_on "$beats"
        parent_saw "$(continued_after "$2")" "$1: its parent saw it go on"
        dismiss "$pid"
}

for threads in 1 3; do
        for signal in STOP TSTP; do
                what="SIG$signal, $threads thread(s)"
                family $threads
                beats_on "$beats" || bail 'the victim does not run'
                kill -$signal "$child"
                [ $signal = STOP ] && number=19 || number=20
                every_way "$what" $number
                kill -CONT "$child"
                wakes "$what" $number
        done
done

family tty
every_way SIGTTIN 21
kill -USR1 "$pid"
wakes SIGTTIN 21

# --- in the middle of a dump ------------------------------------------------------

stopped_threads() {             # PID: those that a tracer has stopped, and how often they were switched
        for task in "/proc/$1/task"/*; do
                grep -q '^State:.t' "$task/status" 2>/dev/null && echo "$task $(grep ctxt "$task/status" 2>/dev/null | tr '\n' ' ')"
        done
}

# The tracing process, once a thread of it is held where strace lets it wait: stopped, without a switch meanwhile.
held() {
        by=$(tracer "$child")
        [ "${by:-0}" != 0 ] || return
        stopped_threads "$by" >held.before
        sleep 0.03                      # a stop at each traced call is shorter
        stopped_threads "$by" | grep -Fxq -f held.before
}

# A dump that waits at the nth CALL; there SIGNAL is sent. False when it does not come to that.
meanwhile() {                   # SIGNAL CALL N
        # shellcheck disable=SC2086
        timeout -k 5 30 strace -f -qq -o log -e "trace=$2" -e "inject=$2:delay_enter=250000:when=$3" \
                "$CRDUMP" -q $options "$child" img >stdout 2>stderr &
        dumper=$!
        sent=no
        t_end=$(($(date +%s) + 20))
        while alive $dumper && [ "$(date +%s)" -lt $t_end ]; do
                held || continue
                kill "-$1" "$child"
                sent=yes
                break
        done
        wait $dumper
        status=$?
        [ $sent = yes ]
}

complain() {                    # TEXT
        complaints=$((complaints + 1))
        diag "$place: $1"
        diag_file stderr
}

expect() {                      # EVENTS: what its parent saw; the child runs if it saw that it went on
        await 3 saw "$1" || complain "its parent saw '$(events)', not '$1'"
        case $1 in
        *continued*)    beats_on "$beats" 5 || complain "does not run: state $(state "$child")" ;;
        *)              await 2 in_state "$child" T || complain "is not stopped: state $(state "$child")" ;;
        esac
        [ $status -eq 0 ] || complain "the dump ended with $status"
        is_traced "$child" && complain 'is still traced'
}

everywhere() {                  # CALL [OPTION...]
        call=$1
        shift
        options=$*
        complaints=0
        places=0
        nth=$each
        while [ $complaints -lt 4 ]; do
                place="$call $nth $options"
                family 3
                beats_on "$beats" || bail 'the victim does not run'
                case $((nth / each % 2)) in
                1)      signal=STOP number=19 ;;
                0)      signal=TSTP number=20 ;;
                esac
                meanwhile $signal "$call" $nth || break
                place="SIG$signal at $call $nth $options"
                expect "$(stopped_by $number)"
                place="SIGCONT at $call $nth $options, after a SIG$signal there"
                if meanwhile CONT "$call" $nth; then
                        expect "$(continued_after $number)"
                fi
                dismiss "$pid"
                places=$((places + 1))
                nth=$((nth + each))
        done
        is $complaints 0 "SIGSTOP or SIGTSTP to a running, SIGCONT to a stopped one at $places places of $call${options:+, $options}"
        case ${WAY:-}.$call in
        try.process_vm_readv)   return ;;       # a twin is read, when it runs again
        esac
        ok "$call${options:+, $options}: these are several places" test $places -gt 3
}

need strace
everywhere ptrace
everywhere ptrace --catch=breakpoint
everywhere ptrace --trampoline=inject
saved=$each
each=1
everywhere process_vm_readv
each=$saved

# --- a shell with job control ----------------------------------------------------------

need script bash

typed() { printf '%s\n' "$*" >&3; }

shows() { tr -d '\r' <typescript | grep -Eq -- "$1"; }

mkfifo keys
TERM=dumb PS1='$ ' setsid -w script -qfc 'bash --norc --noprofile -i' typescript <keys >/dev/null 2>&1 &
shell=$!
reap $shell
exec 3>keys
typed 'sleep 1000 & echo job=$! shell=$$'
await 10 shows 'job=[0-9]+' || bail 'no interactive shell'
job=$(tr -d '\r' <typescript | sed -n 's/.*job=\([0-9][0-9]*\) .*/\1/p')
self=$(tr -d '\r' <typescript | sed -n 's/.*job=[0-9][0-9]* shell=//p')
reap "$job" "$self"
exits 0 'a job in the background: dump' "$CRDUMP" "$job" img
exits 0 'its shell: dump' "$CRDUMP" "$self" img
typed "'$CRDUMP' -q $job img; echo dumped=\$?"
ok 'dumped by a command of that shell' await 10 shows 'dumped=0'
typed "'$CRDUMP' -q \$\$ img; echo itself=\$?"
ok 'the shell dumped by a command of its own' await 10 shows 'itself=0'
typed 'fg %1'
await 10 shows '(^|[^ ])sleep 1000$'
exits 0 'a job in the foreground: dump' "$CRDUMP" "$job" img
exits 0 'its waiting shell: dump' "$CRDUMP" "$self" img
ok 'the shell says Stopped of none of them' sh -c '! grep -i stopped typescript'
kill -TSTP "$job"
ok 'but of one that is stopped' await 10 shows 'Stopped'
typed 'echo more=$((6 * 7))'
ok 'the shell goes on' await 10 shows 'more=42'
exec 3>&-

done_testing
