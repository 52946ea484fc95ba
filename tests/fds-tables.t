#!/bin/sh
# Threads that have a table of descriptors of their own: each table is in the image once, with whose it is, and stays as it was.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

readthread=$VICTIMS/readthread
REAL=$CRDUMP

tid() { sed -n "s/^named $1 //p" "$out"; }      # NAME: of the victim's thread

start() {                       # CMD...: the victim; sets own and the like
        background "$@"
        await 20 grep -q '^ready' "$out" || bail "the victim did not start: $(cat "$out")"
        asked=0 live=
        own=$(tid own) mate=$(tid mate) plain=$(tid plain) none=$(tid none) socket=$(tid socket)
}

# Its report, the descriptors of the process or of "own", as readfds has them
part() {                        # FILE process|own
        awk -v want="$2" '/^table / { part = $2; next } (part ? part : "process") == want' "$1" | grep -v '^[0-9]* own ' | sort
}

image_part() {                  # FILE-WITH-WHAT-IS-WANTED: those lines' words of the file image
        awk '{ k = $1 " " $2 } NR == FNR { key[k]; next } k in key' "$1" image | sort
}

# All links and fdinfo of each thread
all_texts() {
        for t_dir in "/proc/$pid/task"/*; do
                for t_fd in "$t_dir/fd"/*; do
                        [ -L "$t_fd" ] || continue
                        echo "${t_dir##*/} ${t_fd##*/} $(readlink "$t_fd")"
                        sed "s/^/${t_dir##*/} ${t_fd##*/} /" "$t_dir/fdinfo/${t_fd##*/}"
                done
        done
}

# The numbers and links of a thread, by /proc and by the image
listed() { find "/proc/$pid/task/$1/fd" -type l -printf '%f %l\n' | sort; }
in_image() { "$readfds" -t "$1" img | sed -n 's/^\([0-9]*\) path /\1 /p' | sort; }

table_of() { "$readthread" img "$1" | sed -n 's/^fd_table //p'; }

every_table() {                 # WHAT: the image has all tables, whole
        is "$(in_image 0)" "$(listed "${live:-$pid}")" "$1: those of the process"
        is "$(in_image "$own")" "$(listed "$own")" "$1: those of a thread"
        is "$(in_image "$socket")" "$(listed "$socket")" "$1: those of another one"
        is "$(in_image "$none")" '' "$1: one has none"
}

# --- as it should be

start "$VICTIMS/victim-fd-tables"
last_report before
all_texts >texts.before
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'check' "$CRDUMP" check img
all_texts >texts.after
ok 'links and fdinfo of all threads as they were' diff texts.before texts.after
every_table 'all permitted'
is "$(table_of "$pid") $(table_of "$plain")" '0 0' 'the first thread and another one share that of the process'
is "$(table_of "$own") $(table_of "$mate")" "$own $own" 'two share another one'
is "$(table_of "$none") $(table_of "$socket")" "$none $socket" 'and two have each its own'
"$readfds" -t "$mate" img >image
is "$(cat image)" '' 'what is shared is there once'

for table in process own; do
        [ $table = own ] && set -- -t "$own" || set --
        "$readfds" "$@" img >image
        part before $table >wanted
        image_part wanted >got
        ok "$table: what it says of itself" diff wanted got
done
is "$("$readfds" -t "$own" img 20 3)" 'of my own' 'its memfd has its content'
is "$("$readfds" -t "$own" img 22 3)" 'own pipe' 'and so has its pipe'
is "$(field 21 'option 1 6')" 1 'its socket has its options'
is "$(field 10 same) $(field 20 same)" '-1 -1' 'what it opened itself is the same as nothing'
is "$(field 11 same) $(field 11 same_table)" '11 0' 'what it has from the process is the same as that'
is "$(field 24 same) $(field 24 same_table)" '11 0' 'by another number too'
why 11 '^content: at descriptor 11 of the process$' 'where its content is, is said'
ask after
ok 'nothing has changed for any' diff before after
is "$(grep wrong "$out")" '' 'a socket of a thread goes on waiting, though the process has a file of that number'

# --- how it is shown

"$CRDUMP" show --fds img >shown
ok 'show: whose it is' grep -q "^descriptor 20 of thread $own memfd" shown
ok 'show: and what is the same' grep -q "^descriptor 24 of thread $own memfd .* same open file as 11 of the process" shown
ok 'show: who shares it' grep -q "^table of threads  *$own $mate$" shown
"$CRDUMP" show img >shown
ok 'show: how many tables' grep -q '^descriptors .* in 3 tables: ' shown
"$CRDUMP" show --threads img >shown
is "$(grep -c '^  fd table ' shown)" 4 'show: a thread that has another one than the process'
if command -v python3 >/dev/null; then
        "$CRDUMP" show --json img >shown
        cat >look.py <<'EOT'
import json
j = json.load(open('shown'))
for t in j['threads']:
    print('thread', t['tid'], t['fd_table'])
for f in j['fds']:
    if f['table'] and f['fd'] in (20, 24):
        print('fd', f['fd'], f['table'], f['same_as'], f['same_table'])
EOT
        cat >wanted <<-EOT
		fd 20 $own -1 0
		fd 24 $own 11 0
		thread $pid 0
		thread $plain 0
		thread $own $own
		thread $mate $own
		thread $none $none
		thread $socket $socket
	EOT
        python3 look.py | sort >got
        sort -o wanted wanted
        ok 'show --json' diff wanted got
fi
ask nothing USR2
exits 0 'dump once more' "$CRDUMP" "$pid" img2
exits 1 'diff' "$CRDUMP" diff img img2
grep '^descriptor 30' stdout >got
is "$(cat got)" "descriptor 30 of thread $own /dev/null: new" 'what a thread has opened since'

# --- older kernels: what cannot be asked

before=
injected() {                    # EXPR...: crdump with these injections of strace
        printf '#!/bin/sh\nexec %s strace -f -qq -A -o strace.log -e trace=pidfd_open,pidfd_getfd,kcmp%s %s "$@"\n' \
                "$before" "$(printf ' -e inject=%s' "$@")" "$REAL" >crdump
        chmod 755 crdump
        CRDUMP=$scratch/crdump
}

if command -v strace >/dev/null; then
        LIMIT=120
        before=$(alone)
        injected pidfd_open:error=EINVAL:when=2+        # before 6.9: of the first thread alone
        before=
        exits 0 'no pidfd of a thread: dump' "$CRDUMP" "$pid" img
        every_table 'no pidfd of a thread'
        "$readfds" -t "$own" img >image
        why 21 "thread $own: pidfd_open.2.: Invalid argument" 'no pidfd of a thread: what it opened itself lacks'
        is "$(field 21 kind) $(field 21 owner)" 'socket ' 'no pidfd of a thread: it is listed'
        is "$(field 11 seals) $(field 11 why)" '1 content: at descriptor 11 of the process' \
                'no pidfd of a thread: what the process has too is asked there'
        is "$("$readfds" -t "$own" img 20 3)" 'of my own' 'no pidfd of a thread: its memfd has its content'
        is "$("$readfds" -t "$own" img 22 3)" 'own pipe' 'no pidfd of a thread: and so has its pipe'
        "$readfds" -t "$socket" img >image
        is "$(field 12 owner)" "1 $pid 0" 'no pidfd of a thread: nor does another one lack what the process has'
        all_texts >texts.before

        injected pidfd_getfd:error=ENOSYS
        exits 0 'no pidfd_getfd: dump' "$CRDUMP" "$pid" img
        every_table 'no pidfd_getfd'
        "$readfds" img >image
        is "$(field 12 owner)" "1 $pid 0" 'no pidfd_getfd: those of the process are sent from inside'
        "$readfds" -t "$own" img >image
        is "$(field 11 seals) $(field 24 seals)" '1 1' 'no pidfd_getfd: and serve for the same of a thread'
        why 21 "thread $own: pidfd_getfd.2.: Function not implemented" 'no pidfd_getfd: what it opened itself lacks'
        all_texts >texts.after
        ok 'no pidfd_getfd: links and fdinfo as they were' diff texts.before texts.after

        injected kcmp:error=ENOSYS
        exits 0 'no kcmp: dump' "$CRDUMP" "$pid" img
        every_table 'no kcmp: lists that differ are two tables'
        is "$(table_of "$own") $(table_of "$none") $(table_of "$socket")" "$own $none $socket" 'no kcmp: whose they are'
        is "$(table_of "$plain")$(table_of "$mate")" '' 'no kcmp: of those with the same list that is not known'
        "$CRDUMP" show img >shown
        ok 'no kcmp: which is noted' grep -q 'whether all threads have the same ones: kcmp(2): Function not implemented' shown
        "$readfds" -t "$own" img >image
        is "$(field 21 'option 1 6')" 1 'no kcmp: a thread is asked all the same'
        is "$(field 11 same)" '' 'no kcmp: what is the same is not known'
        CRDUMP=$REAL
fi
is "$(grep wrong "$out")" '' 'after all that: the socket goes on waiting'
dismiss "$pid"

# --- the first thread has ended: its table is that of another one

start "$VICTIMS/victim-fd-tables" leader
await 5 in_state "$pid" Z || bail 'its first thread does not end'
live=$plain
exits 0 'first thread ended: dump' "$CRDUMP" "$pid" img
every_table 'first thread ended'
is "$(table_of "$plain") $(table_of "$mate")" "0 $own" 'first thread ended: whose they are'
"$readfds" img >image
is "$(field 12 owner)" "1 $pid 0" 'first thread ended: they are asked'
if command -v strace >/dev/null; then
        injected pidfd_open:error=EINVAL
        exits 0 'first thread ended, no pidfd of a thread: dump' "$CRDUMP" "$pid" img
        every_table 'first thread ended, no pidfd of a thread'
        "$readfds" img >image
        is "$(field 12 owner)" "1 $pid 0" 'first thread ended, no pidfd of a thread: they are sent from inside'
        CRDUMP=$REAL
fi
dismiss "$pid"

# --- many

victim "$VICTIMS/victim-fd-tables" many 500
exits 0 'five hundred tables: dump' "$CRDUMP" "$pid" img
exits 0 'five hundred tables: check' "$CRDUMP" check img
for t in "/proc/$pid/task"/*; do
        [ "${t##*/}" = "$pid" ] && continue
        find "$t/fd" -type l -printf "descriptor %f of thread ${t##*/}\n"
done | sort >wanted
"$CRDUMP" show --fds img | grep -o '^descriptor [0-9]* of thread [0-9]*' | sort >got
ok 'five hundred tables: each is there' cmp wanted got
dismiss "$pid"

# --- without privileges

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
        be_nobody
        rm -f first.file own.file
        # shellcheck disable=SC2086     # a command and its options
        start $nobody "$VICTIMS/victim-fd-tables"
        exits 0 'an ordinary user: dump' "$CRDUMP" "$pid" img
        every_table 'an ordinary user'
        "$readfds" -t "$own" img >image
        is "$(field 22 owner)" "1 $pid 0" 'an ordinary user: they are asked'
fi

done_testing
