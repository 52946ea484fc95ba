#!/bin/sh
# A target that becomes another program during the dump is let go: status 1 and a line, or a whole dump.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

victim "$VICTIMS/victim-exec" count
wrong=
done=0
refused=0
n=0
while [ $n -lt 200 ]; do
        n=$((n + 1))
        rm -f img
        timeout 20 "$CRDUMP" "$pid" img >stdout 2>stderr
        status=$?
        case $status in
        0)      done=$((done + 1))
                "$CRDUMP" check img >stdout 2>stderr || wrong="$wrong; a bad image: $(cat stderr)" ;;
        1)      refused=$((refused + 1))
                [ -e img ] && wrong="$wrong; an image stayed"
                [ "$(wc -l <stderr)" -eq 1 ] || wrong="$wrong; $(cat stderr)"
                cp stderr last ;;
        *)      wrong="$wrong; status $status: $(cat stderr)" ;;
        esac
        beats_on count 5 || { wrong="$wrong; it does not go on after status $status"; break; }
done
is "$wrong" '' "two hundred dumps end with 0 ($done) or 1 ($refused), and it goes on"
[ -e last ] && diag_file last
is "$(tracer "$pid")" 0 'traced by nobody'

done_testing
