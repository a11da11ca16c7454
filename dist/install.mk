# Part of the Makefile: where files go, and what packs them.
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd/system
USERDIR ?= $(PREFIX)/lib/sysusers.d
FISH     := $(PROGRAMS:%=$(BUILD)/completions/%.fish)
UNITS    := $(wildcard dist/systemd/*.service)
MANS     := $(wildcard man/*.[157])

install: all
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(BASHDIR)' '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)' '$(DESTDIR)$(UNITDIR)' \
		'$(DESTDIR)$(USERDIR)'
	install -m 755 $(PROGRAMS:%=$(BUILD)/%) '$(DESTDIR)$(BINDIR)'
	for m in $(MANS); do install -D -m 644 $$m '$(DESTDIR)$(MANDIR)'/man$${m##*.}/$${m#man/} || exit 1; done
	install -m 644 $(BUILD)/completions/cdc.bash '$(DESTDIR)$(BASHDIR)/cdc-meta'
	for p in $(filter-out cdc-meta,$(PROGRAMS)); do ln -sf cdc-meta '$(DESTDIR)$(BASHDIR)'/$$p || exit 1; done
	install -m 644 $(BUILD)/completions/_cdc '$(DESTDIR)$(ZSHDIR)/_cdc'
	install -m 644 $(FISH) '$(DESTDIR)$(FISHDIR)'
	for u in $(UNITS); do sed 's,/usr/bin/,$(BINDIR)/,' $$u >'$(DESTDIR)$(UNITDIR)'/$${u##*/} || exit 1; done
	install -m 644 dist/systemd/milvus-cdc.conf '$(DESTDIR)$(USERDIR)'
uninstall:
	for p in $(PROGRAMS); do rm -f '$(DESTDIR)$(BINDIR)'/$$p '$(DESTDIR)$(BASHDIR)'/$$p; done
	for m in $(notdir $(MANS)); do rm -f '$(DESTDIR)$(MANDIR)'/man$${m##*.}/$$m; done
	rm -f '$(DESTDIR)$(ZSHDIR)/_cdc' '$(DESTDIR)$(USERDIR)/milvus-cdc.conf' \
		$(FISH:$(BUILD)/completions/%='$(DESTDIR)$(FISHDIR)'/%) $(UNITS:dist/systemd/%='$(DESTDIR)$(UNITDIR)'/%)
dist:
	$(Q)BUILD='$(BUILD)' sh dist/dist.sh
deb:
	$(SETUP) package
	$(Q)BUILD='$(BUILD)' sh dist/deb.sh
