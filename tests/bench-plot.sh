#!/bin/sh
# SPDX-License-Identifier: MIT
# bench-plot.sh [SVG] - time and pause against size, from 1 MiB to 8 GiB; `make plot`
#
# For a process with that much private memory in 4K pages, each page of it other
# than all others: crdump as it is, --stop, gcore, and a write() of as many bytes, into tmpfs.
# Prints a table (medians of ROUNDS, 3), and draws it as bench.svg.

set -u
cd "${0%/*}/.." || exit 1
svg=${1:-$PWD/bench.svg}
rounds=${ROUNDS:-3}
sizes=${SIZES:-1 4 16 64 256 1024 4096 8192}
tests=$PWD/build/tests
crdump=${CRDUMP:-$PWD/crdump}

dir=$(mktemp -d /dev/shm/crdump-plot.XXXXXX) || exit 1
victim=
stop_victim() {
        [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && wait "$victim" 2>/dev/null
        victim=
}
trap 'stop_victim; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
cd "$dir" || exit 1

measure() {                     # TOOL OUTPUT COMMAND...: "WALL_US GAP_US" more in its file
        tool=$1
        output=$2
        shift 2
        "$tests/bench-run" "$@" 2>log | tail -n 1 | cut -d ' ' -f 1,2 >>"$tool"
        if ! [ -s "$output" ]; then
                echo "plot: $tool failed:" >&2
                cat log >&2
                exit 1
        fi
        rm -f "$output"
}

median() {                      # TOOL N: in ms
        cut -d ' ' -f "$2" "$1" | sort -g | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] / 1000 }'
}

printf '# %s, Linux %s, %s rounds\n' "$(date -u +%Y-%m-%d)" "$(uname -r)" "$rounds"
echo '# MiB, then wall and pause in ms: crdump, --stop, gcore; a plain write'
for mib in $sizes; do
        rm -f crdump stop gcore write ready gaps
        "$tests/bench-victim" "$mib" spin gaps >ready &
        victim=$!
        until grep -qs ready ready; do
                kill -0 "$victim" 2>/dev/null || exit 1
                sleep 0.05
        done
        i=0
        while [ "$i" -lt "$rounds" ]; do
                measure crdump img gaps "$crdump" "$victim" img
                measure stop img gaps "$crdump" --stop "$victim" img
                measure gcore "core.$victim" gaps gcore -o core "$victim"
                measure write out write out "$((mib * 1048576))"
                i=$((i + 1))
        done
        stop_victim
        echo "$mib $(median crdump 1) $(median crdump 2) $(median stop 1) $(median stop 2)" \
                "$(median gcore 1) $(median gcore 2) $(median write 1)"
done | tee data | grep -v '^#' >points
cat data

gnuplot <<EOF
set terminal svg size 900,560 font "sans-serif,13" background "white"
set output "$svg"
set logscale xy
set xlabel "memory of the process, MiB"
set ylabel "ms"
set format y "%g"
set xrange [0.8:10500]
set key top left
set grid
set title "crdump, gcore and a plain write() into tmpfs: time (lines) and pause (dashes)"
plot "points" using 1:2 with linespoints lw 2 lc rgb "#1f6fb2" pt 7 title "crdump, time", \\
     "points" using 1:3 with linespoints lw 2 dt 2 lc rgb "#1f6fb2" pt 6 title "crdump, pause", \\
     "points" using 1:4 with linespoints lw 2 lc rgb "#3a9a5b" pt 5 title "crdump --stop, time", \\
     "points" using 1:5 with linespoints lw 2 dt 2 lc rgb "#3a9a5b" pt 4 title "crdump --stop, pause", \\
     "points" using 1:6 with linespoints lw 2 lc rgb "#b8432f" pt 9 title "gcore, time", \\
     "points" using 1:7 with linespoints lw 2 dt 2 lc rgb "#b8432f" pt 8 title "gcore, pause", \\
     "points" using 1:8 with linespoints lw 2 lc rgb "#666666" pt 13 title "write(), time"
EOF
echo "drawn: $svg"
