#!/bin/sh
# The image is written safely: mode 0600, over nothing but a file, complete or not at all.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

mkdir images
victim sleep 1000

# umask, mode
for mask in 000 022 077; do
        # shellcheck disable=SC2016
        exits 0 "umask $mask: dump" sh -c 'umask "$1"; exec "$0" "$2" images/img' "$CRDUMP" $mask "$pid"
        is "$(stat -c %a images/img)" 600 "umask $mask: the mode is 0600"
done
is "$(ls -A images)" img 'nothing but the image in the folder'

# a new dump takes the place of the old one
ln images/img old
exits 0 'again' "$CRDUMP" "$pid" images/img
ok 'the new image is a new file' test "$(stat -c %i images/img)" != "$(stat -c %i old)"
exits 0 'the old one stays whole' "$CRDUMP" check old

# a failed dump leaves the old one alone
cksum images/img >before
exits 1 'a dump that fails' "$CRDUMP" 2147483647 images/img
ok 'leaves the older image as it was' sh -c 'cksum images/img | cmp - before'
is "$(ls -A images)" img 'and nothing else'

at_rest "$pid" >before

refused() {                     # WHAT PATH REGEX
        exits 1 "$1: status 1" "$CRDUMP" "$pid" "$2"
        says "$3" "$1: the line names the cause"
        is "$(wc -l <stderr)" 1 "$1: one line"
}

refused 'no such folder' nowhere/img 'nowhere.*No such file'
mkdir folder
refused 'a folder' folder 'is a folder'
refused 'a name with / at its end' images/ 'names a folder'
mkfifo fifo
refused 'a fifo' fifo 'not a (regular )?file|fifo'
ok 'a fifo: is still one' test -p fifo
if mknod device c 1 3 2>/dev/null; then
        refused 'a device' device 'not a (regular )?file|device'
        ok 'a device: is still one' test -c device
        ln -s device to-device
        refused 'a symlink to a device' to-device 'device'
        ok 'a symlink to a device: is still one' test -L to-device
else
        skip 'a device' 'only root can make one'
fi
ln -s folder to-folder
refused 'a symlink to a folder' to-folder 'folder'
echo precious >precious
refused 'below a file' precious/img '[Nn]ot a directory'
if [ "$(id -u)" -ne 0 ]; then
        mkdir closed
        chmod 500 closed
        refused 'a folder without permission' closed/img '[Pp]ermission denied'
fi
refused 'the empty name' '' 'No such file|no file name|empty'

# a link to a file, or to nothing, is replaced and never followed
for link in precious missing; do
        ln -s $link link
        exits 0 "a symlink to $link: dump" "$CRDUMP" "$pid" link
        ok "a symlink to $link: is now the image" test ! -L link -a -f link
        exits 0 "a symlink to $link: a whole one" "$CRDUMP" check link
        rm link
done
is "$(cat precious)" precious 'what it led to is as it was'
ok 'and nothing was made where there was nothing' test ! -e missing

unchanged 'the target is as it was' "$pid" before
is "$(ls -A images folder)" "$(printf 'folder:\n\nimages:\nimg')" 'nothing left in any folder'

done_testing
