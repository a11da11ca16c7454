# Sourced after lib.sh: an etcd of the test's own, on free ports of 127.0.0.1, with its data in $T/etcd.
#
#   etcd_start [OPTION...]   starts it and waits until it answers; again after etcd_stop: same port, same data.
#                            $CDC_ETCD is its URL, $etcd_pid its pid, etcd.log what it said
#   etcd_stop [SIGNAL]       ends it (TERM) and waits
#   etcdtool COMMAND...      tests/fake/etcdtool.py on it

command -v etcd >/dev/null 2>&1 || skip_all 'no etcd here (Debian: etcd-server)'

free_ports() { # N
	python3 -c '
import socket, sys
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[x.getsockname()[1] for x in s])' "$1"
}

etcd_answers() {
	curl -s $etcd_curl -m 2 "$CDC_ETCD/health" | grep -q '"true"'
}

etcd_start() {
	if [ -z "${etcd_port:-}" ]; then
		set -- "$(free_ports 2)" "$@"
		etcd_port=${1% *} etcd_peer=http://127.0.0.1:${1#* }
		shift
	fi
	etcd_url=${etcd_scheme:-http}://127.0.0.1:$etcd_port
	CDC_ETCD=$etcd_url
	etcd_curl=${etcd_curl:-}
	export CDC_ETCD
	etcd --data-dir "$T/etcd" --listen-client-urls "$etcd_url" --advertise-client-urls "$etcd_url" \
		--listen-peer-urls "$etcd_peer" --initial-advertise-peer-urls "$etcd_peer" \
		--initial-cluster "default=$etcd_peer" "$@" >>"$T/etcd.log" 2>&1 &
	etcd_pid=$!
	wait_until 20 etcd_answers || {
		diag <"$T/etcd.log"
		exit 1
	}
}

etcd_stop() {
	kill "-${1:-TERM}" "$etcd_pid"
	wait "$etcd_pid" 2>/dev/null
}

etcdtool() {
	python3 "$TESTS/fake/etcdtool.py" "$etcd_url" "$@"
}

HISTORY=$TESTS/data/meta-history.ndjson
BASE=by-dev/meta
