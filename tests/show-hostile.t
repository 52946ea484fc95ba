#!/bin/sh
# Whatever the bytes of an intact image: show prints printable ASCII, or valid JSON, and touches no memory but its own.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
[ -x "${CRDUMP_ASAN:-}" ] || diag 'without CRDUMP_ASAN: no sanitizers here'
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >look.py <<'EOT'
import random
from mkimg import *

random.seed(4)
IDS = {prefix: [v for k, v in IMG.items() if k.startswith(prefix) and k != prefix + 'N'] for prefix in ('IMG_STR_', 'IMG_TSTR_',
        'IMG_FSTR_')}
PIECES = [b'\x1b]0;x\x07', b'\x1b[31m', b'\0', b'\n', b'\r', b'\t', b'"', b'\\', b'\\n', b'\xff', b'\xc3\xa4', b'\xc0\x80',
        b'\xed\xa0\x80', b'\x7f', b'\xc2\x85',
          b'\xf4\x8f\xbf\xbf', b'%s%n', b'4711 ', b'-1', b'99999999999999999999 ', b'tfd:', b' events:', b'mask: ', b'sigmask:\t',
          b'it_value: (', b'),', b':',
          b'pos:', b'\xe2\x80\xae', b'a' * 300, b'clockid: ', b'ffffffffffffffffff', b'inotify wd:', b'Pid:', b' ' * 20]


def junk(most=12):
        return b''.join(random.choice(PIECES) if random.random() < .7 else random.randbytes(random.randrange(40)) for _
                in range(random.randrange(most)))


def number(letter):
        bits = {'B': 8, 'H': 16, 'I': 32, 'i': 32, 'Q': 64, 'q': 64}[letter]
        n = random.choice([0, 1, 2**bits - 1, 2**(bits - 1), 2**(bits - 1) - 1, random.getrandbits(bits),
                random.getrandbits(bits) & random.getrandbits(bits),
                           random.randrange(min(2**bits, 300))])
        return n - 2**bits if letter in 'iq' and n >= 2**(bits - 1) else n


def wild(name, **values):
        for field, letter, n in STRUCTS[name]:
                if field != 'size':
                        values.setdefault(field, [number(letter) for _ in range(n)])
        return values


def value_of(struct_or_none):
        return pack(struct_or_none, **wild(struct_or_none)) if struct_or_none else junk()


def wild_strs(prefix):
        ids = random.sample(IDS[prefix], random.randrange(len(IDS[prefix]) + 1)) + [1000]
        structs = {IMG['IMG_FSTR_SOCKET']: 'img_socket', IMG['IMG_FSTR_OPTIONS']: 'img_sockopt', IMG['IMG_FSTR_TTY']: 'img_tty'}
        out = []
        for key in ids:
                value = value_of(structs.get(key) if prefix == 'IMG_FSTR_' else None)
                if prefix == 'IMG_FSTR_' and key in (IMG['IMG_FSTR_NAME'], IMG['IMG_FSTR_PEER']):
                        value = struct.pack('<H', random.choice([0, 1, 2, 10, 16, 17, 29, 40, 65535])) + junk(4)
                if prefix == 'IMG_TSTR_' and key == IMG['IMG_TSTR_SIGINFO']:
                        value = b''.join(struct.pack('<iii', random.randrange(-1, 70), number('i'), random.choice([number('i'),
                                random.randrange(-8, 9)]))
                                         + random.randbytes(116) for _ in range(random.randrange(4)))
                if random.random() < .15:
                        value = value[:random.randrange(len(value) + 1)]
                out.append((key, value))
        return out


def image(path):
        i = Image(minor=random.choice([0, 1, 1, 1, 2]))
        i.proc = wild('img_proc', state=random.choice([ord('S'), 0x1b, U32]))
        del i.proc['threads']
        i.proc_strs = wild_strs('IMG_STR_')
        for n in range(random.randrange(1, 5)):
                t = wild('img_thread', tid=random.choice([n, -n]), comm=junk()[:16], known=random.choice([U32, number('I')]),
                         syscall=random.choice([-2, -1, 202, number('i'), random.randrange(470)]))
                for field in 'regs_len', 'xstate_len', 'strs_len':
                        del t[field]
                i.thread(strs=wild_strs('IMG_TSTR_'), regs=random.randbytes(8 * random.randrange(28)), **t)
        for n in range(random.randrange(1, 4)):
                how = number('H') & ~(IMG['IMG_HOW_BASE'] | IMG['IMG_HOW_FILLED'])      # there are none
                i.map(0x400000 + n * 0x100000, os.fsdecode(junk()), [(random.choice([1, 2, 3, 4, 5]), 1, 1, how)],
                      **{k: v for k, v in wild('img_map').items() if k not in ('start', 'end', 'name', 'name_len')})
        for table, n in sorted((random.choice([0, 0, -3, 4711]), n) for n in random.sample(range(2**31), random.randrange(8))):
                i.fd(**wild('img_fd', fd=n, table=table, kind=random.randrange(30), known=random.choice([U32, number('I')])),
                        strs=wild_strs('IMG_FSTR_'))
        for tag, name, most in ('ITIM', 'img_itimer', 3), ('TIMR', 'img_timer', 9), ('RLIM', 'img_rlimit', 64):
                if random.random() < .8:
                        n = random.randrange(most + 1)
                        i.add(tag, array([pack(name, **wild(name)) for _ in range(n)], len(pack(name))))
        if random.random() < .8:
                i.add('MISC', pack('img_misc', **wild('img_misc')))
        if random.random() < .8:
                i.add('SIGA', array([random.randbytes(32) for _ in range(random.randrange(65))], 32))
        if random.random() < .8:
                i.add('SIGQ', array([random.randbytes(128) for _ in range(3)]))
        i.add('FILE', junk().replace(b'\0', b'') + b'\0' + junk())
        i.add('NOTE', junk() + b'\n')
        i.end.update(pause_ns=number('Q'), total_ns=number('Q'))
        i.write(path)


for n in range(int(sys.argv[1])):
        image('img')
        try:
                text = show_text('img', '--all') + show_text('img')
                show('img')
        except Exception as e:
                os.rename('img', 'bad.img')
                print('image %d: %s' % (n, e))
                raise
        longest = max(map(len, text.splitlines()))
print('%d images' % (n + 1))

# lists that no screen wants: they end
i = Image()
i.thread(strs=[('IMG_TSTR_AFFINITY', b'\x55' * 100000), ('IMG_TSTR_GROUPS', bytes(4 * 65536))], known=U32)
i.write('img')
check('processors', len(show('img')['threads'][0]['affinity']) < 5000, True)
has(show_text('img', '--threads'), r'^  affinity +0,2,4,.*,\.\.\.$')
done()
EOT
images=60
[ "${CRDUMP_FULL:-}" = 1 ] && images=2000
ok "images of junk: $images" python3 look.py "$images"

done_testing
