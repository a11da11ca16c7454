#!/bin/sh
# A resolver that does not answer: making a task takes seconds, not minutes, and whoever comes next is not kept waiting
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"
cdc-task create one --no-check -T http://one.slow:19530 -i 'a.*' || exit 1
slow() { LD_PRELOAD="$BUILD/tests/slowname.so" timeout 25 "$@"; }
exits 0 slow cdc-task create two --no-check -T http://two.slow:19530 -i 'a.*'
exits 0 slow cdc-task create three --no-check -T http://127.0.0.1:19530 -i 'a.*'
exits 1 slow cdc-task create four --no-check -T http://one.slow:19530 -i 'a.b'
like 'one name is one server, without a question' "$(cat "$err")" "overlaps 'a.\\*' of task 'one'"
is 'they are made' "$(ls "$CDC_STATE_DIR/tasks" | tr '\n' ' ')" 'one three two '
done_testing
