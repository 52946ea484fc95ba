#!/bin/sh
# Each of very many mappings has its own flags and name in the image, also one whose path is longer than the kernel lets anybody open.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP

# Neighbours that differ in a flag stay two; the file's path has some 40,000 bytes, "\n" is written as four of them.
cat >many.py <<'EOT'
import mmap, os, time

os.umask(0)
for n in range(160):
        name = '%03d\n' % n + 'x' * 245
        os.mkdir(name)
        os.chdir(name)
f = os.open('file', os.O_RDWR | os.O_CREAT)
os.write(f, b'y' * 4096)
far = mmap.mmap(f, 4096, mmap.MAP_PRIVATE)
room = mmap.mmap(-1, 3000 * 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
FLAGS = mmap.MADV_DONTFORK, mmap.MADV_DONTDUMP, mmap.MADV_RANDOM, mmap.MADV_SEQUENTIAL
for n in range(3000):
        for i, flag in enumerate(FLAGS):
                if (n * 7 + n // 5) >> i & 1:
                        room.madvise(flag, n * 4096, 4096)
print('ready', flush=True)
time.sleep(600)
EOT

cat >same.py <<'EOT'
import json, os, re, subprocess, sys

pid, img = sys.argv[1:]
maps, text = [], open('/proc/%s/smaps' % pid, errors='surrogateescape', newline='\n').read()
for line in text.split('\n'):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) \S+ \d+ *(.*)$', line)
        if m:
                maps.append([int(m[1], 16), int(m[2], 16), int(m[4], 16), m[5], None])
        elif line.startswith('VmFlags:'):
                maps[-1][4] = sorted(line.split()[1:])
shown = json.loads(subprocess.run([os.environ['CRDUMP'], 'show', '--json', '--maps', img], stdout=subprocess.PIPE, check=True).stdout)
got = [[int(m['start'], 0), int(m['end'], 0), int(m['offset'], 0), m['name'], m['vmflags'] and sorted(m['vmflags'])]
       for m in shown['mappings']]
wrong = [(a, b) for a, b in zip(maps, got) if a != b]
for a, b in wrong[:4]:
        print('%.200s\nin the image: %.200s' % (a, b))
if len(maps) != len(got):
        print('%d mappings, in the image %d' % (len(maps), len(got)))
print('%d mappings, %d bytes of smaps, the longest name %d' % (len(maps), len(text), max(len(m[3]) for m in maps)), file=sys.stderr)
sys.exit(bool(wrong) or len(maps) != len(got) or len(maps) < 1500 or max(len(m[3]) for m in maps) < 40000)
EOT

python_ready many.py
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'check' "$CRDUMP" check img
ok 'all as in smaps' python3 same.py "$pid" img

done_testing
