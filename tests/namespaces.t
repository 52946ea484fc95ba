#!/bin/sh
# Targets in namespaces of their own and in a chroot are dumped from outside, though their files are not to be seen here.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need unshare
tiny_program sleeper

exe_is() { readlink "/proc/$1/exe" | grep -q "$2"; }

# inside NAME EXE CMD...: finds the process of that program that CMD becomes or starts; false when it cannot
inside() {
        name=$1
        exe=$2
        shift 2
        background "$@"
        outer=$pid
        i=0
        while [ $i -lt 300 ] && alive "$outer"; do
                i=$((i + 1))
                for pid in $outer $(cat "/proc/$outer/task/$outer/children" 2>/dev/null); do
                        exe_is "$pid" "$exe" && reap "$pid" && await 5 in_state "$pid" S && return
                done
                sleep 0.02      # pacing of the look for a condition, as in await
        done
        skip "$name" "$(tail -n 1 "$out")"
        return 1
}

dumped() {                      # NAME: the process $pid, twice
        at_rest "$pid" >before
        exits 0 "$1: dump" "$CRDUMP" -q "$pid" img
        exits 0 "$1: dump by a swapped-in trampoline and a breakpoint" \
                "$CRDUMP" -q --trampoline=inject --catch=breakpoint "$pid" img
        exits 0 "$1: whole image" "$CRDUMP" check img
        unchanged "$1: as it was" "$pid" before '^anonymous code'
        "$CRDUMP" show --json img >shown
        is "$(grep -c '"misc": null' shown)" 0 "$1: it was asked from inside"
}

field() {                       # NAME: a number of the image's misc object
        tr -d '\n' <shown | sed -n "s/.*\"misc\": *{[^}]*\"$1\": *\([0-9-]*\).*/\1/p"
}

root=
[ "$(id -u)" -eq 0 ] && root=yes
become=
[ "$root" ] || become=-Ur

# --- one kind at a time

# shellcheck disable=SC2086
if inside 'pid namespace' /sleep unshare $become -fp --mount-proc sleep 1000; then
        dumped 'pid namespace'
        is "$(field pid)" 1 'pid namespace: it knows itself as pid 1'
        is "$(field ppid)" 0 'pid namespace: and no parent'
fi
for kind in --net --uts --ipc --mount --cgroup; do
        # shellcheck disable=SC2086
        inside "$kind" /sleep unshare $become $kind sleep 1000 && dumped "$kind"
done
nap=${PATIENCE:+20}             # where all is slow, as in an emulated machine
nap=${nap:-3}
if inside --time /sleep unshare ${become:+$become} -f --time --boottime 100000 --monotonic 5000 sleep $nap; then
        started=$(date +%s%N)
        dumped 'time namespace'
        while alive "$pid" && [ $(($(date +%s%N) - started)) -lt 60000000000 ]; do :; done
        took=$((($(date +%s%N) - started) / 1000000))
        ok "time namespace: its sleep of $nap seconds ends in time ($took ms)" test $took -gt 1500 -a $took -lt $((nap * 1500 + 500))
fi
inside --user /sleep unshare -Ur sleep 1000 && dumped 'user namespace'
# shellcheck disable=SC2086
inside 'all of them' /sleep unshare -Ur -fp --mount-proc --net --uts --ipc --mount --cgroup --time sleep 1000 &&
        dumped 'all of them'

# --- a program that cannot be reached from here

mkdir hidden
cat >enter <<'EOT'
mount -t tmpfs none hidden && cp sleeper hidden/unseen && exec hidden/unseen
EOT
# shellcheck disable=SC2086
if inside 'a program in a mount of its own' unseen unshare $become --mount sh enter; then
        is "$(ls hidden)" '' 'a program in a mount of its own: is not to be seen here'
        dumped 'a program in a mount of its own'
fi
mkdir -p jail
cp sleeper jail/prisoner
if inside 'a chroot' prisoner unshare $become --root=jail /prisoner; then
        dumped 'a chroot'
        ok 'a chroot: its root is in the image' grep -q '"root": *".*/jail"' shown
fi

# --- an ordinary user's own user namespace

command -v setpriv >/dev/null && [ "$root" ] || { skip "a user's own" 'only root can become another user'; done_testing; }
chmod 755 .
mkdir his
chown 65534 his
cp "$CRDUMP" crdump
user="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
# shellcheck disable=SC2086
if inside "a user's own" /sleep $user unshare -Ur -fp --mount-proc sleep 1000; then
        at_rest "$pid" >before
        exits 0 "a user's own: dumped by him, from outside" $user ./crdump -q "$pid" his/img
        exits 0 "a user's own: whole image" "$CRDUMP" check his/img
        unchanged "a user's own: as it was" "$pid" before
fi

done_testing
