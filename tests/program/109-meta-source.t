#!/bin/sh
# cdc-meta --source: the same lines from a Milvus's public API as from its etcd.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
py=${CDC_DEPS:-$top/.deps}/venv/bin/python
[ -x "$py" ] && "$py" -c 'import grpc' 2>/dev/null || skip_all 'no grpc for Python (tests/tools/setup.sh test)'
D=$TESTS/data/streaming

asked() { # VERSION [WORD]: $S is its URI
	[ -z "${asked_pid:-}" ] || { kill "$asked_pid" && wait "$asked_pid" 2>/dev/null; }
	rm -f port
	"$py" "$TESTS/fake/asked.py" "$D/etcd-$1.ndjson" port ${2:-} 2>>asked.err &
	asked_pid=$!
	wait_until 30 test -s port || diag <asked.err
	S=http://127.0.0.1:$(cat port)
}

# Of what lives, without where its rows begin, the dynamic field's id, and when indexes and aliases were made: what both tell.
same_lines() {
	python3 - "$1" <<'X'
import json, sys
lines = [json.loads(x) for x in open(sys.argv[1])]
live = {o['id'] for o in lines if o['kind'] == 'collection' and o['state'] == 'created'}
for o in lines:
    if o['kind'] in ('catalogue', 'ready', 'checkpoint') or o.get('state', 'created') != 'created':
        continue
    if o['kind'] in ('partition', 'index', 'load', 'alias') and o['coll_id'] not in live:
        continue
    o.pop('start', None)
    o.get('schema', {}).pop('dynamic_id', None)
    if o['kind'] in ('index', 'alias'):
        o.pop('ts')
    for g in o.get('grants', ()):
        g['privilege'] = g['privilege'].removeprefix('Privilege')
    print(json.dumps(o, sort_keys=True))
X
}

etcd_start
for v in 2.6.20:by-m26b 3.0.0:by-m30; do
	root=${v#*:} v=${v%:*}
	etcdtool replay "$D/etcd-$v.ndjson" >/dev/null
	cdc-meta -r $root >etcd.$v
	asked $v
	ok "$v: through its API" cdc-meta -S $S
	cp "$out" api.$v
	is '  silent' "$(cat "$err")" ''
	is '  the lines of etcd' "$(same_lines api.$v)" "$(same_lines etcd.$v)"
	like '  that are many' "$(same_lines api.$v | wc -l)" '^[0-9][0-9]+$'
	like '  whose it is' "$(head -n 1 api.$v)" '^\{"kind":"catalogue","v":1,"rev":470824800000000000,"source":"'$S'","wal":"kafka","born":"[0-9]+","kinds":\["database","collection","partition","index","load","alias","user","role","privilege_group","pchannel"\]\}$'
	like '  and that changes are in the log' "$(tail -n 1 api.$v)" '^\{"kind":"ready","rev":470824800000000000,"ts":"4708[0-9]*","ddl":"log"\}$'
	is '  no secret' "$(grep -c -e AK -e SK -e s3:// api.$v)" 0
done
is 'what has no members is named here, too' "$(grep -o '"unread":.[^]]*' api.3.0.0)" "$(grep -o '"unread":.[^]]*' etcd.3.0.0)"
ids=$(grep '"db":"db1"' api.3.0.0 | grep -o '^{"kind":"collection","id":"[0-9]*"' | grep -o '[0-9][0-9]*' | paste -sd '|')
is 'a pattern' "$(cdc-meta -S $S 'db1.*' | grep -v '"kind":"catalogue"')" \
	"$(grep -E -e '"name":"db1"' -e '"db":"db1"' -e '"coll_id":"('"$ids"')"' -e '"kind":"pchannel"' -e '"ready"' api.3.0.0)"
like 'plain' "$(cdc-meta -S $S --plain)" '^collection  *created .* db1.vpk '

asked 2.6.20 loaded
cdc-meta -S $S >loaded
part=$(grep '"_default_0"' loaded | grep -o '"partition","id":"[0-9]*' | grep -o '[0-9]*$')
is 'what is loaded' "$(grep '"kind":"load"' loaded)" \
	'{"kind":"load","coll_id":"470824162851182548","type":"partitions","replicas":2,"partitions":["'"$part"'"]}'

# What comes and goes meanwhile
asked 2.6.20 gone
ok 'a collection is dropped meanwhile' cdc-meta -S $S
is '  it is not there, nor anything of it' "$(grep -c 470824162849981478 "$out")" 0
is '  all others are' "$(grep -c '"kind":"collection"' "$out")" 10
asked 2.6.20 restless
exits 3 cdc-meta -S $S
is '  says so' "$(cat "$err")" 'cdc-meta: source: collections come and go faster than they can be asked for (10 tries)'
is '  no line' "$(cat "$out")" ''
asked 2.6.20 lost
exits 1 cdc-meta -S $S
like 'what is not found may be something else' "$(cat "$err")" "^cdc-meta: source: DescribeIndex '.*': channel not found"

# Which it cannot be
asked 2.6.20 2.5.27
exits 1 cdc-meta -S $S
is '  says what to do' "$(cat "$err")" 'cdc-meta: source: Milvus 2.5.27 does not have all changes in its log: give --etcd instead of --source'
asked 2.6.20 v2.6.0-rc1
ok 'another way to write a version' cdc-meta -S $S
asked 2.6.20 login
exits 1 cdc-meta -S $S
like '  wants a login' "$(cat "$err")" '^cdc-meta: source: GetVersion: .*auth check failure'
umask 077
echo root:secret >login
ok 'with it' cdc-meta -S $S --source-token-file login
CDC_SOURCE_TOKEN=root:secret ok 'or from the environment' cdc-meta -S $S
exits 3 cdc-meta -S http://127.0.0.1:1 --retry 0
like '  it is away' "$(cat "$err")" '^cdc-meta: source: .*127.0.0.1'
exits 2 cdc-meta -S $S -w
exits 2 cdc-meta -S $S --rev 5
exits 2 cdc-meta -S $S -k checkpoint
asked 3.0.0 denied
ok 'who its users are is not told' cdc-meta -S $S
like '  said' "$(cat "$err")" '^cdc-meta: source: SelectUser: .*permission deny.*; users, roles and privilege groups are left out$'
like '  and the header does not have them' "$(head -n 1 "$out")" '"kinds":\["database","collection","partition","index","load","alias","pchannel"\]'
is '  nor is half of it there' "$(grep -c -e '"user"' -e '"role"' -e privilege_group "$out")" 0
is '  all else is' "$(grep -v '"catalogue"' "$out")" "$(grep -v -e '"catalogue"' -e '"user"' -e '"role"' -e privilege_group api.3.0.0)"
exits 2 cdc-meta -S gopher://x
kill "$asked_pid"
etcd_stop
done_testing
