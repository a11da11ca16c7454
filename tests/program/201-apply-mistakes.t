#!/bin/sh
# cdc-apply: what is wrong with the command line or the stream, its status and its one line.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

one() { like "$1" "$(cat "$err")" "^cdc-apply: $2"; is '  in one line' "$(wc -l <"$err")" 1; }

exits 2 cdc-apply --no-such-option
one 'unknown option' "unknown option '--no-such-option'"
exits 2 cdc-apply --mode replace
exits 2 cdc-apply --rename a
one 'a rename that is none' "--rename: 'a' is not A=B"
exits 2 cdc-apply --rename a.b=c
exits 2 cdc-apply --skip insert,frobnicate
one 'an operation that is none' "--skip: 'frobnicate' is no operation"
exits 2 cdc-apply --skip tick
exits 2 cdc-apply --window 0
exits 2 cdc-apply --on-error dead:
exits 2 cdc-apply --token-file none
exits 2 cdc-apply -T localhost:19530 </dev/null
exits 2 cdc-apply no-such-file
one 'no such file' "file 'no-such-file': No such file"

# Nobody there
{ begin; end; } >s
exits 3 cdc-apply -T https://127.0.0.9 --retry 0 s
like 'the port that is left out, with https' "$(cat "$err")" '127\.0\.0\.9 port 443 '
exits 3 cdc-apply -T http://127.0.0.9/ --retry 0 s
like '  and without' "$(cat "$err")" '127\.0\.0\.9 port 19530 '
exits 3 cdc-apply -T http://127.0.0.1:1 --retry 0 s
like 'nobody there' "$(cat "$err")" '^cdc-apply: .*GetVersion: .*onnect.*trying again may help'
"$py" -m http.server --bind 127.0.0.1 0 >http.log 2>&1 &
wait_until 10 grep -q port http.log
exits 3 cdc-apply --retry 0 -T "http://127.0.0.1:$(sed 's/.*port \([0-9]*\).*/\1/;q' http.log)" s
like 'somebody else there' "$(cat "$err")" '^cdc-apply: .*GetVersion: ' 

fake_start
{ begin; create a; insert a 1; tick 5; } >head
apply() {
	cat head "$@" >in; exits 1 cdc-apply in
	is '  what stands before is acknowledged' "$(jq -r .ts "$out")" 5
}

apply /dev/null
one 'no end' "the stream is cut: in ends after line 4 \\(byte [0-9]*\\) without an 'end'"
insert a 2 | head -c 100 >bad
apply bad
one 'a line that is cut' 'in line 5, byte [0-9]*: the input is cut here: column [0-9]*: '
printf '{"op":"tick"\0}\n' >bad
apply bad
one 'a NUL' 'in line 5, byte [0-9]*: column 13: a NUL byte'
echo 'garbage' >bad
apply bad
one 'garbage' "in line 5, byte [0-9]*: column 1: want an object, got 'garbage'"
insert a 2 | sed 's/,"vec":/"vec":/' >bad
apply bad
one 'bad JSON inside of a row' "in line 5: insert 'default.a': topic 't' offset 7: column [0-9]*: want ',' or '}'"
echo '{"op":"insert","ts":"1"}' >bad
apply bad
one 'no names' "in line 5, byte [0-9]*: insert: 'db' is missing"
tick 6 | sed 's/}$/]/' >bad
apply bad
one 'a brace that is none' 'in line 5, byte [0-9]*: column [0-9]*: '
insert a 2 | sed 's/"ts":"1000"/"ts":"5"/' >bad
apply bad
one 'a row out of order' "in line 5: insert 'default.a': topic 't' offset 7: out of order: timestamp 5, and 1000 or more is due"
{ end 6; insert a 3; } >bad
cat head bad >in
exits 1 cdc-apply in
one 'behind the end' "in line 6: insert 'default.a': topic 't' offset 7: an operation after the end"
begin | sed 's/"v":1/"v":2/' >bad
apply bad
one 'a newer version' 'in line 5: begin: the stream is version 2'
head -c 70000000 /dev/zero | tr '\0' x >bad
apply bad
one 'a line without end' 'in line 5: a line of more than 67108864 bytes'
{ create a; end; } >in
exits 1 cdc-apply in
one 'no head' "in line 1: create_collection 'default.a': no 'begin' stands above it"
{ begin; end 9; begin; end 8; } >in
exits 1 cdc-apply in
one 'an older stream behind' 'in line 4: the stream ends at 8, before one above it, at 9'
rm bad in

# Output
{ cat head; end; } >s
ok 'a full disk is status 1' sh -c 'cdc-apply s >/dev/full 2>err; [ $? = 1 ]'
like '  and said' "$(cat err)" '^cdc-apply: standard output: No space left'
sh -c 'for i in 1 2 3 4 5 6 7 8 9; do cat s; done; sleep 1; cat s' | { cdc-apply 2>err; echo $? >status; } | head -n 1 >one
is 'a reader that leaves' "$(cat status)" 141
is '  is not worth a word' "$(cat err)" ''

# What the rows must be
field() { cat head - >in <<EOF
{"op":"insert","ts":"1007","db":"default","coll":"a","coll_id":"1a","part":"_default","n":1,"rows":[$1],"src":{"t":"t","o":7}}
EOF
	exits 1 cdc-apply in; like "$2" "$(cat "$err")" "line 5: insert 'default.a': topic 't' offset 7: $2"; }
field '{"pk":"1","vec":[1,2],"x":1}' "field 'x' is not at the target"
field '{"pk":"1"}' "field 'vec' is missing in a row"
field '{"pk":"1","vec":[1]}' "field 'vec': 4 bytes, want 8 \\(dimension 2\\)"
field '{"pk":"1","vec":"AAAA"}' "field 'vec': 3 bytes, want 8"
field '{"pk":"1","vec":"!"}' "field 'vec': not base64"
field '{"pk":"9223372036854775808","vec":[1,2]}' "field 'pk': column [0-9]*: '9223372036854775808' is not an integer"
field '{"pk":null,"vec":[1,2]}' "field 'pk': null, and the field is not nullable"
field '{"pk":"1","pk":"2","vec":[1,2]}' "field 'pk' stands twice in a row"
field '{"pk":"1","vec":[1,"a"]}' "field 'vec': 'a' is not a number"
sed 's/"op":"insert"/&,"lossy":true/' head >in
exits 1 cdc-apply in
like 'lossy' "$(cat "$err")" "line 3: insert .* 'lossy'"

fake_stop
done_testing
