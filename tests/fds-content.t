#!/bin/sh
# Unlinked files, memfds and pipes are in the image with their bytes, which stay where they are, for who reads them.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"
. "$here/fds.sh"

CONTENT=3                       # enum img_fd_str

content() {                     # NAME: its bytes in the image
        "$readfds" img "$(number "$1")" $CONTENT
}

whole() {                       # NAME WANTED-TEXT
        is "$(content "$1")" "$2" "content of $1"
        is "$(grep -c "^$(number "$1") whole" image)" 1 "content of $1: all of it"
}

filled() {                      # NAME BYTES LETTER
        is "$(content "$1" | wc -c) $(content "$1" | tr -d "$3" | wc -c)" "$2 0" "content of $1: $2 times $3"
}

absent_content() {              # NAME REGEX
        is "$(content "$1" | wc -c)" 0 "content of $1: none"
        is "$(grep -c "^$(number "$1") whole" image)" 0 "content of $1: and not taken for nothing"
        why "$(number "$1")" "^content: $2" "content of $1: why"
}

see() {                         # that of the victim in img, and what became of its own
        whole small 'what no path leads to'
        absent_content again "at descriptor $(number small)"
        whole nothing ''
        filled writeonly 5000 w
        filled large 1048576 l
        why "$(number large)" 'first 1048576 bytes of 3145728' 'content of large: that it is cut'
        filled linked 10 k
        is "$(content there | wc -c)$(field "$(number there)" why)" 0 'what a path leads to is not copied, and not missed'
        absent_content leased 'opening.*lease'
        filled memfd 70000 m
        is "$(field "$(number memfd)" seals) $(field "$(number memfd)" kind)" '6 memfd' 'its seals'
        is "$(content sparse | tr -d '\000')" start 'the start of a sparse memfd'

        whole self.read 'to myself'
        absent_content self.write 'at the descriptor that reads'
        filled pipe.large 200000 p
        is "$(field "$(number pipe.large)" room)" 262144 'how much a pipe can hold'
        whole packets apacketized
        is "$("$readfds" img "$(number packets)" 12 | od -An -tu4 | tr -s ' ')" ' 1 6 4' 'its packets'
        whole out 'for another'
        whole empty ''
        absent_content broken 'nobody reads it'
        absent_content async 'another reader might be signalled'
        whole fifo 'by name'
        absent_content fifo.write 'nobody reads it'

        ask finished USR2
        cat >expected <<-EOT
	self 9 to myself
	large 200000 p
	packet 1 a
	packet 6 packet
	packet 4 ized
	fifo 7 by name
	reader 7
	write to it -1 1
	sleeper 0
	sleeper 8
	blocked 0
	sigio 0
	EOT
        ok 'readers find all of it, and those who wait still wait' diff expected finished
}

mkdir work
victim "$VICTIMS/victim-fd-content" work
dump_and_compare 'contents' 0
see
dismiss "$pid"

victim "$VICTIMS/victim-fd-content" work
exits 0 'with --contents 0' "$CRDUMP" --contents 0 "$pid" img
"$readfds" img >image
is "$(grep -c ' content ' image)" 0 'none'
sed -n 's/^named .* //p' "$out" >numbers
is "$(awk 'NR == FNR { own[$1]; next } $1 in own' numbers image | grep -c ' why content: not asked for$')" 19 'said of each that has some'
exits 0 'with --contents 4M' "$CRDUMP" --contents 4M "$pid" img
"$readfds" img >image
filled large 3145728 l
is "$(grep -c "^$(number large) whole" image)" 1 'all of it then'
exits 0 'with --contents 1000' "$CRDUMP" --contents 1000 "$pid" img
"$readfds" img >image
filled pipe.large 1000 p
why "$(number pipe.large)" 'first 1000 bytes of 200000' 'of a pipe the first part'
whole self.read 'to myself'
ask finished USR2
ok 'and it all is still there' diff expected finished
dismiss "$pid"

asked=0
victim "$VICTIMS/victim-fd-content" work watch
dump_and_compare 'who watches itself' 0
absent_content small 'the process watches'
filled memfd 70000 m
dismiss "$pid"

if [ "$(id -u)" = 0 ]; then
        asked=0
        be_nobody
        rm -r work
        mkdir -m 777 work
        # shellcheck disable=SC2086     # words
        victim $nobody "$VICTIMS/victim-fd-content" work
        await 10 grep -q '^ready' "$out"
        dump_and_compare 'as an ordinary user' 0
        see
fi

done_testing
