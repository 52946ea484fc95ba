#!/bin/sh
# A target whose cgroup is frozen is dumped from outside or given up, stays frozen, and goes on when it is thawed.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root can freeze'

v2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
v1=$(awk '$3 == "cgroup" && $4 ~ /(^|,)freezer(,|$)/ { print $2; exit }' /proc/mounts)

victim "$VICTIMS/victim-regs" sleep beat
home=$(awk -F: '$1 == 0 { print $3 }' "/proc/$pid/cgroup")
home1=$(awk -F: '$2 ~ /(^|,)freezer(,|$)/ { print $3 }' "/proc/$pid/cgroup")

# A folder that is left behind would be for ever: whatever happens, thaw and remove it.
group2=
group1=
clean_up() {
        t_status=$?
        kill -9 "$pid" 2>/dev/null
        if [ -n "$group2" ]; then
                echo 0 >"$group2/cgroup.freeze"
                await 5 gone "$pid"
                await 5 rmdir "$group2"
        fi
        if [ -n "$group1" ]; then
                echo THAWED >"$group1/freezer.state"
                await 5 gone "$pid"
                await 5 rmdir "$group1"
        fi
        (exit "$t_status")
        t_finish
}
trap clean_up EXIT

still() {                       # FILE: it does not go round
        was=$(beat "$1")
        ! await 1 beat_is_not "$1" "$was"
}

# --- version 2

freeze_v2() {
        [ -n "$v2" ] && mkdir "$v2/crdump-test.$$" 2>/dev/null || return
        group2=$v2/crdump-test.$$
        [ -e "$group2/cgroup.freeze" ] && echo "$pid" >"$group2/cgroup.procs" && echo 1 >"$group2/cgroup.freeze" &&
                await 5 grep -q '^frozen 1' "$group2/cgroup.events"
}

if freeze_v2; then
        at_rest "$pid" >before
        exits 5 'version 2: dumped from outside only' "$CRDUMP" "$pid" img
        says 'from outside' 'version 2: the summary says so'
        "$CRDUMP" show --all img >shown
        ok 'version 2: the notes say why' grep -q 'outside only: .*frozen' shown
        exits 0 'version 2: whole image' "$CRDUMP" check img
        exits 5 'version 2: and again' "$CRDUMP" --catch=breakpoint --trampoline=inject "$pid" img
        unchanged 'version 2: as it was' "$pid" before
        ok 'version 2: frozen, says the kernel' await 5 grep -q '^frozen 1' "$group2/cgroup.events"
        ok 'version 2: frozen it stays' still beat
        echo 0 >"$group2/cgroup.freeze"
        ok 'version 2: thawed it goes on' beats_on beat
        exits 0 'version 2: and can be dumped as any other' "$CRDUMP" "$pid" img
        echo "$pid" >"$v2$home/cgroup.procs"
        rmdir "$group2" && group2=
        is "$(grep corrupt "$out")" '' 'version 2: no register changed'
else
        skip 'version 2' 'no cgroup of version 2 can be made and frozen here'
fi

# --- version 1

freeze_v1() {
        [ -n "$v1" ] && mkdir "$v1/crdump-test.$$" 2>/dev/null || return
        group1=$v1/crdump-test.$$
        echo "$pid" >"$group1/cgroup.procs" && echo FROZEN >"$group1/freezer.state" &&
                await 5 grep -q '^FROZEN' "$group1/freezer.state"
}

if freeze_v1; then
        at_rest "$pid" >before
        timeout 30 "$CRDUMP" "$pid" img1 >stdout 2>stderr
        status=$?
        diag_file stderr
        ok "version 1: given up, or dumped from outside (status $status)" test $status -eq 1 -o $status -eq 5
        if [ $status -eq 1 ]; then
                says "$pid" 'version 1: the message names it'
                absent img1 'version 1: no file left'
        fi
        is "$(cat "$group1/freezer.state")" FROZEN 'version 1: frozen it stays'
        # a tracer that asked in vain leaves nothing: what is compared is what can be read of a frozen one
        unchanged 'version 1: as it was' "$pid" before
        ok 'version 1: it does not run' still beat
        echo THAWED >"$group1/freezer.state"
        ok 'version 1: thawed it goes on' beats_on beat
        ok 'version 1: stopped by nobody' in_state "$pid" S
        exits 0 'version 1: and can be dumped as any other' "$CRDUMP" "$pid" img
        echo "$pid" >"$v1$home1/cgroup.procs"
        rmdir "$group1" && group1=
        is "$(grep corrupt "$out")" '' 'version 1: no register changed'
else
        skip 'version 1' 'no freezer cgroup of version 1 can be made here'
fi

done_testing
