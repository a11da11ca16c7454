#!/bin/sh
# A task whose source is a Milvus that is asked itself: what its options mean, what is refused, and what create and doctor ask.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/dumplib.sh"
umask 077
unset CDC_ETCD CDC_BROKERS
fake_start
python3 "$TESTS/fake/todump.py" "$TESTS/data/recordings/2.6.20/kafka.jsonl.gz" d
echo "$TESTS/data/streaming/etcd-2.6.20.ndjson" >d/keys
echo root:secret >d/login
dump_start
echo root:secret >login
made() { # OPTION...: the four programs of that task
	cdc-task create t --no-check "$@" >"$out" 2>"$err" || diag <"$err"
	cdc-task show t
	cdc-task delete t
}
line() { # NUMBER OPTION...: that program, without folders
	n=$1
	shift
	made "$@" | sed -n "${n}s#$T/##g;${n}s/ |\$//p"
}

# What comes from where
export CDC_ETCD=http://127.0.0.1:1 CDC_BROKERS=127.0.0.1:1
S=http://src:19530
is 'the catalogue from a Milvus' "$(line 1 -S $S --source-token-file login)" "cdc-meta --source $S --source-token-file login"
is '  and the log' "$(line 2 -S $S --source-token-file login -i 'db1.*')" \
	"cdc-read --include 'db1.*' --source $S --source-token-file login --from task:t --state-dir state"
is '  TLS' "$(line 2 -S https://src --source-cacert ca --source-cert c --source-key k | cut -d ' ' -f 1-9)" \
	'cdc-read --source https://src --source-cacert ca --source-cert c --source-key k'
is 'with etcd: the catalogue from there' "$(line 1 -S $S -E http://e:2379)" 'cdc-meta --etcd http://e:2379 --root by-dev --watch'
is '  and the log from the Milvus' "$(line 2 -S $S -E http://e:2379)" "cdc-read --source $S --from task:t --state-dir state"
is 'with brokers: the catalogue from the Milvus' "$(line 1 -S $S -b k:9092)" "cdc-meta --source $S"
is '  and the log from Kafka' "$(line 2 -S $S -b k:9092)" 'cdc-read --brokers k:9092 --from task:t --state-dir state'
is 'with both, it is for doctor alone' "$(made -S $S -E http://e:2379 -b k:9092 | grep -c -- --source)" 0
is 'without, as ever' "$(made | grep -c -e '--etcd http://127.0.0.1:1 ' -e '--brokers 127.0.0.1:1 ')" 2
is 'no program behind cdc-read gets it' "$(made -S $S --source-token-file login | tail -n 2 | grep -c source)" 0

# What is refused
for o in root meta-path etcd-user-file etcd-cacert etcd-retry; do
	exits 2 cdc-task create t --no-check -S $S --$o 7
	is "  --$o is about etcd" "$(cat "$err")" "cdc-task: --$o goes with --etcd, and the catalogue is asked of --source"
done
for o in source-token-file source-cacert source-cert source-key; do
	exits 2 cdc-task create t --no-check --$o 7
	is "  --$o is about a source" "$(cat "$err")" "cdc-task: --$o goes with --source"
done
exits 2 cdc-task create t --no-check -S http://root:hush@src
is '  a login in the URI' "$(cat "$err")" 'cdc-task: --source: a user in a URL; use --source-token-file (try --help)'
is 'no task is made' "$(cdc-task list)" ''

echo '{"op":"tick","ts":"9","pos":{"t":{"o":1,"n":1,"ts":"9"}}}' >kafka.at
echo '{"op":"tick","ts":"9","pos":{"t":{"id":"2s","wal":"kafka","from":"2r","last":"8","digest":"7","ts":"9"}}}' >milvus.at
exits 2 cdc-task create t --no-check -S $S --from @kafka.at
is '  offsets of Kafka' "$(cat "$err")" "cdc-task: topic 't': the position is one of Kafka, and the log is read through Milvus"
exits 2 cdc-task create t --no-check -S $S -E http://e -b k:9092 --from @milvus.at
is '  marks of a log through Milvus' "$(cat "$err")" \
	"cdc-task: topic 't': the position is one of a log through Milvus, and the log is in Kafka"
is 'no task is made' "$(cdc-task list)" ''
cdc-task create t --no-check -S $S
exits 2 cdc-task set t --from @kafka.at
exits 0 cdc-task set t --from @milvus.at
is 'a position that fits is kept' "$(jq -c .pos state/tasks/t/checkpoint.json)" \
	'{"t":{"id":"2s","wal":"kafka","from":"2r","last":"8","digest":"7","ts":"9"}}'
cdc-task delete t

# Secrets: in a file, which only its reader may read; not from the environment, which would go to any source
chmod 644 login
exits 2 cdc-task create t -S $URI --source-token-file login
like 'a file that others may read' "$(cat "$err")" "'.*/login' has mode 0644"
chmod 600 login
printf 'root:secret\nfor http://other:19530\n' >other
exits 2 cdc-task create t -S $URI --source-token-file other
like 'a file for another Milvus' "$(cat "$err")" "'.*/other' is for 'http://other:19530', not for '$URI'"
CDC_SOURCE_TOKEN=root:secret exits 1 cdc-task create t -S $URI -i 'db1.*'
like 'the environment gives no login' "$(cat "$err")" '^cdc-task: source: GetVersion: .*auth check failure'
CDC_SOURCE_TOKEN=root:secret exits 0 cdc-task create t --no-check -S $URI
is '  which is said' "$(cat "$err")" \
	'cdc-task: CDC_SOURCE_TOKEN is not for tasks: they log in at their source with --source-token-file FILE, or not at all'
is '  nor is it kept' "$(grep -r root:secret state)" ''
CDC_SOURCE_TOKEN=root:secret exits 1 cdc-task doctor t -k root
cdc-task delete t

# What create asks, and says
exits 0 cdc-task create t -S $URI --source-token-file login -i 'db1.*'
like 'create asks it' "$(cat "$out")" "^source    $URI: Milvus 2\\.6\\.20\$"
like '  for its catalogue' "$(cat "$out")" '^catalogue of the source at 20[0-9T:.-]*Z: 2 of 11 collections are included$'
is '  and no etcd' "$(grep -c -e ^etcd -e ^kafka "$out")" 0
is '  whose birth is kept' "$(jq -r '.born.source | length' state/tasks/t/task.json)" 19
is '  but no etcd, no brokers' "$(jq -c '.options | [.etcd, .root, .brokers]' state/tasks/t/task.json)" '[null,null,null]'
cdc-task delete t
exits 1 cdc-task create u -S $URI --source-token-file login -i nosuch
like 'a pattern that meets nothing' "$(cat "$err")" "--include 'default.nosuch' meets no collection"
exits 3 cdc-task create u -S http://127.0.0.1:1
like 'one that is away' "$(cat "$err")" '^cdc-task: source: .*127.0.0.1:1'
echo 2.5.27 >d/version
exits 1 cdc-task create u -S $URI --source-token-file login
like 'one that is too old' "$(cat "$err")" 'source: Milvus 2.5.27 does not have all changes in its log'
rm d/version

# What doctor asks, and says
cdc-task doctor -S $URI --source-token-file login >doc
is 'no check of etcd or Kafka' "$(awk '{ print $2 }' doc | grep -c -x -e etcd -e zstd -e kafka -e topics -e format -e size -e retention)" 0
like 'the source' "$(cat doc)" "^ok +source +$URI: Milvus 2\\.6\\.20, whose clock is 0\\.[0-9]s (behind|ahead of) ours\$"
like 'the catalogue' "$(cat doc)" '^ok +root +of the source at 20[0-9T:.-]*Z: 11 collections in [0-9] databases$'
like 'the versions' "$(cat doc)" '^[a-z]+ +versions +source Milvus 2.6.20; target Milvus v2.3.5-fake'
exits 2 cdc-task doctor -S $URI -k kafka
like 'a check that is not for it' "$(cat "$err")" "--check: 'kafka' is not for where this task's catalogue and log come from"
exits 2 cdc-task doctor -k source
exits 1 cdc-task doctor -S $URI -k source
like 'no login' "$(cat "$out")" '^wrong +source +source: GetVersion: .*auth check failure.*; --source-token-file$'
exits 3 cdc-task doctor -S http://127.0.0.1:1 -k source,root,versions
like 'away' "$(cat "$out")" '^wrong +source .*; does it run there \(-S\)\?$'
like '  what hangs on it is not asked' "$(cat "$out")" "^unknown root +not asked, because of 'source'"
dump_kill
fake_stop
done_testing
