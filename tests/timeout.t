#!/bin/sh
# The --timeout option bounds the whole dump: it is rolled back, with status 1 and the target as it was.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

rolled_back() {                 # WHAT CMD...: a dump of $pid with a time-out of a second
        what=$1
        shift
        start=$(date +%s%N)
        exits 1 "$what: status 1" "$@"
        took=$((($(date +%s%N) - start) / 1000000))
        ok "$what: after a second and not much more ($took ms)" test $took -ge 900 -a $took -lt 3000
        says 'time' "$what: the line names the cause"
        absent img "$what: no file left"
        unchanged "$what: the target is as it was" "$pid" before
}

victim "$VICTIMS/victim-mem" "$scratch/file"
at_rest "$pid" >before
exits 0 'a time-out that is not reached' "$CRDUMP" --timeout 60 "$pid" img
exits 0 'the same, with =' "$CRDUMP" --timeout=60 "$pid" img
rm img

if command -v strace >/dev/null; then
        rolled_back 'pages are slow' strace -f -qq -o strace.log -e trace=process_vm_readv \
                -e inject=process_vm_readv:delay_enter=250000 "$CRDUMP" --timeout 1 "$pid" img
        rolled_back 'ptrace is slow' strace -f -qq -o strace.log -e trace=ptrace \
                -e inject=ptrace:delay_enter=1100000:when=20 "$CRDUMP" --timeout 1 "$pid" img
else
        skip 'a slow machine' 'no strace here'
fi

victim "$VICTIMS/victim-vfork"
reap "$(sed -n 's/^child //p' "$out")"
await 5 in_state "$pid" D
at_rest "$pid" >before
rolled_back 'the target does not stop' "$CRDUMP" --timeout 1 "$pid" img

done_testing
