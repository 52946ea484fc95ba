#!/bin/sh
# The first page of each private mapping of an ELF file is in the image, so that build-ids are found.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

. "$here/memory.sh"

as_the_file() {                 # NAME: its page is the first one of ./elf
        "$readimg" img mem "$(address_of "$1")" 4096 >page
        ok "$1 is as in the file" cmp page first
}

cp "$VICTIMS/victim-elf" elf
head -c 4096 elf >first
yes 'this is no ELF file' | head -c 8192 >other

victim "$VICTIMS/victim-elf" "$scratch/elf" "$scratch/other"
await 5 in_state "$pid" S
resident "$pid" >before
exits 0 'dump' "$CRDUMP" "$pid" img
exits 0 'check' "$CRDUMP" check img

for name in touched untouched hidden; do
        are $name dc
        as_the_file $name
done
are changed d-
"$readimg" img mem "$(address_of changed)" 4096 >page
is "$(cmp -l page first | wc -l)" 1 'changed differs from the file by its byte'
are second i-
are shared i-
are other i-

# whatever it was linked with: each file that begins so, by /proc and the file itself
while read -r range prot offset _ _ path; do
        case $prot-$offset-$path in
        ???p-00000000-/*) [ "$(head -c 4 "$path" | tr -d '\177')" = ELF ] || continue ;;
        *) continue ;;
        esac
        head -c 4096 "$path" >first
        "$readimg" img mem "0x${range%-*}" 4096 >page
        is "$(cmp -l page first | wc -l)" "$([ "0x${range%-*}" = "$(address_of changed)" ] && echo 1 || echo 0)" \
                "$path at $range begins as the file does"
done <"/proc/$pid/maps"

not_grown "$pid" before

done_testing
