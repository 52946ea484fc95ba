#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh [MIB...] - crdump beside gcore and a plain write(), in one run; `make bench`
#
# For a sleeping process, for each MIB (64 512 2048) of private memory and for 64
# and 1,000 threads, into tmpfs (or OUT, a folder): wall time, pause as the victim
# sees it (of threads: as crdump says), the longest of these, peak memory, size of
# the image. Three ways of crdump: as it is, --stop, and -z (up to 64 MiB: no page
# of the victim is like another, or gets shorter). "of write" is the
# ratio to a write() of as many bytes as the image of --stop has, in the same
# round. Figures are medians of ROUNDS (10) rounds.

set -u
cd "${0%/*}/.." || exit 1
ROUNDS=${ROUNDS:-10}
crdump=${CRDUMP:-$PWD/crdump}
tests=$PWD/build/tests

dir=$(mktemp -d /dev/shm/crdump-bench.XXXXXX) || exit 1
disk=
[ -z "${OUT:-}" ] || disk=$(mktemp -d "$OUT/crdump-bench.XXXXXX") || exit 1
out=${disk:-$dir}
victim=
stop_victim() {
        [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && wait "$victim" 2>/dev/null
        victim=
}
trap 'stop_victim; rm -rf "$dir" "$disk"' EXIT
trap 'exit 130' INT TERM HUP
cd "$dir" || exit 1

start_victim() {                # COMMAND...
        "$@" >ready &
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
        rm -f "$output"
}

dumped() {                      # TOOL OPTION...
        way=$1
        shift
        measure "$way" "$out/img" gaps "$crdump" "$@" "$victim" "$out/img"
        sed -n 's/.*paused \([0-9.]*\) ms.*/\1/p' log >>"told.$way"
}

round() {
        dumped crdump
        dumped stop --stop
        bytes=$(tail -n 1 results.stop | cut -d ' ' -f 4)
        [ "$mib" -gt 64 ] || dumped z -z
        measure write "$out/out" write "$out/out" "$bytes"
        if command -v gcore >/dev/null; then
                measure gcore "$out/core.$victim" gaps gcore -o "$out/core" "$victim"
        fi
}

median() {                      # of numbers, one a line
        sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

column() {                      # TOOL N
        awk -v n="$2" '{ print $n }' "results.$1" | median
}

ratio() {                       # TOOL N OTHER: column N to that of the other, round by round
        paste -d ' ' "results.$1" "results.$3" | awk -v n="$2" '{ print $n / $(n + 4) }' | median
}

line() {                        # TARGET TOOL WALL RATIO PAUSE RATIO WORST PEAK SIZE
        printf '%-13s %-7s %9s %8s %9s %8s %9s %8s %9s\n' "$@"
}

rows() {                        # NAME
        for tool in crdump stop z gcore write; do
                [ -f "results.$tool" ] || continue
                # shellcheck disable=SC2046     # words
                set -- "$1" $(echo "$(column $tool 1) $(ratio $tool 1 write) $(column $tool 2) $(ratio $tool 2 write)" \
                                "$(sort -gk 2 "results.$tool" | tail -n 1 | cut -d ' ' -f 2) $(column $tool 3) $(column $tool 4)" |
                        awk '{ printf "%.2f %.2f %.2f %.3f %.2f %.2f %.2f", \
                                $1 / 1000, $2, $3 / 1000, $4, $5 / 1000, $6 / 1024, $7 / 1048576 }')
                if [ $tool = write ]; then
                        line "$1" $tool "$2" '' '' '' '' '' "$8"
                else
                        line "$1" $tool "$2" "$3" "$4" "$5" "$6" "$7" "$8"
                fi
        done
}

goal() {                        # NAME VALUE LIMIT UNIT
        awk -v name="$1" -v value="$2" -v limit="$3" -v unit="$4" 'BEGIN {
                printf "%-6s %s: %.3f, to reach: under %s%s\n", value < limit ? "met" : "MISSED", name, value, limit, unit }'
}

goals() {                       # NAME MIB
        goal "$1, peak memory" "$(column crdump 3 | awk '{ print $1 / 1024 }')" 8 ' MiB'
        goal "$1, --stop, peak memory" "$(column stop 3 | awk '{ print $1 / 1024 }')" 4 ' MiB'
        if [ "$2" -eq 0 ]; then
                goal "$1, pause" "$(column crdump 2 | awk '{ print $1 / 1000 }')" 0.5 ' ms'
                goal "$1, as crdump says" "$(median <told.crdump)" 0.5 ' ms'
                return
        fi
        goal "$1, --stop, wall to plain write" "$(ratio stop 1 write)" 1.6 ''
        goal "$1, --stop, pause to plain write" "$(ratio stop 2 write)" 1.6 ''
        [ "$2" -lt 1024 ] || goal "$1, pause" "$(column crdump 2 | awk '{ print $1 / 1000 }')" "$((12 * $2 / 1024))" ' ms'
        [ "$2" -lt 1024 ] || goal "$1, wall to plain write" "$(ratio crdump 1 write)" 1.0 ''
        [ "$2" -lt 1024 ] || goal "$1, --stop, wall to plain write" "$(ratio stop 1 write)" 1.0 ''
        [ ! -f results.gcore ] || [ "$2" -lt 512 ] || goal "$1, pause to gcore's" "$(ratio crdump 2 gcore)" 0.05 ''
}

bench() {                       # NAME MIB spin|tick
        rm -f results.* told.*
        start_victim "$tests/bench-victim" "$2" "$3" gaps
        i=0
        while [ "$i" -lt "$ROUNDS" ]; do
                round
                i=$((i + 1))
        done
        stop_victim
        rows "$1"
        goals "$1" "$2" >>goals
}

threads() {                     # N LIMIT
        rm -f told.*
        start_victim "$tests/victim-threads" 1 "$(($1 - 2))" still
        i=0
        while [ "$i" -lt "$ROUNDS" ]; do
                "$crdump" "$victim" "$out/img" 2>log || exit 1
                sed -n 's/.*paused \([0-9.]*\) ms.*/\1/p' log >>told.crdump
                i=$((i + 1))
        done
        stop_victim
        line "$1 threads" crdump '' '' "$(median <told.crdump)" '' "$(sort -g told.crdump | tail -n 1)" '' \
                "$(stat -c %s "$out/img" | awk '{ printf "%.2f", $1 / 1048576 }')"
        goal "$1 threads, pause" "$(median <told.crdump)" "$2" ' ms' >>goals
}

printf '%s processors, Linux %s, %s rounds, into %s, %s\n\n' "$(nproc)" "$(uname -r)" "$ROUNDS" "${OUT:-tmpfs}" "$(date -u +%Y-%m-%d)"
line target tool 'wall ms' 'of write' 'pause ms' 'of write' 'worst ms' 'peak MiB' 'image MiB'
mib=0
bench 'sleeping' 0 tick
[ $# -gt 0 ] || set -- 64 512 2048
for mib; do
        bench "$mib MiB" "$mib" spin
done
threads 64 4
threads 1000 40
echo
cat goals
