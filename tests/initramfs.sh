# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# initramfs.sh - Debian's cloud kernels, and a machine to boot them in; for initramfs*.t, after lib.sh
#
# The kernels are fetched once, into build/kernels. The emulated machine starts
# from an initramfs, and the only way out of it is the serial console: these
# kernels have all virtio drivers as modules.

# shellcheck disable=SC2154     # lib.sh sets it
top=${here%/*}
kernels=$top/build/kernels

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

find_kernel() {                 # SERIES: sets kernel; false when there is none, which is said
        have_kernel "$1" && return
        fetch_kernel "$1" >fetch.out 2>&1
        have_kernel "$1" && return
        if [ "${CI:-}" = true ]; then
                flunk "$1: a kernel to boot"
                diag_file fetch.out
        else
                skip "$1" 'no such kernel can be fetched here'
        fi
        return 1
}

pack() {                        # FOLDER FILE: as an initramfs
        (cd "$1" && find . | cpio -o -H newc --quiet) | gzip -1 >"$2"
}

# ACPI is off: with it, 6.1 often waits for ever for the emulated timer.
start_machine() {               # KERNEL INITRAMFS MEGABYTES CONSOLE: sets pid
        : >"$4.raw"
        qemu-system-x86_64 -M microvm,acpi=off -accel tcg -cpu max -m "$3" \
                -nodefaults -no-user-config -no-reboot -display none -serial "file:$4.raw" -kernel "$1" -initrd "$2" \
                -append 'console=ttyS0 quiet loglevel=3 panic=-1 reboot=t' </dev/null >"$4.qemu" 2>&1 &
        pid=$!
        reap "$pid"
}

# Its end, and what it said as the file CONSOLE. A second try, for no other
# reason, when nothing of init has been seen.
await_machine() {               # PID SECONDS KERNEL INITRAMFS MEGABYTES CONSOLE
        pid=$1
        for try in 1 2; do
                await "$2" gone "$pid" || dismiss "$pid"
                wait "$pid"
                status=$?
                tr -d '\r' <"$6.raw" >"$6"
                grep -q '^#T kernel' "$6" && return "$status"
                diag "boot $try of $3: exit status $status, no sign of init"
                [ "$try" = 2 ] || start_machine "$3" "$4" "$5" "$6"
        done
        return 1
}

right_kernel() {                # SERIES CONSOLE
        release=$(sed -n 's/^#T kernel //p' "$2")
        case $release in
        "$1".*) pass "$1: kernel $release was meant" ;;
        *)      flunk "$1: another kernel: $release" ;;
        esac
}
