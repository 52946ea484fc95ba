#!/bin/sh
# A core is written safely, as an image is; to a pipe come the same bytes.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

stopped_victim "$VICTIMS/victim-core"
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'core' "$CRDUMP" core img core
says "^crdump: core of $pid \(victim-core\): 4 threads, [0-9]+ segments, $(stat -c %s core) bytes$" 'one line says what it holds'
is "$(cat stdout)" '' 'nothing on stdout'
is "$(stat -c %a core)" 600 'the mode is 0600'
ok 'zeros are holes' test $(($(stat -c %b core) * 512)) -lt $(($(stat -c %s core) / 4))
exits 0 'core -q' "$CRDUMP" -q core img again
is "$(cat stderr)" '' 'says nothing'
ok 'the same' cmp core again

# shellcheck disable=SC2094     # they are different files
"$CRDUMP" -q core img - | cat >piped
ok 'down a pipe: the same' cmp core piped
"$CRDUMP" -q core img - >redirected
ok 'to stdout, a file: the same' cmp core redirected
ok 'with holes' test $(($(stat -c %b redirected) * 512)) -lt $(($(stat -c %s core) / 4))
echo before >appended
"$CRDUMP" -q core img - >>appended
ok 'appended: the same' sh -c 'tail -c +8 appended | cmp core -'
exits 0 'the image from stdin' sh -c "'$CRDUMP' core - here <img"
ok 'the same' cmp core here

exits 1 'an image from a pipe is refused' sh -c "cat img | '$CRDUMP' core - no"
says 'pipe' 'says why'
absent no 'no file'
cp img kept
exits 1 'the image itself is no place for the core' "$CRDUMP" core img ./img
ok 'it stays' cmp img kept
echo precious >file
ln -s file link
exits 0 'a symbolic link' "$CRDUMP" core img link
ok 'is replaced, not followed' test ! -L link -a "$(cat file)" = precious
exits 1 'no such folder' "$CRDUMP" core img nowhere/core
exits 1 'a folder' "$CRDUMP" core img .
exits 1 'a device' "$CRDUMP" core img /dev/null

exits 1 'no space' sh -c "exec '$CRDUMP' core img - >/dev/full"
says 'No space' 'says so'
# shellcheck disable=SC2016
exits 1 'file size limit' sh -c 'ulimit -f 100; exec "$0" core img limited' "$CRDUMP"
absent limited 'no file left'
exits 1 'the reader has had enough' sh -c "{ '$CRDUMP' core img -; echo \$? >status; } | head -c 10; exit \$(cat status)"
is "$(cat stderr)" '' 'nothing is said'
exits 143 'SIGTERM' strace -qq -o trace -e inject=write:signal=TERM:when=2 "$CRDUMP" core img ended
absent ended 'no file left'

done_testing
