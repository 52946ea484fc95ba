#!/bin/sh
# A process that does not stop (state D) is given up after five seconds, with the place where it sleeps.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-vfork"
child=$(sed -n 's/^child //p' "$out")
reap "$child"
await 5 in_state "$pid" D || bail 'the victim is not in state D'
at_rest "$pid" >before

start=$(date +%s%N)
exits 1 'status 1' "$CRDUMP" "$pid" img
took=$((($(date +%s%N) - start) / 1000000))
ok "after five seconds and not much more ($took ms)" test $took -ge 4900 -a $took -lt 7000
says "(^|[^0-9])$pid([^0-9]|$)" 'the message names the thread'
says 'state D' 'and its state'
wchan=$(cat "/proc/$pid/wchan")
case $wchan in
0 | '') skip 'and its wchan' 'the kernel does not tell it' ;;
*)      says "$wchan" 'and its wchan' ;;
esac
absent img 'no file left'
unchanged 'as it was' "$pid" before

# the request to stop must not wait for it either
kill -9 "$child"
ok 'goes on when its child has gone' await 5 grep -q alive "$out"
ok 'and sleeps, stopped by nobody' await 5 in_state "$pid" S
exits 0 'and can be dumped' "$CRDUMP" "$pid" img

done_testing
