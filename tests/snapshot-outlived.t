#!/bin/sh
# A target that ends or becomes another program while its twin is read does so at once, and its image becomes whole all the same.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

# --- the target ends

ends() {                        # NAME STATUS COMMAND...: of the target, by the command
        t_title=$1 t_wanted=$2
        shift 2
        begin "$t_title"
        begun=$(date +%s%N)
        "$@"
        wait "$started" 2>/dev/null
        t_status=$?
        took=$((($(date +%s%N) - begun) / 1000000))
        is $t_status "$t_wanted" "$t_title: its parent gets status $t_wanted"
        ok "$t_title: at once ($took ms)" test $took -lt $((2000 * ${PATIENCE:-1}))
}

goes_with_all() {               # NAME: what it held is free
        ok "$1: the fifo's reader sees the end" await 5 gone $cat
        ok "$1: the socket's peer sees the end" await 5 gone "$peer"
        exits 0 "$1: the port is free" "$twin" bind "$(sed -n 's/^port //p' "$out")"
        for kind in flock ofd posix; do
                exits 0 "$1: the $kind is free" "$twin" lock $kind "$folder/$kind"
        done
        ok "$1: while the twin is read" still_read
}

start alone
ends 'it exits' 5 order '' exit 5
goes_with_all 'it exits'
finish 0 'it exits'
nothing_left 'it exits' "$pid"

start alone
ends 'it is killed' 137 kill -9 "$pid"
goes_with_all 'it is killed'
finish 0 'it is killed'
nothing_left 'it is killed' "$pid"

# Its end takes the twin with it; the image cannot become whole then.
if [ "$(id -u)" -eq 0 ] && unshare -fp true 2>/dev/null; then
        start init unshare -fp --kill-child
        outer=$pid
        pid=$(children "$outer")
        started=$pid
        reap "$pid"
        n=0
        while [ $n -lt 3 ]; do
                n=$((n + 1))
                exits 0 "init of a pid namespace: dump $n" "$CRDUMP" -q --snapshot "$pid" img
        done
        ok 'init of a pid namespace: no child is left' childless "$pid"
        saw_nothing 'init of a pid namespace'
        begin 'init of a pid namespace'
        begun=$(date +%s%N)
        kill -9 "$pid"
        ok 'init of a pid namespace: killed, it is gone at once' await 3 vanished "$pid"
        diag "$((($(date +%s%N) - begun) / 1000000)) ms"
        finish 1 'init of a pid namespace'
        nothing_left 'init of a pid namespace' "$pid"
        dismiss "$outer"
else
        skip 'init of a pid namespace' 'it takes root and such a namespace'
fi

# --- the target becomes another program

start alone
held() { for t_fd in "/proc/$pid/fd"/*; do echo "${t_fd##*/} $(readlink "$t_fd")"; done; }
holds_all() {                   # NAME: what it held
        held >after
        ok "$1: its descriptors are as they were" diff -u before after
        for kind in flock ofd posix; do
                exits 1 "$1: the $kind is still its own" "$twin" lock $kind "$folder/$kind"
        done
}
held >before
begin 'it executes another program'
ok 'it executes another program' order heir exec
holds_all 'it executes another program'
saw_nothing 'the new program'
ok 'it executes another program: while the twin is read' still_read
finish 0 'it executes another program'
ok 'it executes another program: the image is of the old one' grep -q '"alone"' shown
nothing_left 'the new program' "$pid"
order look look                 # the kernel makes it a child like any other: one SIGCHLD, as crdump(1) says
is "$(tail -n 1 "$out" | sed 's/look [1-9][0-9]* //')" 'sigchld 1 wrong 0' \
        'the new program, after the dump: one SIGCHLD, no child that waitpid tells of'
holds_all 'the new program'
dismiss "$pid"

# As soon as it is let go: before the twin has a table of descriptors of its own.
locked_still() {                # OPTION: after ten dumps of one that executes itself then
        victim "$twin" exec "$scratch/lock$1"
        lost=0 whole=0 n=0
        while [ $n -lt 30 ] && [ $whole -lt 10 ] && [ $lost -eq 0 ]; do
                n=$((n + 1))
                "$CRDUMP" -q "$1" "$pid" img 2>stderr && whole=$((whole + 1))
                "$twin" lock posix "$scratch/lock$1" >t.out && lost=$n
        done
        is $lost 0 "$1: one that executes itself when it is let go keeps its POSIX lock ($n dumps, $whole to the end)"
        if [ -n "${PATIENCE:-}" ]; then
                skip "$1: that was tried" "where all is slow, it is always sooner"
        else
                ok "$1: that was tried" test $whole -gt 0
        fi
        dismiss "$pid"
}
locked_still --stop
locked_still --snapshot

done_testing
