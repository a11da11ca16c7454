#!/bin/sh
# The HTTP server: who may ask, how much, how long; what is odd, and what is many.  tests/fake/webd.c is the server with
# a handler that says what it was asked, tests/fake/webask.py a client that does what curl does not.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/openapi.sh"

ask() { python3 "$TESTS/fake/webask.py" "$@"; }

serve() { # NAME OPTION...: a server; $a is its address, $pid its number
	serve_as=$1
	shift
	: >"$serve_as.at"
	${program:-webd} -v "$@" >"$serve_as.at" 2>"$serve_as.log" &
	pid=$!
	wait_until 10 test -s "$serve_as.at" || cat "$serve_as.log"
	a=$(cat "$serve_as.at")
}

# ends SIGNAL'S-NUMBER: the last server got it, and dies of it
ends() {
	kill -"$1" "$pid"
	wait "$pid" 2>/dev/null
	is "after signal $1 it dies of that" $? $((128 + $1))
}

status() { curl -s -o body -w '%{http_code}\n' "$@"; }

# What takes a minute goes on beside all else.
serve slow
slow=$pid slow_a=$a
ask "$a" slow >slow.out 2>&1 &
slow_ask=$!
serve last
last=$pid
curl -s "http://$a/x?ms=1000000" >last.out 2>&1 &
last_ask=$!

serve main --allow-anyone
main=$pid
is 'a request as the handler sees it' \
	"$(curl -s -H 'X-Request-Id: me-1' -H 'If-Match: "7"' -H 'Content-Type: text/x' -d '{"a":1}' "http://$a/t/a%20b?x=1&y=%26+c&x=2")" \
	'{"method":"POST","path":"/t/a b","query":{"x":"2","y":"& c"},"type":"text/x","if_match":"\"7\"","n":7,"body":"{\"a\":1}","nul":0,"id":"me-1","may_write":true}'
curl -s -D head "http://$a/x" >body
is 'the headers of an answer' "$(tr -d '\r' <head | sed 's/^Date: .*/Date/; s/^X-Request-Id: [0-9a-f]\{16\}$/X-Request-Id/')" \
	'HTTP/1.1 200 OK
Date
Content-Type: application/json
X-Content-Type-Options: nosniff
Cache-Control: no-store
X-Request-Id
ETag: "1"
Content-Length: '"$(wc -c <body)"
is 'an id that is none is not taken' "$(curl -s -H 'X-Request-Id: a b' "http://$a/x" | jq -r '.id | test("^[0-9a-f]{16}$")')" true
is 'HEAD is GET without a body' "$(curl -sI "http://$a/x" | tr -d '\r' | grep -c -e '200 OK' -e 'Content-Length: 1')" 2
is '  for the handler' "$(curl -s -X HEAD --head "http://$a/x" -o /dev/null -w '%{size_download}')" 0
is '204 has neither type nor body' "$(curl -si "http://$a/none" | tr -d '\r' | grep -ciE '^(HTTP/1.1 204|Content-)')" 1
is 'an error' "$(curl -si "http://$a/missing" | tr -d '\r' | grep -e ^HTTP -e ^Content-Type -e ^{)" \
	'HTTP/1.1 404 Not Found
Content-Type: application/problem+json
{"type":"about:blank","title":"Not Found","status":404,"detail":"there is no '\''/missing'\''","code":404,"message":"there is no '\''/missing'\''"}'
is 'an answer without an end' "$(curl -s "http://$a/stream")" "$(printf 'line %d\n' 1 2 3 4 5)"
is '  and for HTTP/1.0' "$(curl -s0 "http://$a/stream")" "$(printf 'line %d\n' 1 2 3 4 5)"
wait_until 5 grep -q 'a stream is freed' main.log
is '  is freed' "$(grep -c 'a stream is freed' main.log)" 2
is '  also for HEAD' "$(curl -sI "http://$a/stream" | head -n 1 | tr -d '\r')" 'HTTP/1.1 200 OK'
is '8 MB out' "$(curl -s "http://$a/great" | tr -d x | wc -c) $(curl -s "http://$a/great" | wc -c)" '0 8388608'

# Bodies.
head -c 60000000 /dev/zero >60M
head -c 1048576 /dev/zero >1M
{ cat 1M; echo; } >1M+1
for path in cdc x; do
	is "60 MB to /$path" "$(status --data-binary @60M "http://$a/$path") $(jq -r '"\(.code) \(.message)"' body)" \
		'413 413 the body is longer than 1048576 bytes'
	is "  although nothing is said before" "$(status -H Expect: --data-binary @60M "http://$a/$path")" 413
	is "  chunked" "$(status -H 'Transfer-Encoding: chunked' --data-binary @60M "http://$a/$path") $(jq -r .code body)" '413 413'
done
is 'in the form of /cdc' "$(curl -s --data-binary @1M+1 "http://$a/cdc")" '{"code":413,"message":"the body is longer than 1048576 bytes"}'
is '1 MB is taken' "$(curl -s --data-binary @1M "http://$a/x" | jq .n)" 1048576
is '  chunked too' "$(curl -s -H 'Transfer-Encoding: chunked' --data-binary @1M "http://$a/x" | jq .n)" 1048576
is '  after 100 Continue' "$(curl -si -H 'Expect: 100-continue' --data-binary @1M "http://$a/x" | grep -ac -e 'HTTP/1.1 100 Continue' -e 'HTTP/1.1 200 OK')" 2
is 'nobody is told to go on with what is too long' \
	"$(curl -si -H 'Expect: 100-continue' --data-binary @60M "http://$a/x" | tr -d '\r' | grep HTTP)" 'HTTP/1.1 413 Content Too Large'
is 'keep-alive: two on one connection' "$(curl -sv "http://$a/1" "http://$a/2" 2>&1 | grep -ciE 're-using existing connection')" 1
is 'after 413 too, when all was read' "$(curl -sv -H Expect: --data-binary @1M+1 "http://$a/1" "http://$a/2" 2>&1 | grep -ciE 're-using existing connection')" 1
is 'pipelined' "$(ask "$a" pipeline 100)" 'True 101 closed'

# Headers.
big() { awk -v n="$1" 'BEGIN { while (n--) printf "x" }'; }
is 'a header of 30,000 bytes' "$(status -H "X: $(big 30000)" "http://$a/x")" 200
is 'of 33,000' "$(status -H "X: $(big 33000)" "http://$a/cdc") $(jq -c . body)" '431 {"code":431,"message":"the header has '"$(
	jq -r .message body | grep -oE '[0-9]+' | head -n 1)"' bytes, at most 32768"}'
is 'of 200,000' "$(status -H "X: $(big 100000)" -H "Y: $(big 100000)" "http://$a/x")" 431
is 'a target of 30,000' "$(status "http://$a/$(big 30000)")" 200
is 'of 100,000' "$(status "http://$a/$(big 100000)")" 414
is 'a query of 64 parts' "$(status "http://$a/?$(awk 'BEGIN { while (++n < 64) printf "a&" }')")" 200
is 'of 65' "$(status "http://$a/?$(awk 'BEGIN { while (++n < 65) printf "a&" }')")" 414
is '  in the form of /cdc' "$(status "http://$a/cdc?$(awk 'BEGIN { while (++n < 65) printf "a&" }')") $(jq -c . body)" \
	'414 {"code":414,"message":"the request is too long"}'
is 'of 9,000' "$(status "http://$a/?$(awk 'BEGIN { while (++n < 9000) printf "a&" }')")" 414

# NAME <TAB> REQUEST <TAB> the statuses of what is answered; "-": none, "open": the connection is not closed.
cat >odd <<'E2'
HTTP/1.0	GET /a HTTP/1.0\r\n\r\n	200
HTTP/1.0, kept alive	GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n	200 open
HTTP/1.1	GET /a HTTP/1.1\r\n@\r\n	200
HTTP/2.0	GET /a HTTP/2.0\r\n@\r\n	505
HTTP/0.9	GET /a\r\n\r\n	400
only LF	GET /a HTTP/1.1\nHost: localhost\nConnection: close\n\n	200
empty lines before	\r\n\r\nGET /a HTTP/1.1\r\n@\r\n	200
another method	FOO /a HTTP/1.1\r\n@\r\n	200
a method that is none	G\x01ET /a HTTP/1.1\r\n@\r\n	400
a long method	GETGETGETGETGETGETGETGETGETGETGETGET /a HTTP/1.1\r\n@\r\n	400
garbage	garbage\r\n\r\n	-
binary garbage	\xff\xfe\x00\x01 \x80\x81 \x82\r\n\r\n	400
TLS to a plain port	\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n	-
NUL in the path	GET /a\x00b HTTP/1.1\r\n@\r\n	400
NUL that hides a path	GET /healthz\x00HTTP/1.1 HTTP/1.1\r\n@\r\n	400
%00 in the path	GET /a%00b HTTP/1.1\r\n@\r\n	400
%00 in the query	GET /a?b=%00 HTTP/1.1\r\n@\r\n	400
dots	GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n@\r\n	200
an encoded slash	GET /a%2fb HTTP/1.1\r\n@\r\n	400
not UTF-8	GET /%ff HTTP/1.1\r\n@\r\n	400
not UTF-8 either	GET /\xff HTTP/1.1\r\n@\r\n	400
half an escape	GET /% HTTP/1.1\r\n@\r\n	400
a blank	GET /a b HTTP/1.1\r\n@\r\n	400
a control character	GET /a\x01b HTTP/1.1\r\n@\r\n	400
a whole URL	GET http://localhost/a HTTP/1.1\r\n@\r\n	400
no path	OPTIONS * HTTP/1.1\r\n@\r\n	400
no Host	GET /a HTTP/1.1\r\nConnection: close\r\n\r\n	400
two of them	GET /a HTTP/1.1\r\n@Host: localhost\r\n\r\n	400
another Host	GET /a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n	403
blank before a colon	POST /a HTTP/1.1\r\n@Content-Length : 3\r\n\r\nabc	400
folded at once	GET /a HTTP/1.1\r\n X: y\r\n@\r\n	400
no colon	GET /a HTTP/1.1\r\n@X\r\n\r\n	400
two lengths	POST /a HTTP/1.1\r\n@Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd	400
length and chunks	POST /a HTTP/1.1\r\n@Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n	400
another coding	POST /a HTTP/1.1\r\n@Transfer-Encoding: gzip\r\n\r\nabc	501
not quite chunked	POST /a HTTP/1.1\r\n@Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n	501
two authorizations	GET /a HTTP/1.1\r\n@Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n	400
a chunk that is none	POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n	400
a chunk without an end	POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc	413
chunks	POST /a HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n	200
half a request, and more	POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab	- open
more than it says	POST /a HTTP/1.1\r\n@Content-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n@\r\n	200
three in one	GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /3 HTTP/1.1\r\n@\r\n	200 200 200
E2
cut -f 1,2 odd | ask "$a" raw >odd.got 2>&1
cut -f 1,3 odd >odd.want
while IFS='	' read -r name want; do
	is "odd: $name" "$(awk -F '\t' -v n="$name" '$1 == n { print $2 }' odd.got)" "$want"
done <odd.want
is 'a length that is none' "$(printf 'x\tPOST /a HTTP/1.1\\r\\n@Content-Length: -3\\r\\n\\r\\nabc\n' | ask "$a" raw | cut -c 1-5)" "x	400"
like 'the log has a line for each' "$(grep 'POST /t/a' main.log)" \
	'^webd: POST /t/a%20b what=test task=- status=200 code=200 ms=[0-9]+ id=me-1$'
is '  without queries and bodies' "$(grep -c -e 'y=' -e '"a":1' main.log)" 0

# Many.
is '200 requests at once that block' "$(ask "$a" flood 200 1500)" '64|200||
136|503|retry 1|too many requests
afterwards 200'
is '64 answers without an end' "$(ask "$a" streams 64)" 'streams: HTTP/1.1 200 x 64
one more: 503
others: 200
when they have left: 63
the first goes on'
is '1,000 connections with half a request' "$(ask "$a" loris 1000)" 'beside them: in under a second for all
they got: 408 x 1000
and were gone in time'
if [ "$(ulimit -n)" -ge 5200 ]; then
	is '5,000 connections that say nothing' "$(ask "$a" crowd 5000)" '5000 others: 200 in under a second'
fi
grep -q __asan_init "$BUILD/tests/webd" ||
	is 'it took little memory' "$(awk '/VmHWM/ && $2 > 100000 { print }' "/proc/$main/status")" ''

# The end.
curl -s "http://$a/x?ms=2500" >open.out &
open_ask=$!
curl -sN "http://$a/stream?for=ever" >ever.out &
ever_ask=$!
wait_until 10 grep -q 'at work for 2500 ms' main.log
wait_until 10 test -s ever.out
ask "$a" idle >idle.out &
idle_ask=$!
wait_until 10 test -s idle.out
kill -TERM "$main"
wait_until 5 sh -c "! curl -s 'http://$a/x'"
wait $open_ask
is 'what is open is answered after SIGTERM' "$(jq -r .path open.out)" /x
wait $ever_ask
is 'an answer without an end has one' $? 0
wait "$main" 2>/dev/null
is 'it dies of the signal' $? 143
wait $idle_ask
is 'who is idle does not hold that up' "$(tail -n 1 idle.out) $(grep -c 'left unanswered' main.log)" '0 closed 0'

# Who.
umask 077
echo sesame >token
echo look >read
serve who --token-file token --read-token-file read --host cdc.example --origin https://cdc.example
main=$pid
bearer() { status -H "Authorization: Bearer $1" "http://$a/cdc"; }
is 'no token' "$(status "http://$a/cdc") $(cat body)" '401 {"code":401,"message":"a bearer token is needed"}'
is '  and elsewhere' "$(status "http://$a/x") $(jq -c '[.status, .title, .detail]' body)" '401 [401,"Unauthorized","a bearer token is needed"]'
is '  says what is wanted' "$(curl -si "http://$a/x" | tr -d '\r' | grep -i ^www)" 'WWW-Authenticate: Bearer'
is 'a wrong one' "$(bearer sesam) $(cat body)" '401 {"code":401,"message":"this token is not known here"}'
is 'the one to write' "$(bearer sesame) $(jq .may_write body)" '200 true'
is 'the one to read' "$(bearer look) $(jq .may_write body)" '200 false'
is '/healthz is free' "$(status "http://$a/healthz") $(jq .may_write body)" '200 false'
is '  of all' "$(status -H 'Host: 10.1.2.3' -H 'Origin: http://evil.example' "http://$a/healthz")" 200
is '60 MB without a token' "$(status --data-binary @60M "http://$a/cdc")" 401
is '  and nothing said before' "$(status -H Expect: --data-binary @60M "http://$a/cdc")" 401
is 'another Host' "$(status -H 'Host: evil.example' "http://$a/cdc") $(cat body)" \
	"403 {\"code\":403,\"message\":\"Host 'evil.example' is not allowed; see --host\"}"
is '  one that is no text' "$(status -H "$(printf 'Host: \377evil')" "http://$a/cdc") $(cat body)" \
	"403 {\"code\":403,\"message\":\"Host '�evil' is not allowed; see --host\"}"
is 'one that was allowed' "$(status -H 'Host: cdc.example' -H 'Authorization: Bearer look' "http://$a/cdc")" 200
is 'another Origin' "$(status -H 'Origin: http://evil.example' -H 'Authorization: Bearer look' "http://$a/cdc") $(cat body)" \
	'403 {"code":403,"message":"pages of this Origin may not ask here"}'
is 'one that was allowed' "$(status -H 'Origin: https://cdc.example' -H 'Authorization: Bearer look' "http://$a/cdc")" 200
is 'our own' "$(status -H "Origin: http://$a" -H 'Authorization: Bearer look' "http://$a/cdc")" 200
is 'no token is in the log' "$(grep -c -e sesam -e look who.log)" 0
ends 15

serve unix --listen "unix:$T/sock"
is 'a Unix socket' "$(curl -s --unix-socket sock http://anything/x | jq -r .path) $a" "/x unix:$T/sock"
is '  is ours alone' "$(stat -c %a sock)" 600
is '  so that who comes may change things' "$(curl -s --unix-socket sock http://anything/x | jq .may_write) $(grep -c 'may look' unix.log)" 'true 0'
exits 3 webd --listen "unix:$T/sock"
like '  and in use' "$(cat "$err")" "^webd: '.*/sock' is in use\$"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
serve unix --listen "unix:$T/sock"
is '  what one left that was killed is replaced' "$(curl -s --unix-socket sock http://anything/x | jq -r .path)" /x
ends 15
is '  and goes at the end' "$(ls sock 2>&1 | grep -c 'No such file')" 1

serve taken
is 'without a token all may look' "$(curl -s "http://$a/x" | jq .may_write)" false
like '  as is said' "$(head -n 1 taken.log)" '^webd: any user of this machine may look, and nobody may change anything: --token-file says who may, or --allow-anyone that all may$'
exits 3 webd --listen "$a"
ends 1
exits 2 webd --listen 0.0.0.0:0
like 'other machines need a token' "$(cat "$err")" "^webd: '0.0.0.0:[0-9]+' can be reached from other machines: --token-file is needed\$"
serve all --listen 0.0.0.0:0 --insecure
is '  or nobody cares' "$(status "http://127.0.0.1:${a##*:}/x")" 200
ends 15
serve all --listen 0.0.0.0:0 --token-file token
is '  with one' "$(status "http://127.0.0.1:${a##*:}/x")" 401
ends 15
exits 2 webd --read-token-file read
exits 2 webd --allow-anyone --token-file token
exits 2 webd --token-file none
chmod 640 token
exits 2 webd --token-file token
like 'a token that others can read' "$(cat "$err")" "^webd: secret file 'token' has mode 0640: others may read it, want 0600\$"
: >empty
exits 2 webd --token-file empty
exits 2 webd --listen nowhere
exits 2 webd --listen unix:/dev/null
exits 1 sh -c 'webd >/dev/full'

# The program itself.
program='cdc-httpd --print-address'
export CDC_STATE_DIR="$T/state"
cdc-httpd --listen 127.0.0.1:0 --allow-anyone >none 2>&1 &
pid=$!
wait_until 10 test -s state/FORMAT
ends 15
is 'without a word if all goes well' "$(cat none)" ''
exits 2 cdc-httpd --token-file none-such
is '  in one line' "$(wc -l <"$err")" 1
exits 2 cdc-httpd --property sasl.password=hunter2
is '  in one line, without it' "$(wc -l <"$err") $(grep -c hunter2 "$err")" '1 0'
exits 2 cdc-httpd --etcd http://root:hunter2@127.0.0.1:2379
is '  this too' "$(wc -l <"$err") $(grep -c hunter2 "$err")" '1 0'
serve httpd --listen 127.0.0.1:0 --allow-anyone
like 'it says where it listens' "$(head -n 1 httpd.log)" "^cdc-httpd: listening on $a, tasks in $T/state\$"
checked "$a"
cdc-task create dr --no-check --paused -T http://standby:19530
is 'a task of the state directory' "$(curl -s -d '{"request_type":"list"}' "http://$checked/cdc" | jq -c '[.code, .data.tasks[].task_id]')" '[200,"dr"]'
is '  on both ways' "$(curl -s "http://$checked/tasks/dr" | jq -r .task_id)" dr
is 'a mistake of the client has status 200 on /cdc' "$(status -d '{"request_type":"get"}' "http://$checked/cdc") $(jq .code body)" '200 400'
is 'another method too' "$(status "http://$checked/cdc") $(jq .code body)" '200 405'
is 'what is not there' "$(status "http://$checked/cdc/") $(jq -r .code body)" '404 404'
is 'dots lead nowhere' "$(status --path-as-is "http://$checked/tasks/%2e%2e/FORMAT") $(status --path-as-is "http://$checked/../../etc/passwd")" '404 404'
is 'healthy' "$(status "http://$checked/healthz")" 200
checked_end 8
like 'the log names type and task' "$(grep what=list httpd.log)" \
	'^cdc-httpd: POST /cdc what=list task=- status=200 code=200 ms=[0-9]+ id=[0-9a-f]{16}$'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
serve httpd --listen "$a" --http-status
is 'without a token all may look' "$(status -d '{"request_type":"list"}' "http://$a/cdc") $(status "http://$a/tasks/dr") $(status "http://$a/")" '200 200 200'
is '  and are not asked for one' "$(grep -c 'data-token="not wanted"' body)" 1
only='this server has no --token-file, and is for reading'
for r in create delete pause resume maintenance; do
	is "  but not $r" "$(status -d "{\"request_type\":\"$r\",\"request_data\":{\"task_id\":\"dr\"}}" "http://$a/cdc") $(jq -r .message body)" "403 $only"
done
for r in 'POST tasks' 'DELETE tasks/dr' 'POST tasks/dr/pause' 'POST tasks/dr/resume' 'PUT tasks/dr/position'; do
	is "  nor $r" "$(status -X "${r% *}" -d '{}' "http://$a/${r#* }") $(jq -r .detail body)" "403 $only"
done
is '  and nothing was' "$(cdc-task list) $(cdc-task status dr --json --offline | jq -r .state)" 'dr paused'
is 'killed, and again on the same address' "$(curl -s "http://$a/tasks/dr" | jq -r .task_id)" dr
is '--http-status' "$(status -d '{"request_type":"get"}' "http://$a/cdc") $(jq .code body)" '400 400'
ends 15
printf '%s\n' 'import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.bind("notify"); n.settimeout(10)
pid = os.fork()
if pid == 0:
    os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=os.path.abspath("notify"),
        WATCHDOG_USEC="4000000")
    os.execvp("cdc-httpd", ["cdc-httpd", "--print-address", "--allow-anyone"])
print("%s:%d" % s.getsockname(), n.recv(99).decode(), n.recv(99).decode(), flush=True)
os.kill(pid, 15)
while (word := n.recv(99).decode()) == "WATCHDOG=1": pass
print(word, os.WTERMSIG(os.waitpid(pid, 0)[1]))' >activate.py
python3 activate.py >activated 2>&1
is 'a socket of the manager, who is told' "$(sed 's/127.0.0.1:[1-9][0-9]*/ADDRESS/' activated)" 'ADDRESS
ADDRESS READY=1 WATCHDOG=1
STOPPING=1 15'
exits 2 env LISTEN_FDS=2 sh -c 'LISTEN_PID=$$ exec cdc-httpd'
exits 2 cdc-httpd operand
exits 2 cdc-httpd --max-tasks 0
exits 2 cdc-httpd --listen 0.0.0.0:0
exits 1 sh -c 'cdc-httpd --print-address --listen 127.0.0.1:0 >/dev/full'
exits 1 cdc-httpd --state-dir /dev/null --listen 127.0.0.1:0
program=

# What took a minute.
kill -TERM "$last"
wait "$slow_ask"
is 'those who never come to an end' "$(cat slow.out)" \
	'nothing at all|408|after 10 s|the request took too long|problem
half a line|408|after 10 s|the request took too long|problem
half a header|408|after 10 s|the request took too long|problem
half a body|408|after 10 s|the request took too long|problem
half a body for /cdc|408|after 10 s|the request took too long|
a body without an end|413|after 10 s|the request is too long|problem
half a second request|408|after 10 s|the request took too long|problem
no second request|-|after 60 s||
an answer that is not read|200|after 60 s||'
like '  the answer was given up' "$(grep 'GET /great' slow.log)" 'status=200 code=200 ms=6[0-3][0-9]{3} id=[0-9a-f]+ cut$'
pid=$slow
ends 15
wait "$last" 2>/dev/null
is 'a handler that hangs does not hold the end up for ever' "$? $(grep -c 'left unanswered' last.log)" '143 1'
wait $last_ask
done_testing
