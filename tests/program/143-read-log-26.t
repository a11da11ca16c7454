#!/bin/sh
# a streaming log that is made of words: what does not stand in a recording
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/wallib.sh"

# A transaction that is larger than a topic's part of what may be read ahead: nothing but its own end lets it leave.
kafka_up
{
	for i in $(seq 0 15); do echo "!topic by-dev-rootcoord-dml_$i 1"; done
	echo '+create 100 b=1 coll=7 name=items part=71 on=1'
	echo '+tick 0 101' && echo '+tick 1 101'
	echo '+begin 1 110 tx=7 coll=7'
	for i in 1 2 3 4 5 6; do echo "+insert 1 11$i coll=7 part=71 tx=7 keys=$i big=1000000"; done
	echo '+commit 1 120 tx=7 coll=7'
	echo '+tick 1 130'
	echo '+insert 1 140 coll=7 part=71 keys=9'
	echo '+tick 1 150'
} | wal
{ header && control && at_log 10; } >cat.ndjson
reads --from beginning --until end
is 'a large transaction does not stop its topic' "$got $(rows | cut -c1-10 | paste -sd ' ')" \
	'0 insert@120 insert@120 insert@120 insert@120 insert@120 insert@120 insert@140'
kafka_down && kafka_up

# A name that a pattern has is new to a collection: its rows stand in the same batch as the rename.
{
	echo '+tick 0 10' && echo '+tick 1 10'
	echo '+insert 1 40 coll=7 part=71 keys=4'
	echo '+rename 50 b=3 coll=7 name=a on=1'
	echo '+insert 1 60 coll=7 part=71 keys=6'
	echo '+tick 0 70' && echo '+tick 1 70'
} | wal
{ header && control && coll 7 x start=1:0 && part 71 7 _default && at_log 20; } >cat.ndjson
reads --from "ts:$(ts 20)" --until end --include default.a --allow-none
is 'rows behind a rename into a pattern' "$got $(ops | grep -v tick | paste -sd ' ')" \
	'0 begin@20 create_collection@50 default.a partial insert@60 default.a/_default 6 end@70'
done_testing
