#!/bin/sh
# Wrong arguments end with status 2 and the usage on stderr; help and version go to stdout.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

refused() {                     # ARGUMENT...
        exits 2 "refused: crdump $*" "$CRDUMP" "$@"
        is "$(cat stdout)" '' "nothing on stdout: crdump $*"
        says '[Uu]sage|help' "usage on stderr: crdump $*"
}

refused
refused 1
refused "$$" a b
refused 0 img
refused -- -1 img
refused abc img
refused 12x img
refused '' img
refused 99999999999999999999 img
refused --no-such-option "$$" img
refused -x "$$" img
refused --trampoline=other "$$" img
refused --trampoline
refused --catch=other "$$" img
refused --timeout abc "$$" img
refused --timeout -1 "$$" img
refused --timeout
refused show
refused show a b
refused check
refused check a b
refused core
refused core a
refused core a b c
refused show --no-such-option img
is "$(ls -A)" "$(printf 'stderr\nstdout')" 'no file was made'

exits 0 'help' "$CRDUMP" help
is "$(cat stderr)" '' 'help: nothing on stderr'
ok 'help: on stdout' grep -q 'crdump.* PID' stdout
exits 0 '--version' "$CRDUMP" --version
ok '--version: a line on stdout' grep -Eqx 'crdump [0-9]+\.[0-9.]+.*' stdout

done_testing
