#!/bin/sh
# cdc-apply: a target that is busy, silent, away, or says no.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
{ begin; create a; end; } | cdc-apply >"$out"
{ begin; insert a 1 2 3; tick 5; delete a 2; end; } >s

passes() { # NAME FAULTS PATTERN: it goes on, and says so once
	: >fake.log
	faults "$2"
	exits 0 cdc-apply --timeout 2 s
	is "$1: all is acknowledged" "$(wc -l <"$out")" 2
	like '  and it was said' "$(cat "$err")" "$3"
	is '  the rows are there' "$(rows | wc -l)" 2
}
fails_with() { # STATUS FAULTS PATTERN
	: >fake.log
	faults "$2"
	exits "$1" cdc-apply --timeout 2 --retry 1 s
	like '  the line' "$(cat "$err")" "$3"
	is '  nothing is acknowledged' "$(cat "$out")" ''
}

passes 'rate limit' '[{"method":"Upsert","times":3,"code":8,"reason":"request is rejected by grpc RateLimiter"}]' \
	"^cdc-apply: Upsert of 3 rows in 'default.a' .*: request is rejected .*; trying again for 600 s$"
is '  said once, and that it is over' "$(sed 's/after [0-9.]* s/after N s/; s/.*trying again/trying again/' "$err")" \
	'trying again for 600 s
cdc-apply: the target answers again, after N s'
passes 'not ready' '[{"method":"Delete","code":1,"reason":"service not ready"}]' 'service not ready; trying'
passes 'unavailable' '[{"method":"Upsert","grpc":14,"text":"going away"}]' 'going away; trying'
passes 'a describe that is not ready' '[{"method":"DescribeCollection","code":2,"reason":"not now"}]' 'DescribeCollection: .*: not now'

# No answer: what was sent may be at work until its deadline has passed
passes 'silence' '[{"method":"Upsert","after":true,"sleep":4}]' 'trying again'
set -- $(grep Upsert fake.log | cut -d ' ' -f 1)
ok '  is not sent again before its time is over' awk "BEGIN { exit !($2 - $1 >= 2) }"
is '  and the delete of its key waited' "$(calls 'Upsert|Delete' | cut -d ' ' -f 1 | paste -sd ' ')" 'Upsert Upsert Delete'

# It dies after the fact, and comes back
: >fake.log
faults '[{"method":"Upsert","after":true,"die":true}]'
cdc-apply --timeout 2 s >acks 2>acks.err &
pid=$!
wait_until 5 sh -c "! kill -0 $fake_pid 2>/dev/null"
wait "$fake_pid" 2>/dev/null
faults '[]'
fake_start
ok 'a target that was restarted' wait $pid
is '  got all of it' "$(calls 'Upsert|Delete' | cut -d ' ' -f 1 | paste -sd ' ')" 'Upsert Upsert Delete'
set -- $(grep Upsert fake.log | cut -d ' ' -f 1)
ok '  in time' awk "BEGIN { exit !($2 - $1 >= 2) }"
is '  acknowledged' "$(wc -l <acks)" 2

fails_with 3 '[{"method":"Upsert","times":99,"code":8,"reason":"busy"}]' \
	"Upsert of 3 rows in 'default.a' partition '_default', keys 1 to 3, line 2, topic 't' offset 7: at '[^']*': busy \\(tried for 1 s; trying again may help\\)$"
fails_with 1 '[{"method":"Upsert","code":1100,"reason":"no such thing"}]' \
	"Upsert of 3 rows in 'default.a' partition '_default', keys 1 to 3, line 2, topic 't' offset 7: no such thing \\(code 1100\\); trying again will not help$"
fails_with 1 '[{"method":"Upsert","code":1303,"reason":"deny to write the message to mq"}]' 'deny to write'
fails_with 1 '[{"method":"*","times":99,"grpc":16,"text":"auth check failure"}]' "target '.*': the server refuses the login .*: auth check failure"
is '  at once' "$(calls . | sort | uniq -d)" ''
fails_with 3 '[{"method":"GetVersion","times":99,"grpc":14,"text":"x"}]' 'GetVersion: .*trying again may help'

# A partition that has been made, and is not to be seen at once after a restart
faults '[{"method":"Upsert","times":2,"code":200,"reason":"partition not found[partition=p]"}]'
{ begin; insert a 1; end; } >in
ok 'rows wait for their partition' cdc-apply in
faults '[{"method":"Upsert","times":99,"code":200,"reason":"partition not found[partition=p]"}]'
exits 1 cdc-apply --retry 1 in
like '  but not for one that does not come' "$(cat "$err")" 'partition not found.*\(code 200\); trying again will not help'

# Refused without a code: perhaps by a target that is just being stopped or started
passes 'an insert that something inside refuses' '[{"method":"Upsert","code":65535,"reason":"the grpc client connection is closing"}]' 'is closing.*; trying again for'
fails_with 1 '[{"method":"Upsert","times":99,"code":65535,"reason":"the sky"}]' 'the sky .code 65535.; trying again will not help$'
faults '[{"method":"CreateCollection","times":2,"code":65535,"reason":"the grpc client connection is closing"}]'
{ begin; create b; end; } >in
exits 0 cdc-apply in
like '  a change of the catalogue, too' "$(cat "$err")" "create_collection: .*: CreateCollection 'default.b': the grpc .*; trying again for"
faults '[{"method":"CreateCollection","times":99,"code":65535,"reason":"the sky"}]'
{ begin; create c; end; } >in
exits 1 cdc-apply --retry 1 in
like '  but not for ever' "$(cat "$err")" "line 2: create_collection .*: CreateCollection 'default.c': the sky .code 65535.; trying again will not help$"

# Too large
: >fake.log
faults '[{"method":"Upsert","times":99,"rows":3}]'
{ begin; insert a 1 2 3 4 5 6 7 8 9; end; } | cdc-apply >"$out" 2>"$err"
is 'too many rows at a time are halved' "$(rows | wc -l)" 9
is '  and acknowledged' "$(jq -c .n "$out")" '{"insert":1,"rows":9}'
is '  without a word' "$(cat "$err")" ''
faults '[{"method":"Upsert","times":99,"rows":0}]'
{ begin; insert a 1 2; end; } >two
exits 1 cdc-apply two
like 'one row that is too large is refused' "$(cat "$err")" "Upsert of 1 rows .* larger than max"
faults '[]'

# Different keys do not wait for each other
: >fake.log
faults '[{"method":"Upsert","after":true,"sleep":1}]'
{ begin; for i in 1 2 3 4 5 6; do insert a ${i}1 ${i}2; done; tick 5; end; } | cdc-apply --batch-bytes 1 --window 4 >acks
set -- $(grep -c . fake.log) $(grep Upsert fake.log | sed -n '1s/ .*//p;12s/ .*//p')
ok 'a slow request does not hold the others' awk "BEGIN { exit !($3 - $2 < 0.9) }"
is '  but the ack' "$(wc -l <acks)" 2

# Somebody else's database is dropped between the question for all and the one for what it has.
faults '[{"method":"ShowCollections","code":800,"reason":"database not found[database=x]"}]'
{ begin; end; } >in
ok 'a database that goes while it is looked at' cdc-apply in

# Nothing waits for an answer that it does not need: of what is there first, then of each database.
{ begin; for db in x y; do echo "{\"op\":\"create_database\",\"ts\":\"5\",\"db\":\"$db\",\"properties\":{}}"; done; end; } >dbs
cdc-apply dbs >acks
: >fake.log
faults '[{"method":"GetVersion","sleep":1},{"method":"ShowCollections","skip":1,"times":2,"sleep":1}]'
{ begin; end; } >in
ok 'a slow target' cdc-apply in
is '  is asked what does not need its answer' "$(calls . | sed -n '3p;4,$s/ [xy]//p' | paste -sd ,)" \
	'GetVersion  ok,ShowCollections ok,ShowCollections ok'
set -- $(sed -n '4,5s/ .*//p' fake.log)
ok '  and of all databases at once' awk "BEGIN { exit !($2 - $1 < 0.9) }"

in_db() { sed "s/\"db\":\"default\"/\"db\":\"d$1\"/; s/\"coll_id\":\"[^\"]*\"/\"coll_id\":\"7$1\"/"; }
{
	begin
	for i in $(seq 20); do echo "{\"op\":\"create_database\",\"ts\":\"5\",\"db\":\"d$i\",\"properties\":{}}"; done
	create c | in_db 3
	create c | in_db 18
	end
} | cdc-apply >acks
: >fake.log
faults '[{"method":"ShowCollections","skip":5,"times":3,"code":8,"reason":"rate limit"}]'
{ begin; insert former 1 | in_db 18; insert former 2 | in_db 3; end; } >in
ok 'many databases, three of which are told later' cdc-apply in
is '  each is told once' "$(calls 'ShowCollections .*ok' | sort -u | wc -l) $(calls 'ShowCollections .*ok' | wc -l)" '23 23'
is '  after three refusals' "$(calls ShowCollections | wc -l)" 26
is '  and the answers are not mixed up' "$(rows | grep -o '^d[0-9].*"pk": [0-9]*' | sed 's/ _.*pk": / /' | paste -sd ,)" 'd18 c 1,d3 c 2'

fake_stop
done_testing
