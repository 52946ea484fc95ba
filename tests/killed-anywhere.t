#!/bin/sh
# SIGKILL to crdump at each of its calls, one after the other, harms no target.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

# For each place a victim of its own: one whose blob waits for the killed tool
# is away for two seconds, and there are some hundred places.
kill_at_each() {                # MODE CALL LAST OPTION...
        mode=$1
        call=$2
        last=$3
        shift 3
        n=0
        while [ $n -lt "$last" ]; do
                n=$((n + 1))
                # shellcheck disable=SC2086     # a word or none
                victim "$VICTIMS/victim-regs" "$mode" "beat.$call.$n" $nappers
                timeout -k 5 30 strace -f -o "log.$call.$n" -e "trace=$call" -e "inject=$call:signal=SIGKILL:when=$n" \
                        "$CRDUMP" -q "$@" "$pid" img >stdout 2>stderr
                status=$?
                grep -q 'killed by SIGKILL' "log.$call.$n" || break
                echo "$pid $out $call.$n" >>places
                [ "$(wc -l <places)" -lt "$at_once" ] || look_at_them
        done
        grep -q 'killed by SIGKILL' "log.$call.$n" && return
        dismiss "$pid"
        [ "$status" -eq 0 ] || diag "$call $n: status $status: $(cat stderr)"
}

goes_on() {                     # PID OUT BEATFILE
        beats_on "$3" 6 && beats_on "$3" 6 && ! grep corrupt "$2" && [ "$(tracer "$1")" = 0 ]
}

# Those of the file places; then they are dismissed.
look_at_them() {
        while read -r pid out place <&3; do
                if [ $harmed -lt 5 ] && ! goes_on "$pid" "$out" "beat.$place" >t.out 2>&1; then
                        harmed=$((harmed + 1))
                        alive "$pid" && how="state $(state "$pid")"
                        alive "$pid" || { wait "$pid"; how="it ended with $?"; }
                        diag "$way, killed at $place: $how; $(tail -n 1 "$out")"
                        cut -c 1-100 "log.$place" | tail -n 6 >log
                        diag_file log
                fi
                dismiss "$pid"
                rm -f "beat.$place"
                looked_at=$((looked_at + 1))
        done 3<places
        : >places
}

everywhere() {                  # MODE OPTION [NAPPERS]: threads beside that one, which are lent as well
        nappers=${3:-}
        way="$1, $2${nappers:+, $nappers nappers}"
        at_once=${nappers:+16}          # many threads that nap are a load
        at_once=${at_once:-1000}
        harmed=0
        looked_at=0
        : >places
        kill_at_each "$1" ptrace $((100 + ${nappers:-0} * 50)) "$2"
        kill_at_each "$1" wait4 $((20 + ${nappers:-0} * 4)) "$2"
        kill_at_each "$1" pwrite64 $((10 + ${nappers:-0})) "$2"
        kill_at_each "$1" process_vm_writev 10 "$2"
        kill_at_each "$1" pread64 8 "$2"
        look_at_them
        rm -f log.*
        is $harmed 0 "$way: no target harmed by $looked_at kills"
        ok "$way: that is at many places" test $looked_at -gt 40
}

everywhere mixed --catch=park
everywhere plain --catch=park
everywhere sleep --trampoline=inject
everywhere plain --trampoline=inject
everywhere sleep --catch=park 2

done_testing
