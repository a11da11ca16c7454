#!/bin/sh
# law 13: that the catalogue does not know an id is no drop; a tombstone is one, or the drop's message in the log
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
stops() { # NAME PATTERN [FILE]
	is "$1: status 4" "$got" 4
	like '  says what, where and when' "$(tail -n 1 "${3:-$err}")" "^cdc-read: $2"
	like '  and the choices' "$(tail -n 1 "${3:-$err}")" "was it restored. 'cdc-task set .*--missing keep.*--missing drop.*--from"
}
cat_of() { # MS LINES...: items, and what else there is
	cat_ready=$1
	shift
	coll 1 items start=0:0,1:0
	part 11 1 _default
	[ $# = 0 ] || "$@"
	ready "$cat_ready"
}

# Records of an id that nobody knows
feed <<X
insert 0 110 part=11 keys=1
insert 1 120 coll=9 part=91 keys=2
insert 0 130 part=11 keys=3
tick 0 200
tick 1 200
X
{ header && cat_of 115; } >cat.ndjson
reads --until now
is 'younger than a static catalogue: not before it' "$got $(rows) $(ops | tail -n 1)" \
	"0 insert@110 default.items/_default 1 $(echo end@119)"
{ header && cat_of 150; } >cat.ndjson
reads --until now
stops 'older than a static one' "topic 'by-dev-rootcoord-dml_1' offset 0 .1970-01-01T00:00:00.120Z.: a record of collection 9, .*revision 9.*no drop of it is in the log"
is '  nothing behind it is out' "$(rows | grep -c '@1[23]')" 0
is '  and no position past it' "$(ops | grep -c '^tick@1[2-9]\|^end')" 0
live
{ header "$FOLLOW" && cat_of 20; } >&8
sees '^insert@110'
ends
stops 'and of one that follows' "topic 'by-dev-rootcoord-dml_1' offset 0 .*: a record of collection 9, " live.err
is '  what was before it is out' "$(rows live.out)" 'insert@110 default.items/_default 1'

# A catalogue that tells of it a little late
live --until now
{ header "$FOLLOW" && cat_of 20; } >&8
sees '^insert@110'
turns 10
is 'it is waited for' "$(rows live.out)" 'insert@110 default.items/_default 1'
{ coll 9 late create=115 start=1:0 event=put && part 91 9 _default create=115 event=put; } >&8
ends
is 'and comes' "$got $(rows live.out | tail -n 2 | paste -sd ' ')" \
	'0 insert@120 default.late/_default 2 insert@130 default.items/_default 3'

# --missing; of some collections only
for how in keep drop; do
	reads --until now --missing $how
	is "--missing $how: gone" "$got $(rows | sed -n 2p)" '0 insert@120 #9 2 gone'
done
exits 2 cdc-read --missing x
{ header ',"partial":true' && cat_of 150; } >cat.ndjson
reads --until now
is 'a catalogue of some collections does not know all' "$got $(rows | wc -l)" '0 3'

# The message stands far behind, in another topic even
feed <<X
$(i=0 && while [ $i -lt 300 ]; do i=$((i + 1)) && echo "insert 0 $((210 + i)) part=11 keys=$i id=$((1000 + i))"; done)
tick 0 600
drop 0 610 coll=9
tick 0 700
tick 1 700
X
{ header && cat_of 150; } >cat.ndjson
reads --until "ts:$(ts 140)"
is 'a drop behind it, and behind --until: gone' "$got $(rows | sed -n 2p)" '0 insert@120 #9 2 gone'

# Partitions
feed <<X
insert 0 710 part=12 keys=7
tick 0 800
tick 1 800
X
{ header && cat_of 750; } >cat.ndjson
reads --until now
stops 'a partition that nobody knows' "topic 'by-dev-rootcoord-dml_0' offset 306 .*: a record of partition 12, "
echo 'droppart 0 810 part=12
tick 0 900
tick 1 900' | feed
reads --until now
is 'dropped: gone' "$got $(rows | tail -n 1)" '0 insert@710 default.items 7 gone'

# What the target has
pos='"pos":{"by-dev-rootcoord-dml_0":{"o":310,"n":310,"ts":"'$(ts 900)'"},"by-dev-rootcoord-dml_1":{"o":5,"n":5,"ts":"'$(ts 900)'"}}'
known() { # MEMBERS
	echo "{\"op\":\"tick\",\"ts\":\"$(ts 900)\",$pos,\"known\":{$1}}" >at.tick
}
young='"1":{"name":"default.items","parts":{"11":"_default"},"load":"none"},"5":{"name":"default.young","parts":{},"load":"none"}'
known "$young"
{ header && cat_of 750; } >cat.ndjson
reads --from @at.tick --until now
stops 'a collection of the target that the source has not' "collection 'default.young' .5. is at the target; the source's catalogue .revision 9."
is '  and not a line' "$(wc -c <"$out")" 0
reads --from @at.tick --until now --missing keep
is 'keep: no drop, and it is known no more' \
	"$got $(body | grep -c drop) $(tail -n 1 "$out" | jq -c '.known | with_entries(select(.value)) | keys')" '0 0 ["1"]'
like '  said' "$(cat "$err")" "'default.young' .5. is not at the source any more, .*: the target keeps it"
reads --from @at.tick --until now --missing drop
is 'drop: dropped' "$got $(body | head -n 1)" '0 drop_collection@900 default.young'
{ header ',"partial":true' && cat_of 750; } >cat.ndjson
reads --from @at.tick --until now
is 'a catalogue of some collections: it stays' "$got $(body | grep -c drop)" '0 0'
like '  said' "$(cat "$err")" "'default.young' .5. is not in the catalogue, which is of some"
{ header && cat_of 900 coll 5 young state=dropping ts=899 start=1:0; } >cat.ndjson
reads --from @at.tick --until now
is 'one with a state: dropped' "$got $(body | head -n 1)" '0 drop_collection@900 default.young'

{ header ',"kinds":["collection","partition"]' && cat_of 900; } >cat.ndjson
reads --from @at.tick --until now
is 'a catalogue of some kinds: status 2, and not a line' "$got $(wc -c <"$out")" '2 0'
like '  says why' "$(cat "$err")" 'of some kinds only .cdc-meta --kinds.: what the target has of the others'
reads --until now
is '  but without a target' "$got" 0

known '"1":{"name":"default.items","parts":{"11":"_default","13":"p"},"load":"none"}'
{ header && cat_of 750; } >cat.ndjson
reads --from @at.tick --until now
stops 'a partition of the target' "partition 'p' of 'default.items' .13. is at the target"
reads --from @at.tick --until now --missing keep
is 'keep: it stays' "$got $(body | grep -c drop)" '0 0'
echo 'drop 1 910 coll=5
droppart 1 910 part=13
tick 0 1000
tick 1 1000' | feed
reads --from @at.tick --until now
is 'dropped in the log' "$got $(body | head -n 1)" '0 drop_partition@900 default.items/p'
known "$young"
reads --from @at.tick --until now
is 'and a collection' "$got $(body | head -n 1)" '0 drop_collection@900 default.young'

echo "{\"op\":\"tick\",\"ts\":\"$(ts 900)\",$pos,\"known\":{$young}}" >at.tick
reads --from @at.tick --until "ts:$(ts 905)"
is 'dropped after --until: its rows up to there cannot be had' "$got $(wc -c <"$out")" '4 0'
like '  says so' "$(cat "$err")" "'default.young' .5. is at the target, and the source has dropped it .* at 1970-01-01T00:00:00.910Z, after --until"

# A signal while the log is looked through proves nothing
known '"1":{"name":"default.items","parts":{"11":"_default"},"load":"none"},"7":{"name":"default.lost","parts":{},"load":"none"},"5":{"name":"default.young","parts":{},"load":"none"}'
for how in stop keep; do
	LD_PRELOAD="$BUILD/tests/killat.so" KILLAT='write term fd=2 has=looking prog=cdc-read' \
		sh -c "cdc-read -v --meta cat.ndjson --from @at.tick --until now --missing $how >stopped 2>stopped.err; echo \$? >status"
	is "told to stop while it looks ($how)" "$(cat status)" 143
	like '  there' "$(cat stopped.err)" 'looking for drops'
	is '  nothing is dropped' "$(wc -c <stopped)" 0
	fails '  and nobody is asked to choose' grep -q 'was it restored' stopped.err
done

# --missing is for what the source is without at that start
live --from @at.tick --missing drop
{ header "$FOLLOW" && cat_of 1000 coll 6 other start=1:0; } >&8
sees '^create_collection@10 default.other'
is '--missing drop at a start' "$(body live.out | grep drop | sort | paste -sd ' ')" \
	'drop_collection@900 default.lost drop_collection@900 default.young'
{ echo '{"kind":"resync","rev":20}' && cat_of 1010; } >&8
ends
stops '  not for what a resync forgets' "collection 'default.other' .6. is at the target" live.err

# A static catalogue that is older than the rows of what was dropped long ago
kafka_down && kafka_up
feed <<X
insert 0 110 part=11 keys=1
insert 1 120 coll=9 part=91 keys=2
drop 1 125 coll=9
insert 0 130 part=11 keys=3
tick 0 200
tick 1 200
X
{ header && cat_of 50; } >cat.ndjson
reads --from beginning --until now
is 'rows of what was dropped do not end a stream' "$got $(rows | tail -n 1) $(ops | tail -n 1)" \
	'0 insert@130 default.items/_default 3 end@200'

# The same behind a resync
live --from now
{ header "$FOLLOW" && cat_of 1000 coll 6 other start=1:0; } >&8
sees '^create_collection@10 default.other'
{ echo '{"kind":"resync","rev":20}' && cat_of 1010; } >&8
ends
stops 'a resync that forgets one' "collection 'default.other' .6. is at the target" live.err
is '  no drop' "$(body live.out | grep -c drop)" 0
done_testing
