#!/bin/sh
# SIGINT, SIGTERM or SIGHUP end a dump with 128 + n: no file, and the target as it was.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

# A signal for the dump of $pid, started by CMD..., as soon as it is at it.
interrupted() {                 # WHAT SIGNAL NUMBER CMD...
        what="$1, SIG$2"
        sig=$2
        wanted=$((128 + $3))
        shift 3
        # the shell ignores SIGINT for what it runs in the background
        timeout -k 5 60 env --default-signal=INT "$@" >stdout 2>stderr &
        dump=$!
        if ! await 10 is_traced "$pid"; then
                flunk "$what: the dump begins"
                diag_file stderr
                return
        fi
        start=$(date +%s%N)
        by=$(tracer "$pid")
        if [ "$by" -gt 0 ]; then
                kill -s "$sig" "$by"
        else
                diag 'the dump was faster'
        fi
        wait $dump
        status=$?
        took=$((($(date +%s%N) - start) / 1000000))
        is $status $wanted "$what: status $wanted"
        [ $status = $wanted ] || diag_file stderr
        ok "$what: soon ($took ms)" test $took -lt 3000
        absent img "$what: no file left"
        unchanged "$what: the target as it was" "$pid" before
}

slowly() {                      # CALL:INJECTION, then as interrupted
        inject=$1
        shift
        what_=$1 sig_=$2 n_=$3
        interrupted "$what_" "$sig_" "$n_" strace -f -o strace.log -e "trace=${inject%%:*}" -e "inject=$inject" "$CRDUMP" "$pid" img
}

victim "$VICTIMS/victim-vfork"
reap "$(sed -n 's/^child //p' "$out")"
await 5 in_state "$pid" D
at_rest "$pid" >before
interrupted 'waiting for a stop' INT 2 "$CRDUMP" "$pid" img
interrupted 'waiting for a stop' TERM 15 "$CRDUMP" "$pid" img
interrupted 'waiting for a stop' HUP 1 "$CRDUMP" "$pid" img

victim "$VICTIMS/victim-mem" "$scratch/file"
at_rest "$pid" >before
for n in 2 15 1; do
        sig=$(kill -l $n)
        slowly process_vm_readv:delay_enter=100000 'reading pages' "$sig" $n
        slowly ptrace:delay_enter=5000 'beginning' "$sig" $n
        slowly ptrace:delay_enter=300000:when=12 'infected' "$sig" $n
        slowly ptrace:delay_enter=300000:when=24 'infected for longer' "$sig" $n
done

exits 0 'and it can be dumped' "$CRDUMP" "$pid" img

done_testing
