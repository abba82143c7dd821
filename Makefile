# bsky2s2: the Bluesky firehose into streams.  "make help" lists the targets.

VERSION = 0.1.0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL ?= install

PACKAGES = libwebsockets libcurl jansson libzstd sqlite3 libprotobuf-c

# Ours are put before the user's, which are never overwritten.
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wvla -Wundef -Wcast-qual
ifdef DEV
WARN += -Werror
endif
HARDEN = -fstack-protector-strong -fPIE
ifndef SANITIZE
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
else
SANFLAGS = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif
CPPFLAGS_ALL = -Ilib -Icmd -isystem $(BUILD)/gen -D_XOPEN_SOURCE=700 \
	-DVERSION='"$(VERSION)"' -include lib/base/banned.h $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(WARN) $(HARDEN) $(SANFLAGS) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LDLIBS_ALL = $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) \
	-lpthread $(LDLIBS)
TESTLIBS = -lssl -lcrypto

LIB_SRC = $(sort $(wildcard lib/*/*.c))
LIB_OBJ = $(LIB_SRC:%.c=$(BUILD)/%.o) $(BUILD)/gen/s2.pb-c.o
TOOLS = bsky2s2 s2tail
CMD_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard cmd/$(1)/*.c)))
UNIT_SRC = $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
PEER_SRC = $(sort $(wildcard tests/peer/fake*.c))
PEER_BIN = $(PEER_SRC:tests/peer/%.c=$(BUILD)/peer/%)
FUZZ = $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_SRC = $(sort $(wildcard tests/bench/*.c))
BENCH_BIN = $(BENCH_SRC:tests/bench/%.c=$(BUILD)/bench/%)
PEER_OBJ = $(patsubst %.c,$(BUILD)/%.o,\
	$(filter-out $(PEER_SRC),$(sort $(wildcard tests/peer/*.c))))
BIN = $(TOOLS:%=$(BUILD)/%)
C_FILES = $(sort $(wildcard cmd/*/*.[ch] lib/*/*.[ch] tests/*/*.[ch]))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo check check-unit check-cli check-real asan soak lint \
	check-layers check-headers install uninstall clean help peers units \
	mutants bench bench-deps benches fuzz

all: $(BIN) ## build both tools into build/

$(BUILD)/bsky2s2: $(call CMD_OBJ,bsky2s2)
$(BUILD)/s2tail: $(call CMD_OBJ,s2tail)
$(BIN): $(call CMD_OBJ,common) $(BUILD)/lib.a
	$(CC) $(LDFLAGS_ALL) -Wl,--as-needed -o $@ $(filter %.o,$^) \
		$(BUILD)/lib.a $(LDLIBS_ALL)

$(BUILD)/lib.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c | $(BUILD)/gen/s2.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/gen/s2.pb-c.h: lib/s2/s2.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=lib/s2 --c_out=$(BUILD)/gen $<

$(BUILD)/gen/s2.pb-c.o: $(BUILD)/gen/s2.pb-c.h
	$(CC) -std=c11 $(HARDEN) $(SANFLAGS) -I$(BUILD)/gen \
		$(shell $(PKG_CONFIG) --cflags libprotobuf-c) $(CFLAGS) \
		-c -o $@ $(BUILD)/gen/s2.pb-c.c

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TESTLIBS) $(LDLIBS_ALL)

$(BUILD)/peer/%: $(BUILD)/tests/peer/%.o $(PEER_OBJ) $(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TESTLIBS) $(LDLIBS_ALL)

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL) -lm

# Without sanitizers: it must load into any program.
$(BUILD)/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -std=c11 $(WARN) -fPIC $(CFLAGS) \
		-MMD -MP -shared $(LDFLAGS) -o $@ $< -ldl

# Needs clang, whose fuzzer has its own main.
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(LDLIBS_ALL)

# The same without a fuzzer: it takes files and folders.
$(BUILD)/feed/%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/main.o \
		$(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

units: $(UNIT_BIN) $(FUZZ:%=$(BUILD)/feed/%)
peers: $(PEER_BIN) $(BUILD)/preload/die.so
benches: $(BENCH_BIN)

deps: ## install what is missing to build and to test
	@sh tests/deps.sh

demo: deps ## run it: live, or bundled events when no server answers
	@$(MAKE) --no-print-directory all peers
	@BUILD=$(BUILD) sh tests/demo.sh

check: deps ## the whole test suite
	@$(MAKE) --no-print-directory all units peers benches
	@BUILD=$(BUILD) sh tests/run.sh unit cli real lint

check-unit: units ## the unit tests only
	@BUILD=$(BUILD) sh tests/run.sh unit

check-cli: all peers benches ## the command line against fake peers
	@BUILD=$(BUILD) sh tests/run.sh cli

check-real: all peers ## against the real S2 server
	@BUILD=$(BUILD) sh tests/run.sh real

mutants: all peers ## deliberate faults, which the tests must find
	@BUILD=$(BUILD) sh tests/mutants.sh

bench: all peers benches ## compare the speed with that of peers, in one table
	@BUILD=$(BUILD) sh tests/bench/bench.sh

bench-deps: deps ## install the peers that make bench compares with
	@sh tests/bench/deps.sh

FUZZ_TIME = 60
fuzz: ## search for inputs that break a promise, FUZZ_TIME=60 s each
	@command -v clang >/dev/null || { echo "fuzz: needs clang and its" \
		"runtime libraries (Debian: clang libclang-rt-14-dev)" >&2; exit 1; }
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/clang CC=clang \
		SANITIZE=fuzzer-no-link,address,undefined \
		$(FUZZ:%=$(BUILD)/clang/fuzz/%)
	@for f in $(FUZZ); do \
		mkdir -p $(BUILD)/fuzz/$$f && \
		$(BUILD)/clang/fuzz/$$f -max_total_time=$(FUZZ_TIME) \
			-max_len=4096 -artifact_prefix=$(BUILD)/fuzz/$$f- \
			$(BUILD)/fuzz/$$f tests/fuzz/corpus/$$f || exit 1; \
	done

asan: ## unit and command line tests under ASan and UBSan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan \
		SANITIZE=address,undefined all units peers benches
	@PEEK_CASES=100000 BUILD=$(BUILD)/asan sh tests/run.sh unit cli

# At least N kills on each basin, for at most T seconds in all.
N = 500
T = 3600
soak: all peers ## kill bsky2s2 N=500 times on each basin, for at most T=3600 s
	@BUILD=$(BUILD) bash tests/soak.sh -n $(N) -t $(T)

lint: check-layers check-headers ## formatting, static checks, layers, sizes
	@BUILD=$(BUILD) sh tests/lint.sh

check-layers: ## no file includes what its room must not know
	@sh tests/layers.sh

check-headers: $(BUILD)/gen/s2.pb-c.h ## every header compiles alone
	@for h in $(filter %.h,$(C_FILES)); do \
		echo "#include \"$$h\"" | $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) \
			-I. -I$$(dirname $$h) -Wno-unused-function -Werror \
			-fsyntax-only -xc - || exit 1; \
	done

install: all ## into PREFIX (/usr/local), below DESTDIR
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 755 $(BIN) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(TOOLS:%=man/%.1) $(DESTDIR)$(MANDIR)/man1

uninstall: ## remove exactly what install put there
	rm -f $(TOOLS:%=$(DESTDIR)$(BINDIR)/%) \
		$(TOOLS:%=$(DESTDIR)$(MANDIR)/man1/%.1)

clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1\t\2/p' Makefile | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
