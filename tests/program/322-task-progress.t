#!/bin/sh
# What cdc-task run shows on a terminal, and cdc-task create of what to type next.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
command -v script >/dev/null || skip_all 'no script(1) here'
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
cdc-task create dr --no-check -T http://127.0.0.1:2 || exit 1
terminal() { # FILE COMMAND: on a terminal of its own, until it ends; not for ever, whatever goes wrong here
	TERM=vt100 timeout 90 script -qefc "exec $2" "$1" </dev/null >/dev/null 2>&1 &
}
shown() { tr '\r' '\n' <"$1" | grep -aqE "$2"; }
runner() { cdc-task status dr --json --offline | jq .runner; }

terminal tty 'cdc-task run dr'
ok 'run shows rows, how many a second, how far behind' wait_until 20 shown tty '^.\[K[1-9][0-9]* rows, [0-9]+ rows/s, [0-9]+\.[0-9] s behind$'
old=$(cat ctl/cdc-apply.pid)
kill -9 "$old"
begun() { # the log has it before the new one has written its number
	[ "$(cdc-task log dr | grep -c '"event":"start"')" = 2 ] && [ -s ctl/cdc-apply.pid ] &&
		[ "$(cat ctl/cdc-apply.pid)" != "$old" ]
}
ok 'it starts again' wait_until 20 begun
printf '#!/bin/sh\necho "cdc-meta: hello" >&2\nexit 2\n' >bin/cdc-meta
kill -9 "$(cat ctl/cdc-apply.pid)"
wait
is 'a message takes the place of the line' "$(tr '\r' '\n' <tty | grep -a hello | cat -v | sed 's/^^\[\[K//')" 'cdc-meta: hello'
is '  and it is the last but one' "$(tr -d '\r' <tty | grep -a -c '^cdc-task: task .dr. failed: cdc-meta status 2$')" 1
cp "$TESTS/stand-in/cdc-meta" bin/
for how in 'cdc-task -q run dr' 'cdc-task run dr --progress never'; do
	cdc-task resume dr
	terminal quiet "$how"
	before=$(jq .gen "$CDC_STATE_DIR/tasks/dr/checkpoint.json")
	wait_until 20 sh -c "[ \$(jq .gen '$CDC_STATE_DIR/tasks/dr/checkpoint.json') -gt $((before + 3)) ]"
	kill "$(runner)"
	wait
	is "$how: nothing" "$(cat -v quiet | grep -v '^Script ')" ''
done
cdc-task resume dr
terminal many 'cdc-task supervise'
before=$(jq .gen "$CDC_STATE_DIR/tasks/dr/checkpoint.json")
wait_until 20 sh -c "[ \$(jq .gen '$CDC_STATE_DIR/tasks/dr/checkpoint.json') -gt $((before + 3)) ]"
sleep 1.2 # longer than from one line to the next
kill "$(ps -o ppid= -p "$(runner)" | tr -d ' ')"
wait
is 'supervise: several would share one line, so nothing' "$(cat -v many | grep -v '^Script ')" ''
cdc-task run dr 2>piped &
sleep 1.2 # longer than from one line to the next
kill $!
wait $!
is 'no terminal: nothing' "$(cat piped)" ''
exits 2 cdc-task run dr --progress often

# what to type next, behind what was found
etcd_start
etcdtool replay "$HISTORY" >/dev/null
etcdtool put by-dev/meta/session/rootcoord '{"Version":"2.3.5"}' >/dev/null
kafka_up
. "$TESTS/lib/applylib.sh"
cp "$BUILD/cdc-task" "$BUILD/cdc-meta" bin/
export CDC_STATE_DIR="$T/state"
fake_start
next() { cdc-task create "$@" 2>create.err | tail -n 1; }
feed <<X
tick 0 50
X
is 'create says what to type' "$(next a -i 'meta_h9.*' --allow-none --from beginning)" 'next      cdc-task run a'
diag <create.err
is '  where tasks are kept, too' "$(next a -i 'meta_h9.*' --allow-none --from beginning --state-dir "$T/an other")" \
	"next      cdc-task --state-dir '$T/an other' run a"
is '  resume, if it is paused' "$(next b -i 'meta_h8.*' --allow-none --from beginning --paused)" 'next      cdc-task resume b'
cdc-task supervise 2>/dev/null &
supervise=$!
held() { ! cdc-task supervise 2>/dev/null; }
wait_until 10 test -e "$CDC_STATE_DIR/tasks/.supervise.lock"
sleep 0.2
is '  status, if it is run already' "$(next c -i 'meta_h7.*' --allow-none --from beginning)" 'next      cdc-task status c'
kill $supervise
wait $supervise
is '  nothing, if nothing was asked' "$(next d --no-check -i 'meta_h6.*' -T http://127.0.0.1:9)" ''
is '  nor if it was refused' "$(next a -i 'meta_h9.*' --allow-none --from beginning)" ''
fake_stop
kafka_down
etcd_stop
done_testing
