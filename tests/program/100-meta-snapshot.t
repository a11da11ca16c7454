#!/bin/sh
# cdc-meta at one revision: what a real Milvus 2.3.5 wrote (data/meta-history.ndjson), as lines.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

etcd_start
is 'the history is 57 revisions' "$(etcdtool replay "$HISTORY")" 58

ok 'the catalogue is read' cdc-meta
cp "$out" all
is 'and as it was' "$(sed 's/"etcd":"[0-9]*",//' all)" "$(cat "$TESTS/data/meta-catalogue.ndjson")"
is 'silent when all goes well' "$(cat "$err")" ''

name_at() { cdc-meta -k collection --rev "$1" | grep -o '"id":"470616509404303209".*"name":"[a-z]*","state":"[a-z]*"' | head -n 1 | sed 's/.*"db":"\([^"]*\)".*"name":"\([^"]*\)".*/\1.\2/'; }
state_at() { cdc-meta -k partition --rev "$1" | grep '"name":"p3"' | sed 's/.*"state":"\([a-z]*\)".*/\1/'; }
rev_of() { # LINE_OF_HISTORY matching $1: its revision
	grep -n "$1" "$HISTORY" | sed -n "${2:-1}s/:.*//p" | awk '{ print $1 + 1 }'
}
moved=$(rev_of 'collection-info/470616509404303104/470616509404303209')
is 'before it was renamed across databases' "$(name_at $((moved - 1)))" meta_h1.after
is 'and after' "$(name_at "$moved")" meta_h2.elsewhere
is 'a partition is being created' "$(state_at "$(rev_of 470616509404303109/470616509404303125)")" creating
is 'then created' "$(state_at "$(rev_of 470616509404303109/470616509404303125 2)")" created

like 'the header says so' "$(cdc-meta -k alias,role | head -n 1)" '"kinds":[[]"alias","role"[]]}$'
is 'only some kinds' "$(cdc-meta -k alias,role | grep -o '"kind":"[a-z]*"' | sort | uniq -c | awk '{ print $1 $2 }' | paste -sd ' ')" \
	'2"kind":"alias" 1"kind":"catalogue" 1"kind":"ready" 1"kind":"role"'

cdc-meta 'meta_h1.i*' >some
is 'a pattern takes what belongs to its collections' \
	"$(sed 1d some)" "$(grep -e '"name":"meta_h1"' -e 470616509404303109 -e '"ready"' all)"
like 'and says that it did' "$(head -n 1 some)" '"partial":true'
is 'a name alone is in default' "$(cdc-meta -k collection '*' | wc -l)" 2

# A page that is longer than the limit of an answer: 2,000 partitions, and more than one page
python3 - >many <<'X'
import base64, json
for i in range(2000):
    print(json.dumps({'put': {'by-dev/meta/root-coord/partitions/470616509404303109/%d' % (10 + i):
                              base64.b64encode(b'\x08\x01\x12\x01x').decode()}}))
X
etcdtool replay many >/dev/null
is 'pages: all is there, sorted by number' \
	"$(cdc-meta -k partition | grep -o '"id":"[0-9]*' | cut -c7- | head -n 2000)" "$(seq 10 2009)"

# By gRPC, and where there is only the gateway
ok 'gRPC is there' cdc-meta -v
is '  and is used' "$(grep gRPC "$err")" ''
python3 "$TESTS/fake/etcdproxy.py" "$CDC_ETCD" >port &
proxy=$!
wait_until 5 test -s port
ok 'gRPC is not there' cdc-meta -v -E "127.0.0.1:$(cat port)"
like '  the gateway is asked' "$(cat "$err")" "by gRPC: .*; asking its gateway"
# a connection that broke before anything was sent is tried again with the next question
is '  and not for each question' "$([ "$(grep -c gRPC "$err")" -le 3 ] && echo few)" few
is '  all the same' "$(cat "$out")" "$(cdc-meta)"
kill $proxy
wait $proxy 2>/dev/null

cdc-meta --plain 'meta_h1.*' >plain
is 'plain hides what is dropped' "$(grep -c -e dropp plain)" 0
like 'plain has names' "$(cat plain)" '^partition  created  2026-11-21T11:50:25.873Z 470616509404303115 meta_h1.items/p1$'
like 'plain --all shows it' "$(cdc-meta --plain -a)" '^collection dropping .* meta_h1\.short '

# Bulk imports, as Milvus 2.3.5 keeps them: one that goes on, one that failed, one completed, and what is none
python3 - >imports <<'X'
import base64, json
def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
def num(field, n): return varint(field << 3) + varint(n)
def text(field, b): return varint(field << 3 | 2) + varint(len(b)) + b
def task(id, state, rows): return (num(1, id) + num(4, 470616509404303109) + num(5, 7) + text(9, b'a/1.json') + text(9, b'a/2.json')
    + num(10, 1795261624) + text(11, num(1, state) + num(4, rows)) + text(12, b'items') + num(15, 1795261625))
def put(key, value): print(json.dumps({'put': {'by-dev/meta/importtask/' + key: base64.b64encode(value).decode()}}))
put('30', task(30, 2, 0))
put('9', task(9, 1, 0))
put('31', task(31, 6, 5000000000))
put('x', b'?')
X
rev=$(etcdtool replay imports)
is 'imports, with their rows and files' "$(cdc-meta -k import | grep '"import","id"')" \
	'{"kind":"import","id":"9","coll_id":"470616509404303109","part_id":"7","state":"failed","rows":0,"files":["a/1.json","a/2.json"],"create_ts":"'$((1795261624000 << 18))'","mod":'$((rev - 2))'}
{"kind":"import","id":"30","coll_id":"470616509404303109","part_id":"7","state":"started","rows":0,"files":["a/1.json","a/2.json"],"create_ts":"'$((1795261624000 << 18))'","mod":'$((rev - 3))'}
{"kind":"import","id":"31","coll_id":"470616509404303109","part_id":"7","state":"completed","rows":5000000000,"files":["a/1.json","a/2.json"],"create_ts":"'$((1795261624000 << 18))'","mod":'$((rev - 1))'}'
is 'of the collections of a pattern' "$(cdc-meta -k import 'meta_h2.*' | grep -c '"import","id"')" 0
like 'plain, too' "$(cdc-meta --plain -k import)" '^import  *completed  *2026-11-21T11:47:04.000Z  *31  *meta_h1.items  *rows=5000000000 files=a/1.json,a/2.json$'
echo '{"put": {"by-dev/meta/importtask/32": "Cg=="}}' >bad
etcdtool replay bad >/dev/null
exits 1 cdc-meta -k import
like 'one that does not parse' "$(cat "$err")" "not a ImportTaskInfo: 1 bytes of '32/0'"

etcd_stop
done_testing
