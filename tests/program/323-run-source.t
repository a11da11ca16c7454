#!/bin/sh
# cdc-task run for a source without etcd, with stand-ins: cdc-meta ends when the catalogue is written, the run goes on.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl" CDC_SOURCE_TOKEN=root:anybody
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
echo 'env >"$CTL/env"' >>bin/stand-in.sh
PATH=$T/bin:$PATH
cdc-task create dr --no-check -S http://src:19530 2>/dev/null || exit 1
dir=$CDC_STATE_DIR/tasks/dr
gen() { jq .gen "$dir/checkpoint.json" 2>/dev/null || echo 0; }
moves() {
	moves_from=$(gen)
	wait_until 10 sh -c "[ \$(jq .gen '$dir/checkpoint.json') -gt $moves_from ]"
}
last() { cdc-task log dr | jq -c "select(.event == \"$1\")" | tail -n 1; }
count() { cdc-task log dr | grep -c "\"event\":\"$1\""; }
ended() { ! kill -0 "$(cat ctl/cdc-meta.pid)" 2>/dev/null; }
start() {
	rm -f ctl/*.pid
	cdc-task run dr 2>run.err &
	run=$!
	wait_until 10 test -s ctl/cdc-read.pid
}

start
ok 'cdc-meta ends' wait_until 10 ended
ok '  and the run goes on' moves
sleep 3 # longer than a run goes on without one of its programs
ok '  all the while' moves
is 'one start' "$(count start) $(count end)" '1 0'
is 'the pipeline' "$(grep -v apply ctl/argv | sort)" "cdc-meta --source http://src:19530
cdc-read --source http://src:19530 --from task:dr --state-dir $T/state"
is "no program has the environment's login" "$(grep -c CDC_SOURCE_TOKEN ctl/env)" 0
kill $run
wait $run 2>/dev/null
is 'SIGTERM ends it in order' "$(last stopped | jq -c '[.in_order,.signal]')" '[true,15]'

# What ends a run is the others, or a cdc-meta that failed
start
ok 'again' moves
echo 3 >ctl/cdc-read.die
ok 'cdc-read ends: it is started again' wait_until 10 grep -q 'told to die: 3' run.err
is '  by its name' "$(wait_until 10 sh -c 'cdc-task log dr | grep -q \"end\"' && last end | jq -c '[.program,.status]')" '["cdc-read",3]'
ok '  and goes on' moves
kill $run
wait $run 2>/dev/null
echo 1 >ctl/cdc-meta.die
exits 1 cdc-task run dr
is 'a catalogue that cannot be had is a failure' "$(last failed | jq -c '[.program,.status]')" '["cdc-meta",1]'
done_testing
