#!/bin/sh
# A target fenced in by seccomp or syscall user dispatch is never killed by a dump: whole with the right to suspend that, else from outside.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

root=
[ "$(id -u)" -eq 0 ] && root=yes
nobody=
if [ "$root" ] && command -v setpriv >/dev/null; then
        nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
        chmod 755 .
        cp "$CRDUMP" crdump
        cp "$VICTIMS/victim-seccomp" fence
        mkdir his
        chown 65534 his
fi

# start FENCE [COMMAND...]: a victim, started by the command; sets pid
start() {
        name=$1
        shift
        rm -f "$name.beat"
        : >"$name.beat"
        chmod 666 "$name.beat"
        background "$@" "${program:-$VICTIMS/victim-seccomp}" "$name" "$name.beat"
        await 20 ready_or_dead grep -q '^ready' "$out"
        pid=$(sed -n 's/^pid //p' "$out")
        supervisor=$(sed -n 's/^supervisor //p' "$out")
        [ -z "$supervisor" ] || reap "$supervisor"
        alive "$pid" && return
        reason=$(sed -n 's/^not here: //p' "$out")
        [ -n "$reason" ] && skip "$name" "$reason" && return 1
        diag_file "$out"
        bail "$name: the victim did not start"
}

fenced() {                      # what the kernel says of its fence, its signals and its mappings
        grep -E '^(Seccomp|Sig(Blk|Ign|Cgt)|NoNew)' "/proc/$pid/status"
        cat "/proc/$pid/maps"
}

# Between two looks it may be in a handler of its own, with that signal blocked.
steady() { fenced >before && fenced | cmp -s - before && fenced | cmp -s - before; }
as_before() { fenced >after && cmp -s before after; }

dumps() {                       # STATUS NAME COMMAND...: three dumps, after each the victim lives and goes on
        status=$1
        name=$2
        shift 2
        await 5 steady
        for way in --catch=park --catch=breakpoint --trampoline=inject; do
                exits "$status" "$name: $way" "$@" $way "$pid" his/img
                ok "$name: goes on after $way" beats_on "$fence.beat"
        done
        await 5 as_before
        ok "$name: as it was" diff -u before after
        cp stderr summary
        exits 0 "$name: whole image" "$CRDUMP" check his/img
        is "$(grep wrong "$out")" '' "$name: it found nothing wrong"
}

from_outside() {                # NAME: the last image says so, and why, but has the memory
        ok "$1: the summary says so" grep 'from outside' summary
        "$CRDUMP" show --all his/img >shown
        ok "$1: the notes say why" grep -Eq 'outside only: .*seccomp' shown
        ok "$1: no signal actions in the image" test -z "$("$VICTIMS/readimg" his/img chunks | grep ' SIGA ')"
        ok "$1: memory in the image" test "$("$VICTIMS/readimg" his/img runs | grep -c data)" -gt 5
}

mkdir -p his
if [ "$root" ]; then
        for fence in strict filter notify; do
                start $fence
                dumps 0 "$fence, by root" "$CRDUMP"
                dismiss "$pid"
        done
        start filter
        fence=filter
        dumps 5 'filter, by root who is confined himself' "$VICTIMS/victim-seccomp" confine "$CRDUMP"
        from_outside 'filter, by root who is confined himself'
else
        skip 'with the right to suspend seccomp' 'only root has it'
fi

# Kernels before 6.4 cannot be asked to suspend dispatch: nothing runs in there then, but nothing breaks either.
release=$(uname -r)
minor=${release#*.}
wanted=5
[ $((${release%%.*} * 1000 + ${minor%%.*})) -lt 6004 ] || wanted=0
fence=dispatch
start dispatch && dumps $wanted dispatch "$CRDUMP" && dismiss "$pid"

fence=other
start other
dumps 0 'a second thread' "$CRDUMP"

# --- as an ordinary user

program=${nobody:+$scratch/fence}
crdump=$CRDUMP
[ -z "$nobody" ] || crdump=$scratch/crdump
if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" -ne 0 ]; then
        skip 'without the right to suspend seccomp' 'yama lets nobody trace'
        done_testing
fi
for fence in strict filter notify; do
        # shellcheck disable=SC2086
        start $fence $nobody
        # shellcheck disable=SC2086
        dumps 5 "$fence, by its user" $nobody "$crdump"
        from_outside "$fence, by its user"
        dismiss "$pid"
done

# It puts up its fence when it has been looked at, and before it is stopped.
need strace
nap=$((${PATIENCE:-1} > 1 ? 4000000 : 700000))     # us between the two, less than a thread has to stop
# shellcheck disable=SC2086
start later $nobody
target=$pid
told=$out
rm -f his/*
# shellcheck disable=SC2086
background $nobody strace -f -o /dev/null -e trace=ptrace -e inject=ptrace:delay_enter=$nap:when=1 \
        "$crdump" "$target" his/img
dump=$pid
await 10 sh -c 'ls -A his | grep -q .' || flunk 'a late fence: the dump begins'
kill -USR1 "$target"
await 10 grep -q fenced "$told" || flunk 'a late fence: it is there'
is "$(tracer "$target")" 0 'a late fence: put up before the stop'
wait "$dump"
is $? 5 'a late fence: dumped from outside'
diag_file "$out"
ok 'a late fence: it lives' beats_on later.beat

done_testing
