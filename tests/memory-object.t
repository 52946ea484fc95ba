#!/bin/sh
# Shared memory that the process never touched itself is in the image, from the object, and the process does not grow.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

notes() { "$readimg" img notes >notes; }

dump_child() {                  # WHAT [COMMAND...]: of a victim, started by the command
        what=$1
        shift
        victim "$@"
        pid=$(sed -n 's/^pid //p' "$out")
        reap "$pid"
        await 5 in_state "$pid" S
        resident "$pid" >before
        exits 0 "$what: dump" $as "$CRDUMP" "$pid" img
        exits 0 "$what: check" "$CRDUMP" check img
        not_grown "$pid" before
        notes
}

as=
dump_child 'as root' "$VICTIMS/victim-object" "$scratch"
if grep -q '^no map_files' notes || [ "$(id -u)" -ne 0 ]; then
        skip_all 'only root may read objects through map_files'
fi
are anon a-dododoa-a-a-a-
are both dodod-do
if grep -q '^named' "$out"; then
        are named dodoa-a-
        class named 3
fi
are zero a-a-dodo
are sysv dododoa-
are memfd doa-a-a-
are memfdopen a-dodoa-
are short dodoa-uB
are tmpfs a-dodoa-
are disk a-dodoa-
for name in anon both zero sysv memfd memfdopen short; do
        class $name 3
done
class tmpfs 4
class disk 4
for page in 0 1 2 3; do
        holds anon $((page == 0 ? 1 : page)) "$(echo BBCD | cut -c $((page + 1)))"
        holds both $page "$(echo ABCD | cut -c $((page + 1)))"
done
holds zero 2 C
holds sysv 1 B
holds memfd 0 A
holds memfdopen 1 D
holds memfdopen 2 E
holds tmpfs 1 B
holds disk 2 C
is "$(grep -E '^(shared memory|files) that' notes)" '' 'nothing is said to be missing'
dismiss "$pid"

# The inode of a segment is its number, which begins at 0 in each IPC namespace.
if unshare -i true 2>/dev/null; then
        dump_child 'the first segment' unshare -i "$VICTIMS/victim-object" "$scratch"
        ok 'the first segment has inode 0' grep -Eq '^[^ ]+ [^ ]+ [^ ]+ [^ ]+ 0 +/SYSV' "/proc/$pid/maps"
        are sysv dododoa-
        class sysv 3
        holds sysv 1 B
        is "$(grep -E '^(shared memory|files) that' notes)" '' 'the first segment: nothing is said to be missing'
        dismiss "$pid"
else
        skip 'the first segment' 'no IPC namespace to be had here'
fi

before_6_7() {                  # then a page map is read entry by entry, which takes 30 ms a GiB on a fast machine
        release=$(uname -r)
        minor=${release#*.}
        [ "${release%%.*}" -lt 6 ] || { [ "${release%%.*}" -eq 6 ] && [ "${minor%%[.-]*}" -lt 7 ]; }
}
if before_6_7; then
        skip 'sixteen TiB' 'this kernel has no PAGEMAP_SCAN'
else
        dump_child 'sixteen TiB' "$VICTIMS/victim-object" "$scratch" vast
        start=$(date +%s%N)
        exits 0 'sixteen TiB: dump' "$CRDUMP" -q "$pid" img
        took=$((($(date +%s%N) - start) / 1000000))
        ok "sixteen TiB: twice of it within a second ($took ms)" test $took -lt $((1000 * ${PATIENCE:-1}))
        ok 'sixteen TiB: a small image' test "$(wc -c <img)" -lt 1000000
        "$readimg" img runs >runs
        for name in vastanon:77777777:2 vastmemfd:1888888888:3; do
                pages=${name##*:}
                at=${name%:*}
                page=${at#*:}
                name=${name%%:*}
                total=0                 # each is full of another letter: a run of its own
                for i in 0 1 2 3; do
                        a=$(printf '0x%x' $(($(address_of "$name") + (page + i) * 4096)))
                        n=$(awk -v a="$a" '$1 == a && $3 == "data" && $5 == 4 { print $2 }' runs)
                        total=$((total + ${n:-0}))
                done
                is "$total" "$pages" "sixteen TiB: $name has its pages"
                holds "$name" $((page + 1)) "$(echo ABCDEFGHIJKLMNOPQRSTUVWXYZ | cut -c $(((page + 1) % 26 + 1)))"
        done
        dismiss "$pid"
fi

if ! command -v setpriv >/dev/null; then
        skip 'an ordinary user' 'no setpriv here'
        done_testing
fi
as='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
chmod 777 .
cp "$VICTIMS/victim-object" "$CRDUMP" .
CRDUMP=$scratch/crdump
rm -f img
# shellcheck disable=SC2086     # a command and its words
dump_child 'an ordinary user' $as "$scratch/victim-object" "$scratch"
are anon a-a-a-a-a-a-a-a-
are both a-a-d-a-
are memfd a-a-a-a-
are memfdopen a-dodoa-
holds memfdopen 1 D
ok 'an ordinary user: what is missing is noted' grep -q '^shared memory .*may hold more: [1-9][0-9]* mappings' notes
diag "$(cat notes)"

done_testing
