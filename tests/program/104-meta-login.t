#!/bin/sh
# cdc-meta: an etcd with TLS, client certificates, logins.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
command -v openssl >/dev/null 2>&1 || skip_all 'no openssl'

said() {
	like "  it says $1" "$(cat "$err")" "^cdc-meta: .*$1"
}
at_rev() { grep -q "{\"kind\":\"at\",\"rev\":$2," "$1"; }

# Logins. Tokens live for a second here, to see them run out.
etcd_start --auth-token-ttl 1
etcdtool replay "$HISTORY" >/dev/null
umask 077
echo 'root:secret' >user
echo 'root:wrong' >wrong
echo 'root' >nocolon
ok 'a login that etcd does not want does not hurt' cdc-meta --etcd-user-file user
is '  silently' "$(cat "$err")" ''
etcdtool login
exits 1 cdc-meta
said 'it wants a login, --etcd-user-file'
exits 1 cdc-meta --etcd-user-file wrong
said "login as 'root': .*authentication failed"
exits 2 cdc-meta --etcd-user-file nocolon
said 'USER:PASSWORD'
ok 'with a login' cdc-meta -v --etcd-user-file user
is '  by gRPC, too' "$(grep gRPC "$err")" ''
is '  all is there' "$(sed 's/"etcd":"[0-9]*",//; s/"rev":[0-9]*/"rev":58/' "$out")" "$(cat "$TESTS/data/meta-catalogue.ndjson")"
cdc-meta -w --etcd-user-file user >live 2>live.err &
pid=$!
wait_until 5 grep -q '"at"' live
sleep 3
ETCDCTL_API=3 etcdctl --endpoints "$CDC_ETCD" --user root:secret put $BASE/root-coord/credential/roles/new '' >/dev/null 2>&1
ok 'a watch outlives its token' wait_until 5 grep -q '"kind":"role","rev":[0-9]*,"event":"put","name":"new"' live
is '  silently' "$(cat live.err)" ''
ETCDCTL_API=3 etcdctl --endpoints "$CDC_ETCD" --user root:secret user add limited:pw >/dev/null 2>&1
echo 'limited:pw' >limited
exits 1 cdc-meta --etcd-user-file limited
said 'permission denied'
kill $pid
wait $pid 2>/dev/null
etcd_stop

# TLS, with certificates for both sides
sign() { # NAME CN
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other 2>/dev/null
sign server 127.0.0.1
sign client client
rm -rf etcd
etcd_scheme=https etcd_curl="--cacert ca.pem --cert client.pem --key client.key"
etcd_start --cert-file server.pem --key-file server.key --trusted-ca-file ca.pem --client-cert-auth
while read -r line; do
	printf '%s\n' "$line" | python3 -c '
import base64, json, sys
b = lambda s: base64.b64encode(s.encode()).decode()
print(json.dumps({"success": [{"requestPut": {"key": b(k), "value": v}} for k, v in json.loads(sys.stdin.read())["put"].items()]}))' |
		curl -s $etcd_curl -d @- "$CDC_ETCD/v3/kv/txn" >/dev/null
done <<X
$(head -n 1 "$HISTORY")
X
tls="--cacert ca.pem --cert client.pem --key client.key"
ok 'over TLS' cdc-meta -v $tls
is '  by gRPC, too' "$(grep gRPC "$err")" ''
like '  all is there' "$(cat "$out")" '"kind":"database","id":"1"'
exits 1 cdc-meta --cert client.pem --key client.key
said 'certificate'
exits 1 cdc-meta --cacert other.pem --cert client.pem --key client.key
said 'certificate'
exits 2 cdc-meta --cacert ca.pem --cert client.pem
said '--cert and --key go together'
exits 2 cdc-meta --cacert ca.pem --cert client.pem --key other.key
run_quietly cdc-meta --cacert ca.pem
like 'without a certificate of ours: refused, not a crash' "$tap_got" '^[13]$'
said 'etcd'
run_quietly cdc-meta -E "http://127.0.0.1:$etcd_port"
like 'http to an https server: refused' "$tap_got" '^[13]$'
said 'etcd'
cdc-meta -w $tls >live 2>live.err &
pid=$!
ok 'the watch too' wait_until 5 grep -q '"at"' live
kill $pid
wait $pid 2>/dev/null
etcd_stop
done_testing
