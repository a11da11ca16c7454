#!/bin/sh
# What doctor makes of the last events: of another past, a set --missing; and of a target whose address is not known.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"
cdc-task create dr --no-check -f start >/dev/null 2>&1 || exit 1
echo '{"op":"ack","ts":"449052000000000000","pos":{"t":{"o":5,"n":5,"ts":"449052000000000000"}},"known":{},"n":{"rows":1},"end":true}' |
	cdc-task commit dr
log=$CDC_STATE_DIR/tasks/dr/log.ndjson
says() { # CHECK: its verdict and text
	cdc-task doctor dr --json -k "$1" 2>/dev/null | jq -r "select(.check == \"$1\") | .verdict + \" \" + .text"
}
failed() { # REASON
	jq -nc --arg r "$1" '{time:"2026-11-30T18:24:46.806Z",event:"failed",program:"cdc-read",status:4,reason:$r}' >>"$log"
}
back="cdc-read: the source etcd went back: revision 239, and was 269; 'cdc-task set dr --missing keep' goes on"
failed "$back"
is 'another past' "$(says position)" "wrong the last run could not go on from there: $back"
is '  nobody asked Kafka' "$(says lost)" "wrong nothing is applied since 2026-11-30T18:24:46.806Z, when the last run failed: $back"
failed "cdc-read: gone; what is gone is not at the target: copy it, or 'cdc-task set dr --from WHERE'"
is 'records that are gone' "$(says lost)" 'wrong what Kafka no longer has between the position and its oldest record'
echo '{"time":"2027-11-30T18:24:47.806Z","event":"set","missing":"keep","by":"root@vm"}' >>"$log"
like 'a set --missing is no beginning' "$(says start)" "^ok began at 'start': .*\(created 20[0-9T:.-]*Z by "
fails '  nor a position' sh -c "echo \"$(says lost)\" | grep 'the position was set'"
like '  and ends the failure' "$(says lost)" 'no line is set aside'
echo '{"time":"2027-11-30T18:24:48.806Z","event":"set","from":"beginning","by":"root@vm"}' >>"$log"
like 'a set --from is' "$(says start)" "^ok began at 'beginning': .*\(set 2027-11-30T18:24:48.806Z by root@vm"
like '  and a choice' "$(says lost)" "the position was set to 'beginning'"

# whether two targets are one
cdc-task delete dr
cdc-task create a --no-check -i a -T http://127.0.0.1:19530 >/dev/null
unknown="whether task 'a' writes to the same Milvus is not known: the address of 'http://no.such.invalid:19530' or \
'http://127.0.0.1:19530' cannot be found out now"
exits 0 cdc-task create b --no-check -i a -T http://no.such.invalid:19530
is 'create says what it does not know, once' "$(cat "$err")" "cdc-task: $unknown"
exits 0 cdc-task create c --no-check -i other -T http://no.such.invalid:19530
is 'but not of what shares nothing' "$(cat "$err")" ''
is 'doctor too' "$(cdc-task doctor b --json -k others 2>/dev/null | jq -r 'select(.check == "others") | .verdict + " " + .text')" \
	"unknown whether another task writes to the same: $unknown"
done_testing
