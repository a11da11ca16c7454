#!/bin/sh
# Clients that generators make of /openapi.json. What has broken one of them is looked for each time; with CDC_LONG=1
# generators of two languages run, and what they make compiles and asks a server (tests/tools/setup.sh clients, once).
. "$(dirname "$0")/../lib/lib.sh"
doc=$top/lib/api/openapi.json

# Names of a generated enum come from its values: RUNNING is not Running and running.
is 'no enum has two values of one name' "$(jq -c '[.. | objects | .enum? // empty |
	select((map(tostring | ascii_upcase) | unique | length) < length)]' "$doc")" '[]'
is 'a list says of what' "$(jq -c '[paths(objects) as $p | getpath($p) |
	select((.type? == "array" or ((.type? | arrays) // [] | index("array"))) and .items == null)]' "$doc")" '[]'
# "const" of a number cannot be merged with an integer by allOf
is 'a number is an enum of one' "$(jq -c '[.. | objects | select(.const? | numbers)]' "$doc")" '[]'

export CDC_STATE_DIR="$T/state"
cdc-task create dr --no-check --paused || exit 1
cdc-httpd --listen 127.0.0.1:0 --print-address >at 2>httpd.log &
httpd=$!
wait_until 10 test -s at || diag <httpd.log
url=http://$(cat at)
want='paused dr paused, Paused dr paused, 404 404'
is 'the state or the health may be asked for' \
	"$(for s in paused Paused running Running; do curl -s "$url/tasks?state=$s" | jq -r '.tasks[].task_id'; done | paste -sd ' ')" 'dr dr'
if [ -n "${CDC_LONG:-}" ]; then
	clients=${CDC_DEPS:-$top/.deps}/clients
	printf 'content_type_overrides:\n  application/x-ndjson: text/plain\npost_hooks: []\n' >config.yaml
	exits 0 "$clients/venv/bin/openapi-python-client" generate --path "$doc" --config config.yaml --meta none \
		--output-path cdc_client --fail-on-warning
	exits 0 "$clients/venv/bin/python" -m compileall -q cdc_client
	cp "$TESTS/openapi/generated.py" .
	is 'Python: it asks' "$("$clients/venv/bin/python" generated.py "$url" 2>&1 | tail -n 3)" "$want"

	cp "$TESTS/openapi/client.ts" .
	ln -s "$clients/node_modules" node_modules
	echo '{"type":"module"}' >package.json
	exits 0 node_modules/.bin/openapi-typescript "$doc" -o api.ts
	exits 0 node_modules/.bin/tsc --strict --skipLibCheck --target es2022 --module nodenext client.ts
	is 'TypeScript: it asks' "$(node client.js "$url" 2>&1 | tail -n 3)" "$want"
fi
kill $httpd
done_testing
