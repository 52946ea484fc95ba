#!/bin/sh
# What cannot be dumped is refused with one line that names the cause: nobody there, a zombie, the kernel's, itself, 32-bit.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

refused() {                     # WHAT REGEX CMD...
        what=$1
        regex=$2
        shift 2
        exits 1 "$what: status 1" "$@"
        says "$regex" "$what: the line names the cause"
        is "$(wc -l <stderr)" 1 "$what: one line"
        is "$(cat stdout)" '' "$what: nothing on stdout"
        absent img "$what: no file left"
}

background sleep 0
wait "$pid"
refused 'a process that has gone' '[Nn]o such process' "$CRDUMP" "$pid" img

# its parent never waits for it
background sh -c 'sleep 0 & echo $!; exec sleep 1000'
await 5 test -s "$out"
zombie=$(cat "$out")
await 5 in_state "$zombie" Z
refused 'a zombie' 'zombie' "$CRDUMP" "$zombie" img

if [ "$(readlink /proc/2/exe)" = '' ] && grep -q '^Kthread:.*1\|kthreadd' /proc/2/status; then
        refused 'a kernel thread' 'kernel thread' "$CRDUMP" 2 img
else
        skip 'a kernel thread' 'none in this pid namespace'
fi

# shellcheck disable=SC2016
refused 'itself' 'itself|myself' sh -c 'exec "$0" $$ img' "$CRDUMP"

need as ld
cat >i386.s <<'EOT'
        .globl  _start
_start: mov     $29, %eax               # pause
        int     $0x80
        jmp     _start
EOT
if as --32 -o i386.o i386.s && ld -m elf_i386 -o i386 i386.o && background ./i386 && await 2 asleep "$pid"; then
        at_rest "$pid" >before
        refused 'a 32-bit process' '32-bit' "$CRDUMP" "$pid" img
        unchanged 'a 32-bit process: as it was' "$pid" before
else
        skip 'a 32-bit process' 'the kernel runs none'
fi

# a thread of a process is not a process
victim "$VICTIMS/victim-threads" 0 2 still
for tid in /proc/"$pid"/task/*; do
        [ "${tid##*/}" = "$pid" ] || break
done
at_rest "$pid" >before
refused 'a thread' "thread of|$pid" "$CRDUMP" "${tid##*/}" img
unchanged 'a thread: as it was' "$pid" before

done_testing
