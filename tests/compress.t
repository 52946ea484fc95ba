#!/bin/sh
# With -z the image holds the same memory in less room, whatever deflates and whatever does not, and damage of it is seen.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3 taskset
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

# Two processors: with more there are more threads, and memory for each.
processors=$(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (i = $1; i <= $NF; i++) print i }' | head -n 2 | paste -sd,)

address_of() { sed -n "s/^$1 \(0x[0-9a-f]*\) .*/\1/p" "$out"; }
size() { stat -c %s "$1"; }

# --- the same memory

stopped_victim "$VICTIMS/victim-pages"
text=$(address_of text) noise=$(address_of noise) mixed=$(address_of mixed)
exits 0 'plain' "$CRDUMP" --stop "$pid" plain.img
"$CRDUMP" -q core plain.img plain.core

raw() {                         # NAME IMAGE WHAT ADDR LEN
        exits 0 "$1: --mem of $3" "$CRDUMP" show --mem "$4:$5" --raw "$2"
        mv stdout mem
        "$CRDUMP" show --mem "$4:$5" --raw plain.img >mem.plain
        ok "$1: the same bytes" sh -c 'test -s mem && cmp mem mem.plain'
}
same() {                        # NAME IMAGE: as plain.img
        exits 0 "$1: check" "$CRDUMP" check "$2"
        exits 0 "$1: no page differs" "$CRDUMP" diff plain.img "$2"
        is "$(wc -l <stdout)" 2 "$1: nothing differs" || diag_file stdout
        exits 0 "$1: core" "$CRDUMP" -q core "$2" core
        ok "$1: the same core" cmp plain.core core
        raw "$1" "$2" text $((text + 2 * 1048576 + 17)) 5000
        raw "$1" "$2" noise $((noise + 3 * 1048576 + 4095)) 600000
        raw "$1" "$2" 'all kinds at once' "$mixed" 1048576
}
for option in -z -z1 -z9 --compress=6; do
        exits 0 "$option" "$CRDUMP" --stop $option "$pid" z.img
        same "$option" z.img
        mv z.img "z$option.img"
done
plain=$(size plain.img)
diag "plain $plain bytes, -z $(size z-z.img), -z9 $(size z-z9.img)"
is "$(size z-z.img)" "$(size z-z1.img)" '-z is -z1'
ok 'level 9 takes less room than 1' test "$(size z-z9.img)" -lt "$(size z-z1.img)"
must() { od -An -tu8 -j24 -N8 "$1" | tr -d ' '; }
is "$(must z-z.img), $(must plain.img)" '5, 4' 'the header says so, and of a plain one nothing but that pages may be of one byte'
exits 0 'by a snapshot' "$CRDUMP" --snapshot -z "$pid" snapshot.img
same 'by a snapshot' snapshot.img
exits 0 'in no particular way' "$CRDUMP" -z "$pid" any.img
ok 'in no particular way: the same' "$CRDUMP" diff plain.img any.img
{ "$CRDUMP" -q -z --stop "$pid" -; echo $? >status; } | cat >piped.img
is "$(cat status)" 0 'down a pipe'
same 'down a pipe' piped.img
exits 0 'from a pipe: check' sh -c "cat piped.img | '$CRDUMP' check -"
exits 0 'from a pipe: diff' sh -c "cat piped.img | '$CRDUMP' diff - plain.img"
dismiss "$pid"

# With chunks that have no page at all behind, and before, those that wait to be deflated.
stopped_victim "$VICTIMS/victim-pages" 4 1500
for way in --stop --snapshot; do
        exits 0 "mappings without pages, $way" "$CRDUMP" -q $way "$pid" plain.img
        exits 0 "mappings without pages, $way -z" "$CRDUMP" -q $way -z "$pid" z.img
        exits 0 "mappings without pages, $way: check" "$CRDUMP" check z.img
        exits 0 "mappings without pages, $way: no difference" "$CRDUMP" diff plain.img z.img
done
dismiss "$pid"
rm -f ./*.core core mem*

# A small process, which is kept in memory first.
tiny_program tiny
victim ./tiny
exits 0 'a tiny program' "$CRDUMP" -z "$pid" tiny.img
exits 0 'a tiny program: check' "$CRDUMP" check tiny.img
dismiss "$pid"

# --- how large

largest() { "$VICTIMS/readimg" "$1" chunks | awk '$2 == "PAGE" && $3 > n { n = $3 } END { print n }'; }
fill() {                        # WHAT: a python program with 32 MiB of it
        cat >fill.py <<'EOT'
import mmap, os, sys, time
m = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(32):
    text = b'%d times he has told me that all work and no play makes Jack a dull boy.\n' % i * 30000
    m.write(os.urandom(1 << 20) if sys.argv[1] == 'random' else text[:1 << 20])
print('ready', flush=True)
time.sleep(1000)
EOT
        background python3 fill.py "$1"
        await 30 ready_or_dead grep -q ready "$out" || bail 'no victim'
        await 5 asleep "$pid"
        "$CRDUMP" -q "$pid" plain.img && "$CRDUMP" -q -z "$pid" z.img || bail 'no dump'
        was_largest=$(largest plain.img) is_largest=$(largest z.img)
        dismiss "$pid"
        was=$(size plain.img) is=$(size z.img)
}
fill random
ok "noise: $was becomes $is, not one in a hundred more" test $((is * 100)) -le $((was * 101))
ok "nor is a chunk larger than it would be: $was_largest becomes $is_largest" test "$is_largest" -lt $((was_largest + 4096))
fill text
ok "text: $was becomes $is, not a quarter" test $((is * 4)) -lt "$was"

# --- how much memory it takes: of address space, and so no more of what is resident

room=16384                      # kB
case $CRDUMP in *asan*) room=unlimited ;; esac
in_room() {                     # NAME CMD...
        t_title=$1
        shift
        # shellcheck disable=SC2016     # for the inner shell
        exits 0 "$t_title, in $room kB" taskset -c "$processors" sh -c 'ulimit -v $0; exec "$@"' $room "$@"
}
victim "$VICTIMS/victim-pages" 100
in_room 'a process of 200 MiB, --snapshot' "$CRDUMP" -q --snapshot -z "$pid" z.img
in_room 'a process of 200 MiB, --stop' "$CRDUMP" -q --stop -z "$pid" z.img
dismiss "$pid"
in_room 'its image: check' "$CRDUMP" check z.img
in_room 'its image: diff' "$CRDUMP" diff z.img z.img
rm z.img

# --- levels that are none

for bad in -z0 -z10 -zx -z-1 -z1x -z99999999999999999999 --compress=0 --compress= --compress=6.5; do
        exits 2 "refused: $bad" "$CRDUMP" "$bad" $$ never.img
        says '^crdump: -z is followed by a level from 1 to 9, not' "said: $bad"
        is "$(grep -c '^crdump: ' stderr)" 1 "a line: $bad"
done
absent never 'no file was made'

# --- damage

flip() {                        # FILE TO OFFSET: a bit of it
        python3 -c 'import sys
p = bytearray(open(sys.argv[1], "rb").read()); p[int(sys.argv[3])] ^= 4; open(sys.argv[2], "wb").write(p)' "$@"
}
at=$("$VICTIMS/readimg" z-z.img chunks | awk '$2 == "PAGE" && $3 > 100000 { print $1 + 32 + int($3 / 2); exit }')
flip z-z.img flipped "$at"
for command in 'check flipped' 'core flipped never' 'diff flipped piped.img' 'diff piped.img flipped' "show --mem $text:1M flipped"; do
        # shellcheck disable=SC2086     # words
        exits 4 "a bit of deflated data: $command" "$CRDUMP" $command
        says "^crdump: flipped: offset [0-9]+: checksum of the PAGE chunk's payload is wrong" 'says where'
done
head -c $((at + 1000)) z-z.img >cut
exits 4 'cut off in deflated data' "$CRDUMP" check cut
says '^crdump: cut: offset [0-9]+: incomplete' 'says where'

# What is wrong under a right checksum.
cat >make.py <<'EOT'
from mkimg import *

raw = zlib.compressobj(9, zlib.DEFLATED, -15)
gzip = zlib.compressobj(9, zlib.DEFLATED, 31)
N = 16

def made(name, must=1, deflate=zlib.compress, **values):
        i = Image(minor=2, must=must)
        i.page = lambda addr: (b'%d pages of this' % addr).ljust(4096, b'.')
        i.deflate = deflate
        for key, value in values.items():
                setattr(i, key, value)
        i.map(0x400000, '/bin/victim', [(IMG['IMG_DATA'], IMG['IMG_PRIVATE_ANON'], N, 0)], prot=3)
        i.write(name)

def changed(at, value):
        def change(data):
                z = bytearray(zlib.compress(data))
                z[at] ^= value
                return bytes(z)
        return change

def split(data):                # two streams, one behind the other
        return zlib.compress(data[:4096 * 8]) + zlib.compress(data[4096 * 8:])

made('good-deflated')
made('good-stored', deflate=lambda data: data)
made('good-level-0-of-none', must=0)
made('good-best', deflate=lambda data: zlib.compress(data, 9))
made('bad-noise', deflate=lambda data: b'\xa5' * 5000)
made('bad-zeros', deflate=lambda data: bytes(5000))
made('bad-header', deflate=changed(0, 0x0f))
made('bad-block', deflate=changed(2, 0x06))
made('bad-middle', deflate=changed(200, 0xff))
made('bad-adler', deflate=changed(-1, 1))
made('bad-no-adler', deflate=lambda data: zlib.compress(data)[:-4])
made('bad-half', deflate=lambda data: zlib.compress(data)[:150])
made('bad-a-byte', deflate=lambda data: b'\x78')
made('bad-nothing', deflate=lambda data: b'')
made('bad-trailing-zero', deflate=lambda data: zlib.compress(data) + b'\0')
made('bad-trailing', deflate=lambda data: zlib.compress(data) + b'and more')
made('bad-two-streams', deflate=split)
made('bad-short', deflate=lambda data: zlib.compress(data[:-4096]))
made('bad-short-by-a-byte', deflate=lambda data: zlib.compress(data[:-1]))
made('bad-long', deflate=lambda data: zlib.compress(data + bytes(4096)))
made('bad-long-by-a-byte', deflate=lambda data: zlib.compress(data + b'\0'))
made('bad-bomb', deflate=lambda data: zlib.compress(bytes(60 << 20), 9)[:60000])
made('bad-raw', deflate=lambda data: raw.compress(data) + raw.flush())
made('bad-gzip', deflate=lambda data: gzip.compress(data) + gzip.flush())
made('bad-dictionary', deflate=lambda data: b'\x78\xbb' + bytes(4) + zlib.compress(data)[2:])
made('bad-gap', gap=16)
made('bad-fewer', data_pages=N - 1)
made('bad-more', data_pages=N + 1)
made('bad-many', data_pages=2049)
made('bad-very-many', data_pages=2**32 - 1)
made('bad-stored-unaligned', deflate=lambda data: data, gap=16)
made('bad-stored-long', deflate=lambda data: data + b'\0')
made('unknown', must=8)
made('unknown-too', must=1 + 2**63)

# of another version of the format
i = Image(minor=1, must=1)
i.write('good-1.1')
# deflated, and the header does not say so
i = Image(minor=2)
i.must = 1
i.write('bad-not-said')
EOT
ok 'images' python3 make.py

for image in good-*; do
        exits 0 "$image: check" "$CRDUMP" check "$image"
        exits 0 "$image: --mem" "$CRDUMP" show --mem 0x400000:16 --raw "$image"
done
"$CRDUMP" show --mem 0x408000:64K --raw good-stored >stored 2>/dev/null
"$CRDUMP" show --mem 0x408000:64K --raw good-deflated >deflated 2>/dev/null
ok 'deflated or not, it is the same' sh -c 'test "$(wc -c <stored)" = 32768 && cmp stored deflated'
"$CRDUMP" core -q good-stored stored
"$CRDUMP" core -q good-deflated deflated
ok 'so is a core of it' cmp stored deflated
ok 'and there is no difference' "$CRDUMP" diff good-stored good-deflated

for image in bad-*; do
        LIMIT=20 exits 4 "$image: check" "$CRDUMP" check "$image"
        says "^crdump: $image: offset [0-9]+: " "$image: says where"
        is "$(wc -l <stderr)" 1 "$image: a line" || diag_file stderr
        LIMIT=20 exits 4 "$image: core" "$CRDUMP" core "$image" never
        LIMIT=20 exits 4 "$image: diff" "$CRDUMP" diff "$image" good-stored
        LIMIT=20 exits 4 "$image: --mem" "$CRDUMP" show --mem 0x400000:16 "$image"
        LIMIT=20 exits 4 "$image: from a pipe" sh -c "cat '$image' | '$CRDUMP' check -"
done
absent never 'no core was made'

for image in unknown unknown-too; do
        exits 4 "$image: a feature that is not known is refused" "$CRDUMP" check "$image"
        says '^crdump: unknown.*: offset 24: needs features that this crdump does not know: 0x(8|8000000000000000)$' "$image: says which"
        exits 4 "$image: show" "$CRDUMP" show "$image"
done

done_testing
