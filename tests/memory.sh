# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# memory.sh - what the tests of memory share: a victim's mappings, as it names
# them, in ./img and in /proc. A test sources it behind lib.sh.
#
# A victim prints "NAME ADDRESS PAGES", a line a mapping.

readimg=$VICTIMS/readimg

# shellcheck disable=SC2154     # victim() sets out
address_of() { sed -n "s/^$1 \(0x[^ ]*\) .*/\1/p" "$out"; }     # NAME

pages_of() { sed -n "s/^$1 0x[^ ]* //p" "$out"; }               # NAME

# Its pages, two signs each: the kind as readimg abbreviates it, and IMG_HOW_* or
# IMG_WHY_*, as one of s(wapped) c(lean) o(bject) i(nside), D(evice) K(ernel) G(uard)
# S(ecret) B(eyond) or - for none, ? for another.
looks() {                       # NAME
        "$readimg" img hows "$(address_of "$1")" "$(pages_of "$1")"
}

are() {                         # NAME EREGEX: as looks() prints them
        if looks "$1" | grep -Eqx -- "$2"; then
                pass "pages of $1"
        else
                flunk "pages of $1" "got    $(looks "$1")"
                diag "wanted $2"
        fi
}

repeat() {                       # TEXT N
        t_text=
        while [ ${#t_text} -lt $((${#1} * $2)) ]; do t_text=$t_text$1; done
        printf %s "$t_text"
}

class() {                       # NAME CLASS: enum img_class
        is "$("$readimg" img classes "$(address_of "$1")" "$(pages_of "$1")")" "$2" "class of $1"
}

holds() {                       # NAME PAGE LETTER: it is full of it
        t_got=$("$readimg" img mem $(($(address_of "$1") + $2 * 4096)) 4096 2>&1 | tr -d "$3" | head -c 64 | od -An -tx1)
        is "$t_got" '' "page $2 of $1 is full of $3"
}

# What of a process is resident, swapped and anonymous, mapping by mapping; without the
# [vdso], the stack that a dump uses, and the C library's code, where it looks at an instruction.
resident() {                    # PID
        awk '$1 ~ /^[0-9a-f]+-/         { left_out = $6 ~ /^\[(vdso|stack)/ || ($2 ~ /x/ && $6 ~ /\/libc\.so/); map = $1 }
             left_out                   { next }
             $1 ~ /^(Rss|Swap|Anonymous|Shared_Dirty|KSM|AnonHugePages|Private_Hugetlb|Shared_Hugetlb):$/ { print map, $1, $2 }' \
                "/proc/$1/smaps"
}

not_grown() {                   # PID FILE: what resident() printed before
        resident "$1" >t.resident
        ok 'nothing in the target has grown or moved' diff -U 0 "$2" t.resident
}
