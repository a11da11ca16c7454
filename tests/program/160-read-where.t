#!/bin/sh
# WHERE a stream begins and ends, and positions that the log has no more
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
feed <<X
tick 0 100
insert 0 110 part=11 keys=1
tick 0 200
insert 0 210 part=11 keys=2
tick 0 300
X
{
	header
	coll 1 items create=105 start=0:1
	part 11 1 _default create=105
	ready 105
} >cat.ndjson
one=by-dev-rootcoord-dml_0

reads --until now
is 'from start' "$got $(rows | tr '\n' ' ')" '0 insert@110 default.items/_default 1 insert@210 default.items/_default 2 '
is 'start is the collection'\''s first record' "$(head -n 1 "$out" | jq -c ".from[\"$one\"].o")" 1
reads --from beginning --until now
is 'from beginning' "$(head -n 1 "$out" | jq -c ".from[\"$one\"].o") $(rows | wc -l)" '0 2'
reads --until "ts:$(ts 110)"
is 'until a timestamp, and including it' "$(rows | tail -n 1)" 'insert@110 default.items/_default 1'
is 'ends there' "$(ops | tail -n 1)" end@110
reads --until "ts:$(ts 109)"
is 'not above it' "$got $(rows)" '0 '
reads --until 1970-01-01T00:00:00.150Z
is 'until a time' "$(ops | tail -n 1) $(rows | wc -l)" 'end@150 1'
reads --from now --until now
is 'from now' "$got $(body)" '0 create_collection@105 default.items partial'
is '  which is known from then on' "$(jq -c 'select(.op == "end") | [.known[].partial]' "$out")" '[true]'
is 'its timestamp is that of the newest record' "$(head -n 1 "$out" | jq -r '.ts')" "$(ts 300)"

# position: the offsets that are there and the one that was wanted
pos() { # O N TS [LAST]
	printf '{"op":"tick","ts":"%s","pos":{"%s":{"o":%s,"n":%s,"ts":"%s"%s}}}\n' "$(ts "$3")" "$one" "$1" "$2" "$(ts "$3")" \
		"${4:+,\"last\":\"$(ts "$4")\"}" >pos
}
pos 3 3 200
reads --from @pos --until now
is 'from a position' "$got $(rows)" '0 insert@210 default.items/_default 2'
pos 1 3 110
reads --from @pos --until now
is 'what is skipped: below n, and not younger' "$(rows)" 'insert@210 default.items/_default 2'
pos 6 6 300
reads --from @pos --until now
is 'above the end: status 4, and no line' "$got $(wc -c <"$out")" '4 0'
like 'with all offsets' "$(cat "$err")" "^cdc-read: topic '$one': the position is offset 6, Kafka has 0 to 5\$"
pos 3 6 200
reads --from @pos --until now
is 'more was read than there is: status 4' "$got" 4
pos 3 3 200 200
reads --from @pos --until now
is 'the last record is the same' "$got" 0
pos 3 3 200 190
reads --from @pos --until now
is 'another record: status 4' "$got" 4
like 'says so' "$(cat "$err")" "^cdc-read: topic '$one' was made anew: the record at offset 2 has .*Kafka has 0 to 5\$"
sed "s/$one/by-dev-rootcoord-dml_9/" pos >pos9
reads --from @pos9 --until now
is 'a topic is gone: status 4' "$got" 4
like 'and which' "$(cat "$err")" "topic 'by-dev-rootcoord-dml_9' is gone, the position is offset 3\$"
pos '"7:3"' '"7:3"' 200
reads --from @pos --until now
is 'a place in a queue of ledgers: status 1' "$got $(wc -c <"$out")" '1 0'
like 'names both' "$(cat "$err")" "topic '$one': the position 7:3 is not one of Kafka\$"
pos 3 '"7:3"' 200
reads --from @pos --until now
is 'two kinds in one position: status 1' "$got" 1

# garbage for a position
for x in '' '{}' 'x' '{"op":"tick","ts":"5"}' '{"op":"tick","ts":"x","pos":{}}' '{"op":"tick","ts":"5","pos":{"t":{"o":-1}}}'; do
	printf '%s\n' "$x" >pos
	reads --from @pos --until now
	is "garbage: $x" "$got $(wc -c <"$out") $(wc -l <"$err")" '1 0 1'
done
exits 2 cdc-read --from @nofile --until now
exits 2 cdc-read --from yesterday --until now
exits 2 cdc-read --until start

# The low watermark.
for i in 1 2 3 4 5 6 7 8; do echo "!random $one 900000 @350"; done | feed
echo 'tick 0 400' | feed
pos 3 3 200
reads --from @pos --until now
is 'below the low watermark: status 4' "$got" 4
like 'with all offsets' "$(cat "$err")" "'$one': the position is offset 3, Kafka has [1-9][0-9]* to 14\$"
reads --until now
is 'the collection begins below it: status 4' "$got" 4
like 'says what can be done' "$(cat "$err")" "rows are gone from the log .--from beginning.*first record of a collection is offset 1, Kafka has"
reads --from beginning --until now
is 'from beginning takes what is left' "$got" 0
is 'garbage comes as unknown, with its bytes' "$(jq -r 'select(.op=="unknown")|.b64|length' "$out" | sort -u)" 1200000

# Milvus's own checkpoint
kafka_down && kafka_up
feed <<X
insert 0 110 part=11 keys=1
tick 0 200
insert 0 150 part=11 keys=5
insert 0 210 part=11 keys=2
tick 0 300
X
checkpoint() { # VCHANNEL OFFSET MS
	printf '{"kind":"checkpoint","vchannel":"%s","topic":"%s","offset":%s,"ts":"%s"}\n' "$1" "$one" "$2" "$(ts "$3")"
}
{
	header
	coll 1 items create=105
	part 11 1 _default create=105
	checkpoint "${one}_1v0" 1 200
	checkpoint "${one}_9v0" 0 90
	ready 105
} >cat.ndjson
reads --from checkpoint --until now
is 'from checkpoint: above its timestamp' "$got $(body | tr '\n' ' ')" \
	'0 create_collection@105 default.items partial insert@210 default.items/_default 2 '
is 'from its offset' "$(head -n 1 "$out" | jq -c ".from[\"$one\"].o")" 1
done_testing
