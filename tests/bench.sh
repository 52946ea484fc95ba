#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh - crdump beside gcore, CRIU and a plain write(), in one run; `make bench`
#
# Victims: a sleeping process; 64, 512 and 2048 MiB of memory in 4K pages, 512 in
# huge ones, 512 that it keeps writing to; 64 and 1,000 threads; 64 MiB down a
# pipe that takes 10 MB/s; 64 MiB of text for -z; 58 and 232 MiB with each page a mapping
# of its own, and 1,000 and 4,000 threads: four times as many shall take no more than
# five times. Ways of crdump: as it is, --stop, -z1 (up to 64 MiB: but for the text no
# page is like another, or gets shorter). CRIU where CRIU=/path/to/it is one that
# works. "of write" is the ratio to a write() of as many bytes as the image of --stop
# has, in the same round; "fork" is the victim's own fork(2), of which a pause cannot be
# shorter; "lost" how much of its work the victim did not do meanwhile.
# Figures are medians of ROUNDS (10) rounds.
#
#      OUT=FOLDER      images go there, not to tmpfs
#      SHORT=1         small victims, which shows that it works and no more

set -u
cd "${0%/*}/.." || exit 1
ROUNDS=${ROUNDS:-10}
sizes='64 512 2048' huge=512 writing=512 threads='64 1000' slow=64 rate=10 text=64 maps='58 232' many='1000 4000'
[ -z "${SHORT:-}" ] || sizes=8 huge=8 writing=8 threads=8 slow=8 rate=100 text=8 maps='1 4' many='16 64'

disk=
[ -z "${OUT:-}" ] || disk=$(mktemp -d "$OUT/crdump-bench.XXXXXX") || exit 1
of_write=1.0
[ -z "$disk" ] || of_write=1.15
# shellcheck source=tests/bench-lib.sh
. "$PWD/tests/bench-lib.sh"
out=${disk:-$dir}

dumped() {                      # TOOL OPTION...
        way=$1
        shift
        measure "$way" "$out/img" gaps "$crdump" "$@" "$victim" "$out/img"
        sed -n 's/.*paused \([0-9.]*\) ms.*/\1/p' log >>"told.$way"
}

streamed() {                    # TOOL OPTION...
        way=$1
        shift
        measure "$way" '' gaps "slow=$rate" "$crdump" "$@" "$victim" -
}

round() {                       # TOOL...
        for each; do
                case $each in
                crdump) dumped crdump ;;
                stop)   dumped stop --stop ;;
                z)      dumped z -z1 ;;
                z-one)  dumped z-one -z1 --stop ;;
                pipe)   streamed pipe ;;
                pipe-stop) streamed pipe-stop --stop ;;
                fork)   measure fork '' gaps sh -c "kill -USR1 $victim" ;;
                write)  measure write "$out/out" write "$out/out" "$(tail -n 1 results.stop | cut -d ' ' -f 5)" ;;
                gcore)  ! command -v gcore >/dev/null || measure gcore "$out/core.$victim" gaps gcore -o "$out/core" "$victim" ;;
                criu)   [ -z "${CRIU:-}" ] || mkdir "$out/criu"
                        [ -z "${CRIU:-}" ] || measure criu "$out/criu" gaps "$CRIU" dump -t "$victim" -D "$out/criu" -R -j --file-locks ;;
                esac
        done
}

# Every other round the other way round: what comes second finds in the caches what the first one has read.
rounds() {                      # TOOL...
        order=$*
        i=0
        while [ "$i" -lt "$ROUNDS" ]; do
                # shellcheck disable=SC2086     # words
                round $order
                order=$(echo "$order" | tr ' ' '\n' | tac | paste -sd ' ')
                i=$((i + 1))
        done
        stop_victim
}

ratio() {                       # TOOL N OTHER: column N to that of the other, round by round
        paste -d ' ' "results.$1" "results.$3" | awk -v n="$2" '{ print $n / $(n + 5) }' | median
}

line() {                        # TARGET TOOL WALL RATIO PAUSE RATIO WORST LOST PEAK SIZE
        printf '%-16s %-9s %9s %8s %9s %8s %9s %6s %8s %9s\n' "$@"
}

rows() {                        # NAME
        for tool in crdump fork stop z pipe pipe-stop gcore criu write; do
                [ -f "results.$tool" ] || continue
                of="$tool"
                [ ! -f results.write ] || of='write'
                # shellcheck disable=SC2046     # words
                set -- "$1" $(echo "$(column $tool 1) $(ratio $tool 1 $of) $(column $tool 2) $(ratio $tool 2 $of)" \
                                "$(sort -gk 2 "results.$tool" | tail -n 1 | cut -d ' ' -f 2) $(column $tool 4)" \
                                "$(column $tool 3) $(column $tool 5)" |
                        awk '{ printf "%.2f %.2f %.2f %.3f %.2f %.0f%% %.2f %.2f", \
                                $1 / 1000, $2, $3 / 1000, $4, $5 / 1000, $6 / 10, $7 / 1024, $8 / 1048576 }')
                if [ "$tool" = write ]; then
                        line "$1" $tool "$2" '' '' '' '' '' '' "$9"
                elif [ "$tool" = fork ]; then
                        line "$1" $tool '' '' "$4" "$5" "$6" '' '' ''
                elif [ $of = write ]; then
                        line "$1" "$tool" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9"
                else
                        line "$1" "$tool" "$2" '' "$4" '' "$6" "$7" "$8" "$9"
                fi
        done
}

goal() {                        # NAME VALUE LIMIT UNIT
        awk -v name="$1" -v value="$2" -v limit="$3" -v unit="$4" 'BEGIN {
                printf "%-6s %s: %.3f, to reach: under %s%s\n", value < limit ? "met" : "MISSED", name, value, limit, unit }' >>goals
}

goal_over() {                   # NAME VALUE LIMIT
        awk -v name="$1" -v value="$2" -v limit="$3" 'BEGIN {
                printf "%-6s %s: %.3f, to reach: %s\n", value >= limit ? "met" : "MISSED", name, value, limit }' >>goals
}

pause_ms() { column "$1" 2 | awk '{ print $1 / 1000 }'; }
peak_mib() { column "$1" 3 | awk '{ print $1 / 1024 }'; }

of_size() {                     # MIB
        start_victim "$1" spin gaps
        if [ "$1" -gt 64 ]; then
                rounds crdump fork stop write gcore criu
        else
                rounds crdump fork stop z write gcore criu
        fi
        rows "$1 MiB"
        goal "$1 MiB, peak memory" "$(peak_mib crdump)" 8 ' MiB'
        goal "$1 MiB, --stop, peak memory" "$(peak_mib stop)" 8 ' MiB'
        goal "$1 MiB, --stop, pause to plain write" "$(ratio stop 2 write)" 1.6 ''
        if [ "$1" -lt 1024 ]; then
                goal "$1 MiB, --stop, wall to plain write" "$(ratio stop 1 write)" 1.6 ''
        else
                goal "$1 MiB, pause" "$(pause_ms crdump)" "$((12 * $1 / 1024))" ' ms'
                goal "$1 MiB, pause as crdump says, to its own fork(2)" \
                        "$(echo "$(median <told.crdump) $(pause_ms fork)" | awk '{ print $1 / $2 }')" 1.15 ''
                goal "$1 MiB, wall to plain write" "$(ratio crdump 1 write)" "$of_write" ''
                goal "$1 MiB, --stop, wall to plain write" "$(ratio stop 1 write)" "$of_write" ''
        fi
        [ ! -f results.gcore ] || [ "$1" -lt 512 ] || goal "$1 MiB, pause to gcore's" "$(ratio crdump 2 gcore)" 0.05 ''
}

with_threads() {                # N
        start_victim 0 spin gaps "$(($1 - 1))"
        if [ "$1" -gt 64 ]; then
                rounds crdump stop criu         # gcore takes seconds
        else
                rounds crdump stop gcore criu
        fi
        rows "$1 threads"
        goal "$1 threads, pause" "$(pause_ms crdump)" "$(($1 > 64 ? 40 : 4))" ' ms'
}

# Of two victims, the second one to the first one.
scaled() {                      # FEW MANY WHAT COLUMN threads|maps
        few=$1 lots=$2 what=$3 nth=$4
        for n in "$few" "$lots"; do
                if [ "$5" = maps ]; then
                        start_victim "$n" spin gaps 0 maps
                else
                        start_victim 0 spin gaps "$n"
                fi
                rounds crdump stop
                rows "$n $what"
                column crdump "$nth" >"scale.$n"
        done
        goal "$lots $what to $few" "$(cat "scale.$lots" "scale.$few" | paste -sd ' ' | awk '{ print $1 / $2 }')" 5 ''
}

# One processor and two, of a victim that sleeps nearly all the time, and has none to itself. What pigz makes of the second one
# tells what there is to be had.
deflated() {                    # MIB
        start_victim "$1" tick gaps 0 text
        rounds crdump stop z write gcore
        rows "$1 MiB text"
        first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
        start_victim "$1" doze gaps 0 text
        "$crdump" -q --stop "$victim" "$out/img" || exit 1
        i=0
        while [ "$i" -lt "$ROUNDS" ]; do
                for way in two one; do
                        [ $way = one ] && cpus=$first || cpus=$(taskset -cp $$ | sed 's/.*: //')
                        measure "z.$way" "$out/z" gaps taskset -c "$cpus" "$crdump" --stop -z1 "$victim" "$out/z"
                        ! command -v pigz >/dev/null ||
                                measure "pigz.$way" "$out/img.gz" gaps taskset -c "$cpus" pigz -1 -k -f "$out/img"
                done
                i=$((i + 1))
        done
        stop_victim
        rm -f "$out/img"
        [ "$(nproc)" -eq 2 ] || return 0
        goal_over "$1 MiB text, -z1, one processor to two" "$(ratio z.one 1 z.two)" 1.9
        [ ! -f results.pigz.one ] || printf '%-6s %s: %.3f\n' '' "$1 MiB text, pigz -1, one processor to two" \
                "$(ratio pigz.one 1 pigz.two)" >>goals
}

printf '%s processors, Linux %s, %s rounds, into %s, %s\n%s\n\n' "$(nproc)" "$(uname -r)" "$ROUNDS" "${OUT:-tmpfs}" \
        "$(date -u +%Y-%m-%d)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
line target tool 'wall ms' 'of write' 'pause ms' 'of write' 'worst ms' lost 'peak MiB' 'image MiB'

start_victim 0 tick gaps
rounds crdump stop gcore criu
rows 'sleeping'
goal 'sleeping, peak memory' "$(peak_mib crdump)" 8 ' MiB'
goal 'sleeping, pause' "$(pause_ms crdump)" 0.5 ' ms'
goal 'sleeping, as crdump says' "$(median <told.crdump)" 0.5 ' ms'
for mib in $sizes; do
        of_size "$mib"
done
start_victim $huge spin gaps 0 huge
rounds crdump fork stop write gcore
rows "$huge MiB huge"
start_victim $writing write gaps
rounds crdump fork stop write gcore
rows "$writing MiB busy"
for n in $threads; do
        with_threads "$n"
done
start_victim $slow spin gaps
rounds pipe pipe-stop
rows "$slow MiB slow"
deflated $text
# shellcheck disable=SC2086     # two numbers
scaled $maps 'MiB maps' 1 maps
# shellcheck disable=SC2086
scaled $many more 2 threads
echo
cat goals
