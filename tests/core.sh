# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# core.sh - for the tests of crdump core: what gdb sees of a process, and of its core

# shellcheck disable=SC2154     # CRDUMP, VICTIMS, pid: lib.sh's

# What is asked of both, each answer in a file of its own.
c_asked='threads bt registers auxv mappings libraries'

c_gdb() {                       # PREFIX ARGUMENT...: of gdb, that name what it looks at
        c_prefix=$1
        shift
        for c_what in $c_asked; do
                echo "echo \\n"
                echo "set logging file $c_prefix.$c_what"
                echo 'set logging enabled on'
                case $c_what in
                threads)        echo 'info threads' ;;
                bt)             echo 'thread apply all -ascending bt' ;;
                registers)      echo 'thread apply all -ascending info all-registers'
                                echo 'thread apply all -ascending info registers fs_base gs_base orig_rax' ;;
                auxv)           echo 'info auxv' ;;
                mappings)       echo 'info proc mappings' ;;
                libraries)      echo 'info sharedlibrary' ;;
                esac
                echo 'set logging enabled off'
        done >"$c_prefix.gdb"
        rm -f "$c_prefix".[!g]*
        timeout -k 5 120 gdb -nx -batch -iex 'set debuginfod enabled off' -iex 'set auto-load off' -iex 'set width 0' \
                -iex 'set height 0' -iex 'set style enabled off' "$@" -x "$c_prefix.gdb" >"$c_prefix.out" 2>&1 </dev/null
}

# What goes on in the same file becomes one line.
c_join() {
        c_start=0 c_end='' c_off=0 c_name=''
        while read -r c_from c_to c_at c_of; do
                if [ "$c_from" = "$c_end" ] && [ "$c_of" = "$c_name" ] &&
                   [ $((c_at - c_off)) -eq $((c_from - c_start)) ]; then
                        c_end=$c_to
                        continue
                fi
                [ -z "$c_end" ] || echo "$c_start $c_end $c_off $c_name"
                c_start=$c_from c_end=$c_to c_off=$c_at c_name=$c_of
        done
        echo "$c_start $c_end $c_off $c_name"
}

# A core is another thing than a process in this, and in nothing else:
# the names of threads come from /proc, which is there no longer; which thread is
# the current one; that a core lists the mappings of files only, without permissions, and
# in pieces where pages of the file are before such of the process's own.
# (And gdb 13 warns of the xstate of a processor that has AMX, which it does not know.)
c_normal() {                    # PREFIX
        for c_what in $c_asked; do
                sed -z -i "s/warning: Unexpected size of section .\.reg-xstate[^\n]*\n//g" "$1.$c_what"
        done
        sed -i -e 's/^[* ] //' -e 's/ "[^"]*" / /' -e 's/   */ /g' "$1.threads"
        sed -i '/^Thread /s/ "[^"]*"//' "$1.bt" "$1.registers"
        awk '$1 ~ /^0x/ && $NF ~ /^\// { print $1, $2, $4, $NF }' "$1.mappings" | c_join >"$1.m" && mv "$1.m" "$1.mappings"
}

# The victim $pid, which is stopped: dumped, made a core, and looked at by gdb in both shapes.
gdb_sees_the_same() {           # PROGRAM
        exits 0 'dump' "$CRDUMP" "$pid" img
        exits 0 'core' "$CRDUMP" core img core
        c_gdb live "$1" "$pid"
        await 5 in_state "$pid" T || flunk 'gdb has left the process stopped'
        c_gdb core "$1" core
        for c_what in $c_asked; do
                [ -s "live.$c_what" ] || diag_file live.out
        done
        c_normal live
        c_normal core
        for c_what in $c_asked; do
                ok "gdb sees the same: $c_what ($(wc -l <"live.$c_what") lines)" \
                        sh -c '[ -s "$1" ] && diff -u "$1" "$2"' - "live.$c_what" "core.$c_what"
        done
        is "$(grep -i -e '^warning' -e ' warning:' -e '^error' core.out | grep -v 'Unexpected size of section .\.reg-xstate')" '' \
                'gdb has nothing to complain about'
}

# The memory of the stopped $pid, as gcore writes it.
gcore_has_the_same() {
        timeout -k 5 120 gcore -a -o theirs "$pid" >gcore.out 2>&1 || diag_file gcore.out
        ok 'the same memory as in the core of gcore' "$VICTIMS/cmpcore" "theirs.$pid" core
        diag "$(tail -n 1 t.out)"
}
