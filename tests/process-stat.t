#!/bin/sh
# Memory bounds, start time, parent, group and session are in the image as /proc/PID/stat and the process itself have them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need gcc
readimg=$VICTIMS/readimg

# A break in the middle of a page and, where the kernel can restore processes, arguments that end before the environment begins
cat >bounds.c <<'EOT'
#include <linux/prctl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void)
{
        unsigned long long f[53] = { 0 };       /* by the numbers of proc(5) */
        struct prctl_mm_map m = { .exe_fd = -1 };
        FILE *stat = fopen("/proc/self/stat", "r");

        setvbuf(stdout, NULL, _IONBF, 0);       /* a buffer would move the break */
        if (!stat || fscanf(stat, "%*d %*s %*c") < 0)
                return 2;
        for (int i = 4; i < 53; i++)
                if (fscanf(stat, "%llu", &f[i]) != 1)
                        return 3;
        setpgid(0, 0);
        if (sbrk(12345) == (void *)-1)
                return 4;
        m.start_code = f[26];
        m.end_code = f[27];
        m.start_stack = f[28];
        m.start_data = f[45];
        m.end_data = f[46];
        m.start_brk = f[47];
        m.brk = (unsigned long)sbrk(0);
        m.arg_start = f[48];
        m.arg_end = f[49] - 1;
        m.env_start = f[50];
        m.env_end = f[51];
        if (prctl(PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0) < 0)
                printf("not here\n");
        printf("brk %p\nready\n", sbrk(0));
        for (;;)
                pause();
}
EOT
gcc -O1 -o bounds bounds.c || bail 'gcc'

stat_of() {                     # FOLDER FIELD...: of its stat, by the numbers of proc(5)
        sed 's/.*) //' "$1/stat" >stat
        shift
        for t_field; do
                cut -d ' ' -f $((t_field - 2)) stat
        done
}

ids_of() {                      # FOLDER
        # shellcheck disable=SC2046,SC2183      # numbers
        printf 'pid %d\nppid %d\npgid %d\nsid %d\n' "$pid" $(stat_of "$1" 4 5 6) | sort
}

bounds_of() {                   # FOLDER: as `readimg proc` prints them
        # shellcheck disable=SC2046,SC2183      # numbers
        printf 'code %#x %#x\nstart_stack %#x\ndata %#x %#x\nstart_brk %#x\narg %#x %#x\nenv %#x %#x\n' \
                $(stat_of "$1" 26 27 28 45 46 47 48 49 50 51) | sort
}

told() {                        # NAME FOLDER: of the image img
        bounds_of "$2" >known
        "$readimg" img proc | grep -E '^(code|start_stack|data|start_brk|arg|env) ' | sort >bounds.img
        ok "$1: bounds" diff -u known bounds.img
}

background ./bounds
await 10 ready_or_dead grep -q '^ready' "$out"
for way in --trampoline=vdso --trampoline=inject; do
        exits 0 "$way: dump" "$CRDUMP" "$way" "$pid" img
        told "$way" "/proc/$pid"
        is "$("$readimg" img proc | grep '^brk')" "$(grep '^brk' "$out")" "$way: brk, as the victim tells it"
        is "$("$readimg" img proc | sed -n 's/^start_ticks //p')" "$(stat_of "/proc/$pid" 22)" "$way: start time"
        is "$("$readimg" img proc | grep -E '^(pid|ppid|pgid|sid) ' | sort)" "$(ids_of "/proc/$pid")" "$way: parent, group, session"
done
if grep -q '^not here' "$out"; then
        skip 'ten bounds' 'it takes CONFIG_CHECKPOINT_RESTORE to make them differ'
else
        is "$(stat_of "/proc/$pid" 26 27 28 45 46 47 48 49 50 51 | sort -u | grep -vc '^[01]$')" 10 'ten bounds, no two the same'
fi
first=$(stat_of "/proc/$pid" 22)
dismiss "$pid"

# --- the time is that of the process, not of whoever started first or of a thread

later() { [ "$(stat_of /proc/self 22)" -gt "$1" ]; }
await 5 later "$first" || bail 'the clock stands still'
background "$VICTIMS/victim-crowd" leader beat
await 10 grep -q '^ready' "$out" || bail 'the victim did not start'
await 5 in_state "$pid" Z || bail 'its first thread does not end'
exits 0 'the first thread has ended: dump' "$CRDUMP" "$pid" img
live=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 ! -name "$pid" | sort | head -n 1)
is "$(stat_of "/proc/$pid" 28)" 0 'the first thread has ended: it tells no bounds'
told 'the first thread has ended, another one tells them' "$live"
is "$("$readimg" img proc | sed -n 's/^start_ticks //p')" "$(stat_of "/proc/$pid" 22)" 'the first thread has ended: start time'

done_testing
