#!/bin/sh
# who takes an `at` asks for the next: cdc-read does not before something waits for it, and then at once
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
echo 'tick 0 100' | feed
{ header "$FOLLOW" && coll 1 items && part 11 1 _default && ready 20; } >cat.ndjson

# The ms from the first `at` behind the first tick to the one N later.
ats() { # N
	awk -v n="$1" '/"op":"tick"/ { on = 1 } on && $2 == "at" { if (!c) t = $1
		if (c++ == n) { printf "%d", ($1 - t) / 1e6; exit } }' seen
}
has_ats() { [ -n "$(ats "$1")" ]; }
has_row() { grep -q "\"op\":\"insert\",\"ts\":\"$(ts "$1")\"" seen; }

# The mock cluster answers a fetch that found nothing when its time is over, whatever comes: 10 ms of that, no more.
python3 "$TESTS/fake/supplier.py" cat.ndjson cdc-read -X fetch.wait.max.ms=10 >seen 2>seen.err &
pid=$!
wait_until 20 has_ats 10
ms=$(ats 10)
ok "nothing waits: five times a second (10 in ${ms:-no} ms)" test "${ms:-0}" -ge 1200 -a "${ms:-9999}" -le 3500

n=10
for t in 110 115 120 125 130 135 140 145 150 155 160 165 170 175 180 185 190 195 200 205; do
	echo "tick 0 $t" | feed
	n=$((n + 1))
	wait_until 10 has_ats $n
done
ms=$(($(ats $n) - $(ats 10)))
ok "nor for a tick with nothing before it (20 in $ms ms)" test "$ms" -ge 2400

for t in 210 220 230 240 250 260 270; do
	date +%s%N >>fed
	printf 'insert 0 %s part=11 keys=%s\ntick 0 %s\n' $t $t $((t + 5)) | feed
	wait_until 10 has_row $t
done
kill $pid
ms=$(grep '"op":"insert"' seen | paste -d ' ' fed - | awk '{ printf "%d\n", ($2 - $1) / 1e6 }' | sort -n | sed -n 4p)
ok "a row and its tick: out at once (${ms:-no} ms)" test "${ms:-1000}" -lt 100
is 'nothing on stderr' "$(cat seen.err)" ''
done_testing
