#!/bin/sh
# Each thread's scheduling, credentials, fences and addresses are in the image as the thread itself tells them, and stay so.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

told() {                        # TID FILE: what the victim says of it
        sed -n "s/^$1 //p" "$2" | grep -Ev '^(is|not here)'
}

# Every line of the victim's is the image's, in the same order where one name has several.
# The filters are told as they were put up, and read the last one first.
same() {                        # TID
        "$VICTIMS/readthread" img "$1" >image
        told "$1" "$out" | grep -vxF -f image >missing
        for several in pending filter; do
                told "$1" "$out" | grep "^$several " >victims
                [ $several = filter ] && tac victims >turned && mv turned victims
                grep "^$several " image | diff victims - >>missing
        done
        cat missing
        [ ! -s missing ] && told "$1" "$out" | grep -q .
}

root=
[ "$(id -u)" -eq 0 ] && root=yes
victim "$VICTIMS/victim-tasks"
grep 'not here' "$out" >excuses
diag_file excuses
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'whole image' "$CRDUMP" check img
sed -n 's/^\([0-9]*\) is //p' "$out" >names
is "$(wc -l <names)" 10 'ten threads told what they are'
sed -n 's/^\([0-9]*\) is \(.*\)/\1 \2/p' "$out" >tasks
while read -r tid name <&3; do
        ok "$name: the image has all that it told" same "$tid"
        "$VICTIMS/readthread" img "$tid" >image
        is "$("$VICTIMS/readimg" img threads | sed -n "s/^$tid . [0-9a-fx]* //p")" "$name" "$name: its name"
        status=/proc/$pid/task/$tid/status
        is "$(sed -n 's/^nstid //p' image)" "$(sed -n 's/^NSpid:\t//p' "$status" | tr '\t' ' ')" "$name: its numbers"
        is "$(sed -n 's/^wchan //p' image)" "$(tr -d '\0' <"/proc/$pid/task/$tid/wchan" | sed 's/^0$//')" "$name: where it sleeps"
        is "$(sed -n 's/^label //p' image)" "$(tr -d '\0' 2>/dev/null <"/proc/$pid/task/$tid/attr/current")" "$name: its label"
        is "$(sed -n 's/^syscall //p' image)" 202 "$name: in futex"
        is "$(sed -n 's/^call 0x[0-9a-f]* \(0x[0-9a-f]* [^ ]* [^ ]*\) .*/\1/p' image)" '0x80 0 0' "$name: with its arguments"
        is "$(grep -c '^dr[0-3] 0$' image)" 4 "$name: clean debug registers"
        is "$(grep -Ec '^(cwd|root) ' image)" "$(told "$tid" "$out" | grep -Ec '^(cwd|root) ')" "$name: folders of its own, or none"
done 3<tasks
ok 'the first thread: all that it told' same "$pid"

sed -n 's/^shared //p' "$out" >shared
"$VICTIMS/readthread" img shared >image
ok 'signals for no thread in particular, the first one first' diff shared image

"$VICTIMS/readimg" img notes >notes
is "$(sort notes | uniq -d)" '' 'no note is there twice'
is "$(grep -Ec '^(processors|credentials|umasks|folders|pending|seccomp|robust|scheduling|io priorities|debug)' notes)" 0 \
        'nothing is missing'

if command -v jq >/dev/null; then
        exits 0 'show --json' "$CRDUMP" show --json img
        is "$(jq -r '.threads | length' stdout)" 11 'eleven threads in JSON'
fi

# --- all is as it was

grep -E '^[0-9]+ ' "$out" | grep -Ev '^[0-9]+ (is|not here|pending|filter|seccomp|cwd|root)' | sort >before
lines=$(wc -l <"$out")
kill -USR1 "$pid"
await 10 grep -q '^told' "$out" || flunk 'they tell again' "$(cat "$out")"
tail -n "+$((lines + 1))" "$out" | grep -E '^[0-9]+ ' | sort >after
ok 'after the dump each of them tells the same' diff before after
dismiss "$pid"

# --- what came from outside: a cgroup of its own, a debugger's watchpoint

victim "$VICTIMS/victim-tasks" plain stack
tid=$(sed -n 's/ is plain$//p' "$out")
other=$(sed -n 's/ is stack$//p' "$out")
group=
for folder in /sys/fs/cgroup/*/cgroup.procs; do
        folder=${folder%/*}
        [ -n "$root" ] && [ -w "$folder/tasks" ] && mkdir "$folder/crdump-test.$$" 2>/dev/null || continue
        group=$folder/crdump-test.$$
        echo "$tid" >"$group/tasks" 2>/dev/null && break
        rmdir "$group"
        group=
done
"$VICTIMS/ptracer" "$tid" watch >watched
exits 0 'changed from outside: dump' "$CRDUMP" "$pid" img
"$VICTIMS/readthread" img "$tid" >image
"$VICTIMS/readthread" img "$other" >image.other
if [ -n "$group" ]; then
        sed -n '/^cgroup /,/^label /p' image | sed 's/^cgroup //; /^label /d; /^nstid /d' >cgroup
        ok 'a cgroup of its own' diff "/proc/$pid/task/$tid/cgroup" cgroup
        is "$(grep -c '^cgroup' image.other)" 0 'of another thread it is that of the process'
        "$VICTIMS/readimg" img file cgroup >cgroup
        ok 'which is there once' diff "/proc/$pid/cgroup" cgroup
        echo "$tid" >"${group%/*}/tasks"
        rmdir "$group"
else
        skip 'a cgroup of its own' 'no cgroup v1 to put a thread into'
fi
if [ -s watched ]; then
        grep '^dr' image >dr
        ok 'a watchpoint that a debugger has left' diff watched dr
        is "$(grep -c '^dr[0-37] 0$' image.other)" 5 'of another thread there is none'
else
        skip 'a watchpoint' 'no debug register to be had'
fi

# a label where no security module gives any: by a file in the place of that of one thread
if [ -n "$root" ] && unshare -m true 2>/dev/null && [ -e "/proc/$pid/task/$tid/attr/current" ]; then
        echo 'a label (enforce)' >label
        # shellcheck disable=SC2016     # for the inner shell
        exits 0 'a label: dump' unshare -m sh -c 'mount --bind label "/proc/$2/task/$3/attr/current" && exec "$1" "$2" img' \
                - "$CRDUMP" "$pid" "$tid"
        is "$("$VICTIMS/readthread" img "$tid" | sed -n 's/^label //p')" "$(cat label)" 'a label of one thread'
        is "$("$VICTIMS/readthread" img "$other" | sed -n 's/^label //p')" \
                "$(tr -d '\0' 2>/dev/null <"/proc/$pid/task/$other/attr/current")" 'which another one has not'
else
        skip 'a label' 'it takes root, a mount namespace and attr/current'
fi
dismiss "$pid"

done_testing
