#!/bin/sh
# All that an image holds of descriptors is shown, in words and as JSON; what is not known is said to be so, and why.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
import fcntl
import signal
import socket
import termios
from mkimg import *

KINDS = 'other file dir char block pipe fifo socket tty epoll eventfd signalfd timerfd inotify fanotify pidfd memfd io_uring userfaultfd ' \
        'bpf perf mqueue secretmem namespace symlink kvm'.split()
F = {name[7:]: value for name, value in IMG.items() if name.startswith('IMG_FD_')}
i = Image()


def add(number, kind, known='', strs=(), **values):
        i.fd(fd=number, kind=F[kind], known=sum(F[k] for k in known.split()), strs=strs, **values)


STAT = dict(ino=4711, len=70000, mode=0o100640, nlink=2, uid=1000, gid=100, dev_major=0x103, dev_minor=0x1f, rdev_major=5, rdev_minor=2,
            mtime_sec=1600000000, mtime_ns=7, mnt_id=29)
everything = 'FLAGS STAT OWNER LEASE SEALS PIPE QUEUED SAME CONTENT'
add(0, 'FILE', everything, [('IMG_FSTR_PATH', '/tmp/a file (deleted)'), ('IMG_FSTR_CONTENT', b'line\n\x1b[31m' + b'x' * 500)],
    flags=os.O_RDWR | os.O_APPEND | os.O_NONBLOCK | 0o100000, cloexec=1, pos=12345678901, owner=-4712, owner_type=2, signal=34, lease=1,
    seals=fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL, pipe_len=65536, queued=3, same_as=-1, **STAT)
add(1, 'CHAR', 'FLAGS STAT SAME', [('IMG_FSTR_PATH', '/dev/tty')], same_as=0, flags=os.O_RDONLY, **STAT)
add(2, 'PIPE_END', 'FLAGS PIPE QUEUED CONTENT', [('IMG_FSTR_PATH', 'pipe:[99]'), ('IMG_FSTR_CONTENT', b'abc\0'),
    ('IMG_FSTR_PACKETS', struct.pack('<2I', 1, 3))], flags=os.O_WRONLY, pipe_len=4096, queued=4)
add(3, 'MEMFD', 'CONTENT OWNER LEASE', lease=2)
add(4, 'FILE', '', [('IMG_FSTR_WHY', 'all of it: Permission denied\ncontent: more than 1 MiB\n')], flags=7, pos=7, ino=7, len=7,
        owner=7, signal=7,
    lease=1, seals=7, pipe_len=7, queued=7, same_as=7)
add(5, 'DIR', '', [('IMG_FSTR_CONTENT', b'part of it')])

# --- sockets


def sock(number, address, peer, options=(), strs=(), **values):
        more = [('IMG_FSTR_SOCKET', pack('img_socket', **{'tcp_state': -1, **values}))]
        for name, a in ('NAME', address), ('PEER', peer):
                if a is not None:
                        more.append(('IMG_FSTR_' + name, a))
        if options:
                more.append(('IMG_FSTR_OPTIONS', b''.join(pack('img_sockopt', level=l, option=o, value=v) for l, o, v in options)))
        add(number, 'SOCKET', '', [('IMG_FSTR_PATH', 'socket:[%d]' % number), *more, *strs])


def inet(host, port):
        return struct.pack('<H', socket.AF_INET) + struct.pack('>H', port) + socket.inet_aton(host) + bytes(8)


def inet6(host, port, scope):
        return struct.pack('<H', socket.AF_INET6) + struct.pack('>HI', port, 0) + socket.inet_pton(socket.AF_INET6,
                host) + struct.pack('<I', scope)


def unix(path):
        return struct.pack('<H', socket.AF_UNIX) + path


tcp = struct.pack('<8B24I', 1, 4, 2, 3, 0, 7, 0, 0, *range(100, 124))
sock(100, inet('127.0.0.1', 8080), inet('255.1.2.3', 65535), [
        (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET,
                socket.SO_RCVTIMEO, 2500000),
        (12345, 6, -7)], [('IMG_FSTR_TCP_INFO',
                tcp)], family=2, type=1, protocol=6, tcp_state=1, in_queued=10, out_queued=2000, peer_pid=77,
     peer_uid=5, peer_gid=6, ino=900, peer_ino=901, netns_ino=4026531840)
ADDRESSES = [
        (inet6('::', 80, 0), '[::]:80'), (inet6('fe80::1', 443, 2), '[fe80::1%2]:443'), (inet6('2001:db8::1:0:0:1', 1, 0),
                '[2001:db8::1:0:0:1]:1'),
        (inet6('::ffff:10.0.0.1', 5, 0), '[::ffff:10.0.0.1]:5'), (unix(b''), 'unnamed'), (unix(b'/run/a socket\0'), '/run/a socket'),
        (unix(b'/' + b'x' * 107), '/' + 'x' * 107), (unix(b'\0abstract\0more\xff\x1b'), '@abstract\0more\xff\x1b'), (unix(b'\0'), '@'),
        (struct.pack('<HHII', 16, 0, 4711, 0x11), 'port 4711, groups 0x11'),
        (struct.pack('<H', 17) + struct.pack('>H', 3) + struct.pack('<iHBB', 2, 1, 0, 6) + bytes(8), 'interface 2, protocol 0x3'),
        (struct.pack('<HHII', 40, 0, 1024, 3), '3:1024'), (struct.pack('<H', 29) + b'\1\2\3', None), (inet('1.2.3.4', 5)[:10],
                None), (b'\2', None),
        (b'', None), (unix(b'y' * 109), None),
]
for n, (raw, _) in enumerate(ADDRESSES):
        sock(200 + n, raw, None, family=1, type=5, in_queued=U64, out_queued=U64)
sock(300, None, None, family=16, type=3, protocol=15, listening=1, in_queued=3, out_queued=128)

# --- terminals, message queues, and the rest by fdinfo

cc = [3, 28, 127, 21, 4, 5, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0x80, 0, 0]
add(400, 'TTY', 'STAT', [('IMG_FSTR_TTY', pack('img_tty', rows=50, columns=132, xpixels=8, ypixels=9, pgrp=4711, session=4600,
        pty=3, locked=1, line=0,
    iflag=termios.ICRNL | termios.IXON, oflag=termios.OPOST | termios.ONLCR, cflag=termios.CS7 | termios.CREAD | termios.HUPCL
            | termios.B9600 |
    termios.CRTSCTS, lflag=termios.ISIG | termios.ICANON | termios.ECHO, cc=cc, ispeed=9600, ospeed=38400))], **STAT)
add(401, 'TTY', '', [('IMG_FSTR_TTY', pack('img_tty', pgrp=-1, session=-1, pty=-1, locked=-1, cflag=termios.CS8))])
add(402, 'MQUEUE', '', [('IMG_FSTR_MQUEUE', struct.pack('<4q', os.O_NONBLOCK, 10, 8192, 3))])
head = 'pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t7\n'
INFO = {
        'EPOLL': ('tfd:        5 events: 8000001d data: ffffffffffffffff  pos:0 ino:61 sdev:d\n'
                  'tfd:       12 events:        1 data:                7\n',
                  [{'fd': 5, 'events': '0x8000001d', 'event_names': ['EPOLLIN', 'EPOLLOUT', 'EPOLLERR', 'EPOLLHUP', 'EPOLLET'],
                          'data': hexed(U64)},
                   {'fd': 12, 'events': '0x1', 'event_names': ['EPOLLIN'], 'data': '0x7'}],
                  [r'^  state +fd 5 events EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP EPOLLET data 0xf{16}\s+pos:0 ino:61 sdev:d$',
                   r'^  state +fd 12 events EPOLLIN data 0x7$']),
        'EVENTFD': ('eventfd-count:               1f\neventfd-id: 3\neventfd-semaphore: 1\n', [{'count': '0x1f'}, {'id': 3},
                {'semaphore': 1}],
                    [r'^  state +count 31$', r'^  state +id 3$', r'^  state +semaphore 1$']),
        'SIGNALFD': ('sigmask:\t0000000000000a01\n', [{'signals': '0xa01'}], [r'^  state +signals SIGHUP SIGUSR1 SIGUSR2$']),
        'TIMERFD': ('clockid: 7\nticks: 18446744073709551615\nsettime flags: 01\nit_value: (1, 500)\nit_interval: (2, 0)\n',
                    [{'clock': 7, 'clock_name': 'CLOCK_BOOTTIME'}, {'ticks': hexed(U64)}, {'flags': '0x1',
                            'flag_names': ['TFD_TIMER_ABSTIME']},
                     {'value_sec': '0x1', 'value_ns': '0x1f4'}, {'interval_sec': '0x2', 'interval_ns': '0x0'}],
                    [r'^  state +clock CLOCK_BOOTTIME$', r'^  state +flags TFD_TIMER_ABSTIME$', r'^  state +value 1\.000000500 s$']),
        'INOTIFY': ('inotify wd:1f ino:25b sdev:800013 mask:80000302 ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:5b02\n',
                    [{'wd': 31, 'mask': '0x80000302', 'mask_names': ['IN_MODIFY', 'IN_CREATE', 'IN_DELETE', 'IN_ONESHOT'],
                            'ignored_mask': '0x0',
                      'ignored_mask_names': []}],
                    [r'^  state +wd 31 ino:25b sdev:800013 mask IN_MODIFY IN_CREATE IN_DELETE IN_ONESHOT\s+ignored_mask none ']),
        'FANOTIFY': ('fanotify flags:10 event-flags:0\nfanotify mnt_id:12 mflags:40 mask:38 ignored_mask:40000003\n',
                     [{'mask': '0x38', 'mask_names': ['FAN_CLOSE_WRITE', 'FAN_CLOSE_NOWRITE', 'FAN_OPEN'],
                       'ignored_mask': '0x40000003', 'ignored_mask_names': ['FAN_ACCESS', 'FAN_MODIFY', 'FAN_ONDIR']}],
                     [r'^  state +fanotify flags:10 event-flags:0$', r'^  state +fanotify mnt_id:12 mflags:40 mask FAN_CLOSE_WRITE']),
        'PIDFD': ('Pid:\t4712\nNSpid:\t4712\t5\n', [{'pid': 4712}], [r'^  state +pid 4712$', r'^  state +NSpid: 4712 5$']),
        'FILE': ('lock:\t1: POSIX  ADVISORY  WRITE 359 08:01:123 0 EOF\nlock:\t2: LEASE  ACTIVE    READ  359 08:01:123 0 EOF\n', [],
                 [r'^  state +lock: 1: POSIX ADVISORY WRITE 359 08:01:123 0 EOF$', r'^  state +lock: 2: LEASE ACTIVE READ 359']),
        'URING': ('SqMask:\t0x7\nUserFiles:\t0\n', [], [r'^  note +io_uring: requests in flight, .* not in the image',
                r'^  state +SqMask: 0x7$']),
}
for n, (kind, (info, _, _)) in enumerate(INFO.items()):
        add(500 + n, kind, '', [('IMG_FSTR_FDINFO', head + info)])
for n in range(27):
        i.fd(fd=600 + n, kind=n)
for tid, table in (4711, 0), (4712, 4712), (4713, 4712), (4714, 4714):
        i.thread(tid=tid, fd_table=table, known=IMG['IMG_THREAD_TABLE'])
i.thread(tid=4715, fd_table=4712)
add(0, 'PIDFD', 'SAME', table=4712, same_as=1)
add(700, 'PIDFD', 'SAME', table=4712, same_as=0, same_table=4712)
add(701, 'PIDFD', 'SAME', table=4714, same_as=700, same_table=4712)
i.write('img')

shown = show('img', '--fds')['fds']
j = {f['fd']: f for f in shown if not f['table']}
text = show_text('img', '--fds')
words = {int(w.split()[0]): w for w in re.split(r'^descriptor ', text.split('\ntable of')[0], flags=re.M)[1:]}

# --- what all have

f = j[0]
check('numbers', [f[k] for k in ('offset', 'close_on_exec', 'size', 'inode', 'mode', 'links', 'uid', 'gid', 'dev', 'rdev_major',
        'rdev_minor', 'mtime_sec',
                                 'mtime_ns', 'mnt_id', 'owner', 'owner_type', 'signal', 'lease', 'seals', 'pipe_size', 'queued',
                                 'same_as')],
      [hexed(12345678901), 1, hexed(70000), hexed(4711), 0o100640, 2, 1000, 100, '103:1f', 5, 2, hexed(1600000000), 7, 29, -4712, 2, 34, 1,
       fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL, 65536, '0x3', -1])
check('names', [f[k] for k in ('kind', 'path', 'flag_names', 'owner_type_name', 'signal_name', 'lease_name', 'seal_names')],
      ['file', '/tmp/a file (deleted)', ['O_RDWR', 'O_APPEND', 'O_NONBLOCK', 'O_LARGEFILE'], 'F_OWNER_PGRP', 'SIGRTMIN', 'F_WRLCK',
       ['F_SEAL_SEAL', 'F_SEAL_WRITE']])
check('content', f['content'], {'len': hexed(510), 'all': True, 'start': 'line\n\x1b[31m' + 'x' * 246, 'packets': []})
check('O_RDONLY', j[1]['flag_names'], ['O_RDONLY'])
check('content of a pipe', j[2]['content'], {'len': '0x4', 'all': True, 'start': 'abc\0', 'packets': [1, 3]})
check('no content', j[3]['content'], {'len': '0x0', 'all': True, 'start': '', 'packets': []})
check('a part of it', j[5]['content'], {'len': '0xa', 'all': False, 'start': 'part of it', 'packets': []})
unknown = [k for k in f if k not in ('fd', 'table', 'kind', 'mnt_id', 'missing')]
check('nothing known', {k: j[4][k] for k in unknown if j[4][k] is not None}, {})
check('why', j[4]['missing'], ['all of it: Permission denied', 'content: more than 1 MiB'])
for regex in (
        r'^0 file /tmp/a file \(deleted\)$', r'^  flags +O_RDWR O_APPEND O_NONBLOCK O_LARGEFILE$',
        r'^  offset +12345678901, close on exec yes$',
        r'^  size +68\.3 KiB, mode 0100640, links 2, uid 1000, gid 100$',
        r'^  inode +4711 on 103:1f, mount 29, modified 2020-09-13 12:26:40 UTC$',
        r'^  owner +-4712, owner type F_OWNER_PGRP, signal SIGRTMIN$', r'^  lease +F_WRLCK$', r'^  seals +F_SEAL_SEAL F_SEAL_WRITE$',
        r'^  pipe size +64\.0 KiB$', r'^  queued +3 B$', r'^  content +510 B in the image: line\\x0a\\x1b\[31mx{40,60}\.\.\.$'):
        has(words[0], regex)
has(words[1], r'^1 char /dev/tty, same open file as 0$')
has(words[1], r', device 5, 2, ')
has(words[1], r'^  flags +O_RDONLY$')
has(words[2], r'^  content +4 B in the image: abc\\x00$')
has(words[2], r'^  packets +2, bytes: 1 3$')
has(words[3], r'^  content +none$')
check('neither owner nor lease', re.findall('owner|lease', words[3]), [])
has(words[4], r'^  missing +all of it: Permission denied\n +content: more than 1 MiB$')
has(words[4], r'^  flags +not known$')
check('no number that is not known', re.findall(r'\b7\b', words[4]), [])
has(words[5], r'^  content +10 B of more in the image: part of it$')
check('kinds', [j[600 + n]['kind'] for n in range(27)], KINDS + ['?'])

# --- tables of threads

check('tables', [[f[k] for k in ('fd', 'table', 'same_as', 'same_table')] for f in shown if f['table']],
      [[0, 4712, 1, 0], [700, 4712, 0, 4712], [701, 4714, 700, 4712]])
check('that of the process', [j[0][k] for k in ('table', 'same_table')], [0, 0])
check('tables in words', re.findall('^(?:table|descriptor .* of ).*$', text, flags=re.M),
      ['table of threads  4712 4713', 'descriptor 0 of thread 4712 pidfd , same open file as 1 of the process',
       'descriptor 700 of thread 4712 pidfd , same open file as 0', 'table of threads  4714',
       'descriptor 701 of thread 4714 pidfd , same open file as 700 of thread 4712'])
has(show_text('img'), r'^descriptors +\d+ in 3 tables: ')

# --- sockets

s = j[100]['socket']
check('socket', [s[k] for k in ('family_name', 'type_name', 'protocol_name', 'tcp_state_name', 'in_queued', 'out_queued',
        'peer_pid', 'peer_uid',
                                'peer_gid', 'inode', 'peer_inode', 'netns_inode', 'local', 'peer', 'local_raw')],
      ['AF_INET', 'SOCK_STREAM', 'IPPROTO_TCP', 'TCP_ESTABLISHED', hexed(10), hexed(2000), 77, 5, 6, hexed(900), hexed(901),
              hexed(4026531840),
       '127.0.0.1:8080', '255.1.2.3:65535', inet('127.0.0.1', 8080).hex()])
check('options', [(o['name'], o['value']) for o in s['options']],
      [('SO_REUSEADDR', '0x1'), ('TCP_NODELAY', '0x1'), ('SO_RCVTIMEO', hexed(2500000)), (None, hexed(-7))])
check('tcp_info', s['tcp_info'], {
        'ca_state': 4, 'ca_state_name': 'TCP_CA_Loss', 'retransmits': 2, 'probes': 3, 'tcp_options': 7,
        'tcp_option_names': ['TCPI_OPT_TIMESTAMPS', 'TCPI_OPT_SACK',
                'TCPI_OPT_WSCALE'], 'rto_us': 100, 'snd_mss': 102, 'rcv_mss': 103, 'unacked': 104,
        'lost': 106, 'pmtu': 113, 'rtt_us': 115, 'rttvar_us': 116, 'snd_cwnd': 118, 'total_retrans': 123, 'raw': tcp.hex()})
for regex in (r'^  family +AF_INET, type SOCK_STREAM, listening no$', r'^  protocol +IPPROTO_TCP$',
        r'^  tcp state +TCP_ESTABLISHED$', r'^  in queued +10 B, out queued 1\.9 KiB$',
              r'^  peer pid +77, peer uid 5, peer gid 6$', r'^  peer inode +901$', r'^  local +127\.0\.0\.1:8080$',
              r'^  peer +255\.1\.2\.3:65535$',
              r'^  options +SO_REUSEADDR=1 TCP_NODELAY=1 SO_RCVTIMEO=2500000 12345/6=-7$',
              r'^  ca state +TCP_CA_Loss, retransmits 2', r'rtt us 115'):
        has(words[100], regex)
for n, (raw, words_of) in enumerate(ADDRESSES):
        s = j[200 + n]['socket']
        check('address %d' % n, (s['local'], s['local_raw'], s['peer'], s['peer_raw']), (words_of, raw.hex(), None, None))
        if words_of:
                safe = ''.join(c if ' ' <= c <= '~' and c != '\\' else '\\x%02x' % ord(c) for c in words_of)
                has(words[200 + n], r'^  local +%s$' % re.escape(safe))
        else:
                has(words[200 + n], r'^  local +%s$' % raw.hex())
s = j[200]['socket']
check('not known', [s[k] for k in ('in_queued', 'out_queued', 'peer_pid', 'peer_uid', 'inode', 'peer_inode', 'netns_inode',
        'tcp_state', 'options',
                                   'tcp_info')], [None] * 10)
has(words[200], r'^  in queued +not known, out queued not known$')
check('netlink', [j[300]['socket'][k] for k in ('protocol_name', 'listening')], ['NETLINK_KOBJECT_UEVENT', 1])
has(words[300], r'listening yes$')
has(words[300], r'^  connections +3, at most 128$')

# --- the others

t = j[400]['tty']
check('tty', [t[k] for k in ('rows', 'columns', 'xpixels', 'ypixels', 'pgrp', 'session', 'pty', 'locked', 'ispeed', 'ospeed', 'line_name')],
      [50, 132, 8, 9, 4711, 4600, 3, 1, 9600, 38400, 'N_TTY'])
check('modes', [t[k] for k in ('iflag_names', 'oflag_names', 'lflag_names')], [['ICRNL', 'IXON'], ['OPOST', 'ONLCR'], ['ISIG',
        'ICANON', 'ECHO']])
check('cflag', sorted(t['cflag_names']), ['CREAD', 'CRTSCTS', 'CS7', 'HUPCL'])
check('characters', [t['cc'][k] for k in ('intr', 'quit', 'erase', 'kill', 'eof', 'time', 'min', 'swtc', 'start', 'eol2')],
      [3, 28, 127, 21, 4, 5, 1, 0, 17, 0x80])
for regex in (r'^  rows +50, columns 132', r'^  pgrp +4711$', r'^  session +4600$', r'^  pty +3$', r'^  locked +yes$',
        r'^  ispeed +9600, ospeed 38400',
              r'^  iflag +ICRNL IXON$', r'^  cflag .*CS7',
              r'^  characters +intr=\^C quit=\^\\ erase=\^\? kill=\^U eof=\^D time=5 min=1 start=\^Q'):
        has(words[400], regex)
check('eight bits', j[401]['tty']['cflag_names'], ['CS8'])
check('not our terminal', [j[401]['tty'][k] for k in ('pgrp', 'session', 'pty', 'locked')], [None] * 4)
has(words[401], r'^  pgrp +not known$')
check('mqueue', j[402]['mqueue'], {'mq_flags': '0x800', 'mq_flag_names': ['O_NONBLOCK'], 'maxmsg': '0xa', 'msgsize': '0x2000',
        'curmsgs': '0x3'})
has(words[402], r'^  mq flags +O_NONBLOCK, maxmsg 10, msgsize 8192, curmsgs 3$')
for n, (kind, (info, state, regexes)) in enumerate(INFO.items()):
        check(kind + ': lines', j[500 + n]['fdinfo'], (head + info).splitlines())
        check(kind + ': state', j[500 + n]['state'], state)
        for regex in regexes:
                has(words[500 + n], regex)
        check(kind + ': told once', re.findall('pos:\t|mnt_id:\t', words[500 + n]), [])

# --- none at all

Image().write('img')
check('not known', show('img')['fds'], None)
has(show_text('img', '--fds'), r'^descriptors: not known$')
done()
EOT
ok 'descriptors' python3 look.py

done_testing
