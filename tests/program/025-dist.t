#!/bin/sh
# The tarball: what git has, the same bytes whoever packs it and where, and the same again from itself.
. "$(dirname "$0")/../lib/lib.sh"
name=milvus-cdc-tools-$(cat "$top/VERSION")

ok 'from this tree' env BUILD="$T/a" sh "$top/dist/dist.sh"
is 'says where it is' "$(cat "$out")" "$T/a/$name.tar.gz"
(umask 077 && cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 BUILD="$T/b" GZIP=-1 sh "$top/dist/dist.sh") >"$out" 2>"$err"
ok 'with another umask, time zone, language and folder' cmp "a/$name.tar.gz" "b/$name.tar.gz"
is 'it is nobody'"'"'s' "$(tar -tvzf "a/$name.tar.gz" --numeric-owner | awk '{ print $2 }' | sort -u)" 0/0
is 'and of one time' "$(tar -tvzf "a/$name.tar.gz" --full-time | awk '{ print $4, $5 }' | sort -u | wc -l)" 1
[ ! -e "$top/.git" ] || is 'all that git has, and nothing else' "$(tar -tzf "a/$name.tar.gz" | sort)" \
	"$(git -C "$top" ls-tree -r --name-only HEAD | sed "s,^,$name/," | sort)"

tar -xzf "a/$name.tar.gz"
mkdir -p "$name/build" "$name/.deps/venv" "$name/tests/fake/__pycache__"
for f in build/x.o .deps/venv/x tests/fake/__pycache__/x.pyc; do
	echo >"$name/$f"
done
chmod 600 "$name/README.md"
chmod 711 "$name/.ci/run"
chown nobody "$name/LICENSE" 2>/dev/null # if that is for us to do
ok 'without git' env BUILD=other sh "$name/dist/dist.sh"
ok 'the same, whatever was built there, and whoever owns it' cmp "a/$name.tar.gz" "$name/other/$name.tar.gz"
ok 'another time' env SOURCE_DATE_EPOCH=86400 BUILD="$T/c" sh "$name/dist/dist.sh"
is 'if it is said' "$(TZ=UTC tar -tvzf "c/$name.tar.gz" --full-time | awk '{ print $4, $5 }' | sort -u)" '1970-01-02 00:00:00'
done_testing
