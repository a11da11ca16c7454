#!/bin/sh
# cdc-apply --on-error=dead: what is refused is set aside, and with it all that follows of its collection.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
{ begin; create a; create b; end; } | cdc-apply >/dev/null
{ begin; insert a 1; insert b 1; tick 5; insert a 2; insert b 2; delete a 1; tick 6; insert b 3; create a; end; } >s

# A request that the target refuses
faults '[{"method":"Upsert","code":1100,"reason":"no"}]'
{ begin; insert a 1; tick 5; sleep 1; insert a 2; insert b 2; delete a 1; tick 6; insert b 3; end; } |
	cdc-apply --on-error dead:dead >acks 2>err
is 'the line and those behind it' "$(jq -r '[.op, .coll, if .rows then .rows[0].pk else .keys[0] end] | join(" ")' dead)" \
	'insert a 1
insert a 2
delete a 1'
is 'the other collection goes on' "$(rows | cut -d ' ' -f 2-4 | sort -u)" 'b _default {"pk":'
is 'all is acknowledged' "$(jq -r .ts acks | paste -sd ' ')" '5 6 99'
is '  and counted' "$(jq -s 'map(.n.dead // 0) | add' acks)" 3
like 'it was said once' "$(cat err)" "^cdc-apply: collection 'default.a' is set aside in 'dead' from here on: Upsert of [12] rows in .*: no \\(code 1100\\)"
is '  in one line' "$(wc -l <err)" 1
ok 'what was set aside can be applied later' sh -c '{ cat; echo; } <dead | { head -n 1 s; cat; tail -n 1 s; } | cdc-apply'
is '  in its order' "$(rows | grep -c ' a ')" 1

# A line that waited for the keys of the one that is refused goes with it
rm dead
: >fake.log
faults '[{"method":"Upsert","code":1100,"reason":"not these"}]'
{ begin; insert a 1; insert a 2; delete a 1; insert b 4; end; } | cdc-apply --on-error dead:dead >acks 2>err
is 'a line that waited' "$(jq -r .op dead | paste -sd ' ')" 'insert insert delete'
is '  is counted once' "$(jq -s 'map(.n.dead // 0) | add' acks)" 3
is '  and not sent' "$(calls Delete)" ''

# What is set aside, applied later, leaves what the stream would have left: a delete that was sent and is not in the file
# must not be undone by a row that stood before it, nor a row by an older one of a line that went in two requests.
later() { faults '[]' && { begin; cat dead; end; } | cdc-apply >/dev/null; }
rm dead
{ begin; delete a 1 2; end; } | cdc-apply >/dev/null
faults '[{"method":"Upsert","sleep":0.5},{"method":"Upsert","code":1100,"reason":"not this"}]'
{ begin; insert a 1; tick 5; VALUE=2 insert a 1 2; delete a 1; end; } >s
exits 0 cdc-apply --on-error dead:dead s
later
is 'a delete is not undone' "$(rows | grep ' a ' | grep -o '"pk": [0-9]*' | paste -sd ' ')" '"pk": 2'
rm dead
faults '[{"method":"Upsert","sleep":1},{"method":"Upsert","sleep":0.7,"code":1100,"reason":"nor this"}]'
{ begin; insert a 9; sleep 0.3; insert a 8; sleep 0.3
	VALUE=1 insert a 1 2 3 4 9 5 6 7; sleep 0.1; VALUE=5 insert a 1; sleep 2; end; } | cdc-apply --batch-bytes 35 --on-error dead:dead >acks
is 'the line that waited is set aside' "$(jq -c '[.rows[].pk]' dead | head -n 1)" '["8"]'
later
is '  and what is newer stays' "$(rows | grep ' a ' | grep -o '"pk": 1, .*')" '"pk": 1, "vec": [5.0, 0.5]}'
rm dead
faults '[{"method":"Upsert","skip":1,"sleep":1.5,"code":1100,"reason":"nor that"}]'
{ begin; VALUE=1 insert a 1 2 3 4 5 6 7; sleep 0.5; VALUE=6 insert a 1; sleep 2; end; } | cdc-apply --batch-bytes 35 --on-error dead:dead >acks
is 'a line behind one of which a part was taken' "$(jq -c '[.rows[].pk]' dead | paste -sd ' ')" '["1","2","3","4","5","6","7"] ["1"]'
later
is '  is newer' "$(rows | grep ' a ' | grep -o '"pk": 1, .*')" '"pk": 1, "vec": [6.0, 0.5]}'
rm dead
{ begin; delete a 1 2 3 4 5 6 7 8 9; end; } | cdc-apply >/dev/null

# Two requests are refused, the later one first
faults '[{"method":"Upsert","sleep":0.7,"code":1100,"reason":"a"},{"method":"Upsert","sleep":0.1,"code":1100,"reason":"b"}]'
{ begin; insert a 1; sleep 0.3; insert a 2; sleep 0.1; insert a 1; insert a 3; end; } | cdc-apply --on-error dead:dead >acks
is 'lines stand in their order' "$(jq -c '[.rows[].pk]' dead | paste -sd ' ')" '["1"] ["2"] ["1"] ["3"]'
is '  and are counted' "$(jq -s 'map(.n.dead // 0) | add' acks)" 4
rm dead

# A change of the catalogue that waited for it, too
: >fake.log
faults '[{"method":"Upsert","code":1100,"reason":"nor this"}]'
partition='{"op":"create_partition","ts":"1000","db":"default","coll":"a","coll_id":"1a","part":"p"}'
{ begin; insert a 1; echo "$partition"; end; } | cdc-apply --on-error dead:dead >acks 2>err
is 'a change that waited' "$(jq -r .op dead | paste -sd ' ')" 'insert create_partition'
is '  is not made' "$(calls CreatePartition)" ''

# A row that is wrong before it is sent
rm dead
{ begin; insert a 7; insert b 7 | sed 's/"vec"/"cev"/'; insert b 8; insert a 8; end; } | cdc-apply --on-error dead:dead >acks 2>err
is 'a row that does not fit' "$(jq -r '[.op, .coll, .rows[0].pk] | join(" ")' dead)" 'insert b 7
insert b 8'
is '  the other collection goes on' "$(rows | grep ' a ' | grep -c -e '"pk": 7' -e '"pk": 8')" 2

# DDL of a collection
rm dead
{ begin; create a | sed 's/"dim":"2"/"dim":"3"/'; insert a 9; end; } | cdc-apply --on-error dead:dead >acks 2>err
is 'a create that does not fit' "$(jq -r .op dead | paste -sd ' ')" 'create_collection insert'

# Never for what passes
rm dead
faults '[{"method":"Upsert","times":99,"code":8,"reason":"busy"}]'
exits 3 cdc-apply --retry 0 --on-error dead:dead s
is 'never for what passes' "$(cat dead)" ''
faults '[]'
exits 2 cdc-apply --on-error dead:none/dead s
ln -s /dev/full full
{ begin; insert a 1 | sed 's/"vec"/"cev"/'; end; } >bad
exits 1 cdc-apply --on-error dead:full bad
is 'what cannot be set aside is not acknowledged' "$(cat "$out")" ''

# Below the state directory no link is followed: neither that of a task's own file nor that of the ids
faults '[]'
echo precious >precious
cdc-task create links --no-check >/dev/null
ln -s "$T/precious" "$CDC_STATE_DIR/tasks/links/dead.ndjson"
{ begin; end; } >s
exits 2 cdc-apply --on-error "dead:$CDC_STATE_DIR/tasks/links/dead.ndjson" s
like 'a link for the dead file' "$(cat "$err")" "--on-error: '.*/links/dead.ndjson': a symbolic link in a state directory is not followed"
ln -s precious link
exits 0 cdc-apply --on-error dead:link s
rm -rf "$CDC_STATE_DIR/targets" && mkdir there && ln -s "$T/there" "$CDC_STATE_DIR/targets"
{ begin | sed 's/"ts"/"task":"links","ts"/'; create z; end; } >s
exits 1 cdc-apply s
like 'a link for the ids' "$(cat "$err")" "/targets': a symbolic link in a state directory"
is '  nothing is written there' "$(ls there)$(cat precious)" precious

fake_stop
done_testing
