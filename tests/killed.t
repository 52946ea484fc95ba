#!/bin/sh
# SIGKILL to crdump at any moment harms no target and leaves none stopped.
# SPDX-License-Identifier: MIT
#
# KILLS=n: as many; make soak has ten thousand.

. "${0%/*}/lib.sh"

mkdir images

# Twelve victims, since one whose blob waits for the killed tool is away for two seconds.
killed() {                      # KILLS [,OPTION]... [NAPPERS]
        targets=
        i=0
        while [ $i -lt 12 ]; do
                i=$((i + 1))
                # shellcheck disable=SC2086     # a word or none
                victim "$VICTIMS/victim-regs" mixed beat.$i ${3:-}
                targets="$targets $pid beat.$i"
        done
        # shellcheck disable=SC2086
        ok "$1 dumps killed$2${3:+, of $3 more threads}" timeout $((200 + $1 / 4)) "$VICTIMS/killer" "$1" images "$CRDUMP,-q$2" $targets
        grep '^#' t.out
        sleep_until_home
        ok 'no register has changed' sh -c '! grep -H corrupt out.*'
        for t in $targets; do
                case $t in beat.*) ;; *) dismiss "$t" ;; esac
        done
}

sleep_until_home() {            # all go on for two seconds and more after the last kill
        for b in beat.*; do
                n=$(beat "$b")
                await 15 beats_by "$b" $((n + 500)) || flunk "$b goes on"
        done
}

beats_by() { [ "$(beat "$1")" -ge "$2" ]; }

# Not --catch=breakpoint: its breakpoint outlives the tool, as the manual says.
killed "${KILLS:-500}" ''
killed 60 ,--trampoline=inject
killed 200 '' 6

# The same for one that never makes a system call.
victim "$VICTIMS/victim-regs" spin beat.spin
ok '25 dumps of a spinning process killed' timeout 100 "$VICTIMS/killer" 25 images "$CRDUMP,-q" "$pid" beat.spin
grep '^#' t.out
ok 'it goes on' beats_on beat.spin
is "$(grep corrupt "$out")" '' 'no register has changed'

done_testing
