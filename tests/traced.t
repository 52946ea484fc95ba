#!/bin/sh
# A process that somebody traces is left to him, and the message names him.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

traced_by() {                   # NAME: somebody with this comm, $by, traces $target
        await 10 is_traced "$target" || bail "$1 does not trace"
        at_rest "$target" >before
        exits 1 "traced by $1: status 1" "$CRDUMP" "$target" img
        says "(^|[^0-9])$by([^0-9]|$)" "traced by $1: the message has his pid"
        says "$1" "traced by $1: and his name"
        absent img "traced by $1: no file left"
        unchanged "traced by $1: as it was" "$target" before
        is "$(tracer "$target")" "$by" "traced by $1: still his"
        dismiss "$by"
        await 5 test "$(tracer "$target")" = 0
}

victim sleep 1000
target=$pid

background "$VICTIMS/ptracer" "$target" hold
by=$pid
await 5 grep -q held "$out"
traced_by ptracer
exits 0 'let go, it can be dumped' "$CRDUMP" "$target" img
rm img

need strace
background strace -o /dev/null -p "$target"
by=$pid
traced_by strace

done_testing
