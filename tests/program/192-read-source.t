#!/bin/sh
# cdc-read --source: the log of a genuine 2.6.20 through DumpMessages, and its catalogue through its API; no Kafka, no etcd
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/dumplib.sh"
. "$TESTS/lib/recorded.sh"
py=${CDC_DEPS:-$top/.deps}/venv/bin/python
[ -x "$py" ] && "$py" -c 'import grpc' 2>/dev/null || skip_all 'no grpc for Python (tests/tools/setup.sh test)'
R=$TESTS/data/recordings/2.6.20
P=by-m26b-rootcoord-dml_

python3 "$TESTS/fake/todump.py" "$R/kafka.jsonl.gz" d
is 'what DumpMessages gives is what a genuine one gave' "$(jq -cS . d/${P}2.jsonl)" "$(jq -cS . "$TESTS/data/dump/2.jsonl")"
mkdir keep
cp d/*.jsonl keep
dump_start
D=$URI
"$py" "$TESTS/fake/asked.py" "$TESTS/data/streaming/etcd-2.6.20.ndjson" port 2>asked.err &
wait_until 30 test -s port || diag <asked.err
A=http://127.0.0.1:$(cat port)

exclude=$(judge --left-out 2.6.20 | paste -sd ' ')
truth=$R/truth.jsonl.gz
rd() { # ARG...: a bounded stream
	# shellcheck disable=SC2086
	timeout 60 cdc-read -S "$D" $exclude "$@"
}
equal() { judge --of 2.6.20 "$truth" "$@"; }

ok 'a catalogue' cdc-meta -S $A
cp "$out" cat
ok 'the log' rd --until now <cat
cp "$out" all
is '  silent but for what is not carried' "$(grep -v 'ResourceGroup is not carried' "$err")" ''
is '  is by value what the client did' "$(equal all)" 'equal: 8 collections, 50 rows'
is '  its end is proven' "$(tail -1 all | jq '.ts == .pos["'$P'0"].ts and (.ts | tonumber) > 470824171195334663')" true

# A stream ends and another one goes on, anywhere: each change of rows is in one of them.
lines() { jq -c 'select(.op | test("^(insert|upsert|delete)$")) | [.ts, .op, .coll_id, .part, .n, .keys]' "$@" | sort; }
ts=$(jq -r 'select(.op == "insert" or .op == "upsert" or .op == "delete" or (.op | endswith("_field"))) | .ts' all | sort -u)
bad=
for t in $ts; do
	rd --until "ts:$t" <cat >one 2>>err.resume || bad="$bad one:$t"
	rd --from @one --until now <cat >two 2>>err.resume || bad="$bad two:$t"
	[ "$(lines one two)" = "$(lines all)" ] || bad="$bad $t"
done
is 'a position at each moment of them' "$bad" ''
like '  there were many' "$(echo "$ts" | wc -l)" '^[2-9][0-9]$'
is '  a position says what came last' "$(tail -1 one | jq -c '.pos["'$P'2"] | [.wal, (keys | join(" "))]')" '["kafka","digest from id last ts wal"]'

# From a time, and from now
mid=$(jq -r 'select(.op == "truncate_collection") | .ts' all)
ok 'from a time' rd --from "ts:$mid" --until now <cat
is '  the changes of rows behind it' "$(jq -c --arg t "$mid" 'select(.op | test("^(insert|upsert|delete)$")) | [.op, .ts, .coll, .rows, .keys]' "$out")" \
	"$(jq -c --arg t "$mid" 'select((.op | test("^(insert|upsert|delete)$")) and .ts > $t) | [.op, .ts, .coll, .rows, .keys]' all)"
ok 'from now' rd --from now --until now <cat
is '  no row' "$(jq -c 'select(.op | test("^(insert|upsert|delete)$"))' "$out")" ''
cp "$out" now
is '  its position has the last record' "$(tail -1 now | jq -c '.pos | map_values([.id, .last])')" "$(tail -1 all | jq -c '.pos | map_values([.id, .last])')"

# What is new comes once.
insert=$(jq -c 'select(.properties._t == "2" and .properties._tx == null) | {properties: (.properties | del(._tt, ._lc, ._lcs)), payload_b64}' keep/${P}0.jsonl | head -n 1)
new() { # NAME
	mkdir -p d/inbox
	echo '{"pchannel": "'${P}0'", "messages": ['"$insert"']}' >"d/inbox/.$1"
	mv "d/inbox/.$1" "d/inbox/$1"
	written
}
rows() { jq -c 'select(.op == "insert") | .rows' "$@"; }
new a
ok 'a row that is new' rd --from @now --until now <cat
is '  comes' "$(rows "$out" | wc -l)" 1
cp "$out" more
ok '  once' rd --from @more --until now <cat
is '  and not again' "$(rows "$out")" ''
# shellcheck disable=SC2086
cdc-read -S "$D" --from @more $exclude <cat >live 2>live.err &
read_pid=$!
wait_until 20 grep -q '"tick"' live
: >d/log
new b
wait_until 20 grep -q '"insert"' live
new c
wait_until 20 sh -c '[ "$(grep -c "\"insert\"" live)" = 2 ]'
n=$(grep -c '"tick"' live)
wait_until 20 sh -c '[ "$(grep -c "\"tick\"" live)" -gt '$((n + 3))' ]'
kill "$read_pid"
wait "$read_pid"
is 'a stream without an end' "$? $(rows live | wc -l) $(tail -1 live | jq -c '[.op, .stopped]')" '143 2 ["end",true]'
: >d/log
# shellcheck disable=SC2086
timeout -s TERM 6 cdc-read -S "$D" --from @live $exclude <cat >idle 2>>live.err
is '  idle, it has nothing' "$(rows idle)" ''
ok "  and asks seldom: $(wc -l <d/log) calls in 6 s for 4 topics" test "$(wc -l <d/log)" -lt 60

# What is gone is seen: status 4, and nothing is written.
dump_kill
for i in 0 1 2 3; do
	head -n 3 keep/$P$i.jsonl >d/$P$i.jsonl
done
dump_start
exits 4 rd --from @more --until now <cat
like 'a log that ends before the position' "$(cat "$err")" "the record that was read last, '[0-9a-z]+' with time tick [0-9]+, is not in the log any more"
is '  no row' "$(rows "$out")" ''
dump_kill
cp keep/* d
dump_start
echo 1o >d/${P}0.first
exits 4 rd --until now <cat
like 'a log that begins later than its collections' "$(cat "$err")" "^cdc-read: topic '${P}0': the log begins at 20[-0-9TZ:.]+, and collection '[a-z0-9.]+' was there before: rows are gone from the log \(--from beginning takes what is left\)"
is '  not a line' "$(cat "$out")" ''
exits 4 rd --from "ts:470824165533286420" --until now <cat
like '  later than a time' "$(cat "$err")" 'the log begins at'
ok '  what is left' rd --from beginning --until now <cat
ok '  now' rd --from now --until now <cat
rm d/${P}0.first

# etcd has a change later than the log: what a position of just now has is asked for again; of an older one, it is gone.
ok 'a position of now' rd --from now --until now <cat
tail -1 "$out" | jq -c '.known["999"] = {"name": "default.young"}' >young.pos
exits 3 rd --from @young.pos --until now <cat
like '  whose collection the catalogue lacks' "$(cat "$err")" "the catalogue may be older than the position, which is of less than 60 s ago; trying again helps then: collection 'default.young' \(999\) is at the target"
tail -1 all | jq -c '.known["999"] = {"name": "default.young"} | .pos |= map_values(.ts = .last) | .ts = "470824171195334663"' >old.pos
exits 4 rd --from @old.pos --until now <cat
like '  of an hour ago' "$(cat "$err")" "collection 'default.young' \(999\) is at the target; .*no drop of it is in the log"

# Which it cannot be
echo 2.6.19 >d/version
exits 1 rd --until now <cat
like 'an older one says why' "$(cat "$err")" 'it is Milvus 2.6.19; the log is read through Milvus from 2.6.20'
rm d/version
touch d/deny
exits 1 rd --until now <cat
like 'a login that may not' "$(cat "$err")" 'the login may not read the log: DumpMessages is for root'
rm d/deny
sed 's/"wal":"kafka",//' cat >cat.nowal
exits 1 rd --until now <cat.nowal
like 'a queue that nobody knows' "$(cat "$err")" 'which queue the source has its log in is not in the catalogue \(--property wal='
ok '  said' rd --until now -X wal=kafka <cat.nowal
exits 2 rd --until now -X wal=nats <cat
exits 2 rd --until now -X security.protocol=ssl <cat
exits 1 rd --until now -X wal=woodpecker --from @all <cat.nowal
like 'a position of another queue' "$(cat "$err")" "the position is of a log in kafka, the source's is in woodpecker"
echo '{"op":"tick","ts":"470824165533286420","pos":{"'${P}0'":{"o":5,"n":5,"ts":"1"}}}' >kafka.pos
exits 1 rd --until now --from @kafka.pos <cat
like '  of offsets' "$(cat "$err")" "topic '${P}0': the position is one of Kafka, not of a log that is read through Milvus"
sed 's/,"ddl":"log"//' cat >cat.old
exits 1 rd --until now <cat.old
like 'a catalogue of another log' "$(cat "$err")" 'does not have all changes in its log'
dump_kill
done_testing
