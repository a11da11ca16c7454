#!/bin/sh
# set, status, log, supervise; with stand-ins where something runs.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
cdc-task create dr --no-check || exit 1
dir=$CDC_STATE_DIR/tasks/dr
cp=$dir/checkpoint.json
ack() {
	printf '{"op":"ack","ts":"%s","pos":{"t":{"o":%s,"n":%s,"ts":"%s"}},"known":{"7":{"name":"d.c"}},"end":true}\n' \
		"$1" "$2" "$2" "$1"
}
status() { cdc-task status "$1" --json --offline; }

# status
is 'keys, always all of them' "$(status dr | jq -c keys_unsorted)" '["task","state","reason","since","desired","runner",'\
'"writer","gen","ts","time","checkpoint_age_ms","newest_ms","lag_ms","lag_unknown","backlog","backlog_unknown",'\
'"rate","applied","trouble","last_error","last_error_time","imported","topics"]'
is 'never run' "$(status dr | jq -c '[.state,.reason,.ts,.lag_ms,.lag_unknown]')" \
	'["stopped","never run",null,null,"nothing applied yet"]'
ack 470617063557693440 5 | cdc-task commit dr
is 'a position' "$(status dr | jq -c '[.ts,.time,.gen]')" '["470617063557693440","2026-11-21T11:47:05.510Z",1]'
is 'the lag is not guessed' "$(status dr | jq -c '[.lag_ms,.lag_unknown]')" '[null,"not asked"]'
is 'not when the brokers are away either' "$(cdc-task status dr --json | jq -c '[.lag_ms,(.lag_unknown|length > 10)]')" \
	'[null,true]'
like 'for people' "$(cdc-task status dr --offline)" '^dr +stopped +- +- +- +-  2026-11-21T11:47:05.510Z +'
exits 1 cdc-task status nobody
cdc-task create other --no-check -T http://127.0.0.1:2
echo '{' >"$CDC_STATE_DIR/tasks/other/task.json"
is 'a broken folder is one failed task' "$(cdc-task status --json --offline | jq -c '[.task,.state]')" '["dr","stopped"]
["other","failed"]'
cdc-task status dr -w --json --offline >watch 2>&1 &
pid=$!
sleep 2.5
kill $pid
wait $pid 2>/dev/null
is '-w: until a signal' $? 143
is 'one line each time' "$(wc -l <watch)" 2

# set to a position
ack 100 1 >back
ok 'back to a position' cdc-task set dr --from @back
is 'a lower one is accepted here' "$(jq -c '[.ts,.pos.t.o]' "$cp")" '["100",1]'
is 'what the target has stays known' "$(jq -c .known "$cp")" '{"7":{"name":"d.c"}}'
is 'as a new generation' "$(jq -c .gen "$cp")" 2
is 'and commits go on from there' "$(ack 200 2 | cdc-task commit dr && jq -r .ts "$cp")" 200
like 'the log knows' "$(cdc-task log dr | tail -n 1)" '"event":"set","from":"@back"'

# to a word
ok 'to a word' cdc-task set dr --from beginning
is 'is kept in the definition' "$(jq -r .from "$dir/task.json")" beginning
is 'there is no checkpoint any more' "$(status dr | jq -c '[.gen,.ts]')" '[0,null]'
is 'but the old one can be looked at' "$(jq -r .ts "$dir/checkpoint.set.json")" 200
ok 'and can be gone back to' cdc-task set dr --from "@$dir/checkpoint.set.json"
is 'so' "$(jq -r .ts "$cp")" 200
ok 'to a time' cdc-task set dr --from 2026-11-21T11:47:24Z
is 'is kept as it is' "$(jq -r .from "$dir/task.json")" 2026-11-21T11:47:24Z
exits 3 cdc-task set dr --from now
is 'not to now, as the source cannot say it' "$(jq -r .from "$dir/task.json")" 2026-11-21T11:47:24Z
ok 'a broken task does not keep others from being made' cdc-task create never --no-check -T http://127.0.0.1:9
exits 1 cdc-task set dr --from task:never
like 'not where there is nothing' "$(cat "$err")" "task 'never' has no position yet"
cdc-task delete never
exits 2 cdc-task set dr
exits 2 cdc-task set dr --from nonsense
exits 2 cdc-task set dr --from @absent
ack 300 1 | cdc-task commit dr
echo torn >"$cp"
rm "$dir/checkpoint.prev.json" 2>/dev/null
exits 1 sh -c 'cdc-task commit dr </dev/null'
ok 'a torn checkpoint is repaired by set' cdc-task set dr --from @back
is 'so' "$(status dr | jq -r .ts)" 100

# What is at the target already is ours, from now on; or no more
adopt() { jq -c .options.adopt "$dir/task.json"; }
kept=$(jq -c 'del(.options.adopt)' "$dir/task.json")
exits 0 cdc-task set dr --adopt
like 'it stands in the definition' "$(adopt):$(cdc-task show dr | grep cdc-apply)" '^true:cdc-apply .*--adopt'
like '  and in the log' "$(cdc-task log dr | tail -n 1)" '"event":"adopt","on":true'
is '  and nothing else is changed' "$(jq -c 'del(.options.adopt)' "$dir/task.json"):$(status dr | jq -r .ts)" "$kept:100"
exits 0 cdc-task set dr --no-adopt
is 'it is taken back' "$(adopt)$(cdc-task show dr | grep -c -e --adopt)" null0
exits 2 cdc-task set dr --adopt --no-adopt
exits 0 cdc-task set dr --from @back --adopt
is 'with a position' "$(adopt):$(status dr | jq -r .ts)" true:100
cdc-task set dr --no-adopt

# supervise
rm -rf "$CDC_STATE_DIR/tasks/other"
cdc-task set dr --from start
cdc-task create idle --no-check -T http://127.0.0.1:3 --paused
cdc-task supervise 2>super.err &
super=$!
running() { [ "$(status "$1" | jq -r .state)" = running ]; }
runner() { status "$1" | jq .runner; }
ok 'a wanted task is run' wait_until 5 running dr
is 'a paused one is not' "$(status idle | jq -r .state)" paused
exits 3 cdc-task supervise
cdc-task resume idle
ok 'it is, when it is resumed' wait_until 5 running idle
cdc-task create late --no-check -T http://127.0.0.1:4
ok 'and one that is made later' wait_until 5 running late
ok 'pause' cdc-task pause late
is 'paused' "$(status late | jq -r .state)" paused
ok 'delete' cdc-task delete late
was=$(runner dr)
kill -9 "$was"
ok 'a runner that is killed is started again' wait_until 12 sh -c \
	"p=\$(cdc-task status dr --json --offline | jq .runner); [ \$p != null ] && [ \$p != $was ]"
cdc-task pause idle
echo 1 >ctl/cdc-apply.die
ok 'a failure stays a failure' wait_until 8 sh -c '[ "$(cdc-task status dr --json --offline | jq -r .state)" = failed ]'
sleep 6
fails 'no start for a paused one' grep -q 'is paused' super.err
is 'it is not tried again' "$(status dr | jq -r .state)" failed
cdc-task resume dr
ok 'until it is resumed' wait_until 5 running dr
like 'messages say which task' "$(cat super.err)" '^\[dr\] cdc-apply: told to die: 1$'
kill $super
wait $super 2>/dev/null
is 'SIGTERM: dies of it' $? 143
is 'in order' "$(cdc-task log dr | jq -c 'select(.event == "stopped") | .in_order' | tail -n 1)" true
is 'stopped' "$(status dr | jq -r .state)" stopped
cdc-task supervise 2>super.err &
super=$!
ok 'again' wait_until 5 running dr
kill -9 $super
wait $super 2>/dev/null
ok 'kill -9: its runs end too' wait_until 15 sh -c '[ "$(cdc-task status dr --json --offline | jq -r .state)" = stopped ]'
done_testing
