#!/bin/sh
# Both processes of a dump are killed, the second one while it reaps the twin: a sleep that they stopped twice is not cut short.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

need strace perl

# After the first stop it is in restart_syscall(2), which tells nobody what it restarts, until its time is up.
napper() {
        # shellcheck disable=SC2016
        victim perl -e '$| = 1; $x = "crdump" x 1500000;
                for (;;) { $nap = pack("q2", 5, 0); print syscall(35, $nap, 0) ? "cut short: $!\n" : "slept\n" }'
        started=$pid
}

# The parent is killed at its Nth CALL.
kill_both() {                   # CALL N
        begin "$1 $2" strace -o "log.$1.$2" -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2"
        kill -9 "$tracing"
        wait $dump 2>/dev/null
        status=$?
        dismiss $reader
}

for call in ptrace wait4 pwrite64; do
        n=0
        [ $call = wait4 ] && n=1        # the first one is for the process that is killed before
        killed=yes
        while [ $killed = yes ] && [ $n -lt 60 ]; do
                n=$((n + 1))
                napper
                kill_both $call $n
                echo "$call.$n $pid $out" >>places
                grep -q 'killed by SIGKILL' "log.$call.$n" || killed=no
        done
        is $status 1 "$call: not killed at the ${n}th: status 1" || diag_file said
done

has_slept() { ! alive "$nap" || grep -Eq 'slept|cut' "$out"; }

short=0
while read -r place nap out <&3; do
        await 20 has_slept
        grep -q slept "$out" && ! grep -q cut "$out" && [ "$(tracer "$nap")" = 0 ] && continue
        short=$((short + 1))
        diag "$place: state $(state "$nap"), $(tr '\n' ' ' <"$out")"
done 3<places
is $short 0 "none of $(grep -c . places) sleeps was cut short"
ok 'these are many places' test "$(grep -c . places)" -gt 20

done_testing
