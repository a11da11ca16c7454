#!/bin/sh
# cdc-apply --ignore-partitions: all rows in the default partition.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
op() { echo "{\"op\":\"$1\",\"ts\":\"1000\",\"db\":\"default\",\"coll\":\"a\",\"coll_id\":\"1a\",$2}"; }
in_p() { sed 's/"part":"_default"/"part":"p"/'; }
{ begin; create a; op create_partition '"part":"p"'; insert a 1; insert a 2 3 | in_p; delete a 1 | in_p
	op create_index '"field":"vec","index":"v","params":{"index_type":"FLAT","metric_type":"L2"}'
	op load_partitions '"parts":["p"]'; op release_partitions '"parts":["p"]'; op drop_partition '"part":"p"'; end; } >s

exits 0 cdc-apply --ignore-partitions s
is 'rows go where no partition is named' "$(calls Upsert | cut -d ' ' -f 2 | sort -u)" default/a
is '  a key is deleted wherever it is, and a dropped partition leaves its rows' "$(keys)" '2 3'
is '  partitions are neither made nor dropped nor released' "$(calls 'Partition')" ''
is '  but loaded, as a whole' "$(calls Load)" 'LoadCollection default/a ok'

exits 0 cdc-apply --ignore-partitions s
is 'a second time' "$(keys)" '2 3'
exits 0 cdc-apply --ignore-partitions --dry-run s
fake_stop
done_testing
