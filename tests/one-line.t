#!/bin/sh
# A dump says one line on stderr, with -q none, with -v its steps, and nothing on stdout.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim sleep 1000

exits 0 'dump' "$CRDUMP" "$pid" img
is "$(wc -l <stderr)" 1 'one line on stderr'
is "$(cat stdout)" '' 'nothing on stdout'
says "(^|[^0-9])$pid([^0-9]|$)" 'the line names the pid'
says 'sleep' 'the line names the program'
says '1 thread' 'the line counts threads'
says '[0-9]+ pages' 'the line counts pages'
says '[KM]iB|bytes' 'the line counts bytes'
says 'paused' 'the line tells the pause'

exits 0 'dump -q' "$CRDUMP" -q "$pid" img
is "$(cat stdout stderr)" '' 'with -q nothing at all'

exits 0 'dump -v' "$CRDUMP" -v "$pid" img
is "$(cat stdout)" '' 'with -v nothing on stdout'
ok 'with -v more than five lines on stderr' test "$(wc -l <stderr)" -gt 5

done_testing
