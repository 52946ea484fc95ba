#!/bin/sh
# With --direct the image goes to the disk past the page cache, whole, and where that cannot be it goes there all the same.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

stopped_victim "$VICTIMS/victim-pages"
exits 0 'plain' "$CRDUMP" --stop "$pid" plain.img

same() {                        # NAME IMAGE: as plain.img
        exits 0 "$1: check" "$CRDUMP" check "$2"
        exits 0 "$1: nothing differs" "$CRDUMP" diff plain.img "$2"
        is "$(stat -c %s plain.img)" "$(stat -c %s "$2")" "$1: as long"
        is "$(stat -c %a "$2")" 600 "$1: for its owner alone"
}

exits 0 '--direct' "$CRDUMP" --stop --direct "$pid" direct.img
lines=1
case $(stat -f -c %T .)/$(uname -r) in
ramfs/* | tmpfs/[3-5].* | tmpfs/6.[0-5].*)      # tmpfs knows O_DIRECT since Linux 6.6
        says 'not past the page cache: Invalid argument' '--direct: a warning says where it cannot be'
        lines=2
        ;;
esac
is "$(wc -l <stderr)" $lines '--direct: one line, or one more that says where it cannot be' || diag_file stderr
same '--direct' direct.img
exits 0 'with a snapshot' "$CRDUMP" --snapshot --direct "$pid" snapshot.img
same 'with a snapshot' snapshot.img
exits 0 'with -z' "$CRDUMP" --stop --direct -z "$pid" z.img
exits 0 'with -z: check' "$CRDUMP" check z.img
exits 0 'with -z: nothing differs' "$CRDUMP" diff plain.img z.img

# --- past the cache

cached() { fincore -nbo RES "$1" | tr -d ' '; }
if ! command -v fincore >/dev/null; then
        skip 'not in the cache' 'no fincore here'
elif [ "$(stat -f -c %T .)" = tmpfs ]; then
        skip 'not in the cache' 'there is nothing but the cache here'
else
        exits 0 'once more, plain' "$CRDUMP" --stop "$pid" plain2.img
        exits 0 'once more, --direct' "$CRDUMP" --stop --direct "$pid" direct2.img
        ok 'the plain one is in the cache' test "$(cached plain2.img)" -ge 1048576
        ok 'the other one is not, but for its last bytes' test "$(cached direct2.img)" -le 65536
        diag "in the cache: $(cached plain2.img), $(cached direct2.img) bytes of $(stat -c %s direct2.img)"
fi

# --- where that cannot be

if [ $lines -eq 2 ]; then
        skip 'where that cannot be' 'there is nothing else here'
elif command -v strace >/dev/null; then
        injected() {            # CALL INJECTION
                strace -f -qq -o log -e trace="$1" -e inject="$1:$2" "$CRDUMP" --stop --direct "$pid" odd.img >stdout 2>stderr
        }
        # strace counts the calls of each thread. The one that writes makes no other write(2) than those.
        strace -f -qq -o log -e trace=write "$CRDUMP" --stop --direct "$pid" odd.img >stdout 2>stderr
        ok 'half a MiB at a time' grep -qE ', 524288( <unfinished|\) *= 524288)' log
        rm odd.img
        # Either thread may be the one that asks of descriptors by fcntl(2), and each dump anew.
        refused() {
                rm -f odd.img
                strace -f -qq -o log -e trace=fcntl "$CRDUMP" --stop --direct "$pid" odd.img
                at=$(awk '/fcntl\(/ { n[$1]++ } /F_SETFL.*O_DIRECT/ { print n[$1]; exit }' log)
                rm odd.img
                injected fcntl "error=EINVAL:when=$at"
                status=$?
                grep -q 'F_SETFL.*O_DIRECT.*INJECTED' log
        }
        ok 'a file system without it: the call is hit' await 20 refused
        is "$status" 0 'a file system without it: status 0'
        says 'not past the page cache: Invalid argument' 'a file system without it: a warning says so'
        same 'a file system without it' odd.img
        rm odd.img
        injected write "error=EINVAL:when=1"
        is $? 0 'larger blocks than it was written for: status 0'
        same 'larger blocks' odd.img
        rm odd.img
        injected write "error=ENOSPC:when=3"
        is $? 1 'a full disk: status 1'
        says 'No space left' 'a full disk: the line names the cause'
        absent odd.img 'a full disk: no file left'
else
        skip 'where that cannot be' 'no strace here'
fi

exits 2 'standard output' sh -c '"$0" --direct "$1" - | cat >/dev/null; "$0" --direct "$1" - >file' "$CRDUMP" "$pid"
says '^usage:' 'standard output: the usage'

done_testing
