#!/bin/sh
# crdump works on kernels 6.1 and 6.12 beside busybox alone, and its image can be read elsewhere.
# SPDX-License-Identifier: MIT
#
# Debian's cloud kernels, fetched once into build/kernels, boot in an emulated
# machine from an initramfs of busybox, crdump and initramfs-init. The only way
# out is the serial console: these kernels have all virtio drivers as modules.

. "${0%/*}/lib.sh"

kernels=${here%/*}/build/kernels
expected=14                     # tests in initramfs-init

need qemu-system-x86_64 busybox cpio dpkg-deb readelf
busybox=$(command -v busybox)
for program in "$CRDUMP" "$busybox"; do
        readelf -lW "$program" | grep -q INTERP && skip_all "$program is not static"
done

have_kernel() {                 # SERIES: sets kernel to the newest one that was fetched
        kernel=
        for k in "$kernels/linux-image-$1"[.-]*/boot/vmlinuz-*; do
                [ -f "$k" ] && kernel=$k
        done
        [ -n "$kernel" ]
}

newest_package() {              # SERIES
        apt-cache pkgnames "linux-image-$1" |
                grep -E "^linux-image-$1(\.0-[0-9]+|\.[0-9]+[^-]*)-cloud-amd64\$" | sort -V | tail -n 1
}

fetch_kernel() {                # SERIES
        package=$(newest_package "$1")
        if [ -z "$package" ]; then
                apt-get update >&2
                package=$(newest_package "$1")
        fi
        [ -n "$package" ] || return 1
        mkdir -p "$kernels" && apt-get -o APT::Sandbox::User=root -q download "$package" >&2 || {
                apt-get update >&2 && apt-get -o APT::Sandbox::User=root -q download "$package" >&2
        } || return 1
        mkdir -p new/boot &&
                dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x -C new --wildcards './boot/vmlinuz-*' &&
                rm "$package"_*.deb && mv new "$kernels/$package"
}

pack_initramfs() {              # FILE
        mkdir -p root/bin root/proc root/dev || return 1
        cp "$busybox" root/bin/busybox && cp "$CRDUMP" root/bin/crdump &&
                ln -sf busybox root/bin/sh && cp "$here/initramfs-init" root/init &&
                chmod 755 root/init root/bin/* &&
                (cd root && find . | cpio -o -H newc --quiet) | gzip -1 >"$1"
}

# ACPI is off: with it, 6.1 often waits for ever for the emulated timer. A
# second try, for no other reason, when nothing of init has been seen.
boot() {                        # KERNEL: leaves what it said in console
        for try in 1 2; do
                timeout -k 5 120 qemu-system-x86_64 -M microvm,acpi=off -accel tcg -cpu max -m 256 \
                        -nodefaults -no-user-config -no-reboot -display none -serial file:console.raw \
                        -kernel "$1" -initrd initramfs.gz \
                        -append 'console=ttyS0 quiet loglevel=3 panic=-1 reboot=t' </dev/null >qemu.out 2>&1
                status=$?
                tr -d '\r' <console.raw >console
                grep -q '^#T kernel' console && return "$status"
                diag "boot $try of $1: exit status $status, no sign of init"
        done
        return 1
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
        release=$(sed -n 's/^kernel //p' said)
        case $release in
        "$1".*) pass "$1: kernel $release was meant" ;;
        *)      flunk "$1: another kernel: $release" ;;
        esac
}

ok 'an initramfs of busybox, crdump and one script' pack_initramfs initramfs.gz || done_testing

for series in 6.1 6.12; do
        if ! have_kernel "$series"; then
                fetch_kernel "$series" >fetch.out 2>&1
                if ! have_kernel "$series"; then
                        if [ "${CI:-}" = true ]; then
                                flunk "$series: a kernel to boot"
                                diag_file fetch.out
                        else
                                skip "$series" 'no such kernel can be fetched here'
                        fi
                        continue
                fi
        fi
        if ok "$series: boots, works, ends" boot "$kernel"; then
                inside "$series"
                outside "$series"
        else
                tail -n 20 console | sed 's/^/# | /'
        fi
done

done_testing
