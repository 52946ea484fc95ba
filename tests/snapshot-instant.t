#!/bin/sh
# An image is the process at one instant, by a snapshot, through memory or stopped, while it writes, and a slow reader does not hold it up.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

readstep=$VICTIMS/readstep
dumps=${DUMPS:-10}              # of each kind
nap=2                           # seconds; one that takes nothing for 15 is given up
[ "${PATIENCE:-1}" -eq 1 ] || nap=10

huge_pages 2 || :               # for the victim, and none more: a copy on write takes its own from the copy

kinds() { awk '$1 == "counter" && !seen[$3]++ { print $3 }' "$out"; }

lacking() { sed -n 's/^none \([a-z]*\):.*/\1/p' "$out"; }

reported() { [ "$(grep -c '^step ' "$out")" -gt "$1" ]; }

report() {                      # sets step and gap, the victim's own view since the last report
        before=$(grep -c '^step ' "$out")
        kill -USR1 "$pid"
        await 20 reported "$before" || { diag_file "$out"; bail 'the victim does not answer'; }
        # shellcheck disable=SC2046     # five words
        set -- $(tail -n 1 "$out")
        step=$2 gap=$4
}

further() { report && [ "$step" -gt "$1" ]; }

# One dump after the other while it runs: each is made in that way, and is of one instant, none of an earlier one.
# Where too much else runs, a thread may get no processor in the five seconds that it has to stop: once more, then.
dumped() {                      # WAY OPTION...: sets at, the step of the last image
        way=$1 at=0 i=0 starved=0
        shift
        while [ $i -lt "$dumps" ]; do
                timeout -k 5 "${LIMIT:-60}" "$CRDUMP" --json "$@" "$pid" img >json 2>stderr
                status=$?
                if [ $status = 1 ] && [ $starved -lt 3 ] && grep -q 'did not stop in time: state R' stderr; then
                        starved=$((starved + 1))
                        continue
                fi
                i=$((i + 1))
                [ $status = 0 ] || { echo "dump $i: status $status"; cat stderr; return 1; }
                grep -q "\"way\": \"$way\"" json || { echo "dump $i: not by $way:"; cat json; return 1; }
                "$readstep" img <"$out" >instant 2>&1 || { echo "dump $i: status $?"; cat instant; return 1; }
                last=$at
                at=$(sed -n 's/^at step \([0-9]*\),.*/\1/p' instant)
                [ "$at" -ge "$last" ] || { echo "dump $i: at step $at, the one before at $last"; return 1; }
        done
}

as_before() {                   # NAME: it goes on, and nothing of ours is left
        ok "$1: it goes on" await 20 further "$at"
        is "$(tracer "$pid")" 0 "$1: not traced"
        if [ -e "/proc/$pid/task/$pid/children" ]; then
                is "$(cat "/proc/$pid"/task/*/children)" '' "$1: no child"
        else
                skip "$1: no child" 'the kernel tells of none (CONFIG_PROC_CHILDREN)'
        fi
}

tried() {                       # NAME WAY OPTION...
        t_title=$1
        shift
        ok "$t_title: $dumps dumps, not one is torn" dumped "$@"
        as_before "$t_title"
}

torn() {                        # KIND: its counters in the process of now do not go with the others in the image
        "$readstep" img "$1" "$pid" <"$out" >instant 2>&1
        [ $? -eq 1 ]
}

# A test that cannot fail is none: memory that is read while the target runs, all of it or of one kind, is seen.
tears_show() {                  # NAME
        ok "$1: read while it runs it is torn" await 5 torn all || { diag_file instant; return; }
        unseen=
        for kind in $(kinds); do
                await 5 torn "$kind" || unseen="$unseen $kind"
        done
        is "$unseen" '' "$1: each kind of memory alone, read later, is seen to be torn" || diag_file instant
}

# The image goes to one who sleeps when more than the header has come, which waits for
# no stop: sets gap, the longest time that the victim stood still.
read_slowly() {                 # NAME SECONDS OPTION
        report
        { timeout -k 5 "${LIMIT:-60}" "$CRDUMP" -q "$3" "$pid" -; echo $? >status; } |
                { dd bs=1 count=65 2>/dev/null; sleep "$2"; cat; } >img
        report
        at=$step
        is "$(cat status)" 0 "$1: dump"
        ok "$1: not torn" "$readstep" img <"$out"
}

victim "$VICTIMS/victim-step" large 1 "$scratch/file"
is "$({ kinds; lacking; } | wc -l | tr -d ' ')" 16 'kinds of memory'
for none in $(lacking); do
        skip "$none" "$(sed -n "s/^none $none: //p" "$out")"
done
tried 'one thread, --snapshot' snapshot --snapshot
tried 'one thread, --stop' stop --stop
tried 'one thread, no option' snapshot $unasked
tears_show 'one thread'
read_slowly 'one thread, a slow reader' $nap --snapshot
ok "one thread, a slow reader: it goes on meanwhile (stands still for $gap ms)" test "$gap" -lt $((500 * nap))
as_before 'one thread, a slow reader'
read_slowly '--stop, a slow reader' $nap --stop
ok "--stop, a slow reader: it waits (stands still for $gap ms)" test "$gap" -ge $((500 * nap))
dismiss "$pid"

victim "$VICTIMS/victim-step" large 3 "$scratch/file"
tried 'three threads, --snapshot' snapshot --snapshot
tried 'three threads, --stop' stop --stop
tried 'three threads, no option' snapshot $unasked
tears_show 'three threads'
read_slowly 'three threads, a slow reader' $nap --snapshot
ok "three threads, a slow reader: they go on meanwhile (stand still for $gap ms)" test "$gap" -lt $((500 * nap))
as_before 'three threads, a slow reader'
dismiss "$pid"

victim "$VICTIMS/victim-step" small 2 "$scratch/file"
# Where its program lies in a tmpfs, as in an initramfs, that counts as well.
if [ -n "${WAY:-}" ]; then
        skip 'a small one, no option' 'this crdump is built to do so as if there was one'
elif [ "$(awk '/^Rss(Anon|Shmem):/ { kib += $2 } END { print kib }' "/proc/$pid/status")" -le 700 ]; then
        tried 'a small one, no option' memory
else
        skip 'a small one, no option' 'its program counts as memory of its own'
fi
tried 'a small one, --snapshot' snapshot --snapshot
tried 'a small one, --stop' stop --stop

done_testing
