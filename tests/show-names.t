#!/bin/sh
# Each name that show prints for a number or a bit is the one that the kernel's headers have for it.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3 gcc
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
import subprocess
from mkimg import *

# --- an image with every bit, and every number up to some more than there are

i = Image()
known = U32
for n in range(64):
        i.thread(tid=100 + n, known=known, policy=n, seccomp=n, io_priority=n << 13, securebits=U32, sched_flags=U32,
                 altstack_flags=U32, cap=[U64] * 5, pdeath_signal=n,
                 strs=[('IMG_TSTR_FILTER', pack('img_filter', flags=U64 >> 1))])
for n in range(64, 620):
        i.thread(tid=100 + n, syscall=n - 64)
i.proc.update(flags=U32, personality=U32, coredump_filter=U32)
i.proc_strs.append(('IMG_STR_AUXV', b''.join(struct.pack('<QQ', n, n) for n in range(64))))
i.add('RLIM', array([pack('img_rlimit', soft=n, hard=n) for n in range(16)]))
i.add('SIGA', array([struct.pack('<QQQQ', 0x1000, U64, 0, 0)] * 64))
i.add('MISC', pack('img_misc', mdwe=2**31 - 1, speculation=[2**31 - 1] * 3, securebits=2**31 - 1, personality=U64, altstack_flags=U32,
                   tsc=1, mce_kill=2))
i.add('TIMR', array([pack('img_timer', id=n, clock=n, notify=n, signal=n % 65) for n in range(64)]))
i.add('SIGQ', array([struct.pack('<iii', sig, 0, code).ljust(128, b'\0')
                     for sig in range(1, 65) for code in [*range(-70, 20), 128, 129]]))
everything = dict(known=U32, flags=U32, seals=U32)
for n in range(16):
        i.fd(fd=n, lease=n, owner_type=n, strs=[('IMG_FSTR_MQUEUE', struct.pack('<qqqq', -1, 0, 0, 0))], **everything)
for n in range(60):
        options = b''.join(pack('img_sockopt', level=n, option=o) for o in range(130))
        if n == 50:
                options += b''.join(pack('img_sockopt', level=l, option=o) for l in (255, 263, 270) for o in range(130))
        i.fd(fd=100 + n, kind=IMG['IMG_FD_SOCKET'], strs=[
                ('IMG_FSTR_SOCKET', pack('img_socket', family=n, type=n, tcp_state=n, protocol=n)),
                ('IMG_FSTR_TCP_INFO', bytes([n, n, 0, 0, 0, 255]).ljust(104, b'\0')), ('IMG_FSTR_OPTIONS', options)])
for family in (2, 10, 16):
        for n in range(300):
                i.fd(fd=1000 * family + n, kind=IMG['IMG_FD_SOCKET'], strs=[
                        ('IMG_FSTR_SOCKET', pack('img_socket', family=family, type=1, tcp_state=-1, protocol=n))])
i.fd(fd=200000, kind=IMG['IMG_FD_TTY'], strs=[('IMG_FSTR_TTY', pack('img_tty', iflag=U32, oflag=U32, cflag=U32, lflag=U32))])
i.fd(fd=200001, kind=IMG['IMG_FD_EPOLL'], strs=[('IMG_FSTR_FDINFO', 'tfd: 1 events: ffffffff data: 0\n')])
i.fd(fd=200002, kind=IMG['IMG_FD_INOTIFY'], strs=[('IMG_FSTR_FDINFO', 'inotify wd:1 ino:1 sdev:1 mask:ffffffff ignored_mask:0 \n')])
i.fd(fd=200003, kind=IMG['IMG_FD_FANOTIFY'], strs=[('IMG_FSTR_FDINFO', 'fanotify mnt_id:1 mflags:0 mask:ffffffff ignored_mask:0\n')])
for n in range(16):
        i.fd(fd=200010 + n, kind=IMG['IMG_FD_TIMERFD'], strs=[('IMG_FSTR_FDINFO', 'clockid: %d\nsettime flags: 07\n' % n)])
i.write('img')
shown = show('img')

# --- what show says: (name, number, is it a bit)

said = set()


def number(v):
        return int(v, 16) if isinstance(v, str) else v


def walk(v):
        if isinstance(v, list):
                for x in v:
                        walk(x)
        if not isinstance(v, dict):
                return
        for key, x in v.items():
                walk(x)
                if key.endswith('_names') and x is not None:
                        base = key[:-6] if key[:-6] in v else key[:-6] + 's'
                        bits = number(v[base])
                        for name in x:
                                said.add((name, bits, True))
                elif key.endswith('_name') and x is not None and key != 'io_class_name':
                        said.add(('__NR_' + x if key == 'syscall_name' else x, number(v[key[:-5]]), False))
        if 'io_class_name' in v and v['io_class_name']:
                said.add((v['io_class_name'], v['io_priority'] >> 13, False))


walk({k: v for k, v in shown.items() if k != 'process'})
walk({k: v for k, v in shown['process'].items() if k != 'coredump_filter_names'})       # these are words
for a in shown['process']['auxv']:
        if a['name']:
                said.add((a['name'], number(a['type']), False))
for n, r in enumerate(shown['rlimits']):
        said.add((r['name'], n, False))
for fd in shown['fds']:
        for o in fd['socket']['options'] or [] if fd['socket'] else []:
                if o['name']:
                        said.add((o['name'], o['option'], False))
for s in shown['pending']:
        if s['signal'] < 32:
                said.add((s['name'], s['signal'], False))

# --- what the headers say

words = {'none', 'strict', 'filter', 'no', 'yes', 'by root only', 'faults', 'enabled', 'CS5', 'CS6', 'CS7', 'CS8'}
said = {s for s in said if s[0] not in words and not re.match(r'SIG(RTMIN|\d)', s[0])}
headers = ('linux/capability linux/prctl linux/securebits linux/sched linux/seccomp linux/fcntl linux/futex linux/time '
           'linux/signal asm/siginfo asm/resource linux/auxvec linux/personality linux/ioprio linux/socket asm/socket linux/in '
           'linux/in6 linux/tcp linux/udp linux/netlink linux/if_packet asm/termbits linux/tty linux/inotify linux/fanotify '
           'linux/eventpoll asm/unistd_64')
libc = 'sched signal sys/socket netinet/in netinet/tcp sys/timerfd sys/epoll'
# these are newer than some headers, or the kernel keeps them to itself
young = set('''SCHED_ISO SCHED_EXT SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV SECBIT_EXEC_RESTRICT_FILE SECBIT_EXEC_RESTRICT_FILE_LOCKED
        SECBIT_EXEC_DENY_INTERACTIVE SECBIT_EXEC_DENY_INTERACTIVE_LOCKED PR_MDWE_REFUSE_EXEC_GAIN PR_MDWE_NO_INHERIT AT_HWCAP3 AT_HWCAP4
        AT_RSEQ_FEATURE_SIZE AT_RSEQ_ALIGN SI_DETHREAD SEGV_CPERR SA_UNSUPPORTED SA_EXPOSE_TAGBITS F_SEAL_EXEC O_TMPFILE O_SYNC O_ASYNC
        SO_RESERVE_MEM SO_TXREHASH SO_RCVMARK SO_PASSPIDFD IP_LOCAL_PORT_RANGE IP_PROTOCOL FAN_RENAME FAN_FS_ERROR TCP_NEW_SYN_RECV
        TCPI_OPT_USEC_TS TCPI_OPT_TFO_CHILD ILL_BADIADDR CLOCK_SGI_CYCLE EPOLLMSG NETLINK_SMC IPPROTO_MPTCP AF_MCTP IN_UNMOUNT
        SO_RCVTIMEO SO_SNDTIMEO SO_TIMESTAMP SO_TIMESTAMPNS SO_TIMESTAMPING AT_MINSIGSTKSZ'''.split())


def values(names, includes):
        """Those that a program with these headers can print."""
        names = sorted(names)
        for _ in range(4):
                source = ''.join('#include <%s.h>\n' % h for h in includes.split())
                source += 'int printf(const char *, ...);\nint main(void)\n{\n'
                source += ''.join('printf("%s %%lld\\n", (long long)%s);\n' % (n, n) for n in names) + '}\n'
                open('names.c', 'w').write('#define _GNU_SOURCE\n' + source)
                gcc = subprocess.run(['gcc', '-w', '-o', 'names', 'names.c'], capture_output=True, text=True)
                if gcc.returncode == 0:
                        out = subprocess.run(['./names'], capture_output=True, text=True).stdout
                        return {n: int(v) for n, v in (line.split() for line in out.splitlines())}
                bad = set(re.findall(r"[‘'](\w+)[’'] undeclared", gcc.stderr))
                assert bad & set(names), gcc.stderr
                names = [n for n in names if n not in bad]


names = {s[0] for s in said}
real = values(names, headers)
real.update(values(names - set(real), libc))
check('names that no header has', names - set(real) - young, {n for n in names - set(real) - young if n.startswith('__NR_') and
      dict((s[0], s[1]) for s in said)[n] > real['__NR_futex_waitv']})
for name, n, bit in sorted(said):
        if name not in real or (name in young and name in ('O_SYNC', 'O_TMPFILE')):
                continue
        value = real[name] & U64
        if not bit:
                check(name, n, real[name])
        elif name.startswith('CAP_'):
                check(name, n >> value & 1, 1)
        elif name != 'O_RDONLY':
                check(name, (value != 0 and value & value - 1 == 0 and value & n == value) or (name, value, n), True)
print('%d names, %d of them known to the headers' % (len(names), len(real)))
check('so many names', len(names) > 950, True)
done()
EOT
ok 'every name has the number that the headers give it' python3 look.py
tail -n 1 t.out | sed 's/^/# /'

done_testing
