#!/bin/sh
# What is built here, packed by debhelper: these files and no others. That the package itself is good, make
# package-check tells (tests/package).
. "$(dirname "$0")/lib.sh"
for c in dh dpkg-buildpackage; do
	command -v $c >/dev/null || skip_all "no $c here (tests/setup.sh package)"
done
name=milvus-cdc-tools-$(cat "$top/VERSION")

is 'one version' "$(cd "$top" && dpkg-parsechangelog -S Version)" "$(cat "$top/VERSION")"
tar -xzf "$(BUILD=$T sh "$top/packaging/dist.sh")"
mkdir "$name/build"
cp "$BUILD"/cdc-* "$name/build"
touch "$name/build"/* "$name/debian/debhelper-build-stamp" # built, and tested
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
ok 'the package' sh -c "cd $name && DEB_BUILD_OPTIONS='nocheck noautodbgsym' dpkg-buildpackage -b -d -nc -us -uc"
deb=$(ls ./*.deb)
like 'its name' "$deb" "^./milvus-cdc-tools_$(cat "$top/VERSION")_[a-z0-9]*\.deb$"
is 'these files' "$(dpkg-deb -c "$deb" | awk '$1 !~ /^d/ { print $1, $2, $6 $7 $8 }' | sort -k 3)" "$(sort -k 3 <<X
-rw-r--r-- root/root ./lib/systemd/system/cdc-httpd.service
-rw-r--r-- root/root ./lib/systemd/system/cdc-supervise.service
-rw-r--r-- root/root ./lib/systemd/system/cdc-task@.service
-rwxr-xr-x root/root ./usr/bin/cdc-apply
-rwxr-xr-x root/root ./usr/bin/cdc-httpd
-rwxr-xr-x root/root ./usr/bin/cdc-meta
-rwxr-xr-x root/root ./usr/bin/cdc-read
-rwxr-xr-x root/root ./usr/bin/cdc-task
-rwxr-xr-x root/root ./usr/bin/cdc-verify
-rw-r--r-- root/root ./usr/lib/sysusers.d/milvus-cdc.conf
lrwxrwxrwx root/root ./usr/share/bash-completion/completions/cdc-apply->cdc-meta
lrwxrwxrwx root/root ./usr/share/bash-completion/completions/cdc-httpd->cdc-meta
-rw-r--r-- root/root ./usr/share/bash-completion/completions/cdc-meta
lrwxrwxrwx root/root ./usr/share/bash-completion/completions/cdc-read->cdc-meta
lrwxrwxrwx root/root ./usr/share/bash-completion/completions/cdc-task->cdc-meta
lrwxrwxrwx root/root ./usr/share/bash-completion/completions/cdc-verify->cdc-meta
-rw-r--r-- root/root ./usr/share/doc/milvus-cdc-tools/README.Debian
-rw-r--r-- root/root ./usr/share/doc/milvus-cdc-tools/README.md.gz
-rw-r--r-- root/root ./usr/share/doc/milvus-cdc-tools/changelog.gz
-rw-r--r-- root/root ./usr/share/doc/milvus-cdc-tools/copyright
-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/cdc-httpd.fish
-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/cdc-task.fish
-rw-r--r-- root/root ./usr/share/man/man1/cdc-apply.1.gz
-rw-r--r-- root/root ./usr/share/man/man1/cdc-httpd.1.gz
-rw-r--r-- root/root ./usr/share/man/man1/cdc-meta.1.gz
-rw-r--r-- root/root ./usr/share/man/man1/cdc-read.1.gz
-rw-r--r-- root/root ./usr/share/man/man1/cdc-task.1.gz
-rw-r--r-- root/root ./usr/share/man/man1/cdc-verify.1.gz
-rw-r--r-- root/root ./usr/share/man/man5/cdc-ndjson.5.gz
-rw-r--r-- root/root ./usr/share/man/man5/cdc-state.5.gz
-rw-r--r-- root/root ./usr/share/man/man7/cdc.7.gz
-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_cdc
X
)"
is 'the libraries' "$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ //; s/ .*//' | grep -v -e libasan -e libubsan | sort | paste -sd ' ')" \
	'libc6 libcurl4 libjansson4 libmicrohttpd12 libprotobuf-c1 librdkafka1 systemd zlib1g'
dpkg-deb -e "$deb" control
# A preinst would be dh_installsystemd's, and stop for good what runs when an upgrade comes.
is 'scripts' "$(cd control && ls p*)" 'postinst
postrm
prerm'
is 'that start nothing' "$(grep -hE '(invoke|systemctl).* (re)?start' control/p*)" ''
done_testing
