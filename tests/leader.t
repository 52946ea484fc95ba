#!/bin/sh
# A process whose first thread has ended is dumped through one that lives, memory and all, and goes on.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

background "$VICTIMS/victim-crowd" leader beat
await 10 grep -q '^ready' "$out" || bail 'the victim did not start'
await 5 in_state "$pid" Z || bail 'its first thread does not end'

# fingerprint() wants a first thread: all of it through another one
as_seen() {
        live=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid" -printf '%f\n' | sort -n)
        echo "threads $live"
        for tid in $live; do
                cat "/proc/$pid/task/$tid/maps"
                grep -E '^(TracerPid|Sig(Pnd|Blk|Ign|Cgt)|ShdPnd|Cap...):' "/proc/$pid/task/$tid/status"
                find "/proc/$pid/task/$tid/fd" -type l -printf '%f %l\n' | sort
        done
        code_pages "$pid/task/${live##*[!0-9]}"
}

as_seen >before
for way in --catch=park --catch=breakpoint; do
        exits 0 "dump, $way" "$CRDUMP" $way "$pid" img
        diag_file stderr
        beats_on beat || flunk "$way: goes on"
        as_seen >after
        ok "$way: as it was" diff -u before after
        exits 0 "$way: whole image" "$CRDUMP" check img
done
is "$(state "$pid")" Z 'the first thread is still what it was'

"$CRDUMP" show --all img >shown
ok 'show says through which thread' grep -q 'first thread has ended' shown
ok 'show has the mappings' grep -q 'victim-crowd' shown
is "$("$VICTIMS/readimg" img threads | awk '{ print $1 }' | sort -n | tr '\n' ' ')" \
        "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid" -printf '%f\n' | sort -n | tr '\n' ' ')" \
        'the living threads are in the image'

# shellcheck disable=SC2046     # an address and a number
set -- $(sed -n 's/^memory //p' "$out")
address=$1
pages=$2
"$VICTIMS/readimg" img mem "$address" $((pages * 4096)) >memory
is "$(wc -c <memory)" $((pages * 4096)) 'its memory is in the image'
is "$(tr -s 'A-Z' <memory)" "$(printf ABCDEFGHIJKLMNOPQRSTUVWXYZ | cut -c "1-$pages")" 'with the right content'
is "$("$VICTIMS/readimg" img kinds "$address" "$pages" | tr -d '\n' | sed 's/d*//')" '' 'as data'
is "$("$VICTIMS/readimg" img proc | grep -c '^exe ')" 1 'the file of its program is known'
sed -n 's/^NStgid:[[:space:]]*//p' "/proc/$pid/status" | tr '\t' ' ' >pids
is "$("$VICTIMS/readimg" img str 11)" "$(cat pids)" 'its pid is that of the process'
is "$("$VICTIMS/readimg" img chunks | grep -cE ' (RLIM|TIMR) ')" 2 'its limits and timers are there'

# and by a second way, without the parasite
exits 0 'dump with a swapped-in trampoline' "$CRDUMP" --trampoline=inject "$pid" img
ok 'goes on after all' beats_on beat
is "$(grep wrong "$out")" '' 'no call went wrong'

done_testing
