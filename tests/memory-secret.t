#!/bin/sh
# Pages of memfd_secret, which no other process can read, are in the image; those that do not exist do not come into being.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/memory.sh"

# kind KIND [COMMAND...]: a victim that has it, started by the command
kind() {
        name=$1
        shift
        background "$@" "$program" "$name"
        await 20 ready_or_dead grep -q '^ready' "$out"
        alive "$pid" && await 5 in_state "$pid" S && return
        reason=$(sed -n 's/^not here: //p' "$out")
        [ -n "$reason" ] && skip "$name" "$reason" && return 1
        flunk "$name: the victim is there"
        diag_file "$out"
        alive "$pid" || { wait "$pid"; diag "ended with status $?"; }
        return 1
}

dumped() {                      # STATUS WHAT [OPTION...]
        status=$1
        what=$2
        shift 2
        resident "$pid" >before
        cat "/proc/$pid/maps" >maps
        # shellcheck disable=SC2086     # a command and its words, or nothing
        exits "$status" "$what: dump" $as "$CRDUMP" "$@" "$pid" img
        exits 0 "$what: check" "$CRDUMP" check img
        not_grown "$pid" before
        ok "$what: mappings as they were" cmp maps "/proc/$pid/maps"
}

as_it_is() {                    # WHAT
        are secret dididia-a-diz[i]a-
        are hidden uSuS
        is "$(looks longsecret)" "$(repeat di 700)" "$1: a long one"
        class secret 3
        holds secret 0 A
        holds secret 2 C
        holds secret 5 F
        for page in 0 254 255 256 510 699; do
                holds longsecret $page "$(echo ABCDEFGHIJKLMNOPQRSTUVWXYZ | cut -c $((page % 26 + 1)))"
        done
}

as=
program=$VICTIMS/victim-kinds
kind secret || done_testing
for options in --catch=park --catch=breakpoint; do
        dumped 0 "with $options" "$options"
        as_it_is "with $options"
done
dismiss "$pid"

# more than SECRET_MAX
if kind secrets; then
        dumped 0 'too many'
        is "$("$readimg" img runs | awk -v a="$(address_of secrets)" '$4 == 3 && $5 == 4099 { print $1, $2, $3 }')" \
                "$(printf '0x%x' $(($(address_of secrets) + (64 << 20)))) 16 unreadable" 'too many: the rest says why not'
        holds secrets 16383 D
        dismiss "$pid"
fi

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        as='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
        chmod 777 .
        cp "$VICTIMS/victim-kinds" "$CRDUMP" .
        CRDUMP=$scratch/crdump program=$scratch/victim-kinds
        rm -f img
        # shellcheck disable=SC2086     # a command and its words
        if kind secret $as; then
                dumped 0 'an ordinary user'
                as_it_is 'an ordinary user'
                dismiss "$pid"
        fi
else
        skip 'an ordinary user' 'only root can become one'
fi

done_testing
