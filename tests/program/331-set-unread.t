#!/bin/sh
# A checkpoint that cannot be read now may be a good one: it is not put aside, and nobody says that there is none.
. "$(dirname "$0")/../lib/lib.sh"
mkdir bin
cp "$BUILD/cdc-task" bin/
PATH=$T/bin:$PATH
export CDC_STATE_DIR="$T/state"
dir=$CDC_STATE_DIR/tasks/dr
ack() {
	printf '{"op":"ack","ts":"%s","pos":{"t":{"o":%s,"n":%s,"ts":"%s"}},"known":{"7":{"name":"d.c"}},"end":true}\n' "$1" "$2" "$2" "$1"
}
cdc-task create dr --no-check || exit 1
ack 100 1 | cdc-task commit dr
ack 200 2 | cdc-task commit dr
ack 300 3 >back
# root may read everything
user() { "$@"; }
if [ "$(id -u)" = 0 ]; then
	chown -R 65534 "$T"
	user() { setpriv --reuid=65534 --clear-groups "$@"; }
fi
chmod 0 "$dir/checkpoint.json" "$dir/checkpoint.prev.json"
exits 3 user cdc-task set dr --from @back
like 'says that it is not known' "$(cat "$err")" "checkpoint.json': Permission denied: what stands there is not known, and nothing was changed"
is 'both are there' "$(ls "$dir" | grep -c '^checkpoint')" 2
exits 3 user sh -c 'cdc-task commit dr <back'
chmod 600 "$dir/checkpoint.prev.json"
exits 3 user cdc-task set dr --from @back
chmod 600 "$dir/checkpoint.json"
ok 'when they can be read' user cdc-task set dr --from @back
is 'what the target has stays known' "$(jq -c .known "$dir/checkpoint.json")" '{"7":{"name":"d.c"}}'

# torn ones are, as before
echo '{' >"$dir/checkpoint.json"
echo '{' >"$dir/checkpoint.prev.json"
exits 1 user sh -c 'cdc-task commit dr <back'
like 'is said' "$(cat "$err")" "torn or was changed, and there is none before it: 'cdc-task set dr --from WHERE'"
ok 'torn: a new one' user cdc-task set dr --from @back
is 'as it was set' "$(jq -r .ts "$dir/checkpoint.json")" 300
done_testing
