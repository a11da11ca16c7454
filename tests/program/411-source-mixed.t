#!/bin/sh
# Tasks that have the catalogue from etcd and the log through Milvus, or the catalogue from a Milvus and the log from Kafka: of
# what a genuine 2.6.20 wrote.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/dumplib.sh"
. "$TESTS/lib/recorded.sh"
etcd_start
kafka_up
fake_start
root=$(recorded 2.6.20)
python3 "$TESTS/fake/todump.py" "$TESTS/data/recordings/2.6.20/kafka.jsonl.gz" d
echo "$TESTS/data/streaming/etcd-2.6.20.ndjson" >d/keys
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
dump_start cert key
etcd=$CDC_ETCD brokers=$CDC_BROKERS
unset CDC_ETCD CDC_BROKERS
has() { [ "$(rows | grep -c "$1")" = "$2" ]; }
try() { # NAME PATTERN ROWS OPTION...
	name=$1 pattern=$2 n=$3
	shift 3
	exits 0 cdc-task create "$name" -i "$pattern" "$@"
	cp "$out" found
	cdc-task run "$name" 2>>run.err &
	run=$!
	ok "$name: its rows are there" wait_until 30 has "$(echo "$pattern" | tr . ' ')" "$n"
	cdc-task status "$name" --json >status
	kill $run
	wait $run 2>/dev/null
}

try one db1.vpk 5 -S "$URI" --source-cacert cert -E "$etcd" -r "$root"
like '  etcd was asked' "$(cat found)" "^catalogue $root/meta at revision [0-9]+: 1 of "
like '  and the log, over TLS' "$(cat found)" "^log       $URI: it gives that of 4 channels from there on\$"
is '  its records are not counted' "$(jq -c '[.backlog, (.lag_ms | type)]' status)" '[null,"number"]'
exits 1 cdc-task create x -i db1.vauto -S "$URI" -E "$etcd" -r "$root"
like '  a certificate of nobody' "$(cat "$err")" 'certificate'

try two default.trunc 1 -S "$URI" --source-cacert cert -b "$brokers"
like '  the source was asked' "$(cat found)" "^source    $URI: Milvus 2\\.6\\.20\$"
like '  and Kafka' "$(cat found)" "^kafka     $brokers: [0-9]+ topics of cluster "
is '  its records are counted' "$(jq -c '.backlog | type' status)" '"number"'
dump_kill
fake_stop
kafka_down
etcd_stop
done_testing
