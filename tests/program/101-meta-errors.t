#!/bin/sh
# cdc-meta: one clear line and a status for everything that can be wrong.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

said() { # PATTERN: the one line that the last command wrote
	is '  one line' "$(wc -l <"$err")" 1
	like "  it says $1" "$(cat "$err")" "^cdc-meta: .*$1"
}

exits 2 cdc-meta --no-such-option
said "unknown option '--no-such-option'"
exits 2 cdc-meta -k collection,colection
said "--kinds: 'colection' is not database, collection, .* privilege_group or pchannel"
exits 2 cdc-meta a.b.c
said "more than one '.'"
exits 2 cdc-meta --rev 0
said '--rev'
exits 2 cdc-meta -w --plain
said 'does not go with'
exits 2 cdc-meta -E ''
said 'no etcd endpoint'
exits 2 cdc-meta -E gopher://127.0.0.1:1
said 'gopher'
exits 2 cdc-meta --etcd-user-file nofile
said 'nofile'
exits 2 cdc-meta -E https://127.0.0.1:1 --cacert nofile
said 'nofile'

etcd_start
exits 1 cdc-meta
said "no Milvus under 'by-dev': etcd has no key beneath 'by-dev/meta/'"
etcdtool replay "$HISTORY" >/dev/null
exits 1 cdc-meta 'meta_h1.*' 'nosuch.*' itmes
said "pattern 'nosuch.\*', 'default.itmes' meet no collection of the source \\(--allow-none"
is '  no line' "$(cat "$out")" ''
exits 0 cdc-meta --allow-none 'nosuch.*'
said "pattern 'nosuch.\*' meets no collection of the source\$"
exits 1 cdc-meta --plain 'meta_h1.short'
said "pattern 'meta_h1.short' meets only collections of the source that were dropped"
exits 0 cdc-meta --plain -a 'meta_h1.short'
is '  silent' "$(cat "$err")" ''
etcdtool put other/x >/dev/null
exits 1 cdc-meta -r nowhere
said "no Milvus under 'nowhere'; roots that look like one: 'by-dev'\$"
etcdtool put deep/er/meta/root-coord/database/db-info/1 >/dev/null
exits 1 cdc-meta -r other
said "roots that look like one: 'by-dev', 'deep/er'\$"
exits 1 cdc-meta --meta-path data
said "no Milvus under 'by-dev': there are keys, but none beneath 'by-dev/data/'"
exits 1 cdc-meta --rev 999
said 'future revision'
exits 3 cdc-meta -E 127.0.0.1:1
said "etcd: 'http://127.0.0.1:1/v3/kv/range': .*onnect"
exits 3 cdc-meta -E 127.0.0.1:1,127.0.0.1:2
said 'none of 2 endpoints'
exits 3 cdc-meta -E nosuchhost.invalid:2379
said 'nosuchhost.invalid'
exits 3 cdc-meta -E 'nosuchhost.invalid,https://nosuchhost.invalid'
like '  the port of etcd, if none is said' "$(cat "$err")" "'https://nosuchhost.invalid:2379/v3/"
ok 'the second endpoint does' cdc-meta -E "127.0.0.1:1,$CDC_ETCD"
is '  silently' "$(cat "$err")" ''
etcdtool compact
exits 4 cdc-meta --rev 3
said 'revision 3: .*compacted'

exits 1 sh -c 'cdc-meta >/dev/full'
said 'standard output: No space left'
exits 1 sh -c 'cdc-meta --plain >/dev/full'
said 'standard output: No space left'
exits 1 sh -c 'cdc-meta -w >/dev/full'
said 'standard output: No space left'
is 'head -n 1 is quiet' "$( (cdc-meta -w | head -n 1 | cut -c1-19) 2>&1)" '{"kind":"catalogue"'
for s in TERM INT; do
	: >w.out
	env --default-signal=INT cdc-meta -w >w.out 2>w.err &
	pid=$!
	wait_until 5 grep -q '"at"' w.out
	kill -$s $pid
	wait $pid
	is "dies of SIG$s" $? "$([ $s = TERM ] && echo 143 || echo 130)"
	is '  with whole lines' "$(tail -c 2 w.out)" '}'
	is '  and no word' "$(cat w.err)" ''
done

etcdtool put broken/meta/root-coord/database/db-info/1 'xxx' >/dev/null
exits 1 cdc-meta -r broken
said 'not a DatabaseInfo'

# Something that is no etcd
python3 -u -m http.server --bind 127.0.0.1 0 >http.log 2>&1 &
wait_until 5 grep -q port http.log
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' http.log)
exits 1 cdc-meta -E "127.0.0.1:$port"
said 'HTTP status 501, not what etcd 3.4 or later answers'
kill $!

etcd_stop
done_testing
