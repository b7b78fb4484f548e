# SPDX-License-Identifier: GPL-2.0-or-later
# Builds into build/. `make help` lists what there is.

VERSION := $(shell cat VERSION)
PREFIX ?= /usr
SYSCONFDIR ?= /etc
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/ipwl
DATADIR ?= $(PREFIX)/share/ipwl
UNITDIR ?= $(LIBDIR)/systemd/system
SYSUSERSDIR ?= $(LIBDIR)/sysusers.d
TMPFILESDIR ?= $(LIBDIR)/tmpfiles.d
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
# Debian keeps what packages bring apart.
ZSHCOMPLETIONDIR ?= $(PREFIX)/share/zsh/$(if $(wildcard /etc/debian_version),vendor-completions,site-functions)
FISHCOMPLETIONDIR ?= $(PREFIX)/share/fish/vendor_completions.d
B ?= build

# make's own default is cc, whatever that is.
ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PKG_CONFIG ?= pkg-config
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PKGS := zlib libbpf libevent libevent_pthreads yaml-0.1 jansson sqlite3 libmnl libpsl hiredis libevent_openssl openssl

# A compiler newer than ours may warn of more, and that must not stop a build.
WERROR_FLAG := $(if $(filter 1,$(WERROR)),-Werror)
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wconversion $(WERROR_FLAG)
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
# Where the processor has it: jumps and returns that an attacker chose are refused.
CFLAGS_CET := $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),-fcf-protection)
SANITIZE ?= -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS))
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_CET) -Iinclude -Iuser -isystem $(B) \
	$(PKG_CFLAGS) -MMD -MP
VERSION_CFLAGS := -DIPWL_VERSION='"$(VERSION)"'
LIBS := -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(PKGS)) -lpthread -lm
# Of the reader of logs.
FETCH_LIBS := $(shell $(PKG_CONFIG) --libs zlib liblzma libzip)
MAILLOG_LIBS := $(shell $(PKG_CONFIG) --libs libidn2 libsystemd zlib)
# Asked for once, and only by those who build tests.
CMOCKA_LIBS = $(eval CMOCKA_LIBS := $(shell $(PKG_CONFIG) --libs cmocka))$(CMOCKA_LIBS)

# UAPI headers of the host's architecture (asm/types.h), for the BPF target. The program names
# its sources: not by where they were built.
BPF_CFLAGS := -std=gnu11 -O2 -g -target bpf -mcpu=v3 -Wall -Wextra $(WERROR_FLAG) -Iinclude \
	-ffile-prefix-map=$(CURDIR)=. \
	-I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

# One archive a room of user/. scripts/rooms says what each may use; programs link
# archives from the top down.
ROOMS := daemon web intake api health http runtime engine exports feeds domains spf helper store fleet learn rescue datapath config dns formats compile core redis base
CTL_ROOMS := ctl screen health helper store datapath config dns formats compile core redis base
DATAPATH_ROOMS := datapath config dns formats compile core redis base

UNIT := $(wildcard tests/unit/test_*.c)
BPFTEST := $(wildcard tests/bpf/test_*.c)
FUZZ := $(wildcard tests/fuzz/fuzz_*.c)

obj = $(patsubst %.c,$(B)/%.o,$(1))
sources = $(sort $(wildcard user/$(1)/*.c user/$(1)/commands/*.c))
archives = $(patsubst %,$(B)/$(2)%.a,$(1))

# room_archive ROOM,VARIANT: VARIANT is empty, asan/ or fuzz/.
define room_archive
$(B)/$(2)$(1).a: $(patsubst %.c,$(B)/$(2)%.o,$(call sources,$(1)))
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^
endef
$(foreach room,ctl screen fetch resolve maillog reject confine $(ROOMS),$(foreach variant,/ asan/ fuzz/,$(eval $(call room_archive,$(room),$(variant:/=)$(if $(variant:/=),/)))))

# One line for each file that is made; with V=1, the whole command.
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '%-5s %s\n' '$(1)' '$(2)')

all: $(B)/ipwld $(B)/ipwl-fetch $(B)/ipwl-resolve $(B)/ipwl-maillog $(B)/ipwl-reject $(B)/ipwlctl ## build the programs

$(B)/ipwl.bpf.o $(B)/sessions.bpf.o: $(B)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# The programs that ipwld loads.
PROGRAM_SKELETONS := $(B)/ipwl.skel.h $(B)/sessions.skel.h

$(PROGRAM_SKELETONS): $(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,GEN,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	$(Q){ echo '/* NOLINTBEGIN: generated */'; cat $@.tmp; echo '/* NOLINTEND */'; } > $@
	$(Q)rm $@.tmp

# The files of the status page are part of the program.
PAGE_FILES := $(wildcard user/web/page/* third_party/uplot/*)
$(foreach dir,$(B) $(B)/asan $(B)/fuzz,$(dir)/user/web/assets.o): $(PAGE_FILES)

# Only the datapath includes the skeletons.
$(foreach dir,$(B) $(B)/asan $(B)/fuzz,$(patsubst %.c,$(dir)/%.o,$(call sources,datapath))): $(PROGRAM_SKELETONS)

# Only these are compiled anew for another version.
VERSIONED := $(shell grep -rl --include='*.c' IPWL_VERSION user tests)
VERSIONED_OBJECTS := $(foreach dir,$(B) $(B)/asan $(B)/fuzz,$(VERSIONED:%.c=$(dir)/%.o))
$(VERSIONED_OBJECTS): VERSION
# Private: its prerequisites, of which flags is one, are made for all.
$(VERSIONED_OBJECTS): private ALL_CFLAGS += $(VERSION_CFLAGS)

# Other flags make other objects. -Werror does not: objects built with it serve any build, so
# that those who share a build directory do not rebuild each other's.
FLAGS_LINE = $(CC) $(filter-out -Werror,$(ALL_CFLAGS))
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@grep -qsxF -e '$(FLAGS_LINE) -Werror' $(if $(WERROR_FLAG),,-e '$(FLAGS_LINE)') $@ || \
		echo '$(strip $(FLAGS_LINE) $(WERROR_FLAG))' >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$(B)/asan/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -O1 -U_FORTIFY_SOURCE $(SANITIZE) -c $< -o $@

$(B)/ipwld: $(B)/user/daemon/main.o $(call archives,$(ROOMS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< $(filter %.a,$^) $(LIBS) -o $@

# Of the other rooms the fetcher takes nothing but what it calls of base: what it links is
# what strangers can reach.
$(B)/ipwl-fetch: $(call obj,$(call sources,fetch)) $(call archives,confine base)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libcurl libseccomp) $(FETCH_LIBS) -o $@

$(B)/ipwl-resolve: $(call obj,$(call sources,resolve)) $(call archives,spf dns confine core base)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libcares libseccomp) -o $@

# Nor does what answers blocked senders.
$(B)/ipwl-reject: $(call obj,$(call sources,reject)) $(call archives,confine base)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(shell $(PKG_CONFIG) --libs libevent libseccomp) -o $@

# Nor does the reader of logs.
$(B)/ipwl-maillog: $(call obj,$(call sources,maillog)) $(call archives,confine learn core base)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(MAILLOG_LIBS) $(shell $(PKG_CONFIG) --libs libseccomp) -o $@

$(B)/ipwlctl: $(B)/user/ctl/main.o $(call archives,$(CTL_ROOMS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< $(filter %.a,$^) $(LIBS) $(shell $(PKG_CONFIG) --libs libcurl libpcap libcares ncursesw) -o $@

# Unit tests run under ASan and UBSan. They may use every room; the linker takes
# what a test asks for.
$(B)/tests/unit/%: $(B)/asan/tests/unit/%.o $(call archives,ctl screen fetch resolve maillog reject confine $(ROOMS),asan/)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $< $(filter %.a,$^) $(LIBS) $(FETCH_LIBS) $(MAILLOG_LIBS) $(CMOCKA_LIBS) -o $@

# They have a clock of their own.
$(B)/tests/unit/test_learning_year: private override CFLAGS += -Wl,--wrap=time_now_sec
$(B)/tests/unit/test_fleet_share: private override CFLAGS += -Wl,--wrap=time_now_sec,--wrap=time_monotonic_sec

# Measures learning; see its first lines.
$(B)/tests/learning/%: $(B)/tests/learning/%.o $(call archives,$(ROOMS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $< $(filter %.a,$^) $(LIBS) $(CMOCKA_LIBS) -o $@

# Reads lists for the tests of formats, which are in Python.
$(B)/tests/formats/read_texts: $(B)/asan/tests/formats/read_texts.o $(call archives,formats core base,asan/)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $< $(filter %.a,$^) $(LIBS) -o $@

# Expands SPF records for the tests of spf, which are in Python.
$(B)/tests/spf/expand_zone: $(B)/asan/tests/spf/expand_zone.o $(call archives,spf dns core base,asan/)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $< $(filter %.a,$^) -o $@

$(B)/tests/bpf/%: $(B)/tests/bpf/%.o $(call obj,$(wildcard tests/bpf/lib_*.c)) $(call archives,$(DATAPATH_ROOMS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(CMOCKA_LIBS) -o $@

# Programs that other kernels run: scripts/kernels.sh.
$(B)/tests/kernels/%: $(B)/tests/kernels/%.o $(call obj,$(wildcard tests/bpf/lib_*.c)) $(call archives,$(DATAPATH_ROOMS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(filter %.o,$^) $(filter %.a,$^) -Wl,--as-needed $(LIBS) $(CMOCKA_LIBS) -o $@

# Tests reach for the programs and their maps. Headers of build/ are no prerequisites by
# themselves, because compilers take them for a system's.
$(call obj,$(wildcard tests/bpf/*.c)): $(PROGRAM_SKELETONS)

# What the end-to-end tests need beside ipwl: a source of packets, and a library that
# makes calls fail.
$(B)/flood.bpf.o: tests/e2e/flood.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/flood.skel.h: $(B)/flood.bpf.o
	$(call say,GEN,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name flood_bpf > $@.tmp
	$(Q)mv $@.tmp $@

$(B)/tests/e2e/flood.o: $(B)/flood.skel.h

$(B)/tests/e2e/flood: $(B)/tests/e2e/flood.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(LIBS) -o $@

$(B)/tests/e2e/barrage: $(B)/tests/e2e/barrage.o $(B)/tests/e2e/strange.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $^ -o $@

# Talks to real servers.
$(B)/tests/e2e/redis_talk: $(B)/tests/e2e/redis_talk.o $(call archives,redis base)
$(B)/tests/e2e/fleet_host: $(B)/tests/e2e/fleet_host.o $(call archives,fleet redis core base)
$(B)/tests/e2e/redis_talk $(B)/tests/e2e/fleet_host:
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $< $(filter %.a,$^) $(LIBS) -o $@

# hiredis sets _FILE_OFFSET_BITS, with which mmap() and mmap64() have one name in a source.
$(B)/tests/e2e/%.so: tests/e2e/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -U_FILE_OFFSET_BITS -fPIC -shared $< -o $@

# gcc's, so that what it finds is in code as it ships. ipwl-fetch and ipwl-resolve confine
# themselves too tightly for it, and the library of ThreadSanitizer is no part of ipwlctl either.
TSAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread

# Only ipwld is sanitized, not what it and its test run beside it.
TSAN_PEERS := $(addprefix $(B)/,ipwl-fetch ipwl-resolve ipwl-maillog ipwl-reject ipwlctl)
TSAN_TOOLS := $(addprefix $(B)/tests/e2e/,fleet_host clocks.so)

tsan: $(TSAN_PEERS) $(TSAN_TOOLS) ## build ipwld for ThreadSanitizer, into build/tsan
	$(MAKE) B=$(B)/tsan CFLAGS='$(TSAN_CFLAGS)' LDFLAGS=-fsanitize=thread $(B)/tsan/ipwld
	mkdir -p $(B)/tsan/tests/e2e
	cp $(TSAN_PEERS) $(B)/tsan
	cp $(TSAN_TOOLS) $(B)/tsan/tests/e2e

e2e-tools: $(addprefix $(B)/tests/e2e/,flood barrage redis_talk fleet_host fault.so clocks.so) ## build what the end-to-end tests run beside ipwl
unit: $(patsubst %.c,$(B)/%,$(UNIT)) $(B)/tests/formats/read_texts $(B)/tests/spf/expand_zone ## build the unit tests
bpf-tests: $(patsubst %.c,$(B)/%,$(BPFTEST)) ## build the verdict tests

# Fuzz targets: libFuzzer with ASan and UBSan, so clang.
$(B)/fuzz/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CLANG) $(ALL_CFLAGS) -O1 -U_FORTIFY_SOURCE -fsanitize=fuzzer-no-link $(SANITIZE) -c $< -o $@

$(B)/tests/fuzz/%: $(B)/fuzz/tests/fuzz/%.o $(call archives,ctl screen fetch resolve maillog reject confine $(ROOMS),fuzz/)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(CFLAGS) -fsanitize=fuzzer $(SANITIZE) $< $(filter %.a,$^) $(LIBS) $(FETCH_LIBS) $(MAILLOG_LIBS) -o $@

# New inputs go to build/corpus; those worth keeping are committed as seeds in
# tests/fuzz/corpus/NAME. A finding is written to build/corpus as crash-*.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS ?= -verbosity=0 -rss_limit_mb=2048 -timeout=10 -print_final_stats=1

fuzz-programs: $(patsubst %.c,$(B)/%,$(FUZZ))

fuzz: fuzz-programs ## run each fuzz target for FUZZ_SECONDS (IPWL_SEED=N repeats a run)
	@test -n "$(FUZZ)" || { echo "no fuzz targets in tests/fuzz" >&2; exit 1; }
	@seed=$${IPWL_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; \
	for target in $(FUZZ:tests/fuzz/%.c=%); do \
		seeds=tests/fuzz/corpus/$${target#fuzz_}; new=$(B)/corpus/$$target; \
		mkdir -p $$new; test -d $$seeds || seeds=; \
		echo "$$target: $(FUZZ_SECONDS) s, IPWL_SEED=$$seed"; \
		$(B)/tests/fuzz/$$target $(FUZZ_FLAGS) -seed=$$seed \
			-max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$new/ $$new $$seeds || exit 1; \
	done

# The end-to-end fuzzer of the parser at length; CI runs it for a few seconds.
SOAK_PACKETS ?= 10000000

soak-packets: all e2e-tools ## send SOAK_PACKETS strange packets to a real listener, twice, as root
	IPWL_PACKETS=$(SOAK_PACKETS) IPWL_BUILD=$(B) /usr/bin/python3 -m pytest -p no:cacheprovider \
		-rP tests/e2e/test_barrage.py

# The benchmark, with BPF programs of its own.
BENCH := $(filter-out %.bpf.c,$(wildcard tests/bench/*.c))
BENCH_SKELETONS := $(patsubst tests/bench/%.bpf.c,$(B)/%.skel.h,$(wildcard tests/bench/*.bpf.c))

$(B)/tests/bench/%.bpf.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BENCH_SKELETONS): $(B)/%.skel.h: $(B)/tests/bench/%.bpf.o
	$(call say,GEN,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	$(Q){ echo '/* NOLINTBEGIN: generated */'; cat $@.tmp; echo '/* NOLINTEND */'; } > $@
	$(Q)rm $@.tmp

$(call obj,$(BENCH)): $(B)/ipwl.skel.h $(BENCH_SKELETONS)

$(B)/tests/bench/bench: $(call obj,$(BENCH) $(addprefix tests/bpf/,lib_packet.c lib_random.c)) $(call archives,$(DATAPATH_ROOMS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -o $@

bench-program: $(B)/tests/bench/bench

skeletons: $(PROGRAM_SKELETONS) $(BENCH_SKELETONS) ## generate the headers that hold BPF programs

bench: $(B)/tests/bench/bench $(B)/ipwld ## measure all, as root (BENCH_FLAGS="--json FILE --max 30000 --only path")
	$< --ipwld $(B)/ipwld $(BENCH_FLAGS)

bench-flood: all e2e-tools ## measure the shield against floods, as root (FLOOD_FLAGS="--runs 2 --json FILE --only ipwl")
	B=$(B) tests/bench/syn_flood.py $(FLOOD_FLAGS)

bench-fleet: e2e-tools ## measure the exchange of a fleet with Redis and Valkey, as root (FLEET_FLAGS="--hosts 100 --json FILE")
	B=$(B) tests/bench/fleet.py $(FLEET_FLAGS)

# Lookup structures against each other: what docs/lookup.md says comes from here.
CANDIDATES := $(filter-out %.bpf.c,$(wildcard tests/bench/candidates/*.c))

$(B)/candidates.bpf.o: tests/bench/candidates/candidates.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# The benchmark's wire, and what it needs.
CANDIDATES += $(addprefix tests/bench/,lists.c machine.c report.c sandbox.c sources.c testrun.c wire.c)
CANDIDATES += $(addprefix tests/bpf/,lib_packet.c lib_random.c)

$(B)/tests/bench/candidates/candidates: $(call obj,$(CANDIDATES)) $(call archives,core base)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -o $@

bench-candidates: $(B)/tests/bench/candidates/candidates $(B)/candidates.bpf.o ## compare lookup structures, as root (PREFIXES="1000 30000")
	$^ $(PREFIXES)

deb: ## build the Debian package, into build/deb
	./scripts/deb.sh $(B)/deb

check: all unit ## run the unit tests and quick linters, in seconds once all is built
	@printf '%s\n' $(UNIT:%.c=$(B)/%) | xargs -P 4 -I{} sh -c \
		'{} >{}.log 2>&1 || { cat {}.log; echo "FAILED: {}"; exit 1; }'
	B=$(B) ./scripts/lint.sh format shell python spelling manual files licences

# Unit tests reach what they reach without a kernel: the rest of user/ is for others.
COVERAGE_ROOMS := core compile formats
COVERAGE_MIN := 95

coverage: ## count the lines that the unit tests reach, and fail below 95 % of core, compile, formats
	$(MAKE) B=$(B)/coverage SANITIZE= CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage unit
	find $(B)/coverage -name '*.gcda' -delete
	for test in $(UNIT:%.c=$(B)/coverage/%); do $$test >$(B)/coverage/log 2>&1 || \
		{ cat $(B)/coverage/log; exit 1; }; done
	for room in $(COVERAGE_ROOMS); do \
		gcovr --root . --filter "user/$$room/" --sort-uncovered \
			--fail-under-line $(COVERAGE_MIN) $(B)/coverage/asan || exit 1; done

test: ## run all tests as root, or those in STAGES="unit lint"
	./scripts/test.sh $(STAGES)

soak: soak-packets ## repeat the random tests for hours, as root (SOAK_ROUNDS=20 FUZZ_SECONDS=1800)
	./scripts/test.sh soak

lint: ## run all linters, or those in CHECKS="format tidy"
	./scripts/lint.sh $(CHECKS)

# For tools that parse C: one flag a line, quoted for a shell.
flags: ## print the compiler flags of user space
	@printf '%s\n' $(foreach flag,$(filter-out -MMD -MP,$(ALL_CFLAGS) $(VERSION_CFLAGS)),"'"$(flag)"'")

libs: ## print the libraries of user space, for the linker
	@echo $(LIBS)

# The files name their final paths; another PREFIX or SYSCONFDIR is written in.
staged = sed -e 's|/usr/sbin/ipwl|$(SBINDIR)/ipwl|g' -e 's|/usr/bin/ipwlctl|$(BINDIR)/ipwlctl|g' \
	-e 's|/usr/lib/ipwl|$(LIBDIR)/ipwl|g' -e 's|/etc/ipwl|$(SYSCONFDIR)/ipwl|g'
UNITS := $(notdir $(wildcard $(addprefix packaging/systemd/*.,service socket path timer)))
DOCUMENTS := README.md $(wildcard docs/*.md $(addprefix contrib/*.,conf cf cfg yml) contrib/grafana/*.json) \
	packaging/systemd/socket.conf

install: all ## install (DESTDIR, PREFIX, SYSCONFDIR); leaves a configuration that is there
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR) $(DESTDIR)$(LIBDIR)/ipwl/bpf/ipwl \
		$(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(DOCDIR) $(DESTDIR)$(DATADIR) \
		$(DESTDIR)$(COMPLETIONDIR) $(DESTDIR)$(ZSHCOMPLETIONDIR) $(DESTDIR)$(FISHCOMPLETIONDIR) \
		$(DESTDIR)$(SYSCONFDIR)/ipwl/allow.d $(DESTDIR)$(SYSCONFDIR)/ipwl/block.d
	install -m 0755 $(B)/ipwlctl $(DESTDIR)$(BINDIR)
	install -m 0755 $(B)/ipwld $(B)/ipwl-fetch $(B)/ipwl-resolve $(B)/ipwl-maillog $(B)/ipwl-reject \
		$(DESTDIR)$(SBINDIR)
	install -m 0644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	install -m 0644 man/*.8 $(DESTDIR)$(MANDIR)/man8
	for unit in $(UNITS); do \
		$(staged) packaging/systemd/$$unit > $(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done
	install -m 0644 packaging/systemd/ipwl.sysusers $(DESTDIR)$(SYSUSERSDIR)/ipwl.conf
	install -m 0644 packaging/systemd/ipwl.tmpfiles $(DESTDIR)$(TMPFILESDIR)/ipwl.conf
	install -m 0644 contrib/completion/ipwlctl.bash $(DESTDIR)$(COMPLETIONDIR)/ipwlctl
	install -m 0644 contrib/completion/ipwlctl.zsh $(DESTDIR)$(ZSHCOMPLETIONDIR)/_ipwlctl
	install -m 0644 contrib/completion/ipwlctl.fish $(DESTDIR)$(FISHCOMPLETIONDIR)
	install -m 0644 $(DOCUMENTS) $(DESTDIR)$(DOCDIR)
	install -m 0644 data/freemail-domains.list $(DESTDIR)$(DATADIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/ipwl/ipwld.yaml || { \
		$(staged) packaging/ipwld.yaml > $(DESTDIR)$(SYSCONFDIR)/ipwl/ipwld.yaml && \
		chmod 0644 $(DESTDIR)$(SYSCONFDIR)/ipwl/ipwld.yaml; }

# A program that stays on an interface would go on without anybody to take it off.
uninstall: ## stop and detach ipwl, and remove what install put there, but neither configuration nor state
	test -n "$(DESTDIR)" || ./packaging/take-off.sh $(BINDIR)/ipwlctl
	test -n "$(DESTDIR)" || ! test -d /run/systemd/system || \
		systemctl disable --quiet ipwld.socket ipwld.service ipwl-fetch.socket \
			ipwl-resolve.socket ipwl-maillog.socket ipwl-reject.service ipwl-summary.timer || true
	rm -f $(DESTDIR)$(BINDIR)/ipwlctl $(addprefix $(DESTDIR)$(SBINDIR)/,ipwld ipwl-fetch ipwl-resolve ipwl-maillog ipwl-reject) \
		$(patsubst man/%,$(DESTDIR)$(MANDIR)/man5/%,$(wildcard man/*.5)) \
		$(patsubst man/%,$(DESTDIR)$(MANDIR)/man8/%,$(wildcard man/*.8)) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS)) \
		$(DESTDIR)$(SYSUSERSDIR)/ipwl.conf $(DESTDIR)$(TMPFILESDIR)/ipwl.conf \
		$(DESTDIR)$(COMPLETIONDIR)/ipwlctl $(DESTDIR)$(ZSHCOMPLETIONDIR)/_ipwlctl \
		$(DESTDIR)$(FISHCOMPLETIONDIR)/ipwlctl.fish
	rm -rf $(DESTDIR)$(DOCDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(LIBDIR)/ipwl

clean: ## remove build/
	rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/'
	@echo; echo 'V=1 prints whole commands; WERROR=1 makes each warning an error, as scripts/test.sh does.'

# The images of machines have files of that name that are none of ours.
-include $(shell find $(B) -path $(B)/vm -prune -o -type f -name '*.d' -print 2>/dev/null)

.PHONY: FORCE all check coverage deb tsan unit bpf-tests e2e-tools fuzz fuzz-programs soak-packets skeletons bench bench-program bench-candidates bench-flood bench-fleet test soak lint flags libs install uninstall clean help
.SECONDARY:
