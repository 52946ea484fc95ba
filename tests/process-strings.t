#!/bin/sh
# Name, program, command line, environment, working directory and root are in the image byte for byte, whatever bytes they are.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

export LC_ALL=C
readimg=$VICTIMS/readimg
tiny_program tiny
odd=$(printf '\\n\n\t\377\303("')        # a backslash, line feed, tab, no UTF-8

runs() {                        # FILE: that is the program of $pid, which sleeps
        [ "$(readlink "/proc/$pid/exe")" = "$1" ] && in_state "$pid" S
}

started() {                     # FILE CMD...: which executes the FILE
        t_file=$1
        shift
        background "$@"
        await 20 ready_or_dead runs "$t_file"
        alive "$pid" || bail "the victim did not start: $*"
}

dumped() {                      # NAME
        rm -f img
        exits 0 "$1: dump" "$CRDUMP" "$pid" img
        is "$("$readimg" img notes | grep -E '^(exe|cwd|root|cmdline|environ):')" '' "$1: no note"
}

held() {                        # NAME ID FILE: string ID of the image is that, as /proc/PID has it
        "$readimg" img str "$2" >str
        ok "$1" cmp str "$3"
}

place() {                       # NAME CWD ROOT EXE: where $pid stands, as the test put it there and as the links lead
        for t_link in "cwd 3 $2" "root 4 $3" "exe 2 $4"; do
                t_what=${t_link%% *} t_link=${t_link#* }
                printf %s "${t_link#* }" >put
                readlink -n "/proc/$pid/$t_what" >known
                ok "$1: $t_what: the kernel has it so" cmp put known
                held "$1: $t_what" "${t_link%% *}" known
        done
}

here_is=$(pwd -P)

# --- the name, of the process and of its thread: fifteen bytes of that of its file

for name in "plain:tiny name" "odd:$odd) S 1 2" 'long:fifteen letters and more'; do
        what="a name that is ${name%%:*}"
        name=${name#*:}
        cp tiny "$name"
        started "$here_is/$name" "./$name"
        dumped "$what"
        printf %.15s "$name" >put
        echo >>put
        ok "$what: the kernel has it so" cmp put "/proc/$pid/comm"
        "$readimg" img str 1 >name && echo >>name
        ok "$what: of the process" cmp name put
        "$readimg" img threads | sed '1s/^[0-9]* . [0-9a-fx]* //' >name
        ok "$what: of its thread" cmp name put
        place "$what" "$here_is" / "$here_is/$name"
        dismiss "$pid"
done

# --- command line and environment

argued() {                      # NAME: of $pid, given the files args and vars
        dumped "$1"
        ok "$1: the kernel has these arguments" cmp args "/proc/$pid/cmdline"
        held "$1: command line" 5 args
        ok "$1: and these variables" cmp vars "/proc/$pid/environ"
        held "$1: environment" 6 vars
        dismiss "$pid"
}

started "$here_is/tiny" env -i ./tiny
printf './tiny\0' >args
: >vars
argued 'nothing'

set -- '' 'a b' "$odd" "$(printf '\001\033[31m\177')" -- --option= ''
printf '%s\0' ./tiny "$@" >args
printf '%s\0' EMPTY= "ODD=$odd" "$odd=name" 'TWICE=a=b' >vars
started "$here_is/tiny" env -i EMPTY= "ODD=$odd" "$odd=name" 'TWICE=a=b' ./tiny "$@"
argued 'empty ones and odd bytes'

long=$(printf %0100000d 7)
set -- "$long" "$odd$long"
printf '%s\0' ./tiny "$@" >args
printf '%s\0' "A=$long" "B=$odd$long" C=end >vars
started "$here_is/tiny" env -i "A=$long" "B=$odd$long" C=end ./tiny "$@"
argued '200,000 bytes of each'

# --- where it stands

folder="$odd folder"
mkdir "$folder"
# shellcheck disable=SC2016     # for the inner shell
started "$here_is/tiny" sh -c 'cd "$1" && exec ../tiny' - "$folder"
dumped 'an odd folder'
place 'an odd folder' "$here_is/$folder" / "$here_is/tiny"
rmdir "$folder"
dumped 'one that is gone'
place 'one that is gone' "$here_is/$folder (deleted)" / "$here_is/tiny"
dismiss "$pid"

# A path that is too long for the kernel to tell
if command -v python3 >/dev/null; then
        started "$here_is/tiny" python3 -c '
import os
tiny = os.open("tiny", os.O_RDONLY)
for _ in range(25):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
os.execve(tiny, ["tiny"], {})'
        exits 0 'too deep: dump' "$CRDUMP" "$pid" img
        is "$("$readimg" img notes | grep -Ec '^cwd: File ?name too long')" 1 'too deep: a note says so'
        is "$("$readimg" img str 3)" '' 'too deep: no path is invented'
        is "$("$readimg" img str 4)" / 'too deep: but the root is there'
        dismiss "$pid"
else
        skip 'too deep' 'no python3'
fi

# A root that the folder is not below
if [ "$(id -u)" -eq 0 ] && command -v python3 >/dev/null; then
        mkdir jail aside
        cp tiny jail
        started "$here_is/jail/tiny" python3 -c '
import os
os.chdir("aside")
os.chroot("../jail")
os.execve("/tiny", ["tiny"], {})'
        dumped 'a chroot'
        place 'a chroot' "$here_is/aside" "$here_is/jail" "$here_is/jail/tiny"
        rm -r jail aside
        dumped 'a chroot that is gone'
        place 'a chroot that is gone' "$here_is/aside (deleted)" "$here_is/jail (deleted)" "$here_is/jail/tiny (deleted)"
        dismiss "$pid"
else
        skip 'a chroot' 'it takes root and python3'
fi

done_testing
