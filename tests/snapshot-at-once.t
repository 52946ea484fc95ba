#!/bin/sh
# Of several dumps of one process at the same time each succeeds or finds it traced, and the twins of all of them are reaped.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

start alone

dumps() {                       # NAME: twelve of them, one after the other
        n=0
        while [ $n -lt 12 ]; do
                n=$((n + 1))
                timeout -k 5 60 "$CRDUMP" -q --snapshot "$pid" "img.$1" 2>stderr
                echo "$? $(tr '\n' '|' <stderr | sed 's/[0-9][0-9]*/N/g')" >>"said.$1"
        done
}

for name in a b c; do
        mkdir $name
        (cd $name && dumps $name) &
        eval "loop_$name=\$!"
done
# shellcheck disable=SC2154     # by eval
wait "$loop_a" "$loop_b" "$loop_c"
cat ./*/said.* | sort | uniq -c >said
is "$(awk '{ print $2 }' said | sort -u | tr -d '01\n')" '' 'three times twelve dumps: each ends with 0 or 1' || diag_file said
ok 'one line says why, or none' sh -c '! grep "|.*|" said'
ok 'some succeed' grep -q '^ *[0-9]* 0' said
ok 'no child is left' await 5 childless "$pid"
diag "children: $(children "$pid" | grep -c .)"
for name in a b c; do
        [ ! -e $name/img.$name ] || exits 0 "$name: whole image" "$CRDUMP" check $name/img.$name
done
saw_nothing 'three at once'

# One comes while the twin of another is read, and stays for a while.
child=$(children "$pid")
begin 'one after the other'
mkfifo held
sh -c 'i=0; while [ ! -e drop ] && [ $i -lt 3000 ]; do i=$((i + 1)); sleep 0.02; done; exec cat >/dev/null' <held &
reap $!
"$CRDUMP" --stop "$pid" - >held 2>said.2 &
second=$!
reap $second
await 10 is_traced "$pid" || flunk 'the second dump has stopped it'
echo >go                        # the first one reads on, and wants to reap
await 10 gone "$twin_pid"
echo >drop
wait $second
is $? 0 'the second: status 0' || diag_file said.2
finish 0 'the first, to whom the second one gives way'
is "$(children "$pid")" "$child" 'no more children are left'
saw_nothing 'one after the other'

done_testing
