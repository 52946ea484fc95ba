#!/bin/sh
# The --max-pause option bounds the time that the target is stopped: past it the dump is rolled back.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace taskset

spins() {                       # PID: it has had a processor for a while
        [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 12)" -ge 2 ]
}

victim "$VICTIMS/victim-mem" "$scratch/file"
at_rest "$pid" >before
exits 0 'a limit that is not reached' "$CRDUMP" --max-pause 10000 "$pid" img
rm img

# Before the stop there may be as much delay as there will: it does not count.
# shellcheck disable=SC2046     # a command and its arguments
exits 0 'a slow start does not count' $(alone) strace -f -qq -o log -e trace=fsync,openat \
        -e inject=openat:delay_enter=600000:when=4 "$CRDUMP" --max-pause 500 "$pid" img
rm img

start=$(date +%s%N)
exits 1 'pages are slow: status 1' strace -f -qq -o log -e trace=process_vm_readv \
        -e inject=process_vm_readv:delay_enter=100000 "$CRDUMP" --max-pause 150 "$pid" img
took=$((($(date +%s%N) - start) / 1000000))
ok "soon after the limit ($took ms)" test $took -lt 2000
says 'paused longer than allowed' 'the line names the cause'
is "$(wc -l <stderr)" 1 'and it is one'
absent img 'no file left'
unchanged 'the target is as it was' "$pid" before

# An output that is slow when the target has gone on does not count either.
exits 0 'a slow disk at the end does not count' strace -f -qq -o log -e trace=fsync \
        -e inject=fsync:delay_enter=800000:when=1 "$CRDUMP" --max-pause 500 "$pid" img

# A thread that gets no processor has not stopped when the dump is given up; its call goes on all the same.
if command -v taskset >/dev/null && command -v chrt >/dev/null; then
        cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
        background chrt -i 0 taskset -c "$cpu" "$VICTIMS/victim-call" epoll_wait 4000
        call=$pid call_out=$out
        await 10 grep -q '^ready' "$call_out"
        await 10 in_state "$call" S
        for i in 1 2 3 4 5 6; do
                background taskset -c "$cpu" sh -c 'while :; do :; done'
                eval "busy$i=\$pid"
        done
        await 10 spins "$pid"
        exits 1 'no processor for the thread: status 1' "$CRDUMP" --max-pause 5 "$call" img
        says 'paused longer than allowed' 'no processor for the thread: the line names the cause'
        for i in 1 2 3 4 5 6; do
                eval "dismiss \$busy$i"
        done
        wait "$call"
        is "$(sed -n 's/ over=.*//p' "$call_out")" 'epoll_wait ret=1 errno=0' 'no processor for the thread: its call ends as it would have'
else
        skip 'a thread that gets no processor' 'no taskset or chrt here'
fi

for bad in '' 0 -1 x 1x 0.0; do
        exits 2 "--max-pause '$bad' is bad usage" "$CRDUMP" --max-pause "$bad" "$pid" img2
done

done_testing
