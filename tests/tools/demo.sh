#!/bin/sh
# demo.sh: one Milvus replicated to another before your eyes; leaves nothing running.  $KEEP_DEMO=1 keeps the stream.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/tests/*}
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$top/$BUILD ;;
esac
PATH=$BUILD:$PATH
python=${CDC_DEPS:-$top/.deps}/venv/bin/python
mkdir -p "$BUILD"
work=$(mktemp -d "$BUILD/demo.XXXXXX")
export PATH CDC_LAB="$work/lab" CDC_STATE_DIR="$work/state"
unset CDC_TOKEN

cleanup() {
	status=$?
	trap - EXIT
	[ ! -s "$work/read.pid" ] || kill "$(cat "$work/read.pid")" 2>/dev/null || true
	"$here/lab" wipe
	[ -n "${KEEP_DEMO:-}" ] || rm -rf "$work"
	exit $status
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}
[ -t 1 ] || say() { printf '\n# %s\n' "$*"; }

die() {
	echo "demo: $1" >&2
	tail -n 20 "$work/errors" 2>/dev/null >&2 || true
	exit 1
}

# The ts up to which all is at the target; a hybrid timestamp of the source to compare it with.
confirmed() { jq -r .ts "$CDC_STATE_DIR/tasks/demo/checkpoint.json" 2>/dev/null || echo 0; }

wait_for() { # MILLISECONDS since 1970: the target has all that happened before
	tries=0
	until [ "$(($(confirmed) >> 18))" -ge "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || die 'the target does not catch up'
		kill -0 "$(cat "$work/read.pid")" 2>/dev/null || [ $tries -lt 20 ] || die 'the pipeline has ended'
		sleep 0.1
	done
}

say 'Starting real servers: etcd, Kafka, a source Milvus and a target Milvus'
"$here/lab" up
eval "$("$here/lab" env)"
"$here/lab" status

say 'The source gets a database, a collection, 1000 rows'
"$python" "$here/demo.py" before "$CDC_SOURCE"
cdc-meta --plain

say 'A task, and the pipeline'
cdc-task create demo
cat <<'X'
cdc-meta -w | cdc-read --from task:demo | cdc-apply | cdc-task commit demo
X
# tee keeps what runs through; the reader's pid is what ends all four in order.
(
	cdc-meta -w |
		sh -c 'echo $$ >"$1/read.pid"; exec cdc-read --from task:demo' read "$work" |
		tee "$work/stream.ndjson" |
		cdc-apply |
		cdc-task commit demo
) 2>"$work/errors" >/dev/null &
pipeline=$!
wait_for "$(date +%s%3N)"

say 'Meanwhile at the source: rows, upserts, deletes, a partition, indexes, an alias, databases'
"$python" "$here/demo.py" live "$CDC_SOURCE"
wait_for "$(($(date +%s%3N) + 500))"

say 'Some lines of the stream'
jq -c 'if .rows then .rows = [.rows[0], "and \(.n - 1) more"] else . end
	| if .schema then .schema = "..." else . end | del(.src, .pos, .known, .from)' "$work/stream.ndjson" |
	awk -F'"' '{ seen[$4]++ } seen[$4] <= 2' | cut -c 1-170 | head -n 40
echo '...'
printf '%s lines: ' "$(wc -l <"$work/stream.ndjson")"
jq -r .op "$work/stream.ndjson" | sort | uniq -c | sort -rn | awk '{ printf "%s%s %s", s, $1, $2; s = ", " } END { print "" }'

say 'The target beside the source'
# A load that was asked for may still be under way.
tries=0
until "$python" "$here/demo.py" beside "$CDC_SOURCE" "$CDC_TARGET" >"$work/beside"; do
	tries=$((tries + 1))
	[ $tries -lt 20 ] || break
done
cat "$work/beside"
[ $tries -lt 20 ] || die 'source and target differ'

say 'The task'
cdc-task status demo
kill "$(cat "$work/read.pid")"
wait $pipeline || die 'the pipeline did not end in order'
rm -f "$work/read.pid"

say 'To look further'
cat <<'X'
make && tests/tools/lab up && eval "$(tests/tools/lab env)"   the same servers, to play with; tests/tools/lab wipe ends them
PATH=$PWD/build:$PATH
cdc-meta --plain                                  what the source has
cdc-meta | cdc-read --until now | jq -c .op       what happened to it
cdc-meta | cdc-read --until now >backup.ndjson    a backup; cdc-apply backup.ndjson restores it
man man/cdc.7                                     the whole picture
X
