#!/bin/sh
# A log read through DumpMessages: every record once, and what is proven; whatever the server does.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/dumplib.sh"

cat_once() { # TOPIC...
	dumpcat "$URI" 1000 once out marks "$@"
}
fresh() {
	rm -f out marks d/faults
}

mkdir d
cp "$TESTS/data/dump/2.jsonl" d/p.jsonl
dump_start

exits 0 cat_once p
is 'a recorded log is read by value' "$(read_of p)" "$(log_of p)"
is '  and is proven behind its last record' "$(grep -c made out) $(tail -1 out | cut -d' ' -f1,2)" '1 p made'
exits 0 cat_once p
is 'what was read does not come again' "$(read_of p)" "$(log_of p)"
write_log a p 0 3 100
write_log b p 7 4 50
written
exits 0 cat_once p
is 'what is new comes behind it' "$(read_of p)" "$(log_of p)"
cp d/p.jsonl q.jsonl

for f in '"after": 4, "cut": true' '"after": 4, "half": true' '"after": 4, "bare": true' '"after": 4, "goaway": true' \
	'"after": 3, "grpc": 14, "times": 3' '"after": 2, "hang": true' '"after": 17, "cut": true' '"grpc": 8' '"cut": true, "after": 20' \
	'"after": 1, "cut": true, "times": 5' '"pace": 0.005'; do
	fresh
	fault "$f"
	cat_once p 2>cat.err
	is "nothing is lost or comes twice: $f" "$(read_of p)" "$(log_of p)"
	is '  and only the whole of it is proven' "$(grep -c made out) $(tail -1 out | cut -d' ' -f2)" '1 made'
done

# The server tells nobody that a start is gone. The last record is the commit of a transaction.
fresh
exits 0 cat_once p
cp out out.all
cp marks marks.all
again() {
	cp out.all out
	cp marks.all marks
	rm -f d/faults
}
again
fault '"reset": true'
exits 0 cat_once p
is 'a server that begins at the earliest gives nothing twice' "$(read_of p)" "$(log_of p)"

head -10 q.jsonl >d/p.jsonl
dump_kill
dump_start
again
exits 4 cat_once p
is 'a log that ends before what was read' "$(cat "$out" "$err" | sed "s/tick [0-9]*/tick N/; 2d; s/cdc-//")" \
	"dumpcat: topic 'p': the record that was read last, 'z' with time tick N, is not in the log any more, no record comes instead: it is older than what the log keeps, or the log was made anew"
is '  gives nothing' "$(read_of p)" "$(log_of p >/dev/null; read_of p out.all)"

cp q.jsonl d/p.jsonl
dump_kill
dump_start
again
write_log c p 0 2 10
written
echo 10 >d/p.first
exits 4 cat_once p
like 'a start that retention has taken' "$(cat "$err")" "'z' with time tick [0-9]*, is not in the log any more, record '10' with"
is '  gives nothing' "$(read_of p)" "$(read_of p out.all)"
rm d/p.first
again
fault '"jump": 6'
exits 4 cat_once p
like 'a start that is silently later' "$(cat "$err")" "record '10' with time tick [0-9]* comes instead"
again
cp q.jsonl d/p.jsonl
sed -i '$s/"payload_b64": ".*"/"payload_b64": "eA=="/' d/p.jsonl
dump_kill
dump_start
exits 4 cat_once p
like 'another record in its place' "$(cat "$err")" "'z' with time tick [0-9]*, is not in the log any more"

cp q.jsonl d/p.jsonl
dump_kill
dump_start
again
head -9 d/p.jsonl >d/n.jsonl
fresh
exits 0 cat_once p n
is 'two at once' "$(read_of p; read_of n)" "$(log_of p; log_of n)"

for v in 2.5.27 v2.6.19 2.6.15-dev; do
	echo "$v" >d/version
	exits 1 cat_once p
	like "  $v: why" "$(cat "$err")" "it is Milvus $v; .* 2.6.20 and 3.0.0 on. Those before leave the rows of transactions out"
done
echo master-1234 >d/version
exits 1 cat_once p
like '  a version that says nothing' "$(cat "$err")" 'does not tell whether'
for v in 3.0.0 v2.6.21 2.10.0; do
	echo "$v" >d/version
	exits 0 cat_once p
done

echo root:Milvus >d/login
exits 1 cat_once p
like '  no login' "$(cat "$err")" 'refuses the login .*auth check'
export TOKEN=root:Milvus
exits 0 cat_once p
touch d/deny
exits 1 cat_once p
like '  a login that may not' "$(cat "$err")" "topic 'p': the login may not read the log: DumpMessages is for root"
unset TOKEN
rm d/deny d/login

exits 3 dumpcat "$URI" 60 once out marks none
like '  a pchannel that does not exist' "$(cat "$err")" "topic 'none': no byte for 180 ms: is there a pchannel of that name[?]; tried for"
exits 3 dumpcat http://127.0.0.1:1 300 once out marks p
like '  nobody there' "$(cat "$err")" "Milvus at 'http://127.0.0.1:1': it does not answer"
fresh
fault '"status": 1100, "text": "no such thing"'
exits 1 cat_once p
like '  a Status in the answer' "$(cat "$err")" "topic 'p': the server refuses .1100.: no such thing"

dump_kill
done_testing
