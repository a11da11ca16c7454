#!/bin/sh
# cdc-read is told to stop while it asks whether a topic that was silent is the same: the stream ends in order, at a place
# from where the question is asked again.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
{
	header "$FOLLOW"
	coll 1 items start=0:0,1:0
	part 11 1 _default
	ready 20
} >cat.ndjson
feed <<X
tick 0 50
tick 1 50
insert 0 100 part=11 keys=1
tick 0 110
tick 1 110
X
catalogue() {
	cat cat.ndjson
	while mkmsg at 9; do sleep 0.05; done
}
has() { jq -c 'select(.op == "insert").rows[].pk' out | grep -qx "\"$1\""; }
released() { [ "$(jq -r 'select(.op == "tick").ts' out | tail -n 1)" = "$(ts "$1")" ]; }

catalogue 2>/dev/null | LD_PRELOAD="$BUILD/tests/killat.so" KILLAT='write term fd=2 has=silent: prog=cdc-read' \
	sh -c 'cdc-read -v >out 2>err; echo $? >status' &
ok 'it reads' wait_until 20 has 1
ok '  up to the last tick' wait_until 20 released 110
sleep 1.2 # longer than topics in use are silent
feed <<X
insert 0 200 part=11 keys=2
tick 0 210
tick 1 210
X
ok 'SIGTERM while it asks' wait_until 20 test -s status
is '  ends it' "$(cat status)" 143
like '  there' "$(cat err)" 'topics were silent'
is 'the stream has an end' "$(tail -n 1 out | jq -c '[.op,.stopped]')" '["end",true]'
is '  before what is in doubt' "$(tail -n 1 out | jq -c '.pos["by-dev-rootcoord-dml_0"] | [.o,.n,.last]')" "[3,3,\"$(ts 110)\"]"
fails '  with none of its rows' has 2
tail -n 1 out >at.json
sed 's/,"follow":true//' cat.ndjson >static.ndjson
cdc-read --meta static.ndjson --from @at.json --until now >next 2>err2
is 'and goes on from there' "$(jq -r 'select(.op == "insert").rows[].pk' next) $(cat err2)" '2 '
kafka_down
done_testing
