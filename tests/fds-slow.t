#!/bin/sh
# Files of a file system whose server does not answer: the dump waits for nobody, and says what it does not know.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/fuse ]; then
        skip_all 'no /dev/fuse, or not root'
fi
need bindfs strace

mkdir behind mnt
echo 'some text' >behind/read
background bindfs -f behind mnt
server=$pid
t_umount="$t_umount $scratch/mnt"
await 10 mountpoint -q mnt || bail 'bindfs does not serve'

victim sh -c 'exec sleep 1000 3>mnt/written 4<mnt/read 5<mnt 6>beside'
stat -L -c '%i %s %f' "/proc/$pid/fd/4" >stat.before
kill -STOP "$server"
await 5 in_state "$server" T || bail 'the server did not stop'

LIMIT=20
exits 0 'a dump while the server stands still' "$CRDUMP" "$pid" img
exits 0 'its image is whole' "$CRDUMP" check img
"$readfds" img >image
is "$(field 4 path)" "$scratch/mnt/read" 'where the file is'
is "$(field 4 kind) $(field 5 kind)" 'file dir' 'its kind is known without the server'
is "$(field 4 stat | awk '{ printf "%d %d\n", $1, $2 }')" "$(cut -d ' ' -f 1,2 stat.before)" 'and so are its inode and size'
is "$(field 4 pos) $(field 3 flags)" '0 100001' 'offset and flags'
why 3 'owner.*close|owner.*closing' 'what is missing is said'
is "$(field 6 why)" '' 'of a file beside nothing is missing'

# as if the kernel asked the server after all
exits 0 'a dump in which asking takes too long' \
        strace -f -qq -o log -e trace=statx -e inject=statx:delay_enter=4000000 "$CRDUMP" "$pid" img
"$readfds" img >image
why 3 'size.*timed out' 'the size is not known, and why'
why 4 'size.*timed out' 'nor of the others there'
is "$(field 4 kind) $(field 4 path)" "other $scratch/mnt/read" 'nor its kind, but where it is'
is "$(field 6 why)" '' 'of a file beside nothing is missing'
is "$(grep -c 'statx([0-9]*, "[0-9]*"' log)" 1 'asked once for the whole file system'
says 'paused [0-9]{1,3}\.' 'the pause was less than a second'

exits 1 'and within the limit of --max-pause' \
        strace -f -qq -o log -e trace=statx -e inject=statx:delay_enter=4000000 "$CRDUMP" --max-pause 50 "$pid" img2
says 'paused longer than allowed' 'it says so'

kill -CONT "$server"
absent img2 'no image then'
ok 'the file is still written to' sh -c "echo more >/proc/$pid/fd/3 && grep -q more behind/written"

done_testing
