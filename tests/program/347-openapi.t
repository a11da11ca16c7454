#!/bin/sh
# /openapi.json is a document of OpenAPI 3.1, and cdc-httpd does as it says, whatever it is asked: right, nearly right or
# hostile, by several at once. REQUESTS=10000 makes more of it, SEED=n [347, or any if REQUESTS is set] the same again,
# RUNNERS=1 lets the tasks run.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/openapi.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
[ -x "$apipython" ] || skip_all 'no schemathesis (tests/tools/setup.sh test)'
etcd_start
kafka_up
fake_start
mkdir bin tls
for p in cdc-task cdc-read cdc-apply cdc-httpd; do cp "$BUILD/$p" bin/; done
told items 0.2
feed <<X2
tick 0 50
tick 1 50
X2
# what the sanitizers of such a build have to say
ASAN_OPTIONS=log_path=$T/asan UBSAN_OPTIONS=log_path=$T/ubsan:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS

(
	umask 077
	echo sesame >token
	echo look >read
)
serve() { # NAME OPTION...: $a is its address, $pid its number
	serve_as=$1
	shift
	: >"$serve_as.at"
	cdc-httpd --listen 127.0.0.1:0 --print-address --max-tasks 40 "$@" >"$serve_as.at" 2>"$serve_as.log" &
	pid=$!
	wait_until 20 test -s "$serve_as.at" || diag <"$serve_as.log"
	a=$(cat "$serve_as.at")
}
serve first --token-file token --read-token-file read --tls-dir "$T/tls"
first=$a first_pid=$pid
serve second --http-status --allow-anyone --allow-target '*'
second=$a second_pid=$pid

ok 'the document is one of OpenAPI 3.1' document valid.py "$second"
diag <"$out"
is 'its version is ours' "$(curl -s "http://$second/openapi.json" | jq -r .info.version)" "$(cdc-httpd --version | cut -d ' ' -f 2)"
is 'it is for those with a token' "$(curl -s -o none -w '%{http_code}' "http://$first/openapi.json")" 401
is 'its paths' "$(curl -s -H 'Authorization: Bearer look' "http://$first/openapi.json" | jq -r '.paths | has("/cdc", "/tasks/{id}/log")' | paste -sd ' ')" 'true true'

seed=${SEED:-}
[ -n "${REQUESTS:-}" ] || seed=${seed:-347}
if [ -n "${RUNNERS:-}" ]; then
	cdc-task supervise 2>supervise.log &
	supervise=$!
fi
# shellcheck disable=SC2086 -- nothing, if they are not set
ok 'requests of all kinds' document storm.py --requests "${REQUESTS:-500}" ${seed:+--seed $seed} ${RUNNERS:+--runners} \
	--token token --read-token read --target "${CDC_TARGET#http://}" --other "${CDC_ETCD#http://}" "$first" "$second"
grep -E '^(seed|status|code|kind) ' "$out" | sed 1d | diag
is 'both live' "$(curl -s "http://$first/healthz" "http://$second/healthz" | jq -r .status | paste -sd ' ')" 'ok ok'
[ -z "${supervise:-}" ] || {
	kill "$supervise"
	wait "$supervise" 2>/dev/null
}
kill "$first_pid" "$second_pid"
wait "$first_pid" 2>/dev/null
is 'and end by the signal' $? 143
wait "$second_pid" 2>/dev/null
is '  both' $? 143
is 'no sanitizer has a word' "$(cat asan.* ubsan.* 2>/dev/null | head -n 60)" ''
is 'no secret in what they said' "$(grep -c -e sesame -e s3cret first.log second.log)" 'first.log:0
second.log:0'
fake_stop
done_testing
