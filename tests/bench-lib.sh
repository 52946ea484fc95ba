# SPDX-License-Identifier: MIT
# bench-lib.sh - a victim, and runs that are measured beside it: sourced by bench.sh and bench-plot.sh
#
# From the top of the tree; goes into a folder of its own in memory, $dir, which is
# removed at the end, as is $disk if the caller has set that.

# shellcheck shell=sh disable=SC2034

disk=${disk:-}
crdump=${CRDUMP:-$PWD/crdump}
tests=$PWD/build/tests
dir=$(mktemp -d /dev/shm/crdump-bench.XXXXXX) || exit 1
victim=
stop_victim() {
        [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && wait "$victim" 2>/dev/null
        victim=
}
trap 'stop_victim; rm -rf "$dir" "$disk"' EXIT
trap 'exit 130' INT TERM HUP
cd "$dir" || exit 1

start_victim() {                # WHAT bench-victim WANTS
        rm -f gaps ready results.* told.*
        "$tests/bench-victim" "$@" >ready &
        victim=$!
        until grep -qs ready ready; do
                kill -0 "$victim" 2>/dev/null || exit 1
                sleep 0.05
        done
}

# Appends a line "WALL_US GAP_US PEAK_KIB LOST BYTES" to results.TOOL. Without an OUTPUT there are no BYTES: 0.
measure() {                     # TOOL OUTPUT COMMAND...
        tool=$1
        output=$2
        shift 2
        line=$("$tests/bench-run" "$@" 2>log | tail -n 1)       # after what the command itself said
        if [ -n "$output" ] && ! [ -s "$output" ]; then
                echo "bench: $tool failed:" >&2
                cat log >&2
                exit 1
        fi
        bytes=0
        [ -z "$output" ] || bytes=$(du -sb "$output" | cut -f 1)
        echo "$line $bytes" >>"results.$tool"
        [ -z "$output" ] || rm -rf "$output"
}

median() {                      # of numbers, one a line
        sort -g | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

column() {                      # TOOL N
        awk -v n="$2" '{ print $n }' "results.$1" | median
}
