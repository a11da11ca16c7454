#!/bin/sh
# cdc-apply: what a stream does to the target, and what is acknowledged.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
{ begin; create a; insert a 1 2 3; tick 5; delete a 2; insert a 4 1; tick 6; VALUE=9 insert a 4; end; } >s

exits 0 cdc-apply s
cp "$out" acks
is 'an ack for each tick and the end, in order' "$(jq -r '[.op, .ts, .end] | @csv' acks | tr '\n' ' ')" '"ack","5", "ack","6", "ack","99",true '
is 'with the position of the tick' "$(jq -c .pos acks | tail -n 1)" '{"t":{"o":99,"n":99,"ts":"99"}}'
is 'and what was done since the one before' "$(jq -c .n acks | tr '\n' ' ')" \
	'{"insert":1,"rows":3,"ddl":1} {"insert":1,"rows":2,"delete":1,"keys":1} {"insert":1,"rows":1} '
is 'nothing is said' "$(cat "$err")" ''
rows >rows1
is 'the rows are there, the last value wins' "$(sed 's/.*"pk": //' rows1)" '1, "vec": [1.0, 0.5]}
3, "vec": [3.0, 0.5]}
4, "vec": [9.0, 0.5]}'
order() { calls 'Upsert|Delete' | grep -n -e "$1" -e "$2" | cut -d ' ' -f 4 | paste -sd ' '; }
is 'a key that is on its way is waited for: a delete' "$(order '[[]1,2,3]' 'Delete')" '[1,2,3] [2]'
is '  and an upsert; a row that waits gives way to a later one of its key' "$(order '[[]1,4]' '[[]4')" '[1,4]'

ok 'the same stream again' cdc-apply s
is '  changes nothing' "$(rows)" "$(cat rows1)"

# A filter in the middle
: >fake.log
jq -c . s | cdc-apply >"$out"
is 'after jq it does the same' "$(calls 'Upsert|Delete' | wc -l)" 3
jq -cS . s | cdc-apply >"$out"
is 'and with its keys sorted' "$(calls 'Upsert|Delete' | wc -l)" 6
is '  with the same acks' "$(jq -cS . "$out")" "$(jq -cS . acks)"
is '  to the same rows' "$(rows)" "$(cat rows1)"
sed 's/$/\r/' s | cdc-apply >"$out"
is 'CR LF is a line end, too' "$(wc -l <"$out")" 3

# Rows are merged, and no more than asked
: >fake.log
{ begin; for i in 1 2 3 4 5 6 7 8; do insert a $i 1$i; tick $i; done; end; } | cdc-apply >"$out"
is 'lines are merged over ticks into one request' "$(calls Upsert | wc -l)" 1
is '  and all are acknowledged' "$(wc -l <"$out")" 9
: >fake.log
{ begin; for i in 1 2 3 4 5 6 7 8; do insert a $i 1$i; done; end; } | cdc-apply --batch-bytes 40 >"$out"
is 'up to --batch-bytes' "$(calls Upsert | wc -l)" 4
: >fake.log
{ begin; insert a 1; end; } | cdc-apply --mode insert >"$out"
like '--mode insert' "$(calls .)" '^Insert default/a/_default ok \[1\]$'

{ begin; insert a 1 | sed 's/"n"/"late":true,"n"/'; end; } | cdc-apply >"$out"
is 'what came late is applied, and counted' "$(jq -c .n "$out")" '{"insert":1,"rows":1,"late":1}'

# While the input is idle
: >fake.log
{ begin; insert a 1; tick 5; sleep 4; end; } | cdc-apply >slow &
pid=$!
wait_until 1 grep -q '"ts":"5"' slow
is 'an idle input does not hold rows back' "$?" 0
wait $pid

# Several inputs
{ begin; insert a 21; end 10; } >one
{ begin 10; insert a 22; end 120; } >two
exits 0 cdc-apply one - two <s
is 'several inputs are one after the other' "$(jq -r .ts "$out" | paste -sd ' ')" '10 5 6 99 120'
{ begin 11; insert a 23; end 20; } >late
exits 1 cdc-apply one late
like 'a gap between them is refused' "$(cat "$err")" \
	"^cdc-apply: late line 1: begin: a part is missing before this stream: topic 't' begins at offset 11 .* ended at 10 "
is '  after what stands before it' "$(jq -r .ts "$out")" 10

# Dry run
: >fake.log
{ begin; create b; insert b 1 2; delete b 1; echo '{"op":"flush","ts":"5","db":"default","coll":"b"}'; end; } >dry
exits 0 cdc-apply -n dry
is 'a dry run says what it would do' "$(cut -d, -f1 "$out")" \
	"CreateCollection default.b
Upsert of 2 rows in 'default.b' partition '_default'
Delete of 1 keys in 'default.b' partition '_default'
Flush default.b"
is '  and only reads' "$(calls . | cut -d ' ' -f 1 | sort -u | paste -sd ' ')" 'DescribeCollection GetVersion ListDatabases ShowCollections'

fake_stop
done_testing
