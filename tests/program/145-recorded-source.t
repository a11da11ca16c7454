#!/bin/sh
# what genuine servers of 2.6 and 3.0 wrote, read through the port of a Milvus alone, without Kafka and etcd: the whole chain
# into a target, which has by value what the clients did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/dumplib.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/recorded.sh"

# shellcheck disable=SC2046
chain() { # UNTIL
	rm -f apply.status
	cdc-meta -S "$URI" | cdc-read -S "$URI" --from "task:$v" --until "$1" $(judge --target --left-out "$v") -v 2>>read.err |
		{ cdc-apply -v --with-users --skip import 2>>apply.err || echo $? >apply.status; } | cdc-task commit "$v" && [ ! -e apply.status ]
}

for v in 2.6.20 2.6.20-more 3.0.0; do
	mkdir "$T/$v" && cd "$T/$v" || exit 1
	data=$TESTS/data/recordings/$v
	python3 "$TESTS/fake/todump.py" "$data/kafka.jsonl.gz" d
	echo "$TESTS/data/streaming/etcd-$v.ndjson" >d/keys
	echo "${v%-more}" >d/version
	dump_start
	fake_start
	cdc-task create "$v" --no-check || exit 1
	# shellcheck disable=SC2046
	cdc-meta -S "$URI" | cdc-read -S "$URI" --from beginning --until now $(judge --left-out "$v") >all 2>all.err
	is "$v: is read by value" "$(judge --of "$v" "$data/truth.jsonl.gz" all | sed 's/equal: .*/equal/')" equal
	middle=$(jq -r .ts all | sed -n "$(($(wc -l <all) / 2))p")
	ok '  one half' chain "ts:$middle"
	ok '  the other half' chain now
	is '  the target has by value what the client did' \
		"$(judge --target --of "$v" "$data/truth.jsonl.gz" fake | sed 's/equal: .*/equal/')" equal
	cp fake before
	ok '  and once more' chain now
	is '  it is as it was' "$(cmp fake before)" ''
	fake_stop
	dump_kill
	python3 "$TESTS/judge/hidden.py" "$data" >../secrets
	rm -r d
	is '  and no secret of the source is anywhere' "$(grep -r -l -F -f ../secrets . "$CDC_STATE_DIR")" ''
done
done_testing
