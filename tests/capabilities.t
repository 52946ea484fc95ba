#!/bin/sh
# Of all capabilities, one at a time, CAP_SYS_PTRACE is the one that lets others' processes be dumped, and none takes away one's own.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root can become another user'
need setpriv
[ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" -eq 0 ] || skip_all 'yama lets nobody trace'

chmod 755 .
mkdir his
chown 65534 his
cp "$CRDUMP" crdump
chmod 755 crdump

ids='--reuid=65534 --regid=65534 --clear-groups'
plain="setpriv $ids --inh-caps=-all --ambient-caps=-all --bounding-set=-all"
with() {                        # CAP: the words that leave that one alone
        echo "setpriv $ids --inh-caps=-all,+$1 --ambient-caps=-all,+$1"
}

victim sleep 1000
roots=$pid
at_rest "$roots" >roots.before
# shellcheck disable=SC2086
victim $plain sleep 1000
own=$pid
at_rest "$own" >own.before

# --- one by one

setpriv --list-caps | grep -E '^[a-z_]+$' >caps
opened=
wrong=
tried=0
while read -r cap; do
        words=$(with "$cap")
        # shellcheck disable=SC2086
        $words true 2>t.err || continue         # not in our own bounding set
        tried=$((tried + 1))
        rm -f his/img
        # shellcheck disable=SC2086
        $words ./crdump -q "$own" his/img >stdout 2>stderr || wrong="$wrong; $cap, own: status $?: $(cat stderr)"
        rm -f his/img
        # shellcheck disable=SC2086
        $words ./crdump -q "$roots" his/img >stdout 2>stderr
        status=$?
        case $status in
        0)      opened="$opened $cap" ;;
        1)      grep -q CAP_SYS_PTRACE stderr && [ "$(wc -l <stderr)" -eq 1 ] ||
                        wrong="$wrong; $cap, root's: $(cat stderr)" ;;
        *)      wrong="$wrong; $cap, root's: status $status: $(cat stderr)" ;;
        esac
done <caps
is "$wrong" '' "with each of $tried capabilities: his own dumped, root's dumped or refused with the reason"
case " $(tr '\n' ' ' <caps)" in
*' sys_ptrace '*)       is "$opened" ' sys_ptrace' "root's: dumped with CAP_SYS_PTRACE and no other" ;;
*)                      skip "root's" 'CAP_SYS_PTRACE is not to be had here' ;;
esac
unchanged "root's: as it was" "$roots" roots.before
unchanged 'his own: as it was' "$own" own.before

# --- with the one, all of it

words=$(with sys_ptrace)
# shellcheck disable=SC2086
exits 0 "root's, with CAP_SYS_PTRACE: dump" $words ./crdump "$roots" his/img
exits 0 "root's, with CAP_SYS_PTRACE: whole image" "$CRDUMP" check his/img
"$CRDUMP" show --json his/img >shown
is "$(grep -c '"misc": null' shown)" 0 "root's, with CAP_SYS_PTRACE: it was asked from inside"
"$VICTIMS/readimg" his/img maps | wc -l >now
is "$(cat now)" "$(wc -l <"/proc/$roots/maps")" "root's, with CAP_SYS_PTRACE: all mappings in the image"

# --- none at all: each case has its sentence

refused() {                     # NAME REGEX: $pid, by the user without capabilities
        at_rest "$pid" >before
        # shellcheck disable=SC2086
        exits 1 "$1: status 1" $plain ./crdump "$pid" his/refused
        says "$2" "$1: the message says why"
        is "$(wc -l <stderr)" 1 "$1: in one line"
        is "$(find his -name '*refused*')" '' "$1: no file left"
        unchanged "$1: as it was" "$pid" before
        exits 0 "$1: root can" "$CRDUMP" -q "$pid" img
        unchanged "$1: as it was after that, too" "$pid" before
}

pid=$roots
refused "root's" 'runs as user 0, we as 65534'

# one that said by prctl that it is not to be traced
# shellcheck disable=SC2086
victim $plain "$VICTIMS/victim-undumpable"
refused 'not dumpable' 'not dumpable'
"$CRDUMP" show --json img >shown
ok 'not dumpable: the image says so' grep -q '"dumpable": *0' shown

# a program that may be run but not read makes its process so
cp /bin/sleep secret
chmod 711 secret
# shellcheck disable=SC2086
victim $plain ./secret 1000
if [ "$(stat -c %u "/proc/$pid/mem")" -eq 0 ]; then
        refused 'a program that he may not read' 'not dumpable'
else
        skip 'a program that he may not read' 'this kernel calls it dumpable'
fi

# set-user-id, where the file system allows it
cp /bin/sleep suid
chmod 4755 suid
# shellcheck disable=SC2086
victim setpriv $ids ./suid 1000
if grep -q '^Uid:.*65534.0.0.0' "/proc/$pid/status"; then
        refused 'set-user-id' 'user 0'
else
        skip 'set-user-id' 'the file system does not allow it'
fi

# his own, with a capability that he himself lacks
words=$(with net_admin)
# shellcheck disable=SC2086
if $words true 2>t.err; then
        # shellcheck disable=SC2086
        victim $words sleep 1000
        refused 'one with more capabilities' 'capabilities that we lack'
else
        skip 'one with more capabilities' 'none can be given here'
fi

done_testing
