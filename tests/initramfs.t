#!/bin/sh
# crdump works on kernels 6.1 and 6.12 beside busybox alone, and its image can be read elsewhere.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/initramfs.sh"

expected=14                     # tests in initramfs-init

pack_initramfs() {              # FILE
        mkdir -p root/bin root/proc root/dev || return 1
        cp "$busybox" root/bin/busybox && cp "$CRDUMP" root/bin/crdump &&
                ln -sf busybox root/bin/sh && cp "$here/initramfs-init" root/init &&
                chmod 755 root/init root/bin/* && pack root "$1"
}

boot() {                        # KERNEL: leaves what it said in console
        start_machine "$1" initramfs.gz 256 console
        await_machine "$pid" 120 "$1" initramfs.gz 256 console
}

inside() {                      # SERIES: the tests in there, as our own
        sed -n 's/^#T //p' console >said
        found=0
        while IFS= read -r line; do
                case $line in
                'ok '*)         pass "$1: ${line#ok }"; found=$((found + 1)) ;;
                'not ok '*)     flunk "$1: ${line#not ok }"; found=$((found + 1)) ;;
                '# '*)          echo "$line" ;;
                esac
        done <said
        is "$found" "$expected" "$1: all tests in there were run" || tail -n 20 console | sed 's/^/# | /'
}

outside() {                     # SERIES: the image, brought out over the console
        sed -n 's/^#I //p' console | base64 -d | gzip -d >out.img
        is "$(md5sum <out.img)" "$(sed -n 's/^image //p' said)" "$1: the image came out whole"
        exits 0 "$1: check, outside" "$CRDUMP" check out.img
        exits 0 "$1: show, outside" "$CRDUMP" show out.img
        right_kernel "$1" console
}

ok 'an initramfs of busybox, crdump and one script' pack_initramfs initramfs.gz || done_testing

for series in 6.1 6.12; do
        find_kernel "$series" || continue
        if ok "$series: boots, works, ends" boot "$kernel"; then
                inside "$series"
                outside "$series"
        else
                tail -n 20 console | sed 's/^/# | /'
        fi
done

done_testing
