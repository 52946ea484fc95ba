#!/bin/sh
# On kernels without pidfd_getfd(2) the target sends its descriptors itself: all is known as with it, and nothing stays behind.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

need strace

# crdump on a kernel without these system calls
without() {                     # CALL...
        inject=
        for call; do
                inject="$inject -e inject=$call:error=ENOSYS"
        done
        printf '#!/bin/sh\nexec strace -f -qq -A -o strace.log -e trace=none%s%s %s "$@"\n' \
                "$(printf ',%s' "$@")" "$inject" "$REAL" | sed 's/none,//' >crdump
        chmod 755 crdump
        CRDUMP=$scratch/crdump
}

REAL=$CRDUMP
LIMIT=120
without pidfd_getfd
mkdir -m 777 work
for kind in files content kinds sockets; do
        asked=0
        rm -f strace.log
        [ $kind = files ] && set -- "$scratch/file" || set -- work
        echo content >file
        victim "$VICTIMS/victim-fd-$kind" "$@"
        dump_and_compare "$kind, sent from inside" 0 "^$(number io_uring) owner"
        is "$(grep -c 'pidfd_getfd(2)' image)" 0 "$kind, sent from inside: none is missing"
        is "$(grep -c 'pidfd_getfd.*INJECTED' strace.log)" 1 "$kind, sent from inside: the kernel was asked once"
        dismiss "$pid"
        rm -rf work/*
done

victim "$VICTIMS/victim-fd-many" 1000 sockets
fd_texts "$pid" >texts.before
exits 0 'a thousand, in several messages' "$CRDUMP" "$pid" img
"$readfds" img >image
is "$(grep -c '^[0-9]* socket ' image)" 1000 'each is looked at'
fd_texts "$pid" >texts.after
ok 'none more, none less afterwards' cmp texts.before texts.after

# --- where it cannot send

command -v prlimit >/dev/null && {
        n=0
        while [ -e "/proc/$pid/fd/$n" ]; do n=$((n + 1)); done
        prlimit --pid "$pid" --nofile=$n:$n
        exits 0 'no descriptor is free' "$CRDUMP" "$pid" img
        "$readfds" img >image
        why 3 'pidfd_getfd.2.: Function not implemented; from inside: ' 'what is missing'
        is "$(grep -c ' kind socket' image)" 1000 'what /proc tells is not'
        is "$(find "/proc/$pid/fd" -type l | wc -l)" "$(grep -c ' kind ' image)" 'and none was opened'
}
dismiss "$pid"

if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
        victim unshare -n "$VICTIMS/victim-fd-content" work
        await 10 grep -q '^ready' "$out"
        exits 0 'in another network namespace' "$CRDUMP" "$pid" img
        "$readfds" img >image
        why "$(number memfd)" 'from inside: Connection refused' 'what is missing'
        is "$("$readfds" img "$(number memfd)" 3 | wc -c)" 70000 'a memfd has its content all the same'
        is "$("$readfds" img "$(number self.read)" 3)" 'to myself' 'and so has a pipe'
        is "$(field "$(number self.read)" owner)" '' 'of another open file of which the owner is not its own'
        why "$(number out)" 'it takes a copy' 'but not of a writing end: another reader might be noticed'
        why "$(number leased)" 'lease' 'a lease is known, by fdinfo'
        ask finished USR2
        ok 'the readers find all of it' grep -qx 'self 9 to myself' finished
        is "$(sed -n 's/^sigio //p' finished)" 0 'and nobody is told of another reader'
        dismiss "$pid"
        rm -rf work/*
fi

# --- whatever happens meanwhile

without pidfd_getfd kcmp
victim "$VICTIMS/victim-fd-content" work
exits 0 'without kcmp' "$CRDUMP" "$pid" img
"$readfds" img >image
is "$(grep -c ' same ' image)" 0 'which descriptors are the same is not known'
ok 'and that is noted' sh -c "'$VICTIMS/readimg' img notes | grep -q 'kcmp(2): Function not implemented'"

fd_texts "$pid" >texts.before
links_before=$(find "/proc/$pid/fd" -type l -printf '%f %l\n' | sort)
fails() {                       # WHAT N: the nth ptrace request does so; sets status
        timeout -k 5 $((20 * ${PATIENCE:-1})) strace -f -qq -o strace.log -e trace=pidfd_getfd,ptrace -e inject=pidfd_getfd:error=ENOSYS \
                -e "inject=ptrace:$1:when=$2" "$REAL" "$pid" img2 >stdout 2>stderr
        status=$?
        grep -q 'ptrace.*\(INJECTED\|(SYSCALL_TAMPERED\)\|killed by SIGKILL' strace.log
}
every=${EVERY:-3}               # one of so many requests is tried
[ "${CRDUMP_FULL:-}" = 1 ] && every=1
complaints=0 runs=0 left=0
n=0
while fails error=EIO $((n += every)) && [ $n -lt 100 ]; do
        runs=$((runs + 1))
        [ $status = 0 ] || [ $status = 1 ] || [ $status = 5 ] ||
                grep -qE 'could not be put back|does not end|stays until' stderr || complaints=$((complaints + 1))
        [ "$(find "/proc/$pid/fd" -type l -printf '%f %l\n' | sort)" = "$links_before" ] && continue
        complaints=$((complaints + 1))
        diag "request $n, status $status: $(find "/proc/$pid/fd" -type l -printf '%f %l\n' | sort | tail -n 1)"
        diag_file stderr
done
is $complaints 0 "a ptrace request fails, whichever of $runs: no descriptor is left"
n=0 runs=0 complaints=0 had=$(find "/proc/$pid/fd" -type l | wc -l)
while fails signal=KILL $((n += every)) && [ $n -lt 100 ]; do
        runs=$((runs + 1))
        alive "$pid" || complaints=$((complaints + 1))
        now=$(find "/proc/$pid/fd" -type l | wc -l)
        [ "$now" -eq "$had" ] || left=$((left + 1))
        [ "$now" -le $((had + 1)) ] || complaints=$((complaints + 1))
        had=$now
done
is $complaints 0 "crdump is killed at any of $runs requests: the target goes on, with at most one socket more each time"
if [ "$every" = 1 ]; then
        ok "and $left of them left one" test "$left" -gt 0 -a "$left" -lt 20
else
        ok "$runs were tried, of which $left left one" test "$runs" -gt 3 -a "$left" -lt 20
fi
ask finished USR2
ok 'its readers find everything' grep -qx 'self 9 to myself' finished

done_testing
