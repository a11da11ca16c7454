#!/bin/sh
# cdc-read --from task:NAME: what cdc-apply was about to change since the checkpoint counts among what may be there
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
kafka_up
export CDC_STATE_DIR="$PWD/state"
cdc-task create dr --no-check >create.out 2>&1 || cat create.out
redo() { printf '{"op":"%s","ts":"1","db":"default","coll":"%s","coll_id":"%s"}\n' "$@" >>state/tasks/dr/redo.ndjson; }

echo 'insert 0 110 part=11 keys=1
tick 0 200' | feed
{
	header
	coll 1 items
	part 11 1 _default
	ready 20
} >cat.ndjson
reads --from task:dr --until now
is 'nothing is in doubt' "$(body | paste -sd,)" 'create_collection@10 default.items,insert@110 default.items/_default 1'
redo create_collection items 1
reads --from task:dr --until now
is 'made, perhaps: made' "$(body | paste -sd,)" 'create_collection@10 default.items,insert@110 default.items/_default 1'
redo create_collection other 5
reads --from task:dr --until now
is 'nothing says that it is gone: status 4' "$got $(wc -c <"$out")" '4 0'
echo 'drop 0 210 coll=5' | feed
reads --from task:dr --until now
is 'gone since: dropped' "$(body | head -n 1)" 'drop_collection@0 default.other'
: >state/tasks/dr/redo.ndjson
# Its id may not have been noted: under its old name it would stay for ever.
redo create_collection before 1
reads --from task:dr --until now
is 'renamed since: made anew' "$(body | paste -sd,)" \
	'drop_collection@0 default.before,create_collection@10 default.items,insert@110 default.items/_default 1'
printf '{"op":"tick","ts":"0"}\n' >>state/tasks/dr/redo.ndjson
reads --from task:dr --until now
is 'what a checkpoint knows is over' "$(body | head -n 1)" 'create_collection@10 default.items'
kafka_down
done_testing
