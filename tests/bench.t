#!/bin/sh
# The bench runs, with small victims, and tells of each of them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gcore taskset
exits 0 'bench' env SHORT=1 ROUNDS=1 OUT="$scratch" sh "$here/bench.sh"
row() {                         # TARGET TOOL: it has a line with a time and a pause, neither of them 0
        ok "$1: $2" awk -v start="$1 " -v tool="$2" '
                index($0, start) == 1 { for (i = 1; i < NF; i++) if ($i == tool && $(i + 1) > 0 && NF > i + 1) found = 1 }
                END { exit !found }' stdout
}
for target in 'sleeping' '8 MiB' '8 MiB huge' '8 MiB busy' '8 threads' '8 MiB text'; do
        for tool in crdump stop gcore; do
                row "$target" $tool
        done
done
for tool in z fork write; do
        row '8 MiB' $tool
done
for tool in pipe pipe-stop; do
        row '8 MiB slow' $tool
done
ok 'goals, met or not' grep -qE '^(met|MISSED) +8 MiB, peak memory: ' stdout
is "$(find "$scratch" -name 'crdump-bench*')" '' 'nothing is left behind'

done_testing
