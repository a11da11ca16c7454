#!/bin/sh
# Patterns that meet nothing: a typing mistake must not make an empty backup that looks like a good one.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
feed <<X2
tick 0 100
insert 0 110 part=11 keys=1
tick 0 200
X2
body_of() {
	db 1 default
	db 2 sales
	coll 1 items
	part 11 1 _default
	coll 2 old state=dropped ts=15
	ready 105
}
{ header && body_of; } >cat.ndjson

reads --until now --include 'nosuch.*'
is 'nothing is met: status 1 and no line' "$got $(wc -c <"$out")" '1 0'
is 'the pattern is named' "$(cat "$err")" "cdc-read: --include 'nosuch.*' meets no collection of the source \
(--allow-none goes on without it)"
reads --until now --include 'nosuch.*' --allow-none
is 'allowed: an empty stream' "$got $(body)" '0 '
like 'and a warning' "$(cat "$err")" "^cdc-read: --include 'nosuch.\*' meets no collection"
reads --until now --include items --include itmes --include 'x.*'
is 'some of several: status 1' "$got $(wc -c <"$out")" '1 0'
like 'all of them are named' "$(cat "$err")" "^cdc-read: --include 'default.itmes', 'x.\*' meet no collection "
reads --until now --include items --exclude tmp
is 'an --exclude that meets nothing takes nothing away' "$got $(rows)" '0 insert@110 default.items/_default 1'
like 'and is said' "$(cat "$err")" "cdc-read: --exclude 'default.tmp' meets no collection of the source\$"
reads --until now --include items --exclude 'default.*'
is 'what is excluded again is not met' "$got" 1
reads --until now --include 'sales.*'
is 'a database that is there is met' "$got $(body)" '0 create_database@0 sales'
reads --until now
is 'no pattern: nothing is said' "$got $(cat "$err")" '0 '
reads --explain --include nosuch
is 'a table of why: it goes on' "$got $(head -n 1 "$out" | cut -d, -f1)" '0 default.items 1: not included'

# moments
reads --until now --include old
is 'only what was dropped' "$got" 1
like 'is said' "$(cat "$err")" "--include 'default.old' meets only collections of the source that were dropped"
reads --until "ts:$(ts 12)" --include old
is 'it was there at that time' "$got $(body)" '0 create_collection@10 default.old'
reads --until "ts:$(ts 5)" --include items
is 'not there yet at that time' "$got" 1
like 'is said, too' "$(cat "$err")" "--include 'default.items' meets only collections of the source that were made later"

# a stream without an end: it may come
told body_of
cp follow.ndjson all
live --include 'nosuch.*' --include items
cat all >&8
sees '^insert@110'
stop
is 'a stream without an end goes on' "$got $(ops live.out | grep -c insert@)" '143 1'
like 'and says it' "$(cat live.err)" "cdc-read: --include 'nosuch.\*' meets no collection of the source"

# a start behind another stream's end: what is asked for now decides, not what that one had
{ header && db 1 default && db 2 sales && coll 1 items && part 11 1 _default && coll 3 orders db=sales db_id=2 && ready 105; } >cat.ndjson
reads --until now
is 'all' "$got $(tail -n 1 "$out" | jq -c '.known | keys')" '0 ["1","3","db:2"]'
tail -n 1 "$out" >all.end
feed <<X2
insert 0 310 part=11 keys=2
tick 0 400
X2
reads --from @all.end --until now --include 'sales.*'
is 'nothing of the others' "$got $(body | tr '\n' ' ')" '0 create_database@0 sales ensure create_collection@10 sales.orders ensure '
is 'they are not known any more' "$(tail -n 1 "$out" | jq -c '.known | keys')" '["3","db:2"]'
is 'which the first tick says' "$(jq -c 'select(.op == "tick").known["1"] == null' "$out" | head -n 1)" true
is 'and a line for people' "$(cat "$err")" "cdc-read: not asked for any more, and left as it is at the target: 'default.items'"
{ header && db 1 default && db 2 sales state=dropped ts=350 && coll 1 items && part 11 1 _default && coll 3 orders db=sales db_id=2 state=dropped ts=340 && ready 390; } >cat.ndjson
reads --from @all.end --until now --include 'items'
is 'nor is it dropped if the source drops it' "$got $(body | tr '\n' ' ')" '0 create_collection@10 default.items ensure insert@310 default.items/_default 2 '
reads --from @all.end --until now --exclude '*.orders'
is 'the same for --exclude, but the database is asked for' "$got $(body | grep drop)" '0 drop_database@200 sales'

# one that was asked for and has another name now is followed, whoever goes on
{ header && db 1 default && db 2 sales && coll 1 moved ts=360 && part 11 1 _default && coll 3 orders db=sales db_id=2 && ready 390; } >cat.ndjson
reads --from @all.end --until now --include items
is 'renamed' "$got $(body | tr '\n' ' ')" '0 rename_collection@200 default.items -> default.moved create_collection@10 default.moved ensure insert@310 default.moved/_default 2 '
is 'by which name it was asked for' "$(tail -n 1 "$out" | jq -c '.known["1"] | [.name, .as]')" '["default.moved","default.items"]'
tail -n 1 "$out" >moved.end
feed <<X2
insert 0 510 part=11 keys=3
tick 0 600
X2
reads --from @moved.end --until now --include items
is 'and on' "$got $(rows | tr '\n' ' ')" '0 insert@510 default.moved/_default 3 '
is 'it stays known by it' "$(tail -n 1 "$out" | jq -r '.known["1"].as')" default.items
reads --from @moved.end --until now --include moved
is 'by its own name, too' "$got $(rows | tr '\n' ' ')" '0 insert@510 default.moved/_default 3 '
reads --from @moved.end --until now --include other
is 'but not by another' "$got $(wc -c <"$out")" '1 0'

# a position of an older version, which kept no names: it may have been renamed since it was asked for
jq -c 'del(.source) | del(.known["1"].as)' moved.end >old.end
reads --from @old.end --until now --include items --include sales.orders
is 'renamed under an older version: its rows come' "$got $(rows | tr '\n' ' ')" '0 insert@510 default.moved/_default 3 '
like 'said once' "$(cat "$err")" "^cdc-read: the position is of an older version, .*: 'default.moved'\$"
is 'and kept' "$(tail -n 1 "$out" | jq -r '.known["1"].as')" default.items,sales.orders
is 'from the first tick on' "$(jq -r 'select(.op == "tick").known["1"].as' "$out" | head -n 1)" default.items,sales.orders
tail -n 1 "$out" >asked.end
feed <<X2
insert 0 710 part=11 keys=4
tick 0 800
X2
reads --from @asked.end --until now --include items --include sales.orders
is 'the next position has it' "$got $(rows | tr '\n' ' ')$(cat "$err")" '0 insert@710 default.moved/_default 4 '
reads --from @asked.end --until now --include other --allow-none
is 'by which it can be narrowed' "$got $(rows | tr '\n' ' ')" '0 '
reads --from @old.end --until now --include items --exclude moved --allow-none
is 'an older one by --exclude' "$got $(rows | tr '\n' ' ')$(tail -n 1 "$out" | jq -c '.known')" '0 {}'
done_testing
