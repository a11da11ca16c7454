#!/bin/sh
# what cannot be decoded, what is refused, and the limits
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
one=by-dev-rootcoord-dml_0
kafka_up
feed <<X
tick 0 50
junk 0 60 hello,there
type 0 70 4711
type r 71 106
type 0 72 408
flush r 80 colls=items,al,nothing
junk r 90 what
insert 0 100 part=11 keys=1
tick 0 200
X
{
	header
	coll 1 items
	part 11 1 _default
	alias_ al 1
	ready 20
} >cat.ndjson
reads --until now
is 'what is odd is not lost' "$got $(rows | sed 's/ late$//' | sort | tr '\n' ';')" \
	'0 flush@80 default.items;flush@80 default.items;import@72 #0 gone;insert@100 default.items/_default 1;unknown@60 0;unknown@70 4711;unknown@90 0;'
is 'its bytes' "$(jq -r 'select(.op=="unknown" and .type==0)|.b64' "$out" | head -n 1 | base64 -d)" hello,there
is 'its place' "$(jq -c 'select(.op=="unknown")|.src' "$out" | sed -n 2p)" "{\"t\":\"$one\",\"o\":2}"
like 'a word for people' "$(cat "$err")" "^cdc-read: topic '$one' offset 1: "

# A record of a newer log than the catalogue is of.
kafka_down && kafka_up
feed <<X
insert 0 100 part=11 keys=1
insert 0 110 part=11 keys=2 hdr=_v=1
tick 0 200
X
reads --until now
is 'a source that was upgraded: try again' "$got $(ops | grep -c '^end')" '3 0'
like 'in a sentence' "$(cat "$err")" "^cdc-read: topic '$one' offset 1: from here on .* it was upgraded; start cdc-meta and cdc-read again"
kafka_down && kafka_up
feed <<X
insert 0 100 part=11 keys=1 hdr=_v=
insert 0 110 part=11 keys=2 hdr=_vc=x
tick 0 200
X
reads --until now
is 'an empty _v, and other headers, are not that' "$got $(rows | wc -l)" '0 2'

# Columns that are not the schema's: the record goes on as it is.
{
	header
	coll 1 items schema="$(printf '%s' "$SCHEMA" | sed 's/"dim":"2"/"dim":"3"/')"
	part 11 1 _default
	ready 20
} >cat.ndjson
reads --until now
is 'a vector of another dimension' "$got $(rows | head -n 1)" '0 unknown@100 400'
like 'with field and numbers' "$(head -n 1 "$err")" "offset 0: .*'vec'"

# More than one partition.
kafka_down && kafka_up
{ echo "!topic $one 3" && echo 'tick 0 200'; } | feed
{ header && coll 1 items && part 11 1 _default && ready 20; } >cat.ndjson
reads --until now
is 'empty partitions do not matter' "$got" 0
kafka_down && kafka_up
{ printf '!topic by-dev-mine 3\n' && echo 'tick 0 200'; } | feed
printf 'by-dev-mine\tAAAA\t@5\t#2\n' >&9
echo 'tick 0 300' | feed
foreign() { [ "$(kcat -C -q -e -b "$CDC_BROKERS" -t by-dev-mine -o beginning -f '%p')" = 2 ]; }
ok "somebody else's topic" wait_until 20 foreign
reads --until now
is '  may have as many as it likes' "$got" 0
kafka_down && kafka_up
{
	echo "!topic $one 3" && echo 'tick 0 200'
	printf '!topic other 3\n'
} | feed
printf '%s\tAAAA\t@5\t#2\n' "$one" >&9
echo 'tick 0 300' | feed
reads --until now
is 'records in partition 2: refused' "$got" 1
like 'which' "$(cat "$err")" "topic '$one' has records in partition 2"

# Brokers that are not there; properties.
exits 3 timeout 15 cdc-read -b 127.0.0.1:1 -m cat.ndjson --until now -X socket.connection.setup.timeout.ms=1000
exits 2 cdc-read -X nonsense=1 -m cat.ndjson --until now
exits 2 cdc-read -X nonsense -m cat.ndjson --until now
printf '# for the test\n\n client.id = me \nbootstrap.servers=%s\n' "$CDC_BROKERS" >props
reads --until now -b 127.0.0.1:1 -X @props
is 'properties of a file are taken' "$got" 1
exits 2 cdc-read -X @none -m cat.ndjson --until now
rm props
umask 077
printf 'client.id=me\nsasl.password=hush\nhush\n' >props
exits 2 cdc-read -X @props -m cat.ndjson --until now
like 'a mistake in it has a place' "$(cat "$err")" "'props' line 3: want name=value"
printf 'client.id=me\nsasl.password=hush\nnonsense=hush\n' >props
exits 2 cdc-read -X @props -m cat.ndjson --until now
like '  and a name' "$(cat "$err")" "'props' line 3: kafka property 'nonsense'"
fails '  and no secret' grep hush "$err"
exits 2 cdc-read -X sasl.password=hush -m cat.ndjson --until now
like 'a secret is no argument' "$(cat "$err")" 'a file: @FILE'
fails '  nor in the message' grep hush "$err"

# A topic far ahead of W waits; the one that holds W back may go on, up to its own limit.
kafka_down && kafka_up
echo 'tick 0 60
tick 1 50' | feed
live
{ header "$FOLLOW" && coll 1 items start=0:0,1:0 && part 11 1 _default && ready 20; } >&8
sees '^tick@'
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	echo "insert 0 $((100 + i)) part=11 keys=$i big=9000000" | feed
	at >&8
	sleep 0.1
done
stop
n=$(jq -r "select(.op==\"end\").pos[\"$one\"].n" live.out)
ok "a topic ahead is paused at its part of 64 MiB: $n of 13 read" test "${n:-0}" -ge 3 -a "${n:-0}" -le 6
{ header && coll 1 items start=0:0,1:0 && part 11 1 _default && ready 20; } >cat.ndjson
reads --until end --vectors none
is '  and is no reason to wait for a dead source' "$got $(rows | wc -l)" '0 12'
live --until now --vectors none
{ header "$FOLLOW" && coll 1 items start=0:0,1:0 && part 11 1 _default && ready 20; } >&8
sees '^tick@'
turns 4
echo 'tick 1 500
tick 0 500' | feed
ends
is 'and goes on' "$got $(rows live.out | wc -l)" '0 12'
done_testing
