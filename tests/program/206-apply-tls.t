#!/bin/sh
# cdc-apply over TLS.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 2>openssl.err || skip_all 'no openssl'
fake_start cert key
{ begin; create a; for i in 1 2 3 4 5 6 7 8 9; do insert a $i; done; end; } >s
exits 0 cdc-apply --cacert cert --batch-bytes 1 s
is 'all is there' "$(rows | wc -l)" 9
is 'and acknowledged' "$(jq -c .n "$out")" '{"insert":9,"rows":9,"ddl":1}'
exits 1 cdc-apply s
like 'a server that nobody vouches for' "$(cat "$err")" 'certificate'
is '  in one line' "$(wc -l <"$err")" 1
exits 3 cdc-apply --retry 0 -T "http://${CDC_TARGET#https://}" s
exits 2 cdc-apply --cacert none --retry 0 s
exits 2 cdc-apply --cacert cert --cert cert --retry 0 s

fake_stop
done_testing
