#!/bin/sh
# A script as those that people have for Milvus-CDC, against cdc-httpd: a task is made, rows flow, it is paused, resumed,
# asked for its position and deleted. Real programs, librdkafka's mock cluster, a Milvus in memory; only the catalogue is
# told.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/openapi.sh"
etcd_start
kafka_up
fake_start
mkdir bin tls
for p in cdc-task cdc-read cdc-apply cdc-httpd; do cp "$BUILD/$p" bin/; done
told items
feed <<X2
tick 0 50
tick 1 50
X2
time=100 key=0 want=
has() { [ "$(keys)" = "$1" ]; }

: >at
cdc-httpd --listen 127.0.0.1:0 --print-address --allow-anyone -v --allow-target "*" --tls-dir "$T/tls" >at 2>httpd.log &
httpd=$!
wait_until 10 test -s at || diag <httpd.log
checked "$(cat at)"
url=http://$checked
cdc-task supervise 2>supervise.log &
supervise=$!

cdc() { curl -s -d "$1" "$url/cdc"; }
req() { # TYPE [DATA]
	cdc "{\"request_type\":\"$1\",\"request_data\":{${2:-}}}"
}
target="\"milvus_connect_param\":{\"host\":\"127.0.0.1\",\"port\":${CDC_TARGET##*:},\"token\":\"root:s3cret-word\",\"connect_timeout\":10}"
state() { req get "\"task_id\":\"$id\"" | jq -r .data.task.state; }
state_is() { [ "$(state)" = "$1" ]; }

# what is wrong is refused, each with its words
is 'no task yet' "$(req list)" '{"code":200,"data":{"tasks":[]}}'
is 'a target that is away' \
	"$(req create '"milvus_connect_param":{"host":"127.0.0.1","port":1},"collection_infos":[{"name":"*"}]' | jq -c '[.code, (.message | startswith("fail to handle the create request, error: fail to connect the milvus: "))]')" '[500,true]'
is 'another server is no Milvus' \
	"$(req create "\"milvus_connect_param\":{\"uri\":\"$CDC_ETCD\"},\"collection_infos\":[{\"name\":\"*\"}]" | jq .code)" 400
faults '[{"method":"GetVersion","times":9,"grpc":16,"text":"auth check failure, please check username and password are correct"}]'
is 'a wrong password' "$(req create "$target,\"collection_infos\":[{\"name\":\"*\"}]" | jq -c '[.code, (.message | contains("auth check failure"))]')" '[400,true]'
faults '[{"method":"ReplicateMessage","times":9,"code":1100,"reason":"invalid channel name for the replicate message request"}]'
is 'a standby' "$(req create "$target,\"collection_infos\":[{\"name\":\"*\"}]" | jq -c .)" \
	'{"code":400,"message":"fail to handle the create request, error: fail to connect the milvus: target refuses writes: set common.ttMsgEnabled to true"}'
faults '[]'
is 'nothing is left of them' "$(ls -A "$CDC_STATE_DIR/tasks" | grep -v '^\.[a-z]*\.\?lock$')" ''

# a collection that is not there yet is waited for, as by Milvus-CDC, and said
made=$(req create "$target,\"collection_infos\":[{\"name\":\"nosuch\"}]")
is 'a name that meets nothing: a warning' "$(echo "$made" | jq -c '[.code, .data.warnings]')" \
	"[200,[\"--include 'default.nosuch' meets no collection of the source\"]]"
id=$(echo "$made" | jq -r .data.task_id)
is 'which stays' "$(req get "\"task_id\":\"$id\"" | jq -c '.data.task.warnings | length')" 1
is 'it goes' "$(req delete "\"task_id\":\"$id\"" | jq .code)" 200

# a client that has said all, and waits for the answer: nc -N
python3 - "$checked" "{\"request_type\":\"create\",\"request_data\":{\"task_id\":\"half\",$target,\"collection_infos\":[{\"name\":\"nosuch\"}]}}" >half.out <<'X2'
import socket, sys
at, body = sys.argv[1].rsplit(":", 1), sys.argv[2].encode()
s = socket.create_connection((at[0].strip("[]"), int(at[1])), 20)
s.sendall(b"POST /cdc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
s.shutdown(socket.SHUT_WR)
print(b"".join(iter(lambda: s.recv(65536), b"")).decode())
X2
like 'half a connection is enough' "$(cat half.out)" '^\{"code":200,'
is 'it goes' "$(req delete '"task_id":"half"' | jq .code)" 200

# the life of a task
more 5 >words && feed <words
made=$(req create "$target,\"collection_infos\":[{\"name\":\"*\",\"use_start_position\":true}]")
is 'a task is made' "$(echo "$made" | jq .code)" 200
id=$(echo "$made" | jq -r .data.task_id)
is 'and is running' "$(state)" Running
ok 'rows flow' wait_until 30 has '1 2 3 4 5'
is 'it is in the list' "$(req list | jq -c '.data.tasks | map([.task_id == "'"$id"'", .state])')" '[[true,"Running"]]'
lag() { [ "$(curl -s "$url/tasks/$id" | jq -r '.lag_ms != null')" = true ]; }
ok 'its lag is known' wait_until 20 lag
is 'twice is once' "$(req resume "\"task_id\":\"$id\"" | jq -r .message)" \
	"fail to handle the resume request, error: the task has running, task_id: $id"
is 'it is paused' "$(req pause "\"task_id\":\"$id\"")" '{"code":200,"data":{}}'
is 'and nobody writes any more' "$(cdc-task status "$id" --json --offline | jq -c '[.state, .runner, .writer]')" '["paused",null,null]'
more 3 >words && feed <words
is 'as wished' "$(state)" Paused
req position "\"task_id\":\"$id\"" >position.json
is 'its position is that of the checkpoint' "$(jq -c '[.code, (.data.positions | length), (.data.positions | map(.collection_id) | unique)]' position.json)" '[200,2,[1]]'
is 'nothing came while it was paused' "$(keys)" '1 2 3 4 5'
is 'it is resumed' "$(req resume "\"task_id\":\"$id\"")" '{"code":200,"data":{}}'
ok 'and goes on' wait_until 30 has '1 2 3 4 5 6 7 8'
is 'it is deleted' "$(req delete "\"task_id\":\"$id\"")" '{"code":200,"data":{}}'
is 'once' "$(req delete "\"task_id\":\"$id\"" | jq .code)" 400

# another begins behind the positions that were told
positions=$(jq -c '.data.positions | map({(.channel_name + "_1v" + (.channel_name | .[-1:])): .msg_id}) | add' position.json)
fake_stop
rm -f fake fake.port
fake_start
target="\"milvus_connect_param\":{\"uri\":\"$CDC_TARGET\"}"
made=$(req create "\"task_id\":\"again\",$target,\"collection_infos\":[{\"name\":\"items\",\"positions\":$positions}]")
is 'a task with positions is made' "$made" '{"code":200,"data":{"task_id":"again"}}'
ok 'what came later arrives' wait_until 30 has '6 7 8'
more 1 >words && feed <words
ok 'and what comes' wait_until 30 has '6 7 8 9'

# of a shard that they do not name all comes
is 'it is deleted' "$(req delete '"task_id":"again"')" '{"code":200,"data":{}}'
fake_stop
rm -f fake fake.port
fake_start
target="\"milvus_connect_param\":{\"uri\":\"$CDC_TARGET\"}"
positions=$(echo "$positions" | jq -c 'with_entries(select(.key | endswith("v0")))')
is 'positions of one shard' "$(req create "\"task_id\":\"third\",$target,\"collection_infos\":[{\"name\":\"items\",\"positions\":$positions}]")" \
	'{"code":200,"data":{"task_id":"third"}}'
ok 'and the other from its beginning' wait_until 30 has '1 3 5 6 7 8 9'

# and no secret
is 'no secret anywhere but in its file' "$(grep -rl s3cret-word "$CDC_STATE_DIR" httpd.log supervise.log 2>/dev/null | wc -l)" 0

checked_end 15
kill "$httpd" "$supervise"
wait "$httpd" "$supervise" 2>/dev/null
fake_stop
done_testing
