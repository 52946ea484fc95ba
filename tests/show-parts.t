#!/bin/sh
# crdump show prints one screen that says what an image is; its parts can be asked for, alone or together.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

# a large one: more of everything than a screen holds
cat >make.py <<'EOT'
from mkimg import *

i = Image()
i.proc_strs += [('IMG_STR_CMDLINE', b'victim\0' + b'an argument of many\0' * 100), ('IMG_STR_EXE', '/usr/bin/victim'),
                ('IMG_STR_HOST', b'box\x006.1.0\0#1'), ('IMG_STR_ENVIRON', b'A=B\0' * 100)]
i.proc['dump_time_ns'] = 1700000000 * 10**9
for n in range(300):
        i.thread(tid=4711 + n, syscall=202, known=IMG['IMG_THREAD_CALL'] | IMG['IMG_THREAD_WAIT'], wait_left_ns=93 * 10**6)
for n in range(200):
        i.map(0x400000 + 0x10000 * n, '/lib/%d' % n)
for n in range(100):
        i.fd(fd=n, kind=[IMG['IMG_FD_FILE'], IMG['IMG_FD_SOCKET'], IMG['IMG_FD_PIPE_END'], IMG['IMG_FD_PIPE_END']][n % 4])
i.add('SIGA', array([struct.pack('<QQQQ', n % 3, 0, 0, 0) for n in range(64)]))
i.add('TIMR', array([pack('img_timer', id=n) for n in range(50)]))
i.add('FILE', b'status\0x')
i.add('NOTE', b''.join(b'thing %d: none here\n' % n for n in range(20)))
i.write('img')
EOT
ok 'an image' python3 make.py

has() {                         # REGEX NAME
        grep -Eq -- "$1" stdout && pass "$2" && return
        flunk "$2" "nothing matches '$1' in:"
        diag_file stdout
}

exits 0 'show' "$CRDUMP" show img
cp stdout summary
ok 'one screen' test "$(wc -l <stdout)" -le 30 -a "$(wc -l <stdout)" -gt 10
has '^image +img, complete$' 'which image'
has '^ +format 1\.1, id 000102030405060708090a0b0c0d0e0f, [0-9]+ chunks, .* MiB|KiB$' 'its format'
has '^dumped +2023-11-14 22:13:20 UTC on box, paused for 1\.5 ms, done in 2\.5 ms$' 'when, where, how long'
has '^process +4711 victim, sleeping, parent 1, ' 'the process'
has "^command +victim 'an argument of many' .*\.\.\.$" 'what was called, the beginning'
has '^exe +/usr/bin/victim$' 'what is run'
has '^threads +300$' 'how many threads'
has '^ +4711 victim, sleeping in futex, 93\.0 ms left$' 'the first one'
has '^ +and 296 more: see --threads$' 'how many there are beyond'
has '^memory +200 mappings, pages:$' 'how many mappings'
has '^ +200 data +800\.0 KiB, in the image$' 'how many pages of each kind'
has '^descriptors +100: 25 file, 50 pipe, 25 socket$' 'descriptors by kind'
has '^signals +21 handled, 21 ignored, pending not known$' 'handlers'
has '^timers +interval not known, 50 POSIX$' 'timers'
has '^missing +thing 0: none here$' 'what is missing'
has '^ +and 14 more: see --all$' 'how many lines of that are beyond'

part() {                        # OPTION LINES REGEX
        exits 0 "show $1" "$CRDUMP" show "$1" img
        cp stdout "part$1"
        has "$3" "show $1: there it is"
        is "$(grep -Ec '^(image|process |thread |mappings|descriptor |signals|timers)' stdout)" "$2" \
                "show $1: and not what is asked for elsewhere"
}
part --process 1 '^process 4711 victim'
part --threads 300 '^thread 5010 victim'
part --maps 1 '^4c[0-9a-f]*-4c[0-9a-f]* '
part --fds 100 '^descriptor 99 pipe'
part --signals 1 'SIGINT +\(2\) SIG_IGN'
part --timers 1 '^  timer 49 '
has '^  timer 0 ' 'all timers'
grep -q 'copies of /proc files' part--process && pass 'copies of files' || flunk 'copies of files'

exits 0 'two parts' "$CRDUMP" show --timers --fds img
cat part--fds part--timers >both
ok 'both of them, in the order of the manual' cmp both stdout
exits 0 'all parts' "$CRDUMP" show --process --threads --maps --fds --signals --timers img
cat part--process part--threads part--maps part--fds part--signals part--timers >parts
ok 'are all' cmp parts stdout
exits 0 'show --all' "$CRDUMP" show --all img
ok 'is these' sh -c "tail -n $(wc -l <parts) stdout | cmp - parts"
is "$(grep -c '^ *\(missing\)\? *thing [0-9]*: none here$' stdout)" 20 'after the summary, with all that is missing'
exits 0 'an option behind the image' "$CRDUMP" show img --timers
ok 'is one' cmp part--timers stdout
exits 0 'from a pipe' sh -c "cat img | '$CRDUMP' show --fds -"
ok 'is the same' cmp part--fds stdout

# one of each is not many
head -c 5000 img >short
exits 4 'a part of a damaged image: status 4' "$CRDUMP" show --threads short
ok 'what there is of it' grep -q '^thread 4711' stdout
exits 4 'summary of a damaged image: status 4' "$CRDUMP" show short
ok 'says so' grep -q '^image  *short, INCOMPLETE OR DAMAGED' stdout

if [ -c /dev/full ]; then
        exits 1 'a full disk: status 1' sh -c "exec '$CRDUMP' show --all img >/dev/full"
        says 'stdout: No space left' 'is said'
fi
done_testing
