#!/bin/sh
# Of 150 threads, each with groups and a pending signal of its own, the image has what /proc has of each.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# Their status is read by two threads of crdump; of every tenth it is longer than these take at a time.
cat >differs.c <<'EOF'
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
static pthread_barrier_t all;
static void *differ(void *arg)
{
        long n = (long)arg;
        unsigned groups[700];
        int len = n % 10 == 9 ? 700 : 1 + (int)(n % 5);
        for (int i = 0; i < len; i++)
                groups[i] = 1000 + (unsigned)n + 100000 * (unsigned)i;
        syscall(SYS_setgroups, len, groups);    /* of this thread alone */
        syscall(SYS_tkill, syscall(SYS_gettid), SIGRTMIN + n % 20);
        pthread_barrier_wait(&all);
        for (;;)
                pause();
}
int main(void)
{
        pthread_t t;
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
        pthread_barrier_init(&all, NULL, 151);
        for (long i = 0; i < 150; i++)
                if (pthread_create(&t, NULL, differ, (void *)i))
                        return 1;
        pthread_barrier_wait(&all);
        puts("ready");
        fflush(stdout);
        for (;;)
                pause();
}
EOF
need gcc
gcc -O1 -pthread -o differs differs.c || bail 'gcc'
background ./differs
await 20 ready_or_dead grep -q '^ready' "$out" || bail 'the victim does not start'

of_proc() {                     # TID, its groups, its pending signals
        for status in "/proc/$pid/task"/*/status; do
                tid=${status%/status}
                echo "${tid##*/} $(sed -n 's/^Groups:[[:blank:]]*//p; s/^SigPnd:[[:blank:]]*//p' "$status" | tr -s '\n ' ' ')"
        done | sed 's/ *$//; s/  */ /'
}

of_image() {                    # the same of the image
        for task in "/proc/$pid/task"/*; do
                "$VICTIMS/readthread" img "${task##*/}" | awk -v tid="${task##*/}" '
                        $1 == "groups" { sub(/^groups ?/, ""); groups = $0 }
                        $1 == "pending" { digit = int(($2 - 1) / 4); bit = 2 ^ (($2 - 1) % 4); mask[digit] += bit }
                        END {
                                printf "%s %s%s", tid, groups, groups == "" ? "" : " "
                                for (i = 15; i >= 0; i--)
                                        printf "%x", mask[i]
                                print ""
                        }'
        done
}

of_proc >wanted
is "$(cut -d ' ' -f 2- wanted | sort -u | wc -l)" $(($(id -u) ? 21 : 151)) 'the threads differ'
for n in 1 2 3; do
        exits 0 "dump $n" "$CRDUMP" "$pid" img
        of_image >got
        ok "dump $n: groups and pending signals of each" diff wanted got
done

done_testing
