#!/bin/sh
# cdc-meta -w whose watch has died without a word: no "at" runs ahead of what it has not told, and it finds out.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

etcd_start
head -n 1 "$HISTORY" >part
etcdtool replay part >/dev/null
python3 "$TESTS/fake/etcdproxy.py" "$CDC_ETCD" >port &
proxy=$!
wait_until 5 test -s port
cdc-meta -w -E "127.0.0.1:$(cat port)" >live 2>live.err &
pid=$!
wait_until 5 grep -q '"at"' live
rev=$(etcdtool put other/x)
ok 'what is not watched is no reason to wait' wait_until 2 grep -q "{\"kind\":\"at\",\"rev\":$rev," live
rev=$(etcdtool put $BASE/root-coord/credential/roles/new)
sleep 2
is 'no "at" before the change is told' "$(grep -c "{\"kind\":\"at\",\"rev\":$rev," live)" 0
ok 'after some seconds the watch is made anew' wait_until 10 grep -q "{\"kind\":\"at\",\"rev\":$rev," live
is 'the change stands before it' "$(grep -e '"new"' -e "\"at\",\"rev\":$rev," live | head -n 2 | grep -o '^{"kind":"[a-z]*"' | paste -sd ' ')" \
	'{"kind":"role" {"kind":"at"'
like 'and it said so' "$(cat live.err)" 'the watch has brought nothing since revision'
sed 1d "$HISTORY" >part
end=$(etcdtool replay part)
ok 'a watch in the smallest pieces' wait_until 10 grep -q "{\"kind\":\"at\",\"rev\":$end," live
is 'brings every revision' "$(sed '1,/"ready"/d' live | grep -c '"event"')" 37
kill $pid $proxy
etcd_stop
done_testing
