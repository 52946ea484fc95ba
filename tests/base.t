#!/bin/sh
# With --base an image names the pages that another one has, and is read as if it had them; without that one it says so.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

address_of() { sed -n "s/^$1 \(0x[0-9a-f]*\) .*/\1/p" "$out"; }
size() { stat -c %s "$1"; }

step() {                        # N: the victim changes, and stops again
        kill -CONT "$pid"
        kill -USR1 "$pid"
        await 20 grep -q "^changed $1" "$out" || bail 'it does not change'
        await 20 asleep "$pid"
        kill -STOP "$pid"
        await 5 in_state "$pid" T || bail 'the victim did not stop'
}
line() {                        # REGEX NAME: it is all that the last exits has said
        says "^crdump: $1\$" "$2: says so"
        is "$(wc -l <stderr)" 1 "$2: in a line" || diag_file stderr
}

# --- a chain of three

stopped_victim "$VICTIMS/victim-pages"
text=$(address_of text) noise=$(address_of noise) mixed=$(address_of mixed) leaves=$(address_of leaves) grows=$(address_of grows)
exits 0 'a full image' "$CRDUMP" --stop "$pid" a.img
exits 0 'the same, deflated' "$CRDUMP" --stop -z "$pid" az.img
step 1
at_rest "$pid" >before
exits 0 'one with a base' "$CRDUMP" --stop --base a.img "$pid" b.img
unchanged 'the target is as it was' "$pid" before
exits 0 'a full image again' "$CRDUMP" --stop "$pid" full1.img
exits 0 'on a deflated base' "$CRDUMP" --stop --base az.img "$pid" b-az.img
step 2
exits 0 'a base that has a base, deflated' "$CRDUMP" --stop -z --base b.img "$pid" c.img
exits 0 'the same, not deflated' "$CRDUMP" --stop --base b-az.img "$pid" c-az.img
exits 0 'by a snapshot' "$CRDUMP" --snapshot -z9 --base b.img "$pid" c-snapshot.img
{ "$CRDUMP" -q --stop --base b.img "$pid" -; echo $? >status; } | cat >c-piped.img
is "$(cat status)" 0 'down a pipe'
exits 0 'a full image of that' "$CRDUMP" --stop "$pid" full2.img
exits 0 'a base of what it was earlier and later' "$CRDUMP" --stop --base full2.img "$pid" none.img
comes=$(address_of comes)
dismiss "$pid"
diag "$(stat -c '%n %s' ./*.img | tr '\n' ' ')"
for image in b b-az c c-az c-snapshot c-piped none; do
        ok "$image.img is small" test "$(size $image.img)" -lt 400000
done
ok 'and deflated smaller' test "$(size c.img)" -lt "$(size c-az.img)"

same() {                        # IMAGE FULL: the same memory
        exits 0 "$1: check" "$CRDUMP" check "$1.img"
        exits 0 "$1: no difference" "$CRDUMP" diff "$1.img" "$2.img"
        is "$(wc -l <stdout)" 2 "$1: nothing" || diag_file stdout
        exits 0 "$1: core" "$CRDUMP" -q core "$1.img" core
        "$CRDUMP" -q core "$2.img" full.core
        ok "$1: the same core" cmp full.core core
}
same b full1
same b-az full1
same c full2
same c-az full2
same c-snapshot full2
same c-piped full2
same none full2
rm core full.core
exits 0 'two that have bases: diff' "$CRDUMP" diff c.img c-az.img
exits 1 'one and what was before: diff' "$CRDUMP" diff b.img c.img
mv stdout got
"$CRDUMP" diff full1.img full2.img >want
ok 'it tells what full ones do' sh -c 'tail -n +3 got >1; tail -n +3 want >2; grep -q ^pages 2 && cmp 1 2'

mem() {                         # NAME ADDR LEN [FULL]
        exits 0 "--mem of $1" "$CRDUMP" show --mem "$2:$3" --raw c.img
        mv stdout got
        "$CRDUMP" show --mem "$2:$3" --raw full2.img >want
        ok "--mem of $1: the same" sh -c 'test -s want && cmp got want'
}
mem 'text, changed at both ends' "$text" 409600
mem 'a page that has become zeros' $((text + 39 * 4096)) 12288
mem 'noise' $((noise + 1048576 + 17)) 2100000
mem 'all kinds at once' "$mixed" 1048576
mem 'what grew' "$grows" 131072
mem 'what came' "$comes" 65536
mem 'what is left of one that went' $((leaves + 15 * 4096)) 4096
exits 1 'what went is not mapped any more' "$CRDUMP" show --mem "$leaves" --raw c.img
exits 0 'from a pipe: check' sh -c "cat c.img | '$CRDUMP' check -"
exits 0 'from a pipe: diff' sh -c "cat c.img | '$CRDUMP' diff - full2.img"

"$CRDUMP" show --json b.img >json
"$CRDUMP" show --json a.img >json.a
ok 'show names the base' python3 -c '
import json
b, a = json.load(open("json")), json.load(open("json.a"))
assert b["process"]["base"] == "a.img" and b["process"]["base_id"] == a["format"]["id"], b["process"]
assert a["process"]["base"] is None and a["process"]["base_id"] is None
assert 1000 < b["how"]["base"] < b["pages"]["data"], b["how"]
assert a["how"]["base"] == 0'

# --- where it is

mkdir beside
cp a.img b.img c.img beside
exits 0 'elsewhere: check' "$CRDUMP" check beside/c.img
exits 0 'elsewhere, by an absolute path: check' "$CRDUMP" check "$scratch/beside/c.img"
exits 0 'elsewhere, from another folder: check' sh -c "cd / && '$CRDUMP' check '$scratch/beside/c.img'"
mkdir -p one/two
cp a.img one/a.img
mv a.img away.img
exits 1 'its base is gone' "$CRDUMP" check c.img
line 'b.img: its base a.img is missing' 'which one'
exits 1 'core' "$CRDUMP" core c.img never.core
line 'b.img: its base a.img is missing' 'core'
absent never 'no core'
exits 1 '--mem' "$CRDUMP" show --mem "$noise:64" --raw c.img
line 'b.img: its base a.img is missing' '--mem'
is "$(cat stdout)" '' '--mem: no bytes'
exits 1 '--mem in hex' "$CRDUMP" show --mem "$noise:64" c.img
line 'b.img: its base a.img is missing' '--mem in hex'
exits 2 'diff: trouble' "$CRDUMP" diff c.img full2.img
line 'b.img: its base a.img is missing' 'diff'
exits 0 'show does not need it' "$CRDUMP" show c.img
is "$(cat stderr)" '' 'and says nothing'
exits 0 'show --json neither' "$CRDUMP" show --json c.img
ok 'all of it is there' grep -q '"complete": true' stdout
ln -s away.img a.img
exits 0 'a link to it will do' "$CRDUMP" check c.img
rm a.img
mkdir a.img
exits 1 'a folder will not' "$CRDUMP" check c.img
line 'b.img: its base a.img is missing' 'a folder'
rmdir a.img
mkfifo a.img
LIMIT=10 exits 1 'nor a pipe' "$CRDUMP" check c.img
line 'b.img: its base a.img is missing' 'a pipe'
rm a.img

cp full1.img a.img
exits 1 'another image in its place' "$CRDUMP" check c.img
line 'b.img: a.img is another image than its base' 'which one'
exits 1 'core' "$CRDUMP" core c.img never.core
line 'b.img: a.img is another image than its base' 'core'
exits 1 '--mem' "$CRDUMP" show --mem "$noise:64" c.img
echo 'no image' >a.img
exits 1 'something else in its place' "$CRDUMP" check c.img
line 'a.img: offset 0: not a crdump image' 'said'
mv away.img a.img

flip() {                        # FILE TO OFFSET: a bit of it
        python3 -c 'import sys
p = bytearray(open(sys.argv[1], "rb").read()); p[int(sys.argv[3])] ^= 4; open(sys.argv[2], "wb").write(p)' "$@"
}
# in the midst of its largest chunk
at=$("$VICTIMS/readimg" a.img chunks | awk '$2 == "PAGE" && $3 > n { n = $3; at = $1 + 32 + int(n / 2) } END { print at }')
cp a.img whole.img
flip whole.img a.img "$at"
exits 1 'its base is damaged' "$CRDUMP" check c.img
line "a.img: offset [0-9]+: checksum of the PAGE chunk's payload is wrong" 'which one, and where'
head -c "$at" whole.img >a.img
exits 1 'its base is cut off' "$CRDUMP" check c.img
line 'a.img: offset [0-9]+: incomplete: .*' 'which one, and where'
mv whole.img a.img

# --- the name that it was given

victim sleep 1000
found() {                       # NAME BASE OUT CHECK...: by CHECK
        t_title=$1 t_base=$2 t_out=$3
        shift 3
        exits 0 "$t_title: dump" "$CRDUMP" --base "$t_base" "$pid" "$t_out"
        exits 0 "$t_title: check" "$@"
}
"$CRDUMP" -q "$pid" one/s.img
found 'a base in a folder' one/s.img in-one.img "$CRDUMP" check in-one.img
exits 1 'a relative name, read from elsewhere' sh -c "cd / && '$CRDUMP' check '$scratch/in-one.img'"
line ".*/in-one.img: its base one/s.img is missing" 'a relative name'
found 'an absolute name' "$scratch/one/s.img" one/two/t.img sh -c "cd / && '$CRDUMP' check '$scratch/one/two/t.img'"
found 'a name with ..' one/two/../s.img dots.img "$CRDUMP" check dots.img
cp in-one.img beside
exits 1 'moved without its base' sh -c "cd beside && '$CRDUMP' check in-one.img"
cp one/s.img beside
exits 0 'and with it' sh -c "cd beside && '$CRDUMP' check in-one.img"
odd=$(printf 'a base\nof \303\244 \033[31m%%s')
cp one/s.img "$odd"
found 'an odd name' "$odd" odd.img "$CRDUMP" check odd.img
mkdir monday tuesday
"$CRDUMP" -q "$pid" monday/s.img
found 'both of one name, in two folders' monday/s.img tuesday/s.img "$CRDUMP" check tuesday/s.img
found 'another image of that name beside it' one/s.img monday/t.img "$CRDUMP" check monday/t.img
dismiss "$pid"

# --- a base that has other memory: nothing is lost

stopped_victim "$VICTIMS/victim-pages" 1
"$CRDUMP" -q --stop "$pid" full.img
for base in odd.img c.img full2.img "$here/corpus/image/1.0-threads.img" "$here/corpus/image/1.1-least.img"; do
        exits 0 "on $(basename "$base")" "$CRDUMP" --stop -z --base "$base" "$pid" on.img
        exits 0 'check' "$CRDUMP" check on.img
        exits 0 'no difference' "$CRDUMP" diff on.img full.img
done

# --- a base that is none

at_rest "$pid" >before
refused() {                     # NAME REGEX CMD...
        t_title=$1 t_regex=$2
        shift 2
        LIMIT=20 exits 1 "refused: $t_title" "$@"
        line "$t_regex" "$t_title"
        absent never "$t_title: no image"
}
refused 'not there' 'missing: No such file or directory' "$CRDUMP" --base missing "$pid" never
refused 'no image' 'json: offset 0: not a crdump image' "$CRDUMP" --base json "$pid" never
: >empty
refused 'empty' 'empty: offset 0: the file is empty: .*' "$CRDUMP" --base empty "$pid" never
refused 'a folder' '.*: Is a directory' "$CRDUMP" --base . "$pid" never
flip full.img damaged 70
refused 'damaged at its head' 'damaged: offset .*' "$CRDUMP" --base damaged "$pid" never
at=$("$VICTIMS/readimg" full.img chunks | awk '$2 == "PAGE" && $3 > n { n = $3; at = $1 + 32 + int(n / 2) } END { print at }')
flip full.img damaged "$at"
for way in --stop --snapshot; do
        refused "damaged in its pages, $way" 'damaged: offset .*' "$CRDUMP" $way --base damaged "$pid" never
        refused "damaged in its pages, $way -z" 'damaged: offset .*' "$CRDUMP" $way -z --base damaged "$pid" never
done
head -c "$at" full.img >cut
refused 'cut off' 'cut: offset .*: incomplete.*' "$CRDUMP" --base cut "$pid" never
head -c 500 full.img >cut
refused 'cut off early' 'cut: offset .*: incomplete.*' "$CRDUMP" --base cut "$pid" never
mv a.img away.img
refused 'its own base is missing' 'b.img: its base a.img is missing' "$CRDUMP" --base b.img "$pid" never
mv away.img a.img
unchanged 'the target is as it was' "$pid" before

# What cannot be read once more: a line, and soon.
no_file() {                     # NAME CMD...
        t_title=$1
        shift
        LIMIT=10 exits 1 "refused: $t_title" "$@"
        is "$(grep -c '^crdump: ' stderr)" 1 "$t_title: a line" || diag_file stderr
        absent never "$t_title: no image"
}
no_file 'standard input' sh -c "'$CRDUMP' --base - $pid never <full.img"
no_file 'standard input that is a pipe' sh -c "cat full.img | '$CRDUMP' --base - $pid never"
no_file 'a pipe by name' sh -c "cat full.img | '$CRDUMP' --base /dev/stdin $pid never"
no_file 'a device' "$CRDUMP" --base /dev/null "$pid" never
rm -f never
mkfifo fifo
no_file 'a fifo without a writer' "$CRDUMP" --base fifo "$pid" never
exec 3<>fifo 3>&-               # whoever waits for one goes on
unchanged 'the target is as it was' "$pid" before

# --- the base shall not be replaced

cp full.img kept.img
"$CRDUMP" -q --stop --base full.img "$pid" on.img
"$CRDUMP" -q --stop --base on.img "$pid" on-on.img
ln full.img hard.img
ln -s full.img soft.img
spared() {                      # NAME CMD...: refused, and full.img stays
        t_title=$1
        shift
        exits 1 "refused: $t_title" "$@"
        is "$(grep -c '^crdump: ' stderr)" 1 "$t_title: a line" || diag_file stderr
        ok "$t_title: the base is as it was" cmp full.img kept.img
        ok "$t_title: what has it as a base too" "$CRDUMP" check on-on.img
        cp kept.img full.img
}
spared 'the base as the output' "$CRDUMP" --base full.img "$pid" full.img
says 'full.img: is the base, and would be replaced' 'says so'
spared 'by another path' "$CRDUMP" --base full.img "$pid" "$scratch/./full.img"
spared 'by a hard link' "$CRDUMP" --base hard.img "$pid" full.img
spared 'through a link' "$CRDUMP" --base soft.img "$pid" full.img
spared 'a base of the base' "$CRDUMP" --base on.img "$pid" full.img
spared 'a base of the base of the base' "$CRDUMP" --base on-on.img "$pid" full.img
spared 'a core in the place of the base' "$CRDUMP" core on.img full.img
spared 'a core in the place of the base of the base' "$CRDUMP" core on-on.img full.img
unchanged 'the target is as it was' "$pid" before

# --- a large base is not waited for longer than is allowed: 32 GiB of zeros, where the process has nothing

cat >large.py <<'EOT'
from mkimg import *

N = 2040
zeros = zlib.compress(bytes(4096 * N))

class Large(Image):
        def page_chunk(self, at, maps):
                addr = maps[0][0]['start']
                self.pages[IMG['IMG_DATA']] += N
                return pack('img_pages', addr=addr, n=1, size=16, data_off=40, data_pages=N) + \
                        pack('img_run', addr=addr, n=N, kind=IMG['IMG_DATA'], cls=IMG['IMG_PRIVATE_ANON']) + zeros

i = Large(minor=2, must=1)
i.split = True
for n in range(4000):
        i.map(0x100000000 + n * 4096 * N, '', [(IMG['IMG_DATA'], 1, N, 0)], prot=3)
i.write('large')
EOT
ok 'a large base' python3 large.py
soon() {                        # OPTION STATUS...: one of these, within 10 seconds
        t_option=$1
        shift
        t_start=$(date +%s%N)
        # shellcheck disable=SC2086     # words
        timeout -k 30 30 "$CRDUMP" -q --base large $t_option "$pid" large.img >stdout 2>stderr
        t_status=$?
        t_took=$((($(date +%s%N) - t_start) / 1000000))
        ok "$t_option: ends in $t_took ms, status $t_status" sh -c "test $t_took -lt 10000 && echo ' $* ' | grep -q ' $t_status '"
        diag_file stderr
}
soon '--stop --max-pause 300' 0 1
soon '--stop --timeout 1' 0 1
soon '--snapshot --timeout 1' 0 1
unchanged 'the target is as it was' "$pid" before
dismiss "$pid"

# --- images that nobody would make: their heads and checksums are right

cat >make.py <<'EOT'
from mkimg import *

DATA, ANON, BASE = IMG['IMG_DATA'], IMG['IMG_PRIVATE_ANON'], IMG['IMG_HOW_BASE']
ID = {name: name.encode().ljust(16, b'.') for name in 'abcdefghxyz'}
START = 0x400000
BOTH = 3

def made(path, base=None, id=bytes(range(16)), base_id=ID['a'], must=2, runs=None, strings=None, **values):
        i = Image(minor=2, must=must, id=id)
        i.page = lambda addr: (b'%d has a page' % addr).ljust(4096, b'.')
        if strings is not None:
                i.proc_strs += strings
        elif base is not None:
                i.base(base, base_id)
        for key, value in values.items():
                setattr(i, key, value)
        i.map(START, '/bin/victim', runs or [(DATA, ANON, 4, BASE)], prot=3)
        i.write(path)

made('a', id=ID['a'], must=0, runs=[(DATA, ANON, 4, 0)])
made('az', id=ID['a'], must=1, runs=[(DATA, ANON, 2, 0), (DATA, ANON, 2, 1)])
made('a-zero', id=ID['a'], must=0, runs=[(DATA, ANON, 1, 0), (IMG['IMG_ZERO'], ANON, 3, 0)])
made('a-short', id=ID['a'], must=0, runs=[(DATA, ANON, 3, 0)])
made('a-other', id=ID['a'], must=0, runs=[(DATA, ANON, 4, 0)], page=lambda addr: b'x' * 4096)
made('a-none', id=ID['a'], must=0, runs=[(IMG['IMG_ABSENT'], ANON, 4, 0)])

made('good-all', 'a')
made('good-deflated', 'az', must=BOTH)
made('good-some', 'a', runs=[(DATA, ANON, 1, BASE), (DATA, ANON, 1, 0), (DATA, ANON, 1, BASE + 1), (DATA, ANON, 1, 0)])
made('good-some-deflated', 'a', must=BOTH, runs=[(DATA, ANON, 1, 0), (DATA, ANON, 2, BASE), (DATA, ANON, 1, 0)])
made('good-none', 'missing', runs=[(DATA, ANON, 4, 0)])
made('good-on-its-own', None, runs=[(DATA, ANON, 4, 0)])

# the content of the base is not what it was: its checksums are right
made('bad-zero', 'a-zero')
made('bad-short', 'a-short')
made('bad-other', 'a-other')
made('bad-none', 'a-none')

# loops
made('self', 'self', id=ID['x'], base_id=ID['x'])
made('two', 'three', id=ID['y'], base_id=ID['z'])
made('three', 'two', id=ID['z'], base_id=ID['y'])
made('self-deflated', 'self-deflated', id=ID['x'], base_id=ID['x'], must=BOTH, runs=[(DATA, ANON, 2, 0), (DATA, ANON, 2, BASE)])
made('self-large', 'self-large', id=ID['x'], base_id=ID['x'], runs=[(DATA, ANON, 2048, BASE)])

# a chain: of 60, and of 70
for last in 60, 70:
        made('%d.0' % last, id=ID['a'], must=0, runs=[(DATA, ANON, 4, 0)])
        for n in range(1, last + 1):
                made('%d.%d' % (last, n), '%d.%d' % (last, n - 1), id=b'%016d' % n, base_id=b'%016d' % (n - 1) if n > 1 else ID['a'])

# strings that do not name one
some = ('IMG_STR_BASE_ID', ID['a'])
made('wrong-no-strings', strings=[])
made('wrong-no-id', strings=[('IMG_STR_BASE', 'a')])
made('wrong-no-name', strings=[some])
made('wrong-short-id', strings=[('IMG_STR_BASE', 'a'), ('IMG_STR_BASE_ID', ID['a'][:15])])
made('wrong-long-id', strings=[('IMG_STR_BASE', 'a'), ('IMG_STR_BASE_ID', ID['a'] + b'.')])
made('wrong-nul', strings=[('IMG_STR_BASE', b'a\0b'), some])
made('missing-empty', strings=[('IMG_STR_BASE', ''), some])
made('missing-slash', strings=[('IMG_STR_BASE', '/'), some])
made('missing-folder', strings=[('IMG_STR_BASE', '..'), some])
made('missing-device', strings=[('IMG_STR_BASE', '/dev/zero'), some])
made('missing-stdin', strings=[('IMG_STR_BASE', '-'), some])
made('missing-long', strings=[('IMG_STR_BASE', '/long' * 3000), some])
made('another', 'a', base_id=ID['b'])

# sums
made('wrong-few-sums', 'a', sums=lambda sums: sums[:-4])
made('wrong-part-of-a-sum', 'a', sums=lambda sums: sums[:-1])
made('wrong-no-sums', 'a', sums=lambda sums: b'')
made('wrong-many-sums', 'a', sums=lambda sums: sums + b'more')
made('wrong-many-sums-deflated', 'a', must=BOTH, sums=lambda sums: sums + bytes(4), runs=[(DATA, ANON, 2, 0), (DATA, ANON, 2, BASE)])
made('wrong-few-sums-deflated', 'a', must=BOTH, sums=lambda sums: sums[:-4], runs=[(DATA, ANON, 2, 0), (DATA, ANON, 2, BASE)])
made('wrong-many-pages', 'a', runs=[(DATA, ANON, 2049, BASE)])
made('wrong-very-many-pages', 'a', sums=lambda sums: sums[:64], runs=[(DATA, ANON, 2**20, BASE)], page=lambda addr: b'')
made('wrong-data-pages', 'a', data_pages=4)
made('bad-sum', 'a', sums=lambda sums: sums[:-4] + b'else')
EOT
ok 'images' python3 make.py

for image in good-*; do
        exits 0 "$image: check" "$CRDUMP" check "$image"
        exits 0 "$image: diff" "$CRDUMP" diff a "$image"
        exits 0 "$image: --mem" "$CRDUMP" show --mem 0x401000:32 --raw "$image"
        ok "$image: the bytes" grep -q '^4198400 has a page\.*$' stdout
        exits 0 "$image: core" "$CRDUMP" -q core "$image" core
done
for image in bad-*; do
        exits 1 "$image: check" "$CRDUMP" check "$image"
        line "$image: the page at 40[0-3]000 is not in its base, a(-[a-z]+)?" "$image"
        exits 1 "$image: core" "$CRDUMP" -q core "$image" never
        exits 1 "$image: --mem" "$CRDUMP" show --mem 0x403000:16 "$image"
        exits 2 "$image: diff" "$CRDUMP" diff a "$image"
done
for image in self two three self-deflated self-large 70.70; do
        LIMIT=20 exits 1 "$image: check" "$CRDUMP" check "$image"
        line '.*: a base of more than [0-9]+ bases' "$image"
        LIMIT=20 exits 1 "$image: core" "$CRDUMP" -q core "$image" never
        LIMIT=20 exits 1 "$image: --mem" "$CRDUMP" show --mem 0x402000:16 "$image"
        LIMIT=20 exits 2 "$image: diff" "$CRDUMP" diff "$image" "$image"
        exits 0 "$image: show" "$CRDUMP" show "$image"
done
exits 0 '60 bases: check' "$CRDUMP" check 60.60
exits 0 '60 bases: diff' "$CRDUMP" diff 60.60 a
exits 0 '60 bases: --mem' "$CRDUMP" show --mem 0x402000:16 60.60
for image in wrong-*; do
        exits 4 "$image: check" "$CRDUMP" check "$image"
        line "$image: offset [0-9]+: .*" "$image"
        exits 4 "$image: core" "$CRDUMP" -q core "$image" never
        exits 4 "$image: --mem" "$CRDUMP" show --mem 0x400000:16 "$image"
done
for image in missing-*; do
        exits 1 "$image: check" "$CRDUMP" check "$image"
        line "$image: its base .*" "$image"
done
exits 1 'an id that is not its: check' "$CRDUMP" check another
line 'another: a is another image than its base' 'an id that is not its'
absent never 'no core was made'

done_testing
