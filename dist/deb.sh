#!/bin/sh
# deb.sh: Debian's packages of the sources that dist.sh packs, in $BUILD/package; prints the path of the .deb.
# DEB_BUILD_OPTIONS=nocheck leaves out the unit tests. What the compiler said is in $BUILD/package/log.
set -eu

cd "$(dirname "$0")/.."
build=${BUILD:-build}
version=$(cat VERSION)
tarball=$(sh dist/dist.sh)
# An outer make's variables are not those of the package.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL DEPS_TRIED SAN WERROR CC CFLAGS CPPFLAGS LDFLAGS LDLIBS

rm -rf "$build/package"
mkdir -p "$build/package"
# Debian's tools want debian/ at the top; the .dsc's tarball has the folders' modes.
(umask 022 && tar -xzf "$tarball" -C "$build/package" && cd "$build/package/milvus-cdc-tools-$version" && mv dist/debian debian)
if ! (cd "$build/package/milvus-cdc-tools-$version" && dpkg-buildpackage -us -uc) >"$build/package/log" 2>&1; then
	tail -n 25 "$build/package/log" >&2
	exit 1
fi
rm -r "$build/package/milvus-cdc-tools-$version"
ls "$build/package/milvus-cdc-tools_${version}_"*.deb
