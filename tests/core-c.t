#!/bin/sh
# gdb sees a C program's threads, handlers and vector registers in our core as it sees them in the process.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/core.sh"

need gdb gcore

stopped_victim "$VICTIMS/victim-core"
gdb_sees_the_same "$VICTIMS/victim-core"
gcore_has_the_same
is "$(grep -c '<signal handler called>' core.bt)" 2 'two threads are seen to be in a handler'
is "$(grep -c 'in main ' core.bt)" 1 'main is reached'
ok 'a vector register has its value' grep -Eq '^[xyz]mm7 .*v._int64 = .0x5b05b05b05b05ab, ' core.registers
ok 'an x87 register has its value' grep -q '^st2 .*3\.14159265358979' core.registers

done_testing
