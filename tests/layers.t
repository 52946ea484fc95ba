#!/bin/sh
# The listing is the architecture: LAYERS is true, files and functions are short, licences named.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

cd "${here%/*}" || bail 'no top folder'

empty() {                       # NAME CMD...: it prints nothing
        t_name=$1
        shift
        found=$("$@" 2>&1)
        [ -z "$found" ] && pass "$t_name" && return
        flunk "$t_name" "$found"
}

unlisted() {                    # files that LAYERS does not have, and names in it without a file
        awk '{ for (i = 2; i <= NF; i++) print $i }' LAYERS | sort >"$scratch/listed"
        for f in *.c *.h *.S; do
                echo "${f%.*}"
        done | sort -u >"$scratch/there"
        comm -3 "$scratch/listed" "$scratch/there" | sed 's/^\t/not in LAYERS: /; t; s/^/no such file: /'
        uniq -d "$scratch/listed" | sed 's/^/twice in LAYERS: /'
}

upward_includes() {             # FILE:LINE: a header that is not of a line above the file's own
        awk '
        FILENAME == "LAYERS"    { for (i = 2; i <= NF; i++) layer[$i] = NR; next }
        /^#[ \t]*include[ \t]*"/ {
                split($0, part, "\"")
                own = FILENAME; gsub(/^\.\/|\.[^.]*$/, "", own)
                head = part[2]; sub(/\.h$/, "", head)
                if (head != own && !(layer[head] && layer[head] < layer[own]))
                        print FILENAME ":" FNR ": includes " part[2] " (" own " is on line " layer[own] ", " head " on " layer[head] ")"
        }' LAYERS ./*.c ./*.h ./*.S | sed 's/^\.\///'
}

without_own_header_first() {    # FILE: each .c that has a header includes it before all others
        for f in *.c; do
                [ -f "${f%.c}.h" ] || continue
                first=$(grep -m1 '^#include' "$f")
                [ "$first" = "#include \"${f%.c}.h\"" ] || echo "$f: first is $first"
        done
}

long_files() {
        find . -maxdepth 3 -type f \( -path './*.[chS]' -o -path './Makefile' -o -path './tests/*' \) \
                ! -path './build/*' ! -path './tests/corpus/*' -exec wc -l {} + |
                awk '$1 > 650 && $2 != "total" { print $2 ": " $1 " lines" }'
}

# A function starts with a brace in the first column and ends with the next one.
long_functions() {
        awk '
        FNR == 1        { start = 0 }
        /^[a-z_].*\(/   { name = $0 }
        /^\{/           { start = FNR }
        /^}/            { if (start && FNR - start - 1 > 60) print FILENAME ":" start ": " FNR - start - 1 " lines: " name; start = 0 }
        ' ./*.c tests/*.c tests/fuzz/*.c
}

unlicensed() {
        for f in *.c *.h *.S *.lds Makefile .gitignore .ci/run crdump.1 tests/* tests/fuzz/*; do
                [ -f "$f" ] || continue
                sed 3q "$f" | grep -q 'SPDX-License-Identifier: MIT' || echo "$f"
        done
}

# upward_includes must see what it is there for.
mkdir "$scratch/bad"
printf '1 low\n2 mid peer\n3 top\n' >"$scratch/bad/LAYERS"
printf '#include "peer.h"\n' >"$scratch/bad/mid.c"
printf '#include "top.h"\n#include "low.h"\n' >"$scratch/bad/low.c"
printf '#include "low.h"\n' >"$scratch/bad/top.h"
: >"$scratch/bad/a.S"
is "$(cd "$scratch/bad" && upward_includes | cut -d: -f1,2 | tr '\n' ' ')" 'low.c:1 mid.c:1 ' \
        'an include upwards or sideways is seen'

empty 'every file is in LAYERS, once' unlisted
empty 'every include goes to a line above' upward_includes
empty 'every .c includes its own header first' without_own_header_first
empty 'no file over 650 lines' long_files
empty 'no function over 60 lines' long_functions
empty 'every file names its licence' unlicensed

done_testing
