#!/bin/sh
# Threads that come and go while they are stopped, and five thousand at rest, are dumped, and none is lost.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# --- a program that does nothing but make threads

victim "$VICTIMS/victim-crowd" churn 8 beat
begun=$(milliseconds)
from=$(beat beat)
wrong=
n=0
while [ $n -lt 20 ]; do
        n=$((n + 1))
        "$CRDUMP" "$pid" img >stdout 2>stderr || wrong="$wrong; dump $n ended with $?: $(cat stderr)"
        "$CRDUMP" check img >stdout 2>stderr || wrong="$wrong; image $n: $(cat stderr)"
        "$VICTIMS/readimg" img threads | grep -q "^$pid " || wrong="$wrong; image $n has no first thread"
        beats_on beat 10 || { wrong="$wrong; no new threads after dump $n"; break; }
done
is "$wrong" '' 'coming and going: twenty dumps, each ends with 0'
took=$(($(milliseconds) - begun))
rate=$((($(beat beat) - from) * 60000 / (took + 1)))
ok "coming and going: they were fast enough ($rate a minute)" test $rate -ge 10000
kill -USR1 "$pid"
ok 'coming and going: an end was reached' await 20 grep -q '^made' "$out"
is "$(sed -n 's/^made [0-9]* //p' "$out")" 'lost 0' 'coming and going: each thread that was made has ended by itself'
is "$(grep wrong "$out")" '' 'coming and going: none went wrong'
dismiss "$pid"

# --- five thousand

limit=$(cat /proc/sys/kernel/threads-max)
[ "$limit" -gt 12000 ] || { skip 'at rest' "kernel.threads-max is $limit"; done_testing; }
victim "$VICTIMS/victim-crowd" rest 5000
sort_threads() { find "/proc/$pid/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort; }
cat "/proc/$pid/maps" >maps.before
begun=$(milliseconds)
exits 0 'at rest: dump' "$CRDUMP" "$pid" img
took=$(($(milliseconds) - begun))
ok "at rest: five thousand within eight seconds ($took ms)" test $took -lt 8000
diag_file stderr
exits 0 'at rest: whole image' "$CRDUMP" check img
is "$("$VICTIMS/readimg" img chunks | grep -c ' THRD ')" 5000 'at rest: five thousand THRD chunks'
"$VICTIMS/readimg" img threads | awk '{ print $1 }' | sort >tids.image
sort_threads >tids.proc
ok 'at rest: they are the ones of /proc' cmp tids.image tids.proc
cat "/proc/$pid/maps" >maps.after
ok 'at rest: mappings as they were' cmp maps.before maps.after
is "$(grep -h '^TracerPid' "/proc/$pid/task"/*/status | sort -u | tr -d '\t')" 'TracerPid:0' 'at rest: nobody traces any of them'
kill -USR1 "$pid"
await 30 grep -q '^woken' "$out"
is "$(grep '^woken' "$out")" 'woken 5000' 'at rest: all can be woken'

done_testing
