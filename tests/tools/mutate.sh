#!/bin/sh
# mutate.sh [OPERATION...]: is each operation really tested? Runs the real
# ring's operations with cdc-apply told to leave one out (--skip), for each,
# and wants a test to fail. Servers as for run.sh: tests/tools/lab up, CDC_LAB set.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top"
eval "$(tests/tools/lab env)"
python=${CDC_DEPS:-$top/.deps}/venv/bin/python
[ $# -gt 0 ] || set -- create_database drop_database create_collection \
	drop_collection rename_collection alter_collection create_partition \
	drop_partition insert upsert delete create_index drop_index \
	load_collection release_collection load_partitions \
	release_partitions flush create_alias alter_alias drop_alias
bad=0 n=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for op; do
	n=$((n + 1))
	CDC_TEST_SKIP=$op setsid "$python" tests/real/100-operations.py \
		>"$out" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null && ! grep -q '^not ok' "$out"; do
		sleep 0.2
	done
	kill -INT -- "-$pid" 2>/dev/null || :
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
