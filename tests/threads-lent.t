#!/bin/sh
# All threads are asked from inside, none notices, and none that had better be left alone is touched.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

others() {                      # REQUESTS STOPS THREADS: in the line of --stats, at most so many of each a thread
        awk -v r="$1" -v s="$2" -v n="$3" '
                $2 == "stats:" && $3 == "others" { seen++; print; if ($4 > r * n || $7 > s * n || $4 < n) bad = 1 }
                END { exit seen != 1 || bad }' stderr
}

notes() { "$VICTIMS/readimg" img notes; }

asked() {                       # TID: the image has what only the thread itself can tell
        "$VICTIMS/readthread" img "$1" | grep -q '^altstack '
}

# What only the thread itself can be asked for, or a user with rights
values() { grep -E '^(altstack|tid_address|pdeath_signal|timer_slack_ns|io_priority) '; }

told() {                        # NAME: the image has that of this thread as it told it
        sed -n "s/^$(of "$1") //p" "$out" | values | sort >wanted
        "$VICTIMS/readthread" img "$(of "$1")" | values | sort >got
        diff wanted got && test -s wanted
}

of() {                          # NAME: the thread of victim-tasks
        sed -n "s/^\([0-9]*\) is $1\$/\1/p" "$out"
}

# --- threads that hold registers and nap. They stop by a signal that they ignore, or park if they ignore none

lasting() {                     # mappings and masks: all that stays the same of threads that nap
        cat "/proc/$target/maps"
        grep -hE '^(Sig(Blk|Ign|Cgt)|Seccomp|Threads):' "/proc/$target/task"/*/status
}

twenty() {
        lasting >before
        n=0
        while [ $n -lt 20 ]; do
                "$CRDUMP" --stats "$(way_in_turn $n)" "$target" img >stdout 2>stderr || break
                [ $n -ne 0 ] || cp stderr first
                n=$((n + 1))
        done
        is $n 20 "$kind: twenty dumps"
        diag_file stderr
        cp first stderr
        ok "$kind: few requests and one stop for each thread" others "$1" 1.2 41
        notasked=0
        for task in "/proc/$target/task"/*; do
                asked "${task##*/}" || notasked=$((notasked + 1))
        done
        is "$notasked" 0 "$kind: each of the threads was asked"
        ok "$kind: they go on" beats_on beat 20
        is "$(grep -E 'corrupt|interrupted|heard' "$out")" '' "$kind: no register has changed, no nap ended early"
        lasting >after
        ok "$kind: mappings and masks are as they were" diff before after
}

traced() {                      # INJECTION: a dump, traced
        strace -f -qq -o log -e trace=ptrace ${1:+-e "inject=ptrace:$1"} "$CRDUMP" "$target" img >stdout 2>stderr
}

held_up() {
        for after in 5 60; do
                traced "delay_enter=2600000:when=$((first + after))"
                is $? 0 "$kind: held up by 2.6 s at request $after: the dump ends well"
                if [ $kind = hears ]; then
                        ok "$kind, held up: threads went home by themselves" grep -q 'went home by themselves' stderr
                else
                        ok "$kind, held up: the threads wait in their stops" eval '! grep -q "went home" stderr'
                fi
                diag_file stderr
                ok "$kind, held up: a whole image" "$CRDUMP" check img
                ok "$kind, held up: the target goes on" beats_on beat 20
        done
        is "$(grep -E 'corrupt|interrupted|heard' "$out")" '' "$kind, held up: no register has changed, no nap ended early"
}

begun() {                       # a dump that is held up so far that signals come while threads are lent
        rm -f log
        timeout 60 strace -f -qq -o log -e trace=ptrace -e "inject=ptrace:delay_enter=700000:when=$((first + 100))" \
                "$CRDUMP" "$target" img >stdout 2>stderr &
        dump=$!
        reap $dump
        await 10 sh -c "[ \$(grep -c PTRACE log) -ge $((first + 98)) ]" || flunk 'the dump begins'
}

signalled() {
        begun
        kill -STOP "$target"
        wait $dump
        is $? 0 "$kind: SIGSTOP meanwhile: the dump ends well"
        ok "$kind: SIGSTOP: it stays stopped" await 5 in_state "$target" T
        kill -CONT "$target"
        ok "$kind: SIGCONT: it goes on" beats_on beat 20
        begun
        kill -9 "$target"
        wait $dump
        is $? 1 "$kind: SIGKILL meanwhile: status 1"
        ok "$kind: SIGKILL: a line says so" grep -q 'killed by signal 9' stderr
        diag_file stderr
        ok "$kind: SIGKILL: it is gone" await 5 gone "$target"
}

# The signals that threads stop by come from others all the while.
stormed() {
        (trap - EXIT; while kill -URG "$target" && kill -WINCH "$target"; do :; done) 2>/dev/null &
        storm=$!
        reap $storm
        n=0
        way=
        while [ $n -lt 20 ] && "$CRDUMP" $way "$target" img >stdout 2>stderr; do
                [ "$way" ] && way= || way=--snapshot=try        # that one stops a thread once more
                n=$((n + 1))
        done
        is $n 20 "$kind: twenty dumps in a storm of the signals that they stop by"
        diag_file stderr
        kill $storm
        wait $storm 2>/dev/null
        ok "$kind: they go on after the storm" beats_on beat 20
        is "$(grep -E 'corrupt|interrupted' "$out")" '' "$kind: storm: no register has changed, no nap ended early"
        is "$("$CRDUMP" show img | grep -c 'not asked')" 0 "$kind: storm: each of them was asked"
}

for kind in ignores hears; do
        if [ $kind = hears ]; then
                victim "$VICTIMS/victim-regs" mixed beat 40 hears
                target=$pid
                twenty 14
        else
                victim "$VICTIMS/victim-regs" mixed beat 40
                target=$pid
                twenty 11
                stormed
        fi
        if command -v strace >/dev/null; then
                traced ''
                # the first request that sends another thread somewhere
                first=$(awk -v pid="$target" '/PTRACE_/ { n++ } /PTRACE_SETSIGMASK/ && $0 !~ "SIGMASK, " pid "," { print n; exit }' log)
                diag "lent from request $first on"
                held_up
                signalled
        else
                skip "$kind: held up, stopped, killed" 'no strace here'
        fi
        dismiss "$target"
done

# --- left alone

victim "$VICTIMS/victim-tasks" plain dispatched
tid=$(of dispatched)
if grep -q "^$tid not here" "$out"; then
        skip 'dispatched' 'this kernel has no syscall user dispatch'
else
        exits 0 'dispatched: dump' "$CRDUMP" "$pid" img
        ok 'dispatched: that one was not asked' eval '! asked "$tid"'
        if notes | grep -q 'this kernel does not tell whether calls are dispatched'; then       # before 6.4
                ok 'dispatched: which is noted, of both' eval 'notes | grep -q "^2 threads not asked from inside: "'
        else
                ok 'dispatched: which is noted' eval 'notes | grep -q "^1 thread not asked from inside: .*dispatch"'
                ok 'dispatched: the other one was asked' asked "$(of plain)"
        fi
fi
dismiss "$pid"

if command -v prlimit >/dev/null; then
        no_room() {             # NAME KIB WHY: beside what it has mapped there is room for so much
                victim "$VICTIMS/victim-crowd" rest 30
                size=$(sed -n 's/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
                prlimit --pid "$pid" --as=$(((size + $2) * 1024))
                cat "/proc/$pid/maps" >before
                exits 0 "$1: dump" "$CRDUMP" "$pid" img
                ok "$1: the first thread was asked" asked "$pid"
                ok "$1: the others were not, which is noted" eval 'notes | grep -q "^29 threads not asked from inside: .*$3"'
                cat "/proc/$pid/maps" >after
                ok "$1: mappings as they were" cmp before after
                is "$(notes | sort | uniq -d)" '' "$1: nothing is noted twice"
                dismiss "$pid"
        }
        no_room 'no mapping at all' 4 'could not be mapped'
        no_room 'none for other threads' 64 'no room'
else
        skip 'no room' 'no prlimit here'
fi

# --- by an ordinary user: what takes a right is missing, and said once

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        chmod 755 .
        mkdir his
        chown 65534 his
        cp "$CRDUMP" crdump
        cp "$VICTIMS/victim-tasks" tasks
        # shellcheck disable=SC2086
        background $nobody "$scratch/tasks" plain stack signals fair fenced
        await 20 grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 0 'an ordinary user: dump' $nobody "$scratch/crdump" "$pid" his/img
        cp his/img img
        for name in plain stack signals fair; do
                ok "an ordinary user: $name was asked, and the image has what it told" told $name
        done
        is "$(grep -hE '^[0-9]+ (pdeath_signal [1-9]|timer_slack_ns 123456|altstack .* 40000 )' "$out" | wc -l)" 3 \
                'an ordinary user: each of these is unusual once'
        ok 'an ordinary user: the fenced one was not' eval '! asked "$(of fenced)"'
        ok 'an ordinary user: which is noted' eval 'notes | grep -q "^1 thread not asked from inside: seccomp"'
        ok 'an ordinary user: nor can its filters be had' eval 'notes | grep -q "^seccomp filters: .*CAP_SYS_ADMIN"'
        is "$("$VICTIMS/readthread" img "$(of fenced)" | grep '^seccomp')" "$(printf 'seccomp 2\nseccomp_filters 3')" \
                'an ordinary user: their number is told'
        is "$(notes | sort | uniq -d)" '' 'an ordinary user: nothing is noted twice'
        kill -USR1 "$pid"
        ok 'an ordinary user: all go on' await 10 grep -q '^told' "$out"
else
        skip 'an ordinary user' 'only root can become one'
fi

done_testing
