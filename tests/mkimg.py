# SPDX-License-Identifier: MIT
# mkimg.py - images with chosen values, for the tests of show: of no process that ever was
#
# What a struct looks like is read from image.h itself, so that a test names the
# fields; how chunks hang together is written here once more, from its prose. It
# shares no code with crdump.
#
#       i = Image()                     an image with a process, a thread and a page
#       i.thread(tid=7, nice=-5, known=IMG['IMG_THREAD_SCHED'])
#       i.write('img')
#       shown = show('img')             crdump show --json, as Python has it
#       words = show_text('img', '--all')

import json
import os
import re
import struct
import subprocess
import sys
import zlib

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
TYPES = {'uint8_t': 'B', 'uint16_t': 'H', 'uint32_t': 'I', 'int32_t': 'i', 'uint64_t': 'Q', 'int64_t': 'q'}
IMG = {}                # its constants
STRUCTS = {}            # name: [(field, type letter, how many)]
REGS = 27
U32, U64 = 2**32 - 1, 2**64 - 1
I32, I64 = 2**31, 2**63


def read_header():
        text = re.sub(r'/\*.*?\*/', '', open(os.path.join(TOP, 'image.h')).read(), flags=re.S).replace('\\\n', '')
        for name, body in re.findall(r'struct (\w+) \{(.*?)\n\};', text, flags=re.S):
                fields = STRUCTS[name] = []
                for kind, names in re.findall(r'(\w+)\s+([\w\s,\[\]]+);', body):
                        for field in names.split(','):
                                n = re.match(r'\s*(\w+)(?:\[(\d+)\])?\s*$', field)
                                fields.append((n.group(1), TYPES[kind], int(n.group(2) or 1)))
        for name, a, b, c, d in re.findall(r"#define\s+(IMG_\w+)\s+IMG_TAG\('(.)', '(.)', '(.)', '(.)'\)", text):
                IMG[name] = int.from_bytes((a + b + c + d).encode(), 'little')
        for name, value in re.findall(r'#define\s+(IMG_\w+)[ \t]+([(\w][^"\n]*)$', text, flags=re.M):
                value = re.sub(r'\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]+', r'\1', value).strip()
                if 'IMG_TAG' not in value:
                        IMG[name] = eval(value, {}, IMG)
        for body in re.findall(r'enum \w+ \{(.*?)\};', text, flags=re.S):
                n = 0
                for name in re.findall(r'(\w+)\s*(?:=\s*(\d+))?\s*,', body + ','):
                        n = int(name[1]) if name[1] else n
                        IMG[name[0]] = n
                        n += 1


def pack(name, /, **values):
        """The bytes of a struct; what is not named is 0, `size` is its own."""
        data = b''
        size = sum(struct.calcsize('<' + letter) * n for _, letter, n in STRUCTS[name])
        for field, letter, n in STRUCTS[name]:
                value = values.pop(field, size if field == 'size' else [0] * n)
                if isinstance(value, bytes):
                        data += value.ljust(n, b'\0')
                else:
                        value = value if isinstance(value, (list, tuple)) else [value]
                        data += struct.pack('<%d%s' % (n, letter), *value, *[0] * (n - len(value)))
        assert not values, '%s has no %s' % (name, ', '.join(values))
        return data


def strings(strs):
        """img_str's; an id may come several times."""
        data = b''
        for key, value in strs:
                key = IMG[key] if isinstance(key, str) else key
                value = value.encode() if isinstance(value, str) else value
                data += pack('img_str', id=key, len=len(value)) + value + b'\0' * (-len(value) % 8)
        return data


def array(entries, size=0):
        return pack('img_array', n=len(entries), size=len(entries[0]) if entries else size) + b''.join(entries)


class Image:
        def __init__(self, minor=1, may=0, must=0, id=bytes(range(16))):
                self.header = pack('img_header', magic=b'\x89CRD\r\n\x1a\n', endian=0x01020304, major=1, minor=minor, arch=62,
                                   page_shift=12, len=64, may=may, must=must, id=id)
                self.must, self.id = must, id
                self.page = lambda addr: b'\xaa' * 4096         # what the one there holds, here or in the base
                self.deflate = zlib.compress    # with IMG_MUST_DEFLATED: what becomes of the page data
                self.sums = lambda sums: sums   # with IMG_MUST_BASE: likewise
                self.gap = 0                    # zeros between these that should not be there
                self.data_pages = None          # what the chunk says, if that is not true
                self.split = False              # a PAGE chunk for each mapping
                self.proc = dict(pid=4711, ppid=1, tgid=4711, pgid=4711, sid=4700, state=ord('S'), umask=0o22, tty_pgrp=-1)
                self.proc_strs = [('IMG_STR_COMM', 'victim')]
                self.proc_size = None           # bytes of img_proc, if not all
                self.threads = []
                self.chunks = []                # (tag, payload) of the others
                self.maps = []
                self.end = dict(pause_ns=1500000, total_ns=2500000)

        def add(self, tag, payload):
                self.chunks.append((IMG['IMG_' + tag], payload))

        def thread(self, strs=(), regs=None, xstate=b'', size=None, **values):
                regs = struct.pack('<%dQ' % REGS, *range(REGS)) if regs is None else regs
                strs = strings(strs)
                values = {'tid': 4711, 'state': ord('S'), 'syscall': -1, 'comm': b'victim', 'regs_len': len(regs),
                          'xstate_len': len(xstate), 'strs_len': len(strs), **values}
                if size:
                        values['size'] = size
                data = pack('img_thread', **values)[:size] + regs + xstate
                self.threads.append(data + b'\0' * (-len(data) % 8) + strs if strs else data)

        def fd(self, strs=(), **values):
                self.add('DESC', pack('img_fd', **values) + strings(strs))

        def map(self, start, name='', runs=(), **values):
                """runs: (kind, class, pages, why)"""
                runs = runs or [(IMG['IMG_DATA'], IMG['IMG_PRIVATE_ANON'], 1, 0)]
                pages = sum(run[2] for run in runs)
                self.maps.append((dict(start=start, end=start + 4096 * pages, **values), os.fsencode(name), runs))

        def page_chunk(self, at, maps):
                """at: where the payload will lie in the file"""
                runs, data, sums, first = b'', b'', b'', None
                for values, _, parts in maps:
                        addr = values['start']
                        for kind, cls, n, why in parts:
                                first = addr if first is None else first
                                runs += pack('img_run', addr=addr, n=n, kind=kind, cls=cls, why=why)
                                filled = self.must & IMG['IMG_MUST_FILLED'] and why & IMG['IMG_HOW_FILLED']
                                pages = [self.page(addr + 4096 * i) for i in range(n)] if kind == IMG['IMG_DATA'] and not filled else []
                                if self.must & IMG['IMG_MUST_BASE'] and why & IMG['IMG_HOW_BASE']:
                                        sums += b''.join(struct.pack('<I', zlib.crc32(page)) for page in pages)
                                else:
                                        data += b''.join(pages)
                                self.pages[kind] += n
                                addr += 4096 * n
                sums = self.sums(sums)
                head, pages = 24 + len(runs) + len(sums), len(data) // 4096
                small = self.deflate(data) if data and self.must & IMG['IMG_MUST_DEFLATED'] else data
                gap = self.gap + (-(at + head) % 4096 if data and len(small) >= len(data) else 0)
                return pack('img_pages', addr=first, n=len(runs) // 16, size=16, data_off=head + gap,
                            data_pages=pages if self.data_pages is None else self.data_pages) + \
                        runs + sums + b'\0' * gap + small

        def base(self, name, id):
                self.proc_strs += [('IMG_STR_BASE', name), ('IMG_STR_BASE_ID', id)]

        def write(self, path):
                if not self.threads:
                        self.thread()
                if not self.maps:
                        self.map(0x400000, '/bin/victim', prot=5)
                self.pages = [0] * 6
                crc = zlib.crc32(self.header[:-4])
                out = bytearray(self.header[:-4] + struct.pack('<I', crc))
                maps, names = [], b''
                for values, name, _ in self.maps:
                        maps.append(pack('img_map', **{'name': len(names), 'name_len': len(name), **values}))
                        names += name
                proc = pack('img_proc', **{'size': self.proc_size or len(pack('img_proc')), 'threads': len(self.threads), **self.proc})
                chunks = [(IMG['IMG_PROC'], proc[:self.proc_size] + strings(self.proc_strs))]
                chunks += [(IMG['IMG_THRD'], t) for t in self.threads] + [(IMG['IMG_MAPS'], array(maps) + names)]
                chunks += self.chunks + [(IMG['IMG_PAGES'], part) for part in ([[m] for m in self.maps] if self.split else [self.maps])]
                chunks += [(IMG['IMG_INDX'], None), (IMG['IMG_END'], None)]
                index = []
                for seq, (tag, payload) in enumerate(chunks):
                        addr = 0
                        if tag == IMG['IMG_PAGES']:
                                addr = payload[0][0]['start']
                                payload = self.page_chunk(len(out) + 32, payload)
                        elif tag == IMG['IMG_INDX']:
                                index_off, payload = len(out), array(index)
                        elif tag == IMG['IMG_END']:
                                payload = pack('img_end', chunks=len(chunks), bytes=len(out) + 32 + 96, pages=self.pages,
                                               index_off=index_off, magic=b'CRDEND\r\n', **self.end)
                        if tag != IMG['IMG_INDX']:
                                index.append(pack('img_index', tag=tag, seq=seq, off=len(out), addr=addr))
                        head = pack('img_chunk', tag=tag, len=len(payload), seq=seq, prev=crc, crc=zlib.crc32(payload))[:-4]
                        crc = zlib.crc32(head)
                        out += head + struct.pack('<I', crc) + payload
                        if tag != IMG['IMG_END']:
                                out += b'\0' * (-len(out) % 16)
                open(path, 'wb').write(out)


# Another libc has other words for an errno.
ERRNO = re.compile(rb'not known: [^,\n]*|unreadable"?: "?[^"\]\n,]*')


def tools():
        """crdump, and the one with sanitizers where there is one."""
        asan = os.environ.get('CRDUMP_ASAN')
        return [os.environ['CRDUMP']] + ([asan] if asan and os.access(asan, os.X_OK) else [])


def run(path, *options):
        """What all of them print, which is the same, on an image that is whole."""
        outs = []
        for tool in tools():
                p = subprocess.run([tool, 'show', *options, path], capture_output=True)
                assert p.returncode == 0 and not p.stderr, (tool, p.returncode, p.stderr[-2000:].decode())
                outs.append(p.stdout)
        assert len({ERRNO.sub(b'', out) for out in outs}) == 1, 'the sanitized one prints something else'
        assert all(c == 10 or 32 <= c < 127 for c in outs[0]) or '--json' in options, 'a byte that no terminal should get'
        return outs[0].decode('utf-8')


def once(pairs):
        values = dict(pairs)
        assert len(values) == len(pairs), 'a key that comes twice: %s' % [key for key, _ in pairs]
        return values


def show(path, *options):
        return json.loads(run(path, '--json', *options), object_pairs_hook=once)


def show_text(path, *options):
        return run(path, *options)


failed = []


def check(name, got, wanted):
        if got != wanted:
                failed.append(name)
                print('%s: %r, wanted %r' % (name, got, wanted))


def has(text, regex, name=None):
        if not re.search(regex, text, flags=re.M):
                failed.append(name or regex)
                print('%s: nothing matches %r in:\n%s' % (name or 'words', regex, text[:6000]))


def hexed(n):
        return '0x%x' % (n & U64)


def done():
        sys.exit(1 if failed else 0)


read_header()
