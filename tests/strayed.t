#!/bin/sh
# Held up so long that a borrowed thread goes home by itself: what it is sent meanwhile reaches it, and the dump ends well.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace

over() { grep -q '^over' "$out"; }

# The signals that wait while a target is held up count for everybody of its user, and strace needs one for its timer.
roomy=
prlimit --sigpending=unlimited:unlimited true 2>/dev/null && roomy='prlimit --sigpending=unlimited:unlimited'

drained() { [ "$(sed -n 's/^SigQ:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")" -lt 5000 ]; }

# The tracing side looks at the parasite for the WHENth time 2.6 s too late; a signal comes every 100 us.
held_up() {                     # NAME WHEN OPTION [WAY]
        await 30 drained || diag "signals that wait: $(grep SigQ "/proc/$pid/status")"
        # shellcheck disable=SC2086     # a command and its words
        timeout -k 5 60 $roomy strace -f -qq -o trace -e trace=process_vm_readv -e "inject=process_vm_readv:delay_enter=2600000:when=$2" \
                "$CRDUMP" "${4:---stop}" "$3" "$pid" img >stdout 2>stderr
        is $? 0 "$1: status"
        is "$(grep -Ev 'held up|paused|caught by parking' stderr)" '' "$1: nothing else is said"
        ok "$1: a whole image" "$CRDUMP" check img
}

late() {                        # NAME WHEN OPTION [WAY]
        held_up "$@"
        ok "$1: it went home by itself" grep -q 'went home by' stderr
}

ended() {                       # NAME
        kill -HUP "$sender"
        await 40 ready_or_dead over
        over || flunk "$1: it goes on to its end"
        wait "$pid"
        is $? 0 "$1: it ends with status 0"
        is "$(awk '$2 == "sent" && $3 != $5' "$out")" '' "$1: as many handled as sent"
        is "$(grep '^wrong' "$out")" '' "$1: in order, at the program's own places"
}

# Threads that ignore a signal wait in a stop for as long as it takes: these ignore none.
victim "$VICTIMS/victim-storm" 1 10 hears
sender=$(sed -n 's/^sender //p' "$out")
reap "$sender"
late 'parked' 1 --catch=park
late 'its code injected' 1 --trampoline=inject
ended 'one thread'

victim "$VICTIMS/victim-storm" 3 10 hears
sender=$(sed -n 's/^sender //p' "$out")
reap "$sender"
late 'the first of three' 1 --catch=park
late 'one of three' 4 --catch=park      # one or two looks, two to fetch what the first was told, then those at the others
ended 'three threads'

# It is another one when it is stopped again: what it has mapped by then is in the image, and threads that it has made.
cat >grows.c <<'EOF'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static void heard(int sig) { (void)sig; }
static void *idle(void *arg) { for (;;) pause(); return arg; }
int main(int argc, char **argv)
{
        (void)argv;
        if (argc > 1) {
                signal(SIGCHLD, heard);
                signal(SIGURG, heard);
                signal(SIGWINCH, heard);
        }
        for (int i = 0; i < 10000; i++) {
                char *p = mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                pthread_t t;
                if (i % 10 == 9 && pthread_create(&t, NULL, idle, NULL))
                        return 1;
                if (i == 0)
                        printf("%p\n", (void *)p);
                fflush(stdout);
                nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
        }
        return 0;
}
EOF
need gcc
gcc -O1 -pthread -o grows grows.c || bail 'gcc'
background ./grows hears
await 10 ready_or_dead grep -q '^0x' "$out" || bail 'the victim does not start'
grown() {                       # NAME WHEN WAY
        maps=$(wc -l <"/proc/$pid/maps")
        tasks=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
        late "$1" "$2" --catch=park "$3"
        held=$("$CRDUMP" show --maps img | grep -c '^[0-9a-f]*-')
        ok "$1: more mappings than before are in the image ($maps, then $held)" [ "$held" -gt $((maps + 10)) ]
        held=$("$VICTIMS/readimg" img chunks | grep -c ' THRD ')
        ok "$1: and more threads ($tasks, then $held)" [ "$held" -gt $((tasks + 1)) ]
        is "$("$VICTIMS/readimg" img notes | sort | uniq -d)" '' "$1: nothing is noted twice"
        ok "$1: it goes on" await 5 more_tasks "$held"
}
more_tasks() { [ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" -gt $(($1 + 2)) ]; }
grown 'one that grows' 1 --stop
grown 'one that grows, to be cloned' 2 --snapshot=try  # the first time it waits in a stop, its clone made
dismiss "$pid"
background ./grows
await 10 ready_or_dead grep -q '^0x' "$out" || bail 'the victim does not start'
held_up 'one that ignores a signal' 1 --catch=park
ok 'one that ignores a signal: it waits for us in its stop' eval '! grep -q "went home" stderr'
dismiss "$pid"

# A breakpoint needs a target that does nothing about SIGTRAP
cat >ticks.c <<'EOF'
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
static volatile long n;
static void tick(int sig) { (void)sig; n++; }
int main(void)
{
        struct itimerval t = { { 0, 1000 }, { 0, 1000 } };
        signal(SIGALRM, tick);
        setitimer(ITIMER_REAL, &t, NULL);
        for (;;) {
                for (long then = n; n < then + 1000; )
                        pause();
                printf("%ld\n", n);
                fflush(stdout);
        }
}
EOF
gcc -O1 -o ticks ticks.c || bail 'gcc'
background ./ticks
await 10 ready_or_dead grep -q '^1000' "$out" || bail 'the victim does not start'
late 'by a breakpoint' 1 --catch=breakpoint
lines=$(wc -l <"$out")
more() { [ "$(wc -l <"$out")" -gt "$lines" ]; }
ok 'its timer goes on' await 20 more
dismiss "$pid"

done_testing
