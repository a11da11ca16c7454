#!/bin/sh
# mutate.sh [OPERATION...]: is each operation really tested? Runs the real
# ring's operations with cdc-apply told to leave one out (--skip), for each,
# and wants a test to fail. Servers as for run.sh: tests/tools/lab up, CDC_LAB set.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top"
eval "$(tests/tools/lab env)"
python=${CDC_DEPS:-$top/.deps}/venv/bin/python
# All that a target does, by their table.
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(sed -n 's/^OP([A-Z_]*, "\([a-z_]*\)".*/\1/p' lib/model/ops.def |
	grep -vxE 'begin|tick|end|import|unknown|ack')
bad=0 n=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for op; do
	n=$((n + 1))
	case $op in
	alter_database | alter_index | *_field | truncate_collection)
		echo "ok $n - without $op # SKIP Milvus 2.3.5 has no such call; tests/program/204-apply-ddl.t has it"
		continue
		;;
	*_user | *_role | grant | revoke) test=180-users ;;
	*) test=100-operations ;;
	esac
	CDC_TEST_SKIP=$op setsid "$python" tests/real/$test.py \
		>"$out" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null && ! grep -q '^not ok' "$out"; do
		sleep 0.2
	done
	kill -INT "-$pid" 2>/dev/null || :
	wait "$pid" || :
	if grep -q '^not ok' "$out"; then
		echo "ok $n - without $op: $(grep -m1 '^not ok' "$out")"
	else
		echo "not ok $n - without $op nothing fails"
		bad=1
	fi
done
echo "1..$n"
exit "$bad"
