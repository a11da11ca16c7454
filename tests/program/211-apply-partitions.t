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

# A partition that is loaded, at a Milvus that drops none of a loaded collection
of() { # COLLECTION: its lines
	sed "s/\"coll\":\"a\",\"coll_id\":\"1a\"/\"coll\":\"$1\",\"coll_id\":\"1$1\"/"
}
loaded() { # COLLECTION PART: all is loaded but that
	{ begin; { create a; op create_partition '"part":"p"'; op create_partition '"part":"q"'
		op create_index '"field":"vec","index":"v","params":{"index_type":"FLAT","metric_type":"L2"}'
		op load_collection '"replicas":1'; op release_partitions "\"parts\":[\"$2\"]"; } | of "$1"; end; } >s
	exits 0 cdc-apply --retry 3 s
	: >fake.log
	faults "[{\"method\":\"DropPartition\",\"code\":65535,\"reason\":\"$1 is loaded: release it first\",\"times\":2}]"
	{ begin; op drop_partition '"part":"p"' | of "$1"; end; } >s
	exits 0 cdc-apply --retry 3 s
}
did() { calls '(Load|Release|Drop)' | grep -v GetLoad | cut -d ' ' -f 1,2 | paste -sd ' '; }
all() { echo "DropPartition default/$1/p ReleasePartitions default/$1/p DropPartition default/$1/p ReleaseCollection default/$1 DropPartition default/$1/p"; }
loaded x none
is 'all of the collection was loaded, and is again' "$(did)" "$(all x) LoadCollection default/x"
loaded y _default
is 'only the partitions that were loaded are again' "$(did)" "$(all y) LoadPartitions default/y/q"
fake_stop
done_testing
