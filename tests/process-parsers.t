#!/bin/sh
# What older kernels write into /proc is understood, and what no kernel writes is refused or left out.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need musl-gcc
top=${here%/*}
[ -f "$top/build/procstate.o" ] || skip_all 'the objects of the program are not here'

cat >parse.c <<'EOT'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buildid.h"
#include "proc.h"
#include "procstate.h"
#include "timers.h"

static char text[1 << 16];
static size_t len;

static int read_text(void *arg, uint64_t off, void *buf, size_t n)
{
        (void)arg;
        if (off > len || n > len - off)
                return -1;
        memcpy(buf, text + off, n);
        return 0;
}

static int stat_(void)
{
        struct proc_stat st;

        if (proc_parse_stat(text, &st) < 0)
                return 1;
        printf("%s %c %d tty %u %d start %lu code %lx exit %d\n", st.comm, st.state, st.ppid, st.tty, st.tty_pgrp,
               (unsigned long)st.start_ticks, (unsigned long)st.start_code, st.exit_status);
        return 0;
}

static int status(void)
{
        struct proc_status st;

        if (proc_parse_status(text, &st) < 0)
                return 1;
        printf("%d ns %d uid %u umask %x blocked %lx\n", st.tgid, st.ns_pid, st.uid, st.umask, (unsigned long)st.blocked);
        return 0;
}

static int limits(void)
{
        struct img_rlimit l[PROCSTATE_LIMITS];

        if (procstate_parse_limits(text, l) < 0)
                return 1;
        for (int i = 0; i < PROCSTATE_LIMITS; i++)
                printf("%s%lx:%lx", i ? " " : "", (unsigned long)l[i].soft, (unsigned long)l[i].hard);
        puts("");
        return 0;
}

static int timers(void)
{
        struct timers t;
        int rc = timers_parse(text, &t);

        for (uint32_t i = 0; rc == 0 && i < t.n; i++)
                printf("%d clock %d notify %d signal %d tid %d value %lx\n", t.timer[i].id, t.timer[i].clock, t.timer[i].notify,
                       t.timer[i].signal, t.timer[i].tid, (unsigned long)t.timer[i].value);
        timers_free(&t);
        return rc < 0;
}

static int terminal(const char *major, const char *minor)
{
        char path[64];

        if (procstate_tty_path(text, (uint32_t)atoi(major), (uint32_t)atoi(minor), path, sizeof path) < 0)
                return 1;
        puts(path);
        return 0;
}

static int note(void)
{
        uint8_t id[BUILDID_MAX];
        int n = buildid_find(read_text, NULL, id);

        printf("%d\n", n);
        return n < 0;
}

int main(int argc, char **argv)
{
        len = fread(text, 1, sizeof text - 1, stdin);
        switch (argv[1][0] * 256 + argv[1][1]) {
        case 's' * 256 + '1': return stat_();
        case 's' * 256 + '2': return status();
        case 'l' * 256 + 'i': return limits();
        case 't' * 256 + 'i': return timers();
        case 't' * 256 + 't': return argc < 4 || terminal(argv[2], argv[3]);
        case 'n' * 256 + 'o': return note();
        }
        return 2;
}
EOT
objects=
for o in "$top"/build/*.o; do
        case ${o##*/} in crdump.o | parasite-?.o) ;; *) objects="$objects $o" ;; esac
done
zlib=$(find /usr/lib /usr/lib64 -name libz.a 2>/dev/null | head -n 1)
# shellcheck disable=SC2086     # a list of words
ok 'it builds' musl-gcc -static -no-pie -pthread -std=gnu11 -I"$top" -o parse parse.c $objects "$zlib" || done_testing

gives() {                       # NAME WANTED WHAT...: of stdin
        t_name=$1
        t_wanted=$2
        shift 2
        is "$(./parse "$@" 2>&1; echo "$?")" "$t_wanted" "$t_name"
}

# --- stat: Linux 2.6.32 has 44 fields, 3.10 has 52

gives 'stat with fewer fields' 'sh S 1 tty 34816 -1 start 99 code 400000 exit 0
0' s1 <<'EOT'
7 (sh) S 1 7 7 34816 -1 4202496 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 10 18446744073709551615 4194304 4294967
EOT
gives 'a name that looks like the rest' 'a) S 1 (b R 42 tty 0 7 start 99 code 1 exit 9
0' s1 <<'EOT'
7 (a) S 1 (b) R 42 7 7 0 7 0 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 10 5 1 2 3 4 5 6 7 8 9 0 0 0 17 0 0 0 0 0 0 1 2 3 4 5 6 7 9
EOT
gives 'stat cut off' 1 s1 <<'EOT'
7 (sh) S 1 7 7
EOT
gives 'stat of nothing' 1 s1 </dev/null
printf '7 (sh)' >text
gives 'stat that ends with the name' 1 s1 <text
printf ') (' >text
gives 'stat the wrong way round' 1 s1 <text

# --- status: without NSpid (4.1) and Umask (4.7)

gives 'status of 3.10' '4711 ns 0 uid 22 umask ffffffff blocked 10000
0' s2 <<'EOT'
Name:	a\nUmask:	7
State:	S (sleeping)
Tgid:	4711
Pid:	4711
PPid:	1
Uid:	11	22	33	44
Gid:	11	22	33	44
Threads:	1
SigPnd:	0000000000000000
SigBlk:	0000000000010000
EOT
gives 'status of nothing' 1 s2 </dev/null

# --- limits: by name, whatever the order

kernel_limits() {
        cat <<'EOT'
Limit                     Soft Limit           Hard Limit           Units
Max realtime timeout      unlimited            unlimited            us
Max cpu time              10                   11                   seconds
Max file size             12                   unlimited            bytes
Max data size             unlimited            13                   bytes
Max stack size            14                   15                   bytes
Max core file size        0                    0                    bytes
Max resident set          1                    1                    bytes
Max processes             1                    1                    processes
Max open files            18446744073709551614 18446744073709551614 files
Max locked memory         1                    1                    bytes
Max address space         1                    1                    bytes
Max file locks            1                    1                    locks
Max pending signals       1                    1                    signals
Max msgqueue size         1                    1                    bytes
Max nice priority         1                    1
Max realtime priority     2                    3
Max something new         1                    1                    bytes
EOT
}
all=ffffffffffffffff
kernel_limits >text
gives 'limits in another order' "a:b c:$all $all:d e:f 0:0 1:1 1:1 fffffffffffffffe:fffffffffffffffe \
1:1 1:1 1:1 1:1 1:1 1:1 2:3 $all:$all
0" li <text
kernel_limits | grep -v 'open files' >text
gives 'one is missing' 1 li <text
kernel_limits | sed 's/unlimited            13 /many                 13 /' >text
gives 'a word for a number' 1 li <text
kernel_limits | sed 's/^Max processes .*/Max processes             1/' >text
gives 'a line cut off' 1 li <text
gives 'limits of nothing' 1 li </dev/null

# --- timers

gives 'timers' '3 clock 1 notify 4 signal 34 tid 99 value 7fff86e452a8
1 clock -6 notify 1 signal 0 tid 0 value 0
0 clock 0 notify 0 signal 14 tid 0 value 0
2 clock 7 notify 2 signal 5 tid 0 value 1
0' ti <<'EOT'
ID: 3
signal: 34/00007fff86e452a8
notify: signal/tid.99
ClockID: 1
ID: 1
signal: 0/          (null)
notify: none/pid.2634
ClockID: -6
ID: 0
signal: 14/0
notify: signal/pid.2634
ClockID: 0
Later: 1
ID: 2
notify: thread/pid.2634
signal: 5/1
ClockID: 7
EOT
gives 'no timers' 0 ti </dev/null
printf 'ClockID: 1\nID: 5' >text
gives 'timers cut off' '5 clock 0 notify 0 signal 0 tid 0 value 0
0' ti <text
printf 'ID: 5\nnotify: smoke/pid.1\n' >text
gives 'an unknown way to notify' '5 clock 0 notify -1 signal 0 tid 0 value 0
0' ti <text
for id in -1 x '' 99999999999 '5 6'; do
        printf 'ID: %s\n' "$id" >text
        gives "an id that is none: '$id'" 1 ti <text
done

# --- terminals: numbers that are assigned for good, and drivers

cat >drivers <<'EOT'
/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
/dev/vc/0            /dev/vc/0       4       0 system:vtmaster
usbserial            /dev/ttyUSB   188 0-511 serial
acm                  /dev/ttyACM   166 0-255 serial
ttyAMA               /dev/ttyAMA   204 64-77 serial
one                  /dev/one      250       7 serial
serial               /dev/ttyS       4 64-67 serial
pty_slave            /dev/pts      136 0-1048575 pty:slave
unknown              /dev/tty        4 1-63 console
broken               /dev/broken
EOT
for t in 136:5=/dev/pts/5 136:70000=/dev/pts/70000 137:1=/dev/pts/257 4:1=/dev/tty1 4:63=/dev/tty63 4:64=/dev/ttyS0 4:255=/dev/ttyS191 \
        5:1=/dev/console 188:511=/dev/ttyUSB511 166:0=/dev/ttyACM0 204:65=/dev/ttyAMA1 250:7=/dev/one0; do
        number=${t%=*}
        gives "terminal $number" "${t#*=}
0" tt "${number%:*}" "${number#*:}" <drivers
done
for number in 188:512 204:63 204:78 4:0 5:0 99:0 250:8; do
        gives "no terminal $number" 1 tt "${number%:*}" "${number#*:}" <drivers
done
gives 'no list of drivers' 1 tt 188 0 </dev/null

# --- an ELF file cut off anywhere

printf 'int main(void) { return 0; }' >small.c
if gcc -Wl,--build-id -o small small.c 2>/dev/null; then
        is "$(./parse note <small)" 20 'a whole file has a build-id of 20 bytes'
        cut_anywhere() {
                for n in 0 1 63 64 65 100 119 120 400 600 700 800 850 860 870 880 890 900 910 920; do
                        head -c $n small | ./parse note >said
                        [ $? -le 1 ] || return 1
                        case $(cat said) in -1 | 0 | 20) ;; *) return 1 ;; esac
                done
        }
        ok 'a file cut off has one, or none, or cannot be read' cut_anywhere
fi

done_testing
