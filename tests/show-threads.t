#!/bin/sh
# All that an image holds of a thread is shown, in words and as JSON; what is not known is said to be so.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
from mkimg import *

# JSON's key, the field of img_thread (and which of it), the bit that says it is known, the value
FIELDS = [
        ('altstack_sp', 'altstack_sp', 'ALTSTACK', 0x7f0012345000), ('altstack_size', 'altstack_size', 'ALTSTACK', 65536),
        ('altstack_flags', 'altstack_flags', 'ALTSTACK', 0x80000001), ('tid_address', 'tid_address', 'TID_ADDRESS', 0x7f0000001010),
        ('robust_list', 'robust_list', 'ROBUST', 0x7f0000002020), ('robust_len', 'robust_len', 'ROBUST', 24),
        ('rseq', 'rseq', 'RSEQ', 0x7f0000003030), ('rseq_len', 'rseq_len', 'RSEQ', 32),
        ('rseq_signature', 'rseq_signature', 'RSEQ', 0x53053053), ('pdeath_signal', 'pdeath_signal', 'PDEATH', 10),
        ('policy', 'policy', 'SCHED', 2), ('nice', 'nice', 'SCHED', -20), ('rt_priority', 'rt_priority', 'SCHED', 99),
        ('sched_flags', 'sched_flags', 'SCHED', 5), ('dl_runtime_ns', 'dl_runtime_ns', 'SCHED', 10**7),
        ('dl_deadline_ns', 'dl_deadline_ns', 'SCHED', 3 * 10**10), ('dl_period_ns', 'dl_period_ns', 'SCHED', U64),
        ('util_min', 'util_min', 'UTIL', 100), ('util_max', 'util_max', 'UTIL', 1024),
        ('timer_slack_ns', 'timer_slack_ns', 'SLACK', 50000), ('io_priority', 'io_priority', 'IOPRIO', 2 << 13 | 4),
        ('securebits', 'securebits', 'SECUREBITS', 3), ('no_new_privs', 'no_new_privs', 'NNP', 1),
        ('seccomp', 'seccomp', 'SECCOMP', 2), ('seccomp_filters', 'seccomp_filters', 'FILTERS', 3),
        ('wait_left_ns', 'wait_left_ns', 'WAIT', 1500000000), ('fd_table', 'fd_table', 'TABLE', 4713),
        ('umask', 'umask', 'UMASK', 0o27),
]
IDS = {'uid': [1000, 1001, 1002, U32], 'gid': [0, 11, 12, 13], 'cap': [1, 3, U64, 2**41 - 1, 2**40 | 1]}
DEBUG = [0x400100, 0, U64, 4, 0, 0, 0xffff0ff0, 0x400]
ARGS = [0x7f0000001234, 128, 2, 0, U64, U32]


def info(sig, code, rest=b'', errno=0):
        return (struct.pack('<iiii', sig, errno, code, 0) + rest).ljust(128, b'\xee')


known = sum(IMG['IMG_THREAD_' + bit] for bit in {f[2] for f in FIELDS} | {'CREDS', 'DEBUGREG', 'CALL', 'SIGNALS'})
pending = [
        info(10, 0, struct.pack('<iI', 4712, 1000)), info(34, -1, struct.pack('<iIQ', 4713, U32, U64)),
        info(14, -2, struct.pack('<iiQ', 7, 3, 0x2a)), info(11, 1, struct.pack('<Q', 0xdead000)),
        info(11, 3, struct.pack('<QQQQ', 1, 0, 2, 3)), info(11, 4, struct.pack('<QQQ', 0x1000, 0, 5)),
        info(17, 1, struct.pack('<iIiiqq', 99, 1, 42, 0, 100, 200)), info(29, 1, struct.pack('<qi', 0x41, 5)),
        info(31, 1, struct.pack('<QiI', 0x401000, 59, 0xc000003e), errno=13), info(2, -6, struct.pack('<iI', 1, 2)),
        info(9, 128), info(12, 77), info(50, 6, struct.pack('<qi', 1, 2)),
]
i = Image()
xstate = bytes(range(256)) * 4
regs = struct.pack('<27Q', *[U64 - n for n in range(27)])
i.thread(tid=4711, comm=b'main', syscall=202, blocked=0x8000000000000201, regs=regs, xstate=xstate, known=known, debugreg=DEBUG,
         call_arg=ARGS, strs=[
                 ('IMG_TSTR_SIGINFO', b''.join(pending)), ('IMG_TSTR_GROUPS', struct.pack('<3I', 0, 27, U32)),
                 ('IMG_TSTR_AFFINITY', bytes([0x2f, 0x80, 0xff, 1])), ('IMG_TSTR_FILTER', pack('img_filter', flags=2) + b'\6' * 24),
                 ('IMG_TSTR_FILTER', pack('img_filter', flags=U64) + b'\6' * 8), ('IMG_TSTR_NSTID', '4711 12 1'),
                 ('IMG_TSTR_WCHAN', 'futex_wait_queue'), ('IMG_TSTR_CGROUP', '0::/a/b\n'), ('IMG_TSTR_LABEL', 'unconfined'),
                 ('IMG_TSTR_CWD', '/its own'), ('IMG_TSTR_ROOT', '/jail')],
         **IDS, **{f[1]: f[3] for f in FIELDS})
i.thread(tid=4712, comm=b'0123456789abcdef', state=ord('R'), syscall=-1)
i.thread(tid=4713, comm=b'', state=0, syscall=-2)
i.thread(tid=4714, syscall=9999, known=IMG['IMG_THREAD_CALL'] | IMG['IMG_THREAD_SIGNALS'] | IMG['IMG_THREAD_CREDS'], call_arg=[1, 2,
        3, 4, 5, 6])
i.thread(tid=4715, syscall=34, known=IMG['IMG_THREAD_CALL'])
i.thread(tid=4716, syscall=230, known=IMG['IMG_THREAD_CALL'], call_arg=[1, 1, 0x7ffc, 0x7ffd, 0, 0])
i.thread(tid=4717, syscall=281, known=IMG['IMG_THREAD_CALL'], call_arg=[5, 0x7f0000000000, 512, U32, 0, 8])
i.thread(tid=4718, size=IMG['IMG_THREAD_1_0'], syscall=7, blocked=U64)
i.write('img')
j = show('img', '--threads')['threads']
text = show_text('img', '--threads')
words = dict(zip(range(4711, 4719), re.split(r'^thread ', text, flags=re.M)[1:]))
t = j[0]

# --- all is known

for key, _, _, value in FIELDS:
        wide = dict((f, letter) for f, letter, _ in STRUCTS['img_thread'])[dict((f[0], f[1]) for f in FIELDS)[key]] == 'Q'
        check(key, t[key], hexed(value) if wide else value)
check('uid', [t[k] for k in ('uid', 'euid', 'suid', 'fsuid')], IDS['uid'])
check('gid', [t[k] for k in ('gid', 'egid', 'sgid', 'fsgid')], IDS['gid'])
caps = ['cap_' + k for k in ('inheritable', 'permitted', 'effective', 'bounding', 'ambient')]
check('capabilities', [t[k] for k in caps], [hexed(c) for c in IDS['cap']])
check('names of capabilities', [t[caps[n] + '_names'] for n in (1, 4)],
      [['CAP_CHOWN', 'CAP_DAC_OVERRIDE'], ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']])
check('debug registers', t['debugreg'], [hexed(n) for n in DEBUG])
check('registers', list(t['regs'].values()), [hexed(U64 - n) for n in range(27)])
check('call_args', t['call_args'], [hexed(n) for n in ARGS])
check('call', t['call'], 'futex(uaddr=0x7f0000001234, op=FUTEX_WAIT_PRIVATE, val=2, timeout=0, uaddr2=-1, val3=-1)')
check('names', [t[k] for k in ('policy_name', 'sched_flag_names', 'altstack_flag_names', 'io_class_name', 'seccomp_name')],
      ['SCHED_RR', ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_DL_OVERRUN'], ['SS_ONSTACK', 'SS_AUTODISARM'], 'IOPRIO_CLASS_BE', 'filter'])
check('blocked', t['blocked'], '0x8000000000000201')
check('xstate', t['xstate_len'], len(xstate))
check('groups', t['groups'], [0, 27, U32])
check('affinity', t['affinity'], '0-3,5,15-24')
check('nstid', t['nstid'], [4711, 12, 1])
check('strings', [t[k] for k in ('wchan', 'cgroup', 'label', 'cwd', 'root')],
      ['futex_wait_queue', '0::/a/b\n', 'unconfined', '/its own', '/jail'])
check('filters', t['filters'], [{'instructions': 3, 'flags': '0x2', 'flag_names': ['SECCOMP_FILTER_FLAG_LOG']},
                                {'instructions': 1, 'flags': None, 'flag_names': []}])
sent = [{k: v for k, v in s.items() if k not in ('signal', 'name', 'code', 'errno')} for s in t['pending']]
check('what is pending', [(s['signal'], s['code']) for s in t['pending']],
      [struct.unpack('<ixxxxi', s[:12]) for s in pending])
check('how it was sent', sent, [
        {'code_name': 'SI_USER', 'pid': 4712, 'uid': 1000}, {'code_name': 'SI_QUEUE', 'pid': 4713, 'uid': U32, 'value': hexed(U64)},
        {'code_name': 'SI_TIMER', 'timer': 7, 'overrun': 3, 'value': '0x2a'}, {'code_name': 'SEGV_MAPERR', 'address': '0xdead000'},
        {'code_name': 'SEGV_BNDERR', 'address': '0x1', 'lower': '0x2', 'upper': '0x3'},
        {'code_name': 'SEGV_PKUERR', 'address': '0x1000', 'pkey': 5},
        {'code_name': 'CLD_EXITED', 'pid': 99, 'uid': 1, 'status': 42, 'utime': '0x64', 'stime': '0xc8'},
        {'code_name': 'POLL_IN', 'band': '0x41', 'fd': 5},
        {'code_name': 'SYS_SECCOMP', 'address': '0x401000', 'syscall': 59, 'arch': 0xc000003e},
        {'code_name': 'SI_TKILL', 'pid': 1, 'uid': 2}, {'code_name': 'SI_KERNEL', 'pid': -286331154, 'uid': 0xeeeeeeee},
        {'code_name': None}, {'code_name': 'POLL_HUP', 'band': '0x1', 'fd': 2}])
check('errno', [s['errno'] for s in t['pending']], [0] * 8 + [13] + [0] * 4)

for regex in (
        r'^4711 main, sleeping in futex\(uaddr=0x7f0000001234, op=FUTEX_WAIT_PRIVATE, .*\), 1500\.0 ms left$',
        r'^  rip      ffffffffffffffef   rsp      ffffffffffffffec   eflags   ffffffffffffffed$',
        r'^  debug registers DR0 0x400100, DR2 0xffffffffffffffff, DR3 0x4, DR6 0xffff0ff0, DR7 0x400$',
        r'^  pending +SIGUSR1, SI_USER, pid 4712, uid 1000$', r'^ +SIGRTMIN, SI_QUEUE, pid 4713, uid 4294967295, value 0xf{16}$',
        r'^ +SIGALRM, SI_TIMER, timer 7, overrun 3, value 0x2a$', r'^ +SIGSEGV, SEGV_MAPERR, address 0xdead000$',
        r'^ +SIGCHLD, CLD_EXITED, pid 99, uid 1, status 42, utime 100, stime 200$',
        r'^ +SIGSYS, SYS_SECCOMP, errno 13, address 0x401000, syscall 59, arch 0xc000003e$', r'^ +SIGUSR2, code 77$',
        r'^  blocked +SIGHUP SIGUSR1 SIGRTMIN\+30$', r'^  altstack flags +SS_ONSTACK SS_AUTODISARM$',
        r'^  altstack sp +0x7f0012345000, altstack size 64\.0 KiB$', r'^  robust list +0x7f0000002020, robust len 24$',
        r'^  rseq +0x7f0000003030, rseq len 32, rseq signature 0x53053053$', r'^  pdeath signal +SIGUSR1$',
        r'^  policy +SCHED_RR, nice -20, rt priority 99$', r'^  dl runtime +10\.0 ms, dl deadline 30\.0 s, dl period \d+\.\d s$',
        r'^  util min +100, util max 1024$', r'^  timer slack +50 us$', r'^  uid +1000, euid 1001, suid 1002, fsuid 4294967295$',
        r'^  cap inheritable +CAP_CHOWN$', r'^  cap effective .*CAP_CHOWN', r'^  cap bounding +all$',
        r'^  securebits +SECBIT_NOROOT SECBIT_NOROOT_LOCKED$',
        r'^  no new privs +yes$', r'^  seccomp +filter, seccomp filters 3$', r'^  filter +3 instructions, flags SECCOMP_FILTER_FLAG_LOG$',
        r'^  filter +1 instructions, flags not known$', r'^  groups +0 27 4294967295$', r'^  affinity +0-3,5,15-24$',
        r'^  io priority +IOPRIO_CLASS_BE, 4$', r'^  nstid +4711 12 1$', r'^  wchan +futex_wait_queue$', r'^  cgroup +0::/a/b$',
        r'^  label +unconfined$', r'^  umask +027$', r'^  cwd +/its own$', r'^  root +/jail$', r'^  xstate len +1\.0 KiB$'):
        has(words[4711], regex)

# --- nothing is

nothing = [f[0] for f in FIELDS] + caps + ['uid', 'fsgid', 'debugreg', 'call_args', 'pending', 'groups', 'affinity', 'nstid', 'wchan',
                                          'cgroup', 'label', 'cwd', 'root', 'policy_name', 'seccomp_name', 'io_class_name',
                                          'cap_bounding_names']
for n in (1, 2, 7):
        check('not known of %d' % j[n]['tid'], {k: j[n][k] for k in nothing if j[n][k] is not None}, {})
check('no filters', j[1]['filters'], [])
check('no call', [(x['syscall'], x['syscall_name'], x['call']) for x in j[1:3]], [(None, None, None)] * 2)
check('a name of 16 letters', j[1]['comm'], '0123456789abcdef')
check('a state that is none', j[2]['state'], '?')
has(words[4712], r'^4712 0123456789abcdef, running$')
has(words[4713], r'^4713 , \?, system call not known$')
for label in ('debug registers', 'pending', 'altstack sp', 'tid address', 'robust list', 'rseq', 'pdeath signal', 'policy', 'sched flags',
              'util min', 'timer slack', 'uid', 'gid', 'cap ambient', 'securebits', 'no new privs', 'seccomp', 'groups', 'affinity',
              'io priority', 'nstid', 'wchan', 'label', 'umask'):
        has(words[4713], r'^  %s +not known$' % label)
check('no zero for what is not known', re.findall(r'^  .*\b0\b.*$', words[4713].split('debug registers')[1], flags=re.M),
        ['  xstate len      0 B'])

# --- calls

check('a call of no name', (j[3]['syscall_name'], j[3]['call']),
      (None, 'syscall_9999(arg0=1, arg1=2, arg2=3, arg3=4, arg4=5, arg5=6)'))
check('nothing pending, no groups', (j[3]['pending'], j[3]['groups']), ([], []))
check('a call without arguments', j[4]['call'], 'pause()')
check('a clock', j[5]['call'], 'clock_nanosleep(clock=CLOCK_MONOTONIC, flags=1, req=32764, rem=32765)')
check('the longest', j[6]['call'],
      'epoll_pwait(epfd=5, events=0x7f0000000000, maxevents=512, timeout=-1, sigmask=0, sigsetsize=8)')
check('of an image of 1.0', j[7]['call'], 'poll')
has(words[4718], r'^  blocked +all$')
done()
EOT
ok 'threads' python3 look.py

done_testing
