#!/bin/sh
# cdc-meta on what genuine servers of 2.6.20 and 3.0.0 kept in etcd: compared by value with what the client did.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

etcd_start
D=$TESTS/data/streaming
client() { python3 "$TESTS/fake/client.py" "$D/client-$1.ndjson" "$2"; }
rev=0
for v in 2.6.20:by-m26b 2.6.20-more:by-m26c 3.0.0:by-m30; do
	root=${v#*:} v=${v%:*}
	etcdtool replay "$D/etcd-$v.ndjson" >/dev/null
	ok "$v is read" cdc-meta -r $root
	cp "$out" $root
	is '  silent' "$(cat "$err")" ''
	case $v in
	2.6.20) want='11 collections, 63 fields, 15 partitions, 11 indexes' ;;
	2.6.20-more) want='12 collections, 42 fields, 13 partitions, 0 indexes' ;;
	3.0.0) want='33 collections, 138 fields, 39 partitions, 13 indexes' ;;
	esac
	is '  it is what the client had' "$(client $v $root)" "$want"
	is '  the pchannels, and where the control channel is' "$(grep '"pchannel"' $root)" \
		"$(for n in 0 1 2 3; do echo '{"kind":"pchannel","name":"'$root'-rootcoord-dml_'$n'","control":'"$([ $n = 0 ] && echo true || echo false)}"; done)"
	like '  changes are in the log' "$(tail -n 1 $root)" '^\{"kind":"ready","rev":[0-9]*,"ts":"4708[0-9]*","ddl":"log"\}$'
	like '  checkpoints are offsets' "$(grep -c '"checkpoint".*"offset":[0-9]*,"ts":"4708' $root)" '^[1-9][0-9]*$'
	is '  of what is dropped, none' "$(grep -c '"checkpoint".*"ts":"18446744073709551615"' $root)" 0
	is '  no secret is in a line' "$(grep -c -e 'AK' -e 'SK' -e 'root:Milvus' -e '[$]2a[$]' -e s3:// $root)" 0
done
is 'what has no members is named, not dropped' "$(grep -o '"name":"[a-z0-9]*","state":"created".*"unread":.[^]]*' by-m30 | sed 's/"name":"\([a-z0-9]*\)".*"unread":./\1 /')" \
	"struct \"struct array 'clips'\"
st1 \"struct array 'clips'\",\"struct array 'plain'\"
st2 \"struct array 'clips'\"
ns2 \"namespaces\"
ns3 \"namespaces\"
evo \"struct array 'cl'\"
ns1 \"namespaces\"
ext1 \"external source\",\"external spec\",\"field 'title': external field\",\"field 'v': external field\""
like 'a dropped collection of a dropped database has its name' "$(cat by-m26b)" '"db":"db2",.*"name":"ren3","state":"dropping"'
like 'nanoseconds for a timestamp' "$(cat by-m30)" '"kind":"index","id":"470824410474772000",.*"ts":"470824482846801920"'

cdc-meta -r by-m30 'db1.*' >some
is 'a pattern: what belongs to it' "$(grep -c -e '"collection"' -e '"partition"' some) $(grep -c '"index"' some)" '4 0'
is '  the pchannels always' "$(grep -c '"pchannel"' some)" 4
is '  no group' "$(grep -c privilege_group some)" 0
is 'but by its kind' "$(cdc-meta -r by-m30 -k privilege_group 'db1.*' | sed -n 2,3p)" \
	'{"kind":"privilege_group","name":"pg1","privileges":["Insert","Delete"]}
{"kind":"privilege_group","name":"rpg","privileges":["Insert","Delete"]}'

# What changes there: a field is taken out, a collection is dropped and its keys go.
cdc-meta -w -r by-m30 >w.out 2>w.err &
pid=$!
wait_until 10 grep -q '"at"' w.out
evo=470824410474441258 C=by-m30/meta/root-coord
gone() { printf '{"delete":["%s"]}\n' "$@" >gone && etcdtool replay gone >/dev/null; }
gone $C/fields/$evo/108
wait_until 5 grep -q '"event":"put".*"name":"evo"' w.out
is 'a field that is gone is gone' "$(grep '"event".*"name":"evo"' w.out | grep -o '"name":"\(f1\|f2\)"' | paste -sd ' ')" '"name":"f2"'
race3=$(sed -n 's/.*"collection","id":"\([0-9]*\)".*"name":"race3".*/\1/p' by-m30)
gone $C/fields/$race3/100 $C/fields/$race3/101 $C/database/collection-info/1/$race3
wait_until 5 grep -q '"event":"delete"' w.out
like 'a collection whose keys go is dropped' "$(cat w.out)" \
	'"event":"delete","id":"'$race3'".*"name":"race3","state":"dropped","ts":"470824707425304649","create_ts":"[0-9]*","shards"'
kill $pid
wait $pid
is '  silently' "$(cat w.err)" ''

# cdc-read
exits 1 cdc-read -m by-m30 --until now --brokers 127.0.0.1:1 -i 'st1'
is 'cdc-read does not take what it would lose' "$(cat "$err")" \
	"cdc-read: collection 'default.st1' has what this program does not read: struct array 'clips', struct array 'plain'; leave it out (--exclude)"

# Another queue than Kafka, in one sentence.
queue() { # VALUE NAME
	etcdtool put by-m30/config/mqtype "$1" >/dev/null
	exits 1 cdc-meta -r by-m30
	is '  says so' "$(cat "$err")" "cdc-meta: 'by-m30': the log of this source is $2, which this program does not read (want Kafka)"
	is '  no line' "$(cat "$out")" ''
}
queue pulsar Pulsar
queue woodpecker Woodpecker
queue rocksmq RocksMQ
etcdtool put by-m30/config/mqtype kafka >/dev/null
ok 'Kafka again' cdc-meta -r by-m30

# A Milvus 2.3.5 on Pulsar wrote this position: ledger 1, entry 7, partition 0, batch index 0.
etcdtool replay "$HISTORY" >/dev/null
python3 - >pulsar <<'X'
import base64, json
id = bytes.fromhex('0801100718002000')
name = b'by-dev-rootcoord-dml_0_470616509404303209v0'
value = b'\x0a' + bytes([len(name)]) + name + b'\x12\x08' + id
print(json.dumps({'put': {'by-dev/meta/datacoord-meta/channel-cp/' + name.decode(): base64.b64encode(value).decode()}}))
X
etcdtool replay pulsar >/dev/null
exits 1 cdc-meta
is '  it is not taken for an offset' "$(cat "$err")" \
	"cdc-meta: checkpoint of 'by-dev-rootcoord-dml_0_470616509404303209v0': the log of this source is Pulsar, which this program does not read (want Kafka)"

etcd_stop
done_testing
