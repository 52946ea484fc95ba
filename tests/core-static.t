#!/bin/sh
# gdb sees a static program of musl's in our core as it sees it in the process.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/core.sh"

need gdb gcore musl-gcc

ok 'built' musl-gcc -static -g -O2 -pthread -o prog "$here/victim-core.c"
victim ./prog
await 20 ready_or_dead grep -q '^ready' "$out" || bail 'it did not start'
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'it did not stop'
gdb_sees_the_same prog
gcore_has_the_same

done_testing
