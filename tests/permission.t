#!/bin/sh
# Without permission a dump fails and says what is missing; on his own processes an ordinary user needs none.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'only root can become another user'
need setpriv
nobody=$(id -u nobody) || skip_all 'no user nobody'
group=$(id -g nobody)

as_nobody="setpriv --reuid=$nobody --regid=$group --clear-groups --inh-caps=-all --bounding-set=-all"
mkdir his
cp "$CRDUMP" crdump
chmod 755 . crdump
chown "$nobody" his

victim sleep 1000
at_rest "$pid" >before
# shellcheck disable=SC2086
exits 1 "another user's process: status 1" $as_nobody ./crdump "$pid" his/img
says "another user|other user|uid|user" "another user's process: the message says so"
says 'CAP_SYS_PTRACE' "another user's process: and which capability would help"
is "$(ls -A his)" '' "another user's process: no file left"
unchanged "another user's process: as it was" "$pid" before

scope=$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)
# shellcheck disable=SC2086
victim $as_nobody sleep 1000
await 5 ready_or_dead grep -q '^Uid:.*'"$nobody" "/proc/$pid/status"
at_rest "$pid" >before
if [ "$scope" -eq 0 ]; then
        for way in --catch=park --catch=breakpoint --trampoline=inject; do
                # shellcheck disable=SC2086
                exits 0 "his own process, $way: dump" $as_nobody ./crdump $way "$pid" his/img
                is "$(stat -c '%a %u' his/img)" "600 $nobody" "his own process, $way: the image is his alone"
                exits 0 "his own process, $way: whole image" "$CRDUMP" check his/img
        done
        unchanged 'his own process: as it was' "$pid" before '^anonymous code'
else
        # shellcheck disable=SC2086
        exits 1 'his own process under yama: status 1' $as_nobody ./crdump "$pid" his/img
        says "yama.*$scope|ptrace_scope.*$scope" 'his own process under yama: the message has its value'
        unchanged 'his own process under yama: as it was' "$pid" before
fi

done_testing
