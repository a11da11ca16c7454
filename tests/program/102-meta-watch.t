#!/bin/sh
# cdc-meta -w: what changes, in order, as exact as the catalogue; and "at" lines that keep what they promise.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"

merged() { grep -v '"kind":"checkpoint"' "$1" | python3 "$TESTS/fake/metamerge.py"; }
catalogue() { cdc-meta -k database,collection,partition,index,load,alias,user,role | grep -v -e '"catalogue"' -e '"ready"'; }
at_rev() { # FILE REV: an `at` of that revision is there
	grep -q "{\"kind\":\"at\",\"rev\":$2," "$1"
}

etcd_start
head -n 1 "$HISTORY" >first
sed 1d "$HISTORY" >rest
etcdtool replay first >/dev/null
cdc-meta -w >live &
pid=$!
wait_until 5 grep -q '"at"' live
end=$(etcdtool replay rest)
ok 'all that was written is confirmed' wait_until 5 at_rev live "$end"
kill $pid
wait $pid
merged live >got 2>merge.err
is 'the changes add up to the catalogue' "$(cat got)" "$(catalogue)"
is 'in order' "$(cat merge.err)" ''
like 'the header says that more follows' "$(head -n 1 live)" '"rev":2,"root":"by-dev/meta","etcd":"[0-9]*","born":"[0-9]*","follow":true}'
sed '1,/"ready"/d' live | grep -v '"at"' >changes
is 'line by line' "$(cat changes)" "$(cat "$TESTS/data/meta-changes.ndjson")"

# From each revision on: what stood in the catalogue and what followed give the same end. All at once, they are 56.
n=2
while [ $n -lt "$end" ]; do
	cdc-meta -w --rev $n >"from.$n" &
	pids="${pids:-} $!"
	n=$((n + 1))
done
n=2 bad=
while [ $n -lt "$end" ]; do
	wait_until 20 at_rev "from.$n" "$end" || bad="$bad $n(no at)"
	merged "from.$n" >got 2>&1
	catalogue | cmp -s got || bad="$bad $n"
	n=$((n + 1))
done
kill $pids
is 'from every revision on the end is the same' "$bad" ''

# How often, for who always reads, while nothing happens: what was not used may be used later, so two more are right
asked() { # N: the ms from the first question to the one N later
	awk -F '[:}]' -v n="$1" '/"at"/ { if (!c) t = $4
		if (c++ == n) { printf "%d", ($4 - t) / 1e6; exit } }' idle
}
is_asked() { [ -n "$(asked "$1")" ]; }
cdc-meta -w >idle &
pid=$!
wait_until 20 is_asked 25
kill $pid
ms=$(asked 25)
ok "twelve times a second (25 in $ms ms)" test "$ms" -ge 1760 -a "$ms" -le 3200

# For who leaves it in the pipe: to take it is to ask
python3 "$TESTS/fake/asker.py" 7 cdc-meta -w >taken
is 'an at that is not taken stays alone' "$(cut -d ' ' -f 1 taken | paste -sd ' ')" '1 1 1 1 1 1 1'
ms=$(cut -d ' ' -f 2 taken | sort -n | sed -n 4p)
ok "the next comes soon after it was (${ms:-no} ms)" test "${ms:-1000}" -lt 60
is 'and was asked for behind that' "$(awk '$3 <= 0' taken)" ''

# A pattern: what is renamed into it comes whole, and is followed when it leaves
: >part
cdc-meta -w --rev 2 'meta_h2.*' >part &
pid=$!
wait_until 5 at_rev part "$end"
kill $pid
is 'what comes into a pattern by a rename comes whole' \
	"$(sed '1,/"ready"/d' part | grep -v '"at"' | sed 's/"id":"\([0-9]*\)".*/\1/; s/.*"event"://' | paste -sd ' ')" \
	'"put",470616509404303104 "put",470616509404303209 "put",470616509404303210'
: >part
cdc-meta -w --rev 2 'meta_h1.after' >part &
pid=$!
wait_until 5 at_rev part "$end"
kill $pid
is 'and is followed when it leaves' \
	"$(grep '"kind":"collection"' part | sed 's/.*"db":"\([a-z0-9_]*\)".*"name":"\([a-z]*\)","state".*/\1.\2/' | paste -sd ' ')" \
	'meta_h1.after meta_h2.elsewhere'

# A line that is gone may have the members that it had, and come again with them
cdc-meta -w -k user,role,privilege_group >names &
pid=$!
wait_until 5 grep -q '"at"' names
for key in credential/users/eve credential/roles/new privilege-group/g; do
	key=$BASE/root-coord/$key
	for n in 1 2; do
		printf '{"put":{"%s":""}}\n{"delete":["%s"]}\n' "$key" "$key"
	done
done >history
last=$(etcdtool replay history)
wait_until 5 at_rev names "$last"
kill $pid
is 'what goes is told, each time' "$(jq -r 'select(.event) | .kind + " " + .event' names | paste -sd ' ')" \
	'user put user delete user put user delete role put role delete role put role delete privilege_group put privilege_group delete privilege_group put privilege_group delete'

# A filter in the middle, and a reader that leaves
is 'ends when its reader has left' "$(timeout 5 sh -c 'cdc-meta -w 2>&1 | sed -n "/\"at\"/{p;q;}"' | cut -c1-12)" '{"kind":"at"'

etcd_stop
done_testing
