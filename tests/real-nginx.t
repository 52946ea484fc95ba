#!/bin/sh
# nginx under load loses no request while its processes are dumped.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need nginx python3

mkdir logs www
i=0
while [ $i -lt 3000 ]; do i=$((i + 1)); echo "line $i of what is served"; done >www/page
cat >nginx.conf <<EOT
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
daemon off;
worker_processes 2;
pid $scratch/nginx.pid;
error_log $scratch/error.log info;
events { worker_connections 256; }
http {
        access_log off;
        client_body_temp_path $scratch/logs; proxy_temp_path $scratch/logs; fastcgi_temp_path $scratch/logs;
        uwsgi_temp_path $scratch/logs; scgi_temp_path $scratch/logs;
        server { listen unix:$scratch/socket; root $scratch/www; }
}
EOT

# Four threads ask for the page, on new connections and on kept ones, until there is a file "stop".
cat >client.py <<'EOT'
import os, socket, threading
path, page = os.sys.argv[1], open(os.sys.argv[2], "rb").read()
good, errors, lock = 0, [], threading.Lock()

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(path)
    return s

def request(s):
    s.sendall(b"GET /page HTTP/1.1\r\nHost: test\r\n\r\n")
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

def work():
    global good
    while not os.path.exists("stop"):
        try:
            s = connect()
            for _ in range(50):
                request(s)
                with lock:
                    good += 1
            s.close()
        except OSError as e:
            errors.append(str(e))

threads = [threading.Thread(target=work) for _ in range(4)]
print("started", flush=True)
for t in threads: t.start()
for t in threads: t.join()
print("requests", good, "errors", len(errors), *errors[:5])
EOT

victim nginx -p "$scratch" -c "$scratch/nginx.conf" -e "$scratch/error.log"
master=$pid
await 10 test -S "$scratch/socket"
workers() { tr ' ' '\n' <"/proc/$master/task/$master/children" | grep .; }
two_workers() { [ "$(workers | wc -l)" -eq 2 ]; }
await 10 two_workers || bail "nginx has no workers: $(cat error.log)"
all_workers=$(workers)
# shellcheck disable=SC2086
reap $all_workers

background python3 client.py "$scratch/socket" www/page
client=$pid
client_out=$out
await 10 grep -q started "$client_out"
dumps=0
for n in 1 2 3 4 5 6 7 8; do
        for p in $all_workers $master; do
                case $n in
                2)      way=--catch=breakpoint ;;
                4)      way=--trampoline=inject ;;
                *)      way=--catch=park ;;
                esac
                "$CRDUMP" -q $way "$p" img >stdout 2>stderr && dumps=$((dumps + 1))
                diag_file stderr
        done
done
is $dumps 24 'three processes dumped eight times each'
touch stop
wait $client
diag "$(tail -n 1 "$client_out")"
ok 'many requests were answered' test "$(awk '/^requests/ { print $2 }' "$client_out")" -gt 200
is "$(awk '/^requests/ { print $4 }' "$client_out")" 0 'none was lost'
is "$(workers)" "$all_workers" 'the workers are the same'
is "$(grep -E 'alert|crit|emerg|\[error\]|exited' error.log)" '' 'nginx has nothing to complain of'
exits 0 'check' "$CRDUMP" check img

kill -QUIT "$master"
wait "$master"
is $? 0 'it ends when it is told'

done_testing
