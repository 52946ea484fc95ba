#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh - the house rules as greps, then shellcheck and mandoc; `make lint`
#
# A rule that was broken twice gets a line here. What each forbids stands in its name.

set -u
cd "${0%/*}/.." || exit 1
tab=$(printf '\t')
bad=0

# never RULE REGEX FILE...: no line of these files matches; comments of C are looked at too
never() {
        rule=$1
        regex=$2
        shift 2
        if grep -nE -- "$regex" /dev/null "$@"; then
                echo "lint: $rule"
                bad=1
        fi
}

# always RULE REGEX FILE...: each of these files has such a line
always() {
        rule=$1
        regex=$2
        shift 2
        if grep -LE -- "$regex" "$@" | grep .; then
                echo "lint: $rule"
                bad=1
        fi
}

# but FILE... -- FILE...: the second list without the first
but() {
        left=' '
        while [ "$1" != -- ]; do
                left="$left$1 "
                shift
        done
        shift
        for f; do
                case $left in *" $f "*) ;; *) echo "$f" ;; esac
        done
}

# shellcheck disable=SC2046,SC2035     # lists of words; no name begins with a dash
{
never 'trailing blanks'                 '[[:blank:]]$'          *.[chS] *.lds Makefile LAYERS tests/*.* tests/*-init tests/fuzz/* .ci/run
never 'a tab; C is indented by 8 blanks' "$tab"                 *.[ch] tests/*.[ch] tests/fuzz/*.[ch]
never 'a line over 140 columns'         '^.{141}'               *.[chS] Makefile tests/*.* tests/*-init tests/fuzz/*
never 'a // comment'                    '(^|[^:"])//'           *.[ch] tests/*.[ch] tests/fuzz/*.[ch]
never 'left to be done: open an issue'  '\b(TO''DO|FIX''ME|XX''X)\b'       *.[chS] Makefile tests/*.* tests/*-init tests/fuzz/*
never 'typedef of a struct'             '\btypedef +(struct|union|enum)'        *.[ch] tests/*.[ch] tests/fuzz/*.[ch]
never 'an unbounded string function'    '\b(sprintf|vsprintf|strcat|strncpy|gets|atoi|atol|strtok|alloca)\(' *.[ch]
never 'an unbounded strcpy'             '\bstrcpy\([^,]*, *[^" ]'       *.[ch]
never 'a shell started by the tool'     '\b(system|popen|exec[lv]p?e?)\('       *.[ch]
never 'it ends while a target may be held: return -1' \
        '\b(die|exit|_exit|quick_exit|abort|assert)\(' $(but crdump.c util.c util.h guard.c -- *.[ch])
never 'errno travels upwards: say it by fail(), return -1' \
        'return -(errno|E[A-Z]{3,})\b' $(but parasite.c -- *.c)
never 'a message with its own end of line or full stop' '\bfail\("([^"\\]|\\.)*(\\n|[^.]\.)"'   *.c
never 'attach stops by a signal, EXITKILL kills: seize' 'PTRACE_ATTACH|PTRACE_O_EXITKILL'       *.[ch]
never 'stdout is for results'           '(^|[^a-z_])(printf|puts|putchar)\(' \
        $(but crdump.c check.c text.c json.c fields.c siginfo.c fdinfo.c show*.c summary.c diff.c pagediff.c statediff.c -- *.c)
never 'a register name where no other architecture would look for it' \
        '\b(orig_rax|rip|rsp|rax|rdi|rflags|eflags)\b' $(but \
        trace.c trace.h infect.c infect.h remote.c remote.h gadget.c gadget.h sigframe.c sigframe.h core.c core.h \
        showthread.c names.c names.h parasite.c parasite.h -- *.[ch])
never 'ptrace is called by trace.c alone' '(^|[^a-z_>.])ptrace\((PTRACE|[a-z])' $(but trace.c -- *.c)
never 'a number after \0 in a list of names begins a new literal' '[A-Za-z_]\\0[0-9]' *.c
never 'a disabled line of code'         '^ *#if 0'              *.[ch] tests/*.[ch] tests/fuzz/*.[ch]

always 'a header without its guard'     '^#ifndef [A-Z]+_H$'    *.h
always 'a test without its shebang'     '^#!/bin/sh$'           tests/*.t
always 'a test that does not end by done_testing'       '^done_testing$'        tests/*.t
always 'a test without lib.sh'          '^\. "\$\{0%/\*\}/lib\.sh"$'    tests/*.t
never 'a fixed sleep is a guess: await a condition, or say why beside it'      '^[[:blank:]]*sleep [0-9.]+[[:blank:]]*$'  tests/*.t
}
for t in tests/*.t; do
        sed -n 2p "$t" | grep -q '^# [A-Z0-9a-z].*\.$' && continue
        echo "$t: line 2 is no sentence that says which behaviour is tested"
        bad=1
done

# SC2238: files named as commands are. Its mere hints (A && B || C) are taste.
shellcheck -s sh -S warning -e SC2238 -x -P SCRIPTDIR tests/*.t tests/*.sh tests/*-init tests/fuzz/*.sh || bad=1
shellcheck .ci/run || bad=1
if [ -f crdump.1 ]; then
        mandoc -T lint -W warning crdump.1 || bad=1
fi

[ "$bad" = 0 ] && echo 'lint: clean'
exit "$bad"
