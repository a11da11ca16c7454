#!/bin/sh
# cdc-task status: rows, lag and backlog asked of librdkafka's mock cluster, exit status, colors; show, pasted into a shell.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
unset NO_COLOR
kafka_up
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
kafka_of() { cdc-task status "$1" --json | jq -c "$2"; }
state() { cdc-task status "$1" --json --offline | jq -r .state; }
P=by-dev-rootcoord-dml_
ack() { # MS O0 O1: acknowledged up to there
	printf '{"op":"ack","ts":"%s","pos":{"%s0":{"o":%s,"n":%s,"ts":"%s"},"%s1":{"o":%s,"n":%s,"ts":"%s"}},"end":true}\n' \
		"$(ts "$1")" $P "$2" "$2" "$(ts "$1")" $P "$3" "$3" "$(ts "$1")"
}

is 'no task: the head' "$(cdc-task status)" 'NAME                 STATE    SINCE                      LAG   BACKLOG   ROWS/S  APPLIED                   LAST-ERROR'
exits 0 cdc-task status
cdc-task create dr --no-check -T http://127.0.0.1:2 || exit 1
dir=$CDC_STATE_DIR/tasks/dr
exits 1 cdc-task status --offline
is 'nothing applied: both are unknown' "$(kafka_of dr '[.lag_ms,.backlog,.lag_unknown,.backlog_unknown,.topics]')" \
	'[null,null,"nothing applied yet","nothing applied yet",[]]'

# lag and backlog
feed <<X
tick 0 50
insert 0 1000 part=11 keys=1
tick 0 60000
tick 1 50
tick 1 61500
X
ack 50 1 1 | cdc-task commit dr || exit 1
is 'records from the committed offsets to the ends, ticks too' "$(kafka_of dr '[.backlog,.backlog_unknown]')" '[3,null]'
is 'the newest record less what is applied' "$(kafka_of dr '[.newest_ms,.lag_ms,.lag_unknown]')" '[61500,61450,null]'
is 'each topic' "$(kafka_of dr '.topics | map([.topic,.low,.high,.committed,.ts])')" \
	"[[\"${P}0\",0,3,1,\"$(ts 50)\"],[\"${P}1\",0,2,1,\"$(ts 50)\"]]"
now=$(date +%s%3N)
age=$(kafka_of dr '.topics[0].age_ms')
ok "its age is that of what is applied: $age" [ $((age - now + 50)) -ge 0 -a $((age - now)) -lt 30000 ]
like 'for people' "$(cdc-task status dr)" '^dr +stopped +- +1m 1s +3 +-  1970-01-01T00:00:00.050Z +no runner|never run'
is '-v: the topics' "$(cdc-task status dr -v | tail -n 2 | awk '{ print $1, $2, $3, $4, $5 }')" \
	"${P}0 0 3 1 1970-01-01T00:00:00.050Z
${P}1 0 2 1 1970-01-01T00:00:00.050Z"
is '-v: their head' "$(cdc-task status dr -v | sed -n 3p | tr -s ' ')" ' TOPIC LOW HIGH COMMITTED TS AGE'
ack 61500 3 2 | cdc-task commit dr
is 'at the end: none' "$(kafka_of dr '[.backlog,.lag_ms]')" '[0,0]'
feed <<X
tick 0 62500
X
is 'a second later' "$(kafka_of dr '[.backlog,.lag_ms]')" '[1,1000]'
# a topic that is quiet has its own timestamp, and holds the tick's back
ack 61500 4 2 | sed "s/$(ts 61500)/$(ts 62500)/2" | cdc-task commit dr
is 'a quiet topic is not behind' "$(kafka_of dr '[.ts,.topics[0].ts,.topics[1].ts,.backlog,.lag_ms]')" \
	"[\"$(ts 61500)\",\"$(ts 62500)\",\"$(ts 61500)\",0,0]"

# what cannot be known is not guessed
ack 61500 9 2 >far
cdc-task set dr --from @far
is 'a position past the end: no backlog' "$(kafka_of dr '[.backlog,.backlog_unknown,.lag_ms]')" \
	"[null,\"topic '${P}0' has offsets 0 to 4, the position is 9\",1000]"
ack 61500 3 2 >at
cdc-task set dr --from @at
is 'offline: what the checkpoint says' "$(cdc-task status dr --json --offline | jq -c \
	'[.backlog,.backlog_unknown,(.topics[0] | [.low,.high,.committed])]')" '[null,"not asked",[null,null,3]]'
kafka_down
is 'no brokers: unknown, and why' "$(kafka_of dr '[.backlog,.lag_ms,(.backlog_unknown | test("do not answer")),
	(.lag_unknown | test("do not answer"))]')" '[null,null,true,true]'
like 'so for people' "$(cdc-task status dr)" '^dr +stopped +- +- +- +-  1970-01-01T00:01:01.500Z'

# the exit status, and the last error
cdc-task set dr --from start
start() {
	cdc-task run dr 2>run.err &
	run=$!
}
cdc-task pause dr --reason 'night
shift'
exits 0 cdc-task status dr
exits 0 cdc-task status --offline
like 'a reason is one line' "$(cdc-task status dr --offline)" '  night shift$'
cdc-task resume dr
exits 1 cdc-task status dr --offline
start
is_running() { [ "$(state dr)" = running ]; }
wait_until 10 is_running
exits 0 cdc-task status dr --offline
exits 0 cdc-task status --offline --json
cdc-task create idle --no-check -T http://127.0.0.1:3
exits 1 cdc-task status --offline
exits 0 cdc-task status dr --offline
cdc-task delete idle

# columns are as wide as the longest name
long=$(printf 'n%031d' 7) longest=$(printf 'n%0127d' 7)
cdc-task create "$long" --no-check -T http://127.0.0.1:4
columns() { cdc-task status --offline | awk '{ print index($0, /^NAME/ ? "STATE" : $2) }' | sort -u | wc -l; }
is 'a name of 32 letters: columns' "$(columns)" 1
cdc-task create "$longest" --no-check -T http://127.0.0.1:5
is 'and of 128' "$(columns) $(cdc-task status --offline | grep -c "^$longest stopped")" '1 1'
cdc-task delete "$long" && cdc-task delete "$longest"
moved() { [ "$(jq .gen "$dir/checkpoint.json")" -gt "$from" ]; }
moves() {
	from=$(jq .gen "$dir/checkpoint.json" 2>/dev/null || echo 0)
	wait_until 10 moved
}
moves
is 'no error yet' "$(cdc-task status dr --json --offline | jq -c '[.last_error,.last_error_time]')" '[null,null]'
echo 3 >ctl/cdc-apply.die
wait_until 10 grep -q '"event":"end"' "$dir/log.ndjson"
moves
wait_until 10 is_running
is 'it runs again, and the error stays known' "$(cdc-task status dr --json --offline | jq -c '[.state,.reason,.last_error]')" \
	'["running",null,"cdc-apply, status 3: cdc-apply: told to die: 3"]'
is 'and when it was' "$(cdc-task status dr --json --offline | jq -r .last_error_time)" \
	"$(jq -r 'select(.event == "end") | .time' "$dir/log.ndjson" | tail -n 1)"
like 'for people' "$(cdc-task status dr --offline)" '  20[0-9-]*T[0-9:]*Z cdc-apply, status 3: cdc-apply: told to die: 3$'

# colors: on a terminal only
on_terminal() { TERM=${1:-xterm} script -qec "cdc-task status dr --offline" /dev/null </dev/null; }
esc=$(printf '\033')
like 'on a terminal' "$(on_terminal)" "^dr +$esc\[32mrunning $esc\[0m "
fails 'not into a pipe' sh -c "cdc-task status dr --offline | grep $esc"
fails 'not with NO_COLOR' sh -c "NO_COLOR=1 TERM=xterm script -qec 'cdc-task status dr --offline' /dev/null | grep $esc"
fails 'not on a dumb one' sh -c "TERM=dumb script -qec 'cdc-task status dr --offline' /dev/null | grep $esc"
kill $run
wait $run 2>/dev/null
like 'another color' "$(on_terminal)" "^dr +$esc\[31mstopped $esc\[0m "
echo 1 >ctl/cdc-meta.die
start
wait $run
is 'failed' "$(state dr)" failed
exits 1 cdc-task status dr --offline

# show: what run starts
cdc-task create odd --no-check -T http://127.0.0.1:5 -i 'a.*' -X "client.id=it's a \$HOME" --cluster 'x y' || exit 1
rm -f ctl/argv
sh -c 'cdc-task run odd 2>/dev/null & echo $! >run.pid; wait' &
odd=$CDC_STATE_DIR/tasks/odd
wait_until 10 test -s "$odd/checkpoint.json"
sort -u ctl/argv >argv.run
is 'three programs' "$(wc -l <argv.run)" 3
kill "$(cat run.pid)"
wait
rm -f ctl/argv "$odd"/checkpoint*
cdc-task show odd >pasted
is 'show: a program a line' "$(cut -d ' ' -f 1 pasted | paste -sd ' ')" 'cdc-meta cdc-read cdc-apply cdc-task'
sh pasted 2>pasted.err &
wait_until 10 test -s "$odd/checkpoint.json"
ok 'pasted into a shell it commits' test -s "$odd/checkpoint.json"
kill "$(cat ctl/cdc-read.pid)"
wait
is 'the same programs with the same arguments' "$(sort -u ctl/argv)" "$(cat argv.run)"
PATH=${PATH#"$T/bin:"} "$T/bin/cdc-task" show odd >pasted
is 'programs that PATH has not: by their path' "$(cut -d ' ' -f 1 pasted | paste -sd ' ')" \
	"$T/bin/cdc-meta $T/bin/cdc-read $T/bin/cdc-apply $T/bin/cdc-task"
is 'show --json: the definition, and names' "$(cdc-task show odd --json | jq -c '[.name,(.pipeline | map(split(" ")[0]))]')" \
	'["odd",["cdc-meta","cdc-read","cdc-apply","cdc-task"]]'
# brokers that are away cost the wait once
i=0
while [ $((i += 1)) -le 8 ]; do
	cdc-task create "away$i" --no-check -b 127.0.0.1:1 -T "http://127.0.0.1:$((100 + i))"
	ack 50 1 1 | cdc-task commit "away$i" || exit 1
done
cdc-task pause dr
began=$(date +%s)
cdc-task status --json | jq -r 'select(.task | startswith("away")).lag_unknown' >unknown
took=$(($(date +%s) - began))
is 'all are told why' "$(grep -c "brokers '127.0.0.1:1' do not answer: 127.0.0.1:1/bootstrap: Connect.* failed: Connection refused$" unknown)" 8
ok "  within $took s, not 24" test $took -le 9

done_testing
