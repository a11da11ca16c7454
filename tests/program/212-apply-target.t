#!/bin/sh
# cdc-apply: the target is never the Milvus that the stream is of; and what others have made there is not ours to drop.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
writes() { calls '(Create|Drop|Rename|Alter|Upsert|Insert|Delete|Load)' | wc -l; }
born() { begin | sed "s/\"cluster\"/\"born\":\"$1\",&/"; }
task() { sed 's/"cluster"/"task":"dr",&/'; }
here=$(cat fake.born)
of() { sed "s/\"coll_id\":\"[^\"]*\"/\"coll_id\":\"$1\"/"; } # ID

cdc-task create dr --no-check -T "$CDC_TARGET" >/dev/null
{ born "$here" | task; echo '{"op":"create_database","ts":"2","db":"shop","properties":{}}'; end; } >self
exits 1 cdc-apply self
like 'a task whose source it is' "$(cat "$err")" "line 1: begin: target '$CDC_TARGET' is the source itself, or a copy of it made from its storage, made at the same moment: .*choose another target"
is '  and nothing was written' "$(writes)" 0
{ born "$((here + 1))" | task; end; } >another
exits 0 cdc-apply another
{ born x; end; } >bad
exits 1 cdc-apply bad
like 'what is no number' "$(cat "$err")" "line 1: begin: 'born'"

# A file may go back to where it came from, not into what it came from
{ born "$here"; create a | of 77; insert a 1 | of 77; end; } >back
exits 0 cdc-apply back
like 'said, and done' "$(cat "$err")" "target '$CDC_TARGET' is the Milvus that this stream is of"
is '  its rows are there' "$(keys)" 1
id=$("$py" -c 'import pickle; print(pickle.load(open("fake", "rb"))["default"]["a"]["id"])')
: >fake.log
for line in "$(create a)" "$(insert a 2)" "$(delete a 1)" '{"op":"drop_collection","ts":"9","db":"default","coll":"a","coll_id":"1a"}' \
	'{"op":"drop_index","ts":"9","db":"default","coll":"a","coll_id":"1a","field":"vec","index":"i"}'; do
	op=$(echo "$line" | cut -d '"' -f 4)
	{ begin; echo "$line" | of "$id"; end; } >own
	exits 1 cdc-apply own
	like "$op of the very collection" "$(cat "$err")" "line 2: .*$op 'default.a': .*target '.*' is the source itself, or a copy of it made from its storage, which has this very collection, by its id"
done
is '  and nothing was written' "$(writes)" 0
{ begin; create a | of "$id"; end; } >own
exits 1 cdc-apply --rename default.a=default.b own
exits 1 cdc-apply -n own
is '  not under another name either' "$(writes)" 0

# It is made while the stream is on its way
rm -f later
mkfifo later
cdc-apply --rename default.n=default.m later >"$out" 2>"$err" &
pid=$!
exec 9>later
begin >&9
ok 'the target is asked' wait_until 10 grep -q ShowCollections fake.log
{ begin; create n; end; } | of 78 >new
exits 0 cdc-apply new
id=$("$py" -c 'import pickle; print(pickle.load(open("fake", "rb"))["default"]["n"]["id"])')
: >fake.log
{ create n | of "$id"; end; } >&9
exec 9>&-
wait $pid
is 'what is there by now is known by its id' "$?" 1
is '  and nothing was written' "$(writes)" 0

# Collections that were there before
op() { echo "{\"op\":\"$1\",\"ts\":\"${3:-2000}\",\"db\":\"default\",\"coll\":\"x\",\"coll_id\":\"1x\"$2}" | of 501; }
mine() { of 501; }
{ begin; create x; op create_partition ',"part":"p"'; insert x 1 2; end 3000; } | mine >theirs
exits 0 cdc-apply --state-dir first theirs
is 'who made it is not told anything' "$(cat "$err")" ''
sed 's/"501"/"601"/' theirs >ours
exits 0 cdc-apply --state-dir second ours
like 'who finds it is' "$(cat "$err")" "collection 'default.x' is at the target already, with 2 rows, and nobody of this state directory has made it: .*--adopt"
is '  and it is kept' "$(jq -c .adopted second/targets/*.json)" '{"c":{"601":"default.x"}}'
exits 0 cdc-apply --state-dir second ours
is '  once' "$(cat "$err")" ''
: >fake.log
for line in "$(op drop_collection '')" "$(op drop_partition ',"part":"p"')" \
	"$(op rename_collection ',"new_db":"default","new_coll":"y"')"; do
	{ begin; echo "$line"; end 3000; } | sed 's/"501"/"601"/' >harm
	name=$(echo "$line" | cut -d '"' -f 4)
	exits 1 cdc-apply --state-dir second harm
	like "$name is refused" "$(cat "$err")" "$name 'default.x': 'default.x' was at the target before anybody .*; do that there by hand, or let --adopt .*--skip=$name"
	exits 1 sh -c 'sed "s/\"cluster\"/\"task\":\"dr\",&/" harm | cdc-apply'
	like "  of a task: what to do" "$(cat "$err")" "or let --adopt take it for ours .'cdc-task set dr --adopt'.*--skip=$name"
done
exits 1 cdc-apply --state-dir third harm
is '  also where it is not known at all; nothing was written' "$(writes)" 0
exits 0 cdc-apply --state-dir second -n harm
{ begin; op drop_collection ''; end 3000; } | sed 's/"501"/"601"/' >harm
sed 's/"op":"create_collection"/&,"ensure":true/' ours >resumed
exits 0 cdc-apply --state-dir third resumed
is 'what a checkpoint knows is ours' "$(jq -c .adopted third/targets/*.json)" '{"c":{}}'
exits 0 cdc-apply --state-dir second --adopt ours
is 'with --adopt it is ours' "$(jq -c .adopted second/targets/*.json)" '{"c":{}}'
exits 0 cdc-apply --state-dir second harm
is '  and dropped' "$(calls DropCollection)" 'DropCollection default/x ok'
{ begin; create x; end; } | mine >theirs
exits 0 cdc-apply --state-dir first theirs
exits 0 cdc-apply --state-dir fourth ours
is 'one that is empty is ours' "$(cat "$err")" ''
exits 0 cdc-apply --state-dir fourth harm
fake_stop
done_testing
