#!/bin/sh
# What prctl can switch is in the image as the process hears it, and asking leaves no mark on it.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

switches=$VICTIMS/victim-switches
readimg=$VICTIMS/readimg

flags() {                       # PID: the kernel's PF_* of it
        sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 7
}

heard() {                       # the image has each line that the victim printed
        "$readimg" img misc >misc
        grep '^misc' "$out" >known
        cat known
        while read -r t_line; do
                grep -qx -- "$t_line" misc || { echo "not in the image: $t_line"; return 1; }
        done <known
}

dumped() {                      # NAME [OPTION...]
        t_way=$1
        shift
        flags "$pid" >before
        exits 0 "$t_way: dump" "$CRDUMP" "$@" "$pid" img
        exits 0 "$t_way: whole image" "$CRDUMP" check img
        ok "$t_way: the image says what the victim says" heard
        diag_file t.out
        is "$(flags "$pid")" "$(cat before)" "$t_way: no flag of the kernel's has changed"
}

victim "$switches" plain
dumped 'as it comes'
is "$(grep -E '^misc (tsc|cpuid|io_flusher) ' misc | tr '\n' ' ')" 'misc tsc 1 misc cpuid 1 misc io_flusher 0 ' \
        'as it comes: the clock and cpuid work, and it is no io flusher'
dismiss "$pid"

victim "$switches"
at_rest "$pid" >before.print
dumped 'switched'
dumped 'switched, by a breakpoint' --catch=breakpoint
is "$(grep -c '^misc tsc 2$' misc)" 1 'switched: the clock was switched off'
unchanged 'switched: as it was' "$pid" before.print
dismiss "$pid"

victim "$switches" fenced
dumped 'no room for a mapping'
dismiss "$pid"

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        chmod 755 .
        cp "$CRDUMP" crdump
        cp "$switches" switches
        mkdir his
        chown 65534 his
        user='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        # shellcheck disable=SC2086
        victim $user ./switches
        await 20 grep -q '^ready' "$out"
        # shellcheck disable=SC2086
        exits 0 'an ordinary user: dump' $user ./crdump "$pid" his/img
        cp his/img img
        ok 'an ordinary user: the image says what the victim says' heard
else
        skip 'an ordinary user' 'only root can become one here'
fi

done_testing
