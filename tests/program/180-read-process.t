#!/bin/sh
# what every program promises: status, signals, a full disk, a reader that leaves; and cdc-read's options
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
{
	echo 'tick 0 50'
	echo 'insert 0 110 part=11 keys=1,2,3'
	for i in $(seq 200); do echo "insert 0 $((120 + i)) part=11 keys=$i"; done
	echo 'delete 0 400 part=-1 keys=1'
	echo 'insert 0 410 coll=2 part=21 keys=5 v=two'
	echo 'tick 0 500'
} | feed
{
	header
	db 7 sales
	coll 1 items
	coll 2 orders db=sales db_id=7
	coll 3 empty
	part 11 1 _default
	part 21 2 _default
	ready 20
} >cat.ndjson

for o in --nothing --top '--shard 2/2' '--shard x' '--vectors x' '--json x' '--tick 0' '--ops comet' '--include .' operand; do
	ok "one line and status 2: $o" sh -c 'cdc-read $0 --until now <cat.ndjson >o 2>e; [ $? = 2 ] && [ $(wc -l <e) = 1 ] && [ ! -s o ]' "$o"
done
ok '--help is on stdout' sh -c 'cdc-read --help >o && grep -q -- --explain o'
ok '--version' cdc-read --version

exits 1 sh -c 'cdc-read --until now <cat.ndjson >/dev/full'
is 'a full disk is one line' "$(wc -l <"$err")" 1
sh -c 'cdc-read --until now <cat.ndjson 2>err; echo $? >status' | head -n 1 >line
is 'head -n 1 is quiet' "$(cat err)" ''
like 'and dies of SIGPIPE, or has ended before' "$(cat status)" '^(141|0)$'

# SIGTERM
live
{ sed "1s/}\$/$FOLLOW}/" cat.ndjson; } >&8
sees '^insert@410'
stop
is 'SIGTERM: dies of it' "$got" 143
is 'whole lines, and an end that says so' "$(tail -n 1 live.out | jq -c '[.op,.stopped]')" '["end",true]'
tail -n 1 live.out >pos
reads --from @pos --until now
is 'and can go on from there' "$got $(rows | wc -l)" '0 0'
live
header "$FOLLOW" >&8
sleep 0.3
kill -TERM "$live"
wait "$live"
is 'before the catalogue is whole: nothing but the signal' "$? $(wc -c <live.out) $(wc -c <live.err)" '143 0 0'
exec 8>/dev/null

# kill -9, and again from the last tick
live
{ sed "1s/}\$/$FOLLOW}/" cat.ndjson; } >&8
sees '^tick@500'
stop KILL
jq -c 'select(.op=="tick")' live.out | tail -n 1 >pos
reads --from @pos --until now
is 'kill -9: from the last tick' "$got $(rows | wc -l)" '0 0'

# a filter in the middle
reads --until now
cp "$out" whole
ok 'jq leaves the meaning' sh -c 'jq -c . whole | jq -cS . >a && jq -cS . whole >b && cmp a b'
tail -n 1 whole | jq -c . >pos
reads --from @pos --until now
is 'a position after jq' "$got $(rows | wc -l)" '0 0'
tail -n 1 whole | jq -c '{ts:(.ts|tonumber),pos:(.pos|map_values(map_values(tostring))),known:.known}' >pos
reads --from @pos --until now
is 'numbers as strings and the reverse, in any order' "$got $(rows | wc -l)" '0 0'

# options
reads --until now --ops delete
is '--ops' "$(ops | cut -d@ -f1 | sort -u | tr '\n' ' ')" 'begin delete end tick '
is 'counts what is written' "$(jq -c 'select(.op=="end").n' "$out")" '{"delete":1,"keys":1}'
reads --until now --include 'sales.*'
is '--include' "$(body | tr '\n' ' ')" 'create_database@0 sales create_collection@10 sales.orders insert@410 sales.orders/_default 5 '
reads --until now --exclude items --exclude '*.orders'
is '--exclude' "$(body | grep coll)" 'create_collection@10 default.empty'
reads --until now --vectors none --include sales.orders
is '--vectors none' "$(jq -c 'select(.op=="insert")|[.rows,.lossy]' "$out")" '[[{"pk":"5","v":"two"}],true]'
reads --until now --vectors decimal --include sales.orders
is '--vectors decimal' "$(jq -c 'select(.op=="insert")|[.rows[0].vec,.lossy]' "$out")" '[[0,1],null]'
reads --until now --time --include sales.orders
is '--time' "$(jq -c 'select(.op=="insert")|to_entries[2]' "$out")" '{"key":"time","value":"1970-01-01T00:00:00.410Z"}'
bad=0
for n in 1 2 3 7; do
	: >parts
	for i in $(seq 0 $((n - 1))); do
		reads --until now --shard "$i/$n"
		[ "$got" = 0 ] || bad=1
		body | grep -v database >>parts
	done
	sort parts >a
	ops whole | grep -vE '^(begin|tick|end)@|database' | sort >b
	cmp -s a b || bad="$bad $n"
done
is '--shard divides exactly' "$bad" 0
reads --explain
is '--explain' "$got $(head -n 2 "$out" | tr '\n' ';')" '0 default.items 1: carried, 201 inserts of 203 rows, 1 deletes of 1 keys;  by-dev-rootcoord-dml_0 starts at 0, read up to 205;'
reads --explain --exclude 'items'
like 'says why not' "$(cat "$out")" '^default.items 1: not included'
reads --until now --cluster elsewhere
is '--cluster' "$(head -n 1 "$out" | jq -r .cluster)" elsewhere
done_testing
