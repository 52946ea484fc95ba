#!/bin/sh
# show --mem prints the bytes of the memory, says where there are none, and reads no more of the image than it must.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need strace python3

stopped_victim "$VICTIMS/victim-mem" "$scratch/file"
exits 0 'dump' "$CRDUMP" "$pid" img
address_of() { sed -n "s/^$1 \(.*\) .*/\1/p" "$out"; }
hex() { printf '0x%x' "$1"; }
live() {                        # ADDR LEN: what the process has there
        dd if="/proc/$pid/mem" iflag=skip_bytes,count_bytes bs=65536 skip=$(($1)) count="$2" 2>/dev/null
}

# --- raw: the bytes that the process has

raw() {                         # NAME ADDR LEN
        live "$2" "$3" >wanted
        exits 0 "$1, raw" "$CRDUMP" show --mem "$2:$3" --raw img
        ok "$1: as the process has it" sh -c 'test -s wanted && cmp wanted stdout'
}
data=$(address_of data)
raw 'a region' "$data" 1228800
raw 'a part of it' "$(hex $((data + 4000)))" 10000
raw 'an address in decimal' $((data + 17)) 3
raw 'touched and untouched pages' "$(address_of holes)" 262144
raw 'zeros' "$(address_of zeros)" 32768
raw 'shared memory' "$(address_of shared)" 16384
stack=$(sed -n 's/^\([0-9a-f]*\)-.*\[stack\]$/0x\1/p' "/proc/$pid/maps")
raw 'the stack' "$stack" 65536
exits 0 'LEN may have a unit' "$CRDUMP" show --mem "$data:4K" --raw img
is "$(wc -c <stdout)" 4096 '4K are 4096'
exits 0 'without LEN' "$CRDUMP" show --mem "$data" --raw img
is "$(wc -c <stdout)" 256 '256 bytes'

# --- a hexdump of the same

cat >unhex.py <<'EOT'
import re, sys
out, at, last = bytearray(), None, b""
for line in sys.stdin.read().splitlines():
    if line == "*":
        star = at
        continue
    m = re.fullmatch(r"([0-9a-f]{16})(?:  ((?:[0-9a-f]{2} {1,2}){1,16}) *\|(.{1,16})\|)?", line)
    assert m, line
    addr = int(m[1], 16)
    while at is not None and at < addr:         # what a star stands for
        out += last
        at += 16
    assert at in (None, addr), line
    if m[2] is None:
        break
    last = bytes.fromhex(m[2])
    assert m[3] == "".join(chr(c) if 32 <= c < 127 else "." for c in last), line
    out += last
    at = addr + len(last)
sys.stdout.buffer.write(out)
EOT
hexdump_of() {                  # NAME ADDR LEN
        live "$2" "$3" >wanted
        exits 0 "$1, in hex" "$CRDUMP" show --mem "$2:$3" img
        python3 unhex.py <stdout >got 2>unhex.err || diag_file unhex.err
        ok "$1: as the process has it" cmp wanted got
}
hexdump_of 'the stack' "$stack" 135168
hexdump_of 'from an odd address on, over pages' "$(hex $((data + 4077)))" 8197
hexdump_of 'zeros' "$(hex $(($(address_of zeros) - 8)))" 16384
hexdump_of 'a byte' "$data" 1
lines() { wc -l <stdout; }
exits 0 'a reservation of 256 GiB' "$CRDUMP" show --mem "$(address_of reserve):256G" img
is "$(lines)" 3 'is three lines'

# --- what has no bytes

gap() {                         # NAME ADDR LEN TEXT
        exits 0 "$1" "$CRDUMP" show --mem "$2:$3" img
        is "$(cat stdout)" "$(printf '%016x-%016x: %s' $(($2)) $(($2 + $3)) "$4")" "$1: said"
        exits 1 "$1, raw" "$CRDUMP" show --mem "$2:$3" --raw img
        is "$(wc -c <stdout)" 0 "$1: no byte of it"
        says "^crdump: img: [0-9a-f]+-[0-9a-f]+ is ${4%% at offset*}" "$1: said"
}
gap 'nothing mapped' 0x1000 0x100000 'not mapped'
gap 'a page of a file' "$(hex $(($(address_of clean) + 4096)))" 8192 "in the file $scratch/file at offset 0x1000"
if grep -q '^guards' "$out"; then
        gap 'guard pages' "$(address_of guards)" 8192 'guard pages'
else
        skip 'guard pages' 'the kernel has none'
fi
vvar=$(sed -n 's/^\([0-9a-f]*\)-.*\[vvar\]$/0x\1/p' "/proc/$pid/maps")
gap "the kernel's own" "$vvar" 4096 "the kernel's own"
exits 0 'the end of all addresses' "$CRDUMP" show --mem 0xfffffffffffff000:4K img
is "$(cat stdout)" 'fffffffffffff000-0000000000000000: not mapped' 'is said'

# pages of its own between such of the file
changed=$(address_of changed)
exits 0 'by turns' "$CRDUMP" show --mem "$changed:32768" img
is "$(grep -c '^[0-9a-f]*-.* in the file' stdout)" 3 'three times the file'
exits 1 'by turns, raw' "$CRDUMP" show --mem "$(hex $((changed + 8192))):32768" --raw img
live $((changed + 8192)) 4096 >wanted
ok 'what comes before the gap is there' cmp wanted stdout

# --- no more than needed

exits 0 'from a pipe' sh -c "cat img | '$CRDUMP' show --mem $data:9999 --raw -"
live "$data" 9999 >wanted
ok 'the same' cmp wanted stdout
dismiss "$pid"

cat >large.py <<'EOT'
import time
x = [bytes([i % 251]) * 4096 for i in range(20000)]
print("ready", hex(id(x[10000]) & -4096), flush=True)
time.sleep(1000)
EOT
victim python3 large.py
await 20 ready_or_dead grep -q ready "$out" || bail 'python did not start'
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'python did not stop'
exits 0 'dump of much memory' "$CRDUMP" "$pid" large
stack=$(sed -n 's/^[0-9a-f]*-\([0-9a-f]*\) .*\[stack\]$/\1/p' "/proc/$pid/maps")
first=0x$(sed -n '1s/-.*//p' "/proc/$pid/maps")
at=$(hex $((0x$stack - 4096)))
live "$at" 4096 >wanted
room=12000
case $CRDUMP in *asan*) room=unlimited ;; esac
# shellcheck disable=SC2016
exits 0 "its stack, in $room kB" sh -c 'ulimit -v $0; exec "$@"' $room "$CRDUMP" show --mem "$at:4096" --raw large
ok 'as the process has it' cmp wanted stdout
exits 0 'its stack' strace -qq -o trace -e trace=read,pread64 "$CRDUMP" show --mem "$at:4096" --raw large
bytes=$(awk '{ n += $NF } END { print n }' trace)
ok "by reading $bytes bytes of $(stat -c %s large)" test "$bytes" -lt 4000000
exits 0 'the same from a pipe' sh -c "cat large | '$CRDUMP' show --mem $at:4096 --raw -"
ok 'as the process has it' cmp wanted stdout

# cut off in the midst
head -c 40000000 large >cut
exits 0 'what comes before the cut is there' "$CRDUMP" show --mem "$first" cut
exits 4 'what comes behind is not' "$CRDUMP" show --mem "$at" --raw cut
is "$(wc -c <stdout)" 0 'no byte of it'

# --- an index that lies, with checksums that are right

at=$(sed -n 's/^ready //p' "$out")
live "$at" 4096 >wanted

cat >lie.py <<'EOT'
import struct, sys, zlib
image = bytearray(open("large", "rb").read())
(where,) = struct.unpack_from("<Q", image, len(image) - 16)     # END's last words: INDX, magic
tag, flags, length, seq, prev, crc, head = struct.unpack_from("<4sIQIIII", image, where)
assert tag == b"INDX"
n, size = struct.unpack_from("<II", image, where + 32)
at = [where + 40 + i * size for i in range(n)]
last = max((i for i in at if image[i:i + 4] == b"PAGE" and struct.unpack_from("<Q", image, i + 16)[0] <= int(sys.argv[2], 0)),
           key=lambda i: struct.unpack_from("<Q", image, i + 16)[0])
tag, number, off, addr = struct.unpack_from("<4sIQQ", image, last)
how = sys.argv[1]
if how == "inside":             # into the data of pages
    off += 4096 * 3
elif how == "beyond":
    off = len(image) + 4096
elif how == "far":
    off = 2**64 - 4096
elif how == "other":            # to another PAGE chunk
    off = struct.unpack_from("<4sIQQ", image, last - size)[2]
elif how == "higher":           # to one that comes behind what is looked for
    tag, number, off, _ = struct.unpack_from("<4sIQQ", image, at[-1])
elif how == "number":
    number += 1
elif how == "addr":
    addr -= 4096
elif how == "nowhere":          # no PAGE chunk is listed
    for i in at:
        struct.pack_into("<Q", image, i + 16, 2**64 - 4096)
struct.pack_into("<4sIQQ", image, last, tag, number, off, addr) if how != "nowhere" else None
crc = zlib.crc32(image[where + 32:where + 32 + length])
if how == "sum":
    crc ^= 1
struct.pack_into("<I", image, where + 24, crc)
struct.pack_into("<I", image, where + 28, zlib.crc32(image[where:where + 28]))
if how == "size":               # one that says it is larger than the file
    struct.pack_into("<Q", image, where + 8, 2**40)
    struct.pack_into("<I", image, where + 28, zlib.crc32(image[where:where + 28]))
if how == "end":
    struct.pack_into("<Q", image, len(image) - 16, where + 16)
open("lying", "wb").write(image)
EOT
for lie in inside beyond far other higher number addr; do
        python3 lie.py "$lie" "$at"
        exits 4 "an index that lies: $lie" "$CRDUMP" show --mem "$at:4096" --raw lying
        is "$(wc -c <stdout)" 0 "$lie: no byte is shown"
done
for lie in sum size end nowhere true; do
        python3 lie.py "$lie" "$at"
        exits 0 "an index that is of no use: $lie" "$CRDUMP" show --mem "$at:4096" --raw lying
        ok "$lie: found without it" cmp wanted stdout
done

# --- usage

for bad in '' x 0x 1: 1:0 1:1T 1:x 0x1:9999999999G 0xffffffffffffffff:2 99999999999999999999 -1 ' 1'; do
        exits 2 "refused: --mem '$bad'" "$CRDUMP" show --mem "$bad" img
done
exits 2 'refused: --raw alone' "$CRDUMP" show --raw img
exits 2 'refused: --mem with --json' "$CRDUMP" show --mem 1 --json img
exits 1 'no such image' "$CRDUMP" show --mem 1 missing

done_testing
