#!/bin/sh
# make install puts these files there, and uninstall takes them away again.
. "$(dirname "$0")/../lib/lib.sh"

run() { make -s -C "$top" BUILD="$BUILD" PREFIX=/usr DESTDIR="$T/root" "$@" >"$out" 2>&1 || { cat "$out"; return 1; }; }

case $BUILD in
"$top"/*) BUILD=${BUILD#"$top"/} ;;
esac
ok 'install' run install
is 'these files' "$(cd root && find . ! -type d | sort)" "$(sort <<E2
./usr/bin/cdc-apply
./usr/bin/cdc-httpd
./usr/bin/cdc-meta
./usr/bin/cdc-read
./usr/bin/cdc-task
./usr/bin/cdc-verify
./usr/lib/systemd/system/cdc-httpd.service
./usr/lib/systemd/system/cdc-supervise.service
./usr/lib/systemd/system/cdc-task@.service
./usr/lib/sysusers.d/milvus-cdc.conf
./usr/share/bash-completion/completions/cdc-apply
./usr/share/bash-completion/completions/cdc-httpd
./usr/share/bash-completion/completions/cdc-meta
./usr/share/bash-completion/completions/cdc-read
./usr/share/bash-completion/completions/cdc-task
./usr/share/bash-completion/completions/cdc-verify
./usr/share/fish/vendor_completions.d/cdc-apply.fish
./usr/share/fish/vendor_completions.d/cdc-httpd.fish
./usr/share/fish/vendor_completions.d/cdc-meta.fish
./usr/share/fish/vendor_completions.d/cdc-read.fish
./usr/share/fish/vendor_completions.d/cdc-task.fish
./usr/share/fish/vendor_completions.d/cdc-verify.fish
./usr/share/man/man1/cdc-apply.1
./usr/share/man/man1/cdc-httpd.1
./usr/share/man/man1/cdc-meta.1
./usr/share/man/man1/cdc-read.1
./usr/share/man/man1/cdc-task.1
./usr/share/man/man1/cdc-verify.1
./usr/share/man/man5/cdc-ndjson.5
./usr/share/man/man5/cdc-state.5
./usr/share/man/man7/cdc-questions.7
./usr/share/man/man7/cdc-recipes.7
./usr/share/man/man7/cdc.7
./usr/share/zsh/site-functions/_cdc
E2
)"
is 'the program runs from there' "$(root/usr/bin/cdc-read --version)" "$(cdc-read --version)"
run install PREFIX=/opt/cdc DESTDIR="$T/other"
is 'units name the programs where they are' "$(sed -n 's/^ExecStart=//p' "other/opt/cdc/lib/systemd/system/cdc-task@.service")" \
	'/opt/cdc/bin/cdc-task run %i'
ok 'uninstall' run uninstall
is 'nothing is left' "$(find root ! -type d)" ''

dirs=$(sed -n 's/^\([A-Z]*DIR\) *?=.*/\1/p' "$top/Makefile" "$top/dist/install.mk")
ok 'a folder of its own for each kind of file' run install DESTDIR="$T/own" $(for d in $dirs; do echo "$d=/$d"; done)
is 'is honoured' "$(ls own)" "$(printf '%s\n' $dirs | sort)"
is 'with all files' "$(find own ! -type d | wc -l)" "$(find other ! -type d | wc -l)"
ok 'by uninstall too' run uninstall DESTDIR="$T/own" $(for d in $dirs; do echo "$d=/$d"; done)
is 'nothing is left there' "$(find own ! -type d)" ''
done_testing
