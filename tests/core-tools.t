#!/bin/sh
# elfutils and lldb read our core: threads, stacks to main, and what was mapped, by build-id.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need eu-stack eu-unstrip eu-readelf lldb readelf

stopped_victim "$VICTIMS/victim-core"
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'core' "$CRDUMP" core img core

build_id() {                    # FILE
        readelf -nW "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'
}

exits 0 'eu-readelf reads the notes' eu-readelf -n core
is "$(grep -c PRSTATUS stdout)" 4 'of four threads'
is "$(cat stderr)" '' 'and complains of nothing'
is "$(awk '$1 == "CORE" || $1 == "LINUX" { print $3 }' stdout | tr '\n' ' ')" \
        "PRSTATUS PRPSINFO SIGINFO AUXV FILE FPREGSET X86_XSTATE $(printf 'PRSTATUS SIGINFO FPREGSET X86_XSTATE %.0s' 1 2 3)" \
        'in the order of the kernel'
exits 0 'eu-readelf reads the segments' eu-readelf -l core
is "$(cat stderr)" '' 'and complains of nothing'

exits 0 'eu-unstrip lists what was mapped' eu-unstrip -n --core core
libc=$(sed -n 's/.* \(\/.*\/libc\.so\.6\)$/\1/p' "/proc/$pid/maps" | head -n 1)
for file in "$VICTIMS/victim-core" "$libc"; do
        id=$(build_id "$file")
        ok "$file by its build-id, $id" grep -q "${id:-none}@" stdout
done
ok 'the vdso too' grep -q 'linux-vdso' stdout

exits 0 'eu-stack unwinds all threads' eu-stack --core core
is "$(grep -c '^TID' stdout)" 4 'four of them'
ok 'up to main' grep -q ' main' stdout
is "$(grep -c 'handler' stdout)" 2 'through two handlers'

exits 0 'lldb opens it' lldb --batch -c core -o 'thread backtrace all'
is "$(grep -c 'thread #' stdout)" 4 'four threads'
ok 'up to main' grep -q '`main at victim-core.c' stdout
is "$(grep -c '`handler' stdout)" 2 'through two handlers'

done_testing
