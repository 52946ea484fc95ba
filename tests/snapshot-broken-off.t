#!/bin/sh
# A dump by a snapshot that is killed or interrupted leaves no twin, no file and a target that goes on.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

start alone

begin 'the tracing process is killed'
kill -9 "$tracing"
wait $dump
is $? 1 'the tracing process is killed: status 1'
is "$(grep -c '^crdump:' said)" 1 'the tracing process is killed: one line'
ok 'the tracing process is killed: so is the twin' await 10 gone "$twin_pid"
echo >go
wait $reader
saw_nothing 'the tracing process is killed'
diag "children, dead: $(children "$pid")"
exits 0 'the tracing process is killed: it can be dumped again' "$CRDUMP" -q --snapshot "$pid" img
saw_nothing 'dumped again'
zombies=$(children "$pid")
is "$(for p in $zombies; do state "$p"; done | tr -d 'Z\n')" '' 'no child of it lives'

only_those() { [ "$(children "$pid")" = "$zombies" ]; }

begin_among() {                 # NAME: as begin, beside those zombies
        child=$zombies
        begin "$1"
}

begin_among 'crdump is killed'
kill -9 $dump
wait $dump 2>/dev/null
ok 'crdump is killed: the tracing process ends' await 10 gone "$tracing"
ok 'crdump is killed: so does the twin' await 10 gone "$twin_pid"
ok 'crdump is killed: no more zombies' await 10 only_those
saw_nothing 'crdump is killed'
echo >go
wait $reader

for sig in INT TERM; do
        begin_among "SIG$sig"
        begun=$(date +%s%N)
        kill -s $sig $dump
        wait $dump
        status=$?
        took=$((($(date +%s%N) - begun) / 1000000))
        [ $sig = INT ] && wanted=130 || wanted=143
        is $status $wanted "SIG$sig: status $wanted"
        ok "SIG$sig: soon ($took ms)" test $took -lt 3000
        is "$(cat said)" "crdump: stopped by SIG$sig" "SIG$sig: one line"
        ok "SIG$sig: no twin" vanished "$twin_pid"
        ok "SIG$sig: no more zombies" only_those
        saw_nothing "SIG$sig"
        echo >go
        wait $reader
done

# Into a file: there is none afterwards.
if command -v strace >/dev/null; then
        rm -f img said
        env --default-signal=INT strace -f -o /dev/null -e trace=process_vm_readv,pread64 \
                -e inject=pread64,process_vm_readv:delay_enter=50000 "$CRDUMP" --snapshot "$pid" file 2>said &
        dump=$!
        reap $dump
        if await 30 being_read; then
                kill -INT "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$(tracer "$twin_pid")/status")"
        else
                flunk 'into a file: a twin is read'
        fi
        wait $dump
        is $? 130 'into a file, SIGINT: status 130' || diag_file said
        absent file 'into a file, SIGINT: no file is left'
        ok 'into a file, SIGINT: no more zombies' only_those
        saw_nothing 'into a file, SIGINT'

        # as soon as there is one
        strace -f -o /dev/null -e trace=fchmod -e inject=fchmod:signal=KILL "$CRDUMP" --snapshot "$pid" file 2>said
        is $? 1 'killed with a file just made: status 1' || diag_file said
        absent file 'killed with a file just made: none is left'
else
        skip 'into a file' 'no strace here'
fi

# At whatever time: what lives on is ended by itself. If it was inside, the target is away for two seconds.
n=0
killed=0
silent=
while [ $n -lt 40 ]; do
        n=$((n + 1))
        "$CRDUMP" -q --snapshot "$pid" file 2>said &
        dump=$!
        i=0
        while [ $i -lt $((n * 500)) ]; do i=$((i + 1)); done
        tracing=$(cat "/proc/$dump/task/$dump/children" 2>/dev/null)
        # shellcheck disable=SC2086     # a number or none
        [ -n "$tracing" ] && kill -9 $tracing 2>/dev/null
        wait $dump || killed=$((killed + 1))
        order look look || silent="$silent $n"
done
is "$silent" '' 'killed at forty moments: it goes on after each of them'
none_lives() { [ -z "$(for p in $(children "$pid"); do state "$p"; done | tr -d 'Z\n')" ]; }
ok "the tracing process killed at forty moments ($killed before the end): no child lives on" await 10 none_lives
diag "children, dead: $(children "$pid" | grep -c .)"
ok 'killed at forty moments: nobody traces it' test "$(tracer "$pid")" = 0
saw_nothing 'killed at forty moments'
exits 0 'and it can be dumped' "$CRDUMP" -q --snapshot "$pid" img

done_testing
