#!/bin/sh
# Files: flags, offsets, owners, leases and locks of every descriptor are in the image, and stay as they are.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

echo content >file
victim "$VICTIMS/victim-fd-files" file
dump_and_compare 'files' 0

is "$(sed -n 's/ kind .*//p' image | tr '\n' ' ')" "$(find "/proc/$pid/fd" -type l -printf '%f\n' | sort -n | tr '\n' ' ')" \
        'all descriptors, ascending'
is "$(for n in 10 15 16 17 18 23 25; do field $n kind; done | tr '\n' ' ')" 'file dir file symlink char file namespace ' 'their kinds'

is "$(field 10 same)" -1 'the first of three is the same as none'
is "$(field 11 same) $(field 13 same)" '10 10' 'what dup made is the same open file'
is "$(field 12 same)" -1 'what open made is not'
is "$(field 10 pos) $(field 12 pos)" '7 0' 'nor is its offset'

is "$(field 21 lease) $(field 22 lease) $(field 10 lease)" '0 1 2' 'leases: F_RDLCK, F_WRLCK, F_UNLCK'
is "$(field 19 fdinfo | awk '/^lock:/ { print $3, $4, $5 }' | sort | tr '\n' ' ')" \
        'FLOCK ADVISORY WRITE OFDLCK ADVISORY READ POSIX ADVISORY WRITE ' 'locks, as fdinfo has them'
is "$(field 20 owner)" "2 $(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 3) 40" \
        'a process group gets SIGIO, and as what'
# of what it opened itself: what it inherits is the caller's
is "$(awk 'NR == FNR { mine[$1]; next } $2 == "why" && $1 in mine' before image)" '' 'nothing is missing'

as_ordinary_user() {
        mkdir theirs
        chown nobody . theirs
        cd theirs || exit
        cp ../file .
        victim setpriv --reuid nobody --regid nogroup --clear-groups "$VICTIMS/victim-fd-files" file
        last_report before
        exits 0 'as an ordinary user: dump' setpriv --reuid nobody --regid nogroup --clear-groups "$CRDUMP" "$pid" img
        "$readfds" img >image
        grep -v '^[0-9]* own ' before | sort >wanted
        awk '{ print $1, $2 }' wanted | sort -u >keys
        awk 'NR == FNR { key[$1, $2]; next } ($1, $2) in key' keys image | sort >got
        ok 'as an ordinary user: what it says of itself' diff wanted got
        ask after
        ok 'as an ordinary user: nothing has changed for it' diff before after
}

if [ "$(id -u)" = 0 ]; then
        if unshare -m mount -t tmpfs none /dev 2>/dev/null; then
                victim unshare -m sh -c 'mount -t tmpfs none /dev && : >/dev/watchdog && exec sleep 1000 3</dev/watchdog'
                await 10 test -e "/proc/$pid/fd/3"
                exits 0 'a watchdog: dump' "$CRDUMP" "$pid" img
                says 'descriptor 3 is a watchdog' 'a watchdog: there is a warning'
                dismiss "$pid"
        else
                skip 'a watchdog' 'no mount namespaces here'
        fi
        as_ordinary_user
fi

done_testing
