#!/bin/sh
# cdc-meta -w while etcd goes away, comes back, and forgets what was not yet read.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

merged() { grep -v '"kind":"checkpoint"' "$1" | python3 "$TESTS/fake/metamerge.py"; }
catalogue() { cdc-meta -k database,collection,partition,index,load,alias,user,role | grep -v -e '"catalogue"' -e '"ready"'; }
at_rev() { grep -q "{\"kind\":\"at\",\"rev\":$2," "$1"; }
part() { # FROM TO: lines of the history; prints the last revision
	sed -n "$1,$2p" "$HISTORY" >part
	etcdtool replay part
}

etcd_start
part 1 10 >/dev/null
cdc-meta -w >live 2>live.err &
pid=$!
wait_until 5 grep -q '"at"' live

# killed, back after a second, and more is written at once
etcd_stop KILL
sleep 1
etcd_start
rev=$(part 11 30)
ok 'after a restart it goes on' wait_until 10 at_rev live "$rev"
is 'nothing is told twice, nothing is lost' "$(merged live)" "$(catalogue)"
is 'no resync' "$(grep -c resync live)" 0
like 'it said that it tries again' "$(cat live.err)" "^cdc-meta: etcd( watch)?: .*; trying again for 60 s$"
is 'once' "$(grep -c 'trying again' live.err)" 1
like '  and that it is over' "$(tail -n 1 live.err)" '^cdc-meta: etcd answers again, after [0-9.]+ s$'

# Asleep while etcd is restarted, written to and compacted: what it would ask for next is gone
: >live.err
kill -STOP $pid
etcd_stop
etcd_start
part 31 40 >/dev/null
etcdtool compact
rev=$(part 41 45)
kill -CONT $pid
ok 'after a compaction it goes on' wait_until 10 at_rev live "$rev"
is 'with all of it again' "$(grep -e resync -e '"ready"' live | cut -c9-15 | paste -sd ' ')" '"ready" "resync "ready"'
is 'and loses nothing' "$(merged live)" "$(catalogue)"
like 'it said why' "$(cat live.err)" 'compacted up to revision [0-9]+; reading all again$'
rev=$(part 46 57)
ok 'then as before' wait_until 5 at_rev live "$rev"
is 'to the end' "$(merged live)" "$(catalogue)"
kill $pid
wait $pid 2>/dev/null

# Compacted under a reader that keeps up: nothing happens
: >quiet.err
cdc-meta -w >quiet 2>quiet.err &
pid=$!
wait_until 5 grep -q '"at"' quiet
rev=$(etcdtool put other/x)
etcdtool compact
rev=$(etcdtool put $BASE/root-coord/credential/roles/new)
ok 'a compaction behind it does not matter' wait_until 5 at_rev quiet "$rev"
is '  and is not worth a word' "$(cat quiet.err)" ''

# Away for longer than --retry
kill $pid
wait $pid 2>/dev/null
cdc-meta -w --retry 1 >gone 2>gone.err &
pid=$!
wait_until 5 grep -q '"at"' gone
etcd_stop KILL
wait $pid 2>/dev/null
is 'away for too long: status 3' $? 3
like '  it says so' "$(tail -n 1 gone.err)" '^cdc-meta: gave up after 1 s \(--retry\): etcd.*onnect'
is '  whole lines' "$(tail -n 1 gone | cut -c1-12)" '{"kind":"at"'
cdc-meta -w >x 2>&1
is 'away at the start: status 3 at once' $? 3

done_testing
