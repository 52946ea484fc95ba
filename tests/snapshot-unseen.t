#!/bin/sh
# The target of a snapshot does not notice its twin: no signal, no child to wait for, nothing that it holds open.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

# --- what it hears

start alone
wrong=
n=0
while [ $n -lt 20 ]; do
        n=$((n + 1))
        "$CRDUMP" --snapshot --json "$pid" img >stdout 2>stderr || wrong="$wrong; status $?: $(cat stderr)"
        grep -q '"way": "snapshot", "why": null' stdout || wrong="$wrong; $(cat stdout)"
        childless "$pid" || wrong="$wrong; a child after dump $n: $(cat "/proc/$pid/task"/*/children)"
done
is "$wrong" '' 'twenty dumps by a snapshot, no child after any of them'
saw_nothing 'twenty dumps'
dismiss "$pid"

scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ] && [ "$scope" -eq 0 ]; then
        user='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        cp "$CRDUMP" crdump
        cp "$VICTIMS/victim-twin" .
        mkdir his
        chmod 755 . crdump victim-twin
        chown 65534 his
        twin=$scratch/victim-twin
        # shellcheck disable=SC2086     # a command and its words
        start alone $user
        for n in 1 2 3; do
                # shellcheck disable=SC2086
                exits 0 "an ordinary user, dump $n" $user ./crdump -q --snapshot "$pid" his/img
        done
        ok 'an ordinary user: no child is left' childless "$pid"
        saw_nothing 'an ordinary user'
        twin=$VICTIMS/victim-twin
        dismiss "$pid"
else
        skip 'an ordinary user' 'only root can become one, and yama may forbid it'
fi

# --- signals to its process group, where its twin is as well

start alone setsid
begin 'a stop of its process group'
kill -s STOP -- -"$pid"
ok 'a stop of its process group: it stops' await 5 in_state "$pid" T
kill -s CONT -- -"$pid"
saw_nothing 'a stop of its process group'
kill -s STOP "$pid"
ok 'stopped by SIGSTOP' await 5 in_state "$pid" T
finish 0 'stopped by SIGSTOP'
nothing_left 'stopped by SIGSTOP' "$pid"
is "$(state "$pid")" T 'stopped by SIGSTOP: it stays so'
kill -s CONT "$pid"
saw_nothing 'stopped by SIGSTOP'
begin 'its process group is killed'
kill -s KILL -- -"$pid"
wait "$pid" 2>/dev/null
is $? 137 'its process group is killed: its parent gets that at once, with nothing read'
finish 1 'its process group is killed'
is "$(grep -c '^crdump: ' said)" 1 'its process group is killed: one line' || diag_file said
nothing_left 'its process group is killed' "$pid"

# --- one that waits for children

start parent
child=$(sed -n 's/^child //p' "$out")
reap "$child"
wrong=
n=0
while [ $n -lt 20 ]; do
        n=$((n + 1))
        "$CRDUMP" -q --snapshot "$pid" img 2>stderr || wrong="$wrong; status $?: $(cat stderr)"
        [ "$(children "$pid")" = "$child" ] || wrong="$wrong; after dump $n: $(children "$pid")"
done
is "$wrong" '' 'a parent: twenty dumps, no child but its own after any of them'
is "$(grep -c got "$out")" 0 'a parent: its thread still waits for the child'
begin 'a parent'
ok 'a parent: its child ends' order got end
is "$(sed -n 's/^got //p' "$out" | head -n 1)" "$child 7" 'a parent: its thread gets the status of that, while the twin is there'
await 10 grep -q '^got -1' "$out"
is "$(sed -n 's/^got //p' "$out" | sed -n 2p)" '-1 -10' 'a parent: and then ECHILD, while the twin is there'
is "$(grep -c '^got' "$out")" 2 'a parent: nothing else'
child=
finish 0 'a parent'
nothing_left 'a parent' "$pid"
order look look
is "$(tail -n 1 "$out")" 'look 0 sigchld 1 wrong 0' 'a parent: one SIGCHLD'
dismiss "$pid"

# A debugger does so: it may hear of the twin, as crdump(1) says, but of nothing else.
victim "$twin" wall
child=$(sed -n 's/^child //p' "$out")
reap "$child"
for n in 1 2 3 4 5; do
        exits 0 "one that waits with __WALL: dump $n" "$CRDUMP" --snapshot -v "$pid" img
        sed -n 's/.*parasite: twin: \([0-9]*\)/got \1 0/p' stderr >>twins
done
ok 'one that waits with __WALL: it hears of none but twins' sh -c "! grep '^got' '$out' | grep -Fvx -f twins"
diag "$(grep -c got "$out") of $(grep -c . twins)"
is "$(children "$pid")" "$child" 'one that waits with __WALL: no child is left but its own'
dismiss "$pid"
child=

# --- descriptors

start alone
target=$pid
port=$(sed -n 's/^port //p' "$out")
begin 'descriptors'
is "$(ls -A "/proc/$twin_pid/fd")" '' 'the twin has no descriptor'
for kind in flock ofd posix; do
        exits 1 "$kind: it is locked" "$twin" lock $kind "$folder/$kind"
        order 'closed' "close $kind" || flunk "$kind: closed"
        exits 0 "$kind: closed, another gets it at once" "$twin" lock $kind "$folder/$kind"
done
exits 1 'port: in use' "$twin" bind "$port"
order 'closed' 'close port' || flunk 'port: closed'
exits 0 'port: closed, another gets it at once' "$twin" bind "$port"
order 'closed' 'close fifo' || flunk 'fifo: closed'
ok 'fifo: closed, its reader sees the end' await 5 gone $cat
order 'closed' 'close socket' || flunk 'socket: closed'
ok 'socket: closed, its peer sees the end' await 5 gone "$peer"
is "$(tail -n 1 "$peer_out")" eof 'socket: the end it is'
ok 'all while the twin is read' still_read
finish 0 'descriptors'
nothing_left 'descriptors' "$target"
saw_nothing 'descriptors'
dismiss "$target"

done_testing
