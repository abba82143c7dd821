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
CPPFLAGS_ALL = -Ilib -I$(BUILD)/gen -D_POSIX_C_SOURCE=200809L \
	-DVERSION='"$(VERSION)"' -include lib/base/banned.h $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(WARN) $(HARDEN) $(SANFLAGS) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LDLIBS_ALL = $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) \
	-lpthread $(LDLIBS)
PEERLIBS = -lssl -lcrypto -lz

LIB_SRC = $(sort $(wildcard lib/*/*.c))
LIB_OBJ = $(LIB_SRC:%.c=$(BUILD)/%.o) $(BUILD)/gen/s2.pb-c.o
CMD_SRC = $(sort $(wildcard cmd/bsky2s2/*.c))
CMD_OBJ = $(CMD_SRC:%.c=$(BUILD)/%.o)
UNIT_SRC = $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
PEER_SRC = $(sort $(wildcard tests/peer/fake*.c))
PEER_BIN = $(PEER_SRC:tests/peer/%.c=$(BUILD)/peer/%)
PEER_OBJ = $(patsubst %.c,$(BUILD)/%.o,\
	$(filter-out $(PEER_SRC),$(sort $(wildcard tests/peer/*.c))))
BIN = $(BUILD)/bsky2s2

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo check check-unit check-cli check-real asan lint \
	check-layers check-headers install uninstall clean help peers units

all: $(BIN) ## build the tools into build/

$(BIN): $(CMD_OBJ) $(BUILD)/lib.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

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
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/peer/%: $(BUILD)/tests/peer/%.o $(PEER_OBJ) $(BUILD)/lib.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PEERLIBS) $(LDLIBS_ALL)

units: $(UNIT_BIN)
peers: $(PEER_BIN)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
