#!/bin/sh
# An image of 100 GiB is read in little memory, and as far as it is asked for.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export CRDUMP PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1

# Of zeros, whose file has holes in their place; but the last page is not. What CRC-32 makes of
# zeros is linear in the one before, so it is computed once.
cat >make.py <<'EOT'
import os
from mkimg import *

PAGES = 2046                    # of a chunk: that is 4096 bytes of heads, and 8 MiB at most
ZEROS = bytes(4096 * PAGES)
START = 0x100000000

f0 = zlib.crc32(ZEROS, 0)
bits = [zlib.crc32(ZEROS, 1 << n) ^ f0 for n in range(32)]

def behind(crc):                # the CRC of what had this one, and ZEROS
        out = f0
        for n in range(32):
                if crc >> n & 1:
                        out ^= bits[n]
        return out

class Huge(Image):
        def write(self, path, chunks):
                crc = zlib.crc32(self.header[:-4])
                self.file, self.seq, self.crc, self.at = open(path, 'wb'), 0, crc, 64
                self.file.write(self.header[:-4] + struct.pack('<I', crc))
                self.thread()
                index = [self.put('PROC', pack('img_proc', threads=1, **self.proc) + strings(self.proc_strs)),
                         self.put('THRD', self.threads[0]),
                         self.put('MAPS', array([pack('img_map', start=START, end=START + 4096 * PAGES * chunks, prot=3)]))]
                for n in range(chunks):
                        addr = START + n * 4096 * PAGES
                        head = pack('img_run', addr=addr, n=PAGES, kind=IMG['IMG_DATA'], cls=IMG['IMG_PRIVATE_ANON'])
                        off = 24 + len(head) + -(self.at + 32 + 24 + len(head)) % 4096
                        head = pack('img_pages', addr=addr, n=1, size=16, data_off=off, data_pages=PAGES) + head
                        data = ZEROS[4096:] + b'the end.' * 512 if n == chunks - 1 else None
                        entry = self.put('PAGES', head + bytes(off - len(head)), data, len(ZEROS))
                        if n % 4 == 0:
                                index.append(entry)
                at = self.at
                self.put('INDX', array(index))
                end = dict(self.end, chunks=self.seq + 1, bytes=self.at + 32 + 96, pages=[0, chunks * PAGES, 0, 0, 0, 0])
                self.put('END', pack('img_end', index_off=at, magic=b'CRDEND\r\n', **end))
                self.file.truncate(self.at)
                self.file.close()

        def put(self, tag, payload, data=None, more=0):
                crc = zlib.crc32(payload)
                if more:
                        crc = behind(crc) if data is None else zlib.crc32(data, crc)
                head = pack('img_chunk', tag=IMG['IMG_' + tag], len=len(payload) + more, seq=self.seq, prev=self.crc, crc=crc)[:-4]
                self.crc = zlib.crc32(head)
                self.file.seek(self.at)
                self.file.write(head + struct.pack('<I', self.crc) + payload)
                if data:
                        self.file.write(data)
                addr = int.from_bytes(payload[:8], 'little') if tag == 'PAGES' else 0
                entry = pack('img_index', tag=IMG['IMG_' + tag], seq=self.seq, off=self.at, addr=addr)
                self.at += 32 + len(payload) + more
                if tag != 'END':
                        self.at += -self.at % 16
                self.seq += 1
                return entry

Huge().write('huge', 12830)
Huge().write('large', 130)
EOT
ok 'images' python3 make.py
ok '100 GiB' test "$(stat -c %s huge)" -gt 107374182400
ok 'in a few hundred MB' test "$(du -m huge | cut -f 1)" -lt 400
last=$(printf '%x' $((0x100000000 + 12830 * 2046 * 4096 - 16)))

room=32000                      # kB of address space: two PAGE chunks, and what is around them
case $CRDUMP in *asan*) room=unlimited ;; esac
in_room() {                     # NAME CMD...
        t_what=$1
        shift
        # shellcheck disable=SC2016     # for the inner shell
        LIMIT=${LIMIT:-20} exits 0 "$t_what, in $room kB" sh -c 'ulimit -v $0; exec "$@"' $room "$@"
}
in_room 'show --mem' "$CRDUMP" show --mem "0x$last:16" --raw huge
is "$(cat stdout)" 'the end.the end.' 'the last bytes'
LIMIT=20 exits 0 'show --mem' strace -qq -o trace -e trace=read,pread64 "$CRDUMP" show --mem "0x$last:16" --raw huge
bytes=$(awk '{ n += $NF } END { print n }' trace)
ok "by reading $bytes bytes" test "$bytes" -lt 60000000

if [ "${CRDUMP_FULL:-}" = 1 ]; then             # a minute: all of it is read, and verified
        LIMIT=600 in_room 'show' "$CRDUMP" show huge
        ok 'all its pages' grep -Eq '^ +26250180 data +100\.1 GiB' stdout
fi

# all of a gigabyte, from where one cannot seek
mkfifo pipe
cat large >pipe &
in_room 'check, of 1 GiB from a pipe' "$CRDUMP" check - <pipe
cat large >pipe &
in_room 'show --all, likewise' "$CRDUMP" show --all - <pipe
in_room 'core' "$CRDUMP" core large core
is "$(tail -c 16 core | tr -d '\0')" 'the end.the end.' 'the last bytes of the core'
in_room 'diff' "$CRDUMP" diff large large

done_testing
