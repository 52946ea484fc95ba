#!/bin/sh
# Sockets of MPTCP: what makes them act is not asked, which is said.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

"$VICTIMS/victim-fd-mptcp" >first &
first=$!
reap "$first"
over() { gone "$first" || grep -q '^ready' first; }
await 10 over
if gone "$first"; then
        wait "$first"
        [ $? = 77 ] || bail 'the victim did not start'
        skip_all 'no MPTCP here'
fi
dismiss "$first"

victim "$VICTIMS/victim-fd-mptcp"
dump_and_compare 'MPTCP' 0
is "$(field 10 state) $(field 11 state) $(field 12 state) $(field 13 state)" '-1 10 1 1' 'states: a new one is not asked'
why 10 'state, options of TCP: MPTCP' 'which is said'
is "$(field 13 in)" -1 'nor what is queued'
why 13 'bytes queued to be read: MPTCP' 'which is said too'
of_tcp() { field "$1" option | grep -c '^6 '; }
is "$(of_tcp 10)" 0 'nor are the options of TCP of a new one'
ok 'of one connected they are' test "$(of_tcp 12)" -gt 5
ask finished USR2
is "$(cat finished)" 'read over many ways' 'what was queued arrives'

done_testing
