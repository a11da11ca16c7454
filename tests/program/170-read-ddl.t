#!/bin/sh
# laws 0, 5 and 7: DDL out of the catalogue, by id
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up

# A history as it comes, live: each change with its timestamp, among the rows.
feed <<X
tick 0 20
X
live
{
	header "$FOLLOW"
	coll 1 items
	part 11 1 _default
	ready 20
} >&8
sees '^create_collection@10 '
feed <<X
insert 0 110 part=11 keys=1
insert 0 130 part=12 keys=2
insert 0 150 part=11 keys=3
insert 0 170 coll=1 part=11 keys=4
insert 0 190 coll=2 part=21 keys=5
drop 0 196 coll=2
tick 0 300
X
{
	part 12 1 p create=120 event=put
	alias_ al 1 ts=125 event=put
	alias_ al 1 ts=138 state=dropped event=put
	coll 1 renamed ts=140 event=put
	db 7 sales ts=145 event=put
	coll 1 renamed ts=147 db=sales db_id=7 event=put
	coll 1 renamed ts=155 db=sales db_id=7 event=put props='{"collection.ttl.seconds":"60"}'
	coll 1 renamed ts=156 db=sales db_id=7 event=put props='{"k":"v"}'
	db 7 sales ts=157 event=put props='{"a":"1","b":"2"}'
	db 7 sales ts=158 event=put props='{"b":"2"}'
	part 12 1 p create=120 state=dropping ts=160 event=put
	coll 2 items create=180 event=put
	part 21 2 _default create=180 event=put
	alias_ al 2 ts=185 event=put
	index 91 2 ts=187 event=put
	load 2 event=put
	coll 2 items create=180 state=dropping ts=195 event=put
	coll 3 items create=200 event=put
	part 31 3 _default create=200 event=put
} >&8
sees '^create_collection@200'
sees '^tick@300'
is 'a history' "$(body live.out)" 'create_collection@10 default.items
insert@110 default.items/_default 1
create_partition@120 default.items/p gone
create_alias@125 default.items alias al
insert@130 default.items/p 2 gone
drop_alias@138 default alias al
rename_collection@140 default.items -> default.renamed
create_database@145 sales
rename_collection@147 default.renamed -> sales.renamed
insert@150 sales.renamed/_default 3
alter_collection@155 sales.renamed
alter_collection@156 sales.renamed
alter_database@157 sales
alter_database@158 sales
insert@170 sales.renamed/_default 4
create_collection@180 default.items gone
insert@190 default.items/_default 5 gone
drop_collection@195 default.items gone
create_collection@200 default.items'
is 'properties, and what goes of them' "$(jq -c 'select(.op[:6] == "alter_") | [.properties, .delete]' live.out)" \
	'[{"collection.ttl.seconds":"60"},null]
[{"k":"v"},["collection.ttl.seconds"]]
[{"a":"1","b":"2"},null]
[{"b":"2"},["a"]]'

# Loads, partitions of loads, indexes.
{
	index 92 3 ts=210 event=put
	load 3 event=put
	at
} >&8
sees '^load_collection'
{
	load 3 event=delete
	at
} >&8
sees '^release_collection'
{
	index 92 3 ts=210 state=dropped event=put
	part 32 3 p create=220 event=put
	index 93 3 ts=230 event=put
	load 3 event=put parts=31,32
	at
} >&8
sees '^load_partitions'
{
	load 3 event=put parts=32
	at
} >&8
sees '^release_partitions'
is 'indexes and loads' "$(body live.out | sed -n '/create_collection@200/,$p' | sed 1d)" \
	'create_index@210 default.items index vec_idx
load_collection@300 default.items
release_collection@300 default.items
create_partition@220 default.items/p
drop_index@300 default.items index vec_idx
create_index@230 default.items index vec_idx
load_partitions@300 default.items/_default,p
release_partitions@300 default.items/_default'
stop
jq -c 'select(.op=="end").known' live.out >known
is 'known at the end' "$(jq -c . known)" '{"db:7":{"name":"sales"},"1":{"name":"sales.renamed","as":"default.items","parts":{"11":"_default"},"load":"none"},"3":{"name":"default.items","parts":{"31":"_default","32":"p"},"load":["p"],"indexes":{"93":["vec","vec_idx"]}}}'
is 'what ticks tell adds up to it' "$(jq -s -c '[.[]|select(.op=="tick").known//{}]|add|del(.[]|nulls)|to_entries|sort' live.out)" \
	"$(jq -c 'to_entries|sort' known)"
is 'below a younger line stands only what makes something, and is of when that was made' "$(jq -s -r 'reduce .[] as $l ({t:0, o:[]};
	($l.ts | tonumber) as $t | if $t < .t then .o += [$l.op] else .t = $t end) | .o | unique | join(" ")' live.out)" \
	'create_index create_partition'

# create, drop, create of one name: the catalogue's lines in every order within a revision each
for order in 'a b c' 'a c b' 'c a b' 'b c' 'c b' 'c'; do
	kafka_down && kafka_up
	echo 'tick 0 20' | feed
	live
	{
		header "$FOLLOW"
		coll 9 other
		ready 20
	} >&8
	sees '^create_collection@10 default.other'
	for o in $order; do
		case $o in
		a) coll 5 x create=310 event=put ;;
		b) coll 5 x create=310 state=dropping ts=320 event=put ;;
		c) coll 6 x create=330 event=put ;;
		esac >&8
	done
	feed <<-X
		tick 0 400
	X
	sees '^create_collection@330 default.x'
	sees '^tick@400'
	is "create, drop, create of a name, as $order" "$(body live.out | grep -v ' gone$' | sed 1d)" 'create_collection@330 default.x'
	stop
done
kafka_down && kafka_up

# Unseen while it was down.
feed <<X
tick 0 500
tick 0 600
X
one=by-dev-rootcoord-dml_0
last() { # KNOWN
	printf '{"op":"end","ts":"%s","pos":{"%s":{"o":1,"n":1,"ts":"%s"}},"known":%s}\n' "$(ts 500)" $one "$(ts 500)" "$1" >last
}
from_last() {
	reads --from @last --until now
	[ "$got" = 0 ] || diag <"$err"
	body | grep -v ' ensure$'
}
n1='"1":{"name":"default.a","parts":{"11":"_default"},"load":"none"}'
n2='"2":{"name":"default.b","parts":{"21":"_default"},"load":"none"}'
n3='"3":{"name":"default.c","parts":{"31":"_default"},"load":"none"}'
parts() {
	part 11 1 _default
	part 21 2 _default
	part 31 3 _default
}

last "{$n1,$n2}"
{ header && coll 1 b ts=510 && coll 2 a ts=511 && parts && ready 511; } >cat.ndjson
is 'two names swapped' "$(from_last)" 'rename_collection@500 default.b -> default.cdc_moving_2
rename_collection@500 default.a -> default.b
rename_collection@500 default.cdc_moving_2 -> default.a'
last "{$n1,$n2,$n3}"
{ header && coll 1 b ts=510 && coll 2 c ts=511 && coll 3 a ts=512 && parts && ready 512; } >cat.ndjson
from_last >ren
jq -r 'select(.op=="rename_collection")|"\(.coll) \(.new_coll)"' "$out" | {
	a=1 b=2 c=3
	while read -r x y; do
		eval "busy=\${$y:-}; $y=\$$x; $x="
		[ -z "$busy" ] || echo "$y was in use"
	done
	echo "a=$a b=$b c=$c"
} >got
is 'a cycle of three, each step onto a free name' "$(cat got)" 'a=3 b=1 c=2'
last "{$n1,$n2}"
{ header && coll 1 b ts=510 && coll 2 b state=dropping ts=505 && coll 4 a create=512 && parts && ready 512; } >cat.ndjson
is 'dropped, renamed onto it, and a new one in its place' "$(from_last)" 'drop_collection@500 default.b
rename_collection@500 default.a -> default.b
create_collection@512 default.a'
{ header && coll 2 b && parts && ready 512; } >cat.ndjson
is 'one that etcd has forgotten is not dropped' "$(from_last | cut -c1-41)" "# cdc-read: collection 'default.a' (1) is"
echo 'drop 1 600 coll=1' | feed
is '  but if the log says so' "$(from_last)" 'drop_collection@500 default.a'
last '{"db:7":{"name":"sales"},"1":{"name":"sales.a","parts":{"11":"_default","12":"p","13":"q"},"aliases":["x","y","z"],"load":["p","q"],"indexes":{"91":["vec","i"]}},'"$n2"'}'
{
	header
	db 7 sales
	coll 1 a db=sales db_id=7
	coll 2 b
	parts
	part 12 1 p
	part 13 1 q state=dropped ts=505
	alias_ x 1 | sed 's/"default","db_id":"1"/"sales","db_id":"7"/'
	index 91 1 state=dropped
	ready 512
} >cat.ndjson
is 'partitions, aliases, loads and indexes that went' "$(from_last)" 'drop_alias@500 sales alias z
drop_alias@500 sales alias y
drop_partition@500 sales.a/q
release_collection@600 sales.a
drop_index@600 sales.a index i' 
last "{\"db:7\":{\"name\":\"sales\"},\"1\":{\"name\":\"default.a\",\"parts\":{},\"aliases\":[\"x\"],\"load\":\"none\"},$n2}"
{ header && coll 1 a && coll 2 b && parts && alias_ x 2 ts=505 && ready 512; } >cat.ndjson
is 'an alias that moved; a database that was dropped' "$(from_last)" 'alter_alias@500 default.b alias x
drop_database@500 sales'
last "{$n1}"
{ header && coll 1 a && parts && coll 2 b create=100 && coll 3 c create=510 && ready 512; } >cat.ndjson
from_last >got
is 'new to the target: with a past it is partial' "$(cat got)" 'create_collection@100 default.b partial
create_collection@510 default.c'
is 'and what it should have is ensured' "$(ops | grep ensure)" 'create_collection@10 default.a ensure'

# Rows come before the catalogue tells that their collection has a name that a pattern has.
kafka_down && kafka_up
echo 'tick 0 20' | feed
live --include default.a
{ header "$FOLLOW" && coll 9 x && part 91 9 _default && ready 20; } >&8
sees '^begin'
{ echo 'insert 0 60 coll=9 part=91 keys=6' && echo 'tick 0 55'; } | feed
sleep 0.3 # it is read
coll 9 a ts=50 event=put >&8
echo 'tick 0 70' | feed
sees '^tick@70'
is 'rows behind a rename into a pattern' "$(rows live.out)" 'insert@60 default.a/_default 6'
stop
done_testing
