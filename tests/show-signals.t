#!/bin/sh
# Signal actions, what is pending for the process, interval and POSIX timers are shown, in words and as JSON.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
import signal
import time
from mkimg import *

i = Image()
actions = [(0, 0, 0, 0)] * 64
actions[9] = (0x401000, 0x14000004, 0x402000, 1 << 1 | 1 << 63)
actions[12] = (1, 0, 0, 0)
actions[16] = (0, 0xc8000003, 0, U64)
i.add('SIGA', array([struct.pack('<QQQQ', *a) for a in actions]))
i.add('SIGQ', array([struct.pack('<iiiiiIQ', 34, 0, -1, 0, 4712, 1000, n).ljust(128, b'\0') for n in (7, 5, 6)]))
itimers = [(1, 500000, 0, 250000), (0, 0, 0, 0), (2**40, 999999, 3, 0)]
i.add('ITIM', array([pack('img_itimer', interval_sec=a, interval_us=b, value_sec=c, value_us=d) for a, b, c, d in itimers]))
TIMERS = [
        dict(id=0, clock=time.CLOCK_MONOTONIC, notify=0, signal=10, value=0x7f0000001234, overrun=3, interval_sec=2, value_sec=1,
                value_ns=5),
        dict(id=3, clock=time.CLOCK_BOOTTIME, notify=4, signal=35, tid=4712, value=U64, overrun=0),
        dict(id=4, clock=~4713 << 3 | 2, notify=1),
        dict(id=5, clock=~4714 << 3 | 6, notify=0, signal=14, overrun=-22, err=-22),
        dict(id=2**31 - 1, notify=-1, overrun=-61, err=-61),
]
i.add('TIMR', array([pack('img_timer', **t) for t in TIMERS]))
i.thread(known=IMG['IMG_THREAD_SIGNALS'], strs=[('IMG_TSTR_SIGINFO', struct.pack('<i', 1).ljust(128, b'\0'))])
i.write('img')
j = show('img', '--signals', '--timers')
text = show_text('img', '--signals')

for n, (handler, flags, restorer, mask) in enumerate(actions):
        a = j['sigactions'][n]
        name = signal.Signals(n + 1).name if n < 31 else None
        check('action %d' % (n + 1), [a[k] for k in ('signal', 'handler', 'flags', 'restorer', 'mask')],
              [n + 1, hexed(handler), hexed(flags), hexed(restorer), hexed(mask)])
        if name and name not in ('SIGIOT', 'SIGPOLL', 'SIGCLD'):
                check('name', a['name'], name)
check('flags', [j['sigactions'][n]['flag_names'] for n in (9, 16)],
      [['SA_SIGINFO', 'SA_RESTORER', 'SA_RESTART'], ['SA_NOCLDSTOP', 'SA_NOCLDWAIT', 'SA_ONSTACK', 'SA_NODEFER', 'SA_RESETHAND']])
check('pending', [(s['signal'], s['name'], s['code_name'], s['pid'], s['value']) for s in j['pending']],
      [(34, 'SIGRTMIN', 'SI_QUEUE', 4712, hexed(n)) for n in (7, 5, 6)])
for regex in (r'^  pending +SIGRTMIN, SI_QUEUE, pid 4712, uid 1000, value 0x7$', r'^ +SIGRTMIN, SI_QUEUE, pid 4712, uid 1000, value 0x6$',
              r'^  SIGUSR1 +\(10\) handler 401000 SA_SIGINFO SA_RESTORER SA_RESTART$', r'^ +mask SIGINT SIGRTMIN\+30$',
              r'^  SIGPIPE +\(13\) SIG_IGN$', r'^  SIGCHLD +\(17\) SIG_DFL SA_NOCLDSTOP SA_NOCLDWAIT SA_ONSTACK', r'^ +mask all$',
              r'^  the other 61 of 64: SIG_DFL$'):
        has(text, regex)

# --- timers

text = show_text('img', '--timers')
check('itimers', [[t['which']] + [int(t[k], 16) for k in ('interval_sec', 'interval_us', 'value_sec', 'value_us')] for t in j['itimers']],
      [[w, *t] for w, t in zip(('ITIMER_REAL', 'ITIMER_VIRTUAL', 'ITIMER_PROF'), itimers)])
t = j['timers']
check('timers', [(x['id'], x['clock_name'], x['notify_name'], x['signal'], x['signal_name'], x['value']) for x in t],
      [(0, 'CLOCK_MONOTONIC', 'SIGEV_SIGNAL', 10, 'SIGUSR1', hexed(0x7f0000001234)),
       (3, 'CLOCK_BOOTTIME', 'SIGEV_THREAD_ID', 35, 'SIGRTMIN+1', hexed(U64)), (4, None, 'SIGEV_NONE', 0, None, '0x0'),
       (5, None, 'SIGEV_SIGNAL', 14, 'SIGALRM', '0x0'), (2**31 - 1, None, None, None, None, None)])
check('times', [[x[k] for k in ('interval_sec', 'interval_ns', 'value_sec', 'value_ns')] for x in t],
      [['0x2', '0x0', '0x1', '0x5'], ['0x0'] * 4, ['0x0'] * 4, [None] * 4, [None] * 4])
check('overruns', [(x['overrun'], x['error']) for x in t], [(3, 0), (0, 0), (0, 0), (-22, -22), (-61, -61)])
check('clocks', [x['clock'] for x in t], [1, 7, ~4713 << 3 | 2, ~4714 << 3 | 6, None])
check('thread', t[1]['tid'], 4712)
for regex in (r'^  ITIMER_REAL +0\.250000 s left, interval 1\.500000 s$', r'^  ITIMER_VIRTUAL +off$',
        r'^  timer 0 +1\.000000005 s left, interval 2\.0{9} s$',
              r'^  clock +CLOCK_MONOTONIC, notify SIGEV_SIGNAL, signal SIGUSR1, value 0x7f0000001234$', r'^  overrun +3$',
              r'^  timer 3 +not armed, for thread 4712$',
              r'^  clock +CLOCK_BOOTTIME, notify SIGEV_THREAD_ID, signal SIGRTMIN\+1, value 0xf{16}$',
              r'^  timer 4 +not armed, CPU time of process 4713$',
              r'^  timer 5 +time left not known: Invalid argument, CPU time of thread 4714$',
              r'^  overrun +not known: Invalid argument$', r'^  timer 2147483647 +time left not asked for$', r'^  clock +not known$'):
        has(text, regex)
text = show_text('img')
for regex in r'^signals +1 handled, 1 ignored, 4 pending$', r'^timers +2 interval, 5 POSIX$':
        has(text, regex)

# --- nothing of it

Image().write('img')
j = show('img')
check('not known', (j['pending'], j['timers'], j['sigactions'], j['itimers']), (None, None, [], []))
text = show_text('img', '--all')
for regex in (r'^signals +not known, pending not known$', r'^timers +interval not known, POSIX not known$', r'^  pending +not known$',
              r'^  actions +not known$', r'^  interval timers not known$', r'^  POSIX timers +not known$'):
        has(text, regex)

# --- that there were none is something else

i = Image()
i.add('SIGQ', array([], 128))
i.add('TIMR', array([], 72))
i.write('img')
j = show('img')
check('none', (j['pending'], j['timers']), ([], []))
text = show_text('img', '--all')
for regex in r'^signals +.*0 pending$', r'^timers +.*, 0 POSIX$', r'^  pending +none$', r'^  POSIX timers +none$':
        has(text, regex)
done()
EOT
ok 'signals and timers' python3 look.py

done_testing
