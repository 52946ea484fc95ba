# shellcheck shell=sh disable=SC2034,SC2154     # soak.t, lib.sh and this file know each other's variables
# SPDX-License-Identifier: MIT
# soak.sh - the parts of the soak: servers, clients that check every answer, and who dumps them
#
# tests/soak.t sources it behind lib.sh. All of it listens on the loopback and on unix
# sockets below $scratch, works for $soak seconds, and is ended with the test.

# --- who dumps -------------------------------------------------------------------

# usage: dumper.py NAME SECONDS kills|spares CRDUMP PID...
# Dumps the PIDs and their descendants, now this way, now that, and looks after each
# dump: the status is one that may be, the image is whole, nobody is left traced or
# stopped. Prints "wrong: ..." for what is not so, and counts at the end.
write_dumper() {                # FILE
        cat >"$1" <<'PYTHON'
import collections, ctypes, os, random, re, shutil, signal, subprocess, sys, time

name, seconds, kills, crdump = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "kills", sys.argv[4]
roots = [int(p) for p in sys.argv[5:]]
folder = "images." + name
counts, longest, typical, may_kill = collections.Counter(), 0.0, {}, {}
ways = [("plain", 26, []), ("inject", 12, ["--trampoline=inject"]), ("breakpoint", 10, ["--catch=breakpoint"]),
        ("max-pause", 14, ["--max-pause", "3"]), ("timeout", 10, []), ("term", 6, []), ("stop", 4, []), ("race", 4, []),
        ("kill", 14 if kills else 0, [])]
PR_SET_CHILD_SUBREAPER = 36     # whose parent was killed becomes ours
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

def wrong(what):
    counts["wrong"] += 1
    print("wrong: %s: %s" % (name, what), flush=True)

def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""

def field(pid, key):
    m = re.search(r"^%s:\s*(\S+)" % key, read("/proc/%d/status" % pid), re.M)
    return m.group(1) if m else ""

def alive(pid):
    return field(pid, "State") not in ("", "Z", "X")

def children(pid):
    try:
        tasks = os.listdir("/proc/%d/task" % pid)
    except OSError:
        return []
    return [int(c) for t in tasks for c in read("/proc/%d/task/%s/children" % (pid, t)).split()]

def tree(pid):
    return [pid] + [q for c in children(pid) for q in tree(c)]

def start(pid, options, img="img"):
    with open(folder + "/stderr", "a") as err:
        return subprocess.Popen([crdump] + options + [str(pid), folder + "/" + img], stderr=err)

def until(limit, condition):
    limit += time.monotonic()
    while not condition() and time.monotonic() < limit:
        time.sleep(0.0002)
    return condition()

def reap(pid):                  # one whose parent we may have become
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.001)
    wrong("a dump whose parent was killed does not end")

def at_random(p, pid):          # a moment of a dump, often one when the target is held
    if random.random() < 0.6:
        until(5, lambda: p.poll() is not None or field(pid, "TracerPid") not in ("", "0"))
        time.sleep(random.random() * 0.004)
    else:
        time.sleep(random.random() * 1.1 * typical.get(pid, 0.02))

def send(pid, sig):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass

def kill(pid):                  # the front, the tracing child, or both
    p = start(pid, random.choice([[], [], ["--trampoline=inject"]]) + ["--catch=park"])
    at_random(p, pid)
    child = (children(p.pid) + [0])[0] if p.poll() is None else 0
    victims = random.choice([[p.pid], [child], [child, p.pid], [p.pid, child]])
    held = field(pid, "TracerPid") not in ("", "0")
    for v in victims if p.poll() is None else []:
        if v:
            send(v, signal.SIGKILL)
    status = p.wait(120)
    if child:
        reap(child)
    if status in (-9, 3) or "was killed" in read(folder + "/stderr"):
        counts["killed while the target was held" if held else "killed before or after"] += 1
        may_kill[pid] = time.monotonic() + random.choice([0.1, 4, 6, 8])
        return True
    return status

def run(way, options, pid):
    if way == "kill":
        status = kill(pid)
        return None if status is True else [status]
    if way == "timeout":
        options = ["--timeout", "%.4f" % random.choice([0.0005, 0.001, 0.004, 0.02, 0.1])]
    p = [start(pid, options)]
    if way == "race":
        p.append(start(pid, options, "other"))
    if way in ("term", "stop"):
        at_random(p[0], pid)
        if way == "term" and p[0].poll() is None:
            send(p[0].pid, signal.SIGTERM)
        for child in children(p[0].pid) if way == "stop" else []:
            send(child, signal.SIGSTOP)
    return [q.wait(120) for q in p]

def judge(way, status, text, pid):      # how it ended; None: as no dump should
    if status == 0:
        return "done"
    if status in (1, 143) and (not alive(pid) or "no memory" in text):
        return "target ended"
    if status == 1 and "state D" in text:
        return "rolled back"
    if (way, status) in (("max-pause", 1), ("timeout", 1), ("term", 143)) and \
            re.search("paused longer|time given is over|did not stop in time|stopped by SIGTERM", text):
        return "rolled back"
    if (way, status, text.strip()) == ("term", -signal.SIGTERM, ""):
        return "ended before it began"          # it takes signals from the moment on when it has something to roll back
    if (way, status) == ("race", 1) and re.search("traced|seize|not permitted", text):
        return "refused"
    return None

def check(way, pid):
    for img in {"img", "other"} & set(os.listdir(folder)):
        told = subprocess.run([crdump, "check", folder + "/" + img], capture_output=True, text=True)
        if told.returncode:
            wrong("pid %d: the image of %s: status %d: %s" % (pid, way, told.returncode, told.stderr.strip()))
        os.unlink(folder + "/" + img)

def is_free(pid):
    return not alive(pid) or (field(pid, "TracerPid") == "0" and field(pid, "State") not in "tT")

def dump(pid):
    global longest
    way, _, options = random.choices(ways, [w[1] for w in ways])[0]
    if way == "kill" and time.monotonic() < may_kill.get(pid, 0):
        way, options = "plain", []
    began = time.monotonic()
    open(folder + "/stderr", "w").close()
    ended = run(way, options, pid)
    text = read(folder + "/stderr")
    for status in ended or []:
        how = judge(way, status, text, pid)
        if how:
            counts[how] += 1
        else:
            wrong("pid %d: %s ended with %d: %s" % (pid, way, status, text.strip()))
    if way == "plain":
        typical[pid] = 0.8 * typical.get(pid, 0.02) + 0.2 * min(time.monotonic() - began, 1)
    for pause, unit in re.findall(r"paused ([0-9.]+) (m?s)", text):
        longest = max(longest, float(pause) * (1 if unit == "ms" else 1000))
    if not until(10, lambda: is_free(pid)):
        wrong("pid %d after %s: state %s, TracerPid %s" % (pid, way, field(pid, "State"), field(pid, "TracerPid")))
    if ended and 0 in ended:
        check(way, pid)
    for img in os.listdir(folder):
        if not ended and img.startswith("."):   # a killed one may leave its file
            os.unlink(folder + "/" + img)
        elif img != "stderr" and img.startswith("."):
            wrong("%s is left of %s, status %s" % (img, way, ended))

os.mkdir(folder)
turn = 0
end = time.monotonic() + seconds
while time.monotonic() < end and counts["wrong"] < 20:
    targets = [p for r in roots for p in tree(r)]
    turn += 1
    dump(targets[turn % len(targets)] if turn % 3 else random.choice(targets))
    for r in roots:
        if not alive(r):
            wrong("pid %d has ended" % r)
            sys.exit(1)
    time.sleep(random.random() * 0.1)
shutil.rmtree(folder)
for p in [p for r in roots for p in tree(r)]:
    if not until(10, lambda: is_free(p)):
        wrong("pid %d at the end: state %s, TracerPid %s" % (p, field(p, "State"), field(p, "TracerPid")))
print("%s: longest pause %.1f ms; %s" % (name, longest, ", ".join("%d %s" % (n, k) for k, n in sorted(counts.items()))))
PYTHON
}

# dumpers NAME...: the processes of each, in $NAME_pids, dumped for $soak seconds
dumpers() {
        write_dumper dumper.py
        for name; do
                case $name in strict) how=spares ;; *) how=kills ;; esac
                # shellcheck disable=SC2086
                eval "background python3 dumper.py $name \$soak $how \"\$CRDUMP\" \$${name}_pids"
                eval "${name}_dumper=\$pid ${name}_log=\$out"
        done
}

free_port() {
        python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# for ever until there is the file "stop", or it fails
again_and_again() {             # CMD...
        while [ ! -e stop ]; do
                "$@" || return
        done
}

# --- redis ---------------------------------------------------------------------------

cli() { redis-cli -s "$scratch/redis/socket" "$@"; }
twin() { redis-cli -s "$scratch/twin/socket" "$@"; }

# usage: redis.py SOCKET TWIN. Three threads set, add and get keys of their own and
# compare; at the end all that they believe in is written to the twin.
write_redis_client() {          # FILE
        cat >"$1" <<'PYTHON'
import os, random, socket, sys, threading

requests, errors = [0, 0, 0], []

class Connection:
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(60)
        self.s.connect(path)
        self.f = self.s.makefile("rb")

    def send(self, *commands):
        self.s.sendall(b"".join(b"*%d\r\n" % len(c) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in c) for c in commands))

    def answer(self):
        line = self.f.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("connection closed")
        if line[:1] in b"+-:":
            return line[:-2] if line[:1] != b":" else int(line[1:])
        return None if line == b"$-1\r\n" else self.f.read(int(line[1:]) + 2)[:-2]

def work(n, believed):
    c = Connection(sys.argv[1])
    while not os.path.exists("stop"):
        commands, wanted = [], []
        for _ in range(random.randint(1, 30)):
            key = b"%d:%d" % (n, random.randrange(400))
            kind = random.randrange(3)
            if kind == 0:
                believed[key] = os.urandom(random.randint(1, 300))
                commands.append((b"SET", key, believed[key]))
                wanted.append(b"+OK")
            elif kind == 1:
                commands.append((b"GET", key))
                wanted.append(believed.get(key))
            else:
                key = b"n" + key
                believed[key] = b"%d" % (int(believed.get(key, 0)) + 1)
                commands.append((b"INCR", key))
                wanted.append(int(believed[key]))
        c.send(*commands)
        for command, want in zip(commands, wanted):
            got = c.answer()
            requests[n] += 1
            if got != want:
                raise OSError("%r: %r, not %r" % (command[:2], got, want))
        if random.random() < 0.0005:
            c.send((b"BGSAVE",))        # a fork; refused while another one runs
            c.answer()

def thread(n, believed):
    try:
        work(n, believed)
    except (OSError, ValueError) as e:
        errors.append(str(e))

believed = [{}, {}, {}]
threads = [threading.Thread(target=thread, args=(n, believed[n])) for n in range(3)]
print("started", flush=True)
for t in threads: t.start()
for t in threads: t.join()
c = Connection(sys.argv[2])
for mine in believed:
    for key, value in mine.items():
        c.send((b"SET", key, value))
        c.answer()
print("requests", sum(requests), "errors", len(errors), *errors[:5])
PYTHON
}

start_redis() {
        mkdir redis twin
        for which in redis twin; do
                victim redis-server --port 0 --unixsocket "$scratch/$which/socket" --dir "$scratch/$which" \
                        --save '' --appendonly yes --auto-aof-rewrite-min-size 8mb --enable-debug-command yes
                eval "${which}_pids=\$pid"
        done
        await 20 cli ping && await 20 twin ping || bail 'redis-server does not answer'
}

load_redis() {
        write_redis_client redis.py
        background nice python3 redis.py "$scratch/redis/socket" "$scratch/twin/socket"
        redis_client=$pid
        redis_client_log=$out
        background again_and_again nice redis-benchmark -s "$scratch/redis/socket" --dbnum 1 -q \
                -t ping,set,get,incr,lpush,lpop,zadd -n 20000 -c 6 -r 5000
        redis_bench=$pid
        redis_bench_log=$out
}

# --- nginx -----------------------------------------------------------------------------

# usage: nginx.py PORT FILE. Asks for FILE from the disk and through a proxy, on connections
# new and kept, and compares.
write_nginx_client() {          # FILE
        cat >"$1" <<'PYTHON'
import os, socket, sys, threading

port, page = int(sys.argv[1]), open(sys.argv[2], "rb").read()
good, errors, lock = 0, [], threading.Lock()

def request(s, url):
    s.sendall(b"GET %s HTTP/1.1\r\nHost: test\r\n\r\n" % url)
    data = b""
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            raise OSError("closed in the head")
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    while len(body) < len(page):
        more = s.recv(65536)
        if not more:
            raise OSError("closed in the body")
        body += more
    if not head.startswith(b"HTTP/1.1 200 ") or body != page:
        raise OSError("wrong answer: %r" % head[:40])

def work(n):
    global good
    while not os.path.exists("stop"):
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as s:
                for i in range(30):
                    request(s, (b"/checked/page", b"/proxied/page")[(n + i) % 2])
                    with lock:
                        good += 1
        except OSError as e:
            errors.append(str(e))

threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
print("started", flush=True)
for t in threads: t.start()
for t in threads: t.join()
print("requests", good, "errors", len(errors), *errors[:5])
PYTHON
}

nginx_conf() {                  # PORT
        cat <<EOT
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
daemon off;
worker_processes 2;
pid $scratch/nginx/pid;
error_log $scratch/nginx/error.log info;
events { worker_connections 256; }
http {
        log_format short '\$status';
        access_log off;
        sendfile on;
        client_body_temp_path $scratch/nginx; proxy_temp_path $scratch/nginx; fastcgi_temp_path $scratch/nginx;
        uwsgi_temp_path $scratch/nginx; scgi_temp_path $scratch/nginx;
        server {
                listen 127.0.0.1:$1;
                listen unix:$scratch/nginx/socket;
                keepalive_requests 100;
                location /plain/ { alias $scratch/www/; }
                location /checked/ { alias $scratch/www/; access_log $scratch/nginx/checked.log short; }
                location /proxied/ {
                        proxy_pass http://unix:$scratch/nginx/socket:/plain/;
                        access_log $scratch/nginx/checked.log short;
                }
        }
}
EOT
}

# Not what is left of a copy of it when both processes of a dump were killed.
workers() {
        for child in $(cat "/proc/$nginx_pids/task/$nginx_pids/children"); do
                [ "$(state "$child")" = Z ] || echo "$child"
        done
}

two_workers() { [ "$(workers | wc -l)" -eq 2 ]; }

start_nginx() {
        mkdir nginx www
        seq 8000 | sed 's/^/what is served, line /' >www/page
        nginx_port=$(free_port)
        nginx_conf "$nginx_port" >nginx/conf
        victim nginx -p "$scratch/nginx" -c "$scratch/nginx/conf" -e "$scratch/nginx/error.log"
        nginx_pids=$pid
        await 10 two_workers || bail "nginx has no workers: $(cat nginx/error.log)"
        nginx_workers=$(workers)
        # shellcheck disable=SC2086
        reap $nginx_workers
}

load_nginx() {
        write_nginx_client nginx.py
        background nice python3 nginx.py "$nginx_port" www/page
        nginx_client=$pid
        nginx_client_log=$out
        background nice wrk -t 1 -c 4 --timeout 60s -d "$((soak + 4))s" "http://127.0.0.1:$nginx_port/plain/page"
        nginx_wrk=$pid
        nginx_wrk_log=$out
}

# --- PostgreSQL ---------------------------------------------------------------------------

find_postgres() {               # Debian keeps the server's programs where no PATH leads
        pg_bin=$(command -v postgres || printf '%s\n' /usr/lib/postgresql/*/bin/postgres | tail -n 1)
        need "$pg_bin"
        pg_bin=$(readlink -f "$pg_bin")
        pg_bin=${pg_bin%/*}
        need "$pg_bin/initdb" "$pg_bin/pgbench" "$pg_bin/pg_amcheck" "$pg_bin/pg_checksums" setpriv
}

pg() {                          # PROGRAM ARG...: it refuses root
        pg_program=$pg_bin/$1
        shift
        if [ "$(id -u)" -eq 0 ]; then
                set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$pg_program" "$@"
        else
                set -- "$pg_program" "$@"
        fi
        exec "$@"
}

sql() { (pg psql -h "$scratch/pg" -p "$pg_port" -U soak -d postgres -Atqc "$1"); }

start_postgres() {
        mkdir pg
        [ "$(id -u)" -ne 0 ] || { chmod 711 "$scratch" && chown 65534:65534 pg; }
        (pg initdb -D "$scratch/pg/data" -U soak -A trust -E UTF8 --locale=C --data-checksums --no-sync) >stdout 2>stderr ||
                bail "initdb: $(cat stdout stderr)"
        pg_port=$(free_port)
        background pg postgres -D "$scratch/pg/data" -c listen_addresses=127.0.0.1 -c port="$pg_port" \
                -c unix_socket_directories="$scratch/pg" -c shared_buffers=16MB -c max_connections=20 \
                -c checkpoint_timeout=30s -c autovacuum_naptime=5s -c max_wal_size=256MB
        postgres_pids=$pid
        postgres_log=$out
        await 30 sql 'select 1' || bail "PostgreSQL does not answer: $(cat "$out")"
        (pg pgbench -i -q -s 4 -h "$scratch/pg" -p "$pg_port" -U soak postgres) >stdout 2>stderr ||
                bail "pgbench: $(cat stderr)"
}

load_postgres() {
        background pg pgbench -n -T $((soak + 4)) -c 4 -j 2 -h 127.0.0.1 -p "$pg_port" -U soak postgres
        pgbench=$pid
        pgbench_log=$out
        # a new server process for every transaction
        background pg pgbench -n -T $((soak + 4)) -C -R 10 -b select-only -h "$scratch/pg" -p "$pg_port" -U soak postgres
        pgbench_new=$pid
        pgbench_new_log=$out
}

stop_postgres() {               # SIGNAL: INT in order, QUIT at once; its status
        pid=$postgres_pids
        postgres_pids=
        kill -"$1" "$pid" 2>/dev/null
        await 60 gone "$pid"
        wait "$pid"
}
