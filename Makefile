# GNU make. Everything that is made lies under $(BUILD).
BUILD   ?= build
# One name for it, so that what depends on a header is found by whoever builds next.
override BUILD := $(BUILD:$(CURDIR)/%=%)
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
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))
SEEDS    := $(FUZZ:%=$(BUILD)/tests/%_test)
FUZZ_S   ?= 60
SOURCES   = $(wildcard cmd/*.c lib/*/*.[ch] tests/unit/*.h tests/unit/*/*.c tests/fake/*.[ch] tests/bench/*.c tests/fuzz/*.[ch])

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wformat=2 -Wwrite-strings -Wcast-qual -Wpointer-arith -Wundef -Wswitch-enum
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
all: $(PROGRAMS:%=$(BUILD)/%) $(BUILD)/completions/_cdc
tests-build: $(UNIT) $(SEEDS) $(FAKES) $(BENCH) $(PRELOAD:tests/fake/%.c=$(BUILD)/tests/%.so)
endif

$(BUILD)/gen/%.pb-c.c: lib/proto/%.proto
	@mkdir -p $(@D)
	$(Q)protoc-c --proto_path=lib/proto --c_out=$(@D) $<
$(BUILD)/gen/%.o: $(BUILD)/gen/%.pb-c.c $(PROTO_C)
	$(Q)$(CC) -D_GNU_SOURCE $(PKG_CFLAGS) -std=c11 -w $(HARDEN) $(CFLAGS) -c -o $@ $<
# Files that programs have in them: the numbers of their bytes, for #include in an array.
$(BUILD)/embed/%.inc: lib/api/%
	@mkdir -p $(@D)
	$(Q)od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' >$@.tmp && mv $@.tmp $@
# Of all shells, from the options that the programs have.
$(BUILD)/completions/_cdc: $(wildcard completions/*) lib/model/ops.def $(PROGRAMS:%=$(BUILD)/%)
	$(Q)sh completions/make.sh $(BUILD)
# What is generated is included as a system's header, which -MMD does not note.
$(BUILD)/%.o: %.c $(PROTO_C) | $(EMBED)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(LIBCDC): $(LIB_C:%.c=$(BUILD)/%.o) $(PROTO_C:%.pb-c.c=%.o)
	$(Q)rm -f $@ && $(AR) qcs $@ $^
FUZZERS := $(FUZZ:%=$(BUILD)/%)
$(PROGRAMS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/cmd/%.o
$(UNIT): %: %.o
$(SEEDS): $(BUILD)/tests/%_test: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o
$(FAKES): $(BUILD)/tests/%: $(BUILD)/tests/fake/%.o
$(BENCH): $(BUILD)/tests/%: $(BUILD)/tests/bench/%.o
$(FUZZERS): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o
$(UNIT): LDLIBS += -lcmocka
$(FUZZERS): LDLIBS += -fsanitize=fuzzer
$(PROGRAMS:%=$(BUILD)/%) $(UNIT) $(SEEDS) $(FAKES) $(BENCH) $(FUZZERS): $(LIBCDC)
	$(Q)$(CC) $(HARDEN_LD) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBCDC) $(PKG_LIBS) -lpthread -lz -lm $(LDLIBS)
# For LD_PRELOAD, and so without sanitizers.
$(BUILD)/tests/%.so: tests/fake/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=c11 $(WARN) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

SETUP = $(Q)sh tests/tools/setup.sh
RUN   = $(Q)BUILD=$(BUILD) sh tests/tools/run.sh
check check-unit check-program check-real:
	$(SETUP) test
	$(Q)$(MAKE) all tests-build
	$(RUN) $(patsubst check-%,%,$(@:check=all))
# Hours of faults: SEED=n for the same ones again, ROUNDS=n of 1000, ONLY='scenario...'.
torture:
	$(SETUP) test
	$(Q)$(MAKE) all tests-build
	$(RUN) torture $(SEED:%=--seed %) $(ROUNDS:%=--rounds %) $(ONLY)
# How fast, on this machine: SIZE=small for a look, ONLY='group...'; the picture of all of it is tests/bench/bench.svg.
bench:
	$(SETUP) test
	$(Q)$(MAKE) all $(BENCH)
	$(Q)BUILD=$(BUILD) $${CDC_DEPS:-.deps}/venv/bin/python tests/bench/bench.py $(SIZE:%=--size %) $(ONLY)

# What is freed is kept for a while, to see who still uses it; not 256 MB of it, as tests look at the memory too.
asan:
	$(Q)ASAN_OPTIONS=$${ASAN_OPTIONS:+$$ASAN_OPTIONS:}quarantine_size_mb=16 \
		$(MAKE) BUILD=build/asan SAN=address,undefined CFLAGS='-O1 -g' check
demo:
	$(SETUP) lab
	$(Q)$(MAKE) all
	$(Q)BUILD=$(BUILD) sh tests/tools/demo.sh

# libFuzzer's programs, a build of their own; tests/fuzz/run.sh says more.
fuzz:
	$(SETUP) lint
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SAN=fuzzer-no-link,address,undefined \
		CFLAGS='-O1 -g -fno-sanitize-recover=all' WARN=-w fuzz-build
	$(Q)sh tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_S) $(FUZZ)
fuzz-build: $(FUZZERS)

fmt:
	$(Q)clang-format -i $(SOURCES)
lint:
	$(SETUP) lint
	$(Q)$(MAKE) $(PROTO_C) $(EMBED)
	$(Q)BUILD=$(BUILD) CPPFLAGS='$(subst ',,$(ALL_CPPFLAGS))' sh tests/tools/lint.sh $(SOURCES)

package-check:
	$(SETUP) test
	$(SETUP) package-check
	$(Q)$(MAKE) all tests-build deb
	$(RUN) package
clean:
	rm -rf $(BUILD)

.PHONY: all tests-build check check-unit check-program check-real torture bench asan demo \
	fuzz fuzz-build fmt lint install uninstall dist deb package-check clean
include dist/install.mk
.SECONDARY:
-include $(shell find $(BUILD) -name "*.d" 2>/dev/null)
