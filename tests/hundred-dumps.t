#!/bin/sh
# A hundred dumps in a row leave a process as it was, and its sleep ends in time.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

hundred_dumps() {
        n=0
        while [ "$n" -lt 100 ]; do
                n=$((n + 1))
                "$CRDUMP" -q "$pid" img >stdout 2>stderr && continue
                echo "dump $n ended with $?:"
                cat stdout stderr
                return 1
        done
}

ends_after() {                  # PID NANOSECONDS SLACK: it ends by itself, then and with status 0
        wait "$1" || return
        took=$(($(date +%s%N) - start))
        echo "took $took ns"
        [ "$took" -ge "$2" ] && [ "$took" -lt $(($2 + $3)) ]
}

victim sleep 1000
at_rest "$pid" >before
ok 'a sleeping process: a hundred dumps' hundred_dumps
unchanged 'a sleeping process: as it was' "$pid" before

victim "$VICTIMS/victim-threads" 1 7 still
at_rest "$pid" >before
ok 'eight threads: a hundred dumps' hundred_dumps
unchanged 'eight threads: as they were' "$pid" before

start=$(date +%s%N)
victim sleep 3
short=$pid
n=0
while [ "$n" -lt 20 ]; do
        "$CRDUMP" -q "$short" img || break
        n=$((n + 1))
done
is $n 20 'sleep 3: twenty dumps'
ok 'sleep 3: ends after three seconds, with status 0' ends_after "$short" 3000000000 700000000

done_testing
