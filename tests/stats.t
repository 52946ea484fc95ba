#!/bin/sh
# The --stats option tells requests, stops and time of infect, work and cure; the cure takes less than 18 and 5.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

few() {                         # LEG REQUESTS STOPS: less than that, and some time
        awk -v leg="$1" -v r="$2" -v s="$3" '
                $2 == "stats:" && $3 == leg && $5 == "ptrace" && $8 ~ /^stops/ && $10 == "us" {
                        n++; if ($4 >= r || $7 >= s || $9 > 1000000) bad = 1; print }
                END { exit n != 1 || bad }' stderr
}

victim sleep 1000
sleeper=$pid
victim "$VICTIMS/victim-regs" spin beat
spinner=$pid
for pid in "$sleeper" "$spinner"; do
        for catch in park breakpoint; do
                for trampoline in vdso inject; do
                        way="$catch, $trampoline, $(cat "/proc/$pid/comm")"
                        exits 0 "$way: dump" "$CRDUMP" --stats --catch=$catch --trampoline=$trampoline "$pid" img
                        is "$(grep -c 'stats:.* ptrace' stderr)" 3 "$way: three lines"
                        ok "$way: infect" few infect 100 100
                        ok "$way: work" few work 100 100
                        ok "$way: cure takes less than 18 requests and 5 stops" few cure 18 5
                        diag "$(grep stats: stderr)"
                done
        done
done

# Threads beside the first one are asked too: a line of their own, and the cure takes no more for it.
victim "$VICTIMS/victim-threads" 1 5 still
for catch in park breakpoint; do
        exits 0 "six threads, $catch: dump" "$CRDUMP" --stats --catch=$catch "$pid" img
        is "$(grep -c 'stats:.* ptrace' stderr)" 4 "six threads, $catch: four lines"
        ok "six threads, $catch: the others" few others 100 20
        ok "six threads, $catch: cure takes less than 18 requests and 5 stops" few cure 18 5
        diag "$(grep stats: stderr)"
done

exits 0 'without --stats' "$CRDUMP" "$sleeper" img
is "$(grep -c stats: stderr)" 0 'no such lines'

done_testing
