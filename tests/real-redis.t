#!/bin/sh
# redis-server under load never drops a request while it is dumped, and its data stay the same.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need redis-server redis-benchmark redis-cli

cli() { redis-cli -s "$scratch/socket" "$@"; }

victim redis-server --port 0 --unixsocket "$scratch/socket" --save '' --appendonly no --enable-debug-command yes
server=$pid
await 20 cli ping || bail 'redis-server does not answer'
cli debug populate 100000 key 100 >stdout
# what the load will set is set beforehand
redis-benchmark -s "$scratch/socket" -q -t set -n 1000 >stdout
digest=$(cli debug digest)
case $digest in
????????????????????????????????????????) ;;
*)      bail "no digest: $digest" ;;
esac
at_rest "$server" | grep -v '^fd' >before

background redis-benchmark -s "$scratch/socket" -t ping,set,get -n 150000 -c 20
load=$pid
load_out=$out
await 10 grep -q . "$load_out"
n=0
while alive $load && [ $n -lt 40 ]; do
        "$CRDUMP" "$server" img >stdout 2>stderr || break
        n=$((n + 1))
        last=$(cat stderr)
done
diag "$n dumps, the last one: ${last:-none}"
ok 'dumped again and again under load' test $n -ge 5
diag_file stderr
wait $load
is $? 0 'redis-benchmark ends well'
is "$(tr '\r' '\n' <"$load_out" | grep -Ei 'error|closed|refused|reset|wrong')" '' 'no request failed'
is "$(cli debug digest)" "$digest" 'the same DEBUG DIGEST'
exits 0 'check' "$CRDUMP" check img

# nothing of a key is missing in the image
ok 'the data are in the image' grep -qa 'key:99999' img
is "$(cli dbsize)" 100001 'all keys are there'
cli set after dump >stdout
is "$(cli get after)" dump 'it takes new ones'
cli del after >stdout

for way in --trampoline=inject --catch=breakpoint; do
        exits 0 "dump with $way" "$CRDUMP" $way "$server" img
        is "$(cli debug digest)" "$digest" "the same DEBUG DIGEST after $way"
done

done_testing
