#!/bin/sh
# cdc-read that is halted again and again, as on a machine that is too busy: no record is left out
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
{
	seq 12000 | awk '{ print "insert 0 " 100 + $1 " part=11 keys=" $1 }'
	echo 'tick 0 20000'
} | feed
{
	header
	coll 1 items
	part 11 1 _default
	ready 20
} >cat.ndjson

halts() { # PID: halted a hundred times, for longer than it reads in one go
	for _ in $(seq 100); do
		kill -STOP "$1" 2>/dev/null || break
		sleep 0.06
		kill -CONT "$1" 2>/dev/null
		sleep 0.01
	done
}

gone() { # PID
	case $(cut -d ' ' -f 3 "/proc/$1/stat") in Z | '') ;; *) false ;; esac
}

for run in 1 2; do
	cdc-read --until now <cat.ndjson >out 2>err &
	pid=$!
	halts $pid &
	# A record that is left out may be the tick that it waits for, and librdkafka waits for it at the end.
	wait_until 15 gone $pid || kill -KILL $pid
	wait $pid
	is "run $run: status and stderr" "$? $(cat err)" '0 '
	grep -o '"pk":"[0-9]*"' out | tr -dc '0-9\n' >keys
	is "run $run: every row" "$(seq 12000 | diff - keys | grep -c '^[<>]') of $(wc -l <keys)" '0 of 12000'
done
kafka_down
done_testing
