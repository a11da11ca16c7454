#!/bin/sh
# a topic of a source that was upgraded to 2.6: the older log, then the streaming log
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/wallib.sh"
one=by-dev-rootcoord-dml_
old() { # what an older version wrote: a position at 20, with its replicate-msg, and what the target has
	printf '{"op":"end","ts":"%s","pos":{"by-dev-replicate-msg":{"o":4,"n":4,"ts":"%s"}' "$(ts 20)" "$(ts 20)"
	for t in 0 1; do printf ',"%s%s":{"o":1,"n":1,"ts":"%s"}' $one $t "$(ts 20)"; done
	echo '},"known":{"5":{"name":"default.five","parts":{"51":"_default"}},"7":{"name":"default.x","parts":{"71":"_default"}}}}'
}
kafka_up
{
	echo 'tick 0 20' && echo 'tick 1 20'
	echo 'insert 1 25 coll=7 part=71 keys=2'
	echo 'insert 1 26 coll=5 part=51 keys=5'
	echo 'drop 1 27 coll=5'
	echo 'create 1 28 coll=9 name=nine'
	echo 'insert 1 29 coll=9 part=91 keys=9'
	echo 'tick 0 35' && echo 'tick 1 35'
	echo '+tick 0 40' && echo '+tick 1 40'
	echo '+insert 1 50 coll=7 part=71 keys=4'
	echo '+mkpart 52 b=3 coll=7 part=72 name=p on=1'
	echo '+insert 1 60 coll=7 part=72 keys=6'
	echo '+tick 0 70' && echo '+tick 1 70'
} | wal
{ header && control && coll 7 x start=1:0 && part 71 7 _default && part 72 7 p create=52; } >cat.ndjson
{ coll 9 nine start=1:5 create=28 && part 91 9 _default create=28 && alias_ al 9 ts=30 && index 901 9 ts=31 && at_log 80; } >>cat.ndjson
old >old
body() { echo "$got"; ops | grep -vE '^(tick|begin|end)' | sed 's/default\.//g'; }
reads --from @old --until end
rest='create_collection@28 nine
create_alias@30 nine alias al
insert@25 x/_default 2
insert@26 #5 5 gone
insert@29 nine/_default 9
insert@50 x/_default 4
create_partition@52 x/p
create_index@31 nine index vec_idx
insert@60 x/p 6'
is 'a position from before it: what came until then is in the catalogue' "$(body)" "0
drop_collection@20 five
create_collection@10 x ensure
$rest"
reads --from beginning --until end
is 'all that there is' "$(body)" "0
create_collection@10 x
$rest"

# The catalogue was read before it.
{ header && coll 7 x start=1:0 && part 71 7 _default && ready 30; } >cat.ndjson
sed 's/"by-dev-replicate-msg":{[^}]*},//' old >mid
reads --from @mid --until end
is 'while it runs: to be tried again' "$got $(cut -d: -f3- "$err")" \
	"3  from here on the source writes the log of a Milvus that is newer than the catalogue: it was upgraded; start cdc-meta and cdc-read again"
done_testing
