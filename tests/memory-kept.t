#!/bin/sh
# A small process is copied while the parasite is in it: nothing of what crdump writes there meanwhile is in the image.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

need taskset

# Nothing is written to their memory by a stop, as what is left of a nap would be.
mkfifo fifo
exec 3<>fifo

same_memory() {                 # NAME OPTION...: dumps of $pid, which waits, on one processor (its rseq tells which)
        name=$1
        shift
        differ=0
        for _ in 1 2 3 4 5 6 7 8; do
                "$CRDUMP" -q "$@" "$pid" img && "$VICTIMS/readimg" img compare "$pid" >said || {
                        differ=$((differ + 1))
                        diag_file said
                }
        done
        is $differ 0 "$name, $*: each page of 8 images as /proc/PID/mem has it"
}

for way in --catch=park --catch=breakpoint --trampoline=inject; do
        victim taskset -c 0 cat fifo
        same_memory 'one thread' $way
        victim taskset -c 0 "$VICTIMS/victim-threads" 0 12 still
        same_memory 'threads' $way
done

# The same where there is no second processor for it.
victim taskset -c 0 cat fifo
crdump=$CRDUMP
CRDUMP=$scratch/on-one
printf '#!/bin/sh\nexec taskset -c 0 "%s" "$@"\n' "$crdump" >"$CRDUMP"
chmod +x "$CRDUMP"
same_memory 'one processor'

done_testing
