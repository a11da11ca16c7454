#!/bin/sh
# what is taken from users, roles and databases: by the log, if the catalogue cannot tell, and never twice
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up

recorded=$TESTS/data/recordings/2.5.27/kafka.jsonl.gz
gzip -dc "$recorded" | jq -r 'select(.topic == "by-m25-replicate-msg") | "\(.offset) \(.value_b64)"' >requests
request() { # MS OFFSET: this request of 2.5.27 as a word for `feed`
	echo "!record by-dev-replicate-msg $(sed -n "s/^$2 //p" requests) @$1"
}
drop_u2=33 take_r1_of_u1=46 revoke_insert_of_r1=45 revoke_search_of_r1=44 drop_r2=47 create_u1=30

user() { # NAME ROLES [EVENT]
	printf '{"kind":"user",%s"name":"%s","roles":[%s]}\n' "${3:+\"rev\":9,\"event\":\"$3\",}" "$1" "$2"
}
GRANT='{"object":"Collection","object_name":"all","privilege":"PrivilegeInsert","db":"default","user":"root"}'
SEARCH=$(echo "$GRANT" | sed 's/all/*/; s/Insert/Search/; s/default/db1/')
role() { # NAME GRANTS [EVENT]
	printf '{"kind":"role",%s"name":"%s","grants":[%s]}\n' "${3:+\"rev\":9,\"event\":\"$3\",}" "$1" "$2"
}
said() { jq -c 'select(.op | test("user|role|grant|revoke")) | del(.object, .object_name, .db) | .ts |= (tonumber / 262144 | floor)' "$1"; }

catalogue() { # USERS-AND-ROLES [FOLLOW]
	header "${2:-}"
	coll 1 items start=0:0
	part 11 1 _default
	printf '%s\n' "$1"
	ready 20
}
{
	echo 'tick 0 100'
	request 105 $create_u1
	request 110 $drop_u2
	request 120 $take_r1_of_u1
	request 130 $revoke_insert_of_r1
	request 135 $revoke_search_of_r1
	request 140 $drop_r2
	echo 'junk r 150 UGFzc3cwcmQh'
	echo 'insert 0 200 part=11 keys=1'
	echo 'tick 0 300'
} | feed

# A stream that starts here: of what the catalogue does not have, it is not known whether the target has it.
catalogue "$(user u1 '' && role r1 '')" >cat.ndjson
reads --until end
is 'what was taken while nobody looked' "$(said "$out" | grep -v create)" '{"op":"drop_user","ts":110,"user":"u2"}
{"op":"revoke_role","ts":120,"user":"u1","role":"r1"}
{"op":"revoke","ts":130,"role":"r1","privilege":"Insert"}
{"op":"revoke","ts":135,"role":"r1","privilege":"Search"}
{"op":"drop_role","ts":140,"role":"r2"}'
is 'no password, not even in base64' "$(grep -cE 'UGFzc3|VUdGc2' "$out" "$err" | paste -sd ' ')" "$out:0 $err:0"
is 'nor what may be one' "$(jq -c 'select(.op == "unknown") | [.type, .b64]' "$out")" '[0,""]'

# What the catalogue has by now was given again: nothing is taken for a moment.
catalogue "$(user u1 '"r1"' && user u2 '' && role r1 "$GRANT,$SEARCH" && role r2 '')" >cat.ndjson
reads --until end
is 'what was given again stays' "$got $(said "$out" | grep -cE 'drop|revoke')" '0 0'
catalogue "$(user u1 '')" >cat.ndjson
reads --until end --include 'default.*'
# (replicate-msg has no ticks: what is on it can come late)
is 'with a pattern, nothing of users' "$got $(said "$out")$(rows | cut -d ' ' -f 1 | sort | paste -sd ' ')" '0 insert@200 unknown@150'

# The catalogue's words for a privilege, and for a group of them.
catalogue "$(role r1 "$GRANT,$(echo "$GRANT" | sed 's/PrivilegeInsert/PrivilegeGroupCollectionReadOnly/')")" >cat.ndjson
reads --until end
is 'a group of privileges by its name' "$(jq -r 'select(.op == "grant").privilege' "$out" | paste -sd ' ')" \
	'Insert CollectionReadOnly'

# While it follows: the catalogue tells, and then the log, or the other way round.
catalogue "$(user u1 '"r1"' && user u2 '' && role r1 "$GRANT,$SEARCH")" "$FOLLOW" >live.cat
live --until never
cat live.cat >&8
sees '^insert@200'
# (replicate-msg has no ticks: if it comes late, it leaves with the next tick)
i=200
until grep -q '"drop_role"' live.out || [ $i = 290 ]; do
	i=$((i + 1))
	echo "tick 0 $i" | feed
	turns 1
done
is 'as it was at the start' "$(said live.out | grep -E 'drop|revoke')" '{"op":"drop_role","ts":140,"role":"r2"}'
{ user u1 '' put && user u2 '' delete && role r1 '' put; } >&8
{ echo 'insert 0 310 part=11 keys=2' && echo 'tick 0 320'; } | feed
sees '^insert@310'
turns 3
{
	request 330 $drop_u2
	request 331 $take_r1_of_u1
	request 332 $revoke_insert_of_r1
	request 333 $revoke_search_of_r1
	echo 'insert 0 340 part=11 keys=3'
	echo 'tick 0 350'
} | feed
sees '^insert@340'
turns 3
stop
is 'each once' "$(said live.out | grep -E 'drop|revoke' | tail -n +2 | sort)" '{"op":"drop_user","ts":320,"user":"u2"}
{"op":"revoke","ts":320,"role":"r1","privilege":"Insert"}
{"op":"revoke","ts":320,"role":"r1","privilege":"Search"}
{"op":"revoke_role","ts":320,"user":"u1","role":"r1"}'

# A role that was dropped and made again in one breath: who had it, and has it again, keeps it.
catalogue "$(user u1 '"r1"' && role r1 "$GRANT")" "$FOLLOW" >live.cat
live --until never
cat live.cat >&8
sees '^insert@340'
printf '%s\n' "$(role r1 '' put)" "$(role r1 '' delete)" "$(user u1 '' put)" \
	"$(role r1 '' put)" "$(user u1 '"r1"' put)" "$(user u2 '' put)" >&8
{ echo 'insert 0 360 part=11 keys=4' && echo 'tick 0 370'; } | feed
sees '^insert@360'
turns 3
is 'made again' "$(said live.out | jq -c 'select(.ts > 340) | del(.ts)' | sed '1,/grant_role/d')" '{"op":"revoke","role":"r1","privilege":"Insert"}
{"op":"revoke_role","user":"u1","role":"r1"}
{"op":"grant_role","user":"u1","role":"r1"}
{"op":"create_user","user":"u2"}'

# The catalogue is read again after a gap: who is not in it went in the gap.
{
	echo '{"kind":"resync","rev":99}'
	coll 1 items start=0:0
	part 11 1 _default
	user u1 '' && role r1 ''
	ready 380
} >&8
{ echo 'insert 0 390 part=11 keys=5' && echo 'tick 0 400'; } | feed
sees '^insert@390'
turns 3
stop
is 'gone in a gap' "$(said live.out | jq -c 'del(.ts)' | sed '1,/create.*"u2"/d')" '{"op":"revoke_role","user":"u1","role":"r1"}
{"op":"drop_user","user":"u2"}'

# A property of a database that went before the catalogue was read, and is not there again.
kafka_down && kafka_up
{
	echo 'tick 0 100'
	request 1796052007200 4
	echo 'insert 0 1796052008000 part=11 keys=1'
	echo 'tick 0 1796052010000'
} | feed
properties() { # PROPERTIES MS: those of db1 in a catalogue of that age
	{
		header
		db 7 db1 ts=90 props="$1"
		coll 1 items start=0:0
		part 11 1 _default
		ready "$2"
	} >cat.ndjson
	reads --until end
	jq -c 'select(.op == "alter_database") | [.db, .properties, .delete]' "$out"
}
is 'a property that went' "$(properties '{"a":"b"}' 1796052009000)" '["db1",{"a":"b"},["my.key"]]'
is '  and came again' "$(properties '{"my.key":"b"}' 1796052009000)" ''
is '  that goes later, which the catalogue will say' "$(properties '{"a":"b"}' 1796052007000)" ''
is '  is read so far' "$(rows)" 'insert@1796052008000 default.items/_default 1'
done_testing
