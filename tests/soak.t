#!/bin/sh
# Servers at work and a program that watches itself notice nothing of being dumped all the time, also by crdumps that are killed.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
# shellcheck source=soak.sh
. "$here/soak.sh"

soak=${SOAK_SECONDS:-75}

need python3 redis-server redis-benchmark redis-cli nginx wrk
find_postgres

# Killed by SIGKILL alone, PostgreSQL would leave a segment of System V memory.
postgres_pids=
finish() {
        status=$?
        [ -z "$postgres_pids" ] || stop_postgres QUIT
        : >stop
        (exit $status)
        t_finish
}
trap finish EXIT

start_redis
start_nginx
start_postgres
victim "$VICTIMS/victim-soak" strict
strict_pids=$pid
strict_out=$out
victim "$VICTIMS/victim-soak" lenient
lenient=$pid
lenient_out=$out
victim "$VICTIMS/victim-regs" mixed beat
regs=$pid
regs_out=$out
# shellcheck disable=SC2034     # dumpers() takes it
victims_pids="$lenient $regs"

load_redis
load_nginx
load_postgres
dumpers redis nginx postgres victims strict
dumper='' log='' load=''
for name in redis nginx postgres victims strict; do
        eval "dumper=\$${name}_dumper log=\$${name}_log"
        await $((soak + 300)) gone "$dumper" || diag "the dumps of $name do not end"
        wait "$dumper"
        is $? 0 "$name: dumped for $soak s"
        diag "$(tail -n 1 "$log")"
        is "$(grep -Ev "^$name: longest" "$log")" '' "$name: each dump ended as it may, each image is whole"
        ok "$name: there were dumps" grep -Eq '[0-9] done' "$log"
done
: >stop

ended() {                       # PID NAME: it does so by itself, with status 0
        await 90 gone "$1" || dismiss "$1"
        wait "$1"
        is $? 0 "$2"
}

errors() { awk '/^requests/ && $2 > 100 { print $4 }' "$1"; }

# --- redis

ended "$redis_client" 'redis: the checking client ends'
diag "redis: $(tail -n 1 "$redis_client_log")"
is "$(errors "$redis_client_log")" 0 'redis: every answer was right'
ended "$redis_bench" 'redis-benchmark ends well'
is "$(tr '\r' '\n' <"$redis_bench_log" | grep -Ei 'error|closed|refused|reset|wrong')" '' 'redis-benchmark: no request failed'
cli -n 1 flushdb >stdout
digest=$(twin debug digest)
is "$(cli debug digest)" "$digest" 'redis: the data are those of an undumped twin'
quiet() { cli info persistence >t.info && ! grep -Eq '^(rdb_bgsave|aof_rewrite)_in_progress:1' t.info; }
ok 'redis: background saves end' await 60 quiet
ok 'redis: DEBUG RELOAD' sh -c 'redis-cli -s "$1" debug reload | grep -x OK' - "$scratch/redis/socket"
is "$(cli debug digest)" "$digest" 'redis: the same data after it'
ok 'redis: it saves' sh -c 'redis-cli -s "$1" save | grep -x OK' - "$scratch/redis/socket"
if command -v redis-check-rdb >/dev/null; then
        ok 'redis-check-rdb' redis-check-rdb redis/dump.rdb
        ok 'redis-check-aof' redis-check-aof redis/appendonlydir/appendonly.aof.manifest
fi
# shellcheck disable=SC2154     # start_redis sets it
ok 'redis is alive' alive "$redis_pids"

# --- nginx

ended "$nginx_client" 'nginx: the checking client ends'
ended "$nginx_wrk" 'nginx: wrk ends'
diag "nginx: $(tail -n 1 "$nginx_client_log"); wrk: $(grep 'requests in' "$nginx_wrk_log")"
is "$(errors "$nginx_client_log")" 0 'nginx: every answer was right'
[ "$(errors "$nginx_client_log")" = 0 ] ||
        diag "$(sort nginx/checked.log | uniq -c; grep -v 'closed keepalive connection' nginx/error.log | tail -n 8)"
is "$(grep -cx 200 nginx/checked.log)" "$(awk '/^requests/ { print $2 }' "$nginx_client_log")" 'nginx: it has logged as many as were sent'
is "$(grep -E 'Socket errors|Non-2xx' "$nginx_wrk_log")" '' 'wrk: no request failed'
is "$(workers)" "$nginx_workers" 'nginx: the workers are the same'
is "$(grep -E 'alert|crit|emerg|\[error\]|exited' nginx/error.log)" '' 'nginx has nothing to complain of'
kill -QUIT "$nginx_pids"
ended "$nginx_pids" 'nginx ends when it is told'

# --- PostgreSQL

for name in pgbench pgbench_new; do
        eval "load=\$$name log=\$${name}_log"
        ended "$load" "$name ends"
        diag "$name: $(grep -E '^(number of transactions|latency|tps)' "$log" | tr '\n' ';')"
        is "$(sed -n 's/^number of failed transactions: \([0-9]*\).*/\1/p' "$log")" 0 "$name: 0 failed transactions"
        is "$(grep -Ei 'error|fatal|abort' "$log")" '' "$name: no error"
done
sent=$(sed -n 's/^number of transactions actually processed: //p' "$pgbench_log")
is "$(sql 'select count(*) from pgbench_history')" "$sent" 'PostgreSQL: the history has as many transactions as were answered'
is "$(sql 'select count(distinct total) from (select sum(abalance) from pgbench_accounts union all
           select sum(tbalance) from pgbench_tellers union all select sum(bbalance) from pgbench_branches union all
           select coalesce(sum(delta), 0) from pgbench_history) as t(total)')" 1 'PostgreSQL: all sums are the same'
amcheck() { (pg pg_amcheck --install-missing --heapallindexed -h "$scratch/pg" -p "$pg_port" -U soak postgres); }
ok 'PostgreSQL: pg_amcheck' amcheck
server=$postgres_pids
ok 'PostgreSQL is alive' alive "$server"
stop_postgres INT
is $? 0 'PostgreSQL ends when it is told'
checksums() { (pg pg_checksums --check -D "$scratch/pg/data"); }
ok 'PostgreSQL: pg_checksums' checksums
is "$(grep -E 'PANIC|FATAL|ERROR|WARNING|crash|corrupt|terminated by' "$postgres_log" | grep -v 'canceling autovacuum')" '' \
        'PostgreSQL has nothing to complain of'

# --- those that watch themselves

for name in strict lenient; do
        case $name in strict) pid=$strict_pids out=$strict_out ;; *) pid=$lenient out=$lenient_out ;; esac
        kill -TERM "$pid"
        ended "$pid" "victim-soak $name: nothing was wrong"
        diag "$name: $(tail -n 1 "$out")"
        finding=$(grep '^wrong' "$out")
        is "$finding" '' "victim-soak $name: no finding$(printf %s "$finding" | sed -n '1s/^wrong//p')"
done
ok 'victim-regs goes on' beats_on beat
ok 'victim-regs is alive' alive "$regs"
is "$(grep corrupt "$regs_out")" '' 'victim-regs: no register has changed'

done_testing
