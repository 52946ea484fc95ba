# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# fds.sh - what the tests of descriptors share; to be sourced after lib.sh
# shellcheck disable=SC2154     # pid and out are lib.sh's

readfds=$VICTIMS/readfds

# The report of $pid since the last "ready" or "end", into FILE
last_report() {                 # FILE
        awk '{ text = text $0 "\n" } /^(ready|end)$/ { last = text; text = "" } END { printf "%s", last }' "$out" |
                grep -Ev '^(ready|end|pty .*|named .*)$' >"$1"
}

asked=0
told() { [ "$(grep -c '^end$' "$out")" -ge "$asked" ]; }
ask() {                         # FILE [SIGNAL]: its report now
        asked=$((asked + 1))
        kill "-${2:-USR1}" "$pid"
        await 10 ready_or_dead told
        last_report "$1"
}

# Dump $pid: what it says of itself is in the image, and is the same afterwards.
# Lines that match REGEX cannot be compared.
dump_and_compare() {            # WHAT STATUS [REGEX]
        last_report before
        fd_texts "$pid" >texts.before
        exits "$2" "$1: dump" "$CRDUMP" "$pid" img
        exits 0 "$1: check" "$CRDUMP" check img
        fd_texts "$pid" >texts.after
        ok "$1: links and fdinfo as they were" diff texts.before texts.after
        "$readfds" img >image
        grep -v '^[0-9]* own ' before | grep -Ev -- "${3:-^\$}" | sort >wanted
        awk '{ k = $1 " " $2 ($2 == "option" ? $3 " " $4 : "") }
             NR == FNR { key[k]; next } k in key' wanted image | sort >got
        ok "$1: what it says of itself" diff wanted got
        ask after
        ok "$1: nothing has changed for it" diff before after
        sed -n 's/^\([0-9]*\) \(path\|fdinfo\) /\1 /p' image | running | sort >texts.image
        sort texts.before >texts.wanted
        ok "$1: links and fdinfo are in the image" diff texts.wanted texts.image
}

running() {                     # without what moves by itself
        grep -Ev '^[0-9]+ (ticks|it_value):'
}

fd_texts() {                    # PID: each line of its links and fdinfo, after the number
        for t_fd in "/proc/$1/fd"/*; do
                t_n=${t_fd##*/}
                readlink "$t_fd" | sed "s/^/$t_n /"
                sed "s/^/$t_n /" "/proc/$1/fdinfo/$t_n" | running
        done
}

# From now on crdump is an ordinary user; $nobody starts a victim as one.
be_nobody() {
        nobody='setpriv --reuid nobody --regid nogroup --clear-groups'
        printf '#!/bin/sh\nexec %s %s "$@"\n' "$nobody" "$CRDUMP" >crdump
        chmod 755 crdump
        CRDUMP=$scratch/crdump
        chown nobody .
}

number() {                      # NAME: the descriptor that the victim calls so
        sed -n "s/^named $1 //p" "$out"
}

field() {                       # FD WORD: its value in the image
        sed -n "s/^$1 $2 //p" image
}

why() {                         # FD REGEX NAME: the image says so
        field "$1" why | grep -Eq -- "$2" && pass "$3" && return
        flunk "$3" "of descriptor $1 it says: $(field "$1" why)"
}
