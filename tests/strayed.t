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
late() {                        # NAME WHEN OPTION
        await 30 drained || diag "signals that wait: $(grep SigQ "/proc/$pid/status")"
        # shellcheck disable=SC2086     # a command and its words
        timeout -k 5 60 $roomy strace -f -qq -o trace -e trace=process_vm_readv -e "inject=process_vm_readv:delay_enter=2600000:when=$2" \
                "$CRDUMP" --stop "$3" "$pid" img >stdout 2>stderr
        is $? 0 "$1: status"
        ok "$1: it went home by itself" grep -q 'went home by' stderr
        is "$(grep -Ev 'held up|paused|caught by parking' stderr)" '' "$1: nothing else is said"
        ok "$1: a whole image" "$CRDUMP" check img
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

victim "$VICTIMS/victim-storm" 1 10
sender=$(sed -n 's/^sender //p' "$out")
reap "$sender"
late 'parked' 1 --catch=park
late 'its code injected' 1 --trampoline=inject
ended 'one thread'

# Threads that ignore a signal wait in a stop for as long as it takes: these ignore none.
victim "$VICTIMS/victim-storm" 3 10 hears
sender=$(sed -n 's/^sender //p' "$out")
reap "$sender"
late 'the first of three' 1 --catch=park
late 'one of three' 4 --catch=park      # one or two looks, two to fetch what the first was told, then those at the others
ended 'three threads'

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
need gcc
gcc -O1 -o ticks ticks.c || bail 'gcc'
background ./ticks
await 10 ready_or_dead grep -q '^1000' "$out" || bail 'the victim does not start'
late 'by a breakpoint' 1 --catch=breakpoint
lines=$(wc -l <"$out")
more() { [ "$(wc -l <"$out")" -gt "$lines" ]; }
ok 'its timer goes on' await 20 more
dismiss "$pid"

done_testing
