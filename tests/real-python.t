#!/bin/sh
# A python with a heap of 64 MiB, dumped while it works, keeps every byte of it, and the image holds them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3

cat >heap.py <<'EOT'
import random, sys, zlib
random.seed(4711)
heap = [random.randbytes(4096) for _ in range(16384)]
def checksum():
    crc = 0
    for block in heap:
        crc = zlib.crc32(block, crc)
    return crc
first = checksum()
print("ready", hex(id(heap[777]) + bytes.__basicsize__ - 1), heap[777][:32].hex(), flush=True)
n = 0
while True:
    n += 1
    print("good" if checksum() == first else "BAD", n, flush=True)
EOT

rounds() { grep -c . "$out"; }

more_rounds() { [ "$(rounds)" -gt "$1" ]; }

victim python3 heap.py
await 30 ready_or_dead grep -q '^ready' "$out" || bail 'python did not start'
at_rest "$pid" >before

for n in 1 2 3 4 5; do
        for way in --catch=park --catch=breakpoint; do
                exits 0 "dump $n with $way" "$CRDUMP" $way "$pid" img
                was=$(rounds)
                ok 'it goes on' await 10 more_rounds $((was + 1))
        done
done
is "$(grep -c BAD "$out")" 0 'every checksum of its heap was right'
exits 0 'check' "$CRDUMP" check img
ok 'the image is about as large as the heap' test "$(stat -c %s img)" -gt 67108864 -a "$(stat -c %s img)" -lt 110000000

head -n 1 "$out" >first
read -r _ addr bytes <first
is "$("$VICTIMS/readimg" img mem "$addr" 32 | od -An -tx1 -v | tr -d ' \n')" "$bytes" 'a block of the heap is in the image'
unchanged 'as it was' "$pid" before

done_testing
