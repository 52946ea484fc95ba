#!/bin/sh
# Memory of every kind is in a core as the process has it; a reservation of 256 GiB costs nothing.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gdb

stopped_victim "$VICTIMS/victim-mem" "$scratch/file"
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'core' "$CRDUMP" core img core
ok 'the core is no larger than what it holds' test "$(stat -c %s core)" -lt 16000000

address_of() { sed -n "s/^$1 \(.*\) .*/\1/p" "$out"; }

kinds='data holes zeros onlyread lastbyte untouched none givenback dontdump shared memfd bychild changed clean sharedfile'
for kind in $kinds; do
        from=$(address_of "$kind")
        len=$(($(sed -n "s/^$kind .* \([0-9]*\)$/\1/p" "$out") * 4096))
        echo "dump binary memory $kind.core $from $from+$len"
        dd if="/proc/$pid/mem" iflag=skip_bytes,count_bytes bs=65536 skip=$((from)) count=$len of="$kind.live" 2>/dev/null
done >script
gdb -nx -batch -iex 'set debuginfod enabled off' -x script "$VICTIMS/victim-mem" core >gdb.out 2>&1 || diag_file gdb.out
for kind in $kinds; do
        ok "$kind: gdb sees what the process has" sh -c 'test -s "$0.live" && cmp "$0.live" "$0.core"' "$kind"
done
exits 0 'gdb looks into the reservation' gdb -nx -batch -iex 'set debuginfod enabled off' \
        -ex "x/2xg $(address_of reserve) + 137438953472" "$VICTIMS/victim-mem" core
ok 'which is zeros' grep -q ':.0x0000000000000000.0x0000000000000000$' stdout

done_testing
