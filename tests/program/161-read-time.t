#!/bin/sh
# A start by time goes by the timestamps in the log: the mock cluster finds no record by Kafka's time, as if the clock of
# who wrote them were hours behind
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
# Topic 0: a tick each second from 1000 s to 3000 s, and a row before every tenth; topic 1: the same without rows, then
# a row before a tick that is older.
{
	i=1000
	while [ $i -lt 3000 ]; do
		[ $((i % 10)) -ne 0 ] || echo "insert 0 ${i}500 part=11 keys=$i"
		echo "tick 0 ${i}600"
		echo "tick 1 ${i}600"
		i=$((i + 1))
	done
	echo 'insert 1 3000900 part=11 keys=7'
	echo 'tick 1 3000100'
	echo 'tick 1 3001000'
	echo 'tick 0 3001000'
} | feed
{
	header
	coll 1 items create=1000100 start=0:0,1:0
	part 11 1 _default create=1000100
	ready 1000100
} >cat.ndjson
zero=by-dev-rootcoord-dml_0 one=by-dev-rootcoord-dml_1
keys() { jq -r 'select(.op == "insert") | .rows[].pk' "$out" | tr '\n' ' '; }

for t in 2980000 2980499; do
	reads --from "ts:$(ts $t)" --until end
	is "all rows above $t, and no other" "$got $(keys)" '0 2980 2990 7 '
done
reads --from "ts:$(ts 2980500)" --until end
is 'a row at T is not above it' "$got $(keys)" '0 2990 7 '
reads --from "ts:$(ts 3000500)" --until end
is 'a row that stands before an older tick' "$got $(keys)" '0 7 '
reads --from 1970-01-01T00:33:20Z --until end
is 'a time, in the middle of the log' "$got $(keys | wc -w) $(keys | cut -d' ' -f1)" '0 101 2000'
for t in "$zero" "$one"; do
	is "not much is read before it: $t" \
		"$(head -n 1 "$out" | jq --arg t "$t" '.from[$t].o | (. > 650) and (. < 1100)')" true
done
reads --from "ts:$(ts 1000)" --until end
is 'before the log: all of it' "$got $(keys | wc -w)" '0 201'
reads --from "ts:$(ts 9000000)" --until end
is 'after the log: nothing, and no error' "$got $(keys)" '0 '

# What a time wants is gone from the log.
for i in 1 2 3 4 5 6 7 8; do echo "!random $zero 900000 @350"; done | feed
{ echo 'insert 0 3002000 part=11 keys=8' && echo 'tick 0 3003000' && echo 'tick 1 3003000'; } | feed
reads --from "ts:$(ts 2990000)" --until end
is 'the log begins later: status 4, and no line' "$got $(wc -c <"$out")" '4 0'
like 'says so' "$(cat "$err")" "^cdc-read: the log begins later than ts:$(ts 2990000) .*topic '$zero': .*offset [0-9]*, Kafka has "

# All of the log is gone, of both topics or of one; what is used begins below.
empty() { # TOPIC ARG...
	EMPTY_LOG=$1 LD_PRELOAD=$BUILD/tests/emptylog.so
	export EMPTY_LOG LD_PRELOAD
	shift
	reads "$@" --until end
	unset EMPTY_LOG LD_PRELOAD
}
from() { head -n 1 "$out" | jq -r --arg t "$1" '.from[$t].o'; }
high() { jq -r --arg t "$1" 'select(.op == "end").pos[$t].n' "$T/ended"; }
reads --from now --until end
tail -n 1 "$out" >ended
for t in dml "$zero"; do
	empty "$t" --from now
	is "now, without a record: at the end ($t)" "$got $(from "$zero")" "0 $(high "$zero")"
done
empty dml --from "ts:$(ts 3002900)"
is 'a time: status 4, since nothing tells what was there' "$got $(wc -c <"$out")" '4 0'
like 'says so' "$(cat "$err")" "^cdc-read: all of the log is removed, and what was behind ts:$(ts 3002900) .*--from now.*topic '$zero'"
reads --from ts:0 --until end
is 'the beginning of time is a time' "$got $(wc -c <"$out")" '4 0'

kafka_down
done_testing
