#!/bin/sh
# law 6: a start at any tick gives exactly what is not yet out
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up

# Records above ticks, several of one timestamp, one that nothing can decode, DDL, retries, other collections, a
# collection that began late on a topic with a past; topic 1 runs far ahead of topic 0.
feed <<X
tick 0 100
junk 0 102 neitherthis
insert 0 110 part=11 keys=1
tick 0 105
insert 0 140 part=11 keys=2 id=5
insert 0 140 part=11 keys=2 id=5
tick 0 120
insert 0 130 part=11 keys=3
junk 0 132 notamessage
drop 0 190 coll=7
insert 0 185 coll=3 part=31 keys=9
tick 0 135
insert 0 150 part=11 keys=4
insert 0 150 part=11 keys=5
delete 0 150 part=-1 keys=4
tick 0 160
type 0 175 4711
insert 0 210 part=11 keys=6
tick 0 180
tick 0 200
insert 0 205 part=11 keys=7
tick 0 300
X
feed <<X
tick 1 80
tick 1 90
insert 1 95 coll=7 part=71 keys=1
tick 1 170
create 1 172 coll=2
insert 1 173 coll=2 part=21 keys=21
insert 1 290 coll=2 part=21 keys=22
delete 1 180 coll=2 part=-1 keys=21
tick 1 295
flush r 1 colls=other
flush r 178 colls=other
tick 1 300
X
{
	header
	coll 1 items create=100 start=0:0
	part 11 1 _default create=100
	coll 2 late create=172 start=1:4
	part 21 2 _default create=172
	coll 3 other create=100 start=0:0
	part 31 3 _default create=100
	ready 172
} >head.ndjson

# The ticks come one after the other, as cdc-read sees the records: feed slowly, on its own topics.
cp head.ndjson cat.ndjson
reads --until now --exclude other -v
is 'the whole' "$got" 0
cp "$out" whole
is 'what it should be' "$(rows)" 'unknown@102 0
insert@110 default.items/_default 1
insert@130 default.items/_default 3
unknown@132 0
insert@140 default.items/_default 2
delete@150 default.items 4
insert@150 default.items/_default 4
insert@150 default.items/_default 5
insert@173 default.late/_default 21
unknown@175 4711
delete@180 default.late 21
insert@205 default.items/_default 7
insert@210 default.items/_default 6
insert@290 default.late/_default 22'

# Every point where it can stop: read only up to T, then from there.
bad='' n=0
for t in 100 106 111 121 131 132 133 141 149 150 151 161 172 173 174 176 179 181 186 191 204 206 211 280 291; do
	reads --until "ts:$(ts $t)" --exclude other
	[ "$got" = 0 ] || bad="$bad first:$t:$got"
	cp "$out" first
	reads --from @first --until now --exclude other
	[ "$got" = 0 ] || bad="$bad then:$t:$got:$(cat "$err")"
	n=$((n + 1))
	{ rows first && rows "$out"; } >both
	rows whole | diff - both >diff || {
		bad="$bad $t"
		diag <diff
	}
	# DDL of the second part is only what the target has already, or is new
	ops "$out" | grep -E '^(create|drop|rename|alter)' | grep -v ' ensure$' >ddl
	ops first | grep -E '^(create|drop|rename|alter)' >>ddl
	[ "$(sort ddl)" = "$(ops whole | grep -E '^(create|drop|rename|alter)' | sort)" ] || {
		bad="$bad ddl:$t"
		diag <ddl
	}
done
is "stopped at $n times and started again" "$bad" ''
done_testing
