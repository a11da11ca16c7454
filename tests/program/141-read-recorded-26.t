#!/bin/sh
# the streaming log of a genuine 2.6.20, put back: what is read is by value what its client did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/recorded.sh"

kafka_up
etcd_start --unsafe-no-fsync
is '2.6.20 is put back' "$(recorded 2.6.20)" by-m26b

exclude=$(judge --left-out 2.6.20 | paste -sd ' ')
# shellcheck disable=SC2086
whole() { cdc-meta -r by-m26b | cdc-read --from beginning --until end $exclude >26.ndjson; }
ok 'it is read' whole
is 'equal' "$(judge --of 2.6.20 "$TESTS/data/recordings/2.6.20/truth.jsonl.gz" 26.ndjson)" 'equal: 8 collections, 50 rows'

# Changes of fields, and a truncation: at their moments, by the time of the control channel.
is 'fields' "$(jq -c 'select(.op | endswith("_field")) | [.op, .ts, .coll, .field, .params // .schema]' 26.ndjson)" \
	'["alter_field","470824165690310681","all","vc",{"max_length":"400"}]
["add_field","470824165847597076","all","added",{"id":133,"name":"added","type":"Int32","nullable":true}]
["add_field","470824165847597080","all","added_vc",{"id":134,"name":"added_vc","type":"VarChar","nullable":true,"default":{"string":"zz"},"params":{"max_length":"10"}}]'
is 'a truncation is between older and newer rows' "$(jq -c 'select(.coll == "trunc" and (.op | test("insert|trunc"))) | [.op, .rows[0].k]' 26.ndjson | tail -3 | paste -sd ' ')" \
	'["insert","a0"] ["truncate_collection",null] ["insert","z"]'

# Indexes go at their moment, and are there when a stream begins later.
is 'an index goes before what came next' "$(jq -c 'select(.op | test("drop_index|rename")) | [.op, .coll]' 26.ndjson | head -n 2 | paste -sd ' ')" \
	'["drop_index","all"] ["rename_collection","ren"]'
cdc-meta -r by-m26b | cdc-read --from now --until end --include default.all >now.ndjson
is 'a stream from now on has them' "$(jq -r 'select(.op == "create_index") | .index' now.ndjson | paste -sd ' ')" 'ix_fv bv f16 bf16 sp vc b a_i32 ix_js'

# A start before the fields came has them from the catalogue, and rows that are older.
cdc-meta -r by-m26b >26.cat
# shellcheck disable=SC2086
cdc-read --from beginning --until 470824165585453083 $exclude <26.cat >one.ndjson
# shellcheck disable=SC2086
ok 'a stream that goes on' eval "cdc-read --from @one.ndjson --until end $exclude <26.cat >two.ndjson"
is '  has the newest fields first' "$(jq -c 'select(.op == "create_collection" and .coll == "all") | [.ensure, ([.schema.fields[].name] | index("added_vc") != null)]' two.ndjson)" '[true,true]'
is '  then rows that lack them, with its default' "$(jq -c 'select(.op == "insert" and .coll == "all") | .rows[0] | [.added, .added_vc]' two.ndjson | paste -sd ' ')" \
	'[null,"zz"] [null,"zz"] [5,"zz"]'
is '  and does not say them again' "$(jq -c 'select(.op | endswith("_field"))' two.ndjson)" ''

# A topic whose records are all removed tells nothing; what the catalogue has may have been made there.
made() { jq -r 'select(.op == "create_collection") | .db + "." + .coll' "$@" | sort | uniq; }
# shellcheck disable=SC2086
ok 'a topic of which nothing is left' env EMPTY_LOG=dml_2 LD_PRELOAD="$BUILD/tests/emptylog.so" \
	timeout 20 cdc-read --from beginning --until end $exclude <26.cat
cp "$out" left.ndjson
is '  what the catalogue has is there' "$(made left.ndjson)" "$(jq -r --arg x "$exclude " 'select(.kind == "collection" and .state == "created") | .db + "." + .name | select(. as $n | $x | contains("--exclude " + $n + " ") | not)' 26.cat | sort)"
done_testing
