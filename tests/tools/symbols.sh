#!/bin/sh
# symbols.sh [OBJECT...]: is a symbol exported by two files, and do files of lib/ need each other in a circle? Of the
# objects, or those that $BUILD [build] has of lib/. Prints what is wrong, status 1.
if [ $# -eq 0 ]; then
	cd "$(dirname "$0")/../.." || exit 1
	for c in lib/*/*.c; do
		set -- "$@" "${BUILD:-build}/${c%.c}.o"
	done
fi
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
nm -A --defined-only "$@" >"$t/nm" && nm -A -u "$@" >"$t/nm-u" || exit 1
sed -n 's/^\(.*\):[0-9a-f]* [TDBRVW] \(.*\)/\2 \1/p' "$t/nm" | LC_ALL=C sort >"$t/has"
sed -n 's/^\(.*\): *[Uw] \(.*\)/\2 \1/p' "$t/nm-u" | LC_ALL=C sort >"$t/needs"
[ -s "$t/has" ] || echo 'no symbol was seen'
cut -d' ' -f1 "$t/has" | uniq -d | sed 's/$/ is exported twice/'
# A file that needs nothing of another stands with itself, which is no circle.
LC_ALL=C join "$t/needs" "$t/has" | cut -d' ' -f2,3 | sort -u >"$t/pairs"
tsort "$t/pairs" 2>&1 >/dev/null | sed "s,^tsort: $t/pairs,files," >"$t/circles"
cat "$t/circles"
[ -s "$t/has" ] && [ ! -s "$t/circles" ] && [ -z "$(cut -d' ' -f1 "$t/has" | uniq -d)" ]
