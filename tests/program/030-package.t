#!/bin/sh
# What is built here, packed by debhelper: these files and no others. That the package itself is good, make
# package-check tells (tests/package).
. "$(dirname "$0")/../lib/lib.sh"
for c in dh dpkg-buildpackage; do
	command -v $c >/dev/null || skip_all "no $c here (tests/tools/setup.sh package)"
done
name=milvus-cdc-tools-$(cat "$top/VERSION")

is 'one version' "$(cd "$top" && dpkg-parsechangelog -l dist/debian/changelog -S Version)" "$(cat "$top/VERSION")"
tar -xzf "$(BUILD=$T sh "$top/dist/dist.sh")"
mv "$name/dist/debian" "$name/debian" # as deb.sh does
mkdir "$name/build"
cp "$BUILD"/cdc-* "$name/build"
touch "$name/build"/* "$name/debian/debhelper-build-stamp" # built, and tested
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
ok 'the package' sh -c "cd $name && DEB_BUILD_OPTIONS='nocheck noautodbgsym' dpkg-buildpackage -b -d -nc -us -uc"
deb=$(ls ./*.deb)
like 'its name' "$deb" "^./milvus-cdc-tools_$(cat "$top/VERSION")_[a-z0-9]*\.deb$"
# 020-install.t has the list; of manuals a package has compressed ones
make -s -C "$name" BUILD=build install DESTDIR="$T/plain" PREFIX=/usr UNITDIR=/lib/systemd/system ZSHDIR=/usr/share/zsh/vendor-completions >/dev/null
docs='README.Debian README.md.gz changelog.gz copyright'
is 'what make install puts there, and what a package has to say' "$(dpkg-deb -c "$deb" | awk '$1 !~ /^d/ { print $6 }' | sort)" \
	"$( (cd plain && find . ! -type d | sed '/share.man/s/$/.gz/'; printf './usr/share/doc/milvus-cdc-tools/%s\n' $docs) | sort)"
is 'all is root'"'"'s, and nobody else may write it' "$(dpkg-deb -c "$deb" | awk '{ print $1, $2 }' | sort -u)" "$(printf '%s root/root\n' \
	-rw-r--r-- -rwxr-xr-x drwxr-xr-x lrwxrwxrwx | sort -u)"
is 'the libraries' "$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ //; s/ .*//' | grep -v -e libasan -e libubsan | sort | paste -sd ' ')" \
	'libc6 libcurl4 libjansson4 libmicrohttpd12 libprotobuf-c1 librdkafka1 systemd zlib1g'
dpkg-deb -e "$deb" control
# A preinst would be dh_installsystemd's, and stop for good what runs when an upgrade comes.
is 'scripts' "$(cd control && ls p*)" 'postinst
postrm
prerm'
is 'that start nothing' "$(grep -hE '(invoke|systemctl).* (re)?start' control/p*)" ''
done_testing
