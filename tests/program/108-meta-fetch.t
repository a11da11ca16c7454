#!/bin/sh
# cdc-meta reads only what it needs: of a few collections that a pattern wants their keys, fields when a line needs them.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
at_rev() { grep -q "{\"kind\":\"at\",\"rev\":$2," "$1"; }
lines() { grep -v -e '"kind":"catalogue"' "$@"; }

etcd_start --max-txn-ops 1024
# More than are read at once; a third of the fields have the number of their collection in their names.
for layout in 2.3 2.6; do
	[ $layout = 2.3 ] || { etcdtool wipe && rm -f all; }
	python3 "$TESTS/bench/fillmeta.py" "$CDC_ETCD" 600 8 $layout >/dev/null
	# The newest change is of a partition that the patterns below do not want
	etcdtool put $BASE/snapshots/root-coord/partitions/470616509404000000/470616509404000001_ts470700000000000000 >/dev/null
	ok "$layout: all" cdc-meta
	cp "$out" all
	is '  when it was changed last' "$(jq -r 'select(.kind == "ready") | .ts' all)" \
		"$([ $layout = 2.3 ] && echo 470700000000000000 || jq -r 'select(.kind == "collection").ts' all | sort -n | tail -n 1)"
	is '  each has its own fields' "$(jq -r 'select(.kind == "collection") | (.name | split("_")[1] | tonumber) as $n
		| .schema.fields | select(length == 8) | map(.name | select(test("_of_"))) | map(split("_")[3] | tonumber == $n)
		| select(all and length == 2) | "right"' all | sort | uniq -c | awk '{ print $1 $2 }')" 600right
	is '  and each index its field' "$(grep -c '"kind":"index".*"field":"vector"' all)" 600
	is '  in order' "$(jq -r 'select(.kind == "collection") | .id' all)" "$(jq -r 'select(.kind == "collection") | .id' all | sort -n)"
	cdc-meta -k index >index
	is '  indexes alone are the same' "$(grep '"index","id"' index)" "$(grep '"index","id"' all)"
	cdc-meta 'db3.*' >few
	cdc-meta 'db*.*' >many
	for p in few:3:60 many:.*:540; do
		want=${p##*:} db=${p#*:} p=${p%%:*}
		db=${db%:*}
		jq -r --arg d "db$db" 'select(.kind == "collection" and (.db | test("^" + $d + "$"))) | .id' all >ids
		is "  $p of a pattern" "$(lines $p | grep -v '"kind":"database"')" \
			"$(grep -Ff ids all | grep -v '"kind":"catalogue"'; grep -e '"pchannel"' -e '"ready"' all)"
		is "  that are $want" "$(wc -l <ids)" $want
	done
	cdc-meta -k alias >alias
	is '  only some kinds, and the same ready' "$(lines alias)" "$(grep -e '"kind":"alias"' -e '"ready"' all)"
done

# Of ids that are not of one length, each has its own
python3 - >lengths <<'X'
import base64, json
b = lambda x: base64.b64encode(x).decode()
def text(field, s): return bytes([field << 3 | 2, len(s)]) + s
put = {}
for id in (8, 9, 10, 11, 99, 100, 1000):
    n = b'c%d' % id
    put['by-x/meta/root-coord/database/collection-info/1/%d' % id] = b(text(2, text(1, n)))
    put['by-x/meta/root-coord/fields/%d/100' % id] = b(b'\x08\x64' + text(2, n))
    put['by-x/meta/root-coord/fields/%d/101' % id] = b(b'\x08\x65' + text(2, n + b'b'))
print(json.dumps({'put': put}))
X
etcdtool replay lengths >/dev/null
is 'ids of several lengths' "$(cdc-meta -r by-x | jq -r 'select(.kind == "collection") | .name + " " + ([.schema.fields[].name] | join(" "))')" \
	"$(for id in 8 9 10 11 99 100 1000; do echo "c$id c$id c${id}b"; done)"

# What is renamed into a pattern was not read before
etcdtool wipe
etcdtool replay "$HISTORY" >/dev/null
moved=$(etcdtool revision $BASE/root-coord/database/collection-info/470616509404303104/470616509404303209)
rev=$((moved - 1))
cdc-meta -w --rev $rev 'meta_h2.*' >part &
pid=$!
wait_until 10 at_rev part "$(etcdtool revision)"
kill $pid
sed '1,/"ready"/d' part | grep -v '"at"' >came
cdc-meta --rev "$moved" 'meta_h2.*' | lines | grep -v -e '"database"' -e '"ready"' -e '"checkpoint"' | sed 's/^\({"kind":"[a-z]*"\),/\1,"rev":'"$moved"',"event":"put",/' >want
is 'what comes by a rename is whole, as of that moment' "$(head -n "$(wc -l <want)" came)" "$(cat want)"
ok '  and is more than its line' test "$(wc -l <want)" -gt 1

# A question for fields is not answered: the change is told all the same, once
python3 "$TESTS/fake/etcdproxy.py" "$CDC_ETCD" fields >port &
proxy=$!
wait_until 5 test -s port
cdc-meta -w -E "127.0.0.1:$(cat port)" >live 2>live.err &
pid=$!
wait_until 5 grep -q '"at"' live
coll=470616509404303109
like 'one that is there' "$(cat live)" '"collection","id":"'$coll'"'
printf '{"put":{"%s":"CGQSBG5ldzE="}}\n{"put":{"%s":"CGUSBG5ldzI="}}\n' $BASE/root-coord/fields/$coll/900 $BASE/root-coord/fields/$coll/901 >new
end=$(etcdtool replay new)
ok 'etcd is away for a question' wait_until 15 at_rev live "$end"
is '  both changes are told, each once' "$(sed '1,/"ready"/d' live | grep -o '"kind":"collection","rev":[0-9]*' | cut -d : -f 3 | paste -sd ' ')" "$((end - 1)) $end"
like '  it said that it tries again' "$(cat live.err)" 'trying again'
kill $pid $proxy
etcd_stop
done_testing
