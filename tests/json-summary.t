#!/bin/sh
# With --json a dump says what it has done as one JSON object: on stdout, or where the image goes there on stderr.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3
export LC_ALL=C                 # lib.sh takes /proc/PID/stat apart, with a name in it that is no UTF-8

heard() {                       # of stderr: what we have said ourselves
        grep -v '^timeout: ' stderr
}

cat >look.py <<'EOF'
import json, subprocess, sys
summary, image, pid, name, file, threads, outside = sys.argv[1:]
text = open(summary).read()
assert text.endswith('}\n') and text.count('\n') == 1, 'it is not one line: %r' % text
got = json.loads(text)
keys = 'pid name file id threads pages bytes pause_ns total_ns way why outside notes'.split()
assert list(got) == keys, list(got)
shown = json.loads(subprocess.run([sys.argv[0].replace('look.py', 'show')], input=open(image, 'rb').read(), stdout=-1, check=True).stdout)
want = {'pid': int(pid), 'name': name, 'file': file or None, 'id': shown['format']['id'], 'threads': int(threads),
        'pages': shown['pages']['data'], 'bytes': shown['format']['bytes'], 'pause_ns': shown['dump']['pause_ns'],
        'outside': outside == '1', 'notes': shown['notes']}
for key in want:
    assert got[key] == want[key] and type(got[key]) is type(want[key]), (key, got[key], want[key])
assert int(got['total_ns'], 16) >= int(shown['dump']['total_ns'], 16) > int(got['pause_ns'], 16) > 0, got
EOF
# shellcheck disable=SC2016
printf '#!/bin/sh\nexec "%s" show --json -\n' "$CRDUMP" >show
chmod +x show
agrees() {                      # NAME SUMMARY IMAGE PID COMM FILE THREADS OUTSIDE: the object is that of this image
        t_title=$1
        shift
        ok "$t_title: says what the image says" python3 "$scratch/look.py" "$@"
}

# A name that JSON must escape, the last byte of which is no UTF-8; threads.
cat >named.py <<'EOF'
import threading, time
for i in range(3):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
open('/proc/self/comm', 'wb').write(b'a"b\\\xc3\xa4\xff')
print('ready', flush=True)
time.sleep(1000)
EOF
python_ready named.py
comm=$(printf 'a"b\\\303\244\303\277')

exits 0 'to a file' "$CRDUMP" --json "$pid" img
is "$(heard)" '' 'nothing on stderr'
agrees 'to a file' stdout img "$pid" "$comm" img 4 0
exits 0 'with -q' "$CRDUMP" -q "$pid" ./img --json
is "$(heard)" '' 'with -q: nothing on stderr'
agrees 'with -q' stdout img "$pid" "$comm" ./img 4 0
exits 0 'with -v' "$CRDUMP" -v --json "$pid" img
says '^crdump: target released' 'with -v: the steps are on stderr'
is "$(grep -c paused stderr)" 0 'but not the summary in words'
agrees 'with -v' stdout img "$pid" "$comm" img 4 0
exits 0 'to stdout' "$CRDUMP" --json "$pid" -
mv stdout img
heard >object
agrees 'to stdout' object img "$pid" "$comm" '' 4 0

failed() {                      # STATUS NAME CMD...: a line on stderr, nothing on stdout
        exits "$@"
        is "$(cat stdout)" '' "$2: nothing on stdout"
        is "$(heard | wc -l)" 1 "$2: one line on stderr"
        is "$(grep -c '[{}]' stderr)" 0 "$2: no object"
}
failed 1 'no such process' "$CRDUMP" --json 2147483647 no
failed 1 'no such folder' "$CRDUMP" --json "$pid" no/img
failed 1 'a full stdout' sh -c "'$CRDUMP' --json $pid complete >/dev/full"
ok 'the image is complete' "$CRDUMP" check complete
failed 1 'a closed stdout' sh -c "'$CRDUMP' --json $pid complete >&-"

# From outside only: the target is fenced in by seccomp, and so are we, who must not lift its fence then.
: >beat
background "$VICTIMS/victim-seccomp" filter beat
await 20 ready_or_dead grep -q '^ready' "$out"
pid=$(sed -n 's/^pid //p' "$out")
comm=$(cat "/proc/$pid/comm")
exits 5 'from outside only' "$VICTIMS/victim-seccomp" confine "$CRDUMP" --json "$pid" img
agrees 'from outside only' stdout img "$pid" "$comm" img "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" 1

done_testing
