#!/bin/sh
# Dumped with --file-pages, a core needs no file: stacks are unwound, and all memory is seen, when program and libraries are gone.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gdb gcore gcc eu-stack

# a program with a loader and a library of its own
loader=$(readelf -lW "$VICTIMS/victim-core" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
libc=$(ldd "$VICTIMS/victim-core" | sed -n 's/.*libc\.so\.6 => \([^ ]*\).*/\1/p')
cp "$loader" loader && cp "$libc" libc.so.6 || bail 'no libc to copy'
ok 'built' gcc -O2 -g -pthread -o prog "$here/victim-core.c" "-Wl,--dynamic-linker=$scratch/loader" "-Wl,-rpath,$scratch"
victim taskset 1 ./prog
await 20 ready_or_dead grep -q '^ready' "$out" || bail 'it did not start'
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'it did not stop'
is "$(grep -c " $scratch/" "/proc/$pid/maps" | awk '{ print ($1 > 10) }')" 1 'it has mapped them'

look() {                        # ARGUMENT...: of gdb; bytes at the code and on the stack of each thread, no symbols
        gdb -nx -batch -iex 'set debuginfod enabled off' "$@" -ex 'set print symbol off' \
                -ex 'thread apply all -ascending -q x/64xb $pc' -ex 'thread apply all -ascending -q x/64xg $sp' 2>/dev/null |
                sed -n 's/^\(0x[0-9a-f]*\)[^:]*:\([[:blank:]]\)/\1:\2/p'
}
frames() {                      # ARGUMENT...: of eu-stack; addresses
        eu-stack "$@" 2>eu.err | sed -n -e 's/^\(TID [0-9]*\):/\1/p' -e 's/^\(#[0-9]* *0x[0-9a-f]*\).*/\1/p'
}

exits 0 'dump' "$CRDUMP" --file-pages "$pid" img
exits 0 'core' "$CRDUMP" core img core
look -p "$pid" >live.bytes
frames -p "$pid" >live.frames
gcore -a -o theirs "$pid" >gcore.out 2>&1
rm prog loader libc.so.6

look -c core >core.bytes
ok "gdb sees the same bytes ($(wc -l <live.bytes) lines)" sh -c 'test -s live.bytes && diff live.bytes core.bytes'
frames --core core >core.frames
ok "eu-stack sees the same frames ($(wc -l <live.frames) lines)" sh -c 'test -s live.frames && diff live.frames core.frames'
ok 'the same memory as in the core of gcore' "$VICTIMS/cmpcore" "theirs.$pid" core
is "$(sed -n 's/.*, \([0-9]* in the mapped file\),.*/\1/p' t.out)" '0 in the mapped file' 'none of it is left to a file'

done_testing
