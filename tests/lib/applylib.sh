# Sourced after lib.sh: a Milvus in memory (fake/milvus.py) and streams for it.
#
#   fake_start [CERT KEY]    starts it; again after it died: same port, same data. $CDC_TARGET is its URL
#   fake_stop                ends it
#   faults JSON              what goes wrong from now on, see fake/milvus.py
#   calls PATTERN            the lines of its log that match, without times
#   rows                     what it holds; keys: their numbers, sorted, on one line
#   begin, end [N], tick N   lines of a stream
#   create NAME              a collection: pk Int64, vec FloatVector of 2
#   insert NAME KEY...       their rows; delete NAME KEY...; later than all ticks, so that they are in order anywhere

py=${CDC_DEPS:-$top/.deps}/venv/bin/python
[ -x "$py" ] && "$py" -c 'import pymilvus.grpc_gen.milvus_pb2' 2>/dev/null || skip_all 'no pymilvus (tests/tools/setup.sh test)'

CDC_STATE_DIR=$T/state
export CDC_STATE_DIR

fake_start() {
	fake_port=$(cat fake.port 2>/dev/null || echo 0)
	rm -f fake.port
	"$py" "$TESTS/fake/milvus.py" serve fake "$fake_port" "$@" 2>>fake.err &
	fake_pid=$!
	wait_until 60 test -s fake.port || {
		diag <fake.err
		exit 1
	}
	fake_port=$(cat fake.port)
	CDC_TARGET=${1:+https}
	CDC_TARGET=${CDC_TARGET:-http}://127.0.0.1:$fake_port
	export CDC_TARGET
}

fake_stop() {
	kill "$fake_pid" 2>/dev/null
	wait "$fake_pid" 2>/dev/null
}

faults() { printf '%s' "$1" >fake.faults.new && mv fake.faults.new fake.faults; }
calls() { grep -E "$1" fake.log | cut -d ' ' -f 2-; }
rows() { "$py" "$TESTS/fake/milvus.py" dump fake; }
keys() { rows | grep -o '"pk": *[0-9]*' | grep -o '[0-9]*' | sort -n | paste -sd ' '; }

begin() { echo "{\"op\":\"begin\",\"v\":1,\"cluster\":\"c\",\"ts\":\"1\",\"from\":{\"t\":{\"o\":${1:-0},\"n\":${1:-0},\"ts\":\"${1:-0}\"}}}"; }
tick() { echo "{\"op\":\"tick\",\"ts\":\"$1\",\"pos\":{\"t\":{\"o\":$1,\"n\":$1,\"ts\":\"$1\"}}}"; }
end() { tick "${1:-99}" | sed 's/tick/end/'; }
create() {
	echo "{\"op\":\"create_collection\",\"ts\":\"2\",\"db\":\"default\",\"coll\":\"$1\",\"coll_id\":\"1$1\",\"schema\":{\"description\":\"\",\"dynamic\":false,\"fields\":[{\"id\":100,\"name\":\"pk\",\"type\":\"Int64\",\"primary_key\":true,\"auto_id\":false},{\"id\":101,\"name\":\"vec\",\"type\":\"FloatVector\",\"params\":{\"dim\":\"2\"}}]},\"shards\":1,\"consistency\":\"Bounded\",\"properties\":{},\"num_partitions\":0}"
}
insert() {
	coll=$1
	shift
	printf '{"op":"insert","ts":"1000","db":"default","coll":"%s","coll_id":"1%s","part":"_default","n":%d,"rows":[' "$coll" "$coll" $#
	sep=
	for k; do
		printf '%s{"pk":"%s","vec":[%s,0.5]}' "$sep" "$k" "${VALUE:-$k}"
		sep=,
	done
	echo '],"src":{"t":"t","o":7}}'
}
delete() {
	coll=$1
	shift
	printf '{"op":"delete","ts":"1000","db":"default","coll":"%s","coll_id":"1%s","part":"_default","n":%d,"keys":[' "$coll" "$coll" $#
	sep=
	for k; do
		printf '%s"%s"' "$sep" "$k"
		sep=,
	done
	echo '],"src":{"t":"t","o":8}}'
}
