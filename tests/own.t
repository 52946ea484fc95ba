#!/bin/sh
# A dump of what we depend on, our shell, the reader of our messages, the server of our disk, is no deadlock.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# shellcheck disable=SC2016
exits 0 'the shell that waits for us' timeout 20 sh -c '"$1" $$ img; exit $?' sh "$CRDUMP"
ok 'a whole image of it' "$CRDUMP" check img

# Its pipe is full as soon as the target is stopped; what is held back comes out afterwards.
need python3
cat >reader.py <<'EOF'
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, 1031, 4096)              # F_SETPIPE_SZ
dump = subprocess.Popen([sys.argv[1], '-v', str(os.getpid()), 'img2'], stderr=w)
os.close(w)
text = b''
while True:
    piece = os.read(r, 64)
    if not piece:
        break
    text += piece
    time.sleep(0.001)
print(dump.wait(), text.count(b'\n') > 5, b'target released' in text)
EOF
is "$(timeout 30 python3 reader.py "$CRDUMP")" '0 True True' 'the reader of our messages'
ok 'a whole image of it' "$CRDUMP" check img2

# Its terminal holds some 4 KB, and it stops reading as soon as it is stopped. It is fed more than that before.
cat >terminal.py <<'EOF'
import os, pty, subprocess, sys, termios, time
master, slave = pty.openpty()
mode = termios.tcgetattr(slave)
mode[1] &= ~termios.OPOST
termios.tcsetattr(slave, termios.TCSANOW, mode)
feed = 'head -c 6000 /dev/zero | tr "\\0" x >&2; exec "$@"'
dump = subprocess.Popen(['sh', '-c', feed, '-', sys.argv[1], '-v', str(os.getpid()), 'img3'],
                        stdin=slave, stdout=slave, stderr=slave)
os.close(slave)
text = b''
while True:
    try:
        piece = os.read(master, 64)
    except OSError:                     # EIO: nobody has it open
        break
    if not piece:
        break
    text += piece
    time.sleep(0.001)
print(dump.wait(), text.count(b'x') >= 6000, b'target released' in text)
EOF
is "$(timeout 30 python3 terminal.py "$CRDUMP")" '0 True True' 'the server of our terminal'
ok 'a whole image of it' "$CRDUMP" check img3

if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/fuse ] || ! command -v bindfs >/dev/null; then
        [ "${CI:-}" = true ] && bail 'bindfs is missing, which CI must have'
        skip 'the server of our file system' 'no bindfs, no /dev/fuse, or not root'
        done_testing
fi
mkdir behind mnt
victim bindfs -f behind mnt
t_umount="$t_umount $scratch/mnt"
await 10 mountpoint -q mnt || bail 'bindfs does not serve'
at_rest "$pid" >before
timeout 60 "$CRDUMP" --max-pause 2000 "$pid" mnt/img >stdout 2>stderr
status=$?
case $status in
0)      ok 'the server of our file system: dumped' "$CRDUMP" check mnt/img ;;
*)      is $status 1 'the server of our file system: given up'
        diag_file stderr ;;
esac
ok 'and it still serves' ls mnt
unchanged 'as before' "$pid" before

done_testing
