#!/bin/sh
# Our core is what the kernel writes when the same process is ended by a signal: the notes, the memory.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need eu-readelf
case $(cat /proc/sys/kernel/core_pattern)-$(cat /proc/sys/kernel/core_uses_pid) in
core-0) ;;
*)      skip_all 'the kernel writes no core into the current folder here' ;;
esac

# By nature another: the signal that ended it, time, its state, and that a call has
# been restarted by now (219); the kernel's order of threads, but for the first one.
# We tell of each thread that there was no signal. The layout of xstate (517, from
# 6.12 on) is not in an image.
notes() {                       # CORE
        eu-readelf -n "$1" | sed -e '/^Note segment/d' -e '/info\.si_signo/d' -e '/utime: /d' -e '/state: .* flag: /d' \
                -e '/ SIGINFO$/d' -e '/^    si_signo: /d' -e '/^    sender PID: /d' -e '/ 517$/d' \
                -e 's/orig_rax: 219,/orig_rax: 7,/' |
                awk '{ line[NR] = $0; block[NR] = n += / PRSTATUS$/ }
                     $1 == "pid:" && !tid[n] { tid[n] = $2 + 0 }
                     END { for (i = 1; i <= NR; i++) print tid[block[i]] + 0, i, line[i] }' |
                sort -k1,1n -k2,2n | sed 's/^[0-9]* [0-9]* //'
}

# The kernel writes to a thread's struct rseq when it goes on: here is none.
export GLIBC_TUNABLES=glibc.pthread.rseq=0
# Another thread may run for a moment between the SIGCONT and its end: then, once more.
# shellcheck disable=SC3045     # dash and busybox have it
ulimit -c unlimited
for attempt in 1 2 3; do
        rm -f core
        stopped_victim "$VICTIMS/victim-core"
        exits 0 "dump $attempt" "$CRDUMP" "$pid" img
        exits 0 "core $attempt" "$CRDUMP" core img ours
        kill -ABRT "$pid"
        kill -CONT "$pid"
        await 20 gone "$pid" || bail 'it does not die'
        [ -s core ] || skip_all 'the kernel wrote no core'
        notes core >kernel.notes
        notes ours >ours.notes
        cmp -s kernel.notes ours.notes && break
done
is "$(grep ' pid: ' ours.notes | sed -n '1s/^ *pid: \([0-9]*\),.*/\1/p')" "$pid" 'the first thread first'
ok "the same notes ($(wc -l <kernel.notes) lines)" diff -u kernel.notes ours.notes
ok 'the same memory' "$VICTIMS/cmpcore" core ours
diag "$(cat t.out)"
starts() {                      # CORE: where its segments start; but for the kernel's own page
        eu-readelf -l "$1" | awk '$1 == "LOAD" && $3 !~ /^0xffffffffff600000/ { print $3, $6, $7, $8, $9 }'
}
starts core >kernel.starts
starts ours >ours.starts
ok 'the same segments' diff -u kernel.starts ours.starts

done_testing
