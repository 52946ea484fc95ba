#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh WORD... - installs what WORDs need and is missing; prints the commands.
#
# When not root: says what to install, and fails. Nothing missing: nothing done.

set -u

# word, then what it needs: a program, or a file by its path; then Debian's package
needs='
build           musl-gcc                                musl-tools
build           /usr/include/zlib.h                     zlib1g-dev
build           ld                                      binutils
test            gcc                                     gcc
test            prove                                   perl
test            strace                                  strace
test            gdb                                     gdb
test            eu-stack                                elfutils
test            lldb                                    lldb
test            go                                      golang-go
test            python3                                 python3
test            busybox                                 busybox-static
test            redis-server                            redis-server
test            redis-benchmark                         redis-tools
test            nginx                                   nginx
test            wrk                                     wrk
test            pg_ctlcluster                           postgresql
test            setpriv                                 util-linux
test            mkswap                                  util-linux
test            swapon                                  mount
test            ps                                      procps
test            diff                                    diffutils
test            qemu-system-x86_64                      qemu-system-x86
test            cpio                                    cpio
test            mandoc                                  mandoc
test            jq                                      jq
test            bindfs                                  bindfs
initramfs       qemu-system-x86_64                      qemu-system-x86
initramfs       busybox                                 busybox-static
initramfs       cpio                                    cpio
initramfs       prove                                   perl
initramfs       gcc                                     gcc
lint            shellcheck                              shellcheck
lint            mandoc                                  mandoc
analyze         gcc                                     gcc
analyze         cppcheck                                cppcheck
analyze         clang-tidy                              clang-tidy
fuzz            clang                                   clang
fuzz            /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a   libclang-rt-14-dev
bench           gcore                                   gdb
bench           pigz                                    pigz
plot            gcore                                   gdb
plot            gnuplot                                 gnuplot-nox
'

missing=$(
        for word; do
                echo "$needs" | while read -r of what package; do
                        [ "$of" = "$word" ] || continue
                        case $what in
                        /*) [ -e "$what" ] ;;
                        *)  command -v "$what" >/dev/null || [ -x "/usr/sbin/$what" ] ;;
                        esac || echo "$package"
                done
        done | sort -u | tr '\n' ' '
)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
        echo "missing here; as root: apt-get install $missing" >&2
        exit 1
fi
if ! command -v apt-get >/dev/null; then
        echo "missing here, and no apt-get to install it (names are Debian's packages): $missing" >&2
        exit 1
fi

run() {
        echo "\$ $*"
        "$@"
}

# Servers that come with a package shall not be started by it.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit 1
fi

export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086     # a list of words
set -- apt-get install -qy --no-install-recommends $missing
known() {
        apt-get -s install --no-install-recommends "$@" >/dev/null 2>&1
}
# shellcheck disable=SC2086
known $missing || run apt-get update || exit 1
run "$@" || {                   # a list of last month names packages that are gone
        run apt-get update && run "$@"
}
