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
# shellcheck source=tests/bench-lib.sh
. "$PWD/tests/bench-lib.sh"

ms() {                          # TOOL N
        column "$1" "$2" | awk '{ printf "%.3f", $1 / 1000 }'
}

printf '# %s, Linux %s, %s rounds\n' "$(date -u +%Y-%m-%d)" "$(uname -r)" "$rounds"
echo '# MiB, then wall and pause in ms: crdump, --stop, gcore; a plain write'
for mib in $sizes; do
        start_victim "$mib" spin gaps
        i=0
        while [ "$i" -lt "$rounds" ]; do
                measure crdump img gaps "$crdump" "$victim" img
                measure stop img gaps "$crdump" --stop "$victim" img
                measure gcore "core.$victim" gaps gcore -o core "$victim"
                i=$((i + 1))
        done
        stop_victim             # it and the writer are both as large, and so is what is written
        while [ "$i" -gt 0 ]; do
                measure write out write out "$((mib * 1048576))"
                i=$((i - 1))
        done
        echo "$mib $(ms crdump 1) $(ms crdump 2) $(ms stop 1) $(ms stop 2)" \
                "$(ms gcore 1) $(ms gcore 2) $(ms write 1)"
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
sed -i '1s/$/\n<!-- SPDX-License-Identifier: MIT -->/' "$svg"
echo "drawn: $svg"
