#!/bin/sh
# crdump show tells what is in an image in words, and with --json the same to programs.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-signals"
exits 0 'dump' "$CRDUMP" "$pid" img

has() {                         # REGEX NAME
        grep -Eq -- "$1" stdout && pass "$2" && return
        flunk "$2" "nothing matches '$1' in:"
        diag_file stdout
}

exits 0 'show' "$CRDUMP" show --all img
is "$(cat stderr)" '' 'nothing on stderr'
has "(^|[^0-9])$pid([^0-9]|$)" 'the pid'
has 'victim-signals' 'the name'
has 'rip' 'registers'
has 'stack' 'mappings'
has 'SIGUSR1.*handler' 'a handler, by the name of its signal'
has 'SIGPIPE.*SIG_IGN' 'an ignored signal'
has 'SA_SIGINFO' 'flags by name'
has 'REAL' 'timers'
exits 1 'show of a missing file' "$CRDUMP" show missing
is "$(cat stdout)" '' 'nothing on stdout then'

need python3
exits 0 'show --json' "$CRDUMP" show --json img
cp stdout json
"$VICTIMS/readimg" img actions >actions
"$VICTIMS/readimg" img threads >threads
"$VICTIMS/readimg" img regs "$pid" >regs
"$VICTIMS/readimg" img maps >maps
cat >look.py <<'EOT'
import json, sys
def nothing_but(pairs):                         # keys must not come twice
    d = dict(pairs)
    assert len(d) == len(pairs), pairs
    return d
text = open("json", "rb").read().decode("utf-8")
j = json.loads(text, object_pairs_hook=nothing_but)
pid = int(sys.argv[1])
assert j["complete"] is True
assert j["process"]["pid"] == pid and j["process"]["comm"] == "victim-signals"
assert j["process"]["exe"].endswith("/victim-signals") and j["process"]["umask"] == 0o137
assert len(j["threads"]) == 4 == j["process"]["threads"]
for t, line in zip(j["threads"], open("threads")):
    tid, state, blocked, comm = line.split()
    assert (t["tid"], t["state"], int(t["blocked"], 16), t["comm"]) == (int(tid), state, int(blocked, 16), comm), line
regs = {k: int(v, 16) for k, v in (line.split() for line in open("regs"))}
assert {k: int(v, 16) for k, v in j["threads"][0]["regs"].items()} == regs
for a, line in zip(j["sigactions"], open("actions")):
    _, n, handler, flags, restorer, mask = line.split()
    assert [a["signal"]] + [int(a[k], 16) for k in ("handler", "flags", "restorer", "mask")] == \
        [int(n)] + [int(x, 16) for x in (handler, flags, restorer, mask)], line
assert len(j["sigactions"]) == 64 and j["sigactions"][9]["name"] == "SIGUSR1"
lines = open("maps").read().splitlines()
assert len(lines) == len(j["mappings"])
for m, line in zip(j["mappings"], lines):
    f = line.split(None, 5) + [""]
    assert "%08x-%08x" % (int(m["start"], 16), int(m["end"], 16)) == f[0] and m["prot"] == f[1] and m["name"] == f[5], line
    assert sum(m["pages"].values()) * 4096 == int(m["end"], 16) - int(m["start"], 16), line
print(len(text), "bytes of JSON")
EOT
ok 'the JSON says what the image holds' python3 look.py "$pid"
diag_file t.out

done_testing
