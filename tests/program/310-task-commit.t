#!/bin/sh
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"
cdc-task create dr --no-check || exit 1
dir=$CDC_STATE_DIR/tasks/dr
cp=$dir/checkpoint.json

ack() { # TS OFFSET [MORE]
	printf '{"op":"ack","ts":"%s","pos":{"t":{"o":%s,"n":%s,"ts":"%s"}},"n":{"insert":1,"rows":5}%s}\n' \
		"$1" "$2" "$2" "$1" "${3:-}"
}
END=',"end":true'
commit() { cdc-task commit dr; }
ts() { jq -r .ts "$cp"; }

(ack 100 1 && ack 200 2 "$END") >acks
exits 0 sh -c 'cdc-task commit dr <acks'
is 'nothing on stdout' "$(wc -c <"$out")" 0
is 'nothing on stderr' "$(wc -c <"$err")" 0
is 'the last position' "$(jq -c '[.v,.ts,.pos]' "$cp")" '[1,"200",{"t":{"o":2,"n":2,"ts":"200"}}]'
is 'counts are summed up' "$(jq -c .applied "$cp")" '{"insert":2,"rows":10}'

# law 10: an honest end
ack 300 3 >acks
exits 1 sh -c 'cdc-task commit dr <acks'
like 'says what is missing' "$(cat "$err")" '^cdc-task: the acks ended without "end":true: applied up to 300 '
is 'what was acknowledged is kept' "$(ts)" 300
exits 1 sh -c 'cdc-task commit dr </dev/null'
(ack 310 3 "$END" && ack 320 4) >acks
exits 1 sh -c 'cdc-task commit dr <acks'

# positions never go back
ack 250 9 "$END" >acks
exits 1 sh -c 'cdc-task commit dr <acks'
like 'says why' "$(cat "$err")" 'line 1: the position goes back: timestamp 250 is below 320$'
is 'and stays' "$(ts)" 320
ack 320 3 "$END" >acks
exits 1 sh -c 'cdc-task commit dr <acks'
like 'says which topic' "$(cat "$err")" "topic 't' offset 3"
(ack 330 5 && ack 325 6) >acks
exits 1 sh -c 'cdc-task commit dr <acks'
is 'what came before is kept' "$(ts)" 330

# a topic never leaves; known is merged
echo '{"op":"ack","ts":"400","pos":{"u":{"o":1,"n":1,"ts":"400"}},"known":{"7":{"name":"d.c"},"8":{"name":"d.e"}},"end":true}' >acks
exits 0 sh -c 'cdc-task commit dr <acks'
is 'both topics are there' "$(jq -c '.pos|keys' "$cp")" '["t","u"]'
echo '{"end":true,"known":{"8":null,"9":{"name":"d.f"}},"pos":{"u":{"n":"2","o":2,"ts":410}},"ts":410,"op":"ack"}' >acks
exits 0 sh -c 'cdc-task commit dr <acks'
is 'known: changed, added, removed' "$(jq -c .known "$cp")" '{"7":{"name":"d.c"},"9":{"name":"d.f"}}'

# garbage
for x in 'x' '{"op":"tick","ts":"500","pos":{}}' '{}' '[]' '' '{"op":"ack","ts":"500"}' '{"op":"ack","pos":{}}' \
	'{"op":"ack","ts":"500","pos":{"t":{"o":-1}}}' '{"op":"ack","op":"ack","ts":"500","pos":{}}'; do
	printf '%s\n' "$x" >acks
	ok "garbage: $x" sh -c 'cdc-task commit dr <acks 2>err; [ $? = 1 ] && [ $(wc -l <err) = 1 ] && grep -q "line 1" err'
done
ack 500 5 "$END" | tr -d '\n' >acks
exits 1 sh -c 'cdc-task commit dr <acks'
like 'a cut line' "$(cat "$err")" 'line 1 is cut off'
head -c 100000 /dev/urandom >acks
exits 1 sh -c 'cdc-task commit dr <acks'
is 'nothing of it was kept' "$(ts)" 410

# the same after jq
(ack 470617063557693440 9 "$END") | jq -c . >acks
exits 0 sh -c 'cdc-task commit dr <acks'
is 'to the last digit' "$(ts)" 470617063557693440

# soon, and not too often
mkfifo in
cdc-task commit dr <in &
pid=$!
exec 3>in
t=470617063557700000
ack $t 10 >&3
sleep 0.3
is 'on the disk soon after' "$(ts)" $t
gen=$(jq .gen "$cp")
i=0
while [ $i -lt 300 ]; do
	t=$((t + 1)) i=$((i + 1))
	ack $t 20 >&3
	[ $((i % 3)) != 0 ] || sleep 0.01
done
sleep 0.3
is 'all on the disk' "$(ts)" $t
made=$(($(jq .gen "$cp") - gen))
ok "at most ten a second: $made" [ $made -le 40 ]
ok 'and more than one' [ $made -ge 3 ]

# one at a time
ack $((t + 1)) 30 "$END" >acks
exits 3 sh -c 'cdc-task commit dr <acks'
like 'names the holder' "$(cat "$err")" "task 'dr' is held by process $pid "

# SIGTERM: what came is kept
t=$((t + 2))
ack $t 40 >&3
sleep 0.02
kill $pid
wait $pid 2>/dev/null
is 'dies of the signal' $? 143
exec 3>&-
is 'having kept the last ack' "$(ts)" $t

# kill -9 between any two steps leaves a state that can be read
i=0 bad=0 last=$t
while [ $i -lt 60 ]; do
	cdc-task commit dr <in 2>/dev/null &
	pid=$!
	exec 3>in
	(n=$((last + 1)) && while ack $n 50; do n=$((n + 1)); done) >&3 2>/dev/null &
	writer=$!
	exec 3>&-
	sleep 0.$(printf %03d $((i * 7 % 250)))
	kill -9 $pid
	wait $pid 2>/dev/null
	kill $writer 2>/dev/null
	wait $writer 2>/dev/null
	now=$(cdc-task status dr --json --offline | jq -r .ts)
	[ "$now" -ge $last ] || { bad=$((bad + 1)) && echo "# $now < $last"; }
	last=$now
	i=$((i + 1))
done
is 'sixty kills, never unreadable and never lower' $bad 0
ok 'and it went on' [ "$last" -gt $t ]

# the file is there at every moment
ack $((last + 1)) 60 "$END" >acks
exits 1 env LD_PRELOAD="$BUILD/tests/killat.so" KILLAT='rename eio path=checkpoint.tmp' sh -c 'cdc-task commit dr <acks'
is 'the new one cannot take its place: the old one keeps it' "$(ts)" "$last"

# a signal while it is read is no end of it
for f in task.json FORMAT; do
	is "a read of $f that a signal interrupts is done again" "$(LD_PRELOAD="$BUILD/tests/killat.so" KILLAT="read eintr path=$f" \
		cdc-task show dr --json 2>&1 | jq -r .name)" dr
done

# a torn checkpoint: the one before, and a warning
t=$((last + 1000000))
ack $t 60 "$END" >acks && commit <acks
ack $((t + 1)) 61 "$END" >acks && commit <acks
head -c 30 "$cp" >torn && cat torn >"$cp"
now() { cdc-task status dr --json --offline | jq -r .ts; }
is 'the one before counts' "$(now)" $t
ack $((t + 2)) 62 "$END" >acks
exits 0 sh -c 'cdc-task commit dr <acks'
like 'with a warning' "$(cat "$err")" 'checkpoint.json cannot be used'
is 'and it goes on' "$(ts)" $((t + 2))
echo x >"$cp" && echo x >"$dir/checkpoint.prev.json"
exits 1 sh -c 'cdc-task commit dr <acks'
is 'two torn ones are an error' "$(cdc-task status dr --json --offline | jq -r .state)" failed

# no room: status 1, and a line
exits 1 cdc-task commit nobody
cdc-task create full --no-check -T http://127.0.0.1:2 || exit 1
ack 100 1 >acks
said=$( (ulimit -f 0 && trap '' XFSZ && cdc-task commit full <acks) 2>&1)
is 'no room on the disk: status 1' $? 1
like 'and a line' "$said" 'File too large$'
done_testing
