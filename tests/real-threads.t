#!/bin/sh
# Sixty-four threads, some spinning, some asleep, all go on as they should while they are dumped.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-threads" 31 32
n=0
while [ $n -lt 12 ]; do
        "$CRDUMP" "$(way_in_turn $n)" "$pid" img >stdout 2>stderr || break
        n=$((n + 1))
done
is $n 12 'twelve dumps'
diag_file stderr
says '64 threads' 'all threads were found'
exits 0 'check' "$CRDUMP" check img
is "$("$VICTIMS/readimg" img threads | wc -l)" 64 'all threads are in the image'
is "$("$VICTIMS/readimg" img threads | awk '$2 == "S" || $2 == "R"' | wc -l)" 64 'running or asleep'
"$VICTIMS/readimg" img threads | awk '{ print $1 }' | sort >tids.image
find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort >tids.proc
ok 'they are the ones of /proc' cmp tids.image tids.proc
kill -USR1 "$pid"
ok 'all go on' await 30 grep -q '^moving' "$out"
is "$(grep wrong "$out")" '' 'no system call ended as it must not'
alive "$pid" || flunk 'it lives'

done_testing
