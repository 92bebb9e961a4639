# Syncline: GNU make and pkg-config.
#
#   make [PROFILE=release|debug|asan|tsan|fuzz]   into build/PROFILE/
#   make check                                     unit and command-line tests of this profile
#   make fuzz [SECONDS_EACH=60]                    every fuzz target for so long
#   make crash [N=200]                             random kills, compared with clean runs
#   make install|uninstall [DESTDIR=] [PREFIX=/usr/local]
#
# Everything is found by its place: common/ROOM/*.c is the library, cmd/TOOL/*.c a tool,
# cmd/connectors/SCHEME/ the programs of an endpoint (extract*.c, load*.c, the rest shared by both),
# tests/unit/test_*.c one test program each (tests/connectors/test_SCHEME_*.c of a connector), drive_*.c programs that command-line tests drive, tests/fuzz/fuzz_*.c one fuzz target each.

VERSION  := 0.1.0
PROFILE  ?= release
PREFIX   ?= /usr/local
B        := build/$(PROFILE)

ifeq ($(PROFILE),fuzz)
CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif

WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wno-format-nonliteral
CPPFLAGS += -Icommon -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 \
            -DSYNC_VERSION='"$(VERSION)"' -DSYNC_PROFILE='"$(PROFILE)"' -DSYNC_LIBEXEC='"$(PREFIX)/libexec/sync"'
CFLAGS_release := -O2 -g -fstack-protector-strong
CFLAGS_debug   := -O0 -g3
CFLAGS_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan    := -O1 -g -fsanitize=thread
CFLAGS_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDFLAGS_release := -Wl,-z,relro,-z,now
LDFLAGS_asan   := -fsanitize=address,undefined
LDFLAGS_tsan   := -fsanitize=thread
LDFLAGS_fuzz   := -fsanitize=fuzzer,address,undefined
ifeq ($(filter $(PROFILE),release debug asan tsan fuzz),)
$(error PROFILE is one of release, debug, asan, tsan, fuzz, not '$(PROFILE)')
endif
ALL_CFLAGS  = -std=c17 $(WARN) $(CFLAGS_$(PROFILE)) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = $(LDFLAGS_$(PROFILE)) -Wl,--as-needed $(LDFLAGS)

# ---- libraries: what common/ needs is required, what a connector needs decides whether it is built
PKG_CONFIG ?= pkg-config
NEEDED   := jansson libpcre2-8 libutf8proc libfyaml zlib libzstd
MISSING  := $(strip $(foreach p,$(NEEDED),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
ifneq ($(MISSING),)
$(error missing libraries: $(MISSING); 'scripts/bootstrap' installs them, 'scripts/bootstrap --print' lists them)
endif
LIBS_common := $(shell $(PKG_CONFIG) --libs $(NEEDED)) -lcsv -lm
CPPFLAGS += $(shell $(PKG_CONFIG) --cflags $(NEEDED))

PKG_file   :=
PKG_sqlite := sqlite3
PKG_postgresql := libpq
PKG_redis := hiredis openssl
PKG_mongodb := libmongoc-1.0
# what a tool links beside common/
LIBS_sync-transform := $(shell $(PKG_CONFIG) --libs sqlite3 2>/dev/null)

SCHEMES_ALL := $(notdir $(wildcard cmd/connectors/*))
SCHEMES  := $(foreach s,$(SCHEMES_ALL),$(shell $(if $(PKG_$(s)),$(PKG_CONFIG) --exists $(PKG_$(s)),:) && echo $(s)))
$(foreach s,$(filter-out $(SCHEMES),$(SCHEMES_ALL)),$(info connector '$(s)' is left out: no $(PKG_$(s)); 'scripts/bootstrap' installs it))

# ---- sources
LIB_SRC  := $(sort $(wildcard common/*/*.c))
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/obj/%.o)
TOOLS    := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard cmd/sync-*/*.c)))))
BINS     := $(TOOLS:%=$(B)/bin/%)
LIBEXEC  := $(foreach s,$(SCHEMES),$(foreach k,extract load,$(if $(wildcard cmd/connectors/$(s)/$(k)*.c),$(B)/libexec/sync/sync-$(k)-$(s))))
UNITS    := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c)) \
            $(foreach s,$(SCHEMES),$(patsubst tests/connectors/%.c,$(B)/tests/%,$(wildcard tests/connectors/test_$(s)_*.c)))
DRIVERS  := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/drive_*.c))
# fuzz_SCHEME_*.c are of these files of a connector's, and left out with it
FUZZED_postgresql := extract_json extract_scalar extract_text
FUZZED_mongodb := shape value_bson value_json value_text
FUZZERS  := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(filter-out $(foreach s,$(filter-out $(SCHEMES),$(SCHEMES_ALL)),tests/fuzz/fuzz_$(s)_%),$(wildcard tests/fuzz/fuzz_*.c)))

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all lib units check fuzz fuzzers crash bench lint install uninstall clean
all: $(BINS) $(LIBEXEC)
lib: $(B)/libsync.a

# a change of flags rebuilds, a change of anything else of this file doesn't
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS_$(PROFILE)) $(CFLAGS) $(WARN)
$(shell mkdir -p $(B); printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $(B)/flags || printf '%s\n' '$(subst ','\'',$(FLAGS_NOW))' > $(B)/flags)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libsync.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

define tool
$(B)/bin/$(1): $(patsubst %.c,$(B)/obj/%.o,$(wildcard cmd/$(1)/*.c)) $(B)/libsync.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS_$(1)) $$(LIBS_common)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

# cmd/connectors/SCHEME: $(1) scheme, $(2) extract or load, $(3) the other one
define connector
$(B)/libexec/sync/sync-$(2)-$(1): $(patsubst %.c,$(B)/obj/%.o,$(filter-out cmd/connectors/$(1)/$(3)%,$(wildcard cmd/connectors/$(1)/*.c))) $(B)/libsync.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $(if $(PKG_$(1)),$(shell $(PKG_CONFIG) --libs $(PKG_$(1)))) $$(LIBS_common)
endef
$(foreach s,$(SCHEMES),$(eval $(call connector,$(s),extract,load))$(eval $(call connector,$(s),load,extract)))
$(foreach s,$(SCHEMES),$(if $(PKG_$(s)),$(eval $(B)/obj/cmd/connectors/$(s)/%.o: CPPFLAGS += $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PKG_$(s)))))))

# ---- tests
$(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/libsync.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/libsync.a -lcmocka $(LIBS_common)

# tests/connectors/test_SCHEME_*.c: of what a connector's two programs share
define connector_test
$(B)/tests/test_$(1)_%: $(B)/obj/tests/connectors/test_$(1)_%.o $(patsubst %.c,$(B)/obj/%.o,$(filter-out cmd/connectors/$(1)/extract% cmd/connectors/$(1)/load%,$(wildcard cmd/connectors/$(1)/*.c))) $(B)/libsync.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ -lcmocka $(if $(PKG_$(1)),$(shell $(PKG_CONFIG) --libs $(PKG_$(1)))) $$(LIBS_common)
$(B)/obj/tests/connectors/test_$(1)_%.o: CPPFLAGS += -Icmd/connectors/$(1) $(if $(PKG_$(1)),$(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PKG_$(1)))))
endef
$(foreach s,$(SCHEMES),$(if $(wildcard tests/connectors/test_$(s)_*.c),$(eval $(call connector_test,$(s)))))

define connector_fuzz
$(B)/fuzz/fuzz_$(1)_%: $(B)/obj/tests/fuzz/fuzz_$(1)_%.o $(FUZZED_$(1):%=$(B)/obj/cmd/connectors/$(1)/%.o) $(B)/libsync.a
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $(PKG_$(1))) $$(LIBS_common)
$(B)/obj/tests/fuzz/fuzz_$(1)_%.o: CPPFLAGS += -Icmd/connectors/$(1) $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(PKG_$(1))))
endef
$(foreach s,$(SCHEMES),$(if $(FUZZED_$(s)),$(eval $(call connector_fuzz,$(s)))))

$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/libsync.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/libsync.a $(LIBS_common)

$(B)/bench/%: $(B)/obj/tests/bench/%.o $(B)/libsync.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(B)/libsync.a $(LIBS_common)

units: $(UNITS) $(DRIVERS)
fuzzers: $(FUZZERS)
check: all units
	scripts/check --profile $(PROFILE)
fuzz:
	$(MAKE) PROFILE=fuzz fuzzers
	tests/fuzz/run $(or $(SECONDS_EACH),60)
crash: all
	tests/crash/run $(or $(N),200)
bench: all
	scripts/bench
lint:
	scripts/lint

# ---- installation
man_pages := $(wildcard man/*.[1-8])
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sync $(DESTDIR)$(PREFIX)/share/sync
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(LIBEXEC) $(DESTDIR)$(PREFIX)/libexec/sync
	for f in $(wildcard share/*); do install -m 644 $$f $(DESTDIR)$(PREFIX)/share/sync; done
	for p in $(man_pages); do \
	  install -d $(DESTDIR)$(PREFIX)/share/man/man$${p##*.} && \
	  install -m 644 $$p $(DESTDIR)$(PREFIX)/share/man/man$${p##*.} || exit 1; done
	scripts/completions $(B)/bin $(DESTDIR)$(PREFIX)/share
uninstall:
	for t in $(TOOLS); do rm -f $(DESTDIR)$(PREFIX)/bin/$$t \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$t \
	  $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_$$t \
	  $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$t.fish; done
	for p in $(notdir $(LIBEXEC)); do rm -f $(DESTDIR)$(PREFIX)/libexec/sync/$$p; done
	for p in $(notdir $(man_pages)); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${p##*.}/$$p; done
	for f in $(notdir $(wildcard share/*)); do rm -f $(DESTDIR)$(PREFIX)/share/sync/$$f; done
	-rmdir $(DESTDIR)$(PREFIX)/libexec/sync $(DESTDIR)$(PREFIX)/share/sync 2>/dev/null

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
