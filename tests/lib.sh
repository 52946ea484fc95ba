# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib.sh - what the tests share: victims, fingerprints, TAP. A test sources it first.
#
# Every test runs in its own scratch directory, which is removed at the end, as
# are all victims. Variables that begin with t_ belong to this file.

here=$(cd "${0%/*}" && pwd) || exit 99
CRDUMP=${CRDUMP:-${here%/*}/crdump}
VICTIMS=${VICTIMS:-${here%/*}/build/tests}
case $CRDUMP in /*) ;; *) CRDUMP=$PWD/$CRDUMP ;; esac
case $VICTIMS in /*) ;; *) VICTIMS=$PWD/$VICTIMS ;; esac
# For a dump that falls back by itself, as it does without an option unless it is built otherwise: WAY, see Makefile.
# shellcheck disable=SC2034
case ${WAY:-} in stop) unasked=--snapshot=try ;; *) unasked= ;; esac

t_run=0                 # assertions so far
t_failed=0
t_started=0             # victims so far
t_reap=                 # PID/START of what is to be killed at the end
t_umount=               # folders to be unmounted at the end

bail() {
        echo "Bail out! $*"
        exit 99
}

t_finish() {
        t_status=$?
        trap '' INT TERM HUP
        for t_p in $t_reap; do
                t_kill "$t_p"
        done
        for t_p in $t_reap; do
                wait "${t_p%/*}" 2>/dev/null
        done
        for t_p in $t_umount; do
                umount -l "$t_p"
        done
        cd /
        rm -rf "$scratch"
        exit "$t_status"
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/crdump-test.XXXXXX") || exit 99
trap t_finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
cd "$scratch" || exit 99
[ -x "$CRDUMP" ] || bail "$CRDUMP is not there: run make"

# --- TAP -----------------------------------------------------------------

diag() {                        # TEXT...: evidence, a comment for TAP
        printf '%s\n' "$*" | sed 's/^/# /'
}

diag_file() {                   # FILE: its first lines as evidence
        [ -s "$1" ] && sed -n '1,40s/^/# | /p' "$1"
}

pass() {                        # NAME
        t_run=$((t_run + 1))
        echo "ok $t_run - $1"
}

flunk() {                       # NAME [TEXT]; false
        t_run=$((t_run + 1))
        t_failed=$((t_failed + 1))
        echo "not ok $t_run - $1"
        [ $# -lt 2 ] || diag "$2"
        return 1
}

skip() {                        # NAME REASON: one assertion that cannot be tried here
        t_run=$((t_run + 1))
        echo "ok $t_run - $1 # SKIP $2"
}

skip_all() {                    # REASON: nothing here can be tried
        echo "1..0 # SKIP $*"
        exit 0
}

# strace counts the calls of each thread: before a command, this makes ours all those of one, for there is one processor
alone() { echo "taskset -c $(taskset -cp $$ | sed 's/.*[ ,-]//')"; }

need() {                        # TOOL...: CI has all of them, others may go without
        for t_tool; do
                command -v "$t_tool" >/dev/null && continue
                [ "${CI:-}" = true ] && bail "$t_tool is missing, which CI must have"
                skip_all "no $t_tool here"
        done
}

done_testing() {
        echo "1..$t_run"
        [ "$t_failed" -eq 0 ]
        exit
}

ok() {                          # NAME CMD...: CMD succeeds
        t_name=$1
        shift
        "$@" >t.out 2>&1 && pass "$t_name" && return
        t_status=$?
        flunk "$t_name" "exit status $t_status from: $*"
        diag_file t.out
        return 1
}

is() {                          # GOT WANTED NAME
        [ "$1" = "$2" ] && pass "$3" && return
        flunk "$3" "got    '$1'"
        diag "wanted '$2'"
        return 1
}

exits() {                       # STATUS NAME CMD...: exactly so; leaves the files stdout and stderr
        t_wanted=$1
        t_name=$2
        shift 2
        timeout -k 5 "${LIMIT:-60}" "$@" >stdout 2>stderr
        t_status=$?
        [ "$t_status" -eq "$t_wanted" ] && pass "$t_name" && return
        flunk "$t_name" "exit status $t_status, not $t_wanted, from: $*"
        diag_file stdout
        diag_file stderr
        return 1
}

says() {                        # REGEX NAME: a line of stderr of the last exits
        grep -Eq -- "$1" stderr && pass "$2" && return
        flunk "$2" "nothing matches '$1' in stderr:"
        diag_file stderr
        return 1
}

absent() {                      # FILE NAME: not there, nor anything that begins as it does
        t_left=$(find . -maxdepth 1 -name "$1*" -o -maxdepth 1 -name ".$1*")
        is "$t_left" '' "$2"
}

# --- waiting, always for something and never for ever ----------------------

await() {                       # SECONDS CMD...: until CMD succeeds; false when it never does
        t_end=$(($(date +%s) + $1 * ${PATIENCE:-1} + 1))        # PATIENCE: a machine that many times slower
        shift
        until "$@" >/dev/null 2>&1; do
                [ "$(date +%s)" -lt "$t_end" ] || return 1
                sleep 0.02
        done
}

state() {                       # PID: the letter from its status; nothing when it is gone
        sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

alive() {                       # PID: is there and no zombie
        case $(state "$1") in '' | Z | X) return 1 ;; esac
}

tracer() {                      # PID: of whoever traces it, or 0
        sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$1/status"
}

in_state() { [ "$(state "$1")" = "$2" ]; }

is_traced() { [ "$(tracer "$1")" != 0 ]; }

gone() { ! alive "$1"; }

asleep() {                      # PID: has left this shell's program, and sleeps
        [ "$(readlink "/proc/$1/exe")" != "$(readlink /proc/$$/exe)" ] && in_state "$1" S
}

ready_or_dead() {               # CMD...: about the process $pid
        ! alive "$pid" || "$@"
}

# --- victims -----------------------------------------------------------------

t_start_of() {                  # PID: when it started, in ticks after boot; nothing when it is gone
        tr '\n' ' ' 2>/dev/null <"/proc/$1/stat" | sed 's/.*) //' | cut -d ' ' -f 20   # a name may hold line feeds
}

t_kill() {                      # PID/START: if that is still who has this number
        [ -n "${1#*/}" ] && [ "$(t_start_of "${1%/*}")" = "${1#*/}" ] && kill -9 "${1%/*}" 2>/dev/null
}

reap() {                        # PID...: to be killed at the end
        for t_p; do
                t_reap="$t_reap $t_p/$(t_start_of "$t_p")"
        done
}

background() {                  # CMD...: started; sets pid and out, its output
        t_started=$((t_started + 1))
        out=$scratch/out.$t_started
        : >"$out"
        "$@" >"$out" 2>&1 &
        pid=$!
        reap "$pid"
}

victim() {                      # CMD...: started and ready or asleep; sets pid and out
        background "$@"
        case $1 in
        "$VICTIMS"/*)   await 20 ready_or_dead grep -q '^ready' "$out" ;;
        *)              await 20 ready_or_dead asleep "$pid" ;;
        esac
        alive "$pid" && return
        diag_file "$out"
        bail "the victim did not start: $*"
}

huge_pages() {                  # N: so many may be had until the test ends; false when that is not for us to say
        t_spare=/proc/sys/vm/nr_overcommit_hugepages
        { [ "$(cat $t_spare 2>/dev/null)" = 0 ] && echo "$1" 2>/dev/null >$t_spare; } || return 1
        trap 't_status=$?; echo 0 >$t_spare; (exit $t_status); t_finish' EXIT
}

python_ready() {                # FILE: a victim, that has printed ready and sleeps; sets pid and out
        background python3 "$1"
        await 20 ready_or_dead grep -q ready "$out"
        await 20 ready_or_dead asleep "$pid"
}

noisy_python() {                # likewise: 4 MB, no page like another, which no pipe holds
        cat >noisy.py <<-'EOF'
		import os, time
		b = os.urandom(4 << 20)
		print('ready', flush=True)
		time.sleep(1000)
	EOF
        python_ready noisy.py
}

dismiss() {                     # PID: no longer needed; one that reap() knows
        for t_p in $t_reap; do
                [ "${t_p%/*}" != "$1" ] || t_kill "$t_p"
        done
        wait "$1" 2>/dev/null
}

# It stays on one processor: with the C library's leave the kernel writes into the
# memory of each thread which one it runs on (rseq), and being borrowed is to run.
way_in_turn() {                 # N: the option for the Nth of several dumps, so that each way has its turn
        case $(($1 % 4)) in
        1)      echo --catch=breakpoint ;;
        3)      echo --trampoline=inject ;;
        *)      echo --catch=park ;;
        esac
}

stopped_victim() {              # CMD...: a victim held by SIGSTOP
        victim taskset 1 "$@"
        case $1 in
        "$VICTIMS"/*)   await 20 ready_or_dead grep -q '^ready' "$out" ;;
        esac
        kill -STOP "$pid"
        await 5 in_state "$pid" T || bail "the victim did not stop"
}

beat() {                        # FILE: how often victim-regs has gone round
        od -An -tu8 -N8 "$1" | tr -d ' '
}

beats_on() {                    # FILE: it has gone round since
        t_beat=$(beat "$1")
        await "${2:-10}" beat_is_not "$1" "$t_beat"
}

beat_is_not() { [ "$(beat "$1")" != "$2" ]; }

# A static program of three mappings that sleeps for ever: the smallest image.
tiny_program() {                # FILE
        need as ld
        as -o t.o - <<'EOT' && ld -o "$1" t.o
        .globl  _start
        .data
        .ascii  "a few bytes that are its own"
        .text
_start: mov     $34, %eax               # pause
        syscall
        jmp     _start
EOT
}

# All of PID that a dump must leave as it was, in words. The number of the
# system call is left out: a stop makes restart_syscall of an interrupted nanosleep.
fingerprint() {                 # PID
        cat "/proc/$1/maps"
        for t_task in "/proc/$1/task"/*; do
                echo "thread ${t_task##*/} $(cat "$t_task/comm")"
                grep -E '^(State|TracerPid|Umask|Sig(Pnd|Blk|Ign|Cgt)|ShdPnd|NoNewPrivs|Seccomp|Cap...|Cpus_allowed):' "$t_task/status"
                awk 'NF > 2 { print "sp", $(NF - 1), "pc", $NF }' "$t_task/syscall"
                sed 's/.*) //' "$t_task/stat" | awk '{ print "policy", $39, "priority", $16, $17 }'
        done
        for t_fd in "/proc/$1/fd"/*; do
                echo "fd ${t_fd##*/} $(readlink "$t_fd") $(grep flags: "/proc/$1/fdinfo/${t_fd##*/}")"
        done
        cat "/proc/$1/limits"
        code_pages "$1"
        while read -r t_range t_prot t_rest; do
                case $t_prot-$t_rest in *\[vsyscall\]) continue ;; ??x*) ;; *) continue ;; esac
                t_from=$((0x${t_range%-*} / 4096))
                t_to=$((0x${t_range#*-} / 4096))
                echo "code $t_range $(dd if="/proc/$1/mem" bs=4096 skip=$t_from count=$((t_to - t_from)) 2>/dev/null | cksum)"
        done <"/proc/$1/maps"
}

# What to compare with later: its fingerprint when that stays the same, for one that
# has just said "ready" runs on to where it will sleep, and one that naps runs now and then.
at_rest() {                     # PID
        t_same=0 t_tries=0
        : >t.rest
        while [ $t_same -lt 2 ] && [ $t_tries -lt 100 ]; do
                t_tries=$((t_tries + 1))
                fingerprint "$1" >t.rest.now
                if cmp -s t.rest t.rest.now; then t_same=$((t_same + 1)); else t_same=0; fi
                mv t.rest.now t.rest
                sleep 0.01
        done
        cat t.rest
}

code_pages() {                  # PID: how much of its code is no longer the file's
        awk '$1 ~ /^[0-9a-f]+-/ { code = $2 ~ /x/; map = $1 }
             code && $1 == "Anonymous:" { print "anonymous code", map, $2, $3 }' "/proc/$1/smaps"
}

# Its fingerprint is, or soon becomes, that of FILE. Lines that match REGEX do not count.
unchanged() {                   # NAME PID FILE [REGEX]
        grep -Ev -- "${4:-^\$}" "$3" >t.was
        t_tries=0
        until fingerprint "$2" 2>t.err | grep -Ev -- "${4:-^\$}" >t.now; cmp -s t.was t.now; do
                t_tries=$((t_tries + 1))
                if [ "$t_tries" -gt 60 ] || ! alive "$2"; then
                        flunk "$1" "pid $2 was (-) and is (+):"
                        diff -U 0 t.was t.now >t.diff
                        diag_file t.diff
                        diag_file t.err
                        return 1
                fi
                sleep 0.05
        done
        pass "$1"
}
