#!/bin/sh
# Every file in tests/corpus, and some thousand damaged images more, go through every reader under sanitizers.
# SPDX-License-Identifier: MIT

. "${0%/*}/lib.sh"

# The readers with a main() of their own, which `make replay` builds: tests/fuzz.
replay=${REPLAY:-${here%/*}/build/asan/replay}
[ -x "$replay" ] || skip_all "$replay is not there: run make replay"
mutations=1000                  # of each seed, through each reader of images
[ "${CRDUMP_FULL:-}" = 1 ] && mutations=5000

ASAN_OPTIONS=detect_leaks=1:handle_abort=1:abort_on_error=1:allocator_may_return_null=1
export ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=64:quarantine_size_mb=32
export UBSAN_OPTIONS=print_stacktrace=1

LIMIT=300 exits 0 'every file, and mutations of the seeds' "$replay" "$here/corpus" $mutations
tail -n 1 stdout | sed 's/^/# /'
for folder in "$here"/corpus/*; do
        is "$(grep -c "^$folder/.*: [1-9][0-9]* targets" stdout)" "$(find "$folder" -type f | wc -l)" \
                "every file of ${folder##*/} was read"
done

# Images of the first version are read as whole ones, and so are those that the fuzzer starts from; 99 is the base of some.
cp "$here"/corpus/image/*.img .
cp 1.2-base.img 99
for image in 1.[0-9]-*.img; do
        exits 0 "$image: check" "$CRDUMP" check "$image"
done
for image in bad-*.img; do
        exits 4 "$image: check" "$CRDUMP" check "$image"
done
exits 0 '1.0: show' "$CRDUMP" show --all "$here/corpus/image/1.0-threads.img"
ok '1.0: its threads' test "$(grep -c '^thread ' stdout)" = 3

# A test that cannot fail is none: each of the judges must see what it is there for.
mkdir seeds
ok 'the seeds are written' "$replay" --seeds seeds
for seed in seeds/*; do
        ok "${seed##*/}: the seed is as it is in the corpus" cmp "$seed" "$here/corpus/image/${seed##*/}"
done
for judge in text json status size memory time; do
        "$replay" --wrong $judge >wrong.out 2>&1
        is "$?" 134 "a reader that is wrong in its $judge is found out" || diag_file wrong.out
done

done_testing
