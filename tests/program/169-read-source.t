#!/bin/sh
# law 12: who the source is goes with the position; another one, or one that went back, is status 4 and the choices
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
feed <<X
insert 0 110 part=11 keys=1
insert 1 130 part=11 keys=3
tick 0 200
tick 1 200
X
ETCD=,\"etcd\":\"77\"
items2() { # REV [LINES...]
	items_rev=$1
	shift
	coll 1 items start=0:0,1:0
	part 11 1 _default
	[ $# = 0 ] || "$@"
	printf '{"kind":"ready","rev":%s,"ts":"%s"}\n' "$items_rev" "$(ts 150)"
}
stops() { # NAME PATTERN
	is "$1: status 4" "$got $(wc -c <"$out")" '4 0'
	like '  says both' "$(tail -n 1 "$err")" "^cdc-read: $2"
	like '  and the choices' "$(tail -n 1 "$err")" "was it restored. 'cdc-task set .*--missing keep.*--missing drop.*--from"
}
now=$(python3 -c 'import time; print(int(time.time() * 1000))')

{ header "$ETCD" && items2 300 coll 2 newest create=100 ts="$now" start=1:0; } >cat.ndjson
reads --until now
is 'it stands in begin, ticks that bring news, and end' "$(jq -c 'select(.source) | [.op, .source]' "$out" | uniq | paste -sd ' ')" \
	"$(for op in begin end; do printf '["%s",{"etcd":"77","rev":300,"coll":"2","ts":"%s"}] ' $op "$(ts "$now")"; done | sed 's/ $//')"
tail -n 1 "$out" >end
reads --from @end --until now
is 'the same: it goes on' "$got" 0
{ header "$ETCD" && items2 299 coll 2 newest create=100 ts="$now" start=1:0; } >cat.ndjson
reads --from @end --until now
stops 'a lower revision' "the source's etcd went back: cluster 77 is at revision 299, and was at 300, .* is of 20"
reads --from @end --until now --missing keep
is '--missing: it goes on' "$got $(tail -n 1 "$out" | jq -r .source.rev)" '0 299'
{ header ',"etcd":"78"' && items2 400 coll 2 newest create=100 ts="$now" start=1:0; } >cat.ndjson
reads --from @end --until now
stops 'another cluster' "the source's etcd is another cluster: 78, at revision 400, and was 77, at 300"
{ header "$ETCD,\"born\":\"6\"" && items2 400 coll 2 newest create=100 ts="$now" start=1:0; } >cat.ndjson
jq -c '.source.born = "5"' end >born
reads --from @born --until now
stops 'another Milvus' "the source is another Milvus: born 6 .*, and was born 5"
{ header "$ETCD" && items2 400 coll 2 newest create=100 start=1:0; } >cat.ndjson
reads --from @end --until now
stops 'grown past it without the last change' "the source's etcd .cluster 77, revision 400, and was at 300. went back: it has forgotten the last change of collection 2"
{ header "$ETCD" && items2 400; } >cat.ndjson
jq -c 'del(.known["2"])' end >unknown
reads --from @unknown --until now
stops 'grown past it without the last collection' "the source's etcd .cluster 77, revision 400, and was at 300. went back: it has forgotten collection 2"
echo 'drop 1 310 coll=2
tick 0 400
tick 1 400' | feed
reads --from @unknown --until now
is 'which was dropped' "$got" 0
{ header "$ETCD" && items2 400 coll 2 newest create=100 start=1:0; } >cat.ndjson
jq -c ".source.ts = \"$(ts $((now - 7200000)))\"" end >old
reads --from @old --until now
is 'one whose last change etcd may have forgotten by now' "$got" 0
jq -c 'del(.source)' end >none
reads --from @none --until now
is 'a position that does not say' "$got" 0

# Revisions that fall in a catalogue that follows
live
{ header "$FOLLOW" && items2 300; } >&8
{ echo '{"kind":"at","rev":301,"time":1}' && echo '{"kind":"at","rev":240,"time":2}'; } >&8
ends
is 'at that falls: status 4' "$got" 4
like '  says both' "$(cat live.err)" "^cdc-read: .*line 6: at: the source's etcd went back: it is at revision 240, and was at 301"

# Through a task: acks bring it into the checkpoint; set takes it out
export CDC_STATE_DIR="$PWD/state"
cdc-task create dr --no-check
printf '{"op":"ack","ts":"%s","pos":%s,"source":%s,"end":true}\n' "$(ts 200)" "$(jq -c .pos end)" "$(jq -c .source end)" | cdc-task commit dr
is 'commit keeps it' "$(jq -c .source state/tasks/dr/checkpoint.json)" "$(jq -c .source end)"
printf '{"op":"ack","ts":"%s","pos":%s,"end":true}\n' "$(ts 201)" "$(jq -c .pos end)" | cdc-task commit dr
is 'also if an ack does not say' "$(jq -c .source state/tasks/dr/checkpoint.json)" "$(jq -c .source end)"
{ header "$ETCD" && items2 299 coll 2 newest create=100 ts="$now" start=1:0; } >cat.ndjson
reads --from task:dr --until now
stops 'a task' "the source's etcd went back: .*'cdc-task set dr "
exits 2 cdc-task set dr --missing stop
exits 2 cdc-task set dr
cdc-task set dr --missing keep
is 'set --missing keep' "$(jq -c .source state/tasks/dr/checkpoint.json)" '{"missing":"keep"}'
reads --from task:dr --until now
is '  goes on, and says for which records it holds' "$got $(head -n 1 "$out" | jq -c .source)" \
	"0 {\"etcd\":\"77\",\"rev\":299,\"coll\":\"2\",\"ts\":\"$(ts "$now")\",\"missing\":\"keep\",\"until\":\"$(ts 400)\"}"
is '  not for later ones' "$(tail -n 1 "$out" | jq -c '.source | [.rev, .missing]')" '[299,null]'
cdc-task set dr --from beginning
is 'set --from: a new start' "$(ls state/tasks/dr/checkpoint.json 2>&1 | grep -c 'o such')" 1
cdc-task set dr --missing drop
is 'without a checkpoint it is kept with the definition' "$(jq -c .source state/tasks/dr/task.json)" '{"missing":"drop"}'
reads --from task:dr --until now
is '  and holds' "$got $(head -n 1 "$out" | jq -r .source.missing)" '0 drop'
done_testing
