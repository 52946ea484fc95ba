#!/bin/sh
# The tests pass on kernels 6.1 and 6.12 too, all that can run in a small emulated machine.
# SPDX-License-Identifier: MIT
#
# Each of tests/*.t that is not left out below runs in there, by the same shell,
# with busybox, the few real tools it needs, and static victims. It is one
# assertion for each kernel, with what failed in there as evidence. Emulation
# makes all ten to thirty times slower. INITRAMFS_TESTS='calls signals' runs
# those alone, INITRAMFS_SERIES=6.1 on that kernel alone.

. "${0%/*}/lib.sh"
. "$here/initramfs.sh"

need gcc

seconds=300                     # what one test may take in there
patience=10                     # how much longer than elsewhere it may await something
megabytes=640

# What has no place in there, and why; * stands for both kernels.
left_out() {
        cat <<'EOT'
build           *       has nothing to do with the kernel
layers          *       has nothing to do with the kernel
usage           *       has nothing to do with the kernel
damaged         *       has nothing to do with the kernel
corpus          *       has nothing to do with the kernel
initramfs       *       boots this machine
initramfs-tests *       boots this machine
real-busybox    *       as initramfs.t
real-nginx      *       needs a server
real-python     *       needs an interpreter
real-redis      *       needs a server
own             *       needs an interpreter
soak            *       needs servers, and its time
faults          *       hundreds of runs under strace: too slow
killed-anywhere *       hundreds of runs under strace: too slow
killed          *       hundreds of kills at random: too slow
hundred-dumps   *       hundreds of dumps: too slow
thousand-dumps  *       a thousand dumps: too slow
target-execs    *       two hundred dumps: too slow
real-threads    *       31 that spin have one processor: longer than the five seconds they have to stop
threads         *       asks for five thousand threads in eight seconds
signal-storm    *       asks for ten thousand signals a second
max-pause       *       a pause of half a second is nothing in there
suspended       *       counts on a pace that is not to be had in there
strayed         *       the same
interrupted     *       the same
odd-places      *       dumps until enough have met each place: more than three minutes
stops           *       the same
calls           6.12    takes three minutes: on the older one alone
fences          6.1     takes two minutes: on the newer one alone
content         6.1     the same
registers       6.1     the same
as-it-was       6.1     the same
fds-tables      6.1     takes pidfd_open(2) of a thread, of 6.9; what is said without it is tried on the newer one
EOT
}

# What busybox has not, or not in the way the tests use it. A shell and a sleep
# of their own, since a victim is known by being another program than the shell.
tools='sh timeout sleep date env find cksum comm join as ld strace setpriv unshare'

settings() {                    # NAME: what it may take, in seconds, and how much it does in there
        case $1 in
        calls)          echo 600 CALLS_AT_ONCE=4 CALLS_MS=4000 ;;
        fds-old)        echo 600 EVERY=6 ;;
        memory-object)  echo 600 ;;
        snapshot-instant) echo 600 DUMPS=3 ;;
        *)              echo $seconds ;;
        esac
        echo LIMIT=$seconds PATIENCE=$patience
}

carry() {                       # TOOL: with its libraries; false when there is none here
        path=$(command -v "$1") || return
        cp -L "$path" "root/bin/$1" || return
        for lib in $(ldd "$path" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'); do
                [ -e "root$lib" ] || { mkdir -p "root${lib%/*}" && cp -L "$lib" "root$lib"; } || return
        done
}

compile() {                     # those programs of the tests that are not newer than what they are made of
        mkdir -p "$top/build/initramfs" || return
        for source in "$here"/*.c; do
                program=$(basename "$source" .c)
                built=$top/build/initramfs/$program
                case $program in bench-*) continue ;; esac
                [ -x "$built" ] && [ -z "$(find "$source" "$here"/*.h "$top/image.h" -newer "$built")" ] ||
                        gcc -std=gnu11 -O2 -s -static -pthread -o "$built" "$source" -Wl,--as-needed -lz || return
        done
}

pack_initramfs() {              # FILE
        mkdir -p root/bin root/proc root/sys root/dev root/tmp root/etc root/crdump/build || return
        for tool in $tools; do
                carry "$tool" || echo "$tool is not here" >&2
        done
        printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >root/etc/passwd
        printf '%s\n' root:x:0: nogroup:x:65534: >root/etc/group
        cp "$busybox" root/bin/busybox && cp "$CRDUMP" root/crdump/crdump &&
                cp -r "$here" root/crdump/tests && cp -r "$top/build/initramfs" root/crdump/build/tests &&
                cp list.* root && cp "$here/initramfs-tests-init" root/init && chmod 755 root/init && pack root "$1"
}

list_tests() {                  # SERIES: into the file list.SERIES: NAME SECONDS SETTING...
        left_out | awk -v series="$1" '$2 == "*" || $2 == series { print $1 }' >left_out
        for test in "$here"/*.t; do
                name=$(basename "$test" .t)
                case " ${INITRAMFS_TESTS:-$name} " in *" $name "*) ;; *) continue ;; esac
                # shellcheck disable=SC2046     # a line of several words
                grep -qx "$name" left_out || echo "$name" $(settings "$name")
        done >"list.$1"
}

judge() {                       # SERIES NAME [STATUS SECONDS]: by what it said, the file NAME.tap
        [ $# -eq 4 ] || { flunk "$1: $2" 'it has not ended'; tail -n 5 "$2.tap" | sed 's/^/# | /'; return; }
        planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$2.tap")
        run=$(grep -c '^ok \|^not ok ' "$2.tap")
        missing=$(sed -n 's/^1\.\.0 # SKIP //p' "$2.tap")
        [ -z "$missing" ] || planned=$run       # ended early, by need
        if [ "${missing:+$run}" = 0 ]; then
                skip "$1: $2" "$missing"
        elif [ "$3" = 0 ] && [ "$run" = "$planned" ] && ! grep -q '^not ok' "$2.tap"; then
                pass "$1: $2, $run tests${missing:+ as far as it goes: $missing}"
        else
                flunk "$1: $2" "status $3 after $4 s, $run tests of ${planned:-an unknown number}"
                awk '/^(not )?ok / { bad = $1 == "not" } bad' "$2.tap" | sed -n '1,60s/^/# | /p'
                [ -n "$planned" ] || tail -n 5 "$2.tap" | sed 's/^/# ... /'
        fi
}

judge_all() {                   # SERIES: by what came over the console
        rm -f ./*.tap ends
        while read -r name _; do : >"$name.tap"; done <"list.$1"
        awk '$1 == "#B" { out = $2 ".tap" }
             $1 == "#E" { print $2, $3, $4 >"ends"; close(out) }
             $1 == "#T" && out { print substr($0, 4) >>out }' "console.$1"
        while read -r name _; do
                # shellcheck disable=SC2046     # two numbers, or none
                judge "$1" "$name" $(sed -n "s/^$name //p" ends)
        done <"list.$1"
}

list_tests 6.1
list_tests 6.12
ok 'the programs of the tests, static' compile || done_testing
ok 'an initramfs of them, of the tests and of what they need' pack_initramfs initramfs.gz || done_testing
diag_file t.out

machines=                       # SERIES PID KERNEL ...
for series in ${INITRAMFS_SERIES:-6.1 6.12}; do
        find_kernel "$series" || continue
        start_machine "$kernel" initramfs.gz $megabytes "console.$series"
        machines="$machines $series $pid $kernel"
done
# shellcheck disable=SC2086     # a list of words
set -- $machines
while [ $# -gt 0 ]; do
        ok "$1: boots, works, ends" await_machine "$2" $((900 + 40 * $(wc -l <"list.$1"))) "$3" initramfs.gz $megabytes "console.$1" ||
                tail -n 20 "console.$1" | sed 's/^/# | /'
        right_kernel "$1" "console.$1"
        judge_all "$1"
        shift 3
done

done_testing
