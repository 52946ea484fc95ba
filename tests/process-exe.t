#!/bin/sh
# The program's file is in the image with size, time, inode, device and build-id, also when no path leads to it any more.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gcc ld as readelf stat
readimg=$VICTIMS/readimg

cat >sleeper.c <<'EOT'
#include <stdio.h>
#include <unistd.h>
int main(void)
{
        puts("ready");
        fflush(stdout);
        for (;;)
                pause();
}
EOT

id_of() {                       # FILE: its build-id, as readelf has it
        readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p' | head -n 1
}

started() {                     # FILE
        background "./$1"
        await 20 ready_or_dead grep -q '^ready' "$out"
}

file_of() {                     # FILE: as `readimg proc` prints it
        t_dev=$(stat -L -c %D "$1")             # in hexadecimal, as the kernel packs it
        t_dev=$((0x$t_dev))
        echo "exe $(stat -L -c '%s %i' "$1") $(stat -L -c %Y "$1").$(stat -L -c %y "$1" | sed 's/.*\.\([0-9]*\) .*/\1/')" \
                "$((t_dev >> 8 & 0xfff)):$(((t_dev & 0xff) | (t_dev >> 12 & 0xfff00)))"
}

told() {                        # NAME FILE BUILD-ID: of $pid; the file is one that is the same
        rm -f img
        exits 0 "$1: dump" "$CRDUMP" "$pid" img
        is "$("$readimg" img proc | grep '^exe')" "$(file_of "$2")" "$1: size, inode, time, device"
        is "$("$readimg" img str 9 | od -An -v -tx1 | tr -d ' \n')" "$3" "$1: build-id ($3)"
        is "$("$readimg" img notes | grep ^exe)" '' "$1: no note"
}

long=0123456789abcdef
long=0x$long$long$long$long$long$long$long$long
for kind in sha1 md5 uuid none 0xfeed "$long"; do
        gcc -O1 -Wl,--build-id="$kind" -o "by-$kind" sleeper.c
        started "by-$kind"
        id=$(id_of "by-$kind")
        case $kind in
        none)   is "$id" '' 'none: readelf finds none either' ;;
        0x*)    id=${kind#0x} ;;
        esac
        told "$kind" "by-$kind" "$id"
        dismiss "$pid"
done

gcc -O1 -Wl,--build-id="${long}00" -o longer sleeper.c
started longer
exits 0 'longer than any: dump' "$CRDUMP" "$pid" img
is "$("$readimg" img str 9)" '' 'longer than any: left out'
is "$("$readimg" img notes | grep -c '^exe: its build-id: Value too large')" 1 'longer than any: and a note says so'
dismiss "$pid"

gcc -static -O1 -Wl,--build-id -o static sleeper.c
started static
told static static "$(id_of static)"
dismiss "$pid"
gcc -no-pie -O1 -Wl,--build-id -o fixed sleeper.c
started fixed
told 'at a fixed address' fixed "$(id_of fixed)"

ln fixed other-link
rm fixed
told 'one link removed' other-link "$(id_of other-link)"
cp other-link same
id=$(id_of same)
dismiss "$pid"

gcc -O1 -Wl,--build-id -o doomed sleeper.c
started doomed
id=$(id_of doomed)
exec 9<doomed
rm doomed
echo 'another file' >doomed
told 'removed and replaced' /proc/self/fd/9 "$id"
exec 9<&-
dismiss "$pid"

# --- a note far behind the first mapping is read from the file

cat >far.s <<'EOT'
        .globl  _start
        .text
_start: lea     said(%rip), %rsi
        mov     $6, %edx
        mov     $1, %edi
        mov     $1, %eax
        syscall
wait:   mov     $34, %eax
        syscall
        jmp     wait
        .section .rodata
said:   .ascii  "ready\n"
        .data
        .skip   300000, 7
EOT
cat >far.lds <<'EOT'
PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); note PT_NOTE FLAGS(4); }
ENTRY(_start)
SECTIONS {
        . = 0x400000 + SIZEOF_HEADERS;
        .text : { *(.text) *(.rodata) } :text
        . = 0x600000;
        .data : { *(.data) } :data
        .note.gnu.build-id : { *(.note.gnu.build-id) } :data :note
}
EOT
as -o far.o far.s
ld --build-id=sha1 -T far.lds -o far far.o 2>/dev/null
started far
offset=$(readelf -lW far | awk '$1 == "NOTE" { print $2 }' | head -n 1)
ok 'far behind: it is' test $((offset)) -gt 200000
told 'far behind' far "$(id_of far)"
ok 'far behind: readelf finds one' test -n "$(id_of far)"
dismiss "$pid"

# --- what the process has written over the head of its program is not what the file has

cat >scribbler.c <<'EOT'
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
        char *head = (char *)(getauxval(AT_PHDR) & ~4095ul);

        if (mprotect(head, 4096, PROT_READ | PROT_WRITE) < 0)
                return 2;
        memset(head + 64, 0xff, 4096 - 64);
        puts("ready");
        fflush(stdout);
        for (;;)
                pause();
}
EOT
gcc -static -O1 -Wl,--build-id -o scribbler scribbler.c
started scribbler
told 'scribbled over' scribbler "$(id_of scribbler)"
dismiss "$pid"

# --- a file system that does not answer: what is in memory is known

mkdir mnt
if [ "$(id -u)" -eq 0 ] && command -v bindfs >/dev/null && [ -e /dev/fuse ]; then
        background bindfs -f -o attr_timeout=0 "$PWD" "$PWD/mnt"
        server=$pid
        t_umount=$PWD/mnt
        await 10 test -x mnt/by-sha1 || bail 'nothing is served'
        started mnt/by-sha1
        exits 0 'served: dump' "$CRDUMP" "$pid" img
        is "$("$readimg" img str 9 | od -An -v -tx1 | tr -d ' \n')" "$(id_of by-sha1)" 'served: build-id'
        is "$("$readimg" img proc | grep '^exe' | cut -d ' ' -f 2)" "$(stat -c %s by-sha1)" 'served: size'
        kill -STOP "$server"
        await 5 in_state "$server" T
        LIMIT=20 exits 0 'served by one that is stopped: dump' "$CRDUMP" "$pid" img
        is "$("$readimg" img str 9 | od -An -v -tx1 | tr -d ' \n')" "$(id_of by-sha1)" 'served by one that is stopped: build-id'
        is "$("$readimg" img proc | grep -c '^exe')" 0 'served by one that is stopped: no size'
        is "$("$readimg" img notes | grep -c '^exe: its file: .* timed out')" 1 'served by one that is stopped: a note says why'
        kill -CONT "$server"
        dismiss "$pid"
else
        skip 'served' 'it takes root, bindfs and /dev/fuse'
fi

# --- reading it brings nothing in, and leaves the file's time of access alone

rss() { awk '/^(RssFile|VmRSS|VmPTE)/ { print $1, $2 }' "/proc/$pid/status"; }
pages() { sed -n '/by-sha1/,/^VmFlags/p' "/proc/$pid/smaps"; }
started by-sha1
touch -a -d '2001-01-01' by-sha1
"$CRDUMP" -q "$pid" img         # the lifeline's pages, which stay
pages >before
touch -a -d '2001-01-01' by-sha1
exits 0 'undisturbed: dump' "$CRDUMP" -q "$pid" img
pages >after
ok 'undisturbed: the same pages of it are in memory' diff -u before after
is "$(stat -c %x by-sha1 | cut -c 1-10)" 2001-01-01 'undisturbed: its time of access is the same'
dismiss "$pid"

# --- an ordinary user

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        chmod 755 .
        cp "$CRDUMP" crdump
        mkdir his
        chown 65534 his
        user='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        # shellcheck disable=SC2086
        background $user ./by-sha1
        await 20 ready_or_dead grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 0 'an ordinary user: dump' $user ./crdump "$pid" his/img
        cp his/img img
        is "$("$readimg" img proc | grep '^exe')" "$(file_of by-sha1)" 'an ordinary user: size, inode, time, device'
        is "$("$readimg" img str 9 | od -An -v -tx1 | tr -d ' \n')" "$(id_of by-sha1)" 'an ordinary user: build-id'
else
        skip 'an ordinary user' 'only root can become one here'
fi

done_testing
