#!/bin/sh
# What takes more than a second shows one line of progress on a terminal, which costs the target nothing and is gone at the end.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3 strace

# HOW COMMAND...: its stderr is a terminal, its stdout a pipe that is read slowly, unless HOW is fast, or feed:FILE:
# then its stdin is one that is fed slowly. off: the terminal takes nothing until the image is through. term: SIGTERM
# when there is a line. job: the terminal is another job's. Prints the status, and in words what the terminal got.
cat >watch.py <<'EOF'
import fcntl, os, pty, re, signal, struct, subprocess, sys, termios, threading, time
how, command = sys.argv[1], sys.argv[2:]
STEP, PAUSE = 1 << 17, 0.05             # bytes, and seconds between two of them
columns = int(os.environ.get('WIDE', '80'))
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
if how == 'off':
    termios.tcflow(slave, termios.TCOOFF)
if how == 'job':                        # another job has the terminal
    command = ['sh', '-mc', '"$0" "$@" & wait $!'] + command

def own_terminal():
    os.setsid()
    fcntl.ioctl(2, termios.TIOCSCTTY, 0)

feed = how.startswith('feed:')
child = subprocess.Popen(command, stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
                         preexec_fn=own_terminal if how == 'job' else None)
seen = []                               # time and bytes

def listen():
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:                 # EIO: nobody has it open
            break
        seen.append((time.monotonic(), piece))
        if how == 'term' and b'/s' in piece:
            os.kill(child.pid, signal.SIGTERM)

begun = time.monotonic()
listener = threading.Thread(target=listen)
listener.start()
total = 0
if feed:
    with open(how[5:], 'rb') as f:
        while True:
            piece = f.read(STEP)
            if not piece:
                break
            child.stdin.write(piece)
            child.stdin.flush()
            time.sleep(PAUSE)
    child.stdin.close()
while True:
    piece = os.read(child.stdout.fileno(), STEP)
    if not piece:
        break
    total += len(piece)
    if how != 'fast' and not feed:
        time.sleep(PAUSE)
    if how == 'off' and piece.endswith(b'CRDEND\r\n'):      # all is out, and nobody is stopped
        print('through', not seen)
        termios.tcflow(slave, termios.TCOON)
status = child.wait()
os.close(slave)
listener.join()

text = b''.join(piece for _, piece in seen).decode()
print('status', status)
# A terminal in small: what stands there at the end, and what stood in the line that was redrawn.
screen, line, at, drawn = [], '', 0, []
for c in re.findall(r'\r\n|\r|[^\r]', text):
    if c == '\r\n':
        screen.append(line.rstrip())
        line, at = '', 0
    elif c == '\r':
        if '/s' in line and (not drawn or drawn[-1] != line.rstrip()):
            drawn.append(line.rstrip())
        at = 0
    else:
        line = line[:at] + c + line[at + 1:]
        at += 1
print('left', repr(line.rstrip()))
print('wide', max(map(len, drawn), default=0) < columns)
size = r'\d+\.\d [KMG]iB'
shape = {'of': size + ' of ' + size + ', ' + size + r'/s(, \d+ s left)?', 'alone': size + ', ' + size + '/s'}
kinds = [name for name in shape if any(re.fullmatch('crdump: ' + shape[name], d) for d in drawn)]
print('lines', ' '.join(kinds) or ('others' if drawn else 'none'))
times = [t for t, piece in seen if b'/s' in piece]
print('late', all(t - begun >= 1 for t in times))
print('seldom', len(times) <= (time.monotonic() - begun) * 4)
for s in screen:
    print('screen', re.sub(r'\d+', 'N', s))
EOF
watch() {                       # HOW COMMAND...: what it prints is in the file seen
        timeout -k 5 "${LIMIT:-100}" python3 watch.py "$@" >seen 2>errors || { diag_file errors; return 1; }
}
saw() {                         # NAME LINE...: so it is in that file, among others
        t_title=$1
        shift
        for t_line; do
                grep -Eqx -- "$t_line" seen && continue
                flunk "$t_title" "no line '$t_line' in:"
                diag_file seen
                return 1
        done
        pass "$t_title"
}

noisy_python                    # 2 s and more in the pipe above
at_rest "$pid" >before
summary='screen crdump: N \(pythonN?(.N)?\): N thread, N pages, N bytes, paused .*'

watch slow "$CRDUMP" "$pid" -
saw 'a slow dump: bytes, total, rate' 'status 0' 'lines of.*'
saw 'not before a second, at most four times a second' 'late True' 'seldom True'
saw 'gone before the summary, nothing left behind it' "$summary" "left ''"
is "$(grep -c '^screen' seen)" 1 'the summary is all there is'
WIDE=43 watch slow "$CRDUMP" "$pid" -
saw 'a narrow terminal: never wraps' 'status 0' 'lines (of|others|of .*)' 'wide True' "left ''"
watch slow "$CRDUMP" -q "$pid" -
saw 'with -q: nothing' 'status 0' 'lines none' "left ''"
is "$(grep -c '^screen' seen)" 0 'not a line'
watch fast "$CRDUMP" "$pid" img
saw 'a fast dump' 'status 0' "$summary"
watch job "$CRDUMP" "$pid" -
saw 'a job in the background: nothing but the summary' 'status 0' 'lines none' "$summary"
watch term "$CRDUMP" "$pid" -
saw 'ended by a signal: the message stands alone' 'status 143' 'screen crdump: stopped by SIGTERM' "left ''"
watch off "$CRDUMP" "$pid" -
saw 'a terminal that takes nothing: the dump goes through' 'through True' 'status 0' "$summary"
unchanged 'the target is as it was' "$pid" before
LIMIT=60 exits 0 'stderr is no terminal' sh -c "'$CRDUMP' $pid - | { sleep 2; cat >img; }"
is "$(tr -d '\n' <stderr | tr -c '\r' . | tr -d .)$(grep -c '/s' stderr)" 0 'nothing drawn there'

watch feed:img "$CRDUMP" check -
saw 'check of a pipe: bytes and rate alone' 'status 0' 'lines alone' 'late True' 'seldom True' "left ''"
slowly() {                      # COMMAND...: each read(2) takes 20 ms
        watch fast strace -qq -o log -e trace=read -e inject=read:delay_enter=20000 "$@"
}
slowly "$CRDUMP" check img
saw 'check of a file: of its bytes' 'status 0' 'lines of.*' "left ''"
slowly "$CRDUMP" core img core
saw 'core' 'status 0' 'lines of.*' 'screen crdump: core of N .*' "left ''"
slowly "$CRDUMP" -q core img core
saw 'core -q: nothing' 'status 0' 'lines none'

done_testing
