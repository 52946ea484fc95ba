#!/bin/sh
# A program is not disturbed by dumps wherever they find it: stack pointer, code or state may be as odd as they are.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# Direction flag, red zone, GS base, and AMX tiles are in registers.t.

where() {                       # IMAGE PID: rip of its first thread
        "$VICTIMS/readimg" "$1" regs "$2" | awk '$1 == "rip" { print $2 }'
}

twenty_dumps() {                # counts in hits how many met the victim in its place
        hits=0
        for n in 1 2 3 4 5; do
                for way in '--trampoline=vdso' '--trampoline=inject' '--catch=breakpoint' '--trampoline=inject --catch=breakpoint'; do
                        # shellcheck disable=SC2086
                        "$CRDUMP" -q $way "$pid" img >stdout 2>stderr || {
                                echo "dump $n with $way ended with $?:"
                                cat stdout stderr
                                return 1
                        }
                        rip=$(where img "$pid")
                        rip=$((${rip:-0}))      # dash takes no variable of more than 63 bits, as in the vsyscall page
                        [ $((rip - low)) -ge 0 ] && [ $((high - rip)) -gt 0 ] && hits=$((hits + 1))
                        await 5 beat_is_not "beat.$place" "$(beat "beat.$place")"
                done
        done
        return 0
}

found() { grep -Eq '^(ready|skip)' "$out"; }

for place in rsp-low rsp-zero rsp-noncanonical rsp-highest rsp-in-code rsp-in-nothing rsp-in-readonly rsp-in-shared \
             tiny-stack-above-data tiny-stack-above-shared tiny-stack-above-readonly tiny-stack-above-nothing \
             altstack step vdso vsyscall pkru rseq; do
        # Not dumped yet, but ended: seen once of `step`, when the kernel of a guest had not been told what a trap was for (DR6 0).
        for start in 1 2 3; do
                background "$VICTIMS/victim-odd" $place beat.$place
                await 20 ready_or_dead found
                { alive "$pid" || grep -q '^skip' "$out"; } && break
                diag "start $start: $(grep '^corrupt' "$out")"
        done
        if grep -q '^skip' "$out"; then
                skip "$place" "$(sed -n 's/^skip //p' "$out")"
                continue
        fi
        alive "$pid" || { diag_file "$out"; bail "the victim did not start: $place"; }
        # shellcheck disable=SC2046
        set -- $(sed -n 's/^range //p' "$out")
        low=$(($1)) high=$(($2))
        ok "$place: twenty dumps" twenty_dumps
        [ "$place" = vsyscall ] || ok "$place: most of them met it there ($hits)" test "$hits" -ge 5
        ok "$place: it goes on" beats_on beat.$place
        is "$(grep '^corrupt' "$out")" '' "$place: nothing changed"
        alive "$pid" || { wait "$pid"; diag "it ended with $?"; }
        if [ $place = pkru ]; then
                "$VICTIMS/readimg" img mem "$(sed -n 's/^memory //p' "$out")" 4096 >page
                is "$(tr -d Z <page | wc -c) $(wc -c <page)" '0 4096' 'pkru: the image has the page that the program denies itself'
        fi
        dismiss "$pid"
done

done_testing
