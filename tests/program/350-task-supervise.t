#!/bin/sh
# cdc-task supervise: what changes is seen at once, starts again and their limit, an end in order; and what a service
# manager is told, by supervise and by run.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
export CDC_STATE_DIR="$T/state" CTL="$T/ctl"
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID
mkdir bin ctl
cp "$BUILD/cdc-task" "$TESTS"/stand-in/* bin/
PATH=$T/bin:$PATH
tasks=$CDC_STATE_DIR/tasks
status() { cdc-task status "$1" --json --offline; }
state() { status "$1" | jq -r .state; }
running() { [ "$(state "$1")" = running ]; }
runner() { status "$1" | jq .runner; }
now_ms() { date +%s%3N; }
events() { cdc-task log "$1" | grep -c "\"event\":\"$2\""; }
gen() { jq .gen "$tasks/$1/checkpoint.json" 2>/dev/null || echo 0; }
beyond() { [ "$(gen "$1")" -gt "$2" ]; }
moves() { wait_until 10 beyond "$1" "$(gen "$1")"; }
gone() { ! kill -0 "$1" 2>/dev/null; }
another() { [ "$(runner "$1")" != null ] && [ "$(runner "$1")" != "$2" ]; }

# a service manager
perl "$TESTS/fake/manager.pl" "$T/manager" >>told &
wait_until 5 test -S manager
told() { grep -c " $1\$" told; }
more_than() { [ "$(told "$1")" -gt "$2" ]; }

cdc-task create a --no-check -T http://127.0.0.1:2 || exit 1
NOTIFY_SOCKET=$T/manager WATCHDOG_USEC=2000000 cdc-task supervise -v 2>super.err &
super=$!
ok 'a wanted task is run' wait_until 5 running a
is 'READY is said once' "$(told READY=1)" 1
ok 'and how many run' wait_until 5 grep -q ' STATUS=1 of 1 tasks run$' told
ok 'the watchdog is fed' wait_until 5 more_than WATCHDOG=1 2
sort -u ctl/manager >spoke
is 'no program below can speak to the manager' "$(tr -d ' ' <spoke | paste -sd ' ')" 'cdc-apply cdc-meta cdc-read'
kill -STOP $super
sleep 1
n=$(told WATCHDOG=1)
sleep 3
is 'a supervise that stands still does not feed it' "$(told WATCHDOG=1)" "$n"
kill -CONT $super
ok 'and does when it goes on' wait_until 5 more_than WATCHDOG=1 "$n"

kill $super
wait $super 2>/dev/null

# at once: not when it looks around again, fifteen seconds later
NOTIFY_SOCKET=$T/manager cdc-task supervise -v 2>super.err &
super=$!
wait_until 10 running a
sleep 2 # it has seen to what it started
t=$(now_ms)
cdc-task create b --no-check -T http://127.0.0.1:3
wait_until 10 running b
t=$(($(now_ms) - t))
ok "a new one is run at once: $t ms" [ $t -lt 4000 ]
was=$(runner b)
jq '.options.include = ["new.*"]' "$tasks/b/task.json" >b.json
t=$(now_ms)
mv b.json "$tasks/b/task.json"
wait_until 20 another b "$was"
t=$(($(now_ms) - t))
ok "a changed one is started again at once: $t ms" [ $t -lt 8000 ]
is 'in order' "$(cdc-task log b | jq -c 'select(.event == "stopped") | .in_order')" true
ok 'with the new definition' wait_until 5 grep -q 'cdc-read .*--include new' ctl/argv
was=$(runner b)
echo '{' >"$tasks/b/task.json"
sleep 1.5
is 'one that cannot be read changes nothing' "$(runner b 2>/dev/null; cat "$tasks/b/run.lock")" "null
$was"
is 'and is said once' "$(grep -c "task 'b' is left as it was" super.err)" 1
touch ctl/cdc-read.quiet # else its programs would see it first
sleep 0.5
mv "$tasks/b" gone-b
ok 'what is gone is ended' wait_until 8 gone "$was"
rm ctl/cdc-read.quiet

# starts again
kill_it() { # and wait for the next one
	was=$(runner a)
	kill -9 "$was"
	wait_until 10 another a "$was"
}
touch ctl/cdc-read.quiet
for i in 1 2 3; do
	kill_it
done
rm ctl/cdc-read.quiet
retries=$(cdc-task log a | jq -c 'select(.event == "end") | .retry_ms' | paste -sd ' ')
ok "a runner that died is started again; without progress the wait doubles: $retries ms" sh -c 'set -- $0
	[ $# = 3 ] && [ $1 -ge 500 ] && [ $1 -le 1000 ] && [ $2 -ge 1000 ] && [ $2 -le 2000 ] && [ $3 -ge 2000 ] && [ $3 -le 4000 ]' \
	"$retries"
ms_of() { date -d "$(cdc-task log a | jq -r "select(.event == \"$1\") | .time" | tail -n 1)" +%s%3N; }
t=$(($(ms_of start) - $(ms_of end)))
ok "and so long it waits: $t ms" [ $t -ge "${retries##* }" ]
is 'the log knows' "$(cdc-task log a | jq -c 'select(.event == "end") | [.program,.signal]' | uniq)" '["cdc-task",9]'
is 'and status' "$(status a | jq -r .last_error)" 'cdc-task, signal 9: its runner died'
dies=3
is_failed() { [ "$(state a)" = failed ]; }
again_or_failed() { is_failed || another a "$1"; }
while ! is_failed && [ $dies -lt 15 ]; do
	moves a || break
	was=$(runner a)
	kill -9 "$was"
	dies=$((dies + 1))
	wait_until 10 again_or_failed "$was"
done
is 'at most ten starts' $dies 10
like 'then it is left alone, and status says so' "$(status a | jq -r .reason)" \
	'^cdc-task, signal 9: started 10 times in 10 minutes, and its runner died each time; after .cdc-task resume a. it'
like 'the log too' "$(cdc-task log a | tail -n 1)" '"event":"failed".*started 10 times in 10 minutes'
sleep 2
is 'so it stays' "$(state a)" failed
cdc-task resume a
ok 'until it is resumed' wait_until 5 running a

# all of them, in order, together
for i in 1 2 3; do
	cdc-task create "c$i" --no-check -T "http://127.0.0.1:1$i"
done
for i in 1 2 3; do
	wait_until 10 running c$i && moves c$i
done
# The pids below are those of the last one's programs; one that does not listen.
touch ctl/cdc-read.stubborn
t=$(now_ms)
kill $super
wait $super 2>/dev/null
is 'SIGTERM: dies of it' $? 143
t=$(($(now_ms) - t))
ok "together and bounded, though they do not listen: $t ms" [ $t -lt 25000 ]
rm ctl/cdc-read.stubborn
for i in a c1 c2 c3; do
	is "$i is stopped" "$(state $i)" stopped
done
is 'STOPPING is said, each time' "$(told STOPPING=1)" 2
for i in c1 c2 c3; do
	cdc-task delete $i
done

# another one runs it: that is no failure
cdc-task run a 2>/dev/null &
run=$!
wait_until 5 running a
cdc-task supervise 2>super.err &
super=$!
sleep 3
is 'a task that somebody else runs is left to it' "$(runner a)" $run
is 'and does not fail' "$(state a)" running
kill $run
wait $run 2>/dev/null
ok 'until he ends' wait_until 20 running a
is 'not in between' "$(events a failed)" 1
kill $super
wait $super 2>/dev/null

# where the kernel does not tell: looked at each second
cat >noinotify.c <<'X'
#include <errno.h>
int inotify_init1(int flags) { (void)flags; errno = ENOSYS; return -1; }
X
if gcc -shared -fPIC -o noinotify.so noinotify.c 2>/dev/null; then
	cdc-task pause a
	LD_PRELOAD=$T/noinotify.so cdc-task supervise 2>super.err &
	super=$!
	sleep 1.5
	t=$(now_ms)
	cdc-task resume a
	ok 'without inotify: seen all the same' wait_until 5 running a
	kill $super
	wait $super 2>/dev/null
fi
cdc-task delete a

# run, and its watchdog: fed by progress, not by being alive
kafka_up
cp /dev/null told
cdc-task create r --no-check -T http://127.0.0.1:2 || exit 1
rm -f ctl/manager
NOTIFY_SOCKET=$T/manager WATCHDOG_USEC=4000000 cdc-task run r 2>run.err &
run=$!
moves r
is 'run says READY' "$(told READY=1)" 1
ok 'and that it runs' wait_until 5 grep -q ' STATUS=running$' told
n=$(told WATCHDOG=1)
ok 'positions move on: it is fed' wait_until 5 more_than WATCHDOG=1 "$n"
is 'its programs cannot speak for it' "$(sort -u ctl/manager | tr -d ' ' | paste -sd ' ')" 'cdc-apply cdc-meta cdc-read'
reader=$(cat ctl/cdc-read.pid)
kill -STOP "$reader"
sleep 2
n=$(told WATCHDOG=1)
sleep 4
is 'all are alive and nothing moves: it is not' "$(told WATCHDOG=1)" "$n"
echo 'cdc-apply: away; trying again for 3 s' >ctl/cdc-apply.say
kill -CONT "$reader"
wait_until 5 grep -q 'trying again' run.err
kill -STOP "$reader"
n=$(told WATCHDOG=1)
sleep 2
ok 'a program waits for a peer, as long as it said: it is fed' more_than WATCHDOG=1 $((n + 1))
sleep 3
n=$(told WATCHDOG=1)
sleep 3
is 'and then no more' "$(told WATCHDOG=1)" "$n"
# The stand-ins' positions are in the far future: any record is older.
printf 't\teA==\t@1000\n!say fed\n' >&9
ok 'nothing moves but all is applied: it is fed' wait_until 8 more_than WATCHDOG=1 "$n"
kafka_down
sleep 5
n=$(told WATCHDOG=1)
ok 'Kafka is away: that cdc-read waits for it is well' wait_until 10 more_than WATCHDOG=1 "$n"
kill -CONT "$reader"
for i in 1 2 3 4; do
	echo 3 >ctl/cdc-meta.die
	wait_until 10 sh -c '[ ! -e ctl/cdc-meta.die ]'
done
wait_until 5 grep -q 'STATUS=again in' told
like 'between two runs: it says why' "$(grep 'STATUS=again in' told | tail -n 1)" 'again in [0-9]+ ms: cdc-meta: told to die: 3$'
kill $run
wait $run 2>/dev/null
is 'it ends' $? 143
cdc-task pause r
cp /dev/null told
ok 'a paused one ends at once, and was ready' env NOTIFY_SOCKET="$T/manager" cdc-task run r
ok 'READY' wait_until 5 more_than READY=1 0
kill %1 2>/dev/null

# the units
mkdir units
for u in "$top"/dist/systemd/cdc-*.service; do
	name=${u##*/}
	sed "s,/usr/bin/,$T/bin/," "$u" >"units/$name"
	is "$name: notify, a user of its own, a sandbox" "$(grep -cE \
		'^(Type=notify|User=milvus-cdc|ProtectSystem=strict|NoNewPrivileges=yes|CapabilityBoundingSet=)$' "$u")" 5
done
cp bin/cdc-task bin/cdc-httpd
if command -v systemd-analyze >/dev/null; then
	is 'systemd has nothing to say about them' "$(cd units && systemd-analyze verify --man=no ./cdc-supervise.service \
		./cdc-httpd.service ./cdc-task@dr.service 2>&1)" ''
fi
done_testing
