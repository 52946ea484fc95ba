#!/bin/sh
# Of a damaged image, or one that changes meanwhile, no core is made: status 4, no file, nothing on stdout.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

tiny_program tiny
victim ./tiny
exits 0 'dump' "$CRDUMP" "$pid" img
size=$(stat -c %s img)

bad=0
refused() {                     # WHAT: the image "hurt"
        rm -f core stdout
        "$CRDUMP" core hurt core >stdout 2>stderr
        status=$?
        "$CRDUMP" core hurt - >>stdout 2>>stderr
        [ $status.$? = 4.4 ] && [ ! -e core ] && [ ! -s stdout ] && [ -z "$(find . -name '.core*')" ] &&
                [ "$(wc -l <stderr)" = 2 ] && return
        diag "$1: status $status"
        diag_file stderr
        bad=$((bad + 1))
}

i=0
while [ $i -lt 30 ]; do
        head -c $((size * i / 30 + i)) img >hurt
        refused "cut off at $((size * i / 30 + i))"
        i=$((i + 1))
done
is $bad 0 'cut off in 30 places: no core'

i=0
while [ $i -lt 60 ]; do
        at=$((size * i / 60 + i))
        cp img hurt
        old=$(od -An -tu1 -j $at -N 1 img)
        # shellcheck disable=SC2059     # a byte by its number
        printf "\\$(printf %03o $((old ^ 16)))" | dd of=hurt bs=1 seek=$at conv=notrunc 2>/dev/null
        refused "a bit flipped at $at"
        i=$((i + 1))
done
is $bad 0 'a bit flipped in 60 places: no core'
exits 1 'an image that is not there: status 1' "$CRDUMP" core missing core
absent core 'no core'

# Held after it has verified the image and gone back to its beginning, which is
# its third lseek(2); meanwhile the image becomes another one.
exits 0 'another dump' "$CRDUMP" "$pid" other
meanwhile() {                   # CMD...
        cp img hurt
        rm -f trace
        background strace -qq -o trace -e trace=lseek -e inject=lseek:signal=STOP:when=3 "$CRDUMP" core hurt core
        await 10 grep -q 'stopped by SIGSTOP' trace || bail 'it does not stop'
        "$@"
        # shellcheck disable=SC2046     # a number
        kill -CONT $(cat "/proc/$pid/task/$pid/children")
        wait "$pid"
}
meanwhile cp other hurt
is $? 4 'another image in its place: status 4'
absent core 'no core'
ok 'it says so' grep -q 'changed while it was read\|belongs to another image' "$out" || diag_file "$out"
meanwhile truncate -s 1000 hurt
is $? 4 'cut off in the midst: status 4'
absent core 'no core'
meanwhile true
is $? 0 'and if nothing happens: status 0'

done_testing
