#!/bin/sh
# cdc-task run with the real cdc-read and cdc-apply, librdkafka's mock cluster and a Milvus in memory; only the catalogue
# is told. Any of the four is killed in the middle, and the target has each row once.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
export CDC_STATE_DIR="$T/state"
kafka_up
fake_start
mkdir bin
cp "$BUILD/cdc-task" "$BUILD/cdc-read" "$BUILD/cdc-apply" bin/
{
	header "$FOLLOW"
	coll 1 items start=0:0,1:0
	part 11 1 _default
	ready 20
} >cat.ndjson
cat >bin/cdc-meta <<X
#!/bin/sh
echo \$\$ >'$T/cdc-meta.pid'
cat '$T/cat.ndjson'
while mkmsg at 9; do sleep 0.05; done
X
chmod +x bin/cdc-meta
PATH=$T/bin:$PATH
time=100
tick 0 50 >/dev/null
feed <<X
tick 0 50
tick 1 50
X
key=0 want=
same() { [ "$(keys)" = "${want# }" ]; }
start() {
	cdc-task run dr 2>run.err &
	run=$!
}
child() { pgrep -f "^$1 .*$T/state" | head -n 1; }

cdc-task create dr --no-check || exit 1
start
more 5 >words && feed <words
ok 'rows arrive' wait_until 20 same
is 'and are committed' "$(wait_until 5 sh -c '[ "$(cdc-task status dr --json --offline | jq -r .applied.rows)" = 5 ]' && echo yes)" yes
lag() { cdc-task status dr --json | jq -c '[.lag_ms != null, .lag_unknown]'; }
is 'the lag is asked of Kafka' "$(lag)" '[true,null]'

for p in cdc-meta cdc-read cdc-apply commit; do
	more 20 >words && feed <words
	case $p in
	cdc-meta) victim=$(cat cdc-meta.pid) ;;
	commit) victim=$(pgrep -f "^cdc-task --state-dir $T/state commit") ;;
	*) victim=$(child $p) ;;
	esac
	kill -9 $victim
	more 20 >words && feed <words
	ok "kill -9 $p: all rows are there" wait_until 30 same
done
# The rows may be there before the runner has seen that the last one is gone.
starts() { [ "$(cdc-task log dr | grep -c '"event":"start"')" = 5 ]; }
ok 'four starts more' wait_until 20 starts

# the target goes away for a while; a request that it had and did not answer would wait for its time
safe() { [ "$(jq '.ts | tonumber' "$CDC_STATE_DIR/tasks/dr/checkpoint.json")" -ge "$(ts "$time")" ]; }
ok 'all is safe' wait_until 30 safe
fake_stop
more 5 >words && feed <words
sleep 1
fake_start
ok 'the target was away: all rows are there' wait_until 30 same

# in order, rows while it is down, on
more 20 >words && feed <words
kill $run
wait $run 2>/dev/null
is 'SIGTERM' $? 143
is 'in order' "$(cdc-task log dr | jq -c 'select(.event == "stopped") | [.in_order,.cause]')" '[true,null]'
more 20 >words && feed <words
start
ok 'what came while it was down' wait_until 30 same
kill -9 $run
wait $run 2>/dev/null
more 20 >words && feed <words
start
ok 'kill -9 of the runner' wait_until 30 same
time=$((time + 10))
feed <<X
delete 0 $time part=-1 keys=2,4
tick 0 $((time + 10))
tick 1 $((time + 10))
X
want=$(echo "$want" | sed 's/ 2 / /; s/ 4 / /')
time=$((time + 10))
ok 'a delete' wait_until 30 same
ok 'pause' cdc-task pause dr
wait $run
is 'ends with 0' $? 0

# what Kafka has no more: status 4, and stays so
jq -c '.pos |= map_values(.o = 100000 | .n = 100000)' "$CDC_STATE_DIR/tasks/dr/checkpoint.json" >far
ok 'set to where nothing is' cdc-task set dr --from @far
cdc-task resume dr
start
wait $run
is 'a position that is gone: status 4' $? 4
is 'failed' "$(cdc-task status dr --json --offline | jq -r .state)" failed
like 'with topic and offsets' "$(cdc-task status dr --json --offline | jq -r .reason)" 'cdc-read, status 4: .*dml_[01].*100000'
fake_stop
kafka_down
done_testing
