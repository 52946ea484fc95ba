#!/bin/sh
# SPDX-License-Identifier: MIT
# fuzz.sh [TARGET...] - libFuzzer on each target in turn, FUZZ_SECONDS in all; `make fuzz`
#
# What it learned stays in build/fuzz/corpus for the next time. A find is copied to
# build/fuzz/finds, and ends its target. Exit status 0: nothing was found.

set -u
cd "${0%/*}/../.." || exit 2
fuzz=$PWD/build/fuzz/fuzz
replay=build/asan/replay
logs=build/fuzz/logs
mkdir -p build/fuzz/finds $logs || exit 2

# A small image must never take much memory or time: in megabytes and seconds.
# (Of processor time targets.c allows less: the machine may have other work.)
limits='-rss_limit_mb=400 -malloc_limit_mb=64 -timeout=30 -max_len=65536'
export ASAN_OPTIONS=detect_leaks=1:handle_abort=1:allocator_may_return_null=1:quarantine_size_mb=32
export UBSAN_OPTIONS=print_stacktrace=1

all=$($replay --targets) || exit 2
# shellcheck disable=SC2046     # a list of words
[ $# -gt 0 ] || set -- $(echo "$all" | cut -f 1)
each=$((${FUZZ_SECONDS:-3600} / $#))
[ $each -gt 0 ] || each=1
found=0

number() {                      # LOG NAME: of libFuzzer's last statistics
        sed -n "s/^stat::$2: *//p" "$1" | tail -n 1
}

printf '%-16s %10s %8s %8s %8s %6s  %s\n' target executions seconds edges features inputs finds
for target; do
        folder=$(echo "$all" | sed -n "s/^$target\t//p")
        [ -n "$folder" ] || { echo "no such target: $target" >&2; exit 2; }
        corpus=build/fuzz/corpus/$target
        log=$logs/$target
        dict=tests/fuzz/$folder.dict
        [ -f "$dict" ] && dict=-dict=$dict || dict=
        mkdir -p "$corpus"
        start=$(date +%s)
        # shellcheck disable=SC2086     # a list of words
        FUZZ_TARGET=$target nice -n 19 "$fuzz" $limits $dict -max_total_time=$each -print_final_stats=1 -close_fd_mask=3 \
                -artifact_prefix="build/fuzz/finds/$target-" "$corpus" "tests/corpus/$folder" >"$log" 2>&1
        status=$?
        find=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        cov=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\).*/\1 \2 \3/p' "$log" | tail -n 1)
        # shellcheck disable=SC2046,SC2086
        printf '%-16s %10s %8s %8s %8s %6s  %s\n' "$target" "$(number "$log" number_of_executed_units)" \
                $(($(date +%s) - start)) ${cov:-- - -} "${find:-$([ $status = 0 ] && echo none || echo "exit status $status, see $log")}"
        [ $status = 0 ] && continue
        found=$((found + 1))
        grep -E '^(SUMMARY|[a-z-]+: |==[0-9]+==ERROR)|runtime error' "$log" | head -n 3
        [ -n "$find" ] && echo "again: FUZZ_TARGET=$target build/fuzz/fuzz $find    or: FUZZ_TARGET=$target $replay $find"
done
echo "fuzz: $# targets, $((each * $#)) seconds, $found found something"
[ $found = 0 ]
