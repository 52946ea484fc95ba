#!/bin/sh
# gdb sees a redis-server with its background threads in our core as it sees it in the process.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/core.sh"

need gdb gcore redis-server redis-cli

cli() { redis-cli -s "$scratch/socket" "$@"; }

victim taskset 1 redis-server --port 0 --unixsocket "$scratch/socket" --save '' --appendonly no --enable-debug-command yes
await 20 cli ping || bail 'redis-server does not answer'
cli debug populate 100000 key 300 >stdout
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'redis-server did not stop'
gdb_sees_the_same "$(readlink "/proc/$pid/exe")"
gcore_has_the_same
ok 'its background threads are there' test "$(grep -c '^[0-9]' core.threads)" -ge 4

# threads, mappings and segments take memory, pages do not
room=12000
case $CRDUMP in *asan*) room=unlimited ;; esac
# shellcheck disable=SC2016
exits 0 "once more, in $room kB" sh -c 'ulimit -v $0; exec "$@"' $room "$CRDUMP" core img again
ok 'the same' cmp core again

done_testing
