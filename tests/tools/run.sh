#!/bin/sh
# run.sh [unit|program|real|all|package] [FILE...]: the tests, in three rings; FILEs instead of all of a ring. package is
# none of all: what make deb made.
# run.sh torture [ARGUMENT...]: tests/torture/torture.py --long ARGUMENT..., which counts for itself; two jobs, or with
# CDC_LAB set one on those servers.
#
# unit: $BUILD/tests/unit/*/*_test and the fuzzers' seeds.  program: tests/program/*.t, no network but librdkafka's mock cluster and our fakes.  real:
# tests/real/*.py against servers of this run's own, up once and gone at the end; with CDC_LAB set, those of that lab,
# which stay.  The last line counts: "N passed, N failed", and ", N skipped" if there were such.
set -u

here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/tests/*}
cd "$top" || exit 1
export BUILD="${BUILD:-build}"
ring=${1:-all}
[ $# -eq 0 ] || shift
counts=$(mktemp) || exit 1
mine=

cleanup() {
	status=$?
	trap - EXIT
	[ -z "$mine" ] || CDC_LAB=$mine "$here/lab" wipe
	rm -f "$counts"
	exit $status
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

tap() { # JOBS EXEC FILE...
	[ -e "$3" ] || {
		echo "no such test: $3" >&2
		echo "0 1 0" >>"$counts"
		return
	}
	before=$(wc -l <"$counts")
	# cmocka ends each program with a comment that says no more than its lines.
	perl "$here/harness.pl" "$counts" "$@" </dev/null | grep --line-buffered -v '^# ok - tests$'
	# It died before it could count.
	[ "$(wc -l <"$counts")" != "$before" ] || echo "0 1 0" >>"$counts"
}

# RING [FILE...], and how long it took.
timed() {
	begun=$(date +%s)
	"$@"
	echo "== $1: $(($(date +%s) - begun)) s"
}

unit() {
	echo '== unit'
	[ $# -gt 0 ] || set -- "$BUILD"/tests/unit/*/*_test "$BUILD"/tests/*_test
	CMOCKA_MESSAGE_OUTPUT=TAP tap 2 '' "$@"
}

program() {
	echo '== program'
	[ $# -gt 0 ] || set -- tests/program/*.t
	tap 2 sh "$@"
}

# Servers that a killed run of this tree has left behind.
orphans() {
	for l in "$BUILD"/lab.*; do
		owner=$(cat "$l/owner" 2>/dev/null) || continue
		kill -0 "$owner" 2>/dev/null || CDC_LAB=$l "$here/lab" wipe
	done
}

# NAME...: the servers, and these further ones.
servers() {
	sh "$here/setup.sh" test || exit
	if [ -z "${CDC_LAB:-}" ]; then
		mkdir -p "$BUILD"
		orphans
		mine=$(mktemp -d "$(cd "$BUILD" && pwd -P)/lab.XXXXXX") || exit
		echo $$ >"$mine/owner"
		export CDC_LAB="$mine"
	fi
	"$here/lab" up "$@" && eval "$("$here/lab" env)"
}

package() {
	echo '== package'
	[ $# -gt 0 ] || set -- tests/package/*.t
	tap 1 sh "$@"
}

python=${CDC_DEPS:-$top/.deps}/venv/bin/python

real() {
	echo '== real'
	[ $# -gt 0 ] || set -- tests/real/[0-9]*.py
	if servers dst2 dst-auth; then
		tap 1 "$python" "$@"
	else
		echo "0 1 0" >>"$counts"
	fi
}

case $ring in
unit | program | real | package) timed "$ring" "$@" ;;
torture)
	if [ -z "${CDC_LAB:-}" ]; then
		sh "$here/setup.sh" test && orphans && set -- --jobs 2 "$@" || exit
	fi
	"$python" tests/torture/torture.py --long "$@"
	exit
	;;
all)
	timed unit
	timed program
	timed real
	;;
*)
	echo 'usage: run.sh [unit|program|real|all|package] [FILE...]; run.sh torture [ARGUMENT...]' >&2
	exit 2
	;;
esac
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed", p, f
	if (s) printf ", %d skipped", s
	print ""; exit f > 0 || p == 0 }' "$counts"
