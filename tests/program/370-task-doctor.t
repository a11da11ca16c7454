#!/bin/sh
# cdc-task doctor: each check by what it says, with real cdc-read and cdc-apply, librdkafka's mock cluster, an etcd that
# holds one key, and a Milvus in memory; only the catalogue is told.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
unset SUDO_USER
etcd_start
fake_start
kafka_up
mkdir bin
cp "$BUILD/cdc-task" "$BUILD/cdc-read" "$BUILD/cdc-apply" bin/
catalogue() {
	db 7 shop
	coll 1 items start=0:0,1:0
	coll 2 tmp start=0:0
	coll 3 orders db=shop db_id=7 start=1:0
	coll 4 old state=dropped start=0:0
	part 11 1 _default
	part 12 2 _default
	part 13 3 _default
	alias_ goods 1
	ready 20
}
told catalogue
P=by-dev-rootcoord-dml_
feed <<X
tick 0 50
tick 1 50
X
me=$(id -un)@$(uname -n)

doctor() { # ARG...: $out, $err, the status in $got
	got=0
	cdc-task doctor "$@" >"$out" 2>"$err" || got=$?
}
says() { # NAME PATTERN: the last doctor, one line that fits whole
	like "$1" "$(cat "$out")" "^$2\$"
}
one() { # QUESTION PATTERN ARG...: it is answered by one command in one line
	question=$1 pattern=$2
	shift 2
	doctor "$@"
	is "$question one line, nothing on stderr" "$(wc -l <"$out") $(wc -c <"$err")" '1 0'
	says "  $(echo "$pattern" | cut -c 1-60)" "$pattern"
}

# Before a create
doctor -k versions
is 'no Milvus at the source: status 3' "$got" 3
says '  and said' 'unknown versions +source Milvus does not run; target Milvus v2.3.5-fake'
etcdtool put by-dev/meta/session/rootcoord '{"Version":"2.3.5"}' >/dev/null
doctor -x default.tmp
is 'before a create: nothing is wrong, status 0' "$got" 0
is 'all checks of a task that is not there' "$(awk '{ print $2 }' "$out" | paste -sd ' ')" \
	'words others etcd root selection zstd kafka topics format size retention position target login mode itself versions writers databases schemas unknown upgrade'
says 'etcd' 'ok +etcd +http://.*: version 3[.0-9]*'
says 'the root' 'ok +root +by-dev/meta at revision 9: 3 collections in 1 databases'
says 'what is chosen' "ok +selection +2 of 3 collections are replicated, not default.tmp: excluded by -x 'default.tmp'"
says 'zstd' 'ok +zstd +librdkafka reads zstd.*'
says 'the brokers' "ok +kafka +$CDC_BROKERS answers"
says 'the topics' 'ok +topics +all 2 that are read are there, of 2 of cluster by-dev'
says 'the log' 'ok +format +the newest record of each of 2 topics is of a log of Milvus 2.3.2 to 2.5, 0 are empty'
says 'the mock cluster tells no settings' 'warn +retention +the broker does not tell its retention: .*; it bounds .*'
says 'the position' "ok +position +a run begins at 'start', and Kafka has that"
says 'the target' "ok +target +$CDC_TARGET answers"
says 'no login' 'ok +login +none is asked for, and there is none'
says 'the mode' 'ok +mode +an ordinary Milvus, no standby: it takes writes'
says 'who else writes' 'warn +writers +yes, by anybody who reaches it: it asks for no login; .*authorizationEnabled.*'
says 'schemas' 'ok +schemas +those of 0 collections are equal; not at the target yet: default.items, shop.orders'
one 'Which Milvus versions are on both sides?' 'ok +versions +source Milvus 2.3.5; target Milvus v2.3.5-fake' -k versions
etcdtool put by-dev/meta/session/rootcoord '{"Version":"2.6.1"}' >/dev/null
doctor -k versions
is 'a source that cannot be read: status 1' "$got" 1
says '  and why' 'wrong +versions +source Milvus 2.6.1; .*; sources are 2.3.2 to 2.5, 2.6.6 to 3.0'
etcdtool put by-dev/meta/session/rootcoord '{"Version":"2.3.5"}' >/dev/null
is 'nothing was made' "$(cdc-task list)" ''

# What may be wrong, one thing at a time
echo "cdc-meta: no Milvus under 'x'; roots that look like one: 'by-dev'" >meta.says
doctor -r x -k root,selection,schemas
rm meta.says
is 'a wrong root: status 1' "$got" 1
says '  and which there are' "wrong +root +cdc-meta: no Milvus under 'x'; roots that look like one: 'by-dev'; --root or --meta-path"
says '  what hangs on it is not asked' "unknown selection  not asked, because of 'root'"
doctor -r x -E http://127.0.0.1:1 -k schemas
is 'etcd away: status 3' "$got" 3
says '  the cause is said with what was asked for' "unknown schemas +not asked, because of 'root': not asked, because of 'etcd': .*127.0.0.1.*"
doctor -b 127.0.0.1:1 -k topics
is 'Kafka away: status 3' "$got" 3
doctor --cluster other -k topics
says 'another cluster' "wrong +topics +no topic begins with 'other-'; .*"
doctor -X receive.message.max.bytes=nonsense -k kafka
is 'a property that is none: status 1' "$got" 1
feed <<X
tick 0 60 hdr=_v=1
X
doctor -k format
is 'half a record of a streaming log: status 1' "$got" 1
says '  and said' "wrong +format +topic '${P}0' offset [0-9]+: it has no property '_t'"
kafka_down
kafka_up
feed <<X
tick 0 50
tick 1 50
X
cp fake.born fake.kept
echo 1764547200000000000 >fake.born
doctor -k itself
is 'the target is the source: status 1' "$got" 1
says '  and said' 'wrong +itself +it is the source itself, or a copy of it made from its storage .*choose another target \(-T\)'
mv fake.kept fake.born
doctor -k itself
says 'it is not' 'ok +itself +source and target are two, made at different moments'
faults '[{"method":"ReplicateMessage","times":9,"code":1100,"reason":"invalid channel name for the replicate message request"}]'
doctor -k mode
is 'a standby: status 1' "$got" 1
says '  and what to do' 'wrong +mode +target refuses writes: set common.ttMsgEnabled to true'
faults '[{"method":"GetVersion","times":9,"grpc":16,"text":"auth check failure, please check username and password are correct"}]'
(umask 077 && printf 'root:Secret-9\n' >token)
doctor --token-file token -k login
is 'a wrong login: status 1' "$got" 1
says '  and what to do' 'wrong +login +.*--token-file, CDC_TOKEN.*auth check failure.*'
one 'Is the target writable by others?' 'ok +writers +only by its users with the right to: it asks for a login' -k writers
faults '[]'
doctor --token-file token --json -k kafka,login,mode,writers
is 'a secret is nowhere' "$(cat "$out" "$err" | grep -c -e Secret-9 -e "$(printf root:Secret-9 | base64)")" 0
rm -f token
is 'lines of JSON' "$(jq -s 'length' "$out") $(jq -r 'select(.check == "mode") | [.task, .verdict, .todo] | @json' "$out")" \
	'4 ["new","ok",null]'
exits 2 cdc-task doctor -k nonsense
exits 2 cdc-task doctor -k lag
exits 1 cdc-task doctor nosuch
exits 2 cdc-task doctor a b c
exits 1 sh -c 'cdc-task doctor >/dev/full'

# A task that is not run yet
cdc-task create idle --paused --no-check
doctor idle -k position,wish,state,lag,progress,start,lost,unknown,disk
is 'a paused task without a checkpoint: status 0' "$got" 0
says '  nothing is applied' 'warn +lag +nothing is applied yet'
says '  neither stuck nor idle' 'ok +progress +neither: it is paused; nothing has been applied yet'
says '  where it begins' "ok +position +a run begins at 'start', and Kafka has that"
for f in '{"v":1,"name":"idle","from":"start","options":{}}' '{"v":1}' '{"v":1,"from":7,"options":{"etcd":5}}'; do
	echo "$f" >"$CDC_STATE_DIR/tasks/idle/task.json"
	doctor idle
	is 'a definition that lacks all: status 1' "$got" 1
	says '  and what' "wrong +words +the definition has no option 'etcd'; make the task anew"
done
cdc-task delete idle

# A task that runs
cdc-task create dr -x default.tmp --rename shop=store >/dev/null || exit 1
exits 2 cdc-task doctor dr -T "$CDC_TARGET"
exits 1 cdc-task doctor dr -k state
like 'wanted, and nobody runs it' "$(cat "$out")" "wanted, and does not run: never run; nothing starts it again: no 'cdc-task supervise' runs here; .*"
one 'From where did it start, and was that the beginning?' \
	"ok +start +began at 'start': the beginning of each collection, so nothing was left out \\(created [-0-9T:.]*Z by $me\\)" dr -k start
cdc-task run dr 2>run.err &
run=$!
feed <<X
insert 0 60 part=11 keys=1
insert 1 60 part=11 keys=2
tick 0 100
tick 1 100
X
arrived() { [ "$(cdc-task status dr --json --offline | jq -r .applied.rows)" = 2 ]; }
ok 'rows arrive' wait_until 20 arrived
caught_up() { [ "$(cdc-task status dr --json | jq -r .backlog)" = 0 ]; }
wait_until 10 caught_up
one 'Why is collection X not replicated?' \
	"warn +collection +'default.tmp' is not replicated: excluded by -x 'default.tmp'; id 2 on ${P}0, not at the target" dr tmp
one '  and one that is:' \
	"ok +collection +'default.items' is replicated: included, as all are, id 1 on ${P}0, ${P}1, at the target not loaded with about 2 rows" dr items
is '  status 0' "$got" 0
one '  renamed on the way:' \
	"ok +collection +'shop.orders' is replicated: included, as all are, id 3 on ${P}1, called 'store.orders' at the target, at the target not loaded with about 0 rows" dr shop.orders
one '  an alias:' "warn +collection +'default.goods' is an alias of 'default.items'; ask for that one" dr goods
one '  a dropped one:' "wrong +collection +'default.old' is dropped at the source, id 4" dr old
one '  none:' "wrong +collection +the source has no collection 'nothing'; .*" dr nothing
doctor dr 'default.*'
is '  a pattern: a line each' "$(wc -l <"$out")" 2
doctor dr items --json
is '  as JSON' "$(jq -c '[.coll,.coll_id,.replicated,.chosen,.topics,.target_db,.known,.at_target,.loaded,.rows,.dead]' "$out")" \
	"[\"items\",\"1\",true,\"included, as all are\",[\"${P}0\",\"${P}1\"],\"default\",\"default.items\",true,false,2,0]"
one 'How far behind is it, in seconds and records?' 'ok +lag +0.0s and 0 records behind the source' dr -k lag
one 'Where will it resume, in offsets and as a time?' \
	"ok +position +a run resumes at 1970-01-01T00:00:00.100Z \\(ts:$(ts 100)\\): ${P}0 at 3, ${P}1 at 3" dr -k position
one 'Has anything been lost?' \
	'ok +lost +nothing: no line is set aside, none left out, Kafka has all from the position on; 1 of collections dropped by now were not needed' dr -k lost
one 'What did it do with an operation that it does not know?' \
	'ok +unknown +none up to the position; the run stops at one, and nothing behind it is applied' dr -k unknown
one 'Is it stuck or idle?' 'ok +progress +(idle: it follows, [0-9.]+s behind .*; the last checkpoint is .* old|works: [0-9]* rows/s, .* behind .*)' dr -k progress
one 'What fills the disk?' 'ok +disk +[0-9]+ (bytes|kB), most of it [a-z.]+ \([0-9]+ (bytes|kB)\); [0-9]+ (MB|kB) are free' dr -k disk
one 'What changes when I upgrade?' 'ok +upgrade +release [0-9.]+: state format 1, stream version 1; .*' dr -k upgrade
one 'Who paused it and when?' "ok +wish +wanted to run by $me at [-0-9T:.]*Z" dr -k wish
one 'Why did the task stop, and will it start again by itself?' 'ok +state +runs since [-0-9T:.]*Z' dr -k state
doctor dr
is 'all of it: status 0' "$got" 0
says 'the schemas' 'ok +schemas +those of all 2 collections are equal'
says 'the databases' 'ok +databases +all 2 that are used are at the target, with nothing else in them'
is 'nothing is wrong, and unknown only what nobody can ask' "$(grep -E '^(wrong|unknown )' "$out" | awk '{ print $1, $2 }')" 'unknown rows'

# Somebody else is at the target, a schema is another one
{ begin; create mine; end; } | cdc-apply >/dev/null
set -- state/targets/*.json
cp "$1" kept.json
jq '.adopted = (.clusters | map_values({"1": "default.items"}))' kept.json >"$1"
doctor dr -k databases
says 'what was there before us' 'warn +databases +at the target, with rows, before this state directory wrote there; a drop or rename will be refused: default.items; --adopt, if nobody else writes there'
mv kept.json "$1"
one 'collections of others' "warn +databases +the target has collections of somebody else's, which are left alone: default.mine" dr -k databases
sed -i 's/"max_length":"65535"/"max_length":"99"/' cat.ndjson
doctor dr -k schemas
is 'another schema: status 1' "$got" 1
says '  each in words' "wrong +schemas +collection 'default.items' is another one at the target: field 'v' differs; cdc-verify says more"
one '  and of the collection' "wrong +collection +'default.items' is not replicated: it is another one at the target: field 'v' differs; .*" dr items
sed -i 's/"max_length":"99"/"max_length":"65535"/' cat.ndjson

# Paused, by whom
cdc-task pause dr --reason 'night shift' || exit 1
wait $run
one 'Who paused it and when?' "ok +wish +paused by $me at [-0-9T:.]*Z: night shift" dr -k wish
one 'Will it start again?' "ok +state +paused since [-0-9T:.]*Z: night shift; it starts again after 'cdc-task resume'" dr -k state
one '  a collection of it' "wrong +collection +'default.items' is not replicated: the task is paused: night shift; .*" dr items
SUDO_USER=alice cdc-task resume dr
one '  behind sudo' "ok +wish +wanted to run by alice as $me at .*" dr -k wish

# An operation that nobody knows
feed <<X
type 0 105 4711
tick 0 110
tick 1 110
X
cdc-task run dr 2>run.err
one '  it stops there' 'wrong +unknown +stopped at one: .*something that cdc-read does not know; --skip=unknown goes on without it; .*' dr -k unknown
one 'Why did it stop, and will it start again?' \
	'wrong +state +failed at [-0-9T:.]*Z: cdc-apply, status 1: .*does not know.*; it does not start again by itself; mend it, then cdc-task resume' dr -k state
jq '.options.skip = "unknown"' "$CDC_STATE_DIR/tasks/dr/task.json" >t && cat t >"$CDC_STATE_DIR/tasks/dr/task.json"
cdc-task resume dr
cdc-task supervise 2>supervise.err &
supervise=$!
skipped() { [ "$(cdc-task status dr --json --offline | jq -r .applied.unknown)" = 1 ]; }
ok 'it goes on with --skip=unknown' wait_until 20 skipped
one '  which is counted' 'ok +unknown +left out and counted, by --skip: 1 so far' dr -k unknown
one '  and told' 'warn +lost +nothing but by choice: 1 operations left out by --skip, 1 of them not known to this release' dr -k lost
wait_until 10 caught_up
wait_until 10 cdc-task doctor dr -k progress
kill $supervise
wait $supervise 2>/dev/null

# What is set aside, what is gone
printf '{"op":"insert","ts":"1","db":"default","coll":"items","coll_id":"1"}\n' >"$CDC_STATE_DIR/tasks/dr/dead.ndjson"
one 'Has anything been lost? lines set aside' 'wrong +lost +1 lines are set aside in dead.ndjson; .*' dr -k lost
one '  of that collection' "wrong +collection +'default.items' is not replicated: 1 lines of it are set aside in dead.ndjson; .*" dr items
rm "$CDC_STATE_DIR/tasks/dr/dead.ndjson"
cp "$CDC_STATE_DIR/tasks/dr/checkpoint.json" kept
tail -n 1 kept | jq -c 'del(.crc) | .pos |= map_values(.o = 999 | .n = 999)' >far
cdc-task set dr --from @far
one 'a position that Kafka does not have' \
	"wrong +position +gone: topic '${P}0' has offsets 0 to [0-9]+, the position is 999, topic .*; copy what is lost by other means, .*" dr -k position
one '  is a loss' "wrong +lost +what Kafka no longer has between the position and its oldest record; .*the position was set to '@far' at .* by $me; see 'position'" dr -k lost
near() { jq -c "del(.crc) | $1" kept >near && cdc-task set dr --from @near; }
near '.pos |= map_values(.last = "5")'
one 'a position that fits, in a topic that was made anew' \
	"wrong +position +topic '${P}0' was made anew: the record at offset [0-9]+ has timestamp [0-9]+, the one that was read had 5; .*" dr -k position
one '  is a loss' "wrong +lost +what Kafka no longer has .*; see 'position'" dr -k lost
near '.source = {"etcd": "7", "rev": 999}'
one 'a position that fits, of a source that went back' \
	"wrong +position +of another past: the source's etcd went back: cluster . is at revision 9, and was at 999; .*--missing keep.*" dr -k position
near '.source = {"rev": 1, "coll": "77", "ts": "5"}'
doctor dr -k position
says 'a collection that may have been dropped' "warn +position +collection 77, the last that was changed, is not in .*"
cdc-task set dr --from @far
ev() { printf '{"time":"2026-01-02T03:04:05.678Z","event":"%s","program":"cdc-read","status":%s,"reason":"%s"}\n' "$@" >>"$CDC_STATE_DIR/tasks/dr/log.ndjson"; }
cdc-task set dr --from start
cp "$CDC_STATE_DIR/tasks/dr/log.ndjson" log.kept
ev failed 4 "cdc-read: topic 'x' was made anew"
one 'the run knows that the position is gone' \
	"wrong +position +the last run could not go on from there: cdc-read: topic 'x' was made anew; copy what is lost .*" dr -k position
one '  and so does lost' "wrong +lost +what Kafka no longer has .*; see 'position'" dr -k lost
cp log.kept "$CDC_STATE_DIR/tasks/dr/log.ndjson"
ev failed 1 'cdc-read: no'
one 'a run that failed is part of what is lost' \
	"wrong +lost +nothing is applied since 2026-01-02T03:04:05.678Z, when the last run failed: cdc-read: no; .*; see 'state'" dr -k lost
cp log.kept "$CDC_STATE_DIR/tasks/dr/log.ndjson"
tail -n 1 far | jq -c '.known = {"1": {"name": "default.items", "partial": true}} | .pos |= map_values(.o = 3 | .n = 3 | del(.last))' >half
cdc-task set dr --from @half
one 'collections without their first rows are part of it, too' \
	"warn +lost +nothing but by choice: collections made without the rows from before: default.items, the position was set .*" dr -k lost
cdc-task set dr --from start
cp log.kept "$CDC_STATE_DIR/tasks/dr/log.ndjson"
mkdir "$CDC_STATE_DIR/tasks/dr/dead.ndjson"
doctor dr -k lost
like 'lines set aside that cannot be counted' "$(cat "$out")" '^unknown +lost +.*the lines set aside cannot be read: '
rmdir "$CDC_STATE_DIR/tasks/dr/dead.ndjson"
mkdir "$CDC_STATE_DIR/tasks/torn"
echo '{' >"$CDC_STATE_DIR/tasks/torn/task.json"
one 'a task that cannot be read may be one that writes to the same' "unknown +others +whether another task writes to the same: .*torn.*" dr -k others
rm -r "$CDC_STATE_DIR/tasks/torn"
one '  and if all can' "ok +others +none of the 0 other tasks in '.*' writes to the same" dr -k others
doctor -k position -b 127.0.0.1:1
says 'Kafka cannot be asked: nobody speaks of copying' "unknown +position +a run begins at 'start'; whether Kafka has that could not be asked"
fake_stop
doctor dr -k schemas
is 'the target is away: status 3' "$got" 3
like '  not known, and where it is asked' "$(cat "$out")" "^unknown +schemas +not asked, because of '(login|target)': .*127.0.0.1"
jq '.options.target = "http://127.0.0.1:1"' "$CDC_STATE_DIR/tasks/dr/task.json" >t && cat t >"$CDC_STATE_DIR/tasks/dr/task.json"
is 'nothing of it was changed by all this' "$(cdc-task log dr | jq -r .event | sort | uniq -c | awk '{ print $2 }' | paste -sd ' ')" \
	'create failed pause paused resume set start stopped'

# It runs, and the target is away: what could not be asked is not said
cdc-task run dr 2>run.err &
run=$!
waits() { [ "$(cdc-task status dr --json --offline | jq -r .trouble.program)" = cdc-apply ]; }
ok 'it waits for the target' wait_until 20 waits
one 'whether a collection is there is not known' \
	"unknown +collection +'default.items' should be replicated: .*, the target could not be asked" dr items
one '  the state says for what' "warn +state +runs, and waits since .*: cdc-apply: .* at '127.0.0.1:1': .*trying again for 600 s" dr -k state
kill $run
wait $run 2>/dev/null

kafka_down
doctor dr -k lost
is 'Kafka is away: status 3' "$got" 3
says '  it is not said that nothing is lost' 'unknown +lost +no line is set aside; whether Kafka has all from the position on could not be asked; .*'
done_testing
