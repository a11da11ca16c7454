#!/bin/sh
# cdc-apply: marks go before rows, once a run; one that comes back is a circle.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
sent() { calls 'Mark|Upsert|Delete' | cut -d ' ' -f 1,2 | paste -sd ,; }
coll() { sed "s/\"coll_id\":\"1$1\"/\"coll_id\":\"$2\"/"; } # NAME ID
text() { sed 's/"name":"pk","type":"Int64"/"name":"pk","type":"VarChar","params":{"max_length":"9"}/'; }

{ begin; create a; create b; insert a 1; insert a 2; delete a 1; tick 5; delete b 7; insert a 3; end; } | coll a 71 | coll b 72 >one
exits 0 cdc-apply one
is 'before the first rows or keys of each, once' "$(calls 'Mark' | cut -d ' ' -f 2 | sort | paste -sd ,)" default/a,default/b
first=$(calls 'Mark|Upsert|Delete' | grep -m 1 default/a | cut -d ' ' -f 1)
is '  before' "$first" Mark
marks() { grep Mark fake.log | grep -o '[0-9]\{19\}'; }
is '  a key above all that is made by a Milvus' "$(marks | awk '{ print length($0), (substr($0, 1, 1) > 3) }' | sort -u)" '19 1'
is '  the same in every process and release' "$(grep 'Mark default/a' fake.log | grep -o '[0-9]\{19\}' | sort -u)" 5814623370215938735
is '  which follows from the id' "$(marks | sort -u | wc -l)" 2
exits 0 cdc-apply one
is 'the same again in the next run' "$(marks | sort | uniq -c | awk '{ print $1 }' | paste -sd ' ')" '2 2'
: >fake.log
exits 0 cdc-apply -n one
exits 0 cdc-apply --skip=delete one
exits 0 cdc-apply --allow-circle one
is 'none of a dry run, nor if no delete is wanted' "$(calls Mark)" ''
is 'the rows are as they were' "$(keys)" '2 3'

# It comes back
cdc-apply one >/dev/null
mark=$(grep 'Mark default/a' fake.log | grep -o '[0-9]\{19\}' | tail -n 1)
{ begin; create a; insert a 5; tick 2000; delete a 3 "$mark" 4 | sed 's/"1000"/"2500"/'; insert a 6 | sed 's/"1000"/"2600"/'; end 3000; } | coll a 71 >two
: >fake.log
exits 1 cdc-apply --on-error dead:dead two
like 'is a circle' "$(cat "$err")" "line 5: delete 'default.a': .*rows of 'default.a' at the target '$CDC_TARGET' come round to here: .*: a circle\. End the other one"
is '  what is before it is done, and confirmed, and nothing behind it' "$(keys) $(jq -r .ts "$out" | paste -sd ,)" '2 5 2000'
is '  it is passed on' "$(calls 'Mark default/a' | grep -c "$mark")" 1
is '  and never set aside' "$(cat dead)" ''
exits 0 cdc-apply --allow-circle two
is '  on purpose' "$(keys)" '2 5 6'
sed 's/"71"/"72"/' two >other
exits 0 cdc-apply other

# Of a task: told once, then it goes on, and marks anew behind that
cdc-task create dr --no-check -T "$CDC_TARGET" >/dev/null
sed 's/"cluster"/"task":"dr",&/' two >task
exits 1 cdc-apply task
like 'kept' "$(cat state/tasks/dr/circle.json)" '{"v":1,"told":"[0-9]{18}"}'
exits 0 cdc-apply task
is 'told, it goes on' "$(cat "$err")" ''
echo '{"v":1,"told":"2550"}' >state/tasks/dr/circle.json
: >fake.log
exits 0 cdc-apply task
is '  and marks anew behind that' "$(calls 'Mark default/a' | wc -l)" 2
echo '{"v":1,"told":"2000"}' >state/tasks/dr/circle.json
exits 1 cdc-apply task

# Text, and a target that takes none
{ begin; create t | text; VALUE=1 insert t x; end; } | coll t 73 >three
: >fake.log
exits 0 cdc-apply three
like 'text' "$(grep Mark fake.log)" 'Mark default/t .*cdc-came-from-[0-9a-f]{16}'
faults '[{"method":"Mark","times":9,"code":1100,"reason":"permission deny"}]'
exits 0 cdc-apply one
is 'a mark that is refused is no error' "$(cat "$err")" ''
faults '[{"method":"Mark","times":1,"code":2,"reason":"service unavailable"}]'
: >fake.log
exits 0 cdc-apply one
is '  nor one that fails for now' "$(cat "$err")" ''
fake_stop
done_testing
