#!/bin/sh
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"
make() { n=$1 && shift && cdc-task create "$n" --no-check "$@"; }

ok 'a task is made' make dr
is 'and listed' "$(cdc-task list)" dr
is 'with a format file' "$(cat "$CDC_STATE_DIR/FORMAT")" 'milvus-cdc state 1'
is 'it begins at the start' "$(jq -r .from "$CDC_STATE_DIR/tasks/dr/task.json")" start
is 'defaults are kept' "$(jq -c .options "$CDC_STATE_DIR/tasks/dr/task.json")" \
	'{"etcd":"http://127.0.0.1:2379","root":"by-dev","brokers":"127.0.0.1:9092","target":"http://127.0.0.1:19530"}'
is 'it is wanted' "$(jq -r .desired "$CDC_STATE_DIR/tasks/dr/desired.json")" running
is 'only for its owner' "$(stat -c %a "$CDC_STATE_DIR/tasks/dr")" 700
like 'the log says so' "$(cdc-task log dr)" '"event":"create","from":"start"'
by=$(id -un)@$(uname -n)
is '  and by whom' "$(cdc-task log dr | jq -r .by) $(jq -r .by "$CDC_STATE_DIR/tasks/dr/desired.json")" "$by $by"
exits 1 make dr
like 'a second one is refused' "$(cat "$err")" "^cdc-task: task 'dr' is there already$"
is 'one line' "$(wc -l <"$err")" 1

# names
for n in '' . .. .x -- 'a/b' '../x' 'a b' "$(printf 'a\nb')" é "$(printf '%0129d' 0)"; do
	ok "no name: $n" sh -c 'cdc-task create --no-check -- "$1"; [ $? = 2 ]' sh "$n"
done
T2=http://127.0.0.1:2
ok 'a name of 128' make "$(printf '%0128d' 0)" -T $T2

# environment, options, files
ok 'the environment is asked' env CDC_ETCD=http://e:1 CDC_BROKERS=k:2 CDC_TARGET=http://127.0.0.1:3 \
	cdc-task create env --no-check
is 'and kept' "$(jq -c '.options | [.etcd,.brokers,.target]' "$CDC_STATE_DIR/tasks/env/task.json")" \
	'["http://e:1","k:2","http://127.0.0.1:3"]'
ok 'all options' make all -E http://e:1 -r root --meta-path m --etcd-user-file eu --etcd-cacert ec --etcd-cert ecc \
	--etcd-key ek --etcd-retry 9 -b k:9 -X a=b -X @props -X ssl.ca.location=ca --cluster cl -i 'x.*' -i y -x z.z --ops insert --shard 1/4 --tick 2 \
	-T http://127.0.0.1:4 --token-file tf --target-cacert tc --target-cert tcc --target-key tk --rename x=y \
	--rename a.b=a.c --mode insert --skip flush --on-error dead --window 3 --batch-bytes 5 --retry 6 \
	--timeout 7 --with-users --ignore-partitions --create-missing --adopt --allow-circle --from now
line() { jq -r --argjson i "$1" '.pipeline[$i]' all.json; }
cdc-task show all --json >all.json
is 'cdc-meta gets its own' "$(line 0)" "cdc-meta --etcd http://e:1 --root root --meta-path m --etcd-user-file $T/eu \
--cacert $T/ec --cert $T/ecc --key $T/ek --retry 9 --watch"
is 'cdc-read gets its own' "$(line 1)" "cdc-read --brokers k:9 -X a=b -X @$T/props -X ssl.ca.location=$T/ca --cluster cl --include 'x.*' --include y \
--exclude z.z --ops insert --shard 1/4 --tick 2 --from task:all --state-dir $T/state"
is 'cdc-apply gets its own' "$(line 2)" "cdc-apply --target http://127.0.0.1:4 --token-file $T/tf --cacert $T/tc \
--cert $T/tcc --key $T/tk --rename x=y --rename a.b=a.c --mode insert --skip flush \
--on-error dead:$T/state/tasks/all/dead.ndjson --window 3 --batch-bytes 5 --retry 6 --timeout 7 --with-users --ignore-partitions --create-missing --adopt --allow-circle --state-dir $T/state"
is 'commit closes the pipe' "$(line 3)" "cdc-task --state-dir $T/state commit all"

# secrets
for x in 'sasl.password=x' 'ssl.key.password=x' 'sasl.oauthbearer.client.secret=x'; do
	exits 2 make s1 -T $T2 -X "$x"
	fails "no value in the message: $x" grep -q '=x' "$err"
done
exits 2 make s2 -T http://root:Milvus@127.0.0.1:5
exits 2 make s3 -E http://root:x@127.0.0.1:5
exits 2 make s4 --no-token --token-file tf -T http://127.0.0.1:5
exits 2 cdc-apply --no-token --token-file tf
fails 'nothing was kept' sh -c 'cdc-task list | grep ^s'

# patterns and words
exits 2 make p1 -T $T2 -i a.b.c
exits 2 make p2 -T $T2 --from yesterday
exits 2 make p3 -T $T2 --from task:dr
exits 2 make p4 -T http://host:port
exits 2 make p5 -T $T2 --tar x
ok 'paused from the beginning' make idle -T http://127.0.0.1:6 --paused
is 'is paused' "$(cdc-task status idle --json | jq -r .state)" paused

# overlaps on one target
A=http://127.0.0.1:7
ok 'the first' make o1 -T $A -i 'sales.*' -i 'x.a*'
exits 1 make o2 -T $A
exits 1 make o2 -T $A -i '*.items'
exits 1 make o2 -T http://localhost:7/ -i sales.items
exits 1 make o2 -T 127.0.0.1:7 -i 'x.*z'
like 'names both' "$(cat "$err")" "'x\.\*z' overlaps 'x\.a\*' of task 'o1'"
ok 'another port' make o3 -T http://127.0.0.1:8
ok 'another database' make o4 -T $A -i 'other.*'
ok 'what it leaves out' make o5 -T $A -i '*.*' -x 'sales.*' -x 'x.*' -x 'other.*'
exits 1 make o6 -T $A -i 'new.*'
ok 'renamed away' make o7 -T http://127.0.0.1:9 -i 'a.*' --rename a=b
ok 'then the name is free' make o8 -T http://127.0.0.1:9 -i 'a.*'
exits 1 make o9 -T http://127.0.0.1:9 -i 'b.c'
ok 'a shard' make h1 -T http://127.0.0.1:10 --shard 0/2
ok 'the other shard' make h2 -T http://127.0.0.1:10 --shard 1/2
exits 1 make h3 -T http://127.0.0.1:10 --shard 1/2
exits 1 make h3 -T http://127.0.0.1:10 --shard 1/3

# leaves nothing
exits 3 cdc-task create away -E http://127.0.0.1:1 -T http://127.0.0.1:11
is 'one line' "$(wc -l <"$err")" 1
fails 'no folder' sh -c 'ls -A "$CDC_STATE_DIR/tasks" | grep away'

# delete
ok 'deleted' cdc-task delete dr
exits 1 cdc-task delete dr
fails 'no folder' sh -c 'ls -A "$CDC_STATE_DIR/tasks" | grep -w dr'

# a newer format
echo 'milvus-cdc state 2' >"$CDC_STATE_DIR/FORMAT"
exits 1 cdc-task show all
like 'is refused in a sentence' "$(cat "$err")" 'format 2, written by a newer release; this one knows 1$'
exits 1 make x -T http://127.0.0.1:12
echo 'milvus-cdc state 1' >"$CDC_STATE_DIR/FORMAT"

# the usual
exits 2 cdc-task
exits 2 cdc-task --no-such
is 'one line' "$(wc -l <"$err")" 1
exits 2 cdc-task list --etcd x
exits 2 cdc-task nonsense
exits 2 cdc-task show
exits 2 cdc-task show a b
ok 'help' cdc-task --help
ok 'help of a command' cdc-task create --help
ok 'version' cdc-task --version
for c in list 'show all' 'status all' 'log all'; do
	ok "full disk: $c" sh -c "cdc-task $c >/dev/full 2>err; [ \$? = 1 ] && [ \$(wc -l <err) = 1 ]"
done
is 'head is quiet' "$(cdc-task status 2>&1 | head -1 | wc -l)" 1
done_testing
