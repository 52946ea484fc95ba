#!/bin/sh
# SPDX-License-Identifier: MIT
# demo.sh - dumps a running program and shows that it runs on; `make demo` calls it
#
# The program is a shell that counts into a file, four times a second.

set -u
cd "${0%/*}/.." || exit 1
PATH=$PWD:$PATH

dir=$(mktemp -d "${TMPDIR:-/tmp}/crdump-demo.XXXXXX") || exit 1
pid=
cleanup() {
        [ -z "$pid" ] || kill "$pid" 2>/dev/null
        rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
cd "$dir" || exit 1

say() {
        printf '\n# %s\n' "$*"
}

run() {                         # prints the command, then runs it; its failure is ours
        echo "\$ $*"
        "$@" || {
                echo "demo: that failed, exit status $?" >&2
                exit 1
        }
}

count_passes() {                # N: the count gets there within 10 s, or the program is dead
        tries=0
        until [ "$(cat count 2>/dev/null || echo 0)" -gt "$1" ]; do
                tries=$((tries + 1))
                [ "$tries" -le 100 ] && kill -0 "$pid" 2>/dev/null || return 1
                sleep 0.1
        done
}

say 'A program that runs: a shell that counts into a file'
cat >counter.sh <<'EOF'
n=0
while sleep 0.25; do
        n=$((n + 1))
        echo $n >count.new && mv count.new count
done
EOF
run cat counter.sh
echo '$ sh counter.sh &'
sh counter.sh &
pid=$!
count_passes 2 || exit 1
run cat count

say 'Dump it'
run crdump "$pid" out.img

say 'What the image holds'
run ls -l out.img
run crdump check out.img
run crdump show out.img
echo '$ crdump show --threads --fds --signals --timers --maps out.img'
crdump show --threads --fds --signals --timers --maps out.img >show.txt || exit 1
lines=$(wc -l <show.txt)
if [ "$lines" -gt 120 ]; then
        head -n 120 show.txt
        echo "[... and $((lines - 120)) more lines]"
else
        cat show.txt
fi

say 'The program is still running: it goes on counting'
run cat count
count_passes "$(($(cat count) + 3))" || {
        echo 'demo: it no longer counts' >&2
        exit 1
}
run cat count
run grep -E '^(Name|State|Pid|TracerPid):' "/proc/$pid/status"
