#!/bin/sh
# A core of more segments than an ELF header can count is read by all.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gdb eu-readelf readelf

limit=/proc/sys/vm/max_map_count
was=$(cat $limit)
if [ "$was" -lt 70000 ]; then
        trap 'echo "$was" >$limit; t_finish' EXIT
        echo 70000 2>limit.err >$limit || skip_all 'a process may not have 66,000 mappings here'
fi

stopped_victim "$VICTIMS/victim-many" 66000
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'core' "$CRDUMP" core img core
n=$(sed -n 's/.* \([0-9]*\) segments.*/\1/p' stderr)
ok "it has $n segments" test "$n" -gt 66000
readelf -hW core >head
is "$(sed -n 's/.*Number of program headers: *//p' head)" "65535 ($((n + 1)))" 'PN_XNUM, and the number in section header 0' ||
        diag_file head
exits 0 'eu-readelf' eu-readelf -l core
is "$(grep -c '^  LOAD' stdout)" "$n" 'sees them all'
exits 0 'gdb' gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'thread apply all bt' -ex "x/s $(sed -n 's/^last //p' "$out")" \
        "$VICTIMS/victim-many" core
ok 'sees main' grep -q 'in main ' stdout
ok 'sees the last segment' grep -q '"the last one"' stdout

done_testing
