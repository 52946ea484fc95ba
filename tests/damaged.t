#!/bin/sh
# A damaged image is noticed, wherever it was cut off and whatever byte was flipped; nothing crashes.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

tiny_program tiny
victim ./tiny
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'check of the whole image' "$CRDUMP" check img
size=$(stat -c %s img)
how=some
[ "$size" -le 80000 ] && how=all
[ "${CRDUMP_FULL:-}" = 1 ] && how=all
diag "the image has $size bytes; damage at $how places"

# The copies of the image go where writing costs least.
work=$scratch
[ -w /dev/shm ] && work=$(mktemp -d /dev/shm/crdump-test.XXXXXX)
trap 'rm -rf "$work"; t_finish' EXIT
cp img "$work/img"

damage() {                      # NAME CRDUMP truncate|flip HOW
        ok "$1" timeout 300 "$VICTIMS/damage" "$2" "$work/img" "$3" "$4"
        cat t.out
}

damage 'cut off at every length' "$CRDUMP" truncate $how
damage 'every byte flipped' "$CRDUMP" flip $how

# All that reads images, in one process, for a process each would take hours.
replay=${REPLAY:-${here%/*}/build/asan/replay}
if [ -x "$replay" ]; then
        export ASAN_OPTIONS=detect_leaks=1:handle_abort=1:abort_on_error=1:allocator_may_return_null=1:quarantine_size_mb=32
        timeout 900 "$replay" --damage cut img >cut.out 2>&1 &
        cut=$!
        LIMIT=900 exits 0 'under sanitizers, through every reader: every byte flipped' "$replay" --damage flip img
        ok 'and cut off at every length' wait $cut || diag_file cut.out
        diag "$(tail -qn 1 stdout cut.out)"
else
        skip 'under sanitizers' "$replay is not there: run make replay"
fi

# what is cut off is still shown as far as it goes
head -c $((size - 1000)) img >short.img
exits 4 'show of a cut image: status 4' "$CRDUMP" show short.img
ok 'show of a cut image: what there is' grep -q "$pid" stdout
exits 4 'show --json of a cut image: status 4' "$CRDUMP" show --json short.img
ok 'show --json of a cut image: says that it is not complete' grep -q '"complete": *false' stdout
exits 4 'check of a cut image: status 4' "$CRDUMP" check short.img
says '[0-9]' 'check of a cut image: names an offset'

# other things that are no images
: >empty
exits 4 'check of an empty file' "$CRDUMP" check empty
exits 4 'check of a program' "$CRDUMP" check tiny
sed 's/$/\r/' img >dos
exits 4 'check of an image that went through a text-mode copy' "$CRDUMP" check dos
cat img img >twice
exits 4 'check of two images in one file' "$CRDUMP" check twice
exits 1 'check of a file that is not there' "$CRDUMP" check missing
exits 1 'check of a folder' "$CRDUMP" check .

exits 0 'check from stdin' sh -c "exec '$CRDUMP' check - <img"
exits 0 'show from a pipe' sh -c "cat img | '$CRDUMP' show -"

done_testing
