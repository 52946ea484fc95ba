#!/bin/sh
# What make makes: a small static program, and a blob that cannot reach outside itself.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

top=${here%/*}
need readelf musl-gcc make gcc
export MAKEFLAGS=       # this test's own makes are no part of the one that runs it

copy() {                        # DIR: the sources, to be changed
        mkdir "$1" && cp "$top"/*.[chS1] "$top"/*.lds "$top/Makefile" "$1"
}

has_no() {                      # REGEX CMD...: CMD succeeds and prints no such line
        regex=$1
        shift
        "$@" >listing 2>&1 || return 1
        ! grep -E -- "$regex" listing
}

below() {                       # FILE BYTES
        size=$(wc -c <"$1")
        echo "$1: $size bytes"
        [ "$size" -lt "$2" ]
}

# --- the program

program=$top/crdump
ok 'the program is there' test -x "$program"
ok 'no interpreter' has_no 'INTERP' readelf -lW "$program"
ok 'no dynamic section' has_no 'DYNAMIC' readelf -lW "$program"
ok 'static: needs no library' has_no 'NEEDED|TEXTREL' readelf -dW "$program"
ok 'at fixed addresses: nothing to relocate at its start' has_no 'R_X86_64' readelf -rW "$program"
ok 'its stack is not executable' has_no 'GNU_STACK.*RWE' readelf -lW "$program"
ok 'no segment is both writable and executable' has_no 'LOAD.* RWE ' readelf -lW "$program"
ok 'stripped' has_no '\.symtab|\.debug' readelf -SW "$program"
ok 'under 384 KiB' below "$program" 393216
ok 'symbols are kept beside it' grep -q FUNC <<-EOT
	$(readelf -sW "$top/build/crdump.debug" | grep -m1 ' main$')
EOT

# --- the blob

elf=$top/build/parasite.elf
ok 'the blob has no relocation' has_no 'R_X86_64' readelf -rW "$elf"
is "$(nm -u "$elf")" '' 'the blob has no undefined symbol'
is "$(nm "$elf" | awk '$2 ~ /^[dDbBC]$/ && $3 !~ /^_/ && $3 !~ /^(data|stack_base|stack_top|frame)$/')" '' \
        'the blob has no variables'
is "$(od -An -c -N4 "$top/build/parasite.bin" | tr -d ' ')" CDP1 'the blob begins with its head'
is "$(($(wc -c <"$top/build/parasite.bin") % 4096))" 0 'the blob is whole pages'
is "$(od -An -tu4 -j4 -N4 "$top/build/parasite.bin" | tr -d ' ')" "$(wc -c <"$top/build/parasite.bin")" \
        'the head knows how long the code is'
ok 'gdb finds functions in the ELF that is kept' grep -q . <<-EOT
	$(nm "$elf" | grep ' parasite_main$')
EOT
vectors() {
        objdump -d "$elf" | grep -E '%[xyz]mm|%st'
}
is "$(vectors)" '' 'the blob touches no vector register'

refused() {                     # NAME REGEX LINE...: a blob with these lines of C in it is not built
        t_what=$1
        t_regex=$2
        shift 2
        rm -rf variant
        copy variant
        printf '%s\n' "$@" >>variant/parasite.c
        exits 2 "$t_what: the build fails" make -C variant build/parasite.bin
        says "$t_regex" "$t_what: and says why"
        ok "$t_what: no blob is left" test ! -e variant/build/parasite.bin
}

copy same
exits 0 'the blob builds alone' make -C same build/parasite.bin
ok 'and is the same, byte for byte' cmp same/build/parasite.bin "$top/build/parasite.bin"
refused 'a table of addresses' 'absolute address' \
        'static void nothing(void) {}' \
        'void (*const table[])(void) = { nothing };'
refused 'a call of libc' 'outside of the blob: memset' \
        'void *memset(void *, int, unsigned long);' \
        'void wipe(struct parasite_data *d);' \
        'void wipe(struct parasite_data *d) { memset(d, 0, sizeof *d); }'
refused 'a weak call of what is not there' 'outside of the blob: somewhere' \
        '__asm__(".weak somewhere; .hidden somewhere; call somewhere");'
refused 'a variable' 'writable data' \
        'int counter = 1;'
refused 'a variable that is zero' 'writable data' \
        'int counter;'

# --- the words

copy fresh
exits 0 'make, in a fresh copy' make -C fresh
ok 'leaves the program' test -x fresh/crdump
exits 0 'make again' make -C fresh
ok 'does nothing' has_no ' (CC|LD|LINK|STRIP) |gcc' cat stdout
touch fresh/parasite.c
exits 0 'make after a change of the blob' make -C fresh V=1
ok 'builds blob and program anew' grep -q 'strip -o crdump' stdout
exits 0 'make with other flags' make -C fresh V=1 CFLAGS=-Os
ok 'compiles anew' grep -q -e '-Os .*util.c' stdout
rm -f fresh/build/parasite.bin fresh/crdump
exits 0 'make -j4 with half of it gone' make -C fresh -j4
ok 'brings it back' test -x fresh/crdump

exits 0 'make install' make -C fresh install PREFIX=/usr DESTDIR="$scratch/dest"
installed() {
        (cd dest && find . -type f -printf '%m %p\n' | sort -k 2)
}
is "$(installed | tr '\n' ' ')" '755 ./usr/bin/crdump 644 ./usr/share/man/man1/crdump.1 ' 'installs two files'
exits 0 'what is installed works' dest/usr/bin/crdump --version
ok 'and tells the version of the Makefile' \
        grep -qw "$(sed -n 's/^VERSION *= *//p' "$top/Makefile")" stdout

exits 0 'make clean' make -C fresh clean
ok 'leaves nothing behind' test ! -e fresh/crdump -a ! -e fresh/build/util.o

exits 0 'another compiler and zlib by options' make -C fresh CC=gcc ZLIB_CFLAGS= ZLIB_LIBS=-lz
exits 0 'and that program runs' fresh/crdump --version
make -C fresh clean >/dev/null
exits 2 'make where the compiler is missing' make -C fresh CC=no-such-gcc
says 'no-such-gcc.*apt-get install musl-tools zlib1g-dev' 'says what to install'
exits 2 'make where zlib is missing' make -C fresh ZLIB_LIBS=
says 'apt-get install musl-tools zlib1g-dev' 'says what to install'
exits 0 'make help' make -C fresh help
ok 'lists the words' grep -q '^make demo ' stdout

done_testing
