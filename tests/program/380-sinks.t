#!/bin/sh
# Text from outside on its way to terminals, logs, JSON and Prometheus: names of a hostile catalogue, a hostile target's
# reasons, words of clients, files. No sink shows what a terminal acts on, and none loses what can be read.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
mkdir bin
for p in cdc-task cdc-read cdc-apply; do cp "$BUILD/$p" bin/; done

# Says what in standard input a terminal would act on; in JSON, marks that turn the order of words are text.
acts() { # [json]
	python3 -c '
import sys
text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
bad = [c for c in text if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or 0x2028 <= ord(c) < 0x202f
	or 0x2066 <= ord(c) < 0x206a or 0xd800 <= ord(c) < 0xe000) and not (sys.argv[1:] and 0x2000 <= ord(c) < 0x2100)]
print(*sorted(set(map(ascii, bad))))' "$@"
}
word=$(printf '\033]0;\302\233\344\270\226')    # ESC ] 0 ; CSI, and a character; 9 bytes, 6 characters
seen=$(printf ' ]0; \344\270\226')

# A catalogue: the name of a collection, and the description of another.
etcd_start
etcdtool replay "$HISTORY" elsewhere "$word" 'what we sell' "$(printf 'ware\302\233\344\270\226\342\200\256')" >/dev/null
cdc-meta --plain >plain
is 'cdc-meta --plain' "$(acts <plain)" ''
is '  shows the name' "$(grep -c "^collection .* meta_h2\.$seen " plain)" 1
is '  in columns of characters' "$(python3 -c '
import re
for line in open("plain", encoding="utf-8"):
	if line.startswith("collection"):
		print(line.index("shards="))' | sort -u | wc -l)" 1
cdc-meta >lines
is 'cdc-meta' "$(acts json <lines)" ''
is '  has the same name' "$(jq -r 'select(.kind == "collection" and .db == "meta_h2" and .state == "created").name' lines)" "$word"
is '  and description' "$(jq -r 'select(.kind == "collection" and .name == "items").schema.description' lines)" \
	"$(printf 'ware\302\233\344\270\226\342\200\256')"
etcd_stop
kafka_up
CDC_ETCD=http://127.0.0.1:1 cdc-read --meta lines --from beginning --until end --explain >explain 2>explain.err
is 'cdc-read --explain' "$(acts <explain)" ''
is '  shows the name' "$(grep -c "^meta_h2\.$seen 4" explain)" 1

# Names of topics.
cdc-task create forged --no-check -T http://127.0.0.1:2 --paused
bad='x\"} 1\nforged{a=\"'
printf '{"op":"ack","ts":"5","pos":{"%s":{"o":1,"n":1,"ts":"5"}},"end":true}\n' "$bad" >bad.ndjson
refused="'x\"} 1 forged{a=\"' is no name of a topic: want 1 to 249 of letters, digits, '.', '_' and '-'"
exits 1 cdc-task commit forged <bad.ndjson
like '  says it' "$(cat "$err")" "$(printf '%s' "$refused" | sed 's/[{}.]/\\&/g')\$"
exits 1 cdc-task set forged --from @bad.ndjson
for name in . .. '' "$(printf '%0250d' 0)" "$(printf 'a\344\270\226')" 'a b' 'a/b'; do
	printf '{"op":"ack","ts":"5","pos":{"%s":{"o":1,"n":1,"ts":"5"}},"end":true}\n' "$name" >bad.ndjson
	run_quietly cdc-task commit forged <bad.ndjson
	like "no topic is '$(printf '%.9s' "$name")'" "$tap_got $(cat "$err")" '^1 .*is no name of a topic'
done
printf '{"op":"ack","ts":"5","pos":{"%s":{"o":1,"n":1,"ts":"5"},"A.b_c-9":{"o":1,"n":1,"ts":"5"}},"end":true}\n' \
	"$(printf '%0249d' 0)" >good.ndjson
exits 0 cdc-task commit forged <good.ndjson
cdc-task set forged --from start
cdc-httpd --allow-anyone --listen 127.0.0.1:0 --print-address >at 2>httpd.log &
httpd=$!
wait_until 10 test -s at || diag <httpd.log
url=http://$(cat at)
is 'PUT position' "$(curl -s -X PUT -H 'If-Match: *' -H 'Content-Type: application/json' \
	-d "{\"ts\":\"5\",\"topics\":{\"$bad\":{\"o\":1,\"n\":1,\"ts\":\"5\"}}}" "$url/tasks/forged/position" |
	jq -r '"\(.status) \(.detail)"' | tr '\n' ' ')" "422 $refused "
is 'create with positions' "$(curl -s -d "{\"request_type\":\"create\",\"request_data\":{\"milvus_connect_param\":{\"host\":\"127.0.0.1\",\"port\":1},
	\"collection_infos\":[{\"name\":\"a\",\"positions\":{\"x\\\"} 1_5v0\":\"EggBAAAAAAAAAA==\"}}]}}" "$url/cdc" | jq -c '[.code, (.message | contains("is no name of a topic"))]')" '[400,true]'
is 'PUT a task' "$(curl -s -H 'Content-Type: application/json' \
	-d "{\"name\":\"made\",\"from\":{\"ts\":\"5\",\"pos\":{\"$bad\":{\"o\":1,\"n\":1,\"ts\":\"5\"}}},\"options\":{\"target\":\"http://127.0.0.1:2\"}}" "$url/tasks" | jq -r .status)" 422
is 'metrics have no series of it' "$(curl -s "$url/metrics" | grep -c forged{)" 0
is '  one line is one series' "$(curl -s "$url/metrics" | grep -cvE '^(#.*|[a-z_]+(\{([a-z_]+="([^"\\]|\\["\\n])*",?)*\})? [0-9.e+-]+)$')" 0
# a checkpoint that an older version has kept
jq -c --arg t "$(printf 'x"} 1\nforged{a="')" '.pos = {($t): {"o":1,"n":1,"ts":"5"}}' >old <<-X2
	{"v":1,"gen":3,"ts":"5","pos":{},"known":{},"applied":{}}
X2
cp old "$CDC_STATE_DIR/tasks/forged/checkpoint.json"
is 'one that is there: no series' "$(curl -s "$url/metrics" | grep -c forged{)" 0

# Words of people, in names of files, and of servers.
cdc-task create said --no-check -T http://127.0.0.1:3 --token-file "/tmp/it's $word" -X "client.id=$word\\" --paused
cdc-task pause said --reason "$word"
for c in 'status said' 'status said -v' 'status said --json' 'log said' 'show said' 'show said --json' 'doctor said -k wish,words,others' 'doctor said --json -k wish'; do
	run_quietly cdc-task $c --offline
	[ $tap_got != 2 ] || run_quietly cdc-task $c
	is "cdc-task $c" "$(cat "$out" "$err" | acts)" ''
done
like 'status shows the reason' "$(cdc-task status said --offline)" "  $seen\$"
is 'log has the same' "$(cdc-task log said | jq -r 'select(.event == "paused" or .event == "pause").reason' | tail -n 1)" "$word"
is 'show --json too' "$(cdc-task show said --json | jq -r '.options["token-file"]')" "/tmp/it's $word"
if command -v bash >/dev/null; then
	for p in cdc-meta cdc-read cdc-apply; do printf '#!/bin/sh\nfor a; do printf "%%s\\n" "$a"; done >>"$T/args"\n' >bin/$p; done
	chmod +x bin/*
	cp bin/cdc-meta bin/cdc-task-too
	cdc-task show said | sed 's/^[^ ]*cdc-task/cdc-task-too/' >pasted
	PATH=$T/bin:$PATH bash pasted 2>/dev/null
	is 'show, pasted' "$(sort -u args | grep -cxF -e "/tmp/it's $word" -e "client.id=$word\\")" 2
	for p in cdc-read cdc-apply; do cp "$BUILD/$p" bin/; done
fi
printf 'a\233b%s\n' "$word" >"$(printf 'f\233')"
for c in "cdc-task status $word" "cdc-task $word" "cdc-apply $(printf 'f\233')"; do
	run_quietly $c
	is "${c%% *}: its words" "$tap_got $(acts <"$err")" "$([ "${c%% *}" = cdc-apply ] && echo 1 || echo 2) "
done
like '  with marks for bytes' "$(cat "$err")" "$(printf 'f\357\277\275')"
fake_start
faults "[{\"method\":\"GetVersion\",\"times\":9,\"code\":5,\"reason\":\"$(printf '%s' "$word" | sed 's/\x1b/\\u001b/')\"}]"
run_quietly cdc-task create there -T "$CDC_TARGET"
is 'create' "$(cat "$out" "$err" | acts)" ''
faults "[{\"method\":\"Upsert\",\"times\":9,\"code\":1100,\"reason\":\"bad $(printf '%s' "$word" | sed 's/\x1b/\\u001b/')\"}]"
{ begin && create items && insert items 1 && tick 9 && end; } >stream.ndjson
exits 1 cdc-apply stream.ndjson
is '  its words' "$(acts <"$err")" ''
like '  with what can be read' "$(cat "$err")" "bad $seen"
faults '[]'
{ begin && create "$(printf '%s' "$word" | sed 's/\x1b/\\u001b/')" && tick 9 && end; } >stream.ndjson
run_quietly cdc-apply -n stream.ndjson
is 'cdc-apply -n' "$(cat "$out" "$err" | acts)" ''
kill $httpd
fake_stop
kafka_down
done_testing
