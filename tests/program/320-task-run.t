#!/bin/sh
# cdc-task run with stand-ins for the three programs in front of commit; they lie beside a copy of cdc-task.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
cdc-task create dr --no-check -i 'sales.*' || exit 1
dir=$CDC_STATE_DIR/tasks/dr

gen() { jq .gen "$dir/checkpoint.json" 2>/dev/null || echo 0; }
moves() { # the checkpoint goes on
	moves_from=$(gen)
	wait_until "${1:-10}" sh -c "[ \$(jq .gen '$dir/checkpoint.json') -gt $moves_from ]"
}
state() { cdc-task status dr --json --offline | jq -r .state; }
last() { cdc-task log dr | jq -c "select(.event == \"$1\")" | tail -n 1; }
count() { cdc-task log dr | grep -c "\"event\":\"$1\""; }
pid() { cat "ctl/$1.pid"; }
alive() { # pid, not a zombie
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) return 1 ;; esac
}
gone() { # all programs of the pipeline
	for g in cdc-meta cdc-read cdc-apply; do
		! alive "$(pid $g)" || return 1
	done
	! pgrep -f "^$T/bin/cdc-task.* commit|^cdc-task --state-dir $T/state commit" >/dev/null
}
start() {
	cdc-task run dr 2>run.err &
	run=$!
}
run_gone() { ! alive $run; }

is 'before the first run' "$(state)" stopped
start
ok 'it runs: positions are committed' moves
is 'status says so' "$(state)" running
is 'and by whom' "$(cdc-task status dr --json --offline | jq .runner)" $run
is 'the pipeline of the definition' "$(sort -u ctl/argv)" "cdc-apply --target http://127.0.0.1:19530 --state-dir $T/state
cdc-meta --etcd http://127.0.0.1:2379 --root by-dev --watch
cdc-read --brokers 127.0.0.1:9092 --include sales.* --from task:dr --state-dir $T/state"
group() { ps -o pgid= -p "$1" | tr -d ' '; }
is 'one process group' "$(group "$(pid cdc-read)") $(group "$(pid cdc-apply)")" \
	"$(group "$(pid cdc-meta)") $(group "$(pid cdc-meta)")"
exits 3 cdc-task run dr
like 'never two: the second names the first' "$(cat "$err")" "held by process $run "
exits 3 cdc-task set dr --from start
exits 3 cdc-task delete dr

# SIGTERM: in order
ts=$(jq -r .ts "$dir/checkpoint.json")
kill $run
wait $run 2>/dev/null
is 'SIGTERM: dies of it' $? 143
ok 'nothing is left' gone
is 'in order: the end was committed' "$(last stopped | jq -c '[.in_order,.signal]')" '[true,15]'
ok 'and counts' [ "$(jq -r .ts "$dir/checkpoint.json")" -gt "$ts" ]
is 'nothing was said' "$(cat run.err)" ''
is 'stopped' "$(state)" stopped

# kill -9 of each: all go down, and it starts again
start
moves
for p in cdc-meta cdc-read cdc-apply commit; do
	n=$(count start)
	if [ $p = commit ]; then
		victim=$(pgrep -f "^cdc-task --state-dir $T/state commit dr")
	else
		victim=$(pid $p)
	fi
	kill -9 "$victim"
	ok "kill -9 $p: starts again" wait_until 10 sh -c "[ \$(cdc-task log dr | grep -c '\"event\":\"start\"') -gt $n ]"
	ok 'and goes on' moves
	is "the log says who and why" "$(last end | jq -c '[.program,.signal]')" "[\"$(
		[ $p = commit ] && echo cdc-task || echo $p
	)\",9]"
done

# status 3 of each: again, with a growing wait
for p in cdc-meta cdc-read cdc-apply; do
	n=$(count start)
	echo 3 >ctl/$p.die
	ok "status 3 of $p: starts again" wait_until 10 sh -c \
		"[ \$(cdc-task log dr | grep -c '\"event\":\"start\"') -gt $n ]"
	ok 'and goes on' moves
	is 'the log says who, why and what it said' "$(last end | jq -c '[.program,.status,.reason]')" \
		"[\"$p\",3,\"$p: told to die: 3\"]"
done
like 'its messages come through' "$(cat run.err)" '^cdc-apply: told to die: 3$'
kill $run
wait $run 2>/dev/null

# without progress the wait grows
echo 3 >ctl/cdc-meta.die
start
for i in 1 2 3; do
	wait_until 10 sh -c '[ ! -e ctl/cdc-meta.die ]'
	echo 3 >ctl/cdc-meta.die
done
wait_until 10 sh -c '[ ! -e ctl/cdc-meta.die ]'
sleep 0.3
ok 'status while it waits' sh -c "cdc-task status dr --json --offline | jq -e '.state == \"running\" and
	(.reason | startswith(\"retrying: cdc-meta, status 3: cdc-meta: told to die\"))'"
kill $run
wait $run 2>/dev/null
is 'SIGTERM while it waits' $? 143
waits=$(cdc-task log dr | jq -r 'select(.event == "end") | .retry_ms' | tail -n 4 | tr '\n' ' ')
ok "each wait at most twice and a half the one before, and growing: $waits" sh -c "set -- $waits
	[ \$1 -le 500 ] && [ \$4 -ge 1000 ] && [ \$4 -le 4000 ]"

# status 1, 2, 4 of each: an end
for s in 1 2 4; do
	for p in cdc-meta cdc-read cdc-apply; do
		start
		moves
		echo $s >ctl/$p.die
		wait $run
		is "status $s of $p: ends with it" $? $s
		ok 'nothing is left' gone
		is 'failed' "$(state)" failed
		is 'with the reason' "$(cdc-task status dr --json --offline | jq -r .reason)" \
			"$p, status $s: $p: told to die: $s"
		advice=
		[ $s != 4 ] || advice="; what is gone .* go on with 'cdc-task set dr --from WHERE'.*"
		like 'and one line at the end' "$(tail -n 1 run.err)" "^cdc-task: task 'dr' failed: $p status $s$advice$"
	done
done
cdc-task resume dr
is 'resume: no longer failed' "$(state)" stopped

# pause, resume
start
moves
ok 'pause' cdc-task pause dr --reason 'night shift'
wait $run
is 'the run ends with 0' $? 0
ok 'nothing is left' gone
is 'in order' "$(last paused | jq .in_order)" true
is 'paused' "$(state)" paused
is 'with the reason' "$(cdc-task status dr --json --offline | jq -r .reason)" 'night shift'
exits 0 cdc-task run dr
like 'a paused one does not run' "$(cat "$err")" "task 'dr' is paused"
ok 'pausing twice is nothing' cdc-task pause dr
is 'and changes nothing' "$(cdc-task status dr --json --offline | jq -r .reason)" 'night shift'
cdc-task resume dr
start
ok 'it goes on after resume' moves
echo 3 >ctl/cdc-meta.die
wait_until 10 sh -c '[ ! -e ctl/cdc-meta.die ]'
ok 'pause while it waits' cdc-task pause dr
wait $run
is 'ends with 0' $? 0
cdc-task resume dr

# kill -9 of the runner: nobody is left behind
start
moves
kill -9 $run
wait $run 2>/dev/null
ok 'kill -9 of the runner: its children go too' wait_until 3 gone
is 'stopped' "$(state)" stopped
like 'and why' "$(cdc-task status dr --json --offline)" '"its runner died"'
start
ok 'the next run goes on' moves

# a program that does not listen to SIGTERM
touch ctl/cdc-read.stubborn
t=$(date +%s)
kill $run
wait $run 2>/dev/null
is 'a stubborn one: dies of the signal all the same' $? 143
t=$(($(date +%s) - t))
ok "after a bounded time: $t s" [ $t -le 14 ]
ok 'nothing is left' gone
is 'not in order, and the log says so, and of whom' "$(last stopped | jq -c '[.in_order,.cause.program,.cause.late]')" \
	'[false,"cdc-read",true]'
rm ctl/cdc-read.stubborn

# Somebody else's pipeline still writes: nothing is begun before it is through.
mkfifo held
cdc-task commit dr <held 2>/dev/null &
other=$!
exec 7>held
wait_until 5 sh -c "cdc-task commit dr </dev/null 2>&1 | grep -q 'held by process $other'"
rm -f ctl/*.pid
start 7>&-
ok 'a writer that still holds it is waited for' wait_until 10 grep -q "held by process $other ('commit.lock'); trying again" run.err
ok '  and nothing is begun' test ! -e ctl/cdc-read.pid
exec 7>&-
wait $other
ok '  until it is through' moves
kill $run
wait $run

# a program that is not there
rm bin/cdc-apply
ok 'a program that is not there' env PATH=/usr/bin:/bin sh -c 'bin/cdc-task run dr 2>err; [ $? = 2 ] &&
	grep -q "cannot run .cdc-apply.: No such file" err'
is 'is a failure' "$(state)" failed

exits 1 cdc-task run nobody
ok 'deleted' cdc-task delete dr
done_testing
