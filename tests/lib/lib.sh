# Sourced by tests/program/*.t and tests/package/*.t:  . "$(dirname "$0")/../lib/lib.sh"
#
# TAP for a POSIX shell.  A test runs in an empty folder of its own, $T, which goes when it ends (stays with KEEP=1);
# $TESTS is the folder tests/, and the programs of $BUILD [build] come first in PATH.
#
#   ok NAME COMMAND...       the command succeeds
#   fails NAME COMMAND...    it does not
#   exits STATUS COMMAND...  it ends with this status, and its words are the name; $out and $err are the files it wrote
#   is NAME GOT WANT         two texts are equal
#   like NAME TEXT PATTERN   a line of TEXT matches the extended expression
#   wait_until SECONDS COMMAND...  asks again and again; fails when the time is over
#   skip_all REASON          ends the test before its first line
#   done_testing             the last line: prints the plan and ends with the status

TESTS=$(cd "$(dirname "$0")" && pwd -P)
top=${TESTS%/tests*}
TESTS=$top/tests
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$top/$BUILD ;;
esac
PATH=$BUILD:$BUILD/tests:$PATH
# What a user has set must not lead a test to real servers or to the user's tasks.
unset CDC_TOKEN CDC_STATE_DIR
[ -n "${CDC_KEEP_ENV:-}" ] || unset CDC_ETCD CDC_BROKERS CDC_TARGET
# What a test preloads comes before the sanitizer's library, which minds unless it is told not to.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export PATH BUILD TESTS ASAN_OPTIONS

T=$(mktemp -d "${TMPDIR:-/tmp}/cdc-test.XXXXXX") || exit 1
export T
cd "$T" || exit 1
out=$T/.out err=$T/.err

tap_n=0 tap_bad=0 tap_done=0

tap_exit() {
	tap_status=$?
	trap - EXIT
	# Background programs of this test, if it died on the way; each is a child of this shell.
	# (Not in $(...): that is a subshell, and it has no jobs.)
	jobs -p >"$T/.jobs" 2>/dev/null
	while read -r tap_job; do
		kill "$tap_job" 2>/dev/null
	done <"$T/.jobs"
	if [ $tap_done = 0 ]; then
		echo "# ended before done_testing, status $tap_status"
		[ $tap_status != 0 ] || tap_status=1
	fi
	cd / || exit 1
	[ -n "${KEEP:-}" ] && echo "# kept: $T" || rm -rf "$T"
	exit $tap_status
}
trap tap_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

diag() {
	sed 's/^/# /'
}

tap() { # STATUS NAME
	tap_n=$((tap_n + 1))
	# A # would begin a directive such as TODO, and a newline another line of TAP.
	tap_name=$(printf '%s' "$2" | tr '\n#' '  ')
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $tap_name"
		return 0
	fi
	tap_bad=$((tap_bad + 1))
	echo "not ok $tap_n - $tap_name"
	return 1
}

run_quietly() { # COMMAND...: $tap_got, $out, $err
	tap_got=0
	"$@" >"$out" 2>"$err" || tap_got=$?
}

show_run() {
	[ ! -s "$out" ] || head -c 4000 "$out" | tail -n 15 | diag
	[ ! -s "$err" ] || tail -n 15 "$err" | diag
}

ok() {
	tap_title=$1
	shift
	run_quietly "$@"
	tap $tap_got "$tap_title" || {
		echo "# status $tap_got: $*" | head -n 3
		show_run
	}
}

fails() {
	tap_title=$1
	shift
	run_quietly "$@"
	if [ $tap_got != 0 ]; then tap 0 "$tap_title"; else
		tap 1 "$tap_title"
		echo "# succeeded: $*"
		show_run
	fi
}

exits() {
	tap_want=$1
	shift
	run_quietly "$@"
	if [ "$tap_got" = "$tap_want" ]; then tap 0 "status $tap_want: $*"; else
		tap 1 "status $tap_want: $*"
		echo "# status $tap_got"
		show_run
	fi
}

is() {
	if [ "$2" = "$3" ]; then tap 0 "$1"; else
		tap 1 "$1"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/#  got: /'
		printf '%s\n' "$3" | head -n 20 | sed 's/^/# want: /'
	fi
}

like() {
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then tap 0 "$1"; else
		tap 1 "$1"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/#  got: /'
		echo "# want: /$3/"
	fi
}

wait_until() {
	tap_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le $tap_end ] || return 1
		sleep 0.05
	done
}

skip_all() {
	tap_done=1
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	tap_done=1
	echo "1..$tap_n"
	[ $tap_n -gt 0 ] || exit 1
	[ $tap_bad = 0 ] || exit 1
	exit 0
}
