#!/bin/sh
# cdc-apply: every call is done once at the target while its answer is lost; asked again, it is no mistake.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
op() { echo "{\"op\":\"$1\",\"ts\":\"5\",\"db\":\"d\"${2:+,$2}}"; }
item() { op "$1" "\"coll\":\"${NAME:-a}\",\"coll_id\":\"41\"${2:+,$2}"; }
lose() { # METHOD...: the first answer of each is lost
	for m; do printf '{"method":"%s","after":true,"grpc":4,"text":"lost"}\n' "$m"; done | paste -sd , | sed 's/.*/[&]/' >lost
	faults "$(cat lost)"
}
line() { cat >>ops; }
run() { # NAME PATTERN CALLS
	{ begin && cat ops && end; } >in
	: >ops
	run_quietly cdc-apply --timeout 1 in
	is "$1" "$tap_got $(calls "$2" | wc -l)" "0 $3"
	[ "$tap_got" = 0 ] || show_run
}

lose CreateDatabase
op create_database '"properties":{}' | line
run 'create_database' CreateDatabase 2
lose CreateCollection CreatePartition CreateIndex LoadCollection CreateAlias
{
	create a | sed 's/"db":"default"/"db":"d"/; s/"1a"/"41"/'
	item create_partition '"part":"p","part_id":"5"'
	insert a 1 2 | sed 's/"db":"default"/"db":"d"/; s/"1a"/"41"/'
	item create_index '"field":"vec","index":"v","params":{"index_type":"FLAT"}'
	item load_collection '"replicas":1'
	item create_alias '"alias":"x"'
} | line
run 'what makes things' '(Create(Coll|Part|Index|Alias)|Load)' 10
is '  they are there' "$(rows)" "$(printf '%s\n%s' 'd a _default {"pk": 1, "vec": [1.0, 0.5]}' 'd a _default {"pk": 2, "vec": [2.0, 0.5]}')"
lose RenameCollection
item rename_collection '"new_db":"d","new_coll":"b"' | line
run 'rename_collection' RenameCollection 2
is '  it has its new name' "$(rows | cut -d ' ' -f 2 | uniq)" b
NAME=b
lose DropAlias ReleaseCollection DropPartition DropCollection
{
	item drop_alias '"alias":"x"'
	item release_collection
	item drop_partition '"part":"p","part_id":"5"'
	item drop_collection
} | line
run 'what removes things' '(Drop(Alias|Part|Coll)|Release)' 8
lose DropDatabase
op drop_database | line
run 'drop_database' DropDatabase 2
is '  nothing is left' "$(rows)" ''
fake_stop
done_testing
