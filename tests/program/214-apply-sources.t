#!/bin/sh
# cdc-apply: two sources that call themselves by one cluster name, and one state directory: nothing of one goes to the other.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
of() { sed "s/\"coll_id\":\"[^\"]*\"/\"coll_id\":\"$1\"/"; }      # ID
born() { begin | sed "s/\"cluster\"/\"born\":\"$1\",&/"; }        # of that source
op() { echo "{\"op\":\"$1\",\"ts\":\"2000\",\"db\":\"default\",\"coll\":\"$2\",\"coll_id\":\"1x\"$3}"; }
writes() { calls '(Create|Drop|Rename|Alter|Upsert|Insert|Delete) ?' | grep -vc Statistics; }
map() { jq -c .clusters "$CDC_STATE_DIR"/targets/*.json | sed 's/:"[0-9]*"/:T/g'; }

# A running pipe of the first one, and then the second
mkfifo later
cdc-apply later >acks 2>first.err &
pid=$!
exec 9>later
{ born 1; create x | of 501; insert x 1 2 | of 501; tick 1100; } >&9
ok 'the first has a collection' wait_until 10 grep -q '"ts":"1100"' acks
: >fake.log
{ born 2; create x | of 601; insert x 7 | of 601; end 2000; } >two
exits 1 cdc-apply two
like 'the second is refused, and both are named' "$(cat "$err")" \
	"create_collection 'default.x': 'default.x' at the target is collection 501 of source 'c@1', and this is collection 601 of source 'c@2': .*not written to.*--rename.*--adopt"
is '  nothing was written' "$(writes)" 0
{ insert x 3 | of 501 | sed 's/"1000"/"1500"/'; end 2000; } >&9
exec 9>&-
wait $pid
is 'the first goes on' "$?$(cat first.err)" 0
is '  in its own' "$(rows | cut -d ' ' -f 2 | sort | uniq -c | tr -s ' '):$(keys)" ' 3 x:1 2 3'

# Neither dropped nor in the way of a rename, empty or not
{ born 2; create y | of 602; end 2000; } >two
exits 0 cdc-apply two
{ born 1; create z | of 502; end 2000; } >one
exits 0 cdc-apply one
: >fake.log
{ born 2; op drop_collection z | of 603; end 2000; } >two
exits 1 cdc-apply two
like 'an empty one is not dropped' "$(cat "$err")" "'default.z' at the target is collection 502 of source 'c@1', and this is collection 603 of source 'c@2': .*not dropped"
{ born 2; create w | of 604; op rename_collection w ',"new_db":"default","new_coll":"x"' | of 604; end 2000; } >two
exits 1 cdc-apply two
like 'nor does one make room' "$(cat "$err")" "rename_collection 'default.w': 'default.x' at the target is collection 501 of source 'c@1', and this is collection 604 "
is '  nothing of the first was touched' "$(calls '(Drop|Rename)'; keys)" '1 2 3'
{ born 2; create x | of 601; insert x 7 | of 601; end 2000; } >two
exits 0 cdc-apply --rename default.x=default.x2 two
is 'under another name both live' "$(keys)" '1 2 3 7'
exits 0 cdc-apply --adopt two
is 'who wants both in one says so' "$(keys)" '1 2 3 7 7'

# One that was made while the second was on its way
rm later
mkfifo later
: >fake.log
cdc-apply later >acks 2>second.err &
pid=$!
exec 9>later
born 2 >&9
ok 'the second has begun' wait_until 10 grep -q ShowCollections fake.log
{ born 1; create m | of 504; end 2000; } >one
exits 0 cdc-apply one
{ create m | of 605; end 2000; } >&9
exec 9>&-
wait $pid
is 'is known, too' "$?" 1
like '  so' "$(cat second.err)" "'default.m' at the target is collection 504 of source 'c@1', and this is collection 605 of source 'c@2'"

# Within one source a collection steps aside, which is said
{ born 1; create x | of 503; end 2000; } >one
exits 0 cdc-apply one
like 'who steps aside is told' "$(cat "$err")" "'default.x' .*'default.cdc_moving_501'"
{ born 1; end 2000; born 2; end 3000; } >both
exits 1 cdc-apply both
like 'one input is of one source' "$(cat "$err")" "begin: this stream is of source 'c@2', the one before of 'c@1'"

# A list of before has the cluster's name alone: it is the first one's that comes
CDC_STATE_DIR=$T/before
{ begin; create o | of 701; insert o 11 | of 701; end 2000; } >old
exits 0 cdc-apply old
exits 0 cdc-apply --rename default.o=default.p old
is 'without the birth it is by name' "$(map)" '{"c":{"701":T},"c default.o=default.p":{"701":T}}'
{ born 5; op rename_collection o ',"new_db":"default","new_coll":"o2"' | of 701; end 3000; } >five
exits 0 cdc-apply five
is 'the first source that comes goes on with it' "$(cat "$err"; calls Rename | tail -n 1)" 'RenameCollection default ok'
is '  and has it from now on' "$(map)" '{"c@5":{"701":T},"c@5 default.o=default.p":{"701":T}}'
{ born 6; create o2 | of 801; end 3000; } >six
exits 1 cdc-apply six
like '  alone' "$(cat "$err")" "is collection 701 of source 'c@5', and this is collection 801 of source 'c@6'"
exits 0 cdc-apply old
is 'a file of before meets the only source there is' "$(cat "$err"; map)" '{"c@5":{"701":T},"c@5 default.o=default.p":{"701":T}}'

# The source is another one by now, and what it has no more is dropped: by the id that it had
{ born 7; op drop_collection o2 | of 701; end 3000; } >seven
exits 0 cdc-apply seven
is 'a source of another birth drops what it lost, by its id' "$(cat "$err"; calls Drop | tail -n 1)" 'DropCollection default/o2 ok'
fake_stop
done_testing
