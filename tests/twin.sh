# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# twin.sh - what the tests of snapshots share: victim-twin and its orders, a dump
# that stands still while the twin is read, cgroups. A test sources it behind lib.sh.

# shellcheck disable=SC2154,SC2034     # what lib.sh sets; what is for the tests

twin=$VICTIMS/victim-twin
child=          # of the victim, that it made itself
group=

children() {                    # PID: of the process, zombies too
        grep -l "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null | sed 's/[^0-9]*//g'
}

childless() { [ -z "$(children "$1")" ]; }

vanished() { [ ! -e "/proc/$1" ]; }

# --- victims that are told what to do

# by the command, in a folder of its own; sets pid and started (it, or its parent), out, folder, peer, cat
start() {                       # ROLE [COMMAND...]
        role=$1
        shift
        folder=$scratch/folder.$t_started
        mkdir "$folder"
        mkfifo "$folder/orders" "$folder/fifo"
        chmod -R a+rwX "$folder"
        if [ "$role" = alone ]; then
                background "$twin" peer "$folder/socket"
                peer_out=$out peer=$pid
                await 20 ready_or_dead grep -q '^ready' "$out"
                chmod a+rw "$folder/socket"
                cat "$folder/fifo" >/dev/null &
                cat=$!
                reap $cat
        fi
        background "$@" "$twin" "$role" "$folder"
        started=$pid
        await 20 ready_or_dead grep -q '^ready' "$out"
        alive "$pid" && grep -q '^ready' "$out" && return
        diag_file "$out"
        bail "the victim does not start: $role"
}

order() {                       # ANSWER WORD...: to the victim; an answer comes that begins so
        t_answers=$(grep -c "^$1" "$out")
        t_answer=$1
        shift
        # shellcheck disable=SC2016
        timeout 10 sh -c 'echo "$1" >"$2"' - "$*" "$folder/orders"
        [ -z "$t_answer" ] || await 10 answered "$t_answer" "$t_answers"
}

answered() { [ "$(grep -c "^$1" "$out")" -gt "$2" ]; }

saw_nothing() {                 # NAME
        order look look || flunk "$1: it answers" "state $(state "$pid"), system call $(cat "/proc/$pid/syscall"), $(tail -n 1 "$out")"
        is "$(tail -n 1 "$out" | sed 's/look [1-9][0-9]* //')" 'sigchld 0 wrong 0' "$1: no SIGCHLD, no child that waitpid tells of"
        t_wrong=$(grep wrong: "$out") && diag "$t_wrong"
}

# --- a dump that stands still while the twin is read, for its reader waits for the file go

# of $pid, by the command; sets dump, reader, twin_pid, tracing. Children that are in child do not count
begin() {                       # NAME [COMMAND...]
        t_begun=$1
        shift
        rm -f go img said stream
        mkfifo stream
        # shellcheck disable=SC2016
        sh -c 'i=0; while [ ! -e go ] && [ $i -lt 3000 ]; do i=$((i + 1)); sleep 0.02; done; exec cat >img' <stream &
        reader=$!
        reap $reader
        # the shell ignores SIGINT for what it runs in the background
        "$@" env --default-signal=INT "$CRDUMP" --snapshot "$pid" - >stream 2>said &
        dump=$!
        reap $dump
        await 20 being_read && await 20 stands_still && return
        flunk "$t_begun: a twin is there, and is read"
        diag_file said
        bail 'no twin'
}

being_read() {                  # and not only just made
        twin_pid=$(children "$started" | grep -vx "${child:-0}")
        [ -n "$twin_pid" ] && [ "$(tracer "$pid")" = 0 ] && [ "$(tracer "$twin_pid")" != 0 ] &&
                [ -z "$(ls -A "/proc/$twin_pid/fd")" ]
}

# Its writing thread is in write(2), and the reading one in futex(2), for buffers.
stands_still() {
        tracing=$(tracer "$twin_pid")
        grep -q '^202 ' "/proc/$tracing/syscall" && cat "/proc/$tracing/task"/*/syscall | grep -q '^1 '
}

still_read() { alive "$dump" && alive "$twin_pid"; }

finish() {                      # STATUS NAME: the reader reads, and the dump ends so
        echo >go
        wait $dump
        t_status=$?
        is $t_status "$1" "$2: status $1" || diag_file said
        wait $reader
        [ "$1" -ne 0 ] && return
        exits 0 "$2: whole image" "$CRDUMP" check img
        "$CRDUMP" show --json img >shown
        ok "$2: with all its memory" test "$(sed -n '/^  "pages"/,/}/s/.*"data": \([0-9]*\).*/\1/p' shown | head -n 1)" -ge 2048
}

nothing_left() {                # NAME PID: no twin, no child
        ok "$1: no twin is left" await 10 vanished "$twin_pid"
        ok "$1: no child is left" await 10 childless "$2"
        for p in $(children "$2"); do diag "$(grep -E '^(Name|State|Pid)' "/proc/$p/status" | tr '\n\t' '  ')"; done
}

# --- cgroups

# One of this controller, below our own, or in version 2 at the top, with a limit; sets group. False when it cannot be had.
make_group() {                  # CONTROLLER FILE FILE VALUE: of version 2, and 1
        t_top=$(awk -v c="$1" '$3 == "cgroup" && $4 ~ "(^|,)" c "(,|$)" { print $2; exit }' /proc/mounts)
        t_home=$(awk -F: -v c="$1" '$2 ~ "(^|,)" c "(,|$)" { print $3 }' /proc/self/cgroup)
        limit_file=$3
        [ -n "$t_top" ] || { t_top=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts) t_home=/ limit_file=$2; }
        [ -n "$t_top" ] && mkdir "$t_top$t_home/crdump-test.$$" 2>/dev/null || return
        group=$t_top$t_home/crdump-test.$$
        trap leave_behind EXIT
        limit_group "$4" && return
        rmdir "$group"
        group=
        return 1
}

limit_group() { echo "$1" 2>/dev/null >"$group/$limit_file"; }  # VALUE

remove_group() {                # with the victim $pid
        [ -n "$group" ] || return
        kill -9 "$pid" 2>/dev/null
        await 5 gone "$pid"
        await 5 rmdir "$group"
        group=
}

# A folder that stays would be for ever: whatever happens, remove it.
leave_behind() {
        t_status=$?
        remove_group
        (exit "$t_status")
        t_finish
}

# shellcheck disable=SC2016     # for sh -c: a command in the cgroup $0
in_group='echo $$ >"$0/cgroup.procs" && exec "$@"'
