#!/bin/sh
# A target fenced in by limits, protection keys, seals or odd memory is dumped all the same, and goes on behind its fence.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

user=
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
        user="setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
        chmod 755 .
        cp "$VICTIMS/victim-fence" fence
fi

# fence NAME [COMMAND...]: a victim behind it, started by the command; false when it cannot be had here
fence() {
        name=$1
        shift
        : >"$name.beat"
        chmod 666 "$name.beat"
        background "$@" "${program:-$VICTIMS/victim-fence}" "$name" "$name.beat"
        await 20 ready_or_dead grep -q '^ready' "$out"
        pid=$(sed -n 's/^pid //p' "$out")
        alive "$pid" && return
        reason=$(sed -n 's/^not here: //p' "$out")
        [ -n "$reason" ] && skip "$name" "$reason" && return 1
        flunk "$name: the fence stands"
        diag_file "$out"
        return 1
}

dumped_behind() {               # NAME [COMMAND...]
        fence "$@" || return
        at_rest "$pid" >before
        for way in --catch=park --catch=breakpoint; do
                exits 0 "$1: dump, $way" "$CRDUMP" -q $way "$pid" img
                exits 0 "$1: whole image, $way" "$CRDUMP" check img
                unchanged "$1: as it was, $way" "$pid" before
                ok "$1: goes on, $way" beats_on "$1.beat"
        done
        "$VICTIMS/readimg" img chunks >chunks
        ok "$1: it was asked from inside" grep -q ' SIGA ' chunks
}

# the image has what the victim says is there
has_content() {                 # NAME LETTER
        sed -n 's/^memory \([^ ]*\) 1$/\1/p' "$out" >addresses
        while read -r address; do
                is "$("$VICTIMS/readimg" img kinds "$address" 1 | tr -d '\n')" d "$1: the page at $address is data"
                [ -z "$2" ] || is "$("$VICTIMS/readimg" img mem "$address" 4096 | tr -s "$2")" "$2" "$1: with its content"
        done <addresses
}

for f in as data files size mdwe sealed deny-others deny-stack; do
        dumped_behind $f && dismiss "$pid"
done

# The parasite cannot work there, and sleeps until it is seen: what comes meanwhile, and is ignored, must not send it home.
if fence data; then
        at_rest "$pid" >before
        (trap - EXIT; while kill -WINCH "$pid" && kill -URG "$pid"; do :; done) 2>/dev/null &
        storm=$!
        reap $storm
        n=0
        while [ $n -lt 20 ] && "$CRDUMP" "$pid" img 2>>said; do
                n=$((n + 1))
        done
        kill $storm
        is $n 20 'data: twenty dumps while signals come that it ignores'
        is "$(grep -v paused said)" '' 'data: nothing else is said'
        unchanged 'data: as it was after that' "$pid" before
        ok 'data: goes on after that' beats_on data.beat
        dismiss "$pid"
fi

dumped_behind exec-only && has_content exec-only '' && dismiss "$pid"

if fence vast; then
        start=$(date +%s%N)
        exits 0 'vast: dump' "$CRDUMP" -q "$pid" img
        took=$((($(date +%s%N) - start) / 1000000))
        ok "vast: forty TiB within five seconds ($took ms)" test $took -lt 5000
        has_content vast V
        ok 'vast: a small image' test "$(wc -c <img)" -lt 2000000
        ok 'vast: goes on' beats_on vast.beat
        dismiss "$pid"
fi

# sixty-five thousand lines are too many for fingerprint()
for f in maps maps-1 maps-2; do
        fence $f || continue
        cat "/proc/$pid/maps" >before
        exits 0 "$f: dump" "$CRDUMP" -q "$pid" img
        cat "/proc/$pid/maps" >after
        ok "$f: mappings as they were ($(wc -l <after))" cmp before after
        is "$("$VICTIMS/readimg" img maps | wc -l)" "$(wc -l <after)" "$f: all in the image"
        ok "$f: goes on" beats_on $f.beat
        is "$(tracer "$pid")" 0 "$f: traced by nobody"
        dismiss "$pid"
done

if [ -n "$user" ]; then
        program=$scratch/fence
        for f in locked processes; do
                # shellcheck disable=SC2086
                dumped_behind $f $user && dismiss "$pid"
        done
else
        skip 'locked, processes' 'only root can become another user, whom these limits bind'
fi

done_testing
