#!/bin/sh
# lintian has neither errors nor warnings, and the compiler had none.
. "$(dirname "$0")/../lib/lib.sh"
[ -e "$BUILD/package/log" ] || skip_all 'make deb comes first'
command -v lintian >/dev/null || skip_all 'no lintian here (tests/tools/setup.sh package-check)'
root=
[ "$(id -u)" != 0 ] || root=--allow-root

ok 'lintian' lintian $root --fail-on error,warning "$BUILD"/package/*.changes
is 'says nothing' "$(cat "$out")" ''
is 'no warnings of the compiler' "$(grep -c 'warning:' "$BUILD/package/log")" 0
done_testing
