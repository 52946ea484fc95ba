#!/bin/sh
# Where there can be no snapshot, --snapshot fails and says why; without it the target is stopped for the copy, which is said as well.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/twin.sh"

barren=$VICTIMS/victim-barren
root=
[ "$(id -u)" -eq 0 ] && root=yes

# a victim of that kind, by the command; false when it cannot be had
barren_one() {                  # NAME KIND [COMMAND...]
        name=$1
        kind=$2
        shift 2
        # shellcheck disable=SC2086     # a kind and a number
        background "$@" "${program:-$barren}" $kind
        await 20 ready_or_dead grep -q '^ready' "$out"
        alive "$pid" && return
        reason=$(sed -n 's/^not here: //p' "$out")
        [ -n "$reason" ] && skip "$name" "$reason" && return 1
        diag_file "$out"
        bail "the victim does not start: $name"
}

told() {                        # KEY: of the object in stdout, a string or null
        sed -n "s/.*\"$1\": \(null\|\"[^\"]*\"\).*/\1/p" stdout
}

# The victim $pid is not dumped by a snapshot, but with that status, by the command.
refused() {                     # REASON [STATUS COMMAND...]
        t_reason=$1
        t_or=${2:-0}
        [ $# -gt 1 ] && shift
        shift
        at_rest "$pid" >before
        rm -f img
        exits 1 "$name: --snapshot: status 1" "$@" "$CRDUMP" --snapshot "$pid" img
        says "^crdump: no snapshot: $t_reason\$" "$name: --snapshot: the line says why"
        is "$(grep -c '^crdump: ' stderr)" 1 "$name: --snapshot: one line" || diag_file stderr
        absent img "$name: --snapshot: no file"
        unchanged "$name: --snapshot: as it was" "$pid" before
        exits "$t_or" "$name: without it" "$@" "$CRDUMP" $unasked "$pid" img
        says "took [0-9.]+ m?s; stopped for the copy: $t_reason(; from outside only.*)?\$" "$name: the summary says why it was stopped"
        exits 0 "$name: whole image" "$CRDUMP" check img
        unchanged "$name: as it was" "$pid" before
        exits "$t_or" "$name: --json" "$@" "$CRDUMP" --json $unasked "$pid" img
        is "$(told way)" '"stop"' "$name: --json: by a stop"
        ok "$name: --json: and why" sh -c "echo '$(told why)' | grep -Ex '\"$t_reason\"'"
        exits "$t_or" "$name: --stop" "$@" "$CRDUMP" --stop --json "$pid" img
        is "$(told way) $(told why)" '"stop" null' "$name: --stop: by a stop, for no reason but that"
        unchanged "$name: as it was, after all" "$pid" before
        ok "$name: no child of it is left" childless "$pid"
        is "$(tracer "$pid")" 0 "$name: traced by nobody"
}

# --- what this is beside

barren_one 'nothing' none
at_rest "$pid" >before
exits 0 'nothing in the way: --snapshot' "$CRDUMP" --snapshot -v "$pid" img
says 'twin: [1-9]' 'nothing in the way: a twin is made'
exits 0 'nothing in the way: without it' "$CRDUMP" --json -v $unasked "$pid" img
is "$(told way) $(told why)" '"snapshot" null' 'nothing in the way: by a snapshot'
says 'twin: [1-9]' 'nothing in the way: without --snapshot as well'
for option in --stop '--stop --trampoline=inject' '--stop --catch=breakpoint'; do
        # shellcheck disable=SC2086     # options
        exits 0 "$option" "$CRDUMP" $option --json -v "$pid" img
        is "$(told way) $(told why)" '"stop" null' "$option: by a stop"
        is "$(grep -c 'twin:' stderr)" 0 "$option: no twin is made"
done
unchanged 'as it was' "$pid" before '^anonymous code'
dismiss "$pid"

# --- memory that somebody watches, who is told of forks, or might be

for kind in missing protected told-of-forks; do
        barren_one "userfaultfd, $kind" $kind || continue
        refused 'userfaultfd watches its memory'
        dismiss "$pid"
done

# --- children that would not be there where it is

for kind in new-pid new-time; do
        barren_one $kind $kind || continue
        refused 'a child of it comes into another namespace, or may'
        dismiss "$pid"
done

# A small one needs no child.
if unshare -p true 2>/dev/null; then
        victim unshare -p sleep 1000
        at_rest "$pid" >before
        exits 1 'a small one: --snapshot' "$CRDUMP" --snapshot "$pid" img
        exits 0 'a small one: without it' "$CRDUMP" --json "$pid" img
        [ -n "${WAY:-}" ] || is "$(told way) $(told why)" '"memory" null' 'a small one: copied at once'
        unchanged 'a small one: as it was' "$pid" before
        dismiss "$pid"
else
        skip 'a small one' 'no new pid namespace here'
fi

# --- no more processes

if [ "$root" ] && command -v setpriv >/dev/null; then
        chmod 755 .
        cp "$barren" barren
        program=$scratch/barren
        barren_one RLIMIT_NPROC limit setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all &&
                refused 'clone: Resource temporarily unavailable' && dismiss "$pid"
        program=
else
        skip RLIMIT_NPROC 'only root can become another user, whom it binds'
fi

if make_group pids pids.max pids.max 1; then
        barren_one 'pids.max' none
        echo "$pid" >"$group/cgroup.procs"
        refused 'clone: Resource temporarily unavailable'
        is "$(cat "$group/pids.current")" 1 'pids.max: one process is in it'
        remove_group
else
        skip pids.max 'no such cgroup can be made here'
fi

barren_one SCHED_DEADLINE deadline && refused 'clone: Resource temporarily unavailable' && dismiss "$pid"

# --- no code may run

barren_one seccomp fence
refused 'no code may run in the process' 5 "$VICTIMS/victim-seccomp" confine
[ -z "$root" ] || exits 0 'seccomp: which root can suspend' "$CRDUMP" -q --snapshot "$pid" img
dismiss "$pid"

# --- no memory

if make_group memory memory.max memory.limit_in_bytes $((8 << 20)); then
        barren_one 'a memory cgroup' none sh -c "$in_group" "$group"
        refused 'copying on write could take all memory'
        remove_group
        make_group memory memory.max memory.limit_in_bytes $((64 << 20))
        barren_one 'shared memory' 'none 24' sh -c "$in_group" "$group"
        refused '2[0-9] MiB that a clone lacks are too much for the memory there is'
        limit_group $((256 << 20))
        exits 0 'shared memory, and more room' "$CRDUMP" --json $unasked "$pid" img
        is "$(told way) $(told why)" '"snapshot" null' 'shared memory, and more room: by a snapshot'
        remove_group
else
        skip 'a memory cgroup' 'none can be made here'
fi

done_testing
