#!/bin/sh
# a streaming log in which something does not come: what waits for it is said
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/wallib.sh"

start() { # NAME WHERE
	timeout 16 cdc-read --from "ts:$(ts 20)" --until "$2" <cat.ndjson >"$1.out" 2>"$1.err" &
	pids="${pids:-} $!"
}
finish() {
	# shellcheck disable=SC2086
	wait $pids
	pids=''
}
{ header && control && coll 7 x start=1:0 && part 71 7 _default && at_log 20; } >cat.ndjson

kafka_up
{
	echo '+tick 0 10' && echo '+tick 1 10'
	echo '+mkpart 40 b=3 coll=7 part=72 name=p on=1 lack=1'
	echo '+insert 1 50 coll=7 part=71 keys=5'
	echo '+tick 0 60' && echo '+tick 1 60'
	echo '+insert 1 70 coll=7 part=71 keys=7'
} | wal
start never never
start lack now
finish
is 'a change without one of its copies' "$(cut -d: -f2- never.err)" \
	" topic 'by-dev-rootcoord-dml_0' offset 1 (1970-01-01T00:00:00.040Z): CreatePartition waits for its copy in channel 'by-dev-rootcoord-dml_1_7v0', which has not come, and all behind it in its channels waits, too (--until end goes on without the copy)"
is '  other channels go on, and the time of ticks does not' "$(ops never.out | grep -v 'tick@20' | paste -sd ' ')" \
	'begin@20 create_collection@10 default.x partial insert@50 default.x/_default 5 tick@39 end@39 stopped'
is '  with an end, it is said, too' "$(cat lack.err)" "$(cat never.err)"
reads --from "ts:$(ts 20)" --until end
is 'to the end of what is there' "$got $(ops | grep -E 'partition|insert' | paste -sd ' ')" \
	'0 insert@50 default.x/_default 5 insert@70 default.x/_default 7 create_partition@40 default.x/p'

kafka_down && kafka_up
{
	echo '+tick 0 10' && echo '+tick 1 10' && echo '+tick 0 80'
	echo '+insert 1 50 coll=7 part=71 keys=5'
} | wal
start now now
start time "ts:$(ts 65)"
start ahead "ts:$(ts $((($(date +%s) + 3600) * 1000)))" # tells nothing before its time
finish
for w in now time; do
	is "no tick for --until $w" "$(cut -d: -f2- $w.err)" \
		" waiting for a tick on topic 'by-dev-rootcoord-dml_1' (if the source is dead, --until end takes what is there)"
done
is 'a time that is not over' "$(cat ahead.err)" ''
kafka_down && kafka_up
{
	echo '+tick 0 10' && echo '+tick 1 30'
	echo '+alias 40 b=4 coll=7 name=y'
	echo '+tick 0 60'
} | wal
live --from "ts:$(ts 20)" --until never
{ header "$FOLLOW" && control && coll 7 x start=1:0 && part 71 7 _default && at_log 20; } >&8
sees '^create_alias@40 default.x alias y$'
stop
is 'an alias does not wait for a quiet channel' "$(ops live.out | tail -n 1)" 'end@30 stopped'
{ header && control && coll 7 x start=1:0 && part 71 7 _default && alias_ y 7 ts=40 && at_log 60; } >cat.ndjson
reads --from @live.out --until end
is '  and stays when another run goes on' "$got $(ops | grep alias)" '0 '
done_testing
