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

# The catalogue is ahead of the position; names that it has were those of others before.
last() { # a position at 20
	printf '{"op":"end","ts":"%s","pos":{' "$(ts 20)"
	for t in 0 1; do
		printf '"by-dev-rootcoord-dml_%s":{"o":1,"n":1,"ts":"%s"}%s' $t "$(ts 20)" "$([ $t = 1 ] || echo ,)"
	done
	echo '},"known":{"1":{"name":"default.a","parts":{"11":"_default"}},"2":{"name":"default.b","parts":{"21":"_default"}}}}'
}
gap() { # NAME-OF-1: in the catalogue, which is of 60; the words of the log on stdin
	kafka_down && kafka_up
	{
		echo '+tick 0 20' && echo '+tick 1 20' && cat
		echo '+insert 1 70 coll=1 part=11 keys=1'
		echo '+tick 0 80' && echo '+tick 1 80'
	} | wal
	{ header && control && coll 1 "$1" start=1:0 ts=60 && part 11 1 _default; } >cat.ndjson
	{ coll 2 b start=1:0 && part 21 2 _default && at_log 80; } >>cat.ndjson
	reads --from @last --until end
}
body() {
	echo "$got"
	ops | grep -vE '^(tick|begin|end)|ensure' | sed 's/_collection//; s/default\.//g; s/cdc_moving_/moving_/'
}
last >last
gap c <<-X
	+create 30 b=1 coll=7 name=c part=71 on=1
	+insert 1 35 coll=7 part=71 keys=7
	+drop 40 b=2 coll=7 name=c on=1
	+rename 60 b=3 coll=1 name=c on=1
X
is 'its new name was that of one that is gone' "$(body)" '0
rename@20 a -> c
rename@30 c -> moving_1
create@30 c
insert@35 c/_default 7
drop@40 c
rename@40 moving_1 -> c
insert@70 c/_default 1'
gap a <<-X
	+rename 30 b=1 coll=1 name=t on=1
	+create 40 b=2 coll=7 name=a part=71 on=1
	+rename 50 b=3 coll=7 name=z on=1
	+rename 60 b=4 coll=1 name=a on=1
X
is 'its name was that of another for a while' "$(body)" '0
rename@40 a -> moving_1
create@40 a
rename@50 a -> z
rename@50 moving_1 -> a
insert@70 a/_default 1'
gap x <<-X
	+alias 30 b=1 coll=2 name=x
	+noalias 40 b=2 name=x
	+rename 60 b=3 coll=1 name=x on=1
X
is 'its new name was an alias' "$(body)" '0
rename@20 a -> x
insert@70 x/_default 1'
gap a <<-X
	+rename 30 b=1 coll=1 name=t on=1
	+rename 40 b=2 coll=2 name=a on=1
	+rename 50 b=3 coll=2 name=b on=1
	+rename 60 b=4 coll=1 name=a on=1
X
is 'two that change their names' "$(body)" '0
rename@40 a -> moving_1
rename@40 b -> a
rename@50 a -> b
rename@50 moving_1 -> a
insert@70 a/_default 1'
# What is before a record that cannot be read is written, with a position.
kafka_down && kafka_up
{
	echo '+tick 0 10' && echo '+tick 1 10'
	echo '+insert 1 30 coll=7 part=71 keys=3'
	echo '+tick 1 35'
	echo '+any 1 50 t=700'
} | wal
{ header && control && coll 7 x start=1:0 && part 71 7 _default && at_log 20; } >cat.ndjson
reads --from "ts:$(ts 20)" --until end
is 'up to a record that cannot be read' "$got $(rows) $(tail -n 1 "$out" | jq -c '[.op, .pos."by-dev-rootcoord-dml_1".o]')" \
	'1 insert@30 default.x/_default 3 ["tick",3]'
like '  which is named' "$(cat "$err")" "topic 'by-dev-rootcoord-dml_1' offset 3: AlterWAL: "
done_testing
