#!/bin/sh
# law 3: the order of what leaves, and when it may
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up

# A collection with a shard on each of two topics.
feed <<X
tick 0 20
insert 0 130 part=11 keys=3
insert 0 110 part=11 keys=1
insert 1 120 part=11 keys=2
tick 0 115
tick 1 150
insert 1 160 part=11 keys=4
delete 0 140 part=-1 keys=1
tick 0 200
tick 1 170
tick 0 300
tick 1 300
X
{
	header
	coll 1 items start=0:0,1:0
	part 11 1 _default
	ready 20
} >cat.ndjson
reads --until now
is 'ends well' "$got" 0
is 'nothing on stderr' "$(cat "$err")" ''
is 'by timestamp over all topics' "$(body)" 'create_collection@10 default.items
insert@110 default.items/_default 1
insert@120 default.items/_default 2
insert@130 default.items/_default 3
delete@140 default.items 1
insert@160 default.items/_default 4'
is 'begins and ends' "$(ops | sed -n '1p;$p' | cut -d@ -f1 | tr '\n' ' ')" 'begin end '
is 'counts' "$(jq -c 'select(.op=="end").n' "$out")" '{"insert":4,"delete":1,"rows":4,"keys":1,"ddl":1}'

# The end waits for the ticks that cover it; --until end does not.
kafka_down && kafka_up
feed <<X
tick 0 100
insert 0 130 part=11 keys=1
insert 1 120 part=11 keys=2
tick 1 200
X
reads --until end
is 'until end: a dead source' "$got $(rows | wc -l)" '0 2'
{
	header "$FOLLOW"
	coll 1 items start=0:0,1:0
	part 11 1 _default
	ready 20
} >head.ndjson
live --until now
cat head.ndjson >&8
sees '^create_collection@10'
turns 5
is 'nothing above the least tick of the channels in use' "$(rows live.out)" ''
feed <<X
tick 0 125
X
sees '^insert@120'
turns 3
is 'as far as the least tick' "$(rows live.out)" 'insert@120 default.items/_default 2'
is 'and so its position' "$(jq -r 'select(.op=="tick")|.ts|tonumber/262144' live.out | sort -n | tail -n 1)" 125
feed <<X
tick 0 130
X
ends
is 'until now: done with the last record' "$got $(ops live.out | tail -n 1 | cut -d@ -f1)" '0 end'
is 'all is out' "$(rows live.out | tail -n 1)" 'insert@130 default.items/_default 1'

# Channels that are not in use: 2 has a dropped collection only, 3 an excluded one; 1 has ended and ticks no more.
kafka_down && kafka_up
feed <<X
insert 0 110 coll=1 part=11 keys=1
tick 0 400
insert 1 105 coll=2 part=21 keys=2
tick 1 120
insert 3 120 coll=3 part=31 keys=3
tick 3 50
X
{
	header
	coll 1 items
	part 11 1 _default
	coll 2 old start=1:0 state=dropping ts=115
	part 21 2 _default
	coll 3 other start=3:0
	ready 115
} >cat.ndjson
reads --from beginning --until now --exclude other
is 'an unused channel does not hold back' "$got" 0
is 'what it has goes with the others' "$(body)" 'create_collection@10 default.items
insert@105 default.old/_default 2 gone
insert@110 default.items/_default 1
drop_collection@115 default.old gone'
reads --from beginning --until "ts:$(ts 114)" --exclude other
is 'before its drop it is there' "$(body)" 'create_collection@10 default.items
create_collection@10 default.old
insert@105 default.old/_default 2
insert@110 default.items/_default 1'
kafka_down && kafka_up

# Equal timestamps: delete before insert, whatever the log says; an upsert is one line.
feed <<X
insert 0 110 part=11 keys=1,2 id=1
delete 0 110 part=11 keys=2,1 id=2
insert 0 120 part=11 keys=3
delete 0 120 part=11 keys=4
insert 0 130 part=11 keys=5
insert 0 130 part=12 keys=6,5
delete 0 130 part=-1 keys=5,6,5
insert 0 140 part=11 keys=7
insert 0 140 part=12 keys=8
delete 0 140 part=12 keys=8
insert 0 150 part=11 keys=9 shard=a
delete 0 150 part=11 keys=9 shard=b
insert 0 160 part=11 keys=9
delete 0 160 part=11 keys=9,9
tick 0 200
X
{
	header
	coll 1 items
	part 11 1 _default
	part 12 1 p
	ready 20
} >cat.ndjson
reads --until now
is 'upserts are paired' "$(rows)" 'upsert@110 default.items/_default 1,2
delete@120 default.items/_default 4
insert@120 default.items/_default 3
upsert@130 default.items/_default 5
upsert@130 default.items/p 6,5
insert@140 default.items/_default 7
upsert@140 default.items/p 8
delete@150 default.items/_default 9
insert@150 default.items/_default 9
delete@160 default.items/_default 9,9
insert@160 default.items/_default 9'
kafka_down && kafka_up

# Retries of the producer, late records.
feed <<X
insert 0 110 part=11 keys=1 id=77
insert 0 110 part=11 keys=1 id=77
delete 0 120 part=-1 keys=1 id=77
delete 0 120 part=-1 keys=1 id=77
insert 0 130 part=11 keys=2
insert 0 130 part=11 keys=2
drop 0 140 coll=5
droppart 0 140 coll=5 part=7
create 0 10 coll=1
tick 0 150
X
reads -v --until now
is 'retries are dropped, by type and message id' "$(rows)" 'insert@110 default.items/_default 1
delete@120 default.items 1
insert@130 default.items/_default 2
insert@130 default.items/_default 2'
like 'and counted, as is DDL' "$(cat "$err")" ' 2 DDL messages, 2 retries,'
kafka_down && kafka_up
feed <<X
tick 0 20
tick 1 20
X
live --until "ts:$(ts 300)"
cat head.ndjson >&8
feed <<X
insert 0 130 part=11 keys=1
tick 0 150
tick 1 150
X
sees '^insert@130'
sees '^tick@150'
feed <<X
insert 0 140 part=11 keys=2
insert 0 150 part=11 keys=3
insert 0 151 part=11 keys=4
tick 0 400
tick 1 400
X
ends
is 'a late record is marked, not lost' "$(rows live.out)" 'insert@130 default.items/_default 1
insert@140 default.items/_default 2 late
insert@150 default.items/_default 3 late
insert@151 default.items/_default 4'
is 'until a time: done there' "$got $(ops live.out | tail -n 1)" '0 end@300'
done_testing
