#!/bin/sh
# Private huge pages are kept for the image, and do not hinder the clone when there are no more of them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need python3 strace
huge_pages 8 || skip_all 'how many huge pages there may be is not for us to say'

cat >huge.py <<'EOF'
import mmap, time
huge = mmap.mmap(-1, 8 << 21, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)    # MAP_HUGETLB
for at in range(0, 8 << 21, 4096):
    huge[at] = 1 + at % 251
print('ready', flush=True)
time.sleep(1000)
EOF
python_ready huge.py
grep -q ready "$out" || { diag_file "$out"; skip_all 'there are no 16 MiB in huge pages'; }
# shellcheck disable=SC2046     # two words
set -- $(sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) .* \/anon_hugepage .*/\1 \2/p' "/proc/$pid/maps")
is $# 2 'one mapping of huge pages'
from=$1 to=$2

many() {
        i=0
        while [ "$i" -lt 20 ]; do
                i=$((i + 1))
                timeout -k 5 60 "$CRDUMP" -q --snapshot "$pid" img || { echo "dump $i"; return 1; }
        done
}
ok 'twenty snapshots' many
exits 0 'the last image is whole' "$CRDUMP" check img
exits 0 'stopped' "$CRDUMP" --stop -q "$pid" stopped
"$CRDUMP" diff stopped img >differ
is "$(awk -v from="x$from" -v to="x$to" '$1 == "pages" && "x" $2 >= from && "x" $2 < to' differ)" '' 'huge pages are the same in both'

# Pinned at the wrong instant, a page would have to be copied for the clone; that takes luck to see.
pinned() {                      # OPTION: how many calls pin some of them
        timeout -k 5 60 strace -f -qq -e trace=process_vm_readv -e signal=none -o calls "$CRDUMP" -q "$1" "$pid" traced ||
                flunk "$1: dumped"
        sed -n 's/.*\[{iov_base=0x\([0-9a-f]*\), iov_len.*/x\1/p' calls |
                awk -v from="x$from" -v to="x$to" '$1 >= from && $1 < to { n++ } END { print n + 0 }'
}
is "$(pinned --snapshot)" 0 'none of them is pinned beside the clone'
ok 'they are when there is none' test "$(pinned --stop)" -gt 0

done_testing
