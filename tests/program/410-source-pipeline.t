#!/bin/sh
# A whole task for a source that is only a Milvus: create, run, status, doctor and httpd with the real programs, the log and
# the catalogue of a genuine 2.6.20 behind DumpMessages and its API, and a Milvus in memory. No Kafka, no etcd.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/dumplib.sh"
. "$TESTS/lib/openapi.sh"
umask 077
unset CDC_ETCD CDC_BROKERS SUDO_USER
P=by-m26b-rootcoord-dml_
python3 "$TESTS/fake/todump.py" "$TESTS/data/recordings/2.6.20/kafka.jsonl.gz" d
echo "$TESTS/data/streaming/etcd-2.6.20.ndjson" >d/keys
echo root:secret >d/login
echo root:secret >login
dump_start
fake_start
source="-S $URI --source-token-file login"
state() { cdc-task status t --json | jq -c "$1"; }
position() { jq -r .ts "$CDC_STATE_DIR/tasks/t/checkpoint.json" 2>/dev/null || echo 0; }
follows() { # what was applied is less than 5 s old by the source's clock
	state '.lag_ms != null and .lag_ms < 5000' | grep -q true
}
start() {
	cdc-task run t 2>>run.err &
	run=$!
}
stop() {
	kill $run
	wait $run 2>/dev/null
}
says() { # NAME PATTERN
	like "$1" "$(cat doc)" "^$2\$"
}

# What create asks of the log
touch d/deny
exits 1 cdc-task create t $source -i 'db1.*'
like 'a login that may not read it' "$(cat "$err")" 'cdc-read: .*the login may not read the log: DumpMessages is for root, or for a role'
rm d/deny
echo 2.6.19 >d/version
exits 1 cdc-task create t $source -i 'db1.*'
like 'a version whose log lacks rows' "$(cat "$err")" 'cdc-read: .*it is Milvus 2.6.19; the log is read through Milvus from 2.6.20'
rm d/version
echo 100 >d/${P}0.first
exits 4 cdc-task create t $source -i 'db1.*'
like 'a log that begins later' "$(cat "$err")" 'rows are gone from the log'
rm d/${P}0.first
exits 2 cdc-task create t $source -i 'db1.*' -X client.id=x
like 'a property of Kafka' "$(cat "$err")" "a log that is read through Milvus has one property, wal"
is 'nothing is made' "$(cdc-task list)" ''
exits 0 cdc-task create t $source -i 'db1.*' --from now
like 'now is a time of the source' "$(cat "$out")" '^start     now is ts:[0-9]{18}$'
is '  which is kept' "$(jq -r .from "$CDC_STATE_DIR/tasks/t/task.json")" "$(sed -n 's/^start     now is //p' "$out")"
cdc-task delete t
exits 0 cdc-task create t $source -i 'db1.*' -i default.trunc
like 'what it found' "$(cat "$out")" "^log       $URI: it gives that of 4 channels from there on\$"
is '  no program is left of it' "$(pgrep -f "cdc-(meta|read) .*$URI" | wc -l)" 0

# It runs
start
ok 'it runs, and follows' wait_until 30 follows
is 'its backlog is not known' "$(state '[.state, .backlog, .backlog_unknown]')" \
	'["running",null,"records are not counted in a log that is read through Milvus"]'
like '  nor shown' "$(cdc-task status t | tail -n 1)" '^t +running +20[^ ]+ +[0-9.]+s +- '
is 'topics have no offsets' "$(state '.topics | map([.topic, .low, .high, .committed]) | sort | .[0]')" "[\"${P}0\",null,null,null]"
like '  also for people' "$(cdc-task status t -v | grep "${P}0 ")" "${P}0 +- +- +- +20[^ ]+Z +[0-9.]+s\$"
was=$(position)
sleep 2
ok 'an idle source moves it' test "$(position)" -gt "$was"
want='db1 vauto _default {"k": "470824162849981548", "v": [0.0, 1.0]}
db1 vauto _default {"k": "470824162849981549", "v": [1.0, 1.0]}
db1 vauto _default {"k": "470824162849981550", "v": [2.0, 1.0]}
db1 vpk _default {"k": "key-0", "v": [0.0, 1.0]}
db1 vpk _default {"k": "key-3", "v": [9.0, 9.0]}
db1 vpk _default {"k": "key-4", "v": [4.0, 1.0]}
db1 vpk _default {"k": "key-5", "v": [5.0, 1.0]}
db1 vpk _default {"k": "neu", "v": [8.0, 8.0]}
default trunc _default {"k": "z", "v": [1.0, 1.0]}'
is 'what the client has written is there' "$(rows)" "$want"

# What doctor says
cdc-task doctor t >doc
is 'nothing is wrong' "$(grep -v -e ^ok -e ' writers ' -e ' rows ' doc)" ''
says 'the log' "ok +log +$URI gives that of 4 channels from the position on"
says 'the position' 'ok +position +a run resumes at 20.*Z \(ts:[0-9]+\) in 4 channels, and the source has that'
says 'the lag' 'ok +lag +[0-9.]+s behind the source; how many records that are is not told'
says 'what is lost' 'ok +lost +nothing: .*, the source has all from the position on; .*'
says 'rows are counted there' 'warn +rows +nothing was counted: none of 3 collections is loaded on both sides'

# Over HTTP
cdc-httpd --listen 127.0.0.1:0 --print-address --allow-anyone --source "$URI" --source-token-file login >at 2>httpd.err &
httpd=$!
wait_until 10 test -s at
checked "$(cat at)"
url=http://$checked
is 'a client sees how far behind it is' "$(curl -s "$url/tasks/t" | jq -c '[(.lag_ms | type), .lag_unknown]')" '["number",null]'
like '  so do metrics' "$(curl -s "$url/metrics")" '^cdc_task_lag_seconds\{task_id="t"\} [0-9.]+$'
is '  and readiness' "$(curl -s -o /dev/null -w '%{http_code}' "$url/readyz")" 200
made=$(curl -s -m 60 -d "{\"name\":\"u\",\"paused\":true,\"options\":{\"include\":[\"default.pkey\"],\"target\":\"$CDC_TARGET\"},\"token\":\"a:b\"}" "$url/tasks")
is 'a task that is made there has its source' "$(jq -r '.options | [.source, ."source-token-file", .etcd, .brokers] | join(" ")' \
	"$CDC_STATE_DIR/tasks/u/task.json" 2>&1 || echo "$made")" "$URI $T/login  "
is '  no answer has its login' "$(curl -s "$url/tasks/u" | grep -c root:secret)" 0
cdc-task delete u

# It ends, and goes on
stop
is 'SIGTERM: in order' "$(cdc-task log t | jq -c 'select(.event == "stopped") | .in_order' | tail -n 1)" true
cdc-task pause t
curl -s -D headers "$url/tasks/t/position" >place
is 'a client gets the position' "$(jq -c ".topics[\"${P}0\"] | keys" place)" \
	'["digest","from","id","last","time","ts","wal"]'
is '  and may set it' "$(curl -s -o set -w '%{http_code}' -X PUT -H 'If-Match: *' -d @place "$url/tasks/t/position")" 200
is '  whole' "$(curl -s "$url/tasks/t/position" | jq -cS .topics)" "$(jq -cS .topics place)"
kill $httpd
checked_end 6
cdc-task resume t
before=$(calls Upsert | wc -l)
start
was=$(position)
ok 'another run goes on' wait_until 30 sh -c "[ \$(jq -r .ts '$CDC_STATE_DIR/tasks/t/checkpoint.json') -gt $was ] && cdc-task status t >/dev/null"
kill -9 $run
wait $run 2>/dev/null
wait_until 20 sh -c "! pgrep -f '[c]dc-read .*$URI'"
start
ok '  also after kill -9' wait_until 30 follows
is '  nothing comes twice' "$(calls Upsert | wc -l)" "$before"
stop

# The recipe, as it is printed
recipe() {
	sed -n "/run by 410: $1\$/,/^\.Ed/p" "$top/man/cdc-recipes.7" | sed '1,2d;$d;s/\\e$/\\/'
}
OLD=$URI OLD_LOGIN=login NEW=$CDC_TARGET NEW_LOGIN=login WHAT=default.pkey
recipe alone >recipe
is 'the recipe has two commands' "$(grep -c ^cdc-task recipe)" 2
export CDC_STATE_DIR="$T/other"
. ./recipe >found
ok '  and works' wait_until 20 sh -c 'cdc-task status move --json | jq -e ".lag_ms != null and .lag_ms < 5000" >/dev/null'
like '  by what came' "$(rows | grep -c pkey)" '^[1-9]'
kill $!
wait $! 2>/dev/null
export CDC_STATE_DIR="$T/state"

# The source is away, or does not have it any more
dump_kill
exits 1 cdc-task status t
like 'it is away: nothing is guessed' "$(cdc-task status t --json | jq -c '[.lag_ms, .backlog, .lag_unknown]')" '^\[null,null,".*127.0.0.1'
cdc-task doctor t -k source,log,position,lag >doc
is '  each line says so' "$(cut -c 1-8 doc | tr -d ' ' | paste -sd ' ')" 'wrong unknown unknown unknown'
for p in d/$P?.jsonl; do
	sed -i 's/"payload_b64": "[^"]*"/"payload_b64": "eA=="/' $p
done
dump_start
cdc-task doctor t -k log,position >doc
says 'it was made anew' "wrong +log +cdc-read: .*topic '.*': the record that was read last, .*, is not in the log any more.*"
says '  so the position is gone' "wrong +position +gone: see 'log'; a run resumes at .*; copy what is lost by other means, then cdc-task set --from beginning"
exits 4 cdc-task run t
like '  which a run says, too' "$(cat "$err")" "is not in the log any more"
like '  and what to do' "$(cat "$err")" "'beginning' is all that the log has"
dump_kill
fake_stop
done_testing
