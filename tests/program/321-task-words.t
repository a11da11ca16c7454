#!/bin/sh
# The last words of a program of a task stay, whatever they are made of.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
cdc-task create dr --no-check || exit 1

start() {
	cdc-task run dr 2>run.err &
	run=$!
	wait_until 20 test -s "$CDC_STATE_DIR/tasks/dr/checkpoint.json"
}
reason() { cdc-task status dr --json --offline | jq -r .reason; }

sed -i 's/told to die: $how/$(cat "$CTL\/words")/' bin/stand-in.sh

# what it says is no text, or has more bytes than are kept, and the last that are is inside of a character
start
printf 'cdc-apply: key \344\270 is \377 refused\n' >ctl/words
echo 1 >ctl/cdc-apply.die
wait $run
is 'bytes that are no text: the reason stays' "$(reason)" \
	"cdc-apply, status 1: cdc-apply: cdc-apply: key $(printf '\357\277\275\357\277\275') is $(printf '\357\277\275') refused"
cdc-task resume dr
start
awk 'BEGIN { for (i = 0; i < 400; i++) printf "\344\270\215"; print "" }' >ctl/words
echo 1 >ctl/cdc-apply.die
wait $run
like 'a long one is cut at a character' "$(reason)" \
	"^cdc-apply, status 1: cdc-apply: $(printf '\344\270\215')*$"
cdc-task pause dr --reason "$(printf 'caf\351')"
is 'a reason of ours, too' "$(reason)" "caf$(printf '\357\277\275')"
is '  and in the log' "$(cdc-task log dr | tail -n 1 | jq -r '[.event, .reason] | join(" ")')" "pause caf$(printf '\357\277\275')"
cdc-task resume dr

# programs that try again: the last one that began is shown until it is over, then the other one
cp "$TESTS/stand-in/stand-in.sh" bin/
trouble() { cdc-task status dr --json --offline | jq -r '.trouble | if . then .program + ": " + .reason else "none" end'; }
becomes() { wait_until 10 sh -c "[ \"\$(cdc-task status dr --json --offline | jq -r '.trouble.program // \"none\"')\" = $1 ]"; }
cdc-task run dr 2>run.err &
run=$!
ok 'it runs, and nothing is in the way' becomes none
echo 'cdc-apply: Upsert: no route; trying again for 600 s' >ctl/cdc-apply.say

ok 'one tries again' becomes cdc-apply
is '  why' "$(reason)" 'cdc-apply: Upsert: no route; trying again for 600 s'
echo 'cdc-meta: etcd: refused; trying again for 60 s' >ctl/cdc-meta.say
ok 'another one does' becomes cdc-meta
echo 'cdc-meta: etcd answers again, after 1.5 s' >ctl/cdc-meta.say
ok 'that is over: the first one still does' becomes cdc-apply
echo 'cdc-apply: the target answers again, after 9.1 s' >ctl/cdc-apply.say
ok 'all is over' becomes none
is '  and nothing is said of it' "$(reason)" null
is 'the log has it in its order' "$(cdc-task log dr | jq -r 'select(.event == "trouble" or .event == "over") | .event + " " + .program' | paste -sd ,)" \
	'trouble cdc-apply,trouble cdc-meta,over cdc-meta,trouble cdc-apply,over cdc-apply'
awk 'BEGIN { printf "cdc-apply: Upsert: "; for (i = 0; i < 1100; i++) printf "x"; print "; trying again for 600 s" }' >ctl/cdc-apply.say
ok 'words that are cut before their end are of one that tries' becomes cdc-apply
since() { cdc-task status dr --json --offline | jq -r .trouble.since; }
says() { wait_until 10 sh -c "cdc-task status dr --json --offline | jq -r .reason | grep -q '$1'"; }
began=$(since)
echo 'cdc-apply: Upsert: quota exceeded, try 1; trying again for 600 s' >ctl/cdc-apply.say
ok 'another reason is told' says 'quota exceeded'
seconds() { date -d "$1" +%s%3N; }
again=$(since)
apart=$(($(seconds "$again") - $(seconds "$began")))
ok '  it began when it did' [ "${apart#-}" -le 20 ]
kill $run
wait $run 2>/dev/null
is 'a run that has ended tries nothing' "$(trouble)" none
done_testing
