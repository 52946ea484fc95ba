#!/bin/sh
# A core of more segments than an ELF header can count is read by all, and made in memory that the pages do not count in.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gdb eu-readelf readelf

stopped_victim "$VICTIMS/victim-many" file 66000
exits 0 'dump' "$CRDUMP" "$pid" img
# a segment takes 24 bytes; of the 516 MiB of memory none
room=12000
case $CRDUMP in *asan*) room=unlimited ;; esac
# shellcheck disable=SC2016
exits 0 "core, in $room kB" sh -c 'ulimit -v $0; exec "$@"' $room "$CRDUMP" core img core
n=$(sed -n 's/.* \([0-9]*\) segments.*/\1/p' stderr)
ok "it has $n segments" test "$n" -gt 66000
ok 'it is sparse' test "$(stat -c %b core)" -lt 20000

readelf -hW core >head
is "$(sed -n 's/.*Number of program headers: *//p' head)" "65535 ($((n + 1)))" 'PN_XNUM, and the number in section header 0' ||
        diag_file head
exits 0 'eu-readelf' eu-readelf -l core
is "$(grep -c '^  LOAD' stdout)" "$n" 'sees them all'
last=$(sed -n 's/^last //p' "$out")
exits 0 'gdb' gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'thread apply all bt' -ex "x/s $last" -ex "x/s $last + 4096" \
        "$VICTIMS/victim-many" core
ok 'sees main' grep -q 'in main ' stdout
ok 'sees the last segment' grep -q '"the last one"' stdout
ok 'sees what is in the file behind it' grep -q ':.""$' stdout
timeout 100 gcore -a -o theirs "$pid" >gcore.out 2>&1
ok 'the same memory as in the core of gcore' "$VICTIMS/cmpcore" "theirs.$pid" core
diag "$(tail -n 1 t.out)"

done_testing
