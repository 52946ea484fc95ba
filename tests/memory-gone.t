#!/bin/sh
# What is mapped of files that are deleted, replaced or truncated is in the image; no path would lead to it any more.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

letters() {                     # FILE PAGES: a file, page i full of the i-th letter
        i=0
        : >"$1"
        while [ $i -lt "$2" ]; do
                i=$((i + 1))
                head -c 4096 /dev/zero | tr '\0' "$(echo abcdefghijklmnop | cut -c $i)" >>"$1"
        done
}

as_was() {                      # NAME FILE OFFSET PAGES: its content is that of the file at that page
        "$readimg" img mem "$(address_of "$1")" $(($4 * 4096)) >got
        dd if="$2" bs=4096 skip="$3" count="$4" 2>/dev/null >wanted
        ok "$1 is as $2 was" cmp got wanted
}

dumped() {                      # WHAT [OPTION...]
        what=$1
        shift
        await 5 in_state "$pid" S
        resident "$pid" >before
        # shellcheck disable=SC2086     # a command and its words, or nothing
        exits 0 "$what: dump" $as "$CRDUMP" "$@" "$pid" img
        exits 0 "$what: check" "$CRDUMP" check img
        not_grown "$pid" before
        "$readimg" img notes >notes
}

as=
for f in deleted replaced moved kept shared; do letters $f 8; done
letters truncated 8
letters longer 8
letters odd 2
head -c 100 deleted >>odd
truncate -s 32768 sparse
printf 'in the midst' | dd of=sparse bs=1 seek=20000 conv=notrunc 2>/dev/null
cp "$VICTIMS/victim-maps" program
for f in deleted replaced moved kept shared sparse; do cp $f was.$f; done

victim ./program deleted:deleted:p:0:8:1:3 later:deleted:p:4:4 replaced:replaced:p:0:8::0 moved:moved:p:0:8 kept:kept:p:0:8:2:5 \
        shared:shared:s:0:8:1 sharedkept:kept:s:0:8 sparse:sparse:p:0:8 truncated:truncated:p:0:8:1:5 \
        truncshared:truncated:s:0:8 longer:longer:p:0:16 odd:odd:p:0:4
rm deleted shared sparse program
letters other 8
mv other replaced
mv moved elsewhere
truncate -s 10000 truncated
dumped 'gone'

are deleted dcdcdcd-dcdcdcdc
are later dcdcdcdc
are replaced d-dcdcdcdcdcdcdc
are moved i-i-i-i-i-i-i-i-
are kept i-i-i-i-i-d-i-i-
are sharedkept i-i-i-i-i-i-i-i-
are sparse zczczczcdczczczc
are truncated i-i-i-uBuBuBuBuB
are truncshared i-i-i-uBuBuBuBuB
are longer "$(repeat i- 8)$(repeat uB 8)"
are odd i-i-i-uB
are shared 'd[-o]d-(d[-o]){6}'
as_was later was.deleted 4 4
as_was sparse was.sparse 0 8
as_was shared was.shared 0 8
"$readimg" img mem "$(address_of deleted)" 32768 >got
{ head -c 12288 was.deleted; head -c 4096 /dev/zero | tr '\0' w; tail -c 16384 was.deleted; } >wanted
ok 'deleted: its own page among those of the file' cmp got wanted
holds replaced 0 w
holds replaced 7 h

# the program itself is deleted: all of it is here, but for what it has changed
cp "$VICTIMS/victim-maps" was.program
while read -r range prot offset _ _ path; do
        case $prot-$path in
        r-xp-*/program*) ;;
        *) continue ;;
        esac
        from=$((0x${range%-*}))
        pages=$(((0x${range#*-} - from) / 4096))
        "$readimg" img mem $from $((pages * 4096)) >got
        dd if=was.program bs=4096 skip=$((0x$offset / 4096)) count=$pages 2>/dev/null >wanted
        truncate -s $((pages * 4096)) wanted
        ok "the deleted program: code at offset $offset" cmp got wanted
done <"/proc/$pid/maps"
is "$(grep -E '^(shared memory|files) that' notes)" '' 'nothing is said to be missing'
dismiss "$pid"

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
        skip 'an ordinary user' 'only root can become one'
        done_testing
fi
as='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
rm -f -- *
chmod 777 .
letters deleted 8
chmod 666 deleted
cp "$VICTIMS/victim-maps" program
cp "$VICTIMS/victim-maps" was.program
cp "$CRDUMP" crdump
CRDUMP=$scratch/crdump
# shellcheck disable=SC2086     # a command and its words
victim $as ./program touched:deleted:p:0:8:0,1,2,4,5,6,7:3 deleted:deleted:p:0:8::3
rm deleted program
dumped 'an ordinary user'
are touched dcdcdcd-dcdcdcdc
are deleted i-i-i-d-i-i-i-i-
ok 'an ordinary user: what is missing, and why, is noted' grep -q '^files that no path leads to.*: 1 mapping,' notes
diag "$(cat notes)"
from=$(sed -n 's/-[0-9a-f]* r-xp .*program.*//p' "/proc/$pid/maps")
"$readimg" img mem "0x$from" 4096 >got
dd if=was.program bs=4096 skip=1 count=1 2>/dev/null >wanted
ok 'an ordinary user: the deleted program is read through /proc/PID/exe' cmp got wanted

done_testing
