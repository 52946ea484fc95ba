#!/bin/sh
# crdump diff tells what a process has changed of itself between two dumps, and of a stopped one nothing.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# --- nothing has changed

# the kernel writes to a thread's struct rseq when it goes on, on another processor: here is none
GLIBC_TUNABLES=glibc.pthread.rseq=0
export GLIBC_TUNABLES
stopped_victim "$VICTIMS/victim-core"
all_stopped() { ! grep -hE '^State:' "/proc/$pid/task"/*/status | grep -qv 'T (stopped)'; }
await 5 all_stopped || bail 'some thread does not stop'
exits 0 'a dump' "$CRDUMP" "$pid" a.img
exits 0 'another' "$CRDUMP" "$pid" b.img
exits 0 'a stopped process: no difference' "$CRDUMP" diff a.img b.img
is "$(wc -l <stdout)" 2 'two lines say what was compared'
ok 'the same process' grep -q '^b.img: the same process, .* later$' stdout
exits 0 'the other way' "$CRDUMP" diff b.img a.img
ok 'is earlier' grep -q '^a.img: the same process, .* earlier$' stdout
exits 0 'a dump with --file-pages' "$CRDUMP" --file-pages "$pid" c.img
exits 0 'clean copies of files are no difference' "$CRDUMP" diff a.img c.img
exits 0 'nor their absence' "$CRDUMP" diff c.img a.img
dismiss "$pid"

# --- what the victim says that it changes

victim "$VICTIMS/victim-diff" "$scratch/file"
exits 0 'a dump' "$CRDUMP" "$pid" a.img
kill -USR1 "$pid"
await 10 grep -q '^changed' "$out" || bail 'it does not change'
await 10 asleep "$pid"
exits 0 'another' "$CRDUMP" "$pid" b.img
exits 1 'they differ' "$CRDUMP" diff a.img b.img
cp stdout diff

said() { sed -n "s/^$1 \(.*\)/\1/p" "$out"; }
has() {                         # NAME REGEX
        grep -Eq -- "$2" diff && pass "$1" && return
        flunk "$1" "nothing matches '$2' in:"
        diag_file diff
}
at() { printf '%012x' $(($(said "$1") + $2 * 4096)); }

cat >wanted <<EOT
pages $(at pages 3)-$(at pages 6): 3 changed
pages $(at pages 9)-$(at pages 10): 1 changed
pages $(at pages 20)-$(at pages 21): 1 vanished
pages $(at pages 30)-$(at pages 32): 2 appeared
EOT
region() {                      # the lines for the pages of `pages`
        while read -r word range rest; do
                [ "$word" = pages ] || continue
                from=$((0x${range%-*}))
                [ $from -ge $(($(said pages))) ] && [ $from -lt $(($(said pages) + 64 * 4096)) ] &&
                        echo "$word $range $rest"
        done
}
region <diff >got
ok 'pages: those, and no others' diff wanted got
has 'a page of a file that became its own' "^pages $(at file 2)-$(at file 3): 1 appeared  $scratch/file\$"
has 'a mapping that left' "^mapping $(at leaves 0)-[0-9a-f]{12}.*: gone\$"
has 'one that came' "^mapping $(at comes 0)-$(at comes 5): new\$"
has 'the pages of the one that left' "^pages $(at leaves 0)-$(at leaves 3): 3 vanished"
has 'sums' '^pages: [0-9]+ changed, [0-9]+ appeared, [0-9]+ vanished$'
is "$(awk '/^pages [0-9a-f]+-/ { n[$4] += $3 }
           END { print n["changed"] " changed, " n["appeared"] " appeared, " n["vanished"] " vanished" }' diff)" \
        "$(sed -n 's/^pages: //p' diff)" 'the sums are right'
has 'a thread that came' "^thread $(said thread) victim-diff: new\$"
has 'threads are counted' '^process: threads 1 -> 2$'
has 'registers' "^thread $pid victim-diff: rip 0x[0-9a-f]+ -> 0x[0-9a-f]+\$"
has 'the system call' "^thread $pid victim-diff: system call rt_sigtimedwait -> pause\$"
has 'umask' '^process: umask 0?[0-7]+ -> 0123$'
has 'a limit' '^RLIMIT_NOFILE: soft [0-9]+ -> 100$'
has 'a signal action' '^SIGUSR2: handler 0 -> 0x[0-9a-f]+$'
has 'an interval timer' '^ITIMER_REAL: interval sec 0 -> 7$'
has 'a timer' '^timer 0: interval sec 0 -> 3$'
has 'an offset' "^descriptor $(said moved) $scratch/file: offset 0 -> 1234\$"
has 'a descriptor that came' "^descriptor $(said opened) $scratch/file: new\$"
closed=$(said closed)
has 'one that is another file now' "^descriptor $closed .*: path /dev/null -> $scratch/file\$"

exits 1 'the other way' "$CRDUMP" diff b.img a.img
ok 'what came is gone' grep -Eq "^thread $(said thread) victim-diff: gone\$" stdout
ok 'what appeared vanishes' grep -q "^pages $(at pages 30)-$(at pages 32): 2 vanished" stdout

# from a pipe; in little memory
exits 1 'one image from a pipe' sh -c "cat a.img | '$CRDUMP' diff - b.img"
tail -n +3 stdout >piped
tail -n +3 diff >want
ok 'the same' cmp want piped
room=12000
case $CRDUMP in *asan*) room=unlimited ;; esac
# shellcheck disable=SC2016
exits 1 "in $room kB" sh -c 'ulimit -v $0; exec "$@"' $room "$CRDUMP" diff a.img b.img

# --- another process, other versions

victim sleep 1000
exits 0 'a dump of another process' "$CRDUMP" "$pid" other.img
exits 1 'compared all the same' "$CRDUMP" diff a.img other.img
ok 'said' grep -q "^other.img: another process: $pid (sleep), " stdout
for old in "$here"/corpus/image/1.0-*.img; do
        exits 0 "an image of 1.0: $(basename "$old")" "$CRDUMP" diff "$old" "$old"
        exits 1 'and one of today' "$CRDUMP" diff "$old" a.img
done

# --- trouble

head -c 20000 a.img >cut
exits 4 'the first is damaged: status 4' "$CRDUMP" diff cut b.img
exits 4 'the second is damaged: status 4' "$CRDUMP" diff a.img cut
exits 2 'one that is not there: status 2' "$CRDUMP" diff a.img missing
exits 2 'stdout that takes nothing: status 2' sh -c "exec '$CRDUMP' diff a.img b.img >/dev/full"
exits 2 'two images from one pipe: status 2' "$CRDUMP" diff - -

done_testing
