#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh [MIB...] - crdump beside gcore and a plain write(), in one run; `make bench`
#
# For a sleeping process and for each MIB (64 512 2048) of private memory, into
# tmpfs: wall time, pause as the victim sees it, peak memory, size of the image.
# "of write" is the ratio to a write() of as many bytes as crdump's image has,
# in the same round. All figures are medians of ROUNDS (5) rounds.

set -u
cd "${0%/*}/.." || exit 1
ROUNDS=${ROUNDS:-5}
crdump=${CRDUMP:-$PWD/crdump}
tests=$PWD/build/tests

dir=$(mktemp -d /dev/shm/crdump-bench.XXXXXX) || exit 1
victim=
stop_victim() {
        [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && wait "$victim" 2>/dev/null
        victim=
}
trap 'stop_victim; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
cd "$dir" || exit 1

start_victim() {                # MIB spin|tick
        "$tests/bench-victim" "$1" "$2" gaps >ready &
        victim=$!
        until grep -q ready ready; do
                kill -0 "$victim" 2>/dev/null || exit 1
                sleep 0.05
        done
}

# Appends a line "WALL_US GAP_US PEAK_KIB BYTES" to results.TOOL.
measure() {                     # TOOL OUTPUT COMMAND...
        tool=$1
        output=$2
        shift 2
        line=$("$tests/bench-run" "$@" 2>log | tail -n 1)       # after what the command itself said
        if [ ! -s "$output" ]; then
                echo "bench: $tool failed:" >&2
                cat log >&2
                exit 1
        fi
        echo "$line $(stat -c %s "$output")" >>"results.$tool"
}

round() {
        measure crdump img gaps "$crdump" "$victim" img
        sed -n 's/.*paused \([0-9.]* [a-zµ]*\).*/\1/p' log >>told
        bytes=$(stat -c %s img)
        rm -f img
        measure write out write out "$bytes"
        rm -f out
        if command -v gcore >/dev/null; then
                measure gcore "core.$victim" gaps gcore -o core "$victim"
                rm -f core.*
        fi
}

median() {                      # of numbers, one a line
        sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

column() {                      # TOOL N
        awk -v n="$2" '{ print $n }' "results.$1" | median
}

ratio() {                       # TOOL N: column N to that of write, round by round
        paste -d ' ' "results.$1" results.write | awk -v n="$2" '{ print $n / $(n + 4) }' | median
}

rows() {                        # NAME
        for tool in crdump gcore write; do
                [ -f "results.$tool" ] || continue
                row=$(printf '%s\t%s\t' "$1" "$tool"
                        echo "$(column $tool 1) $(ratio $tool 1) $(column $tool 2) $(ratio $tool 2)" \
                                "$(column $tool 3) $(column $tool 4)")
                echo "$row" | awk -F '\t' -v what="$tool" '{
                        split($3, v, " ")
                        if (what == "write")
                                printf "%-16s %-8s %9.2f %8s %9s %8s %9s %9.2f\n", $1, $2, v[1] / 1000, "", "", "", "", v[6] / 1048576
                        else
                                printf "%-16s %-8s %9.2f %8.2f %9.2f %8.2f %9.2f %9.2f\n", $1, $2, v[1] / 1000, v[2], \
                                        v[3] / 1000, v[4], v[5] / 1024, v[6] / 1048576
                }'
        done
}

goal() {                        # NAME VALUE LIMIT UNIT
        awk -v name="$1" -v value="$2" -v limit="$3" -v unit="$4" 'BEGIN {
                printf "%-6s %s: %.2f, to reach: under %s%s\n", value < limit ? "met" : "MISSED", name, value, limit, unit }'
}

printf '%s processors, Linux %s, %s rounds, into tmpfs\n\n' "$(nproc)" "$(uname -r)" "$ROUNDS"
printf '%-16s %-8s %9s %8s %9s %8s %9s %9s\n' target tool 'wall ms' 'of write' 'pause ms' 'of write' 'peak MiB' 'image MiB'

bench() {                       # NAME MIB spin|tick
        rm -f results.* told
        start_victim "$2" "$3"
        i=0
        while [ "$i" -lt "$ROUNDS" ]; do
                round
                i=$((i + 1))
        done
        stop_victim
        rows "$1"
        goal "$1, peak memory, MiB" "$(column crdump 3 | awk '{ print $1 / 1024 }')" 4 ' MiB' >>goals
        if [ "$3" = tick ]; then
                goal "$1, pause, ms" "$(column crdump 2 | awk '{ print $1 / 1000 }')" 3 ' ms' >>goals
                printf '%16s %-8s says it was paused %s\n' '' '' "$(sort -g told | sed -n "$(((ROUNDS + 1) / 2))p")"
        else
                goal "$1, wall to plain write" "$(ratio crdump 1)" 1.6 '' >>goals
                goal "$1, pause to plain write" "$(ratio crdump 2)" 1.6 '' >>goals
        fi
}

bench 'sleeping' 0 tick
[ $# -gt 0 ] || set -- 64 512 2048
for mib; do
        bench "$mib MiB" "$mib" spin
done
echo
cat goals
