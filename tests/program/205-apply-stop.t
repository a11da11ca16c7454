#!/bin/sh
# cdc-apply: stopped, killed, and not the only one.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
{ begin; create a; end; } | cdc-apply >/dev/null

# SIGTERM: what is out is waited for and acknowledged, what is not yet sent is not
: >fake.log
faults '[{"method":"Upsert","after":true,"sleep":1}]'
mkfifo in
cdc-apply in >acks 2>err &
pid=$!
exec 3>in
{ begin; insert a 1; tick 5; } >&3
wait_until 5 grep -q Upsert fake.log
{ insert a 1 2; tick 6; } >&3
sleep 0.2
kill -TERM $pid
wait $pid 2>/dev/null
is 'it dies of the signal' $? 143
is 'what was sent is acknowledged' "$(jq -r .ts acks)" 5
is '  and what was not is not sent' "$(calls Upsert | wc -l)" 1
is 'nothing is said' "$(cat err)" ''
exec 3>&-

# Refused: what is out is waited for all the same, so that it cannot land on what the next run writes
{ begin; create b; end; } | cdc-apply >/dev/null
: >fake.log
faults '[{"method":"Upsert","sleep":1},{"method":"Upsert","code":1100,"reason":"no"}]'
{ begin; insert a 3; insert b 3; end; } >s
exits 1 cdc-apply s
is 'nothing is on its way after the end' "$(calls Upsert | grep -o 'ok\|1100' | sort | paste -sd,)" '1100,ok'

# Silent while idle
faults '[]'
cdc-apply in >acks 2>err &
pid=$!
exec 3>in
{ begin; insert a 5; tick 5; } >&3
wait_until 5 test -s acks
used() { awk '{ print $14 + $15 }' /proc/$pid/stat; }
t=$(used)
sleep 1
is 'an idle one uses no time' $(($(used) - t)) 0
end >&3
exec 3>&-
wait $pid
is '  and ends with its input' "$?" 0

# One writer for a task
mkdir -p state/tasks/dr
echo 'milvus-cdc state 1' >state/FORMAT
echo '{}' >state/tasks/dr/task.json
begin | sed 's/"cluster":"c"/&,"task":"dr"/' >task
cdc-apply in >acks 2>err &
pid=$!
exec 3>in
{ cat task; tick 5; } >&3
wait_until 5 test -s acks
{ cat task; end; } >s
: >fake.log
exits 3 cdc-apply s
like 'a second one names the holder' "$(cat "$err")" "$pid"
is '  and sends nothing' "$(cat fake.log)" ''
end >&3
exec 3>&-
wait $pid
exits 0 cdc-apply s
exits 1 cdc-apply - <<EOF
$(sed 's/"dr"/"other"/' s)
EOF

fake_stop
done_testing
