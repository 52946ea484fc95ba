#!/bin/sh
# Uncommon kinds of memory: what can be read is in the image, what must not be is said, and the target keeps what it has as it has it.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

# kind KIND [FILE]: a victim that has it; false when it cannot be had here
kind() {
        name=$1
        background "$VICTIMS/victim-kinds" "$@"
        await 20 ready_or_dead grep -q '^ready' "$out"
        alive "$pid" && await 5 in_state "$pid" S && return
        reason=$(sed -n 's/^not here: //p' "$out")
        [ -n "$reason" ] && skip "$name" "$reason" && return 1
        flunk "$name: the victim is there"
        diag_file "$out"
        alive "$pid" || { wait "$pid"; diag "ended with status $?"; }
        return 1
}

# what it has in common with others must stay so: it would cost memory
dumped() {
        resident "$pid" >before
        exits 0 "$name: dump" "$CRDUMP" "$pid" img
        exits 0 "$name: check" "$CRDUMP" check img
        not_grown "$pid" before
}

setting() {                     # FILE VALUE: false if it cannot be set; t_undo puts it back
        was=$(cat "$1" 2>/dev/null) && echo "$2" 2>/dev/null >"$1" && undo="$undo echo $was >$1;"
}
undo=
trap 't_status=$?; eval "$undo"; (exit $t_status); t_finish' EXIT

if kind common; then
        dumped
        is "$(looks common)" "$(repeat d- 4096)" 'common: all of it'
        holds common 4000 W
        dismiss "$pid"
fi

if [ "$(cat /sys/kernel/mm/ksm/run 2>/dev/null)" = 0 ] && setting /sys/kernel/mm/ksm/run 1; then
        setting /sys/kernel/mm/ksm/sleep_millisecs 1
        setting /sys/kernel/mm/ksm/pages_to_scan 4000
        merged() { [ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -ge 1000 ]; }
        if kind merged && await 20 merged; then
                echo 0 >/sys/kernel/mm/ksm/run          # what is merged stays so, and no more is meanwhile
                dumped
                is "$(looks merged)" "$(repeat d- 1024)" 'merged: all of it'
                holds merged 700 A
                ok 'merged: still so' merged
        else
                skip 'merged' 'KSM finds nothing here'
        fi
        dismiss "$pid"
else
        skip 'merged' 'KSM cannot be started here'
fi

if kind huge; then
        dumped
        is "$(looks huge)" "$(repeat d- 512)" 'huge: all of it'
        is "$(looks hugezero | tr -d az)" "$(repeat - 512)" 'huge: the huge zero page'
        are hugenone "$(repeat a- 8)"
        holds huge 300 O
        dismiss "$pid"
fi

if setting /proc/sys/vm/nr_hugepages 12 && [ "$(cat /proc/sys/vm/nr_hugepages)" = 12 ] && mkdir huge && mount -t hugetlbfs none huge; then
        t_umount=$PWD/huge
        if kind hugetlb huge/file; then
                await 10 grep -q filled "$out"
                dumped
                is "$(looks private)" "$(repeat d- 512)$(repeat a- 512)" 'hugetlb: private'
                is "$(looks shared)" "$(repeat d- 512)$(repeat zo 512)" 'hugetlb: shared'
                is "$(looks bychild)" "$(repeat zo 512)$(repeat 'do' 512)" 'hugetlb: filled by another process'
                is "$(looks file)" "$(repeat i- 1024)" 'hugetlb: a file'
                is "$(looks privatefile)" "d-$(looks privatefile | cut -c 3-1024)$(repeat i- 512)" 'hugetlb: a private mapping of a file'
                class private 1
                class shared 3
                class file 4
                holds private 300 O
                holds bychild 600 C
                rm huge/file
                dumped
                is "$(looks file)" "$(repeat d- 512)$(repeat zo 512)" 'hugetlb: a file that is deleted'
                holds file 511 R
        fi
        dismiss "$pid"
else
        skip 'hugetlb' 'no huge pages to be had here'
fi

if kind watched; then
        LIMIT=10
        dumped
        are missing d-d-a-a-a-a-a-a-
        are minor a-a-a-dodoa-a-a-
        holds missing 1 B
        holds minor 4 E
        dismiss "$pid"
fi
if kind protected; then
        dumped
        are protected d-d-a-a-a-a-a-a-
        dismiss "$pid"
fi
LIMIT=
if kind poisoned; then
        dumped
        is "$(looks poisoned)" "$(for i in 0 1 2; do repeat d- $((i ? 59 : 5)); printf 'u?'; done; repeat d- 74)" \
                'poisoned: none of the neighbours is lost'
        holds poisoned 4 E
        holds poisoned 6 G
        holds poisoned 199 R
        dismiss "$pid"
fi
if kind droppable; then
        dumped
        are droppable d-d-d-d-d-a-a-a-
        dismiss "$pid"
fi
if kind uring; then
        dumped
        are ring d-
        are sqes '[dz]-'
        class ring 3
        dismiss "$pid"
fi
if kind packet; then
        dumped
        are packets '([dz]-){8}'
        class packets 3
        dismiss "$pid"
fi
if kind perf; then
        dumped
        is "$(looks perf)" "$(repeat uD 9)" 'perf: a device, never read'
        dismiss "$pid"
fi
if kind zero; then
        dumped
        are zero a-d-a-a-
        class zero 1
        holds zero 1 B
        # every program has these
        "$readimg" img maps >maps
        for special in vvar:uK vdso:d- vsyscall:uK; do
                at=$(sed -n "s/^\([0-9a-f]*\)-.*\[${special%:*}\]\$/\1/p" maps)
                [ -n "$at" ] || continue
                is "$("$readimg" img hows "0x$at" 1)" "${special#*:}" "[${special%:*}]"
        done
        dismiss "$pid"
fi

# without the VmFlags line, by a file in the place of smaps in a mount namespace of our own
if command -v unshare >/dev/null && unshare -m true 2>/dev/null && kind perf; then
        cat "/proc/$pid/maps" >smaps
        exits 0 'no VmFlags: dump' unshare -m sh -c "mount --bind '$PWD/smaps' /proc/$pid/smaps && exec '$CRDUMP' $pid img"
        is "$("$readimg" img runs | awk -v a="$(address_of perf)" '$1 == a { print $2, $3, $5 }')" '9 unreadable 4096' \
                'no VmFlags: a device is never read'
        sed 's/^VmFlags:/& qq/' "/proc/$pid/smaps" >smaps
        exits 0 'an unknown flag: dump' unshare -m sh -c "mount --bind '$PWD/smaps' /proc/$pid/smaps && exec '$CRDUMP' $pid img"
        is "$("$readimg" img notes | grep -c 'VmFlags: qq')" 1 'an unknown flag is noted once'
        dismiss "$pid"
else
        skip 'no VmFlags' 'no mount namespace to be had here'
fi

# a probe in a function, so that the kernel adds the page where probed instructions run
events=/sys/kernel/tracing/uprobe_events
if [ "$(id -u)" -eq 0 ] && { [ -e $events ] || mount -t tracefs none /sys/kernel/tracing 2>/dev/null; } && [ -w $events ]; then
        at=$(nm "$VICTIMS/victim-kinds" | awk '$3 == "probe" { print $1 }')
        cp "$VICTIMS/victim-kinds" probed
        if echo "p:crdump_$$ $PWD/probed:0x$at" >>$events; then
                undo="$undo echo 0 >${events%/*}/events/uprobes/crdump_$$/enable; echo -:crdump_$$ >>$events;"
                echo 1 >"${events%/*}/events/uprobes/crdump_$$/enable"
        fi
        name=probes
        victim ./probed probes
        await 20 grep -q ready "$out"
        if grep -q '\[uprobes\]' "/proc/$pid/maps"; then
                dumped
                at=$(sed -n 's/^\([0-9a-f]*\)-.*\[uprobes\]$/\1/p' "/proc/$pid/maps")
                is "$("$readimg" img hows "0x$at" 1)" uK '[uprobes]'
        else
                skip 'probes' 'no probe can be set here'
        fi
        dismiss "$pid"
else
        skip 'probes' 'no tracefs here'
fi

done_testing
