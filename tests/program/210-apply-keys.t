#!/bin/sh
# cdc-apply: many lines of few keys. Requests are answered in any order, are refused and are lost, and every key ends as the
# stream's last line of it says. SEED [0] is where the seeds begin.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
jitter='{"method":"*","times":1000000,"jitter":0.02}'
slow='{"method":"*","skip":12,"times":3,"code":8,"reason":"rate limit exceeded"}'
lost='{"method":"*","skip":30,"times":2,"grpc":14,"after":true},{"method":"*","skip":60,"times":2,"grpc":14}'

hot() { "$py" "$TESTS/fake/hotkeys.py" "$1" 300 "$2" want $3 >s; }
fresh() { echo '{"op":"begin","v":1,"cluster":"c","ts":"1","from":{"t":{"o":0,"n":0,"ts":"0"}}}
{"op":"drop_collection","ts":"2","db":"default","coll":"a","coll_id":"1a"}
{"op":"end","ts":"3","pos":{"t":{"o":3,"n":3,"ts":"3"}}}' | cdc-apply >/dev/null; }
requests() { calls 'Upsert|Delete' | wc -l; }
same() { [ "$(rows)" = "$(cat want)" ]; }

for type in Int64 VarChar; do
	for how in '' '--mode insert' '--window 1' '--batch-bytes 60' '--window 3 --batch-bytes 200'; do
		seed=$((${seed:-${SEED:-0}} + 1))
		hot $seed $type
		faults "[$slow,$lost,$jitter]"
		: >fake.log
		exits 0 cdc-apply --timeout 2 $how s
		is "  every key is as its last line says (seed $seed, $type)" "$(rows)" "$(cat want)"
		is '  acknowledged to the end' "$(tail -n 1 "$out" | jq -c '[.end, .ts]')" "$(tail -n 1 s | jq -c '[true, .ts]')"
		faults '[]'
		exits 0 cdc-apply $how s
		is '  and again' "$(rows)" "$(cat want)"
		fresh
	done
done

# In pieces, so that some lines come while requests are out, and some while none is
hot 100 Int64
faults "[$jitter]"
"$py" -uc "import random, time
for i, line in enumerate(open('s')):
    print(line, end='', flush=True)
    if random.random() < 0.1:
        time.sleep(random.uniform(0, 0.05))" | cdc-apply >"$out"
ok 'a stream that comes in pieces' same
fresh

# A position is not confirmed on the word of a delete that comes after it, and is not done: key 1 is not as at 6.
faults '[{"method":"Upsert","times":1,"sleep":0.5},{"method":"Delete","times":9,"code":1100,"reason":"no"}]'
{ begin; create a; insert a 1; tick 5; VALUE=2 insert a 1; tick 6; delete a 1; tick 7; end; } >s
exits 1 cdc-apply s
is 'a row that gave way to a delete is safe when that is done' "$(jq -r .ts "$out" | paste -sd ' ')" 5
faults '[]'
fresh

# What waits is merged: 300 lines would be 300 requests, one after the other
hot 101 Int64 1
: >fake.log
faults '[{"method":"*","times":1000000,"sleep":0.05}]'
exits 0 cdc-apply s
is 'what waits is merged' "$(rows)" "$(cat want)"
n=$(requests)
ok "  into few requests: $n" [ "$n" -gt 0 -a "$n" -le 12 ]
fake_stop
done_testing
