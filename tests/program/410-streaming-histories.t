#!/bin/sh
# Random histories of a Milvus 2.6 (tests/wal), each while it happens: through cdc-task run into a Milvus in memory, with
# kill -9 of each program and a target that fails; then once more from the beginning, of the log that is left. Both must
# come to what the clients did. SEEDS="1 2 …": those; SECONDS_EACH=n of the source's time; LAG=ms: what etcd has is as much
# later than the log, twice; MORE=--drops: fields and properties go, too, which a target keeps if
# that was in a backlog; LOUD=1: what was done.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/etcd.sh"
export CDC_STATE_DIR="$T/state"
SEEDS=${SEEDS:-3 19} SECONDS_EACH=${SECONDS_EACH:-24}

wal() { "$py" "$TESTS/wal/wal.py" "$@"; }
child() { pgrep -f "^$1 .*$T/state" | head -n 1; }
# A program, and how long it lives after the one before.
victims() {
	"$py" -c 'import random, sys
r = random.Random(sys.argv[1])
for _ in range(99):
    print(r.choice(["cdc-meta", "cdc-read", "cdc-read", "cdc-apply", "commit", "run", "target"]), round(r.uniform(0.2, 1.8), 2))' "$1"
}
start() {
	cdc-task run dr 2>>run.err &
	run=$!
}
strike() { # PROGRAM
	case $1 in
	target) faults "[{\"method\":\"*\",\"grpc\":14,\"times\":6,\"n\":$struck}]" ;;
	run)
		kill -9 $run
		wait $run 2>/dev/null
		start
		;;
	commit) kill -9 "$(pgrep -f "^cdc-task --state-dir $T/state commit" | head -n 1)" ;;
	*) kill -9 "$(child "$1")" ;;
	esac 2>/dev/null
	struck=$((struck + 1))
}
playing() { kill -0 $play 2>/dev/null; }
same() { wal target want fake; }

# The broker must not inherit what ends it, nor what starts behind it.
for seed in $SEEDS; do
	mkdir "$T/$seed" && cd "$T/$seed" || exit 1
	rm -rf "$T/etcd" "$T/state"
	etcd_start --unsafe-no-fsync
	fake_start
	kafka_up
	for i in 0 1 2 3; do echo "!topic	by-dev-rootcoord-dml_$i	1"; done >&9
	wal play "$seed" --seconds "$SECONDS_EACH" --before 6 --speed 4 --lag "${LAG:-30}" ${MORE:-} --kafka "k$kafka_n.in" "k$kafka_n.out" --state want --log done >play.out 2>&1 &
	play=$!
	wait_until 10 grep -q live play.out || diag <play.out
	cdc-task create dr --no-check --root by-dev --from start || exit 1
	start
	struck=0
	victims "$seed" >plan
	while playing && read -r who when; do
		sleep "$when"
		strike "$who"
	done <plan
	wait $play || diag <play.out
	ok "history $seed, $struck faults: the target has what the clients did" wait_until 25 same
	[ "$tap_bad" = 0 ] || {
		wal target want fake | diag
		tail -n 5 run.err | diag
	}
	kill $run
	wait $run 2>/dev/null
	ok '  and nothing comes behind it' same
	cdc-meta -r by-dev >cat.ndjson
	ok '  the log, from its beginning' eval 'cdc-read --from beginning --until end <cat.ndjson >whole.ndjson'
	ok '  comes to the same' wal stream want whole.ndjson
	half=$(jq -r 'select(.op == "tick") | .ts' whole.ndjson | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] }')
	cdc-read --from beginning --until "ts:$half" <cat.ndjson >one.ndjson
	ok '  or in two parts' eval 'cdc-read --from @one.ndjson --until end <cat.ndjson >two.ndjson'
	grep -v '^{"op":"end"' one.ndjson | cat - two.ndjson >both.ndjson
	ok '  which come to the same' wal stream want both.ndjson
	[ -z "${LOUD:-}" ] || diag <done
	fake_stop
	etcd_stop
	kafka_down
done
cd "$T" || exit 1
done_testing
