#!/bin/sh
# Every key that show --json prints is in crdump.1, and every key there is printed; those of the first version stay.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
from mkimg import *

# What the manual says: "thing.key" for a key of an object in a list or of its own.
manual = open(os.path.join(TOP, 'crdump.1')).read().split('.Sh JSON')[1].split('.Bd -literal\n')[1].split('.Ed')[0]
keys, named, path, left = set(), set(), [], []
for line in manual.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        if depth < 8:
                text = line.strip()
                words = re.match(r'((?:\w+, )*\w+,?)(?:\s+(\S.*))?$', text)
                assert words, line
                del path[depth:]
                left += re.findall(r'\w+', words.group(1))
                if not words.group(2):
                        continue                # its keys go on, or what they are is on the next line
        else:
                words = None
        what = words.group(2) if words else line.strip()
        if not left:
                continue
        for key in left:
                keys.add('.'.join(path[:depth] + [key]) if words else '.'.join(path + [key]))
                if re.match(r'\S+\s+N\b', what):
                        named.add('.'.join((path[:depth] if words else path) + [key]))
        if words:
                path[depth:] = [left[-1]]
        else:
                path.append(left[-1])
        left = []
for key in named:
        base, _, last = key.rpartition('.')
        keys.add('%s|names' % key)


def printed(v, at, out):
        if isinstance(v, list):
                for x in v:
                        printed(x, at, out)
        elif isinstance(v, dict):
                for key, x in v.items():
                        out.add('.'.join(at + [key]))
                        printed(x, at + [key], out)


i = Image()
i.proc['flags'] = U32
for name in IMG:
        if name.startswith('IMG_STR_') and name != 'IMG_STR_N' and name != 'IMG_STR_COMM':
                i.proc_strs.append((name, b'\1\0\0\0\0\0\0\0' * 2 if name == 'IMG_STR_AUXV' else '4711 7\n'))
sent = [struct.pack('<iii', sig, 0, code).ljust(128, b'\0') for sig, code in
        ((10, -1), (14, -2), (17, 1), (11, 3), (11, 4), (29, 1), (31, 1))]
i.thread(known=U32, syscall=202, xstate=b'\0' * 64,
         strs=[(name, b''.join(sent) if name == 'IMG_TSTR_SIGINFO' else '1234567812345678')
               for name in IMG if name.startswith('IMG_TSTR_') and name != 'IMG_TSTR_N'])
i.map(0x400000, '/bin/a', vmflags_known=1, vmflags=1)
i.map(0x500000, '', [(IMG['IMG_UNREADABLE'], 1, 1, IMG['IMG_WHY_SECRET'])])
i.add('SIGA', array([struct.pack('<QQQQ', 1, 1, 1, 1)]))
i.add('SIGQ', array(sent))
i.add('ITIM', array([pack('img_itimer')] * 3))
i.add('TIMR', array([pack('img_timer')]))
i.add('RLIM', array([pack('img_rlimit')]))
i.add('MISC', pack('img_misc'))
i.add('FILE', b'status\0x')
i.add('NOTE', b'nothing is there\n')
fdinfo = '''tfd: 1 events: 1 data: 1
eventfd-count: 1
eventfd-id: 1
eventfd-semaphore: 1
sigmask: 1
clockid: 1
ticks: 1
settime flags: 01
it_value: (1, 1)
it_interval: (1, 1)
inotify wd:1 ino:1 sdev:1 mask:1 ignored_mask:1
Pid: 1
'''
for name in IMG:
        if name.startswith('IMG_FSTR_') and name != 'IMG_FSTR_N':
                value = {'IMG_FSTR_FDINFO': fdinfo, 'IMG_FSTR_WHY': 'all\n', 'IMG_FSTR_SOCKET': pack('img_socket'),
                         'IMG_FSTR_TTY': pack('img_tty'), 'IMG_FSTR_OPTIONS': pack('img_sockopt')}.get(name, b'x' * 104)
                if name != 'IMG_FSTR_SOCKET':
                        i.fd(fd=IMG[name], known=U32, strs=[(name, value)] + ([('IMG_FSTR_SOCKET', pack('img_socket'))]
                             if name in ('IMG_FSTR_OPTIONS', 'IMG_FSTR_TCP_INFO') else []))
i.write('img')
whole = show('img')
seen = set()
printed(whole, [], seen)

# A key of names counts as the key that it belongs to.
for key in sorted(seen):
        base, _, last = key.rpartition('.')
        for end, more in (('_names', 's'), ('_names', ''), ('_name', '')):
                of = (base + '.' if base else '') + last[:-len(end)] + more
                if last.endswith(end) and of in seen:
                        seen.discard(key)
                        seen.add(of + '|names')
elsewhere = {'threads.regs', 'mappings.pages', 'mappings.how', 'fds.tty.cc'}    # keys that the manual tells once, or as registers
seen = {k for k in seen if not any(k.startswith(e + '.') for e in elsewhere)}
seen = {k.replace('pending.', 'threads.pending.', 1) if k.startswith('pending.') else k for k in seen}
check('printed, and not in the manual', sorted(seen - keys), [])
check('in the manual, and not printed', sorted(keys - seen), [])
check('so many keys', len(seen) > 330, True)

# Nothing but strings, numbers, booleans, null where the manual says so, and no number that a double could not hold.
def sane(v):
        if isinstance(v, dict):
                return all(sane(x) for x in v.values())
        if isinstance(v, list):
                return all(sane(x) for x in v)
        return v is None or isinstance(v, (str, bool)) or (isinstance(v, int) and abs(v) < 2**53)
check('values', sane(whole), True)

# Parts have their own keys and those that say which image it is.
def top(*options):
        return sorted(set(show('img', *options)) - {'file', 'complete', 'format', 'dump'})
check('--process', top('--process'), ['files', 'misc', 'process', 'rlimits'])
check('--threads', top('--threads'), ['threads'])
check('--maps', top('--maps'), ['how', 'mappings', 'pages'])
check('--fds', top('--fds'), ['fds'])
check('--signals', top('--signals'), ['pending', 'sigactions'])
check('--timers', top('--timers'), ['itimers', 'timers'])
check('--fds --timers', top('--fds', '--timers'), ['fds', 'itimers', 'timers'])
check('--all', show('img', '--all'), whole)

# The first version's keys, of one of its images.
old = show(os.path.join(TOP, 'tests/corpus/image/1.0-threads.img'))
first = """file complete format.major format.minor format.id format.chunks format.skipped format.bytes dump.pause_ns dump.total_ns
process.pid process.ppid process.tgid process.pgid process.sid process.threads process.uid process.gid process.umask process.state
process.start_ticks process.dump_time_ns process.start_code process.end_code process.start_data process.end_data process.start_brk
process.brk process.start_stack process.arg_start process.arg_end process.env_start process.env_end process.comm process.exe
process.cwd process.root process.cmdline process.environ process.host process.auxv process.auxv.type process.auxv.value
pages.data pages.zero pages.absent pages.infile pages.unreadable threads.tid threads.comm threads.state threads.syscall
threads.syscall_name threads.blocked threads.regs threads.regs.rip threads.xstate_len mappings.start mappings.end mappings.prot
mappings.offset mappings.dev mappings.inode mappings.name mappings.vmflags mappings.class mappings.pages mappings.pages.data
mappings.unreadable sigactions.signal sigactions.name sigactions.handler sigactions.flags sigactions.flag_names
sigactions.restorer sigactions.mask itimers.which itimers.interval_sec itimers.interval_us itimers.value_sec itimers.value_us
misc.tid misc.pid misc.ppid misc.pgid misc.sid misc.dumpable misc.subreaper misc.thp_disable misc.no_new_privs
misc.pdeath_signal misc.timer_slack_ns misc.brk misc.personality misc.tid_address misc.altstack_sp misc.altstack_size
misc.altstack_flags misc.umask files.name files.len notes"""
seen = set()
printed(old, [], seen)
check('keys of the first version', sorted(set(first.split()) - seen), [])
done()
EOT
ok 'keys' python3 look.py

done_testing
