#!/bin/sh
# A thousand dumps of one busy process leave nothing behind: no mapping, page, table, descriptor, child or late timer.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# as many as fit 25 seconds, but 300 at least; CRDUMP_FULL=1: all
many=1000
enough=${CRDUMP_FULL:+$many}
enough=${enough:-300}

mine=crd-$$                     # whatever is left of that name is ours
cp "$CRDUMP" "$mine"
victim "$VICTIMS/victim-timers" beat

kib() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$pid/status"; }

# What fingerprint() has, less where each thread happens to be, its sleep or run, and a timer's signal
steady() {
        fingerprint "$pid" | grep -Ev '^(sp |sp$|State:|SigPnd:|ShdPnd:)'
}

ours_left() { grep -ls "^Name:[[:space:]]*$mine\$" /proc/[0-9]*/status; }

steady >before
awk '/^[0-9a-f]+-/ { map = $0 } $1 == "Anonymous:" && map ~ /x/ { print map, $2 }' "/proc/$pid/smaps" >code.before
cat "/proc/$pid/maps" >maps.before
find "/proc/$pid/fd" -type l -printf '%f %l\n' | sort >fds.before
rss=$(kib VmRSS)
pte=$(kib VmPTE)

many_dumps() {
        n=0
        begun=$(date +%s)
        while [ $n -lt $many ]; do
                [ $n -ge "$enough" ] && [ $(($(date +%s) - begun)) -ge 25 ] && break
                n=$((n + 1))
                "./$mine" -q "$pid" img >stdout 2>stderr && continue
                echo "dump $n ended with $?:"
                cat stdout stderr
                return 1
        done
}

ok 'all dumps succeed' many_dumps
diag "$n dumps in $(($(date +%s) - begun)) s"
exits 0 'the last one is whole' "$CRDUMP" check img

cat "/proc/$pid/maps" >maps.after
ok 'the mappings are the same to the byte' diff -u maps.before maps.after
find "/proc/$pid/fd" -type l -printf '%f %l\n' | sort >fds.after
ok 'the same descriptors' diff -u fds.before fds.after
awk '/^[0-9a-f]+-/ { map = $0 } $1 == "Anonymous:" && map ~ /x/ { print map, $2 }' "/proc/$pid/smaps" >code.after
ok 'no page of code was copied' diff -u code.before code.after
steady >after
ok 'masks, dispositions, limits, credentials and code: as they were' diff -u before after

# the lifeline lies below the stack: two pages there, as the manual says, for each thread that was borrowed
grown=$(($(kib VmRSS) - rss))
ok "resident memory has not grown by more than 64 KiB ($rss KiB, then $grown more)" test $grown -le 64
grown=$(($(kib VmPTE) - pte))
ok "nor the page tables by more than 8 KiB ($pte KiB, then $grown more)" test $grown -le 8

is "$(cat "/proc/$pid/task"/*/children)" '' 'it has no child'
is "$(ours_left)" '' 'no crdump is left, alive or a zombie'
is "$(tracer "$pid")" 0 'nobody traces it'

# --- its timers

asked=0
told() { [ "$(grep -c '^after' "$out")" -ge "$asked" ]; }
ask() {                         # sets ms, itimer, timer, timerfd
        asked=$((asked + 1))
        kill -USR1 "$pid"
        await 10 told || flunk 'it tells about its timers'
        line=$(grep '^after' "$out" | tail -n 1)
        diag "$line"
        # shellcheck disable=SC2086     # its words
        set -- $line
        ms=${2%:} itimer=$4 timer=$6 timerfd=$8
}

near() {                        # N: what a timer of 10 ms has to count by now, or a few less
        [ "$1" -le $((ms / 10 + 1)) ] && [ "$1" -ge $((ms / 10 - 10)) ]
}

ask
ok 'the timerfd has missed nothing' near "$timerfd"
ok 'nor has the POSIX timer' near "$timer"
was=$itimer
later() { ask && [ "$itimer" -gt "$was" ]; }
ok 'the interval timer goes on' await 10 later
ok 'its threads go on' beats_on beat

done_testing
