#!/bin/sh
# Ten thousand descriptors: all in the image, in time that grows with their number alone.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

limit=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
[ "$limit" -ge 20100 ] || [ "$(id -u)" = 0 ] || skip_all "no more than $limit descriptors here"

pause() { sed -n 's/.*paused \([0-9]*\)\..* ms.*/\1/p' stderr; }

# The shortest of three: others use this machine too.
many() {                        # N KIND COUNT: sets ms
        victim "$VICTIMS/victim-fd-many" "$1" "$2"
        ms=
        for _ in 1 2 3; do
                "$CRDUMP" "$pid" img 2>stderr || flunk "$1 $2: dump" "$(cat stderr)"
                t_now=$(pause)
                [ -n "$ms" ] && [ "$ms" -le "${t_now:-9999}" ] || ms=${t_now:-9999}
        done
        "$readfds" img >image
        is "$(grep -c ' kind ' image)" "$(find "/proc/$pid/fd" -type l | wc -l)" "$1 $2: all of them, $ms ms"
        dismiss "$pid"
        rm -f many.*
}

for kind in same files null eventfds sockets pipes; do
        many 1000 $kind
        few=$ms
        n=10000
        [ $kind != pipes ] || n=5000
        many $n $kind
        ok "ten times as many $kind: $few ms, then $ms, not more than forty times as long" test "$ms" -le $((few * 40 + 200))
        case $kind in
        same)   is "$(grep -c " same $(sed -n 's/ path \/dev\/zero$//p' image | head -n 1)\$" image)" $n 'one open file, found n times' ;;
        null)   is "$(awk '$1 > 20 && $2 == "same" && $3 != -1' image)" '' 'each its own open file' ;;
        esac
done

done_testing
