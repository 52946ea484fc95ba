#!/bin/sh
# Pages full of one byte take no room in an image, and come out of it as they were; a run of them that cannot be is refused.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

cat >victim.py <<'EOF2'
import ctypes, mmap, os, time
PAGE, N = 4096, 4096
m = mmap.mmap(-1, N * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(N):
        byte = b'\xff' if i < 2048 else b'\x5a' if i < 3072 else bytes([i % 256])
        m[i * PAGE:(i + 1) * PAGE] = byte * PAGE
for at in 1, 8, 4095:                           # full but for one byte
        m[at * PAGE + at % PAGE] = 1
m[100 * PAGE:108 * PAGE] = os.urandom(8 * PAGE)
m[200 * PAGE:300 * PAGE] = bytes(100 * PAGE)
print('memory %d %d' % (ctypes.addressof(ctypes.c_char.from_buffer(m)), N * PAGE))
print('ready', flush=True)
time.sleep(1000)
EOF2
python_ready victim.py
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'the victim did not stop'
# shellcheck disable=SC2046
set -- $(sed -n 's/^memory //p' "$out")
addr=$1 len=$2
dd if="/proc/$pid/mem" of=true bs=4096 skip=$((addr / 4096)) count=$((len / 4096)) 2>dd.err || bail 'the memory cannot be read'

good() {                        # NAME IMAGE
        exits 0 "$1: check" "$CRDUMP" check "$2"
        exits 0 "$1: the memory" "$CRDUMP" show --mem "$addr:$len" --raw "$2"
        ok "$1: as it is" cmp true stdout
        case $1 in
        --stop | --snapshot*)
                "$VICTIMS/readimg" "$2" mem "$addr" "$len" >read
                ok "$1: and so says the format" cmp true read ;;
        esac
        exits 0 "$1: core" "$CRDUMP" -q core "$2" core
        ok "$1: the core has it" python3 -c "import sys; sys.exit(open('true', 'rb').read() not in open('core', 'rb').read())"
        exits 0 "$1: show" "$CRDUMP" show --json "$2"
        python3 - <<'EOF2'
import json, sys
maps = [m for m in json.load(open('stdout'))['mappings'] if m['how']['filled'] > 3000]
sys.exit(0 if len(maps) == 1 else 1)
EOF2
        is "$?" 0 "$1: one mapping has most of them"
}

for way in --stop --snapshot '--stop -z' '--snapshot --direct'; do
        # shellcheck disable=SC2086
        exits 0 "$way" "$CRDUMP" $way "$pid" img
        good "$way" img
        [ -f plain.img ] || mv img plain.img
done
exits 0 '--base' "$CRDUMP" --stop --base plain.img "$pid" next.img
good '--base' next.img
kinds=$({ yes d | head -n 200; yes z | head -n 100; } | tr -d '\n')
is "$("$VICTIMS/readimg" plain.img kinds "$addr" 300)" "$kinds" 'they are data, but for zeros'
# the rest of such a process takes some 7 MiB
ok 'they take no room' test "$(stat -c %s plain.img)" -lt $((len * 3 / 4))
diag "$(stat -c %s plain.img) bytes, of a process with $len bytes of such memory"

# --- runs that cannot be

python3 - <<'EOF2'
from mkimg import *

ANON = IMG['IMG_PRIVATE_ANON']
DATA, FILLED, BASE, AT = IMG['IMG_DATA'], IMG['IMG_HOW_FILLED'], IMG['IMG_HOW_BASE'], IMG['IMG_HOW_BYTE']
MUST = IMG['IMG_MUST_FILLED']


def made(name, runs, must=MUST, sums=b''):
        i = Image(minor=3, must=must)
        i.sums = lambda _: sums
        i.map(0x10000000, '', runs=runs)
        i.write(name + '.img')


made('good', [(DATA, ANON, 256, FILLED | 0xff << AT), (DATA, ANON, 1, 0), (DATA, ANON, 3, FILLED | IMG['IMG_HOW_SWAPPED'] | 0x41 << AT)])
made('good-zero', [(DATA, ANON, 2, FILLED), (IMG['IMG_ZERO'], ANON, 1, 0)])
made('bad-long', [(DATA, ANON, 257, FILLED | 1 << AT)])
made('bad-longest', [(DATA, ANON, 2**32 - 1, FILLED | 1 << AT)])
made('bad-based', [(DATA, ANON, 1, FILLED | BASE | 1 << AT)], MUST | IMG['IMG_MUST_BASE'], bytes(4))
i = Image(minor=3, must=0)              # it has their bytes, as mkimg.py sees it
i.map(0x10000000, '', runs=[(DATA, ANON, 1, FILLED | 1 << AT)])
i.write('bad-untold.img')
EOF2
for image in good good-zero; do
        exits 0 "$image" "$CRDUMP" check $image.img
done
is "$("$CRDUMP" show --mem 0x10000000:1M --raw good.img | tr -d '\377' | wc -c)" 0 'a run of them: its bytes'
is "$("$CRDUMP" show --mem 0x10101000:12K --raw good.img | tr -d A | wc -c)" 0 'another one, swapped out'
is "$("$CRDUMP" show --mem 0x10000000:12K --raw good-zero.img | tr -d '\0' | wc -c)" 0 'zeros, told so'
is "$("$CRDUMP" show good.img | grep -c '260 data .* 3 swapped, 259 filled')" 1 'they are counted'
for image in bad-long bad-longest bad-based bad-untold; do
        exits 4 "$image: check" "$CRDUMP" check $image.img
        is "$(grep -c 'full of one byte' stderr)" 1 "$image: why" || diag_file stderr
        exits 4 "$image: core" "$CRDUMP" core $image.img core.bad
        ok "$image: no core" test ! -e core.bad
done

done_testing
