#!/bin/sh
# POSIX timers are in the image with clock, signal, overrun and time left, and none of them runs out more or less often.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

posix=$VICTIMS/victim-posix
readimg=$VICTIMS/readimg

# as the victim told it; the time left may be up to a minute less by now
told() {                        # REPORT TIMERS: the same timers with the same values
        grep '^timer ' "$1" >told.1
        grep '^timer ' "$2" >told.2
        diff -u told.1 told.2 || return 1
        grep '^left ' "$1" >told.1
        grep '^left ' "$2" >told.2
        awk 'NR == FNR { was[$2] = $3; n++; next }
             $5 != 0 || !($2 in was) || $3 > was[$2] || was[$2] - $3 > 60 { print "had", was[$2] ", now:", $0; bad = 1 }
             END { exit bad || FNR != n }' told.1 told.2
}

# the signal that was blocked all the time, and its overruns: all that was due, and no more
undisturbed() {                 # NAME
        kill -USR1 "$pid"
        await 10 grep -q '^after' "$out"
        ok "$1: the timer of 5 ms has run out as often as time has passed" \
                awk '/^after/ { print; n++; if ($2 - $5 > 1 || $5 - $2 > 1) bad = 1 } END { exit n != 1 || bad }' "$out"
}

listed=$(test -r /proc/self/timers && echo yes)
[ "$listed" ] || diag 'this kernel does not list timers'

dumped() {                      # NAME [OPTION...]: of $pid, whose timers are those in $out
        t_way=$1
        shift
        cp "/proc/$pid/timers" timers.before 2>/dev/null
        exits 0 "$t_way: dump" "$CRDUMP" "$@" "$pid" img
        exits 0 "$t_way: whole image" "$CRDUMP" check img
        "$readimg" img timers >timers
        [ "$listed" ] || return
        ok "$t_way: all timers are as the victim says" told "$out" timers
        is "$(grep -c '^timer' timers)" 9 "$t_way: nine of them"
        "$readimg" img file timers >copy
        ok "$t_way: the kernel's list is there too" cmp timers.before copy
        ok "$t_way: and is the same afterwards" cmp timers.before "/proc/$pid/timers"
}

victim "$posix"
is "$(grep -c '^timer 8 .* [1-9][0-9]* 0 5000000$' "$out")" 1 'one has overruns'
dumped 'parked'
dumped 'by a breakpoint' --catch=breakpoint
dumped 'swapped in' --trampoline=inject
for n in 1 2 3 4 5 6 7 8 9 10; do
        "$CRDUMP" -q "$pid" img || flunk "dump $n"
done
undisturbed 'after thirteen dumps'
is "$("$readimg" img notes | grep timer)" '' 'no note about timers'
dismiss "$pid"

victim "$posix" fenced
dumped 'no room for a mapping'
exits 0 'no room for a mapping: once more' "$CRDUMP" -v "$pid" img
says 'asking call by call' 'no room for a mapping: it was asked call by call'
undisturbed 'no room for a mapping'
dismiss "$pid"

victim sleep 1000
exits 0 'none: dump' "$CRDUMP" "$pid" img
is "$("$readimg" img chunks | awk '$2 == "TIMR" { print $3 }')" 8 'none: an empty list'
is "$("$readimg" img timers)" '' 'none: no timer'
dismiss "$pid"

# --- more than are asked for in one dump

victim "$posix" many
exits 0 'eleven hundred: dump' "$CRDUMP" "$pid" img
"$readimg" img timers >timers
if [ "$listed" ]; then
        grep '^timer' "$out" | cut -d ' ' -f 1-7 >known
        grep '^timer' timers | cut -d ' ' -f 1-7 | diff -u known - >t.diff
        is "$(cat t.diff)" '' 'eleven hundred: all are listed'
        is "$(grep '^left' timers | awk '$5 == 0' | wc -l)" 1024 'eleven hundred: of the first 1024 the time left was asked'
        all=$(wc -l <known)
        rest=$((all - 1024))
        is "$(grep '^left' timers | awk '$5 == -61' | wc -l)" $rest 'eleven hundred: the others say that it was not'
        is "$("$readimg" img notes | grep ^POSIX)" "POSIX timers: of $rest of $all the time left was not asked" \
                'eleven hundred: and a note does'
fi
undisturbed 'eleven hundred'
dismiss "$pid"

# --- a kernel that does not list them: what lies over the list cannot be opened

unlisted() {                    # NAME WANTED: dumps $pid in a mount namespace of its own
        # shellcheck disable=SC2016     # for the inner shell
        exits 0 "$1: dump" unshare -m sh -c 'mount --bind no-list "/proc/$2/timers" && exec "$1" "$2" img' - "$CRDUMP" "$pid"
        "$readimg" img timers >timers
        grep '^timer' "$out" | awk '{ print $2, $8, $9, $10 }' >known
        grep '^timer' timers | awk '{ print $2, $8, $9, $10 }' | diff -u known - >t.diff
        is "$(cat t.diff)" '' "$1: all are found by their ids, with overrun and interval"
        is "$(grep '^timer' timers | cut -d ' ' -f 3-7 | sort -u)" '0 -1 0 0 0' "$1: and nothing else is said of them"
        is "$("$readimg" img notes | grep -c '^POSIX timers: not listed by this kernel')" 1 "$1: a note says so"
        is "$("$readimg" img notes | grep -c "^POSIX timers: found by trying the ids below $2")" 1 "$1: and how they were found"
        undisturbed "$1"
        dismiss "$pid"
}

# shellcheck disable=SC2016
if [ "$(id -u)" -eq 0 ] && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("no-list")' 2>/dev/null &&
   unshare -m sh -c 'mount --bind no-list "/proc/$$/timers"' 2>/dev/null; then
        victim "$posix"
        unlisted 'not listed' 256
        victim "$posix" fenced
        unlisted 'not listed, no room' 64
else
        skip 'not listed' 'it takes root, python3 and a mount namespace'
fi

# --- an ordinary user, and from outside only

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        chmod 755 .
        cp "$CRDUMP" crdump
        cp "$posix" posix
        mkdir his
        chown 65534 his
        user='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        # shellcheck disable=SC2086
        victim $user ./posix
        await 20 grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 0 'an ordinary user: dump' $user ./crdump "$pid" his/img
        "$readimg" his/img timers >timers
        [ "$listed" ] && ok 'an ordinary user: all timers are as the victim says' told "$out" timers
        undisturbed 'an ordinary user'
        dismiss "$pid"

        # shellcheck disable=SC2086
        victim $user ./posix filtered
        await 20 grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 5 'from outside only: dump' $user ./crdump "$pid" his/img
        exits 0 'from outside only: whole image' "$CRDUMP" check his/img
        if [ "$listed" ]; then
                "$readimg" his/img timers >timers
                grep '^timer' "$out" | cut -d ' ' -f 1-7 >known
                grep '^timer' timers | cut -d ' ' -f 1-7 | diff -u known - >t.diff
                is "$(cat t.diff)" '' 'from outside only: clocks and signals are there'
                is "$(grep '^left' timers | cut -d ' ' -f 3-5 | sort -u)" '0 0 -61' 'from outside only: times are said not to be'
                is "$("$readimg" his/img notes | grep -c '^POSIX timers: of 9 of 9')" 1 'from outside only: and a note says so'
        fi
        undisturbed 'from outside only'
else
        skip 'an ordinary user' 'only root can become one here'
fi

done_testing
