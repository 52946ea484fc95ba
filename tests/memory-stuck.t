#!/bin/sh
# A file system that does not answer, not even the one that the target serves itself, holds neither the dump nor the target for long.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

LIMIT=$((30 * ${PATIENCE:-1}))
mkdir mnt
background "$VICTIMS/victim-fuse" "$PWD/mnt"
await 20 ready_or_dead grep -q '^ready' "$out"
alive "$pid" || skip_all "$(sed -n 's/^not here: //p' "$out")"
t_umount=$PWD/mnt
await 5 in_state "$pid" S

# it answers while it is looked at, and stands still while it is read
exits 0 'its own server: dump' "$CRDUMP" "$pid" img
are mapping 'i-d-i-i-i-i-i-i-'
exits 0 'its own server: dump with --file-pages' "$CRDUMP" --file-pages "$pid" img
exits 0 'its own server: check' "$CRDUMP" check img
are mapping 'u[?]d-(u[?]){6}'
is "$("$readimg" img runs | awk -v a="$(address_of mapping)" '$1 == a { print $5 }')" 110 'its own server: ETIMEDOUT, it says'
is "$(head -c 5 mnt/file)" fffff 'its own server: goes on to serve'

# another one's, which stands still all the time
server=$pid
background "$VICTIMS/victim-maps" other:mnt/file:p:0:8::3
await 20 ready_or_dead grep -q '^ready' "$out"
kill -STOP "$server"
await 5 in_state "$server" T
exits 0 'a server that is stopped: dump' "$CRDUMP" "$pid" img
says 'file system does not answer' 'a server that is stopped: it is said'
are other 'i-i-i-d-i-i-i-i-'
rm img
exits 0 'a server that is stopped: dump with --file-pages' "$CRDUMP" --file-pages "$pid" img
are other 'i-i-i-d-i-i-i-i-'
"$readimg" img notes >notes
ok 'a server that is stopped: what is missing is noted' grep -q '^files that could not be opened.*: 1 mapping,' notes
kill -CONT "$server"
ok 'the server goes on' test "$(head -c 5 mnt/file)" = fffff

# requests that the server has taken: the kernel lets nobody go who waits for them
kill -USR1 "$server"
rm img
exits 0 'a server that is mute: dump' "$CRDUMP" "$pid" img
are other 'i-i-i-d-i-i-i-i-'
dismiss "$pid"
dismiss "$server"

done_testing
