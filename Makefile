# GNU make. Everything that is made lies under $(BUILD).
BUILD   ?= build
# One name for it, so that what depends on a header is found by whoever builds next.
override BUILD := $(BUILD:$(CURDIR)/%=%)
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd/system
USERDIR ?= $(PREFIX)/lib/sysusers.d
CFLAGS  ?= -O2 -g
WERROR  ?= 0
V       ?= 0

VERSION := $(shell cat VERSION)
ifeq ($(V),0)
Q := @
endif

PKGS     := rdkafka libprotobuf-c jansson libcurl libmicrohttpd
DEPS_OK  := $(shell pkg-config --exists $(PKGS) 2>/dev/null && command -v protoc-c)
PROGRAMS := $(patsubst cmd/%.c,%,$(wildcard cmd/cdc-*.c))
LIB_C    := $(sort $(wildcard lib/*/*.c))
PROTO    := $(sort $(wildcard lib/proto/*.proto))
PROTO_C  := $(PROTO:lib/proto/%.proto=$(BUILD)/gen/%.pb-c.c)
EMBED    := $(patsubst lib/api/%,$(BUILD)/embed/%.inc,$(wildcard lib/api/*.json lib/api/*.html lib/api/*.css lib/api/*.js))
UNIT     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*/*_test.c))
PRELOAD  := $(filter %/killat.c %/clock.c %/slowname.c %/emptylog.c,$(wildcard tests/fake/*.c))
FAKES    := $(patsubst tests/fake/%.c,$(BUILD)/tests/%,$(filter-out $(PRELOAD),$(wildcard tests/fake/*.c)))
BENCH    := $(patsubst tests/bench/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/*.c))
LIBCDC   := $(BUILD)/libcdc.a
FISH     := $(wildcard completions/*.fish)
UNITS    := $(wildcard dist/systemd/*.service)
MANS     := $(wildcard man/*.[157])
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))
SEEDS    := $(FUZZ:%=$(BUILD)/tests/%_test)
FUZZ_S   ?= 60
SOURCES   = $(wildcard cmd/*.c lib/*/*.[ch] tests/unit/*.h tests/unit/*/*.c tests/fake/*.[ch] tests/bench/*.c tests/fuzz/*.[ch])

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla \
	-Wformat=2 -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef \
	-Wswitch-enum
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now,--as-needed
ifdef SAN
# gcc takes the sanitizer's own checks for NULL for what a program expects
HARDEN += -fsanitize=$(SAN) -fno-omit-frame-pointer -Wno-format-truncation
HARDEN_LD += -fsanitize=$(SAN)
else
HARDEN += -D_FORTIFY_SOURCE=2
endif
ifeq ($(WERROR),1)
WARN += -Werror
endif

PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib -I$(BUILD)/embed \
	-isystem $(BUILD)/gen $(PKG_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS   = -std=c11 $(WARN) $(HARDEN) $(CFLAGS) -MMD -MP

ifeq ($(DEPS_OK)$(DEPS_TRIED),)
# The libraries are not there yet: install them, then read this file again.
all tests-build:
	$(Q)sh tests/tools/setup.sh build
	$(Q)$(MAKE) DEPS_TRIED=1 $@
else
all: $(PROGRAMS:%=$(BUILD)/%)
tests-build: $(UNIT) $(SEEDS) $(FAKES) $(BENCH) $(PRELOAD:tests/fake/%.c=$(BUILD)/tests/%.so)
endif

$(BUILD)/gen/%.pb-c.c: lib/proto/%.proto
	@mkdir -p $(@D)
	$(Q)protoc-c --proto_path=lib/proto --c_out=$(@D) $<
$(BUILD)/gen/%.o: $(BUILD)/gen/%.pb-c.c
	$(Q)$(CC) -D_GNU_SOURCE $(PKG_CFLAGS) -std=c11 -w $(HARDEN) $(CFLAGS) -c -o $@ $<
# Files that programs have in them: the numbers of their bytes, for #include in an array.
$(BUILD)/embed/%.inc: lib/api/%
	@mkdir -p $(@D)
	$(Q)od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' >$@.tmp && mv $@.tmp $@
$(BUILD)/%.o: %.c | $(PROTO_C) $(EMBED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(LIBCDC): $(LIB_C:%.c=$(BUILD)/%.o) $(PROTO_C:%.pb-c.c=%.o)
	$(Q)rm -f $@ && $(AR) qcs $@ $^
LINKED := $(PROGRAMS:%=$(BUILD)/%) $(UNIT) $(SEEDS) $(FAKES) $(BENCH) $(FUZZ:%=$(BUILD)/%)
$(PROGRAMS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/cmd/%.o
$(UNIT): %: %.o
$(SEEDS): $(BUILD)/tests/%_test: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o
$(FAKES): $(BUILD)/tests/%: $(BUILD)/tests/fake/%.o
$(BENCH): $(BUILD)/tests/%: $(BUILD)/tests/bench/%.o
$(FUZZ:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o
$(UNIT): LDLIBS += -lcmocka
$(FUZZ:%=$(BUILD)/%): LDLIBS += -fsanitize=fuzzer
$(LINKED): $(LIBCDC)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBCDC) $(PKG_LIBS) -lpthread -lz -lm $(LDLIBS)
# For LD_PRELOAD, and so without sanitizers.
$(BUILD)/tests/%.so: tests/fake/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

check:
	$(Q)sh tests/tools/setup.sh test
	$(Q)$(MAKE) all tests-build
	$(Q)BUILD=$(BUILD) sh tests/tools/run.sh all
check-unit check-program check-real: check-%:
	$(Q)sh tests/tools/setup.sh test
	$(Q)$(MAKE) all tests-build
	$(Q)BUILD=$(BUILD) sh tests/tools/run.sh $*
# Hours of faults: SEED=n for the same ones again, ROUNDS=n of 1000, ONLY='scenario...'.
.PHONY: torture
torture:
	$(Q)sh tests/tools/setup.sh test
	$(Q)$(MAKE) all tests-build
	$(Q)BUILD=$(BUILD) sh tests/tools/run.sh torture $(SEED:%=--seed %) $(ROUNDS:%=--rounds %) $(ONLY)

# How fast, on this machine: SIZE=small for a look, ONLY='group...'; the picture of all of it is tests/bench/bench.svg.
.PHONY: bench
bench:
	$(Q)sh tests/tools/setup.sh test
	$(Q)$(MAKE) all $(BENCH)
	$(Q)BUILD=$(BUILD) $${CDC_DEPS:-.deps}/venv/bin/python tests/bench/bench.py $(SIZE:%=--size %) $(ONLY)

# What is freed is kept for a while, to see who still uses it; not 256 MB of it, as tests look at the memory too.
asan:
	$(Q)ASAN_OPTIONS=$${ASAN_OPTIONS:+$$ASAN_OPTIONS:}quarantine_size_mb=16 \
		$(MAKE) BUILD=build/asan SAN=address,undefined CFLAGS='-O1 -g' check
demo:
	$(Q)sh tests/tools/setup.sh test
	$(Q)$(MAKE) all
	$(Q)BUILD=$(BUILD) sh tests/tools/demo.sh

# libFuzzer's programs, a build of their own; tests/fuzz/run.sh says more.
fuzz:
	$(Q)sh tests/tools/setup.sh lint
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g -fno-sanitize-recover=all' WARN=-w fuzz-build
	$(Q)sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_S) $(FUZZ)
fuzz-build: $(FUZZ:%=$(BUILD)/%)

fmt:
	$(Q)clang-format -i $(SOURCES)
lint:
	$(Q)sh tests/tools/setup.sh lint
	$(Q)$(MAKE) $(PROTO_C) $(EMBED)
	$(Q)BUILD=$(BUILD) CPPFLAGS='$(subst ',,$(ALL_CPPFLAGS))' sh tests/tools/lint.sh $(SOURCES)

install: all
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)'
	install -m 755 $(PROGRAMS:%=$(BUILD)/%) '$(DESTDIR)$(BINDIR)'
	for m in $(MANS); do d='$(DESTDIR)$(MANDIR)'/man$${m##*.}; \
		install -d "$$d" && install -m 644 $$m "$$d" || exit 1; done
	install -m 644 completions/cdc.bash '$(DESTDIR)$(BASHDIR)/cdc-meta'
	for p in $(filter-out cdc-meta,$(PROGRAMS)); do \
		ln -sf cdc-meta '$(DESTDIR)$(BASHDIR)'/$$p || exit 1; done
	install -m 644 completions/_cdc '$(DESTDIR)$(ZSHDIR)/_cdc'
	install -d '$(DESTDIR)$(FISHDIR)' '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(USERDIR)'
	install -m 644 $(FISH) '$(DESTDIR)$(FISHDIR)'
	for u in $(UNITS); do sed 's,/usr/bin/,$(BINDIR)/,' $$u \
		>'$(DESTDIR)$(UNITDIR)'/$${u##*/} || exit 1; done
	install -m 644 dist/systemd/milvus-cdc.conf '$(DESTDIR)$(USERDIR)'
uninstall:
	for p in $(PROGRAMS); do \
		rm -f '$(DESTDIR)$(BINDIR)'/$$p '$(DESTDIR)$(BASHDIR)'/$$p; done
	for m in $(notdir $(MANS)); do \
		rm -f '$(DESTDIR)$(MANDIR)'/man$${m##*.}/$$m; done
	rm -f '$(DESTDIR)$(ZSHDIR)/_cdc' '$(DESTDIR)$(USERDIR)/milvus-cdc.conf' \
		$(FISH:completions/%='$(DESTDIR)$(FISHDIR)'/%) \
		$(UNITS:dist/systemd/%='$(DESTDIR)$(UNITDIR)'/%)
dist:
	$(Q)BUILD='$(BUILD)' sh dist/dist.sh
deb:
	$(Q)sh tests/tools/setup.sh package
	$(Q)BUILD='$(BUILD)' sh dist/deb.sh
package-check:
	$(Q)sh tests/tools/setup.sh test
	$(Q)sh tests/tools/setup.sh package-check
	$(Q)$(MAKE) all tests-build deb
	$(Q)BUILD=$(BUILD) sh tests/tools/run.sh package
clean:
	rm -rf $(BUILD)

.PHONY: all tests-build check check-unit check-program check-real asan demo \
	fuzz fuzz-build fmt lint install uninstall dist deb package-check clean
.SECONDARY:
-include $(shell find $(BUILD) -name "*.d" 2>/dev/null)
