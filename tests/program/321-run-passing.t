#!/bin/sh
# cdc-task run: what is refused and may pass, a login that is being changed or a full disk, is tried for the usual time
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
cdc-task create dr --no-check --retry 60 || exit 1
dir=$CDC_STATE_DIR/tasks/dr
gen() { jq .gen "$dir/checkpoint.json" 2>/dev/null || echo 0; }
moves() { # the checkpoint goes on
	moves_from=$(gen)
	wait_until "${1:-10}" sh -c "[ \$(jq .gen '$dir/checkpoint.json' 2>/dev/null || echo 0) -gt $moves_from ]"
}
last() { cdc-task log dr | jq -c "select(.event == \"$1\")" | tail -n 1; }
count() { cdc-task log dr | grep -c "\"event\":\"$1\""; }
start() {
	cdc-task run dr 2>run.err &
	run=$!
}
runs() { # still
	case $(sed 's/.*) //' "/proc/$run/stat" 2>/dev/null) in '' | Z*) return 1 ;; esac
}
over() { ! runs; }
dies() { # PROGRAM TEXT [STATUS]: it says it and ends with status 1
	echo "$1: $2" >"ctl/$1.last"
	echo "${3-1}" >"ctl/$1.die"
}

# What never worked is a mistake.
dies cdc-apply "the server refuses the login (--token-file, CDC_TOKEN)"
start
wait $run 2>/dev/null
is 'a login that never worked: status 1 at once' $? 1
is 'and nothing is tried' "$(count end) $(count failed)" '0 1'

start
ok 'it runs' moves
before=1
while IFS='|' read -r program text status; do
	dies "$program" "$text" "${status:-1}"
	ok "$program: $text" wait_until 10 sh -c "cdc-task log dr | grep -c '\"event\":\"end\"' | grep -qx $before"
	ok '  it goes on by itself' moves
	like '  and the reason stands in the log' "$(last end | jq -r .reason)" "$(echo "$text" | sed 's/[][().*]/./g')"
	before=$((before + 1))
done <<X
cdc-apply|Upsert 'a.b': the server refuses the login (--token-file, CDC_TOKEN) 16
cdc-meta|login as 'cdc': etcd 'http://127.0.0.1:2379': etcdserver: authentication failed, invalid user ID or password
cdc-read|brokers refuse: SASL authentication error: Authentication failed
cdc-apply|target 'https://127.0.0.1:1': SSL certificate problem: certificate has expired
cdc-apply|'/state/targets/x.json': No space left on device
cdc-apply|secret file '/etc/milvus-cdc/token' is empty|2
cdc-apply|secret file '/etc/milvus-cdc/token': No such file or directory|2
cdc-meta|secret file '/etc/milvus-cdc/user' has mode 0644: others may read it, want 0600|2
cdc-meta|certificate file '/etc/milvus-cdc/ca.pem': No such file or directory|2
cdc-read|kafka properties '/etc/milvus-cdc/kafka' line 2: want name=value|2
X
ok 'it still runs' runs
is 'nothing has failed since' "$(count failed)" 1

# All else ends it.
dies cdc-apply "Upsert 'a.b': the schema is another; trying again will not help"
wait $run 2>/dev/null
is 'what does not pass ends it' "$? $(count failed)" '1 2'
start
ok 'it runs anew' moves
dies cdc-apply "--batch: '0' is too small" 2
wait $run 2>/dev/null
is 'so does a mistake in the options' "$? $(count failed)" '2 3'

start
ok 'it runs once more' moves
dies cdc-apply "Upsert 'a.certificates': vector certificates.certificate: the schema is another"
ok 'a name that says certificate is none' wait_until 10 over
over || kill $run
wait $run 2>/dev/null
is '  it ends it' "$? $(count failed)" '1 4'

# The disk of the state directory is full for a while: no position moves.
export LD_PRELOAD="$BUILD/tests/killat.so" KILLAT="write enospc prog=cdc-task path=checkpoint once=$T/full"
start
ok 'it runs again' moves
: >full
ok 'the disk is full' wait_until 20 sh -c "cdc-task log dr | grep -q '\"event\":\"end\".*No space left'"
ok 'with room it goes on' moves
kill $run
wait $run 2>/dev/null
is 'and ends in order' "$(last stopped | jq .in_order)" true
unset LD_PRELOAD KILLAT

# The usual time is counted from the progress, not from what was refused long ago.
jq '.options.retry = "1"' "$dir/task.json" >t && cat t >"$dir/task.json"
ends() { # PROGRAM: it was the cause of the last end
	wait_until 10 sh -c "cdc-task log dr | grep '\"event\":\"end\"' | tail -n 1 | grep -q $1"
}
start
ok 'once more' moves
dies cdc-apply 'the server refuses the login'
ok 'refused once' ends cdc-apply
ok 'it goes on' moves
after=$(($(date +%s) + 2))
ok 'for longer than the usual time' wait_until 10 sh -c "[ \$(date +%s) -ge $after ]"
dies cdc-meta 'etcd is away' 3
ok 'it ends for something else' ends cdc-meta
dies cdc-apply 'the server refuses the login'
ok 'refused at the next start' ends cdc-apply
ok 'it goes on again' moves

# No progress for the usual time: that is the end.
(while sleep 0.1 && [ -d "$T" ] && [ ! -e over ]; do dies cdc-read 'brokers refuse: no' 2>/dev/null; done) &
wait $run 2>/dev/null
is 'refused for longer: status 1' "$? $(count failed)" '1 5'
: >over
wait

done_testing
