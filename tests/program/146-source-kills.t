#!/bin/sh
# as 145, with each program killed on the way: nothing is lost, nothing comes twice
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/dumplib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/recorded.sh"

# shellcheck disable=SC2046
chain() {
	rm -f apply.status
	cdc-meta -S "$URI" | cdc-read -S "$URI" --from "task:$task" --until now $(judge --target --left-out "$v") 2>>read.err |
		{ cdc-apply --with-users --skip import 2>>apply.err || echo $? >apply.status; } | cdc-task commit "$task" && [ ! -e apply.status ]
}
# Kills the program if it still runs by then.
strike() { # PROGRAM SECONDS
	sleep "$2"
	pkill -9 -f "^$1 .*$task( |\$)"
}

for v in 2.6.20 3.0.0; do
	mkdir "$T/$v" && cd "$T/$v" || exit 1
	data=$TESTS/data/recordings/$v
	python3 "$TESTS/fake/todump.py" "$data/kafka.jsonl.gz" d
	echo "$TESTS/data/streaming/etcd-$v.ndjson" >d/keys
	echo "$v" >d/version
	dump_start
	fake_start
	task=kills$$
	cdc-task create "$task" --no-check || exit 1
	# a server that takes its time, and a target that takes its own
	printf '[{"method": "DumpMessages", "pace": 0.002, "times": 200}]' >d/faults
	faults '[{"method": "*", "sleep": 0.02, "times": 400}]'
	killed=0
	for plan in 'cdc-read 0.4' 'cdc-read 0.6' 'cdc-task 0.7' 'cdc-read 0.9' 'cdc-task 1.2' 'cdc-read 1.6' 'cdc-read 2.2'; do
		# shellcheck disable=SC2086
		strike $plan &
		strike_pid=$!
		chain 2>>chain.err || killed=$((killed + 1))
		wait "$strike_pid"
	done
	ok "$v: killed $killed times" test "$killed" -ge 1
	rm -f d/faults
	ok '  the rest' chain
	is '  the target has by value what the client did' \
		"$(judge --target --of "$v" "$data/truth.jsonl.gz" fake | sed 's/equal: .*/equal/')" equal
	cp fake before
	ok '  and once more' chain
	is '  it is as it was' "$(cmp fake before)" ''
	is '  cdc-read says nothing but what is not carried' "$(grep -v 'is not carried' read.err)" ''
	cdc-task delete "$task" || exit 1
	fake_stop
	dump_kill
	unset dump_port
done
done_testing
