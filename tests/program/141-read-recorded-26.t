#!/bin/sh
# the streaming log of a genuine 2.6.20, put back: what is read is by value what its client did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/recorded.sh"

kafka_up
etcd_start --unsafe-no-fsync
is '2.6.20 is put back' "$(recorded 2.6.20)" by-m26b

# Each of these has something that is not read yet, and says so.
set -- all struct trunc geo tz
for c; do
	without="${without:-} --without default.$c" exclude="${exclude:-} --exclude default.$c"
done
# shellcheck disable=SC2086
whole() { cdc-meta -r by-m26b | cdc-read --from beginning --until end $exclude >26.ndjson; }
ok 'it is read' whole
# shellcheck disable=SC2086
is 'equal' "$(judge $without "$TESTS/data/recordings/2.6.20/truth.jsonl.gz" 26.ndjson)" 'equal: 6 collections, 28 rows'
done_testing
