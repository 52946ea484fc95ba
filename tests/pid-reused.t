#!/bin/sh
# The target ends just before it is to be stopped, and another process gets its pid: that is let go at once, and told.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace
[ "$(id -u)" -eq 0 ] || skip_all 'a pid namespace takes root'
unshare -pf --mount-proc true 2>/dev/null || skip_all 'no pid namespace here'
[ -w /proc/sys/kernel/ns_last_pid ] || skip_all 'this kernel gives no choice of pids'

# In a namespace where nobody else takes a pid. The first ptrace(2), which is PTRACE_SEIZE, comes four seconds late.
cat >inside.sh <<'EOF'
sleep 100 &
first=$!
strace -f -qq -o trace -e trace=ptrace -e inject=ptrace:delay_enter=4000000:when=1 "$1" "$first" img 2>said &
dump=$!
tries=100
until grep -qs "^State:.*tracing" /proc/[0-9]*/status || [ $((tries -= 1)) -eq 0 ]; do sleep 0.02; done
sleep 2         # strace does not tell when the delay begins: some ten milliseconds after the start
kill -KILL $first
wait $first 2>/dev/null
echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
sleep 200 &
second=$!
wait $dump
echo "status $?"
[ $second = $first ] && echo 'the same pid'
sed -n 's/^TracerPid:[[:blank:]]*/tracer /p; s/^State:[[:blank:]]*/state /p' /proc/$second/status
ls img* 2>/dev/null
kill -KILL $second
EOF
timeout 60 unshare -pf --mount-proc sh inside.sh "$CRDUMP" >result
cat >expected <<'EOF'
status 1
the same pid
state S (sleeping)
tracer 0
EOF
ok 'the other one goes on, there is no image' diff expected result || diag_file trace
is "$(wc -l <said)" 1 'one line'
ok 'it says that the target ended' grep -Eq '^crdump: process [0-9]+ (is gone|died during the dump)$' said || diag_file said
is "$(grep -c 'PTRACE_SEIZE, [0-9]*, NULL, .* = 0' trace)" 1 'the other one had been seized'

done_testing
