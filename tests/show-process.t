#!/bin/sh
# All that an image holds of the process as a whole is shown, in words and as JSON; what is not known is said to be so.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
from mkimg import *

MANY = dict(start_ticks=123456, dump_time_ns=1700000000123456789, start_code=0x400000, end_code=0x401000, start_data=0x402000,
            end_data=0x403000, start_brk=0x404000, brk=0x405000, start_stack=0x7ffc00001000, arg_start=0x7ffc00002000,
            arg_end=0x7ffc00002100, env_start=0x7ffc00002100, env_end=U64)
ids = dict(pid=4711, ppid=4000, tgid=4711, pgid=4700, sid=4600, uid=1000, gid=100)
i = Image()
i.proc.update(ids, **MANY, flags=U32, exe_len=123456, exe_ino=77, exe_mtime_sec=1600000000, exe_mtime_ns=5, exe_dev_major=8,
        exe_dev_minor=0x12,
              oom_score_adj=-500, coredump_filter=0x33, personality=0x0240000, tty_major=136, tty_minor=3, tty_pgrp=4712, loginuid=1000)
i.proc_strs = [('IMG_STR_COMM', 'victim'), ('IMG_STR_EXE', '/usr/bin/victim'), ('IMG_STR_CWD', '/home/v'), ('IMG_STR_ROOT', '/'),
               ('IMG_STR_CMDLINE', b'victim\0an argument\0\0*\0'), ('IMG_STR_ENVIRON', b'PATH=/bin\0A=\0'),
               ('IMG_STR_AUXV', struct.pack('<8Q', 33, 0x7ffc1000, 6, 4096, 1000, 5, 0, 0)),
               ('IMG_STR_HOST', b'box\x006.1.0\0#1 SMP'), ('IMG_STR_BUILD_ID', bytes([0, 0xfe, 0x10])),
               ('IMG_STR_NAMESPACES', 'mnt:[4026531841]\npid:[4026532000]\n'), ('IMG_STR_NSPID', '4711 12 1'), ('IMG_STR_NSSID', '4600 1'),
               ('IMG_STR_NSPGID', '4700'), ('IMG_STR_CGROUP', '1:cpu:/a\n0::/b\n'),
               ('IMG_STR_CHILDREN', '4720 child\n4721 two words\n4722 a\\nb\\\\c\n4723 \n'), ('IMG_STR_TTY', '/dev/pts/3')]
limits = [(n * 1000, n * 2000) for n in range(15)] + [(U64, U64)]
i.add('RLIM', array([pack('img_rlimit', soft=s, hard=h) for s, h in limits]))
MISC = dict(tid=4713, pid=12, ppid=1, pgid=2, sid=3, dumpable=2, subreaper=1, thp_disable=0, no_new_privs=1, pdeath_signal=15,
            mdwe=3, tsc=2, cpuid=0, io_flusher=1, securebits=5, mce_kill=2, altstack_flags=2)
i.add('MISC', pack('img_misc', timer_slack_ns=50000, brk=0x405000, personality=0x0040000, tid_address=0x7f0000001010, altstack_sp=0x1000,
                   altstack_size=0x2000, speculation=[-22, 0, 9], umask=0o27, **MISC))
i.add('FILE', b'status\0' + b'x' * 100)
i.add('FILE', b'stat\0')
i.add('NOTE', b'one thing: why\n')
i.add('NOTE', b'another\n')
i.write('img')
j = show('img')
p, m = j['process'], j['misc']
text = show_text('img', '--process')

check('ids', {k: p[k] for k in ids}, ids)
check('addresses and times', {k: p[k] for k in MANY}, {k: hexed(v) for k, v in MANY.items()})
check('umask', p['umask'], 0o22)
check('exe', [p[k] for k in ('exe', 'exe_len', 'exe_inode', 'exe_mtime_sec', 'exe_mtime_ns', 'exe_dev', 'build_id')],
      ['/usr/bin/victim', hexed(123456), hexed(77), hexed(1600000000), 5, '08:12', '00fe10'])
check('terminal', [p[k] for k in ('tty', 'tty_major', 'tty_minor', 'tty_pgrp')], ['/dev/pts/3', 136, 3, 4712])
check('numbers', [p[k] for k in ('oom_score_adj', 'coredump_filter', 'personality', 'loginuid')], [-500, 0x33, 0x240000, 1000])
check('names', [p['coredump_filter_names'], p['personality_names']],
      [['anon-private', 'anon-shared', 'elf-headers', 'hugetlb-private'], ['ADDR_NO_RANDOMIZE', 'ADDR_COMPAT_LAYOUT']])
check('lists', [p[k] for k in ('cmdline', 'environ', 'host', 'namespaces', 'cgroup')],
      [['victim', 'an argument', '', '*'], ['PATH=/bin', 'A='], ['box', '6.1.0', '#1 SMP'], ['mnt:[4026531841]', 'pid:[4026532000]'],
       ['1:cpu:/a', '0::/b']])
check('namespaces of ids', [p[k] for k in ('nspid', 'nssid', 'nspgid')], [[4711, 12, 1], [4600, 1], [4700]])
check('children', p['children'], [{'pid': 4720, 'comm': 'child'}, {'pid': 4721, 'comm': 'two words'}, {'pid': 4722, 'comm': 'a\\u000ab\\c'
      .replace('\\u000a', '\n')}, {'pid': 4723, 'comm': ''}])
check('auxv', [tuple(a.values()) for a in p['auxv']], [('0x21', 'AT_SYSINFO_EHDR', '0x7ffc1000'), ('0x6', 'AT_PAGESZ', '0x1000'),
                                                       ('0x3e8', None, '0x5'), ('0x0', 'AT_NULL', '0x0')])
check('rlimits', [(r['soft'], r['hard']) for r in j['rlimits']], [(hexed(s), hexed(h)) for s, h in limits])
check('name of a limit', j['rlimits'][7]['name'], 'RLIMIT_NOFILE')
check('misc', {k: m[k] for k in MISC}, MISC)
check('wide ones of misc', [m[k] for k in ('timer_slack_ns', 'brk', 'personality', 'tid_address', 'altstack_sp', 'altstack_size')],
      [hexed(n) for n in (50000, 0x405000, 0x40000, 0x7f0000001010, 0x1000, 0x2000)])
check('speculation', [m[k] for k in ('store_bypass', 'indirect_branch', 'l1d_flush')], [-22, 0, 9])
check('names of misc', [m[k] for k in ('dumpable_name', 'tsc_name', 'mce_kill_name', 'mdwe_names', 'securebit_names', 'altstack_flag_names',
                                      'personality_names', 'l1d_flush_names', 'store_bypass_names', 'pdeath_signal_name')],
      ['by root only', 'PR_TSC_SIGSEGV', 'PR_MCE_KILL_DEFAULT', ['PR_MDWE_REFUSE_EXEC_GAIN', 'PR_MDWE_NO_INHERIT'],
       ['SECBIT_NOROOT', 'SECBIT_NO_SETUID_FIXUP'], ['SS_DISABLE'], ['ADDR_NO_RANDOMIZE'], ['PR_SPEC_PRCTL', 'PR_SPEC_FORCE_DISABLE'],
       None, 'SIGTERM'])
check('files', j['files'], [{'name': 'status', 'len': '0x64'}, {'name': 'stat', 'len': '0x0'}])
check('notes', j['notes'], ['one thing: why', 'another'])

for regex in (
        r'^process 4711 victim, sleeping$', r'^  ids +tgid 4711, parent 4000, group 4700, session 4600, uid 1000, gid 100$',
        r'^  started +1234\.5 s after boot$', r'^  umask +022$', r"^  command +victim 'an argument' '' '\*'$", r'^  exe +/usr/bin/victim$',
        r'^ +120\.5 KiB, modified 2020-09-13 12:26:40 UTC, inode 77 on 08:12$', r'^  build id +00fe10$',
        r'^  tty +/dev/pts/3 \(136, 3\), foreground group 4712$', r'^  cwd +/home/v$', r'^  root +/$', r'^  host +box$', r'^ +#1 SMP$',
        r'^  namespaces +mnt:\[4026531841\]$', r'^  nspid +4711 12 1$', r'^  cgroup +1:cpu:/a$', r'^  environ +PATH=/bin$', r'^ +A=$',
        r'^  children +4720 child$', r'^ +4722 a\\x0ab\\x5cc$', r'^  oom score adj +-500$',
        r'^  coredump filter +anon-private anon-shared elf-headers hugetlb-private$',
        r'^  personality +ADDR_NO_RANDOMIZE ADDR_COMPAT_LAYOUT$', r'^  loginuid +1000$',
        r'^  layout +code 400000-401000, data 402000-403000$',
        r'^ +heap 404000-405000, stack from 7ffc00001000$', r'^  auxv +AT_SYSINFO_EHDR +0x7ffc1000$', r'^ +1000 +0x5$',
        r'^  RLIMIT_NOFILE +7000, hard 14000$', r'^  RLIMIT_RTTIME +unlimited, hard unlimited$',
        r'^asked of the process itself, by thread 4713$', r'^  pid +12, ppid 1, pgid 2, sid 3$', r'^  dumpable +by root only$',
        r'^  subreaper +yes$',
        r'^  thp disable +no$', r'^  mdwe +PR_MDWE_REFUSE_EXEC_GAIN PR_MDWE_NO_INHERIT$', r'^  tsc +PR_TSC_SIGSEGV$', r'^  cpuid +faults$',
        r'^  store bypass +not known: Invalid argument$', r'^  indirect branch PR_SPEC_NOT_AFFECTED$',
        r'^  l1d flush +PR_SPEC_PRCTL PR_SPEC_FORCE_DISABLE$', r'^  io flusher +yes$', r'^  mce kill +PR_MCE_KILL_DEFAULT$',
        r'^  no new privs +yes$',
        r'^  securebits +SECBIT_NOROOT SECBIT_NO_SETUID_FIXUP$', r'^  pdeath signal +SIGTERM$', r'^  timer slack +50 us$',
        r'^  umask +027$',
        r'^  altstack sp +0x1000, altstack size 8\.0 KiB$', r'^  altstack flags +SS_DISABLE$', r'^  status 100, stat 0$'):
        has(text, regex)

# --- nothing is known: of an image of today, and of the first format, whose structs are shorter

for name, size, misc in ('today', None, None), ('1.0', IMG['IMG_PROC_1_0'], IMG['IMG_MISC_1_0']):
        i = Image(minor=1 if size is None else 0)
        i.proc['umask'] = U32
        i.proc_size = size
        i.proc_strs = []
        if misc:
                i.add('MISC', pack('img_misc', size=misc, tid_address=U64, umask=U32, timer_slack_err=-22)[:misc])
        i.write('img')
        j = show('img')
        p = j['process']
        names = 'umask exe_len exe_inode exe_mtime_sec exe_mtime_ns exe_dev tty_major tty_minor tty_pgrp oom_score_adj coredump_filter ' \
                'personality loginuid comm exe build_id cwd root cmdline environ host auxv tty namespaces nspid nssid nspgid ' \
                'cgroup children'
        check(name + ': null', {k: p[k] for k in names.split() if p[k] is not None}, {})
        check(name + ': rlimits', j['rlimits'], None)
        check(name + ': what others know is there', p['pid'], 4711)
        text = show_text('img', '--process')
        for label in ('exe', 'build id', 'tty', 'cwd', 'root', 'host', 'namespaces', 'nspid', 'cgroup', 'environ', 'children',
                      'oom score adj', 'coredump filter', 'personality', 'loginuid', 'umask', 'command'):
                has(text, r'^  %s +not known$' % label, name + ': ' + label)
        has(text, r'^limits: not known$')
        if misc:
                later = 'mdwe tsc cpuid store_bypass indirect_branch l1d_flush io_flusher securebits mce_kill timer_slack_ns ' \
                        'tid_address umask'
                check(name + ': misc', {k: j['misc'][k] for k in later.split() if j['misc'][k] is not None}, {})
                has(text, r'^  mdwe +not known$')
                has(text, r'^  timer slack +not known: Invalid argument$')
        else:
                check(name + ': misc', j['misc'], None)
                has(text, r'^not asked of the process itself')
has(show_text('img'), r'^format|format 1\.0, ')

# --- the terminal that is none, the login that never was

i = Image()
i.proc.update(flags=IMG['IMG_PROC_TTY'] | IMG['IMG_PROC_LOGINUID'] | IMG['IMG_PROC_PERSONALITY'], loginuid=U32)
i.proc_strs = [('IMG_STR_CHILDREN', ''), ('IMG_STR_CMDLINE', ''), ('IMG_STR_ENVIRON', '')]
i.write('img')
p = show('img')['process']
check('empty', [p[k] for k in ('children', 'cmdline', 'environ', 'personality_names')], [[], [], [], []])
check('no login', p['loginuid'], U32)
text = show_text('img', '--process')
for regex in r'^  tty +none$', r'^  loginuid +not set$', r'^  personality +PER_LINUX$', r'^  children +none$', r'^  command +none$':
        has(text, regex)

# --- a title, as setproctitle(3) leaves it

i = Image()
i.proc_strs = [('IMG_STR_CMDLINE', b'victim: busy\0\0\0\0')]
i.write('img')
has(show_text('img'), r"^command +'victim: busy'$")
has(show_text('img', '--process'), r"^  command +'victim: busy' '' '' ''$")
done()
EOT
ok 'process' python3 look.py

done_testing
