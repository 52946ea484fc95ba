#!/bin/sh
# Descriptors of every other kind: epoll, timers, terminals, queues and more are told, and work as if nobody had looked.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

kind() {                        # NAME KIND: if it is there, that is what it is in the image
        t_n=$(number "$1")
        [ -n "$t_n" ] || { skip "kind of $1" 'the kernel or the user does not let the victim have one'; return; }
        is "$(field "$t_n" kind)" "$2" "kind of $1"
}

info() {                        # NAME REGEX: a line of its fdinfo
        field "$(number "$1")" fdinfo | grep -Eq "$2" && pass "fdinfo of $1" && return
        flunk "fdinfo of $1" "$(field "$(number "$1")" fdinfo)"
}

left() {                        # in nanoseconds, of the fdinfo of a timerfd
        # shellcheck disable=SC2046     # two numbers
        set -- $(sed -n 's/^it_value: (\([0-9]*\), \([0-9]*\))$/\1 \2/p')
        echo $(($1 * 1000000000 + $2))
}

far() { left <"/proc/$pid/fdinfo/$(number timerfd.far)"; }

ascending() {                   # NUMBER...
        while [ $# -gt 1 ]; do
                [ "$1" -le "$2" ] || { echo "$1 is more than $2"; return 1; }
                shift
        done
}

see() {                         # WHAT: dump and look
        far_before=$(far)
        dump_and_compare "$1" 0 "^$(number io_uring) owner"
        far_after=$(far)
        for name in epoll eventfd signalfd timerfd inotify fanotify pidfd userfaultfd bpf perf io_uring secretmem namespace mqueue; do
                kind $name $name
        done
        kind timerfd.far timerfd
        for name in master slave tty locked; do
                kind $name tty
        done

        info epoll "^tfd: +$(number eventfd) events: +80000019 data: 1122334455667788"
        info eventfd '^eventfd-count: +29'
        info signalfd '^sigmask:.*2000000000001$'
        ok 'fdinfo of timerfd.far: what it had left at the dump' \
                ascending "$far_after" "$(field "$(number timerfd.far)" fdinfo | left)" "$far_before" 100000000000000
        info inotify '^inotify wd:1 .* mask:300'
        is "$(field "$(number inotify)" why)" 'events queued: they can only be taken' 'that events of inotify are not copied'

        if [ -n "$(number mqueue)" ]; then
                is "$(field "$(number mqueue)" mqueue)" '5 100 2' 'what a message queue has'
                is "$(field "$(number mqueue)" why)" '2 messages: they can only be taken' 'that messages are not copied'
        fi
        [ -z "$(number io_uring)" ] || why "$(number io_uring)" 'went on while' 'what io_uring means'

        pty=$(sed -n 's/^pty //p' "$out")
        is "$(field "$(number master)" window)" '33 77 5 6' 'window size, at the master'
        is "$(field "$(number slave)" speed)" '12345 12345' 'speed'
        is "$(field "$(number slave)" foreground)" "$pid $pid" 'foreground group and session, of its own terminal'
        is "$(field "$(number tty)" foreground)" "$pid $pid" 'and by /dev/tty'
        is "$(field "$(number master)" foreground)" "$pid $pid" 'and at the master'
        is "$(field "$(number master)" pty)" "$pty 0" 'number of the pty, at the master'
        is "$(field "$(number slave)" pty)" "$pty -1" 'at the slave'
        is "$(field "$(number tty)" pty)" "$pty -1" 'and by /dev/tty'
        is "$(field "$(number locked)" pty | cut -d ' ' -f 2)" 1 'a master whose slave is locked'

        ask finished USR2
        cat >expected <<-EOT
	epoll 2
	epoll 0x1122334455667788 1
	epoll 0x7 1
	eventfd 1
	signalfd 1
	timerfd ticks
	inotify 100 file
	$([ -z "$(number mqueue)" ] || echo mqueue second)
	tty typed
	EOT
        grep -v '^$' expected >expected.lines
        ok 'all of them work as if nobody had looked' diff expected.lines finished
}

mkdir work
victim "$VICTIMS/victim-fd-kinds" work
see 'kinds'
dismiss "$pid"

if [ "$(id -u)" = 0 ]; then
        be_nobody
        asked=0
        rm -r work
        mkdir -m 777 work
        # shellcheck disable=SC2086     # words
        victim $nobody "$VICTIMS/victim-fd-kinds" work
        await 10 grep -q '^ready' "$out"
        see 'as an ordinary user'
fi

done_testing
