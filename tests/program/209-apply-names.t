#!/bin/sh
# cdc-apply: one collection of the source under two names at one target; and renames in a dry run.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
number() { sed "s/\"coll_id\":\"1a\"/\"coll_id\":\"77\"/"; }
held() { rows | jq -r 'keys[]' 2>/dev/null || rows; }

{ begin; create a; insert a 1 2; end; } | number >one
exits 0 cdc-apply one
exits 0 cdc-apply --rename default.a=default.b one
is 'under another name it is another collection' "$(calls CreateCollection | paste -sd ,)" \
	'CreateCollection default/a ok,CreateCollection default/b ok'
{ begin; create a; insert a 3; end; } | number >two
exits 0 cdc-apply two
is 'the one gets its rows' "$(calls 'Upsert' | cut -d ' ' -f 2 | paste -sd ,)" 'default/a/_default,default/b/_default,default/a/_default'
{ begin; create a; delete a 1; end; } | number >three
exits 0 cdc-apply --rename default.a=default.b three
is '  and the other one its own' "$(calls 'Delete' | cut -d ' ' -f 2)" default/b/_default
is 'each is known by its id' "$(jq -r '.clusters | keys | join(",")' state/targets/*.json)" 'c,c default.a=default.b'
op() { echo "{\"op\":\"$1\",\"ts\":\"5\",\"db\":\"default\",\"coll\":\"a\",\"coll_id\":\"77\",$2}"; }
{ begin; op drop_collection '"gone":true'; end; } >four
exits 0 cdc-apply --rename default.a=default.b four
is 'a drop is of the one' "$(calls 'DropCollection')" 'DropCollection default/b ok'

# What follows a rename, in a dry run
renamed() { begin; create n; op rename_collection '"new_db":"default","new_coll":"m"' | sed 's/"a"/"n"/;s/77/88/'
	insert m 1 | sed 's/1m/88/'; delete m 1 | sed 's/1m/88/'; end; }
renamed | sed 's/"coll_id":"1n"/"coll_id":"88"/' >five
: >fake.log
exits 0 cdc-apply --dry-run five
is 'what is renamed is found' "$(grep -o 'Create.*\|Rename.*\|default.m' "$out" | paste -sd ,)" \
	'CreateCollection default.n,RenameCollection default.n/m,default.m,default.m'
is '  and nothing is done' "$(calls '(Create|Rename|Upsert|Delete)')" ''
exits 0 cdc-apply five
exits 0 cdc-apply --dry-run five

# A rule that meets nothing: rows went under the name that they came with
exits 1 cdc-apply --rename defualt=x --rename default.n=default.k --rename default.z=default.y five
is '  which is said, at the end' "$(cat "$err")" "cdc-apply: --rename 'defualt=x', 'default.z=default.y' have met nothing in the \
stream: what they were meant for is at the target under its own name (--allow-none takes that for right)"
is '  all is done' "$(tail -n 1 "$out" | jq .end)" true
exits 1 cdc-apply -n --rename defualt=x five
exits 0 cdc-apply --allow-none --rename defualt=x five
like '  a warning' "$(cat "$err")" "--rename 'defualt=x' has met nothing in the stream"
exits 0 cdc-apply --rename default.m=default.k five
{ begin; end | sed 's/}}}/}},"known":{"7":{"name":"shop.a","parts":{},"load":"none"}}}/'; } >six
exits 0 cdc-apply --rename shop=x --rename shop.a=y.b six
is '  what the target is known to have counts' "$(cat "$err")" ''
{ begin; end | sed 's/}}}/}},"stopped":true}/'; } >seven
exits 0 cdc-apply --rename shop=x seven
like '  of a stream that was stopped it is a warning' "$(cat "$err")" "'shop=x' has met nothing in the stream"
fake_stop
done_testing
