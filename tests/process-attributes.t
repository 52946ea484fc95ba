#!/bin/sh
# Resource limits and the attributes that /proc has a file for are in the image with the values of the kernel's text.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

readimg=$VICTIMS/readimg
subjects='limit|personality|oom|coredump|loginuid|namespace|exe|children|terminal|cgroup|pid namespaces'

# the kernel's text of limits, by its columns, as `readimg rlimits` prints them
limits_of() {                   # PID
        sed 1d "/proc/$1/limits" | cut -c 27-68 | sed 's/unlimited/18446744073709551615/g' |
                awk '{ print "rlimit", NR - 1, $1, $2 }'
}

attributes_of() {               # PID
        for t_file in oom_score_adj coredump_filter personality loginuid; do
                [ ! -r "/proc/$1/$t_file" ] || echo "$t_file $(cat "/proc/$1/$t_file")"
        done
}

told() {                        # NAME: of $pid and the image img
        limits_of "$pid" >known
        "$readimg" img rlimits >limits
        is "$(wc -l <limits | tr -d ' ')" 16 "$1: sixteen limits"
        ok "$1: as the kernel says" diff -u known limits
        attributes_of "$pid" >known
        "$readimg" img proc | grep -E '^(oom_score_adj|coredump_filter|personality|loginuid) ' >attributes
        ok "$1: attributes" diff -u known attributes
        for t_file in limits oom_score_adj coredump_filter personality uid_map gid_map cgroup; do
                [ -r "/proc/$pid/$t_file" ] || continue
                "$readimg" img file "$t_file" >copy
                ok "$1: the copy of $t_file" cmp copy "/proc/$pid/$t_file"
        done
}

victim sleep 1000
exits 0 'as it comes: dump' "$CRDUMP" "$pid" img
told 'as it comes'
is "$("$readimg" img notes | grep -E "$subjects")" '' 'as it comes: no note'
dismiss "$pid"

# limits that differ from each other and from all defaults, as far as the shell can set them
# shellcheck disable=SC3045     # dash and busybox know these
odd_limits='ulimit -t 4001; ulimit -f 4002; ulimit -d 4003000; ulimit -S -s 4004; ulimit -H -s 8008; ulimit -S -c 5; ulimit -H -c 4005
        ulimit -m 4006; ulimit -S -n 407; ulimit -H -n 408; ulimit -l 4009; ulimit -v 4010000; ulimit -w 4011 2>/dev/null
        ulimit -S -p 3012; exec sleep 1000'
victim sh -c "$odd_limits"
await 10 ready_or_dead grep -q '^Max core file size *2560  *2050560 ' "/proc/$pid/limits"
echo 317 >"/proc/$pid/oom_score_adj"
echo 0x155 >"/proc/$pid/coredump_filter"
exits 0 'odd: dump' "$CRDUMP" "$pid" img
exits 0 'odd: whole image' "$CRDUMP" check img
told 'odd'
is "$(sed -n 's/^rlimit 7 //p' limits)" '407 408' 'odd: soft and hard are told apart'
is "$(grep -E 'oom|filter' attributes | tr '\n' ' ')" 'oom_score_adj 317 coredump_filter 00000155 ' 'odd: what was set'
if sh -c "echo -999 >/proc/$pid/oom_score_adj" 2>/dev/null; then
        exits 0 'less than nothing: dump' "$CRDUMP" "$pid" img
        is "$("$readimg" img proc | grep oom)" 'oom_score_adj -999' 'less than nothing: a negative number'
else
        skip 'less than nothing' 'it takes CAP_SYS_RESOURCE'
fi
dismiss "$pid"

if command -v setarch >/dev/null; then
        victim setarch -R -3 sleep 1000
        exits 0 'personality: dump' "$CRDUMP" "$pid" img
        told 'personality'
        is "$(grep personality attributes)" 'personality 08040000' 'personality: without randomization, in 3 GiB'
        dismiss "$pid"
fi

# shellcheck disable=SC2016
if [ "$(id -u)" -eq 0 ] && sh -c 'echo 4711 >/proc/self/loginuid' 2>/dev/null; then
        victim sh -c 'echo 4711 >/proc/self/loginuid; exec sleep 1000'
        exits 0 'login: dump' "$CRDUMP" "$pid" img
        told 'login'
        is "$(grep loginuid attributes)" 'loginuid 4711' 'login: its user'
        dismiss "$pid"
else
        skip 'login' 'it takes root and a kernel that keeps it'
fi

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        chmod 755 .
        cp "$CRDUMP" crdump
        cp "$VICTIMS/victim-posix" posix
        mkdir his
        chown 65534 his
        user='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        # shellcheck disable=SC2086
        victim $user sleep 1000
        await 5 ready_or_dead grep -q '^Uid:.*65534' "/proc/$pid/status"
        # shellcheck disable=SC2086
        exits 0 'an ordinary user: dump' $user ./crdump "$pid" his/img
        cp his/img img
        told 'an ordinary user'
        is "$("$readimg" img notes | grep -E "$subjects")" '' 'an ordinary user: no note'
        dismiss "$pid"

        # shellcheck disable=SC2086
        background $user ./posix filtered
        await 10 ready_or_dead grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 5 'from outside only: dump' $user ./crdump "$pid" his/img
        cp his/img img
        told 'from outside only'
        is "$("$readimg" img notes | grep -cE "$subjects")" 0 \
                'from outside only: no note about these'
else
        skip 'an ordinary user' 'only root can become one here'
fi

# --- what a kernel does not tell is noted

lacking() {                     # FILE...: dumps $pid where these cannot be opened
        # shellcheck disable=SC2016     # for the inner shell
        exits 0 "without $*: dump" unshare -m sh -c 'crdump=$1 pid=$2; shift 2
                for f; do mount --bind nothing "/proc/$pid/$f" || exit 9; done; exec "$crdump" "$pid" img' - "$CRDUMP" "$pid" "$@"
        exits 0 "without $*: whole image" "$CRDUMP" check img
        for t_file; do
                ok "without $t_file: a note says so" grep -qE "^($t_file|resource $t_file): ." <<-EOT
			$("$readimg" img notes)
		EOT
        done
        is "$("$readimg" img proc | grep -cE '^(oom_score_adj|coredump_filter|personality|loginuid) ')" 0 \
                "without $*: and no value is invented"
        is "$("$readimg" img chunks | grep -c RLIM)" 0 "without $*: no limits"
}

# shellcheck disable=SC2016
if [ "$(id -u)" -eq 0 ] && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("nothing")' 2>/dev/null &&
   unshare -m sh -c 'mount --bind nothing "/proc/$$/limits"' 2>/dev/null; then
        victim sleep 1000
        files=
        for f in limits cgroup oom_score_adj coredump_filter personality loginuid; do
                [ ! -e "/proc/$pid/$f" ] || files="$files $f"
        done
        # shellcheck disable=SC2086
        lacking $files
else
        skip 'what is not told' 'it takes root, python3 and a mount namespace'
fi

done_testing
