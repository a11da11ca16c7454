#!/bin/sh
# logs and catalogues that genuine servers wrote, put back: what is read is by value what their clients did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/recorded.sh"

whole() { # ROOT FILE
	cdc-meta -r "$1" | cdc-read --from beginning --until end >"$2"
}

kafka_up
etcd_start --unsafe-no-fsync

is '2.4.24 is put back' "$(recorded 2.4.24)" by-m24
is '2.5.27 is put back' "$(recorded 2.5.27)" by-m25

ok '2.4.24 is read' whole by-m24 24.ndjson
is 'without a word' "$(cat "$err")" ''
is '2.4.24: equal' "$(judge --of 2.4.24 "$TESTS/data/recordings/2.4.24/truth.jsonl.gz" 24.ndjson)" \
	'equal: 6 collections, 48 rows'
ok '2.5.27 is read' whole by-m25 25.ndjson
is 'without a word' "$(cat "$err")" ''
truth=$TESTS/data/recordings/2.5.27/truth.jsonl.gz
is '2.5.27: equal' "$(judge "$truth" 25.ndjson)" 'equal: 7 collections, 52 rows'

# What clients altered is in the log only: of a field at its moment; of an index once the target has that. A stream that
# ends in between and goes on is the same as a whole one.
altered() { # FILE
	jq -c 'select(.op == "alter_field" or .op == "alter_index") | [.op, .ts, .coll, .field, .index, .params, .delete]' "$@"
}
is '2.5.27: a field is altered' "$(altered 25.ndjson)" \
	'["alter_field","470824257713340417","all","vc",null,{"max_length":"400"},null]'
cdc-meta -r by-m25 >25.cat
cdc-read --from beginning --until 470824257687126030 <25.cat >one.ndjson
cdc-read --from @one.ndjson --until end <25.cat >two.ndjson
is 'and an index' "$(altered one.ndjson two.ndjson)" \
	'["alter_index","470824257700233218","all","fv","ix_fv",{},["mmap.enabled"]]
["alter_field","470824257713340417","all","vc",null,{"max_length":"400"},null]'
is 'a property went before its collection was read: it may be at the target' \
	"$(jq -c 'select(.op == "alter_collection") | [.ts, .coll, .properties, .delete]' 25.ndjson)" \
	'["470824257700233223","all",{"collection.ttl.seconds":"86400"},["mmap.enabled"]]'
taken='select(.op | test("^(drop_(user|role)|revoke)")) | [.op, .ts, .user, .role, .privilege, .object, .object_name, .db]'
is '2.5.27: what was taken from users, which etcd does not have any more' "$(jq -c "$taken" 25.ndjson)" \
	'["drop_user","470824258510258176","u2",null,null,null,null,null]
["revoke","470824258538307584",null,"r1","pg1",null,"*","default"]
["revoke","470824258545123328",null,"r1","Search",null,"*","db1"]
["revoke","470824258547482624",null,"r1","Insert","Collection","all","default"]
["revoke_role","470824258549317632","u1","r1",null,null,null,null]
["drop_role","470824258551152640",null,"r2",null,null,null,null]'
cdc-meta -r by-m24 >24.cat
cdc-read --from beginning --until 470824653705183235 <24.cat >one.ndjson
cdc-read --from @one.ndjson --until end <24.cat >two.ndjson
is '2.4.24: an index, by the name of then' "$(altered one.ndjson two.ndjson)" \
	'["alter_index","470824653705183236","all","fv","ix_fv",{"mmap.enabled":"True"},null]
["alter_index","470824653705183238","all","fv","ix_fv",{},["mmap.enabled"]]'

# What the judge sees: one fault in the stream, or one call more.
sees() { # WHAT TRUTH STREAM WANT: the first line
	is "sees $1" "$(judge "$2" "$3" 2>&1 | sed 's/line [0-9]*: //; q')" "$4"
}
fault() { # WHAT JQ-PROGRAM WANT
	jq -c "$2" 25.ndjson >bad.ndjson
	sees "$1" "$truth" bad.ndjson "$3"
}
truth=$TESTS/data/recordings/2.5.27/truth.jsonl.gz
trunc='select(.op == "insert" and .coll == "trunc" and .rows[0].k == "a0")'
fault 'a lost row' "($trunc | .rows) |= .[1:]" 'collections default.trunc rows: a0: only in the truth'
fault 'one bit of a float' "($trunc | .rows[0].v) = \"AQCAPwAAgD8=\"" \
	'collections default.trunc rows a0 v: truth 0000803f0000803f, stream 0100803f0000803f'
fault 'a null' '(select(.coll == "all") | .rows[]? | select(.id == "1") | .n_f) = null' \
	'collections default.all rows 1 n_f: truth 0000003f, stream None'
fault 'another partition' '(select(.rows[]?.id == "104") | .part) = "_default"' \
	'collections default.all rows: 100: only in the stream'
fault 'a delete twice' 'if .op == "delete" and .coll == "vpk" then ., . else . end' \
	"collections db1.vpk deleted (None, 'key-1'): truth 1, stream 2"
fault 'an insert twice' "$trunc, ." \
	"judge: insert of default.trunc: ValueError: key 'a0' is there already"
fault 'an index that lacks' 'select(.index != "ix_js")' 'collections default.all indexes: ix_js: only in the truth'
fault 'no end' 'select(.op != "end")' 'judge: the stream has no end'
more() { # OP ARGS [OK]
	{ gzip -dc "$truth" && echo "{\"n\":999,\"op\":\"$1\",\"args\":$2,\"ok\":${3:-true}}"; } >more.jsonl
}
more 'rename in db' '["trunc","other"]'
sees 'a rename that lacks' more.jsonl 25.ndjson 'collections: default.other: only in the truth'
more 'rename in db' '["trunc","other"]' false
is 'a call that failed did nothing' "$(judge more.jsonl 25.ndjson)" 'equal: 7 collections, 52 rows'
more 'invent' '[]'
sees 'a call it does not know' more.jsonl 25.ndjson "judge: call 999: 'invent' is not known"

# And what puts a log back: a topic that has something already, a record that is not the next.
data=$TESTS/data/recordings/2.5.27
fails 'not twice' sh "$TESTS/tools/replay" "$data"
is 'says why' "$(cat "$err")" \
	"replaylog: topic 'by-m25-replicate-msg' is from 0 to 54, want 0 to 0"
gzip -dc "$data/kafka.jsonl.gz" | sed 's/by-m25/by-new/; 3d' >hole.jsonl
printf '!topic\tby-new-replicate-msg\t1\n!topic\tby-new-rootcoord-dml_0\t1\n' >&9
exits 1 replaylog "$CDC_BROKERS" hole.jsonl
is 'says where' "$(cat "$err")" "replaylog: hole.jsonl line 3: not the topic's next offset"
done_testing
