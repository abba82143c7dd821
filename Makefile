# bsky2s2: the Bluesky firehose into streams.  "make help" lists the targets.

VERSION = 0.1.0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL ?= install

PACKAGES = libwebsockets libcurl jansson libzstd sqlite3 libprotobuf-c libcrypto

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
PRELOAD = $(patsubst tests/%.c,$(BUILD)/%.so,\
	$(sort $(wildcard tests/preload/*.c)))
FUZZ = $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_SRC = $(sort $(wildcard tests/bench/*.c))
BENCH_BIN = $(BENCH_SRC:tests/bench/%.c=$(BUILD)/bench/%)
PEER_OBJ = $(patsubst %.c,$(BUILD)/%.o,\
	$(filter-out $(PEER_SRC),$(sort $(wildcard tests/peer/*.c))))
BIN = $(TOOLS:%=$(BUILD)/%)
COMPLETIONS = $(foreach s,bash zsh fish,\
	$(TOOLS:%=$(BUILD)/completions/%.$(s)))
SERVICES = $(notdir $(sort $(wildcard cmd/*/*.service cmd/*/*.timer)))
C_FILES = $(sort $(wildcard cmd/*/*.[ch] lib/*/*.[ch] tests/*/*.[ch]))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo check check-unit check-cli check-real check-fresh asan \
	soak soak-live torture tsan valgrind coverage lint check-layers check-headers install uninstall dist deb clean \
	help peers units mutants bench bench-deps benches fuzz dirs always

# Both tools, and what goes with them into a system.
all: $(BIN) $(COMPLETIONS) $(SERVICES:%=$(BUILD)/units/%)
all: ## build both tools into build/

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

# What -MMD does not see: the version, and a header of the system's kind.
saying = $(patsubst %.c,$(BUILD)/%.o,\
	$(shell grep -lw -e '$(1)' $(filter %.c,$(C_FILES))))
$(call saying,VERSION): $(BUILD)/version
$(call saying,s2.pb-c.h): $(BUILD)/gen/s2.pb-c.h

# First of all, so that what is missing is named.
$(BUILD)/gen/s2.pb-c.h: lib/s2/s2.proto
	@$(PKG_CONFIG) --print-errors --exists $(PACKAGES) || \
		{ echo "make deps installs what is missing" >&2; exit 1; }
	@mkdir -p $(@D)
	protoc-c --proto_path=lib/s2 --c_out=$(BUILD)/gen $<

$(BUILD)/gen/s2.pb-c.o: $(BUILD)/gen/s2.pb-c.h
	$(CC) -std=c11 $(HARDEN) $(SANFLAGS) -I$(BUILD)/gen \
		$(shell $(PKG_CONFIG) --cflags libprotobuf-c) $(CFLAGS) \
		-c -o $@ $(BUILD)/gen/s2.pb-c.c

$(COMPLETIONS): $(BIN)
	@mkdir -p $(@D)
	$(BUILD)/$(basename $(@F)) --completion $(subst .,,$(suffix $@)) >$@

# What the units and the list of what is installed can hold.
dirs:
	@for d in '$(BINDIR)' '$(MANDIR)' '$(UNITDIR)' '$(BASHCOMPDIR)' \
		'$(ZSHCOMPDIR)' '$(FISHCOMPDIR)'; do \
		case $$d in ''|[!/]*|*[!A-Za-z0-9/._+~@-]*) \
			echo "'$$d': a folder for make install begins with /," \
				"and has no other characters than A-Z a-z 0-9 / . _ + ~ @ -" \
				>&2; exit 1 ;; esac; \
	done

# Written only when it is another.
$(BUILD)/version: always
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# Written only when BINDIR is another: the units name it.
$(BUILD)/bindir: dirs
	@mkdir -p $(@D)
	@echo '$(BINDIR)' | cmp -s - $@ || echo '$(BINDIR)' >$@

$(BUILD)/units/%: cmd/bsky2s2/% $(BUILD)/bindir
	@mkdir -p $(@D)
	sed 's|@BINDIR@|$(BINDIR)|g' $< >$@

$(BUILD)/units/%: cmd/s2tail/% $(BUILD)/bindir
	@mkdir -p $(@D)
	sed 's|@BINDIR@|$(BINDIR)|g' $< >$@

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
peers: $(PEER_BIN) $(PRELOAD)
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

check-fresh: ## the README's commands in a fresh Debian 12 root (needs root, debootstrap)
	@BUILD=$(BUILD) sh tests/fresh.sh

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
		$(BUILD)/clang/fuzz/$$f -max_total_time=$(FUZZ_TIME) -timeout=20 \
			-max_len=4096 -artifact_prefix=$(BUILD)/fuzz/$$f- \
			$(BUILD)/fuzz/$$f tests/fuzz/corpus/$$f || exit 1; \
	done

asan: ## unit and command line tests under ASan and UBSan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan \
		SANITIZE=address,undefined all units peers benches
	@BUILD=$(BUILD)/asan sh tests/watched.sh asan

tsan: ## unit tests, and those of peers with threads, under TSan
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=thread \
		all units peers benches
	@BUILD=$(BUILD)/tsan sh tests/watched.sh tsan

valgrind: all units peers benches ## unit and some command line tests in valgrind
	@BUILD=$(BUILD) sh tests/watched.sh valgrind

coverage: ## what of lib/ the tests run: 90% of lines, 80% of branches, or why
	@BUILD=$(BUILD) sh tests/coverage.sh

# At least N kills on each basin, for at most T seconds in all.
N = 500
T = 3600
soak: all peers ## kill bsky2s2 N=500 times on each basin, for at most T=3600 s
	@BUILD=$(BUILD) bash tests/soak.sh -n $(N) -t $(T)

soak-live: all peers ## both tools on s2 lite for T=3600 s, amid faults and kills
	@BUILD=$(BUILD) bash tests/soak_live.sh -t $(T)

# Every STRIDE-th allocation alone, in CASES of the tools, then in UNITS.
STRIDE = 1
torture: all units peers ## let every allocation fail in its turn, once and for ever
	@BUILD=$(BUILD) bash tests/torture.sh -s $(STRIDE) $(CASES)
	@BUILD=$(BUILD) sh tests/torture_unit.sh -s $(STRIDE) $(UNITS)

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

# MODE:FROM:TO of every file that install puts in place and uninstall removes.
INSTALLED = $(foreach t,$(TOOLS),\
	755:$(BUILD)/$(t):$(BINDIR)/$(t) \
	644:man/$(t).1:$(MANDIR)/man1/$(t).1 \
	644:$(BUILD)/completions/$(t).bash:$(BASHCOMPDIR)/$(t) \
	644:$(BUILD)/completions/$(t).zsh:$(ZSHCOMPDIR)/_$(t) \
	644:$(BUILD)/completions/$(t).fish:$(FISHCOMPDIR)/$(t).fish) \
	$(foreach s,$(SERVICES),644:$(BUILD)/units/$(s):$(UNITDIR)/$(s))

install: all ## into PREFIX (/usr/local), below DESTDIR
	@umask 022 && for f in $(INSTALLED); do \
		from=$${f#*:} && from=$${from%:*} && to="$(DESTDIR)$${f##*:}" && \
		echo "$$to" && \
		$(INSTALL) -d "$${to%/*}" && \
		$(INSTALL) -m "$${f%%:*}" "$$from" "$$to" || exit 1; \
	done

uninstall: dirs ## remove exactly what install put there
	@for f in $(INSTALLED); do \
		to="$(DESTDIR)$${f##*:}" && echo "$$to" && rm -f "$$to" || exit 1; \
	done

dist: ## a source archive, build/bsky2s2-VERSION.tar.gz
	@VERSION=$(VERSION) BUILD=$(BUILD) sh tests/dist.sh

deb: ## a Debian package in build/; sh tests/deps.sh package gets the tools
	@VERSION=$(VERSION) BUILD=$(BUILD) sh tests/deb.sh

clean: ## remove the build folder
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1\t\2/p' Makefile | expand -t 16

-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o \
	-type f -name '*.d' -print 2>/dev/null)
