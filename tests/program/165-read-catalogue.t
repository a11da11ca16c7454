#!/bin/sh
# laws 4 and 5: the catalogue comes first
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
feed <<X
insert 0 110 part=11 keys=1
tick 0 200
X

# Its end.
{ header "$FOLLOW" && coll 1 items && ready 20; } >cat.ndjson
reads --until now
is 'one that follows ends: status 3' "$got" 3
like 'says so' "$(cat "$err")" '^cdc-read: .*the catalogue has ended'
{ header && coll 1 items; } >cat.ndjson
reads --until now
is 'no ready: status 3' "$got $(wc -c <"$out")" '3 0'
: >cat.ndjson
reads --until now
is 'empty: status 3' "$got" 3
{ header && coll 1 items && ready 20; } >cat.ndjson
reads
is 'a static one without --until: status 2' "$got $(wc -c <"$out") $(wc -l <"$err")" '2 0 1'
like 'says why' "$(cat "$err")" 'does not follow .*--until'
for x in x '{}' '[]' '{"kind":"catalogue","v":2}' '{"kind":"collection","id":"x"}'; do
	{ header && echo "$x" && ready 20; } >cat.ndjson
	reads --until now
	is "garbage: $x" "$got $(wc -c <"$out") $(wc -l <"$err")" '1 0 1'
	like 'has its line' "$(cat "$err")" 'line 2: '
done
{ header && coll 1 items && ready 20; } | head -c -30 >cat.ndjson
reads --until now
is 'cut short: status 3' "$got" 3
exits 2 cdc-read --until now -m nofile
{ header && coll 1 items && part 11 1 _default && echo '{"kind":"comet","id":5}' && ready 20; } >cat.ndjson
reads --until now
is 'an unknown kind is ignored' "$got" 0
reads --until now -m cat.ndjson </dev/null
is 'from a file' "$got $(rows | wc -l)" '0 1'

# Imports at the source: rows that no log has
import() { # ID STATE ROWS MOD SECONDS
	printf '{"kind":"import","id":"%s","coll_id":"1","part_id":"11","state":"%s","rows":%s,"files":["x"],"create_ts":"%s","mod":%s}\n' \
		"$1" "$2" "$3" "$(($5 * 1000 << 18))" "$4"
}
known() { grep '"op":"begin"\|"op":"tick"\|"op":"end"' "$out" | jq -c '.known["1"].imported // empty' | tail -n 1; }
{ header && coll 1 items && part 11 1 _default && import 5 completed 7 3 50 && import 6 started 0 4 51 && import 8 completed 2 6 52 && ready 20; } >cat.ndjson
reads --until now
is 'from the beginning all completed ones are missing' "$got $(known)" '0 {"imports":2,"rows":9,"rev":6,"ts":"'$((52000 << 18))'"}'
like 'one is told' "$(cat "$err")" "import 5 has put 7 rows into 'default.items' at the source, which are in no log: .* are imported there, too"
is 'each' "$(grep -c 'import [58] has put' "$err") $(grep -c 'import 6' "$err")" '2 0'
printf '%s\n' "$(tail -n 1 "$out")" >pos.json
{ header && coll 1 items && part 11 1 _default && import 5 completed 7 3 50 && import 6 completed 4 30 51 && import 8 completed 2 6 52 && ready 40; } >cat.ndjson
reads --from @pos.json --until now
is 'a position: what has been completed behind it is added' "$got $(known) $(grep -c 'has put' "$err")" \
	'0 {"imports":3,"rows":13,"rev":30,"ts":"'$((52000 << 18))'"} 1'

# Rows do not leave before an `at` that was asked for after them.
head_lines() {
	header "$FOLLOW"
	coll 1 items
	part 11 1 _default
	ready 20
}
early=$(at 9)
live
head_lines >&8
sleep 0.3
for i in 1 2 3 4 5; do
	echo "$early" >&8
	sleep 0.1
done
is 'no row before a later at' "$(body live.out)" ''
sees '^insert@110'
stop
is 'stopped' "$got $(ops live.out | tail -n 1)" '143 end@200 stopped'

# The change that was on the way when the row was read: a new collection, a partition of it, then rows.
live --from now
head_lines >&8
sees '^create_collection@10 '
feed <<X
create 1 300 coll=2
insert 1 320 coll=2 part=21 keys=7
insert 1 330 coll=2 part=22 keys=8
insert 1 340 coll=9 part=91 keys=9
drop 1 345 coll=9
tick 1 400
tick 0 400
X
sleep 0.3
is 'rows of a collection that nobody has told yet wait' "$(rows live.out)" ''
coll 2 new create=300 start=1:0 event=put state=creating >&8
{
	coll 2 new create=300 start=1:0 event=put
	part 21 2 _default create=300 event=put
	part 22 2 p create=325 event=put
} >&8
sees '^insert@330'
is 'in order, and what the log says is dropped is gone' "$(body live.out | tail -n +2)" 'create_collection@300 default.new
insert@320 default.new/_default 7
create_partition@325 default.new/p
insert@330 default.new/p 8
insert@340 #9 9 gone'

# A resync says it all again, and what it does not say is dropped.
{
	echo '{"kind":"resync","rev":20}'
	head_lines | tail -n +2 | head -n 2
} >&8
echo 'insert 0 410 part=11 keys=20
drop 1 415 coll=2
tick 0 500
tick 1 500' | feed
turns 3
is 'nothing leaves in half a resync' "$(body live.out | tail -n 1)" 'insert@340 #9 9 gone'
ready 420 >&8
sees '^insert@410'
is 'after it, what is dropped and not there any more is dropped' "$(body live.out | sed -n '/insert@340/,$p' | tail -n +2)" \
	'drop_collection@400 default.new
create_collection@10 default.items ensure
insert@410 default.items/_default 20'
stop

# A static catalogue that is older than records: the end comes before them.
kafka_down && kafka_up
feed <<X
insert 0 110 part=11 keys=1
insert 0 120 coll=2 part=21 keys=2
insert 0 130 part=11 keys=3
drop 0 140 coll=2
tick 0 200
droppart 0 210 part=11
X
{ header && coll 1 items && part 11 1 _default && ready 115; } >cat.ndjson
reads --until "ts:$(ts 135)"
is 'a younger collection ends the stream before it' "$got $(rows) $(ops | tail -n 1)" \
	"0 insert@110 default.items/_default 1 $(echo end@119)"
like '  said' "$(cat "$err")" "the stream ends before topic 'by-dev-rootcoord-dml_0' offset 1 .*of collection 2, "
reads --until now
is '  but not if it was dropped by then' "$got $(rows | tail -n 1) $(ops | tail -n 1)" \
	'0 insert@130 default.items/_default 3 end@200'
{ header && coll 1 items && part 11 1 _default && ready 125; } >cat.ndjson
reads --until now
is 'an older one that is not known, and was dropped, is gone' "$(rows)" 'insert@110 default.items/_default 1
insert@120 #2 2 gone
insert@130 default.items/_default 3'
{ header && coll 1 items && ready 125; } >cat.ndjson
reads --until now
is 'so is a partition' "$got $(rows | head -n 1)" '0 insert@110 default.items 1 gone'

# Gone: dropped later, dropped partition.
{
	header
	coll 1 items
	part 11 1 _default state=dropping ts=150
	coll 2 old state=dropped ts=150 name=old
	part 21 2 _default
	ready 150
} >cat.ndjson
reads --until now
is 'what is dropped later is gone already' "$(rows)" 'insert@110 default.items/_default 1 gone
insert@120 default.old/_default 2 gone
insert@130 default.items/_default 3 gone'
reads --until "ts:$(ts 140)"
is 'but not if --until is before the drop' "$(rows)" 'insert@110 default.items/_default 1
insert@120 default.old/_default 2
insert@130 default.items/_default 3'

# Nothing to wait for: no live collection at all.
echo 'drop 0 220 coll=1' | feed
{ header && coll 2 old state=dropped ts=150 && ready 250; } >cat.ndjson
reads --from beginning --until now
is 'no live collection, static' "$got" 0
reads --from beginning --until "ts:$(ts 270)"
is 'until a time that nothing will reach' "$got $(ops | tail -n 1)" '0 end@270'
live --from beginning --until now
{ header "$FOLLOW" && coll 2 old state=dropped ts=150 && ready 250; } >&8
ends
is 'no live collection, followed' "$got" 0

# From a time on, only imports that were begun then; one that is completed while we look was missing anyway
echo 'tick 0 5000' | feed
from_time() {
	header "$FOLLOW" && coll 1 items && import 1 completed 7 3 1 && import 2 completed 2 4 3 && import 3 started 0 5 1 && ready 6000
}
live --from "ts:$(ts 2500)"
from_time >&8
warns() { at >&8 && grep -q "$1" live.err; }
wait_until 20 warns 'import 2 has put 2 rows'
import 3 completed 4 9 1 >&8
ok 'one that is completed while we look' wait_until 20 warns 'import 3 has put 4 rows'
stop
is 'an older one is not told' "$(grep -c 'has put' live.err)" 2
done_testing
