#!/bin/sh
# A service's user owns the state directory, and root looks after its tasks: nothing in a task.json of his runs as root, or
# has root send a file away that he could not read himself.
. "$(dirname "$0")/../lib/lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'only root can be led'
umask 077
export CDC_STATE_DIR="$T/state"
his() { # [OPTION=VALUE-JSON...]: task 'dr' with these options, of the user
	rm -rf state
	cdc-task create dr --no-check >/dev/null 2>&1 || return
	for o; do
		jq ".options[\"${o%%=*}\"] = ${o#*=}" state/tasks/dr/task.json >x && cat x >state/tasks/dr/task.json
	done
	[ -n "${ROOTS:-}" ] || chown -R 65534 state
}
recorder() { # FILE [ANSWER]: $at is where it listens
	rm -f "$1" "$1.port"
	python3 "$TESTS/fake/recorder.py" "$1" 0 "${2:-}" 2>>recorder.err &
	wait_until 10 test -s "$1.port"
	at=127.0.0.1:$(cat "$1.port")
}

# code
for p in plugin.library.paths ssl.engine.location ssl.engine.id ssl.providers sasl.kerberos.kinit.cmd; do
	fails "create with $p" cdc-task create a --no-check -X "$p=/x/evil.so"
	like '  says why' "$(cat "$err")" "kafka property '$p' would load or start a program"
done
his 'property=["plugin.library.paths=/x/evil.so"]' 'brokers="127.0.0.1:9"'
echo '{"op":"ack","ts":"449052000000000000","pos":{"t":{"o":5,"n":5,"ts":"449052000000000000"}},"known":{},"n":{"rows":1},"end":true}' |
	cdc-task commit dr
like 'status loads nothing' "$(cdc-task status dr --json)" 'would load or start a program'
echo 'plugin.library.paths=/x/evil.so' >props
chown 65534 props
kafka() { # PROPERTY: what doctor says
	his "property=[\"$1\"]" 'brokers="127.0.0.1:9"'
	cdc-task doctor dr -k kafka 2>&1
}
like 'nor from a file' "$(kafka "@$T/props")" "props' line 1: kafka property 'plugin.library.paths' would load or start"
like 'nor a command' "$(kafka 'sasl.kerberos.principal=a;id')" "'sasl.kerberos.principal' is for a shell to read"

# secrets
echo 'root:s3cret' >secret
recorder milvus 'h2 http://127.0.0.1:9/'
his "target=\"http://$at\"" "token-file=\"$T/secret\""
cdc-task doctor dr -k target,login >said 2>&1
like 'the target' "$(cat said)" "'$T/secret' is named in a task of user 65534, who may not read it"
cdc-task create other --no-check >/dev/null
recorder etcd 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
his "etcd=\"http://$at\"" "etcd-user-file=\"$T/secret\""
cdc-task doctor dr -k etcd,root >said 2>&1
like 'etcd' "$(cat said)" "'$T/secret' is named in a task of user 65534"
timeout 20 cdc-task run dr --retry 0 >said 2>&1 || true
is 'nothing of it was sent' "$(cat etcd milvus | grep -ac 's3cret\|cm9vdDpz')" 0
his 'brokers="127.0.0.1:9"' "property=[\"@$T/secret\"]"
cdc-task doctor dr -k kafka >said 2>&1
like 'properties' "$(cat said)" "'$T/secret' is named in a task of user 65534"
his 'brokers="127.0.0.1:9"' "property=[\"ssl.ca.location=$T/secret\"]"
cdc-task doctor dr -k kafka >said 2>&1
like 'a file that librdkafka opens' "$(cat said)" "'$T/secret' is named in a task of user 65534"
is 'the owner is not shown' "$(cdc-task show dr --json | jq .owner)" null

# what he may read, and what is root's own
recorder etcd 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
his "etcd=\"http://$at\"" "etcd-user-file=\"$T/secret\""
chown 65534 secret
cdc-task doctor dr -k etcd >said 2>&1
is 'his own goes there' "$(grep -ac s3cret etcd)" 1
chown 0 secret
recorder etcd 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
ROOTS=1 his "etcd=\"http://$at\"" "etcd-user-file=\"$T/secret\""
cdc-task doctor dr -k etcd >said 2>&1
is "root's, of root's task" "$(grep -ac s3cret etcd)" 1
done_testing
