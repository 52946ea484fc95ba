#!/bin/sh
# The mappings are shown with their pages by kind, how these came into the image, and what is special about them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
import errno
from mkimg import *

DATA, ZERO, ABSENT, INFILE, UNREADABLE = (IMG['IMG_' + k] for k in ('DATA', 'ZERO', 'ABSENT', 'INFILE', 'UNREADABLE'))
FLAGS = re.search(r'#define IMG_VMFLAGS\s*\\\s*"(.*?)"', open(os.path.join(TOP, 'image.h')).read()).group(1).split()
CLASSES = {1: 'private_anon', 2: 'private_file', 3: 'shared_anon', 4: 'shared_file'}

i = Image()
i.map(0x400000, '/bin/a b\x1b[31m\\', [(DATA, 2, 3, 0), (INFILE, 2, 5, 0), (DATA, 2, 4, 2), (ABSENT, 2, 100, 0)], prot=5,
        off=0x2000, ino=4711,
      dev_major=0x103, dev_minor=0x1f, vmflags_known=1, vmflags=sum(1 << FLAGS.index(f) for f in ('rd', 'ex', 'mr', 'mw', 'me', 'sd')))
i.map(0x600000, '', [(DATA, 1, 2, 1), (ZERO, 1, 1, 1), (DATA, 1, 1, 9)], prot=3, vmflags_known=1,
      vmflags=sum(1 << FLAGS.index(f) for f in ('rd', 'wr', 'lo', 'dd', 'hg', 'um', 'gd')))
i.map(0x700000, '/dev/shm/x', [(DATA, 4, 2, 4), (ZERO, 4, 6, 4)], prot=0xb, off=0x1000)
WHYS = [('IMG_WHY_DEVICE', 'device memory'), ('IMG_WHY_KERNEL', "the kernel's own"), ('IMG_WHY_GUARD', 'guard pages'),
        ('IMG_WHY_SECRET', 'secret memory'), ('IMG_WHY_BEYOND', 'beyond the end of the file'), (errno.EIO, 'I/O error')]
for n, (why, _) in enumerate(WHYS):
        i.map(0x800000 + n * 0x10000, '[m%d]' % n, [(UNREADABLE, 1, n + 1, IMG.get(why, why))])
i.map(0x900000, '[all]', vmflags_known=1, vmflags=U64)
i.map(0xffffffffff600000, '[vsyscall]', [(UNREADABLE, 1, 1, IMG['IMG_WHY_KERNEL'])], prot=4)
i.write('img')
j = show('img')
text = show_text('img', '--maps')
maps = j['mappings']

for n, (values, name, runs) in enumerate(i.maps):
        m = maps[n]
        check('where', (m['start'], m['end'], m['offset']), tuple(hexed(x) for x in (values['start'], values['end'], values.get('off', 0))))
        check('name', m['name'], os.fsdecode(name))
        check('class', m['class'], CLASSES[runs[0][1]])
        for kind, key in (DATA, 'data'), (ZERO, 'zero'), (ABSENT, 'absent'), (INFILE, 'infile'), (UNREADABLE, 'unreadable'):
                check(key, m['pages'][key], sum(r[2] for r in runs if r[0] == kind))
        for bit, key in enumerate(('swapped', 'clean', 'object', 'inside', 'base', 'filled')):
                check(key, m['how'][key], sum(r[2] for r in runs if r[0] in (DATA, ZERO) and r[3] >> bit & 1))
check('of all', (j['pages'], j['how']), ({'data': 13, 'zero': 7, 'absent': 100, 'infile': 5, 'unreadable': 22},
                                         {'swapped': 4, 'clean': 4, 'object': 8, 'inside': 1, 'base': 0, 'filled': 0}))
check('prot', [m['prot'] for m in maps[:3]], ['r-xp', 'rw-p', 'rw-s'])
check('file', (maps[0]['dev'], maps[0]['inode']), ('103:1f', hexed(4711)))
check('vmflags', [m['vmflags'] for m in maps[:3]], [['rd', 'ex', 'mr', 'mw', 'me', 'sd'], ['rd', 'wr', 'gd', 'lo', 'dd', 'hg', 'um'], None])
check('all vmflags', maps[9]['vmflags'], FLAGS)
check('unreadable', [m['unreadable'] for m in maps[:9]], [None] * 3 + [words for _, words in WHYS])

for regex in (
        r'^400000-470000 +r-xp +7 +- +100 +5 +-  /bin/a b\\x1b\[31m\\x5c \+2000 \(103:1f inode 4711\) \[4 clean\]$',
        r'^600000-604000 +rw-p +3 +1 +- +- +-   \[grows down\] \[locked\] \[not dumped\] \[huge pages\] \[userfaultfd missing\] '
        r'\[4 swapped\] \[1 inside\]$',
        r'^700000-708000 +rw-s +2 +6 +- +- +-  /dev/shm/x \+1000 \[8 object\]$',
        r'^830000-834000 +---p .* 4  \[m3\] \[unreadable: secret memory\]$',
        r'^840000-845000 .*\[unreadable: beyond the end of the file\]$',
        r'^ffffffffff600000-ffffffffff601000 --xp '):
        has(text, regex)
# each flag but the plain ones has a word
check('words of flags', len(re.findall(r'\[', re.search(r'\[all\].*', text).group())) - 1, len(FLAGS) - 10)
text = show_text('img')
for regex in (r'^memory +11 mappings, pages:$', r'^ +13 data +52\.0 KiB, in the image, 4 swapped, 4 clean, 8 object, 1 inside$',
              r'^ +7 zero +28\.0 KiB, present, all zeros$', r'^ +100 absent +400\.0 KiB, never touched, or given back$',
              r'^ +5 infile +20\.0 KiB, as in the mapped file$', r'^ +22 unreadable 88\.0 KiB$'):
        has(text, regex)

# the first format did not tell how
i.header = i.header[:14] + b'\0\0' + i.header[16:]
for m in i.maps:
        m[2][:] = [(kind, cls, n, why if kind == UNREADABLE else 0) for kind, cls, n, why in m[2]]
i.write('img')
j = show('img')
check('1.0', (j['format']['minor'], j['how'], j['mappings'][1]['how']), (0, None, None))
done()
EOT
ok 'mappings' python3 look.py

done_testing
