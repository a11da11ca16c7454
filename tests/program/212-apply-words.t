#!/bin/sh
# What cdc-apply says of what it was given and told: text, whatever that was; and it reads answers to their end.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
# A key that has no end within what is shown of it, and a reason that is no text: the message stays, and is text
text() { # FILE: UTF-8 throughout
	iconv -f utf-8 -t utf-8 "$1" >/dev/null 2>&1
}
wide() { # WORD: a collection whose keys are text, and a row
	printf '{"op":"create_collection","ts":"2","db":"default","coll":"w","coll_id":"1w","schema":{"description":"","dynamic":false,"fields":[{"id":100,"name":"pk","type":"VarChar","params":{"max_length":"900"},"primary_key":true,"auto_id":false},{"id":101,"name":"vec","type":"FloatVector","params":{"dim":"2"}}]},"shards":1,"consistency":"Bounded","properties":{},"num_partitions":0}\n'
	printf '{"op":"insert","ts":"1000","db":"default","coll":"w","coll_id":"1w","part":"_default","n":1,"rows":[{"pk":"%s","vec":[1,0.5]}],"src":{"t":"t","o":7}}\n' "$1"
}
for pad in '' a aa; do
	faults '[{"method":"Upsert","code":1100,"reason":"what \u4e0d it says'"$pad"'"}]'
	{ begin; wide "$pad$("$py" -c 'print("\u4e0d" * 250)')"; end; } >s
	exits 1 cdc-apply s
	like "a key of 750 bytes, $(printf %s "$pad" | wc -c) before it" "$(cat "$err")" "keys [\"]?$pad.*: what .* it says$pad \\(code 1100\\); trying again will not help"
	cp "$err" said
	ok '  cut at a character' text said
done

# A yes is no yes if the rest of the answer says otherwise
refuses() { # WHAT ANSWER PATTERN [OPTION...]
	faults "[$1]"
	pattern=$2
	{ begin; create a; insert a 1 2 3; tick 5; delete a 1 2; end; } >s
	shift 2
	exits 1 cdc-apply "$@" s
	like "  $pattern" "$(cat "$err")" "$pattern"
}
refuses '{"method":"Upsert","answer":{"upsert_cnt":2}}' "Upsert of 3 rows .*it has taken 2 of 3; trying again will not help"
is '  nothing is acknowledged' "$(cat "$out")" ''
refuses '{"method":"Upsert","answer":{"err_index":[0,2]}}' "Upsert of 3 rows .*it has not taken 2 of 3"
refuses '{"method":"Insert","answer":{"insert_cnt":0}}' "Insert of 3 rows .*it has taken 0 of 3" --mode insert
refuses '{"method":"Delete","answer":{"delete_cnt":7}}' "Delete of 2 keys .*it has taken 7 of 2"
is '  what stands before is' "$(jq -r .ts "$out")" 5
done_testing
