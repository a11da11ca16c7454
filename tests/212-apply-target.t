#!/bin/sh
# cdc-apply: the target is never the Milvus that the stream is of.
. "$(dirname "$0")/lib.sh"
. "$TESTS/applylib.sh"

fake_start
writes() { calls '(Create|Drop|Rename|Alter|Upsert|Insert|Delete|Load)' | wc -l; }
born() { begin | sed "s/\"cluster\"/\"born\":\"$1\",&/"; }
task() { sed 's/"cluster"/"task":"dr",&/'; }
here=$(cat fake.born)
of() { sed "s/\"coll_id\":\"[^\"]*\"/\"coll_id\":\"$1\"/"; } # ID

cdc-task create dr --no-check -T "$CDC_TARGET" >/dev/null
{ born "$here" | task; echo '{"op":"create_database","ts":"2","db":"shop","properties":{}}'; end; } >self
exits 1 cdc-apply self
like 'a task whose source it is' "$(cat "$err")" "line 1: begin: target '$CDC_TARGET' is the source itself, made at the same moment: .*choose another target"
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
	like "$op of the very collection" "$(cat "$err")" "line 2: .*$op 'default.a': .*target '.*' is the source itself, which has this very collection, by its id"
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
fake_stop
done_testing
