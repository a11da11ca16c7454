#!/bin/sh
# The tarball, as somebody gets it who has no git: it builds, its unit tests pass, and the package made from it in another
# folder, time, time zone, language and umask has the same bytes.
. "$(dirname "$0")/../lib/lib.sh"
name=milvus-cdc-tools-$(cat "$top/VERSION")
[ -e "$BUILD/package/log" ] || skip_all 'make deb comes first'
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
export CDC_DEPS="${CDC_DEPS:-$top/.deps}"

tar -xzf "$BUILD/$name.tar.gz"
# No outer repository is taken for its own.
export GIT_CEILING_DIRECTORIES="$T"
ok 'it builds and tests itself' env -u BUILD make --no-print-directory -C "$name" check-unit
like 'with all unit tests' "$(tail -n 1 "$out")" '^[0-9]{3,} passed, 0 failed$'

other=$T/another/folder
mkdir -p "$other" "$T/home"
tar -xzf "$BUILD/$name.tar.gz" -C "$other"
touch -d '2031-02-03 04:05:06' "$other/$name/lib"/*/*.c
language=$(locale -a | grep -v -e '^C' -e '^POSIX' | head -n 1)
again() (
	umask 077
	export TZ=Asia/Kathmandu LC_ALL="${language:-C.UTF-8}" HOME="$T/home" DEB_BUILD_OPTIONS='nocheck parallel=2' USER=nobody
	unset BUILD
	# mtimes stay true, else make would believe in files from the past
	NO_FAKE_STAT=1 faketime -f +400d make -C "$other/$name" deb
)
ok 'make deb in it' again
for f in "$BUILD"/package/*.deb "$BUILD"/package/*.dsc "$BUILD"/package/*.tar.*; do
	ok "the same bytes: ${f##*/}" cmp "$f" "$other/$name/build/package/${f##*/}"
done
is 'four files' "$tap_n" 7 # and the three above
done_testing
