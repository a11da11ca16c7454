#!/bin/sh
# cdc-apply --until: a stream up to a moment.  What cdc-verify makes of it is in real/200-recipes.py.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start

at() { sed "s/\"ts\":\"1000\"/\"ts\":\"$1\"/"; } # the row lines read, at that time
{ begin; create a; insert a 1 | at 10; tick 12; insert a 2 | at 20; insert a 3 | at 21; delete a 1 | at 22; tick 25
	insert a 4 | at 19 | sed 's/"n"/"late":true,"n"/'; insert a 5 | at 30; end 40; } >one
{ begin 40 | sed 's/"ts":"1"/"ts":"40"/'; insert a 6 | at 50; end 60; } >two

exits 0 cdc-apply --until ts:21 one two
is 'what is later is left out, what is late is not' "$(keys)" '1 2 3 4'
is 'a tick that is later is not acknowledged' "$(jq -r '.ts + ":" + (.n.insert | tostring)' "$out")" 12:1
exits 0 cdc-apply --until ts:40 one two
is 'the end of a file, which is included' "$(keys)" '2 3 4 5'
is '  and acknowledged' "$(tail -n 1 "$out" | jq -c '[.ts,.end]')" '["40",true]'
exits 0 cdc-apply --until ts:50 one two
is 'the second file' "$(keys)" '2 3 4 5 6'

# A stream whose lines are in order for each topic only: a later line does not say that all before is there
by_topic() { begin | sed 's/"ts":"1"/"ts":"1","order":"topic"/'; }
{ by_topic; create a; insert a 1 | at 30; insert a 2 | at 20; tick 12; insert a 3 | at 25; insert a 4 | at 15; end 40; } >both
fake_stop; rm -rf fake fake.port; fake_start
exits 0 timeout 20 cdc-apply both
is 'by topic: all of it' "$(keys)" '1 2 3 4'
fake_stop; rm -rf fake fake.port; fake_start
exits 0 timeout 20 cdc-apply --until ts:22 both
is 'by topic: what is not later' "$(keys)" '2 4'
sed '$d' both >cut
exits 1 timeout 20 cdc-apply --until ts:22 cut
like 'by topic: until its tick says so' "$(cat "$err")" 'cut ends after line 7 .*without an .end'
{ by_topic; create a; tick 12; insert a 1 | at 12; end 40; } >old
exits 1 timeout 20 cdc-apply old
like 'by topic: nothing below a tick' "$(cat "$err")" 'out of order: timestamp 12, and 13 or more is due'

# Not reached, or not from there on
exits 1 cdc-apply --until ts:61 one two
like 'files that end before it' "$(cat "$err")" 'two line 3: the input ends at 1970-01-01T00:00:00.000Z, before --until'
exits 1 cdc-apply --until ts:30 two
like 'a stream that begins later' "$(cat "$err")" 'two line 1: .*the stream begins later than --until'
head -n 4 one >torn
exits 1 cdc-apply --until ts:21 torn
like 'a torn file that does not reach it' "$(cat "$err")" 'the stream is cut'
grep -v '"end"' one >torn
exits 0 cdc-apply --until ts:21 torn
exits 1 cdc-apply --until ts:21 torn two
like 'a gap is one, also behind it' "$(cat "$err")" 'a part is missing before this stream'

# What was dropped before it was written is not there
{ begin; create b; insert b 7 | at 10 | sed 's/"n"/"gone":true,"n"/'; tick 12; end 40; } >gone
exits 0 cdc-apply --until ts:20 gone
like 'lines that are gone are told' "$(cat "$err")" '1 lines are left out'

for p in 'cdc-apply' 'cdc-verify --backup one'; do
	for t in now ts: 0 ts:x 2026-02-30T00:00:00Z; do
		exits 2 $p --until $t
	done
done
exits 2 cdc-verify -S http://127.0.0.1:1 --until ts:5
like 'of files alone' "$(cat "$err")" 'until: of a --backup'

# A time is what --time shows, to the millisecond
ms=1767323045678
lines() { sed "s/\"ts\":\"\([0-9]*\)\"/\"ts\":\"$((ms * 262144))\"/"; }
{ begin; create d; insert d 1 | lines; tick 5 | lines; end 6 | sed "s/\"ts\":\"6\"/\"ts\":\"$((ms * 262144 + 262144))\"/g"; } >timed
exits 0 cdc-apply --until 2026-01-02T03:04:05.678Z timed
is 'up to a time' "$(tail -n 1 "$out" | jq -r .ts)" $((ms * 262144))
fake_stop
done_testing
