# SPDX-License-Identifier: GPL-2.0-or-later
# Builds into build/. `make help` lists what there is.

VERSION := $(shell cat VERSION)
PREFIX ?= /usr
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
B ?= build

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PKGS := libbpf libevent libevent_pthreads yaml-0.1 jansson sqlite3 libmnl

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wconversion -Werror
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DIPWL_VERSION='"$(VERSION)"' $(WARN) $(CFLAGS) \
	-Iinclude -Iuser -I$(B) $(shell pkg-config --cflags $(PKGS)) -MMD -MP
LIBS := $(shell pkg-config --libs $(PKGS)) -lpthread

# UAPI headers of the host's architecture (asm/types.h), for the BPF target.
BPF_CFLAGS := -std=gnu11 -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Iinclude \
	-I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

CORE := $(wildcard user/core/*.c)
CONFIG := $(wildcard user/config/*.c)
DATAPATH := $(wildcard user/datapath/*.c)
DAEMON := $(wildcard user/daemon/*.c)
CTL := $(wildcard user/ctl/*.c)
UNIT := $(wildcard tests/unit/test_*.c)
BPFTEST := $(wildcard tests/bpf/test_*.c)

obj = $(patsubst %.c,$(B)/%.o,$(1))
asan = $(patsubst %.c,$(B)/asan/%.o,$(1))

all: $(B)/ipwld $(B)/ipwlctl ## build ipwld and ipwlctl

$(B)/ipwl.bpf.o: bpf/ipwl.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/ipwl.skel.h: $(B)/ipwl.bpf.o
	$(BPFTOOL) gen skeleton $< name ipwl_bpf > $@.tmp
	mv $@.tmp $@

# Only the datapath includes the skeleton.
$(call obj,$(DATAPATH)) $(call asan,$(DATAPATH)): $(B)/ipwl.skel.h

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

$(B)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -O1 -U_FORTIFY_SOURCE $(SANITIZE) -c $< -o $@

$(B)/ipwld: $(call obj,$(CORE) $(CONFIG) $(DATAPATH) $(DAEMON))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(B)/ipwlctl: $(call obj,$(CORE) $(CONFIG) $(DATAPATH) $(CTL))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) $(shell pkg-config --libs libcurl) -o $@

# Unit tests run under ASan and UBSan. They may use every room but the kernel.
$(B)/tests/unit/%: $(B)/asan/tests/unit/%.o $(call asan,$(CORE) $(CONFIG))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE) $^ $(LIBS) $(shell pkg-config --libs cmocka) -o $@

$(B)/tests/bpf/%: $(B)/tests/bpf/%.o $(call obj,$(wildcard tests/bpf/lib_*.c) $(CORE) $(CONFIG) $(DATAPATH))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $^ $(LIBS) $(shell pkg-config --libs cmocka) -o $@

unit: $(patsubst %.c,$(B)/%,$(UNIT)) ## build the unit tests
bpf-tests: $(patsubst %.c,$(B)/%,$(BPFTEST)) ## build the verdict tests

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit bpf-tests clean help
.SECONDARY:
