#!/bin/sh
# An image goes down standard output, whatever that is but a terminal, and a reader that fails costs the target nothing.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3 strace

noisy_python
at_rest "$pid" >before
target=$pid

whole() {                       # FILE NAME: an image and not a byte else
        ok "$2: whole" "$CRDUMP" check "$1"
        "$CRDUMP" check "$1" | grep -q ", $(stat -c %s "$1") bytes\$" || flunk "$2: other bytes before or behind"
}

# --- what standard output may be

exits 0 'a file' "$CRDUMP" "$target" -
says "^crdump: $target \(python3.*\): 1 thread, [0-9]+ pages, $(stat -c %s stdout) bytes, paused" 'the summary is on stderr'
is "$(grep -c '^crdump: ' stderr)" 1 'nothing else is'
mv stdout img
whole img 'a file'
is "$(find . -name '*.part' -o -name '-')" '' 'no file of another name'

piped() {                       # NAME FILTER...: the image through it, to the file through
        t_name=$1
        shift
        { "$CRDUMP" "$target" - 2>stderr; echo $? >status; } | "$@" >through
        is "$(cat status)" 0 "$t_name: status 0" || diag_file stderr
}
piped 'a pipe' cat
whole through 'a pipe'
piped 'gzip' gzip -1
gzip -dc <through >unpacked
whole unpacked 'gzip'

echo before >appended
"$CRDUMP" -q "$target" - >>appended
is "$(head -n 1 appended)" before 'appended: what was there stays'
tail -c +8 appended >tail
whole tail 'appended'
exits 0 '/dev/null' sh -c "'$CRDUMP' $target - >/dev/null"

# A socket, and a pipe that somebody has made non-blocking.
cat >other.py <<'EOF'
import os, socket, subprocess, sys, time
kind, crdump, pid, name = sys.argv[1:]
if kind == 'socket':
    a, b = socket.socketpair()
    r, w = a.detach(), b.detach()
else:
    r, w = os.pipe()
    os.set_blocking(w, False)
dump = subprocess.Popen([crdump, '-q', pid, '-'], stdout=w)
os.close(w)
with open(name, 'wb') as f:
    while True:
        piece = os.read(r, 65536)
        if not piece:
            break
        f.write(piece)
        time.sleep(0.002)
sys.exit(dump.wait())
EOF
for kind in socket non-blocking; do
        exits 0 "$kind" python3 other.py $kind "$CRDUMP" "$target" $kind
        whole $kind $kind
done

# --- on the disk, where there is one

strace -f -qq -o log -e trace=fsync "$CRDUMP" -q "$target" - >synced
ok 'a file is synced' grep -q 'fsync([0-9]*) *= 0' log
rm synced

# --- what it must not be

exits 2 'a terminal' python3 - "$CRDUMP" "$target" <<'EOF'
import os, pty, subprocess, sys
master, slave = pty.openpty()
dump = subprocess.run([sys.argv[1], sys.argv[2], '-'], stdout=slave)
os.set_blocking(master, False)
try:
    print(os.read(master, 100))
except BlockingIOError:
    pass
sys.exit(dump.returncode)
EOF
says '^crdump: standard output is a terminal' 'says so'
is "$(cat stdout)" '' 'nothing reaches it'

failed() {                      # STATUS NAME REGEX CMD...: with one line
        t_wanted=$1 t_title=$2 t_regex=$3
        shift 3
        exits "$t_wanted" "$t_title" "$@"
        says "$t_regex" "$t_title: the line names the cause"
        is "$(grep -c '^crdump: ' stderr)" 1 "$t_title: one line" || diag_file stderr
}
failed 1 'closed' 'write standard output: Bad file descriptor' sh -c "'$CRDUMP' $target - >&-"
failed 1 'opened for reading' 'write standard output: Bad file descriptor' sh -c "'$CRDUMP' $target - 1</dev/null"
failed 1 'a full device' 'write standard output: No space' sh -c "'$CRDUMP' $target - >/dev/full"
failed 1 'a limit for files' 'write standard output: File too large' sh -c "ulimit -f 100; '$CRDUMP' $target - >limited"
exits 4 'what came is told to be a part' "$CRDUMP" check limited

# What a closed number is for must not get into a file that happens to have it.
for closed in 1 2; do
        sh -c "exec $closed>&-; exec '$CRDUMP' -v --stats $target kept" 2>stderr
        ok "$closed closed: the image is whole" "$CRDUMP" check kept
done

# --- readers that fail

failed 1 'a reader that goes away' 'write standard output: Broken pipe' \
        sh -c "{ '$CRDUMP' $target -; echo \$? >status; } | head -c 100000 >part; exit \$(cat status)"
exits 4 'has a part of an image' "$CRDUMP" check part

# One that does not read: the pipe is full, and with --stop the target is stopped.
nobody_reads() {                # 3 leads to a fifo that stays full
        t_fifo=$(mktemp -u fifo.XXXXXX)
        mkfifo "$t_fifo"
        # shellcheck disable=SC2016
        background sh -c 'exec sleep 1000 <"$0"' "$t_fifo"
        exec 3>"$t_fifo"
}
stuck() {                       # OPTION STATUS REGEX
        nobody_reads
        start=$(date +%s%N)
        failed "$2" "a reader that does not read: $1" "$3" sh -c "exec '$CRDUMP' --stop $1 $target - >&3"
        took=$((($(date +%s%N) - start) / 1000000))
        ok "it ends soon ($took ms)" test $took -ge 300 -a $took -lt 12000
        unchanged 'the target is as it was' "$target" before
}
stuck '--max-pause 300' 1 'the target would have paused longer than allowed'
stuck '--timeout 0.3' 1 'the time given is over'

nobody_reads
"$CRDUMP" --stop "$target" - >&3 2>stderr &
dump=$!
reap $dump
await 10 is_traced "$target" || bail 'it does not trace'
kill -TERM $dump
wait $dump
is $? 143 'a reader that does not read: SIGTERM ends it'
is "$(cat stderr)" 'crdump: stopped by SIGTERM' 'one line'
unchanged 'the target is as it was' "$target" before

done_testing
