#!/bin/sh
# gdb sees a python3 with threads in our core as it sees it in the process.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/core.sh"

need gdb gcore python3

cat >busy.py <<'EOT'
import json, select, threading, time, zlib
def nap():
    time.sleep(1000)
def spin():
    while True:
        zlib.crc32(bytes(5000))
for target in (nap, spin, lambda: select.select([], [], [])):
    threading.Thread(target=target, daemon=True).start()
print("ready", flush=True)
nap()
EOT
victim taskset 1 python3 busy.py
await 20 ready_or_dead grep -q '^ready' "$out" || bail 'python did not start'
kill -STOP "$pid"
await 5 in_state "$pid" T || bail 'python did not stop'
gdb_sees_the_same "$(readlink "/proc/$pid/exe")"
gcore_has_the_same

done_testing
