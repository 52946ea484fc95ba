#!/bin/sh
# Pending signals are in the image with all that they carry, in order, thousands of them, and those that carry nothing.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

pending() {                     # TID: those that the image has
        "$VICTIMS/readthread" img "$1" | grep '^pending '
}

of() {                          # NAME: the thread
        sed -n "s/^\([0-9]*\) is $1\$/\1/p" "$out"
}

# --- in order

victim "$VICTIMS/victim-tasks" signals many plain
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'whole image' "$CRDUMP" check img
for name in signals many; do
        tid=$(of $name)
        sed -n "s/^$tid pending/pending/p" "$out" >sent
        pending "$tid" >got
        ok "$name: $(wc -l <sent) of a thread, the first one first" diff sent got
        ok "$name: that is many" test "$(wc -l <got)" -gt 50
        ok "$name: and all" grep -q 'signals known' <<-EOT
		$("$VICTIMS/readthread" img "$tid")
	EOT
done
is "$(pending "$(of plain)")" '' 'another thread has none'
is "$("$VICTIMS/readthread" img "$(of plain)" | grep signals)" 'signals known' 'which is known'
sed -n 's/^shared //p' "$out" >sent
"$VICTIMS/readthread" img shared >got
ok 'those of the process' diff sent got
exits 0 'again' "$CRDUMP" -q "$pid" img
"$VICTIMS/readthread" img shared >again
ok 'all of them wait still' diff got again
dismiss "$pid"

# --- where the kernel has no room for what a signal carries

# Signals that wait count for all processes of a user: others may take theirs back between the last one sent and SIGUSR2.
no_room() {                     # SIGUSR2 is bare
        used=$(sed -n 's/^SigQ:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
        victim prlimit --sigpending=$((used + 20)) "$VICTIMS/victim-tasks" signals
        await 10 grep -q '^ready' "$out"
        tid=$(of signals)
        "$CRDUMP" -q "$pid" img && pending "$tid" | grep -qx 'pending 12 0 0 0 0'
}

if command -v prlimit >/dev/null; then
        tries=5
        until no_room || [ $((tries -= 1)) -eq 0 ]; do
                diag "there was room: $(pending "$tid" | grep ' 12 ')"
                dismiss "$pid"
        done
        ok 'no room: some could not be sent' grep -q "^$tid not here: queue" "$out"
        ok 'no room: SIGUSR2 could' grep -q "^$tid pending 12 " "$out"
        exits 0 'no room: dump' "$CRDUMP" "$pid" img
        sed -n "s/^$tid pending 12 .*/pending 12 0 0 0 0/; s/^$tid pending/pending/p" "$out" >sent
        echo 'pending 12 0 0 0 0' >>sent
        pending "$tid" >got
        ok 'no room: the last one is bare' diff sent got
        dismiss "$pid"
else
        skip 'no room' 'no prlimit here'
fi

done_testing
