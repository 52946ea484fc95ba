#!/bin/sh
# Stopping crdump in the midst of a dump, by ^Z or SIGSTOP, never leaves a target stopped.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

victim "$VICTIMS/victim-regs" mixed beat
target=$pid
at_rest "$target" >before

# A dump that takes a second or two, $dump, its tracing child $by; the target is held.
begin() {
        timeout 60 strace -f -qq -o log -e trace=process_vm_readv \
                -e inject=process_vm_readv:delay_enter=50000:when=8+ "$CRDUMP" ${WAY:+--stop} "$target" img >stdout 2>stderr &
        dump=$!
        reap $dump
        await 10 is_traced "$target" || flunk 'the dump begins'
        await 10 sh -c '[ "$(grep -c DELAYED log)" -ge 2 ]' || flunk 'it gets to the pages'   # and is not inside any more
        by=$(tracer "$target")
        [ "${by:-0}" -gt 0 ] || bail 'the target is not held'
        front=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$by/status")
}

suspended() {                   # SIGNAL: the process in front gets it
        begin
        kill -s "$1" "$front"
        ok "SIG$1 to crdump: the target is let go all the same" await 20 sh -c "grep -q 'TracerPid:.0$' /proc/$target/status"
        ok "SIG$1: it goes on" beats_on beat
        kill -CONT "$front"
        wait $dump
        is $? 0 "SIG$1: the dump ends well"
        ok "SIG$1: a whole image" "$CRDUMP" check img
        rm -f img
}

suspended TSTP
suspended STOP

begin
n=0
while [ $n -lt 20 ] && kill -STOP "$by" 2>/dev/null; do
        n=$((n + 1))
        sleep 0.02      # the pace of it; what counts is that it ends
done
ok "SIGSTOP to the tracing child, $n times: it is let go on" await 20 gone "$by"
wait $dump
is $? 0 'the dump ends well'
ok 'the target goes on' beats_on beat
is "$(grep corrupt "$out")" '' 'with its registers'
rm -f img
unchanged 'the target is as it was' "$target" before

begin
kill -9 "$front"
ok 'SIGKILL to crdump: the target is let go within a second' await 1 sh -c "grep -q 'TracerPid:.0$' /proc/$target/status"
ok 'and goes on' beats_on beat
await 10 gone "$by"
absent img 'and no file is left'

# What a group gets, as from a shell whose terminal is closed.
begin
kill -9 "$by"
wait $dump
is $? 1 'SIGKILL to the tracing child: status 1'
ok 'a line says so' grep -q 'tracing process was killed' stderr
absent img 'no file is left'
ok 'the target goes on' beats_on beat

done_testing
