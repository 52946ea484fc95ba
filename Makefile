# SPDX-License-Identifier: MIT
# Makefile - crdump and its blob; `make help` lists the words

VERSION     = 0.1
CC          = musl-gcc
CFLAGS      = -Os -g
LDFLAGS     =
PREFIX      = /usr/local
DESTDIR     =
# Elsewhere (Buildroot, Alpine): make CC=... ZLIB_CFLAGS= ZLIB_LIBS=-lz
ZLIB_CFLAGS = -I$(BUILD)/zlib
ZLIB_LIBS   = $(firstword $(wildcard $(addsuffix /libz.a,/usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib)))
# Compiles the tests' victims, and the tool for `make asan` and `make cov`
HOSTCC      = gcc
STRIP       = strip
OBJCOPY     = objcopy
NM          = nm
READELF     = readelf
# What `make test` runs: make test TESTS=tests/redis.t
TESTS       = tests/*.t
PROVE       = prove -e sh --timer --failures --comments
# How long `make soak` goes on; a minute and a quarter of it is in make test
SOAK_SECONDS ?= 1800
# How long `make fuzz` goes on, all its targets together; FUZZ='show json' for these alone
FUZZ_SECONDS ?= 3600
FUZZ        =
FUZZ_CC     = clang
FUZZ_SAN    = address,undefined

# make V=1 shows the commands
say         = $(if $(V),,@printf '  %-7s %s\n' $(1) $@;)
BUILD       = build
BIN         = crdump
LINK        = -static -no-pie

# --- the tool -----------------------------------------------------------------

OWN = -std=c11 -D_GNU_SOURCE -DVERSION=\"$(VERSION)\" -pthread $(ZLIB_CFLAGS) \
      -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
      -fno-pie -ffunction-sections -fdata-sections -fstack-protector -fno-asynchronous-unwind-tables
SRC = $(filter-out parasite.c,$(wildcard *.c))
OBJ = $(SRC:%.c=$(BUILD)/%.o) $(BUILD)/blob.o

$(BIN): $(BUILD)/crdump.debug
	$(call say,STRIP)$(STRIP) -o $@ -R .comment $<

$(BUILD)/crdump.debug: $(OBJ)
	$(call say,LINK)$(CC) $(LINK) -pthread -Wl,--gc-sections,-z,noseparate-code,-z,norelro $(CFLAGS) $(LDFLAGS) -o $@ $(OBJ) $(ZLIB_LIBS)

$(BUILD)/%.o: %.c $(BUILD)/flags Makefile
	$(call say,CC)$(CC) $(OWN) $(CFLAGS) -MMD -MP -c -o $@ $<

# Every byte of an image passes through these.
$(BUILD)/bytes.o $(BUILD)/crc.o: CFLAGS = -O2 -g

# It is the assembler that reads parasite.bin: -MMD does not see it.
$(BUILD)/blob.o: blob.S $(BUILD)/parasite.bin $(BUILD)/flags
	$(call say,AS)$(CC) -DPARASITE_BIN='"$(BUILD)/parasite.bin"' -MMD -MP -c -o $@ $<

# --- the blob: the user's CFLAGS are no business of it ---------------------------

BLOB  = -std=c11 -Os -g -Wall -Wextra
BLOB += -ffreestanding                          # no libc over there
BLOB += -fpie                                   # runs at any address
BLOB += -mgeneral-regs-only                     # vector state stays the target's
BLOB += -mno-red-zone                           # nothing lives below the stack pointer
BLOB += -fno-stack-protector                    # no canary in a foreign thread
BLOB += -fno-tree-loop-distribute-patterns      # no invented memset
BLOB += -fno-jump-tables                        # no table of addresses
BLOB += -fno-asynchronous-unwind-tables         # nobody unwinds it
BLOB += -fcf-protection=none                    # nobody jumps into it indirectly
BLOB += -fno-lto                                # a plain object, whatever CC's default is

BLOB_OBJ = $(BUILD)/parasite-s.o $(BUILD)/parasite-c.o

$(BUILD)/parasite.bin: $(BUILD)/parasite.elf
	@! $(READELF) -rW $< | grep R_X86_64 >&2 || { echo "parasite: relocations in the blob" >&2; false; }
	$(call say,OBJCOPY)$(OBJCOPY) -O binary -j .blob $< $@

# The ELF is kept: gdb's add-symbol-file shows the blob in a target by it. The
# linker would make address 0 of a weak symbol that nobody defines: look first.
$(BUILD)/parasite.elf: parasite.lds $(BLOB_OBJ)
	@undef=$$($(NM) $(BLOB_OBJ) | awk 'NF == 2 { used[$$2] } NF == 3 { defined[$$3] } \
		END { for (s in used) if (!(s in defined)) print s }'); test -z "$$undef" || \
		{ echo "parasite: outside of the blob:" $$undef >&2; false; }
	$(call say,LD)$(LD) -pie --no-dynamic-linker -z noexecstack -T parasite.lds -o $@ $(BLOB_OBJ)

$(BUILD)/parasite-s.o: parasite.S $(BUILD)/flags
	$(call say,CC)$(CC) $(BLOB) -MMD -MP -c -o $@ $<

$(BUILD)/parasite-c.o: parasite.c $(BUILD)/flags
	$(call say,CC)$(CC) $(BLOB) -MMD -MP -c -o $@ $<

# Touched when the compiler or its flags are others than last time. The folder
# beside it has zlib's two headers and no others: /usr/include is another libc's.
$(BUILD)/flags: FORCE
	@command -v $(firstword $(CC)) >/dev/null && test -n '$(ZLIB_LIBS)' || { echo \
		'no $(firstword $(CC)) or no libz.a here: run make demo, or apt-get install musl-tools zlib1g-dev' >&2; false; }
	@mkdir -p $(BUILD)/zlib
	@ln -sf /usr/include/zlib.h /usr/include/zconf.h $(BUILD)/zlib
	@printf '%s\n' '$(CC) $(OWN) $(CFLAGS) $(LINK) $(LDFLAGS) $(ZLIB_LIBS) $(BLOB)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# --- what reads without a target, for the fuzzer: tests/fuzz/fuzz.h ------------------

FUZZ_OBJ = $(patsubst %,$(BUILD)/fuzz-%.o,targets corefile proctext sink image cover seeds)

$(BUILD)/parts.a: $(filter-out %/crdump.o %/blob.o,$(OBJ))
	$(call say,AR)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/fuzz-%.o: tests/fuzz/%.c $(BUILD)/flags Makefile
	$(call say,CC)$(CC) $(OWN) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/replay: $(FUZZ_OBJ) $(BUILD)/fuzz-replay.o $(BUILD)/parts.a
	$(call say,LINK)$(CC) $(LINK) -pthread $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ZLIB_LIBS)

$(BUILD)/fuzz: $(FUZZ_OBJ) $(BUILD)/fuzz-mutate.o $(BUILD)/parts.a
	$(call say,LINK)$(CC) $(LINK) -pthread $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(ZLIB_LIBS)

-include $(OBJ:.o=.d) $(BUILD)/parasite-s.d $(BUILD)/parasite-c.d $(FUZZ_OBJ:.o=.d) $(BUILD)/fuzz-replay.d $(BUILD)/fuzz-mutate.d

# --- words -----------------------------------------------------------------------

VICTIMS = $(patsubst tests/%.c,build/tests/%,$(wildcard tests/*.c))
HOST    = CC=$(HOSTCC) LINK=-no-pie ZLIB_CFLAGS= ZLIB_LIBS=-lz
ASAN    = $(HOST) BUILD=build/asan CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined'
COV     = $(HOST) BUILD=build/cov CFLAGS='-O0 -g --coverage'
FUZZING = $(HOST) CC=$(FUZZ_CC) BUILD=build/fuzz CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,$(FUZZ_SAN) \
          -fno-sanitize-recover=undefined'
WERROR  = BUILD=build/werror CFLAGS='-O2 -Werror'

# clang-tidy's checks, less those that dislike memcpy, `if (strcmp(...))` or two ints in
# a row, do not know that fail() returns -1, or think a literal too long for strcpy
TIDY  = -*,clang-analyzer-*,bugprone-*,misc-redundant-expression
TIDY := $(TIDY),-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling
TIDY := $(TIDY),-clang-analyzer-security.insecureAPI.strcpy,-clang-analyzer-valist.Uninitialized
TIDY := $(TIDY),-clang-analyzer-core.UndefinedBinaryOperatorResult,-clang-analyzer-core.uninitialized.Branch
TIDY := $(TIDY),-clang-analyzer-optin.performance.Padding,-bugprone-sizeof-expression,-bugprone-branch-clone
TIDY := $(TIDY),-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier
TIDY := $(TIDY),-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result
TIDY := $(TIDY),-bugprone-suspicious-string-compare
STYLE  = BasedOnStyle: LLVM, IndentWidth: 8, ContinuationIndentWidth: 8, ColumnLimit: 110, BreakBeforeBraces: Linux,
STYLE += AlignAfterOpenBracket: DontAlign, SortIncludes: false, IndentCaseLabels: false

# A sanitizer's find must not look like a failure that a test expects.
export ASAN_OPTIONS  = detect_leaks=0:abort_on_error=1:allocator_may_return_null=1
export UBSAN_OPTIONS = abort_on_error=1:print_stacktrace=1

demo:           ## installs what is missing, builds, dumps a running program
	@sh tests/deps.sh build
	@$(MAKE) --no-print-directory $(BIN)
	@sh tests/demo.sh

test:           ## installs what is missing, builds, runs all tests
	@sh tests/deps.sh build test
	@$(MAKE) --no-print-directory run-tests

check:          ## lint and test
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

lint:           ## house rules, shellcheck, no warning from the compiler
	@sh tests/deps.sh build lint
	@sh tests/lint.sh
	@$(MAKE) --no-print-directory $(WERROR) BIN=build/werror/crdump build/werror/crdump

asan:           ## host build with sanitizers, same tests
	@sh tests/deps.sh build test
	@$(MAKE) --no-print-directory ready replay build/asan/crdump
	CRDUMP=$(CURDIR)/build/asan/crdump $(PROVE) $(TESTS)

analyze:        ## -fanalyzer, cppcheck, clang-tidy
	@sh tests/deps.sh build analyze
	@$(MAKE) --no-print-directory run-analyze

cov:            ## host build that counts, same tests, lines run in each file
	@sh tests/deps.sh build test
	@$(MAKE) --no-print-directory $(COV) build/cov/crdump.debug
	@$(MAKE) --no-print-directory ready
	rm -f build/cov/*.gcda
	-CRDUMP=$(CURDIR)/build/cov/crdump.debug $(PROVE) $(TESTS)
	@gcov -n -o build/cov $(SRC) | awk -F"'" '/^File/ { f = $$2 } \
		/^Lines/ && f !~ /^\// { sub(/Lines executed:/, ""); print f "\t" $$0; f = "/" }' | expand -t 24

bench:          ## pause, time, memory and size beside gcore and a plain write
	@sh tests/deps.sh build bench
	@$(MAKE) --no-print-directory ready
	@sh tests/bench.sh

plot:           ## bench.svg: time and pause against size
	@sh tests/deps.sh build plot
	@$(MAKE) --no-print-directory ready
	@sh tests/bench-plot.sh

soak:           ## half an hour of dumps of busy servers, then ten thousand that are killed; SOAK_SECONDS=n for less or more
	@sh tests/deps.sh build test
	@$(MAKE) --no-print-directory ready $(if $(WAY),build/way/crdump)
	$(CRDUMP_ANY) SOAK_SECONDS=$(SOAK_SECONDS) KILLS=10000 $(PROVE) -v tests/soak.t tests/killed.t

fuzz:           ## an hour of libFuzzer, all targets together; FUZZ_SECONDS=n for less or more
	@sh tests/deps.sh build fuzz
	@$(MAKE) --no-print-directory $(FUZZING) build/fuzz/fuzz
	@$(MAKE) --no-print-directory replay
	@FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/fuzz.sh $(FUZZ)

check-initramfs: ## boots two kernels with busybox and crdump and nothing else
	@sh tests/deps.sh build initramfs
	@$(MAKE) --no-print-directory ready
	$(PROVE) -v tests/initramfs.t tests/initramfs-tests.t

fmt:            ## clang-format: a helper and no judge
	clang-format -i --style='{$(STYLE)}' *.c *.h tests/*.c

install: $(BIN) ## to PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/crdump
	install -m 644 crdump.1 $(DESTDIR)$(PREFIX)/share/man/man1/crdump.1

clean:          ## removes what was built, but not the kernels that were fetched
	rm -rf $(BIN) $(filter-out build/kernels,$(wildcard build/*))

help:           ## this list
	@echo 'make                    crdump, a static program of one file'
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 24

# --- what they are made of --------------------------------------------------------

ready: $(BIN) $(VICTIMS)
	@:

# Of the tests that can run in the initramfs, those that take the least time for
# what they say; make check-initramfs runs all.
SOME_INITRAMFS_TESTS = as-it-was signals sigtrap permission leader seccomp no-trace stats

# With WAY=try or WAY=stop, each dump of the tests, or of the soak, is made as by --snapshot=try or --stop.
WAY_try    = SNAPSHOT_TRY
WAY_stop   = SNAPSHOT_NEVER
CRDUMP_ANY = $(if $(WAY),CRDUMP=$(CURDIR)/build/way/crdump)

build/way/crdump: FORCE
	@$(MAKE) --no-print-directory BUILD=build/way CFLAGS='$(CFLAGS) -DSNAPSHOT_UNASKED=$(or $(WAY_$(WAY)),WAY_is_try_or_stop)' \
		build/way/crdump.debug
	@$(STRIP) -o $@ -R .comment build/way/crdump.debug

# What dumps no process here, or waits for most of its time, goes on beside the others, which come one after the other.
SIDE_BY_SIDE = -j2 --rules 'seq=tests/{build,corpus,damaged,initramfs,initramfs-tests,progress}.t' --rules 'seq=**'

run-tests: ready replay $(if $(WAY),build/way/crdump)
	$(CRDUMP_ANY) INITRAMFS_TESTS='$(SOME_INITRAMFS_TESTS)' $(PROVE) $(SIDE_BY_SIDE) $(TESTS)

build/asan/crdump: FORCE
	@$(MAKE) --no-print-directory $(ASAN) build/asan/crdump.debug
	@ln -f build/asan/crdump.debug $@

replay: FORCE
	@$(MAKE) --no-print-directory $(ASAN) build/asan/replay

build/tests/%: tests/%.c image.h $(wildcard tests/*.h)
	@mkdir -p $(@D)
	$(call say,HOSTCC)$(HOSTCC) -std=gnu11 -O2 -g -Wall -Wextra -pthread -o $@ $< -Wl,--as-needed -lz

run-analyze: FORCE
	@mkdir -p build/zlib
	for f in $(SRC) parasite.c; do $(HOSTCC) -fanalyzer $(OWN) -O2 -c -o /dev/null $$f || exit; done
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=comparePointers --suppress=ctuuninitvar \
		--suppress=memleak:model.c --suppress=nullPointerRedundantCheck:proc.c --error-exitcode=1 -D__x86_64__ $(SRC)
	clang-tidy --quiet --warnings-as-errors='*' --checks='$(TIDY)' $(SRC) -- $(OWN)

.PHONY: FORCE demo test check lint asan analyze cov bench plot soak fuzz check-initramfs fmt install clean help ready replay \
        run-tests run-analyze
.DELETE_ON_ERROR:
.DEFAULT_GOAL := $(BIN)
