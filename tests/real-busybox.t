#!/bin/sh
# A busybox shell goes on after a dump with all that it knew.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need busybox

mkfifo commands
out=$scratch/out
busybox sh <commands >"$out" 2>&1 &
pid=$!
reap "$pid"
exec 3>commands

answers() {                     # WANTED: the last line of its output, soon
        await 5 last_is "$1" && return
        tail -n 3 "$out"
        return 1
}

last_is() { [ "$(tail -n 1 "$out")" = "$1" ]; }

# shellcheck disable=SC2016
echo 'n=41; square() { echo "$(($1 * $1))"; }; secret=$(echo kept); trap "echo caught" USR1; echo ready' >&3
ok 'the shell is ready' answers ready

for way in --trampoline=vdso --trampoline=inject --catch=park --catch=breakpoint; do
        await 5 in_state "$pid" S
        exits 0 "$way: dump while it waits for a command" "$CRDUMP" $way "$pid" img
        exits 0 "$way: check" "$CRDUMP" check img
        # shellcheck disable=SC2016
        echo 'n=$((n + 1)); echo "$way $n $secret $(square $n)"' | sed "s/.way/$way/" >&3
        want=$((${want:-41} + 1))
        ok "$way: its variables and functions are there" answers "$way $want kept $((want * want))"
done

exits 0 'dump' "$CRDUMP" "$pid" img
kill -USR1 "$pid"
echo 'echo and more' >&3                # it looks after traps between two commands
ok 'it takes another command' answers 'and more'
is "$(tail -n 2 "$out" | head -n 1)" caught 'its trap is there'

# while it forks and waits
# shellcheck disable=SC2016
echo 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); x=$(busybox echo $i); [ "$x" = $i ] || echo "wrong $x"; done; echo "$i done"' >&3
n=0
while [ $n -lt 30 ] && "$CRDUMP" -q "$pid" img >stdout 2>stderr; do
        n=$((n + 1))
done
is $n 30 'thirty dumps while it runs a loop of commands'
diag_file stderr
await 60 last_is '2000 done'
is "$(sed -n '/and more/,$p' "$out" | tail -n +2)" '2000 done' 'the loop came to its end'

echo 'exit 7' >&3
wait "$pid"
is $? 7 'it ends as it is told'

done_testing
