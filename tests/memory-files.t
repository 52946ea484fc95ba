#!/bin/sh
# With --file-pages an image needs no file of the machine: all that is mapped of files is in it, and the process has not grown.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

mkdir was
head -c 100000 /dev/urandom >random
head -c 40960 /dev/urandom >shared
truncate -s 4G sparse
printf 'far away' | dd of=sparse bs=1 seek=$((3 << 30)) conv=notrunc 2>/dev/null
cp "$VICTIMS/victim-maps" program
cp random shared program was

victim ./program random:random:p:0:25:3:5 end:random:p:24:4 shared:shared:s:0:10:1 sparse:sparse:p:0:1048576 sparseshared:sparse:s:0:1048576
await 5 in_state "$pid" S
resident "$pid" >before
exits 0 'dump' "$CRDUMP" --file-pages "$pid" img
exits 0 'check' "$CRDUMP" check img
not_grown "$pid" before
rm random shared sparse program

"$readimg" img runs >runs
is "$(grep -c infile runs)" 0 'nothing is left in a file'
is "$("$readimg" img notes | grep -E '^(shared memory|files) that')" '' 'nothing is said to be missing'
are random "$(repeat dc 5)d-$(repeat dc 19)"
are end dcuBuBuB
are shared "$(repeat dc 10)"
ok 'holes cost nothing' test "$(wc -c <img)" -lt 20000000
for name in sparse sparseshared; do
        at=$(address_of $name)
        is "$("$readimg" img hows $((at + (3 << 30) - 4096)) 3)" zcdczc "pages of $name around its content"
        is "$("$readimg" img mem $((at + (3 << 30))) 8)" 'far away' "content of $name"
done

"$readimg" img mem "$(address_of random)" $((25 * 4096)) >got
{ head -c 20480 was/random; head -c 4096 /dev/zero | tr '\0' w; tail -c +24577 was/random; } >wanted
truncate -s $((25 * 4096)) wanted
ok 'a private mapping: the file, and its own page' cmp got wanted
"$readimg" img mem "$(address_of shared)" 40960 >got
ok 'a shared mapping: the file' cmp got was/shared

# all of the program and its libraries
while read -r range prot offset _ _ path; do
        case $prot-$path in
        ?-?p-/*program*) path=was/program ;;
        ?-?p-/*.so*) ;;
        *) continue ;;
        esac
        from=$((0x${range%-*}))
        pages=$(((0x${range#*-} - from) / 4096))
        "$readimg" img mem $from $((pages * 4096)) >got
        dd if="$path" bs=4096 skip=$((0x$offset / 4096)) count=$pages 2>/dev/null >wanted
        truncate -s $((pages * 4096)) wanted
        case $prot in
        ??x*)   ok "${path##*/}: code as in the file" cmp got wanted ;;
        esac
done <"/proc/$pid/maps"
dismiss "$pid"

done_testing
