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
done_testing
