#!/bin/sh
# When the image cannot be written to its end the dump fails, and leaves neither a file nor a mark on the target.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-mem" "$scratch/file"
at_rest "$pid" >before

failed() {                      # WHAT REGEX
        says "$2" "$1: the line names the cause"
        is "$(wc -l <stderr)" 1 "$1: one line"
        unchanged "$1: the target is as it was" "$pid" before
}

mkdir full
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=64k crdump-test full 2>mount.err; then
        t_umount=$scratch/full
        echo precious >full/other
        exits 1 'disk full: status 1' "$CRDUMP" "$pid" full/img
        failed 'disk full' 'No space left'
        is "$(ls -A full)" other 'disk full: no file left'
        mount -o remount,size=64m full
        exits 0 'disk full: with more room' "$CRDUMP" "$pid" full/img
        mount -o "remount,size=$(($(stat -c %s full/img) * 3 / 2048))k" full    # for one and a half
        ln full/img full/older
        exits 1 'disk full again: status 1' "$CRDUMP" "$pid" full/img
        exits 0 'disk full again: the older image is whole' "$CRDUMP" check full/img
        is "$(ls -A full)" "$(printf 'img\nolder\nother')" 'disk full again: nothing more left'
else
        skip 'disk full' 'cannot mount a small tmpfs'
fi

# shellcheck disable=SC2016
exits 1 'file size limit: status 1' sh -c 'ulimit -f 128; exec "$0" "$1" limited' "$CRDUMP" "$pid"
failed 'file size limit' 'File too large|size limit'
absent limited 'file size limit: no file left'

exits 0 'and it can be dumped' "$CRDUMP" "$pid" img
exits 0 'whole' "$CRDUMP" check img

done_testing
