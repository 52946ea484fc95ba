#!/bin/sh
# Sockets: addresses, states, options and queue lengths are in the image; nothing is taken, no option and no error touched.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

inode() { field "$(number "$1")" stat | cut -d ' ' -f 1; }

missing() {                     # NAME REGEX: what is not in the image is said
        why "$(number "$1")" "$2" "$1: what is missing"
}

# Does the kernel tell who is at the other end? Asked before, it has loaded its module.
has_unix_diag() { ! grep -q . /proc/kallsyms || grep -q ' unix_diag_dump\>' /proc/kallsyms; }

see_unix() {
        if has_unix_diag; then
                peers="$(inode pair.1) $(inode pair.0)" queue='1 7'
        else
                peers='0 0' queue='-1 -1'
                for name in pair.0 pair.1 seqpacket; do
                        missing $name 'inode of the peer, length of the queue: No such file or directory'
                done
        fi
        is "$(field "$(number pair.0)" inode)" "$(inode pair.0) ${peers% *}" 'the peer of a socketpair'
        is "$(field "$(number pair.1)" inode)" "$(inode pair.1) ${peers#* }" 'and the other way round'
        is "$(field "$(number pair.0)" peer | cut -d ' ' -f 1)" "$pid" 'whose it is'
        is "$(field "$(number seqpacket)" in) $(field "$(number seqpacket)" out)" "$queue" 'a unix listener: one waits, seven may'
}

see() {
        is "$(field "$(number listener)" in) $(field "$(number listener)" out)" '2 5' 'a TCP listener: two connections wait, five may'
        is "$(field "$(number listener)" state) $(field "$(number client)" state) $(field "$(number new)" state)" '10 1 7' 'states'
        see_unix
        is "$(field "$(number netlink)" option | sed -n 's/^270 9 //p')" 17 'groups of a netlink socket'
        is "$(field "$(number client)" owner)" '0 0 0' 'owner'
        "$readfds" img "$(number client)" 8 >tcp_info
        ok 'struct tcp_info' test "$(wc -c <tcp_info)" -ge 100
        if [ "${nobody:-}" ]; then
                is "$(field "$(number client)" netns)" 0 'network namespace: not for an ordinary user'
                missing client 'network namespace: Operation not permitted'
        else
                is "$(field "$(number client)" netns)" "$(stat -L -c %i "/proc/$pid/ns/net")" 'network namespace'
        fi

        missing server 'queued to be read'
        missing listener 'connections that wait'
        missing filter 'its filter of 1 instructions'
        is "$(field "$(number new)" why | grep -v 'network namespace')" '' 'new: nothing'
        if field "$(number rights.1)" fdinfo | grep -q '^scm_fds:'; then
                missing rights.1 '2 descriptors on their way'
        else
                skip 'rights.1: what is missing' 'the kernel does not tell'
        fi
        [ -z "$(number alg)" ] || missing alg 'of its family only'

        ask finished USR2
        cat >expected <<-EOT
	client sees 0
	server 29 a hundred times less than 100
	accepts 1 1
	error refused
	udp 14 first datagram
	udp 6 second
	peek 2 34
	pair 10 0123456789
	accepts 1
	rights 8 with two
	rights 2
	EOT
        ok 'all that was queued is there, and so is the error' diff expected finished
}

mkdir -m 777 work
victim "$VICTIMS/victim-fd-sockets" work
dump_and_compare 'sockets' 0
see
exits 0 'a security module that refuses options' strace -f -qq -o trace -e trace=getsockopt \
        -e inject=getsockopt:error=EACCES "$CRDUMP" "$pid" img
"$readfds" img >image
missing pair.0 'family, type: Permission denied'
missing pair.0 'options: Permission denied'
dismiss "$pid"

if [ "$(id -u)" = 0 ]; then
        be_nobody
        asked=0
        # shellcheck disable=SC2086     # words
        victim $nobody "$VICTIMS/victim-fd-sockets" work
        await 10 grep -q '^ready' "$out"
        dump_and_compare 'as an ordinary user' 0
        see
fi

# A receiver in another net_cls cgroup would mark what the socket sends: then nothing is asked of it.
mkdir cgroup
if [ "$(id -u)" != 0 ] || ! mount -t cgroup -o net_cls none cgroup 2>/dev/null; then
        skip 'sockets of another net_cls cgroup' 'no such cgroups here, or not root'
        done_testing
fi
t_umount="$t_umount $scratch/cgroup"
CRDUMP=$(sed -n 's/^exec.* \(.*\) "\$@"$/\1/p' crdump)
exits 0 'with net_cls cgroups' "$CRDUMP" "$pid" img
"$readfds" img >image
is "$(field "$(number udp)" socket)" '2 2 17' 'in the same one, a socket is looked at'
mkdir cgroup/theirs
echo "$pid" >cgroup/theirs/tasks
exits 0 'from another net_cls cgroup' "$CRDUMP" "$pid" img
"$readfds" img >image
is "$(field "$(number udp)" socket)" '' 'a socket is left alone'
why "$(number udp)" 'accounted to another net_cls' 'which is said'
is "$(field "$(number udp)" path)" "$(readlink "/proc/$pid/fd/$(number udp)")" 'which one it is, is known'
dismiss "$pid"
await 10 rmdir cgroup/theirs
# a hierarchy stays mounted for nobody as long as a group that was removed is not gone
hidden() { grep -q '^net_cls[[:blank:]]*0' /proc/cgroups; }
umount cgroup && t_umount=
await 5 hidden || { mount -t cgroup -o net_cls none cgroup && umount cgroup; }

done_testing
