#!/bin/sh
# Whatever system call of a dump fails: status 0 or 1 and the target as it was, or 3 and a line that says what is left.
# SPDX-License-Identifier: MIT

# Alone in a pid namespace, where root can make one: a dump looks at the stat of
# all processes, each of which would be a place more.
if [ -z "${ALONE:-}" ] && unshare -pf --kill-child --mount-proc true 2>/dev/null; then
        ALONE=1 exec unshare -pf --kill-child --mount-proc sh "$0"
fi

. "${0%/*}/lib.sh"

need strace

# Left out: how a program starts and ends, and futex and sched_yield, which say nothing.
boring='execve|exit|exit_group|arch_prctl|set_tid_address|set_robust_list|restart_syscall|rt_sigreturn|futex|sched_yield'
LIMIT=20

# --trampoline=inject leaves a copied page of code: as-it-was.t tells why.
what_counts() {                 # PID
        case $options in
        *inject)        fingerprint "$1" 2>/dev/null | grep -v '^anonymous code' ;;
        *)              fingerprint "$1" 2>/dev/null ;;
        esac
}

new_victim() {
        victim sleep 1000
        what_counts "$pid" >before
}

is_as_before() { what_counts "$pid" | cmp -s before -; }

# One dump of $pid in which the nth CALL fails with ERROR. False when it did not come to that.
one_fault() {                   # CALL ERROR N
        find images -type f -delete
        # shellcheck disable=SC2086
        timeout -k 5 $LIMIT strace -f -qq -o log -e "trace=$1" -e "inject=$1:error=$2:when=$3" \
                "$CRDUMP" $options "$pid" images/img >stdout 2>stderr
        status=$?
        grep -q INJECTED log || return
        runs=$((runs + 1))
        case $status in
        0)      "$CRDUMP" check images/img >/dev/null 2>&1 || complain 'status 0, but no good image' ;;
        1)      [ -s stderr ] || grep -q 'write(2,.*INJECTED' log || complain 'status 1 without a line'
                [ "$(ls -A images)" = '' ] || complain "status 1, but files are left: $(ls -A images)" ;;
        3)      not_cured=$((not_cured + 1))
                grep -qE 'could not be put back|does not end|stays until' stderr || complain 'status 3 without its line'
                echo "$1 $3 $options: $(tail -n 1 stderr)" >>lines3
                # even so it is at most a return from a signal away from itself; and were it to stay, each next place would be this one
                await 4 in_state "$pid" S || lost="$lost $1 $3 $options: '$(state "$pid")';"
                dismiss "$pid"
                new_victim
                return 0 ;;
        *)      complain "status $status" ;;
        esac
        # The number of its clone, which the kernel gives to whoever asks, may be refused here: that one is not found then.
        if [ -s "/proc/$pid/task/$pid/children" ] && ! grep -q 'GETEVENTMSG.*INJECTED' log; then
                complain "status $status, but a child is left"
                dismiss "$pid"
                new_victim
                return 0
        fi
        if ! await 3 is_as_before; then
                what_counts "$pid" | diff -U 0 before - >changes
                complain "status $status, but the target has changed: $(cat changes)"
                dismiss "$pid"
                new_victim
        fi
}

complain() {
        complaints=$((complaints + 1))
        diag "$call:error=$error:when=$nth $options: $*"
        diag_file stderr
        diag "$(grep INJECTED log)"
}

every_fault() {                 # CALL ERROR
        call=$1
        error=$2
        nth=1
        complaints=0
        while one_fault "$call" "$error" $nth; do
                nth=$((nth + 1))
                [ $complaints -lt 5 ] || break
        done
        is $complaints 0 "$call fails with $error at each of $((nth - 1)) places${options:+, $options}"
}

mkdir images
lost=
options=
runs=0
not_cured=0
new_victim
timeout 60 strace -f -c -o calls "$CRDUMP" "$pid" images/img 2>stderr || bail "strace: $(cat stderr)"
awk 'NR > 2 { print $NF }' calls | grep -Ex '[a-z0-9_]+' | grep -Evx "$boring|total" | sort -u >names
while read -r name <&3; do
        every_fault "$name" EIO
done 3<names
every_fault mmap ENOMEM
every_fault process_vm_readv EPERM
every_fault process_vm_readv EFAULT
for options in --catch=breakpoint --trampoline=inject; do
        dismiss "$pid"
        new_victim
        every_fault ptrace EIO
done

ok 'faults were tried at more than a hundred places' test $runs -gt 100
diag "$runs faults; $not_cured of them ended with status 3"
[ -s lines3 ] && diag_file lines3
is "$lost" '' 'after status 3, too, the target lives and is not stopped'
ok 'in most cases the target can be put back' test $not_cured -lt $((runs / 4))

done_testing
