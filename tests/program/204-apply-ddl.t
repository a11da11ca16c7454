#!/bin/sh
# cdc-apply: operations that are not rows, and what is there already.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
op() { echo "{\"op\":\"$1\",\"ts\":\"5\",\"db\":\"${DB:-default}\",\"coll\":\"$2\",\"coll_id\":\"1$2\"${3:+,$3}}"; }
run() { { begin; cat; end; } >in; run_quietly cdc-apply "$@" in; echo $tap_got >got; }
good() { [ "$(cat got)" = 0 ]; tap $? "$1" || show_run; }

create a | run; good 'create'
create a | run; good 'create again'
is '  is not asked for twice' "$(calls CreateCollection | wc -l)" 1
create a | sed 's/"properties":{}/"properties":{"collection.ttl.seconds":"5"}/' | run; good 'other properties are set'
is '  with one call' "$(calls AlterCollection)" 'AlterCollection default/a ok'
create a | sed 's/"shards":1/"shards":2/' | run; good 'other shards'
like '  are said' "$(cat "$err")" "'default.a' has 1 shards at the target and 2 at the source"
create a | sed 's/"dim":"2"/"dim":"4"/' | run
is 'other fields are refused' "$(cat got)" 1
like '  with the difference' "$(cat "$err")" "field 'vec': dim '4' and '2'"
create l | sed 's/"num_partitions"/"ensure":true,&/' >ensure
run <ensure
like 'what the target has lost' "$(cat "$err")" "has lost it, as 'default.l'; --create-missing"
run --create-missing <ensure; good '  is made with --create-missing'
create g | sed 's/"num_partitions"/"gone":true,&/' | run; good 'what is gone'
is '  is left out' "$(calls 'default/g' | wc -l)" 0
is '  and counted' "$(jq -c .n "$out")" '{"gone":1}'
create h | sed 's/"coll_id":"1h"/"coll_id":"77"/' | run; good 'made by an older stream'
op drop_collection h '"gone":true' | sed 's/"coll_id":"1h"/"coll_id":"78"/' | run; good '  and gone, by another id'
is '  stays' "$(calls 'DropCollection default/h' | wc -l)" 0
op drop_collection h '"gone":true' | sed 's/"coll_id":"1h"/"coll_id":"77"/' | run; good '  and gone, by its own id'
is '  is dropped' "$(calls 'DropCollection default/h')" 'DropCollection default/h ok'
create p | sed 's/"num_partitions"/"partial":true,&/' | run; good 'what is partial is made'
like '  and said' "$(cat "$err")" "'default.p': rows from before the start"

: >fake.log
op create_alias a '"alias":"x"' | run; good 'an alias'
op drop_collection a | run; good 'a collection with an alias is dropped'
is '  after its alias' "$(calls '(Drop|Alias)' | paste -sd ,)" \
	'CreateAlias default/a ok,DropCollection default/a refused 65535,DropAlias default ok,DropCollection default/a ok'
op drop_collection a | run; good 'dropped again'
op load_collection p '"replicas":1' | run
like 'a load without index' "$(cat "$err")" 'has no index at the target, and cannot be loaded without'
echo '{"op":"create_database","ts":"5","db":"d","properties":{}}' | run; good 'a database'
echo '{"op":"create_database","ts":"5","db":"d","properties":{}}' | run; good '  and again'
database() { printf '{"op":"%s_database","ts":"5","db":"%s","properties":{}}\n' "$@"; }
: >fake.log
{ database create d; database drop i; database create i; database create i; } | run; good '  and others'
is '  each by itself, as others may write there' "$(calls Database | paste -sd ,)" "ListDatabases  ok,CreateDatabase d refused 65535,ListDatabases  ok,DropDatabase i ok,CreateDatabase i ok,CreateDatabase i refused 65535,ListDatabases  ok"
: >fake.log
{ database create d; database create i; database create j; } | sed 's/}$/,"ensure":true}/' | run; good '  at a start'
is '  all with one question' "$(calls Database | paste -sd ,)" 'ListDatabases  ok,CreateDatabase j ok'
mkfifo live
cdc-apply live >"$out" 2>"$err" &
live=$!
exec 8>live
: >fake.log
begin >&8
wait_until 10 grep -q 'ShowCollections j' fake.log
{ begin; database drop j; end; } | cdc-apply >/dev/null
{ database create j && create l | sed 's/"db":"default"/"db":"j"/' && end; } >&8
exec 8>&-
ok 'a database that another shard has dropped' wait $live
is '  is made again' "$(calls '(Create|Drop).* j' | paste -sd ,)" 'DropDatabase j ok,CreateDatabase j ok,CreateCollection j/l ok'
create x | sed 's/"db":"default"/"db":"d"/' | run
echo '{"op":"drop_database","ts":"5","db":"d"}' | run; good 'a database that is not empty'
like '  is left' "$(cat "$err")" "database 'd' is left at the target"
{ create r; insert r 1; delete r 2; } | run --rename default.r=e.s; good '--rename of a collection'
is '  to a database that is made' "$(rows | cut -d ' ' -f 1-2)" 'e s'
{ create r; insert r 1; } | run --rename default=d --rename default.r=d.t; good '  goes before that of its database'
is '  ' "$(rows | cut -d ' ' -f 1-2 | paste -sd,)" 'd t,e s'

: >fake.log
op alter_collection p '"properties":{"old.key":"v"}' | run
: >fake.log
op alter_collection p '"properties":{"k":"v"},"delete":["old.key","none"]' | run; good 'properties are set, and others go'
op alter_collection p '"properties":{},"delete":[5]' | run
like '  a broken line' "$(cat "$err")" "alter_collection 'default.p': 'delete' has what is no text"
echo '{"op":"alter_database","ts":"5","db":"d","properties":{"k":"v"},"delete":["old.key"]}' | run; good '  of a database, too'
is '  in calls of their own' "$(calls '^[^ ]* Alter(Coll|Data)' | paste -sd ';')" \
	'AlterCollection default/p ok;AlterCollection default/p ok ["-old.key"];AlterDatabase d ok ["k=v"];AlterDatabase d ok ["-old.key"]'
: >fake.log
wide() { create v | sed "s/{\"id\":101/{\"id\":102,\"name\":\"s\",\"type\":\"VarChar\",\"params\":{\"max_length\":\"$1\"}},&/"; }
alter() { op alter_field v "\"field\":\"s\",\"params\":{\"max_length\":\"$1\"}"; }
{ wide 20; alter 40; } | run; good 'a field is altered'
wide 40 | run; good '  and is as it was made there'
wide 60 | sed 's/"num_partitions"/"ensure":true,&/' | run; good '  and one that was altered while nobody looked'
op alter_field v '"field":"s","params":{},"delete":["mmap.enabled"]' | run; good '  what goes, goes'
is '  by these calls' "$(calls AlterColl | cut -d ' ' -f 4- | paste -sd ,)" '["max_length=40"],["max_length=60"],["-mmap.enabled"]'
faults '[{"method":"AlterCollectionField","times":9,"grpc":12,"text":"unknown method"}]'
alter 80 | run
like '  a target that cannot' "$(cat "$err")" "AlterCollectionField 'default.v/s': the server does not know this call"
wide 80 | run
like '  says what is wrong at a start' "$(cat "$err")" "field 's': max_length '80' and '60'"
faults '[]'
op alter_field v '"field":"s","params":{},"delete":"x"' | run
like '  a broken line' "$(cat "$err")" "alter_field 'default.v': 'delete' is no list"
index() { op "$1_index" v "\"field\":\"vec\",\"index\":\"i\",\"index_id\":\"3\",\"params\":$2"; }
{ index create '{"index_type":"FLAT"}'; index alter '{"mmap.enabled":"true"},"delete":["x"]'; } | run; good 'an index is altered'
is '  by one call' "$(calls AlterIndex | cut -d ' ' -f 4-)" '["mmap.enabled=true","-x"]'
faults '[{"method":"AlterIndex","times":9,"grpc":12,"text":"unknown method"}]'
index alter '{}' | run; good '  a target that cannot do it goes on'
like '  and says so' "$(cat "$err")" "index 'default.v/i' is not altered at the target"
faults '[]'

create t | run
truncate() { op truncate_collection t; }
{ create t; insert t 1 2; truncate; insert t 2 3; } | run; good 'a truncated collection'
is '  has what came later' "$(keys | tr ' ' '\n' | grep -c '^[23]$')" 2
is '  only' "$(rows | grep -c 'default t .*"pk": 1,')" 0
{ create t; insert t 1 2; truncate; insert t 2 3; } | run; good '  again'
is '  it is the same' "$(rows | grep 'default t ' | grep -o '"pk": [0-9]*' | paste -sd ,)" '"pk": 2,"pk": 3'
faults '[{"method":"TruncateCollection","times":9,"code":5,"reason":"no"}]'
truncate | run
like '  a target that refuses' "$(cat "$err")" "TruncateCollection 'default.t': no .code 5."
faults '[{"method":"TruncateCollection","times":9,"grpc":12,"text":"unknown method"}]'
truncate | run
is '  and one that cannot' "$(cat got)" 1
like '  say so' "$(cat "$err")" "truncate_collection 'default.t': the source has thrown away all rows of 'default.t' here, and the target is older"
faults '[]'
truncate | sed 's/1t"/77"/; s/"t"/"never"/' | run; good '  what is not there has no rows'

# Fields: f may be null, and has a default; then the rows with it.
added() { op add_field n "\"field\":\"$1\",\"field_id\":\"110\",\"schema\":{\"id\":110,\"name\":\"$1\",\"type\":\"${2:-Int64}\",\"nullable\":${3:-true}}"; }
dropped() { op drop_field n "\"field\":\"$1\",\"field_id\":\"110\""; }
with() { insert n "$2" | sed "s/}\]/,\"$1\":$3}]/"; } # FIELD KEY VALUE
row() { rows | sed -n "s/^default n _default \(.*\"pk\": $1,.*\)/\1/p" | sed 's/, "vec".*//'; }
: >fake.log
ours() { sed 's/"coll_id":"1n"/"coll_id":"91"/' | run "$@"; }
{ create n; insert n 1; added f; with f 2 '"7"'; insert n 3; } | ours; good 'a field is added'
is '  and rows have it' "$(row 1) $(row 2) $(row 3)" \
	'{"f": null, "pk": 1 {"f": 7, "pk": 2 {"f": null, "pk": 3'
{ create n; insert n 1; added f; with f 2 '"8"'; } | ours; good '  and all of it again'
is '  by one call' "$(calls AddColl | paste -sd ,)" 'AddCollectionField default/n ok ["f"]'
is '  for the newer row' "$(row 2)" '{"f": 8, "pk": 2'
added f VarChar | ours
like '  another one of that name' "$(cat "$err")" "it is at the target already, and is another .*: field 'f': type VarChar .* and Int64"
added g Int64 false | ours
like '  one that the target refuses' "$(cat "$err")" "AddCollectionField 'default.n/g': added field must be nullable"
faults '[{"method":"AddCollectionField","times":1,"after":true,"grpc":14}]'
added g | ours; good '  when the answer is lost'
faults '[{"method":"AddCollectionField","times":9,"grpc":12,"text":"unknown method"}]'
{ added h; with h 4 '"5"'; } | ours
is '  a target that cannot' "$(cat got)" 1
like '  says so' "$(cat "$err")" "the source has added field 'h' of 'default.n' here, and the target does not know AddCollectionField, a call of Milvus 2.6"
is '  and has no row without it' "$(row 4)" ''
faults '[]'
ensure() { create n | sed "s/{\"id\":101/$1&/; s/\"num_partitions\"/\"ensure\":true,&/"; }
f_g='{"id":110,"name":"f","type":"Int64","nullable":true},{"id":111,"name":"g","type":"Int64","nullable":true},'
i='{"id":112,"name":"i","type":"Bool","nullable":true},'
{ ensure "$f_g$i"; with i 5 true; } | ours; good '  one that came while nobody looked'
is '  is made at the start' "$(row 5)" '{"f": null, "g": null, "i": true, "pk": 5'
{ ensure "$f_g"; insert n 6; } | ours; good '  and one that went'
like '  is said' "$(cat "$err")" "field 'default.n/i' is at the target, and not at the source any more: new rows have null there"
create n | sed 's/"coll_id":"1n"/"coll_id":"79"/' >other
CDC_STATE_DIR=$T/elsewhere run <other
like '  but not in a collection of others' "$(cat "$err")" "with other fields .*: field 'f' is only in the second"

dropped f | ours; good 'a field is dropped'
is '  with its values' "$(row 2)" '{"g": null, "i": null, "pk": 2'
dropped f | ours; good '  again'
is '  by one call' "$(calls AlterCollectionSchema)" 'AlterCollectionSchema default/n ok ["f"]'
{ create n | sed "s/{\"id\":101/$f_g&/"; with f 7 '"1"'; dropped f; insert n 8; } | ours; good '  a whole stream again'
is '  it is the same' "$(row 7) $(row 8)" '{"g": null, "i": null, "pk": 7 {"g": null, "i": null, "pk": 8'
faults '[{"method":"AlterCollectionSchema","times":9,"grpc":12,"text":"unknown method"}]'
dropped g | ours
is '  a target that cannot' "$(cat got)" 1
like '  says so' "$(cat "$err")" "the source has dropped field 'g' of 'default.n' here, .* or let --skip=drop_field leave it there"
dropped g | ours --skip drop_field; good '  which is done'
faults '[]'

faults '[{"method":"AlterCollection","times":1,"ignore":true}]'
added '$meta' JSON | ours
like 'the dynamic field: a target that cannot' "$(cat "$err")" "added the dynamic field '.meta' of 'default.n' here, and the target does not know dynamicfield.enabled"
faults '[]'
{ added '$meta' JSON; with '$meta' 9 '"{\\\"x\\\":1}"'; } | ours; good '  it is enabled'
is '  and rows have it' "$(row 9)" '{"$meta": "{\"x\":1}", "g": null, "i": null, "pk": 9'
: >fake.log
op alter_field n '"field":"g","params":{},"description":"words"' | ours; good 'words of a field'
op alter_collection n '"properties":{},"description":"words","consistency":"Strong"' | ours; good '  and of a collection'
is '  are set' "$(calls '^[^ ]* AlterCollectionField')" 'AlterCollectionField default/n ok ["field.description=words"]'
op alter_field n '"field":"g","params":{},"schema":{"id":110,"name":"x","type":"Int64"}' | ours
like '  a field that is another' "$(cat "$err")" "the source has made field 'g' another"
{ added k; with k 10 '"1"'; dropped k; insert n 11; } >dry
ours --dry-run <dry; good '  a dry run follows'
is '  and does nothing' "$(row 10)" ''

op import p | run
like 'an import is refused' "$(cat "$err")" 'in line 2: import .default.p.: rows were imported in bulk'
op import p | run --skip import,flush; good '  but with --skip'
is '  counted' "$(jq -c .n "$out")" '{"skipped":1}'
op unknown | run --skip unknown; good 'what nobody knows'
is '  counted by itself too' "$(jq -c .n "$out")" '{"skipped":1,"unknown":1}'
echo '{"op":"frobnicate","ts":"1"}' | run
like 'what it does not know' "$(cat "$err")" "does not know the operation 'frobnicate'"
echo '{"op":"create_user","ts":"1","user":"u"}' | run; good 'users are left out'
is '  unless asked for' "$(calls Cred | wc -l)" 0
revoke() { printf '{"op":"revoke","ts":"1","role":"r",%s"object_name":"*","privilege":"Search","db":"default"}\n' "$1"; }
{ revoke '"object":"Collection",'; revoke ''; } | run --with-users --dry-run
is 'a grant is revoked by the call that needs no more than is said' "$(grep Operate "$out" | paste -sd ,)" \
	'OperatePrivilege r.Search/*,OperatePrivilegeV2 r.Search/*'

fake_stop
done_testing
