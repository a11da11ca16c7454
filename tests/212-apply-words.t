#!/bin/sh
# What cdc-apply says of what it was given and told: text, whatever that was.
. "$(dirname "$0")/lib.sh"
. "$TESTS/applylib.sh"

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
done_testing
