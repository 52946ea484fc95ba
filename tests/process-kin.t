#!/bin/sh
# Children by pid and name, the controlling terminal, namespaces and ids in nested ones are in the image.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

kin=$VICTIMS/victim-kin
readimg=$VICTIMS/readimg

str() { "$readimg" img str "$1"; }      # NUMBER of enum img_str_id
notes() { "$readimg" img notes | grep -E '^(children|ns/|namespaces|ids in|cgroup|controlling)'; }

# --- children

born() {                        # NAME: of $pid
        sed -n 's/^child //p' "$out" | sort -n >known
        str 15 >children
        ok "$1: all five, by pid and name" diff -u known children
}

victim "$kin" children
exits 0 'children: dump' "$CRDUMP" "$pid" img
exits 0 'children: whole image' "$CRDUMP" check img
born 'children'
is "$(grep -c ended children)" 1 'children: also the one that has ended'
is "$(notes)" '' 'children: no note'

# what lies over the list of each thread's children cannot be opened
# shellcheck disable=SC2016     # for the inner shell
hidden='for f in /proc/$2/task/*/children; do mount --bind no-list "$f" || exit 9; done; exec "$1" "$2" img'
if [ "$(id -u)" -eq 0 ] && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("no-list")' 2>/dev/null &&
   [ -e "/proc/$pid/task/$pid/children" ] && unshare -m true 2>/dev/null; then
        rm img
        exits 0 'no such lists: dump' unshare -m sh -c "$hidden" - "$CRDUMP" "$pid"
        born 'no such lists'
else
        skip 'no such lists' 'it takes root, python3, such lists and a mount namespace'
fi
dismiss "$pid"

victim sleep 1000
exits 0 'none: dump' "$CRDUMP" "$pid" img
is "$(str 15)" '' 'none: no child'
is "$(notes)" '' 'none: no note either'

# --- namespaces and ids, as the kernel's links and text have them

namespaces() {                  # NAME: of $pid
        for t_link in "/proc/$pid/ns"/*; do
                t_to=$(readlink "$t_link") && echo "${t_link##*/}:${t_to#*:}"
        done | sort >known
        str 10 | sort >links
        ok "$1: the namespaces" diff -u known links
        for t_id in 11:NStgid 12:NSsid 13:NSpgid; do
                is "$(str "${t_id%:*}")" "$(sed -n "s/^${t_id#*:}:[[:space:]]*//p" "/proc/$pid/status" | tr '\t' ' ')" \
                        "$1: ${t_id#*:}"
        done
        str 14 >cgroup
        ok "$1: the cgroup" cmp cgroup "/proc/$pid/cgroup"
}

namespaces 'as everybody'
dismiss "$pid"

# shellcheck disable=SC2016
if [ "$(id -u)" -eq 0 ] && unshare -fpmuinC true 2>/dev/null; then
        background unshare -fpmuinC sh -c 'unshare -fp sh -c "sleep 1000 & echo ready; wait"'
        await 20 grep -q '^ready' "$out"
        outer=$pid
        inside() {                      # two levels down; a shell may exec its last command
                pid=$outer
                while t_next=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null) && [ -n "$t_next" ]; do pid=${t_next%% *}; done
                [ "$(cat "/proc/$pid/comm")" = sleep ]
        }
        if await 10 inside; then
                reap "$pid"
                exits 0 'of its own: dump' "$CRDUMP" "$pid" img
                namespaces 'of its own'
                is "$(str 11 | wc -w)" 3 'of its own: a pid in each of three'
                is "$(notes)" '' 'of its own: no note'
        else
                skip 'of its own' 'no list of children here to find it by'
        fi
        dismiss "$outer"
else
        skip 'of its own' 'it takes root and namespaces'
fi

# a namespace for children that nobody has entered yet leads nowhere
if [ "$(id -u)" -eq 0 ] && command -v python3 >/dev/null && [ -e /proc/self/ns/pid_for_children ]; then
        background python3 -c '
import ctypes, time
ctypes.CDLL(None).unshare(0x20000000)
print("ready", flush=True)
time.sleep(1000)'
        await 20 ready_or_dead grep -q '^ready' "$out"
        exits 0 'nobody in it yet: dump' "$CRDUMP" "$pid" img
        namespaces 'nobody in it yet'
        is "$(notes)" "$(readlink "/proc/$pid/ns/pid_for_children" >/dev/null || echo 'ns/pid_for_children: No such file or directory')" \
                'nobody in it yet: a note says that it leads nowhere'
        dismiss "$pid"
fi

# --- the controlling terminal

of_terminal() {                 # NAME [PATH]
        what=$1
        shift
        background "$kin" terminal "$@"
        holder=$pid
        await 20 ready_or_dead grep -q '^ready' "$out"
        if grep -q '^not here' "$out"; then
                skip "$what" "$(cat "$out")"
                return
        fi
        pid=$(sed -n 's/^pid //p' "$out")
        reap "$pid"
        exits 0 "$what: dump" "$CRDUMP" "$pid" img
        is "$("$readimg" img proc | grep '^tty')" "$(grep '^tty' "$out")" "$what: its numbers and the group in front"
        is "$(str 16)" "$(sed -n 's/^path //p' "$out")" "$what: its path"
        is "$("$readimg" img proc | sed -n 's/^pgid //p')" "$pid" "$what: the process is in another group"
        is "$(notes)" '' "$what: no note"
        dismiss "$pid"
        dismiss "$holder"
}

of_terminal 'a pty'
if [ "$(id -u)" -eq 0 ]; then
        of_terminal 'a virtual console' /dev/tty40
else
        skip 'a virtual console' 'root alone may open it'
fi

if command -v setsid >/dev/null; then
        victim setsid sleep 1000
        exits 0 'no terminal: dump' "$CRDUMP" "$pid" img
        is "$("$readimg" img proc | grep '^tty')" 'tty 0:0 -1' 'no terminal: none'
        is "$(str 16)" '' 'no terminal: no path'
        is "$(notes)" '' 'no terminal: no note'
fi

done_testing
