#!/bin/sh
# cdc-httpd: what its administrator has given it a login for gets that login, and nothing that a client names does. Real
# programs, a real etcd, librdkafka's mock cluster, a Milvus in memory; what must not be reached writes down what it is sent.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/openapi.sh"
etcd_start
kafka_up
fake_start
mkdir bin
for p in cdc-task cdc-read cdc-apply cdc-httpd; do cp "$BUILD/$p" bin/; done
told items
feed <<X2
tick 0 50
tick 1 50
X2
umask 077
echo 'root:etcd-secret' >login
printf 'client.id=kafka-secret\n' >props
echo 'root:listed-secret' >listed
export CDC_TOKEN=root:env-secret
own=$CDC_TARGET

serve() { # OPTION...: $url is the server
	: >at
	cdc-httpd --listen 127.0.0.1:0 --print-address --allow-anyone --etcd "$CDC_ETCD" --etcd-user-file login -X "@$T/props" \
		--brokers "$CDC_BROKERS" "$@" >at 2>httpd.log &
	httpd=$!
	wait_until 10 test -s at || diag <httpd.log
	checked "$(cat at)"
	url=http://$checked
}
ends() {
	kill "$httpd"
	wait "$httpd" 2>/dev/null
}
recorder() { # FILE [ANSWER]: $at is where it listens
	rm -f "$1" "$1.port"
	python3 "$TESTS/fake/recorder.py" "$1" 0 "${2:-}" 2>>recorder.err &
	wait_until 10 test -s "$1.port"
	at=127.0.0.1:$(cat "$1.port")
}
post() { # OPTIONS [MORE]: what POST /tasks says
	curl -s -m 60 -d "{\"name\":\"x\",\"options\":{$1}${2:-}}" "$url/tasks"
}
create() { # TARGET'S FIELDS
	curl -s -m 60 -d "{\"request_type\":\"create\",\"request_data\":{\"task_id\":\"x\",\"milvus_connect_param\":{$1},\"collection_infos\":[{\"name\":\"*\",\"use_start_position\":true}]}}" "$url/cdc"
}
gone() { curl -s -X DELETE "$url/tasks/x"; }
said() { jq -c '[.code, .message]'; }
options() { jq -c "[$1]" "$CDC_STATE_DIR/tasks/x/task.json"; }
no_milvus='"target":"http://127.0.0.1:1"'

# The source
recorder strangers 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'
strangers=$at
serve
refused='[422,"option '\''etcd'\'' is refused: tasks of this server read its own source, and what its administrator allows besides"]'
for e in "http://$strangers" "http://$strangers/latest/meta-data" "http://127.0.0.1:1" "http://none.invalid:1" \
	"$CDC_ETCD,http://$strangers" "$CDC_ETCD@$strangers" "$strangers"; do
	is "another etcd: $e" "$(post "\"etcd\":\"$e\",$no_milvus" ',"token":"a:b"' | said)" "$refused"
done
is 'other brokers' "$(post "\"brokers\":\"$strangers\",$no_milvus" ',"token":"a:b"' | said)" \
	"$(echo "$refused" | sed "s/'etcd'/'brokers'/")"
is 'another root' "$(post "\"root\":\"theirs\",$no_milvus" ',"token":"a:b"' | jq .code)" 422
is 'another Milvus as the source' "$(post "\"source\":\"http://$strangers\",$no_milvus" ',"token":"a:b"' | said)" \
	"$(echo "$refused" | sed "s/'etcd'/'source'/")"
is 'none of them was asked' "$(cat strangers)" ''
for o in '"property":["sasl.username=x"]' '"property":["@/etc/passwd"]' '"etcd-user-file":"/etc/passwd"' '"token-file":"/etc/passwd"' \
	'"target-key":"/etc/passwd"' '"on-error":"dead:/etc/passwd"'; do
	is "no file of ours: $o" "$(post "$o,$no_milvus" | jq -r .message | grep -c 'names a file, which is not done over HTTP')" 1
done

# The target
: >fake.logins
recorder standby
standby=$at
is 'a target of theirs without a login' "$(create "\"uri\":\"http://$standby\"" | said)" \
	'[400,"fail to handle the create request, error: the milvus token is missing: a target without one is for this server'\''s administrator to allow"]'
is '  also as options' "$(post "\"target\":\"http://$standby\"" | jq -r .message)" \
	"the milvus token is missing: a target without one is for this server's administrator to allow"
is '  is not asked' "$(cat standby)" ''
other=http://localhost:${own##*:}
is 'with theirs it is made' "$(create "\"uri\":\"$other\",\"username\":\"root\",\"password\":\"theirs\"" | jq -c .)" '{"code":200,"data":{"task_id":"x"}}'
is '  which it got, and no other' "$(sort -u fake.logins)" root:theirs
is '  it is kept for that target' "$(cat "$CDC_STATE_DIR/tasks/x/token")" "$(printf 'root:theirs\nfor %s\n' "$other")"
jq --arg t "$own" '.options.target = $t' "$CDC_STATE_DIR/tasks/x/task.json" >changed && cat changed >"$CDC_STATE_DIR/tasks/x/task.json"
: >fake.logins
timeout 20 cdc-task run x >/dev/null 2>run.err
is 'another target that is written into the definition: status' $? 2
like '  is said' "$(cat run.err)" "secret file '.*/x/token' is for '$other', not for '$own'"
cdc-task doctor x -k login >doctored
like '  by doctor too' "$(cat doctored)" "wrong +login +secret file '.*/x/token' is for '$other'"
is '  and gets no login' "$(cat fake.logins)" ''
gone
: >fake.logins
is 'our own target needs none' "$(create "\"uri\":\"$own/\"" | jq -c .)" '{"code":200,"data":{"task_id":"x"}}'
is '  it gets ours' "$(sort -u fake.logins)" root:env-secret
gone
is 'who names exactly our source may' \
	"$(post "\"etcd\":\"$CDC_ETCD\",\"brokers\":\"$CDC_BROKERS\",\"root\":\"by-dev\",\"target\":\"$own\"" | jq -r .task_id)" x
is '  and it is read with our logins' "$(options '.options["etcd-user-file"], .options.property')" "[\"$T/login\",[\"@$T/props\"]]"
gone
checked_end 15
ends

# What is allowed besides
recorder allowed 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'
allowed=$at
recorder kafka
kafka=$at
serve --source http://own:19530 --source-token-file login --allow-source source=http://127.0.0.1:1 \
	--allow-source "etcd=http://$allowed" --allow-source "brokers=$kafka" --allow-target "$other" \
	--allow-target "http://127.0.0.1:${own##*:}=$T/listed"
is 'our Milvus as the source' "$(create "\"uri\":\"$other\"" | jq .code) $(options '.options.source, .options["source-token-file"]')" \
	"200 [\"http://own:19530\",\"$T/login\"]"
gone
is 'another one that is allowed' "$(post "\"source\":\"http://127.0.0.1:1\",\"target\":\"$other\"" | jq -r .task_id)" x
is '  without our login' "$(options '.options.source, .options["source-token-file"]')" '["http://127.0.0.1:1",null]'
gone
is 'another etcd that is allowed is asked' "$(post "\"etcd\":\"http://$allowed\",\"target\":\"$other\"" | jq .code)" 500
like '  really' "$(cat allowed)" '^(GET|POST) /version'
is '  without our login' "$(grep -ac -e etcd-secret -e authenticate -e '^Authorization' allowed)" 0
is 'other brokers that are allowed' "$(post "\"brokers\":\"$kafka\",\"target\":\"$other\"" | jq .code)" 503
is '  without our properties' "$(grep -aoh -e milvus-cdc-tools -e kafka-secret kafka | sort -u)" milvus-cdc-tools
is 'not what is beside it' "$(post "\"etcd\":\"http://$allowed/v3\",\"target\":\"$other\"" | jq .code)" 422
: >fake.logins
is 'a target that needs no login' "$(create "\"uri\":\"$other\"" | jq -c .)" '{"code":200,"data":{"task_id":"x"}}'
is '  gets none' "$(cat fake.logins)" ''
cdc-task supervise 2>supervise.log &
supervise=$!
more 3 >words && feed <words
has() { [ "$(keys)" = "$1" ]; }
ok '  nor of who runs it' wait_until 30 has '1 2 3'
is '    whose environment has one' "$(cat fake.logins)" ''
is '  the doctor says so' "$(cdc-task doctor x -k login --json | jq -r '.status + " " + .text' 2>/dev/null | head -n 1 | grep -c 'none is asked for')" 1
kill "$supervise"
wait "$supervise" 2>/dev/null
gone
is 'none that is not allowed' "$(create "\"uri\":\"http://$standby\",\"token\":\"a:b\"" | jq -r .message | grep -c 'none that this server')" 1
is '  is asked' "$(cat standby)" ''
CDC_TARGET=http://127.0.0.1:1
ends
CDC_TARGET=http://127.0.0.1:1 serve --allow-target "$own=$T/listed"
is 'a target whose login is known here' "$(create "\"uri\":\"$own\"" | jq -c .)" '{"code":200,"data":{"task_id":"x"}}'
is '  gets that' "$(sort -u fake.logins)" root:listed-secret
gone
ends
serve --allow-target '*'
is 'any target' "$(create "\"uri\":\"$other\"" | jq -c .)" '{"code":200,"data":{"task_id":"x"}}'
is '  gets nothing of ours' "$(grep -c env-secret fake.logins)" 0
ends

for o in 'source etcd' 'source etcd=' 'source property=a=b' 'source http://h:1' 'target http://a:b@h:1' 'target h:x' 'target *=x' "target h:1=$T/none"; do
	exits 2 cdc-httpd "--allow-${o%% *}" "${o#* }"
done
fake_stop
done_testing
